"""Dates set by hand, sleeps, and tickets that close by themselves: which moments matter, and what they do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.organisation.model import Organisation
from mailbridge.organisation.status import Status
from mailbridge.sla.clock import Deadline
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.command_types.values import Close, EndSnooze, SetDue, Snooze
from mailbridge.tickets.deadlines import command_of, ticket_deadlines
from mailbridge.tickets.decide import decide
from mailbridge.tickets.event_types.values import DueSet, SnoozeEnded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import IMPORTED, Ticket
from tests.builders import AS_BOGDAN, AS_CAROL, NOW, a_ticket, an_organisation, command_context, the_past

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCK = Actor(kind=ActorKind.CLOCK, name="wake")
RESOLVED = Status(name="resolved", title="Solved", open=False, closes_after=7 * DAY)
ORDERED = Status(name="ordered", title="Ordered", waiting=True, closes_after=14 * DAY)


def a_desk() -> Organisation:
    return an_organisation(statuses={"resolved": RESOLVED, "ordered": ORDERED}, targets={}, teams={})


def moments(ticket: Ticket, promise: str) -> list[tuple[str, datetime]]:
    return [(one.step, one.due_at) for one in ticket_deadlines(ticket, the_past(ticket), a_desk(), NOW) if one.promise == promise]


def due_in(time: timedelta) -> Ticket:
    """A ticket whose date was set now."""
    what = DueSet(before=None, after=NOW + time)
    return apply(a_ticket(), Event(ticket=1, at=NOW, actor=AS_BOGDAN, what=what))


@pytest.mark.parametrize(
    ("time", "ahead"), [(20 * DAY, DAY), (4 * DAY, DAY), (2 * DAY, 12 * HOUR), (4 * HOUR, HOUR), (HOUR, timedelta(minutes=15))]
)
def test_own_date_warns_in_its_last_quarter_and_at_most_a_day_before(time: timedelta, ahead: timedelta) -> None:
    assert moments(due_in(time), "due") == [("warning", NOW + time - ahead), ("due", NOW + time)]


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=3000)))
def test_warning_never_comes_before_the_date_was_set_nor_after_it(time: timedelta) -> None:
    (_, warning), (_, due) = moments(due_in(time), "due")

    assert NOW < warning <= due


def test_closed_ticket_has_no_date_and_no_sleep_any_more() -> None:
    closed = replace(due_in(DAY), snoozed_until=NOW + DAY, closed_at=NOW, status="closed")

    assert ticket_deadlines(closed, the_past(closed), a_desk(), NOW) == ()


def test_waiting_ticket_keeps_its_own_date() -> None:
    assert len(moments(replace(due_in(DAY), waits=((NOW, None),)), "due")) == 2


def test_date_that_is_taken_away_is_nowhere_any_more() -> None:
    about = command_context(actor=AS_BOGDAN, now=NOW, organisation=a_desk())
    after = decide(due_in(DAY), SetDue(at=None), about).ticket

    assert after is not None
    assert (after.due_at, after.due_since, moments(after, "due")) == (None, None, [])


@pytest.mark.parametrize("command", [SetDue(at=NOW), Snooze(until=NOW)])
def test_what_is_past_is_no_date(command: SetDue | Snooze) -> None:
    assert decide(a_ticket(), command, command_context(actor=AS_BOGDAN, now=NOW, organisation=a_desk())).refused == "in-the-past"


@pytest.mark.parametrize("command", [SetDue(at=NOW + DAY), Snooze(until=NOW + DAY)])
def test_closed_ticket_gets_no_date(command: SetDue | Snooze) -> None:
    closed = a_ticket(status="closed", closed_at=NOW)

    assert decide(closed, command, command_context(actor=AS_BOGDAN, now=NOW, organisation=a_desk())).refused == "is-closed"


def test_sleep_ends_by_the_clock_that_belongs_to_it_and_by_no_other() -> None:
    asleep = a_ticket(snoozed_until=NOW + DAY)
    about = command_context(actor=CLOCK, now=NOW + DAY, organisation=a_desk())
    (moment,) = [one for one in ticket_deadlines(asleep, the_past(asleep), a_desk(), NOW) if one.promise == "wake"]

    assert command_of(moment) == EndSnooze(until=NOW + DAY)
    woken = decide(asleep, command_of(moment), about)
    assert [event.what for event in woken.events] == [SnoozeEnded()]
    assert woken.ticket is not None
    assert woken.ticket.snoozed_until is None
    assert decide(replace(asleep, snoozed_until=NOW + 2 * DAY), command_of(moment), about).events == ()


def test_customers_mail_wakes_a_ticket_and_a_robots_does_not() -> None:
    about = command_context(actor=AS_CAROL, now=NOW, organisation=a_desk())
    asleep = a_ticket(snoozed_until=NOW + DAY)

    assert SnoozeEnded(by_mail=True) in [e.what for e in decide(asleep, CustomerMessage(author="carol@customer.test"), about).events]
    after = decide(asleep, CustomerMessage(author="carol@customer.test", automatic=True), about).ticket
    assert after is not None
    assert after.snoozed_until == NOW + DAY


def test_resolved_ticket_closes_after_the_days_of_its_status() -> None:
    resolved = a_ticket(status="resolved", closed_at=NOW, waits=((NOW, None),))

    closing = Deadline(promise="closing", step="close", due_at=NOW + 7 * DAY)
    assert ticket_deadlines(resolved, the_past(resolved), a_desk(), NOW) == (closing,)
    assert command_of(Deadline(promise="closing", step="close", due_at=NOW)) == Close()


def test_waiting_ticket_closes_too_where_its_status_says_so() -> None:
    waiting = a_ticket(status="ordered", waits=((NOW - 9 * DAY, NOW - 8 * DAY), (NOW - DAY, None)))

    assert moments(waiting, "closing") == [("close", NOW + 13 * DAY)]


@pytest.mark.parametrize("different", [{"status": "closed"}, {"status": "open", "closed_at": None}, {"channel": IMPORTED}])
def test_what_is_closed_or_open_or_an_archives_closes_by_no_clock(different: dict[str, object]) -> None:
    waits = () if different.get("status") == "open" else ((NOW, None),)
    ticket = a_ticket(**{"status": "resolved", "closed_at": NOW, "waits": waits} | different)

    assert moments(ticket, "closing") == []


def test_other_moments_are_alerts() -> None:
    moment = Deadline(promise="due", step="due", due_at=NOW)

    assert command_of(moment) == RaiseAlert(promise="due", alert="due", due_at=NOW)
