"""A ticket, bank, agent or feed on which a job raises delays no other one, is tried again, and is told once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import execute
from mailbridge.health.gauges import DeskGauges
from mailbridge.jobs import alerts, attempts, bundles, contract_ends, deadlines, digests, feeds, hours, recompute, timed_rules
from mailbridge.notifications.model import Audience
from mailbridge.store.job_failures import JobFailure
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.values import Assign
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each
from tests.flows.test_changed_targets import change
from tests.flows.test_hour_banks import FILES as BANKS
from tests.harness import RULES, TestDesk, a_desk, a_mail, table

TIMED = """
- {name: raise what nobody touches, every: 1d, when: {untouched: 1d}, then: {notify: [mara]}}
- {name: tag it, every: 1d, when: {untouched: 1d}, then: {tags: [old]}}
"""
OFFICE = {
    **RULES,
    "teams.yaml": RULES["teams.yaml"].replace("managers: [mara]}", "managers: [mara], unclaimed-after: 1h}"),
    "routing/30-timed.yaml": TIMED,
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A desk with three tickets."""
    if request.param == "sqlite":
        with a_desk(tmp_path, rules=OFFICE) as made:
            yield with_tickets(made, 3)
        return
    with a_desk(tmp_path, rules=OFFICE, store_url=request.getfixturevalue("postgres_store_url")) as made:
        yield with_tickets(made, 3)


def with_tickets(desk: TestDesk, count: int) -> TestDesk:
    desk.jobs_may_fail = True
    for number in range(1, count + 1):
        desk.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test"))
    return desk


class Broken(Exception):
    """What a bug raises.  Its text has words of a customer, as errors may."""


def breaks(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., bool]) -> None:
    """The function raises where `wrong` says so of its arguments, else it does what it did."""
    real = getattr(where, name)

    def function(*given: Any, **named: Any) -> Any:
        if wrong(*given, **named):
            raise Broken("my secret words")
        return real(*given, **named)

    monkeypatch.setattr(where, name, function)


def of_ticket(number: int) -> Callable[..., bool]:
    return lambda *given, **_: any(isinstance(one, Ticket) and one.id == number for one in given)


def failures(desk: TestDesk) -> list[JobFailure]:
    with desk.app.store.read() as tx:
        return tx.job_failures.all(100)


def unclaimed(desk: TestDesk) -> list[int | None]:
    return sorted({one.ticket for one in desk.promises() if one.event == "unclaimed"}, key=str)


def test_a_deadline_that_raises_delays_no_other_and_is_tried_again(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        breaks(patch, deadlines, "execute", of_ticket(1))
        desk.pass_time(hours=1)
        desk.app.jobs.sweep()
        assert unclaimed(desk) == [2, 3]
        (failure,) = failures(desk)
        assert (failure.job, failure.about, failure.tries) == ("sweep", "MB-1, claim: unclaimed", 1)
        assert failure.reason.startswith("Broken")
        assert "secret" not in failure.reason
        desk.app.jobs.sweep()
        assert failures(desk) == [failure], "its next attempt has not come"
        for pause in (1, 2, 4):
            desk.clock.time = failures(desk)[0].next_at
            desk.app.jobs.sweep()
            assert failures(desk)[0].next_at - desk.clock.time == timedelta(minutes=2 * pause)
    desk.clock.time = failures(desk)[0].next_at
    desk.app.jobs.sweep()
    assert failures(desk) == []
    assert unclaimed(desk) == [1, 2, 3]
    desk.assert_sound()


def test_more_raising_tickets_than_a_portion_hold_up_nobody(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "BATCH", 1)
    breaks(monkeypatch, deadlines, "execute", lambda *given, **named: of_ticket(1)(*given) or of_ticket(2)(*given))
    desk.pass_time(hours=1)
    desk.app.jobs.sweep()
    assert unclaimed(desk) == [3]


def test_a_failure_of_a_closed_clock_is_forgotten(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        breaks(patch, deadlines, "execute", of_ticket(1))
        desk.pass_time(hours=1)
        desk.app.jobs.sweep()
    with desk.app.store.write() as tx:
        tx.clocks.stop(1)
    desk.pass_time(hours=1)
    desk.app.jobs.sweep()
    assert failures(desk) == []


def test_a_rule_by_time_that_raises_on_a_ticket(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(tx: Any, policy: Any, rules: Any, tickets: Any, now: Any) -> bool:
        return any(ticket.id == 2 for ticket in tickets) and any(one.rules[0].rule.name == "tag it" for one in rules)

    desk.pass_time(days=2)
    with monkeypatch.context() as patch:
        breaks(patch, timed_rules, "look", wrong)
        assert desk.app.jobs.run_timed_rules() == 5
    (failure,) = failures(desk)
    assert failure.about == 'rule "tag it" on MB-2'
    desk.clock.time = failure.next_at
    assert desk.app.jobs.run_timed_rules() == 1, "its interval of a day has not passed, but its next attempt has come"
    assert [ticket.tags for ticket in sorted(desk.tickets(), key=lambda one: one.id)] == [("old",)] * 3
    assert failures(desk) == []


def test_changed_rules_reach_the_other_tickets(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def due(number: int) -> datetime | None:
        with desk.app.store.read() as tx:
            return tx.clocks.breach(number, "response")

    before = due(1)
    with monkeypatch.context() as patch:
        breaks(patch, recompute, "set_clocks", of_ticket(2))
        change(desk, sla="targets:\n  normal: {response: 8h}\n")
        desk.app.jobs.sweep()
        assert due(1) == due(3) != before
        assert due(2) == before
        assert [one.about for one in failures(desk)] == ["MB-2"]
    desk.clock.time = failures(desk)[0].next_at
    desk.app.jobs.sweep()
    assert due(2) == due(1)
    assert failures(desk) == []


def test_alerts_and_lists_of_one_person(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    change(desk, teams=OFFICE["teams.yaml"].replace("[mara], unclaimed", "[mara, clara], unclaimed"))
    real = alerts._notify

    def notify(tx: Any, group: Any, *rest: Any) -> int:
        if group[0].notification.recipient == "mara@desk.test":
            raise Broken
        return real(tx, group, *rest)

    desk.pass_time(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(alerts, "_notify", notify)
        patch.setattr(bundles, "_notify", notify)
        desk.app.jobs.sweep()
    assert [one.job for one in failures(desk)] == ["alerts"]
    assert [one.recipient for one in desk.promises() if one.event == "alerts"] == ["clara@desk.test"]
    desk.clock.time = failures(desk)[0].next_at
    desk.app.jobs.sweep()
    assert sorted(one.recipient for one in desk.promises() if one.event == "alerts") == ["clara@desk.test", "mara@desk.test"]


def test_a_whole_job_that_raises_does_not_hold_up_the_next_and_the_operator_hears_once(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mailbridge.daemon.jobs.recompute", lambda *_: 1 / 0)
        desk.pass_time(hours=1)
        desk.app.jobs.sweep()
        assert unclaimed(desk) == [1, 2, 3]
        assert desk.app.jobs.notify_job_failures() == 1
        desk.pass_time(hours=2)
        desk.app.jobs.sweep()
        assert desk.app.jobs.notify_job_failures() == 0
        gauges = {one.name: one.values for one in DeskGauges(desk.app.store, desk.clock).read()}
        assert gauges["mailbridge_job_failures"] == {("recompute",): 1.0}
    (mail,) = desk.promises(Audience.ADMIN, "jobs")
    assert table(mail).startswith("recompute\t\tZeroDivisionError")
    shown = status(desk)
    assert "the job recompute could not do its work (attempts: 2" in shown
    desk.app.jobs.sweep()
    assert failures(desk) == []
    assert "recompute" not in status(desk)


def status(desk: TestDesk) -> str:
    folder = desk.app.config.folder
    url = desk.app.config.store_url
    (folder / "mailbridge.toml").write_text(f'[desk]\nname = "A"\naddress = "support@desk.test"\n[store]\nurl = "{url}"\n')
    return CliRunner().invoke(cli, ["--desk", str(folder), "status"]).output


def test_a_new_failure_within_the_hour_waits_for_the_next_mail(desk: TestDesk) -> None:
    runs = attempts.JobRuns(desk.app.store, desk.clock)
    assert runs.run("digests", lambda: 1 / 0) is None
    assert desk.app.jobs.notify_job_failures() == 1
    assert runs.run("feeds", lambda: 1 / 0) is None
    assert desk.app.jobs.notify_job_failures() == 0
    desk.pass_time(hours=1)
    assert desk.app.jobs.notify_job_failures() == 1
    assert len(desk.promises(Audience.ADMIN, "jobs")) == 2
    assert runs.run("digests", lambda: 5) == 5
    assert [one.job for one in failures(desk)] == ["feeds"]


def test_a_bank_that_raises_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_desk(tmp_path, rules=BANKS) as desk:
        desk.jobs_may_fail = True
        with monkeypatch.context() as patch:
            breaks(patch, hours, "due_grants", lambda bank, *_: bank.name == "gold")
            assert desk.app.jobs.keep_hours() == 2
            assert [one.about for one in failures(desk)] == ["hour bank acme/gold"]
            assert desk.app.jobs.keep_hours() == 0
        desk.clock.time = failures(desk)[0].next_at
        assert desk.app.jobs.keep_hours() == 1
        assert failures(desk) == []


def test_the_digest_of_one_agent_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teams = RULES["teams.yaml"].replace("@desk.test}", "@desk.test, digest: '08:00'}")
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams}) as desk:
        desk.jobs_may_fail = True
        for number, agent in enumerate(("bogdan", "clara"), start=1):
            desk.feed(a_mail(message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test"))
            take(desk, number, agent)
        desk.clock.time = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        with monkeypatch.context() as patch:
            breaks(patch, digests, "_digest", lambda tx, desk, reader, *_: reader.agent.name == "bogdan")
            desk.app.jobs.notify_digests()
        assert [one.about for one in failures(desk)] == ["digest of bogdan"]
        assert [one.recipient for one in desk.promises() if one.event == "digest"] == ["clara@desk.test"]
        desk.clock.time = failures(desk)[0].next_at
        desk.app.jobs.notify_digests()
        assert {one.recipient for one in desk.promises() if one.event == "digest"} == {"bogdan@desk.test", "clara@desk.test"}
        assert failures(desk) == []


def take(desk: TestDesk, number: int, agent: str) -> None:
    with desk.app.store.write() as tx:
        ticket = tx.tickets.get(number)
        assert ticket is not None
        execute(tx, desk.app.desk(), ticket, each([Assign(agent=agent)]), Actor(kind=ActorKind.AGENT, name=agent), desk.clock.now())


def test_the_end_of_one_contract_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contracts = "{since: 2026-01-01, until: 2026-12-20, responsible: bogdan}"
    customers = f"customers:\n  acme: {{domains: [a.test], contracts: {{gold: {contracts}, blue: {contracts}}}}}\n"
    with a_desk(tmp_path, rules={**RULES, "customers.yaml": customers}) as desk:
        desk.jobs_may_fail = True
        with monkeypatch.context() as patch:
            breaks(patch, contract_ends, "_heard", lambda end, *_: end.contract.name == "gold")
            desk.app.jobs.notify_contract_ends()
            told = [one for one in desk.promises() if one.event == "contract_ends" and one.recipient == "bogdan@desk.test"]
            assert ["gold" in table(one) for one in told] == [False]
        desk.clock.time = failures(desk)[0].next_at
        desk.app.jobs.notify_contract_ends()
        told = [one for one in desk.promises() if one.event == "contract_ends" and one.recipient == "bogdan@desk.test"]
        assert ["gold" in table(one) for one in told] == [False, True]
        assert failures(desk) == []


def test_a_feed_that_makes_the_program_raise_delays_no_other(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = list[str]()

    def download(address: str, _settings: object) -> bytes:
        tried.append(address)
        raise Broken if "one" in address else feeds.NoFeed("the server answered 503")

    monkeypatch.setattr(feeds, "download", download)
    addresses = ("https://one.test/a.ics", "https://two.test/a.ics")
    assert feeds.fetch_feeds(desk.app.store, desk.app.config.calendars, addresses, desk.clock) == 2
    assert tried == list(addresses)
    assert [one.about for one in failures(desk)] == ["calendar feed of one.test"]


def test_the_reason_names_the_place_and_no_words() -> None:
    with pytest.raises(AttributeError) as raised:
        Desk.at(None, None)  # type: ignore[arg-type]
    assert re.fullmatch(r"AttributeError at execution/desk\.py:\d+", attempts.reason_of(raised.value))
