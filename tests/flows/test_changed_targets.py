"""Changed rules reach the clocks of tickets that are open: in slices, once, and nobody hears twice of what was overdue before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.jobs import recompute
from tests.builders import NOW
from tests.flows.test_sweep import OFFICE, alerts
from tests.harness import TestDesk, a_desk, a_mail

HOUR = timedelta(hours=1)
SLA = "targets:\n  normal: {response: %s, resolution: 3d}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=OFFICE) as desk:
        yield desk


def change(desk: TestDesk, **texts: str) -> None:
    for name, text in texts.items():
        (desk.app.config.folder / "rules" / f"{name}.yaml").write_text(text)
    desk.app.rules.refresh(at_once=True)


def due(desk: TestDesk, ticket: int = 1) -> dict[tuple[str, str], object]:
    with desk.app.store.read() as tx:
        clocks = tx.clocks.of_ticket(ticket)
    return {(one.deadline.promise, one.deadline.step): one.deadline.due_at - NOW for one in clocks if one.state == "running"}


def test_a_shorter_target_reaches_an_open_ticket(office: TestDesk) -> None:
    office.feed(a_mail())
    assert due(office)["response", "overdue"] == 4 * HOUR
    change(office, sla=SLA % "1h")
    office.app.jobs.sweep()
    assert due(office)["response", "overdue"] == HOUR


def test_other_hours_reach_it_too(office: TestDesk) -> None:
    office.feed(a_mail())
    change(office, teams=OFFICE["teams.yaml"].replace("09:00-17:00", "11:00-17:00"))
    office.app.jobs.sweep()
    assert due(office)["response", "overdue"] == 5 * HOUR


def test_a_promise_that_the_new_rules_do_not_make_is_gone(office: TestDesk) -> None:
    office.feed(a_mail())
    change(office, sla="targets:\n  normal: {resolution: 3d}\n")
    office.app.jobs.sweep()
    assert {promise for promise, _ in due(office)} == {"resolution", "claim"}


def test_what_is_overdue_under_both_is_told_once(office: TestDesk) -> None:
    office.feed(a_mail())
    office.clock.time = NOW + 5 * HOUR
    office.app.jobs.sweep()
    assert alerts(office)["manager.overdue:response"] == 1
    change(office, sla=SLA % "1h")
    office.app.jobs.sweep()
    change(office, sla=SLA % "2h")
    office.app.jobs.sweep()
    assert alerts(office)["manager.overdue:response"] == 1


def test_a_longer_target_is_told_when_it_is_broken(office: TestDesk) -> None:
    office.feed(a_mail())
    office.clock.time = NOW + 5 * HOUR
    office.app.jobs.sweep()
    change(office, sla=SLA % "6h")
    office.app.jobs.sweep()
    assert alerts(office)["manager.overdue:response"] == 1
    office.clock.time = NOW + 6 * HOUR
    office.app.jobs.sweep()
    assert alerts(office)["manager.overdue:response"] == 2


def test_all_slices_are_done_once_and_by_one(office: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "SLICE", 2)
    for number in range(5):
        office.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>"))
    change(office, sla=SLA % "1h")
    done = [recompute.recompute(office.app.store, office.app.desk(), NOW) for _ in range(2)]
    assert done == [5, 0]
    assert [due(office, number)["response", "overdue"] for number in range(1, 6)] == [HOUR] * 5


def test_a_process_with_older_rules_leaves_the_clocks_alone(office: TestDesk) -> None:
    office.feed(a_mail())
    office.app.jobs.sweep()
    older = office.app.desk()
    change(office, sla=SLA % "1h")
    assert recompute.recompute(office.app.store, older, NOW) == 0
    assert recompute.recompute(office.app.store, office.app.desk(), NOW) == 1
