"""A broken promise sends the ticket up its chain, once, with the alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.escalation import AlertRaised, Escalated
from tests.flows.test_approvals_and_work import POLICY
from tests.harness import TestDesk, a_desk, a_mail

LATE = {**POLICY, "sla.yaml": "targets:\n  normal: {response: 1h, resolution: 8h, escalate: hardware}\n"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=LATE) as desk:
        desk.feed(a_mail())
        yield desk


def after(desk: TestDesk, **time: float) -> int:
    desk.clock.time = desk.ticket().created_at + timedelta(**time)
    return desk.app.jobs.sweep()


def test_each_broken_promise_is_a_step_up_and_nothing_else_is(desk: TestDesk) -> None:
    after(desk, minutes=50)
    assert desk.ticket().level == 0, "a warning is no breach"

    after(desk, minutes=61)
    assert (desk.ticket().level, desk.ticket().assignee) == (1, "clara")
    assert desk.promise_to("clara@desk.test").event == "assigned"
    assert desk.promise_to("mara@desk.test", "overdue").event == "overdue"

    after(desk, hours=8, minutes=1)
    assert (desk.ticket().level, desk.ticket().team) == (2, "network")
    after(desk, days=30)
    assert desk.ticket().level == 2
    desk.assert_sound()


def test_the_clock_did_it_and_says_so(desk: TestDesk) -> None:
    after(desk, minutes=61)

    with desk.app.store.read() as tx:
        events = [event for event in tx.events.of_ticket(1) if isinstance(event.what, AlertRaised | Escalated)]
    assert [type(event.what) for event in events][-2:] == [AlertRaised, Escalated]
    assert (events[-1].actor.kind, events[-1].actor.name) == (ActorKind.CLOCK, "response")
    assert dict(desk.promise_to("clara@desk.test", "assigned").values)["author"] == ""
