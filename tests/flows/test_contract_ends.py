"""Contracts that end soon: told 60, 30 and 7 days before, each once, over restarts, and not where they are renewed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.builders import NOW
from tests.harness import RULES, TestDesk, a_desk, table, write_rules

TODAY = NOW.date()
CUSTOMERS = """
customers:
  acme:
    title: Acme Ltd
    domains: [acme.test]
    projects: {rollout: {responsible: clara, team: network}}
    contracts:
"""


def rules(*contracts: str) -> dict[str, str]:
    return RULES | {"customers.yaml": CUSTOMERS + "".join(f"      {line}\n" for line in contracts)}


def ends_in(days: int, name: str = "gold", more: str = "") -> str:
    return f"{name}: {{until: {TODAY + timedelta(days=days)}{more}}}"


def told(desk: TestDesk) -> Counter[str]:
    return Counter(one.recipient.partition("@")[0] for one in desk.promises(event="contract_ends"))


def test_each_threshold_is_told_once_to_the_responsible_and_the_manager(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=rules(ends_in(61, more=", responsible: bogdan"))) as desk:
        days = []
        for day in range(63):
            desk.clock.time = NOW + timedelta(days=day)
            if desk.app.jobs.notify_contract_ends() + desk.app.jobs.notify_contract_ends():
                days.append(61 - day)
        assert days == [60, 30, 7]
        assert told(desk) == {"bogdan": 3, "mara": 3}
        assert [mail["Subject"] for mail in desk.deliver()] == ["Acme Support: 1 contract ends soon"] * 6


def test_a_restart_tells_nobody_again_and_a_downtime_tells_the_last_threshold(tmp_path: Path) -> None:
    files = rules(ends_in(20, more=", responsible: bogdan"))
    for _ in range(2):
        with a_desk(tmp_path, rules=files) as desk:
            desk.app.jobs.notify_contract_ends()
            assert told(desk) == {"bogdan": 1, "mara": 1}
            assert table(desk.promise_to("mara@desk.test", "contract_ends")) == f"Acme Ltd\tgold\t{TODAY + timedelta(days=20)}\t20\tbogdan"


def test_all_contracts_of_a_day_are_one_mail(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=rules(*(ends_in(30, f"c{number}") for number in range(5)))) as desk:
        desk.app.jobs.notify_contract_ends()
        assert told(desk) == {"mara": 1}
        assert len(table(desk.promise_to("mara@desk.test", "contract_ends")).splitlines()) == 5


def test_of_a_renewed_contract_nobody_is_told_and_of_one_that_ended_neither(tmp_path: Path) -> None:
    renewed = ends_in(7), f"next: {{renews: gold, since: {TODAY + timedelta(days=8)}}}"
    with a_desk(tmp_path, rules=rules(*renewed, ends_in(-1, "past"), ends_in(90, "far"), "open: {}")) as desk:
        desk.app.jobs.notify_contract_ends()
        assert not told(desk)


def test_a_contract_that_is_extended_is_told_again_before_its_new_end(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=rules(ends_in(7))) as desk:
        desk.app.jobs.notify_contract_ends()
        write_rules(tmp_path, rules(ends_in(30)))
        desk.app.rules.refresh(at_once=True)
        desk.app.jobs.notify_contract_ends()
        desk.app.jobs.notify_contract_ends()
        assert told(desk) == {"mara": 2}


def test_the_responsible_agent_of_the_project_and_its_team_are_told(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=rules(ends_in(7, more=", project: rollout"))) as desk:
        desk.app.jobs.notify_contract_ends()
        assert told(desk) == {"clara": 1, "mara": 1}


def test_at_night_the_mail_waits_for_the_opening(tmp_path: Path) -> None:
    teams = RULES["teams.yaml"].replace("managers: [mara]", "managers: [mara], hours: office")
    office = 'hours: {office: {zone: UTC, week: {mon-fri: "10:00-17:00"}}}\n'
    with a_desk(tmp_path, rules=rules(ends_in(7)) | {"teams.yaml": teams + office}) as desk:
        desk.app.jobs.notify_contract_ends()
        assert desk.deliver() == []
        desk.clock.time = NOW + timedelta(hours=1)
        assert len(desk.deliver()) == 1
