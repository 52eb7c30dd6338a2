"""Faults that clocks of help desks are known for, each as one past of a ticket and the times that are right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import CountsFrom, Targets, WhileSolved
from mailbridge.sla.history import Answer, ClockHistory, Mode, ModeChange, TeamChange
from mailbridge.sla.segments import TargetKind, segments
from mailbridge.sla.why import Outcome, why
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.clock_history import clock_history
from mailbridge.tickets.deadlines import promised_runs, ticket_deadlines
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.relations import MergedInto
from mailbridge.tickets.event_types.values import PriorityChanged, StatusChanged, TeamChanged
from mailbridge.tickets.event_types.work import WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Activity, Participant, Ticket, WorkKind

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CAROL = Participant(address="carol@customer.test")
WEEK = (((time(9), time(17)),),) * 5 + ((), ())
OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=WEEK)
ROUND = Calendar()
ASKED = MessageAdded(author=CAROL.address)
ANSWERED = MessageAdded(author="ana", to_customer=True)
NOTED = MessageAdded(author="ana", internal=True)
WAITS = StatusChanged(before="open", after="waiting", waits=True)
RUNS = StatusChanged(before="waiting", after="open")
CLOSED = StatusChanged(before="open", after="closed", closes=True)
REOPENED = StatusChanged(before="closed", after="open", reopens=True)
UNDELIVERED = DeliveryFailed(recipient=CAROL.address, what="answered", reason="550")


def at(text: str, zone_hours: int = 2) -> datetime:
    """Wall clock of Bucharest in winter, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=zone_hours)


class Past:
    """A ticket opened on Monday, 23 November 2026, at ten."""

    def __init__(self, *happened: tuple[str, TicketEvent], opened: str = "2026-11-23T10:00", team: str = "support") -> None:
        opening = TicketOpened(subject="", requester=CAROL, status="open", priority=Priority.NORMAL, team=team)
        moments = [(at(opened), opening), (at(opened), ASKED), *((at(moment), what) for moment, what in happened)]
        actor = Actor(kind=ActorKind.AGENT, name="ana")
        self.events = [Event(ticket=1, at=moment, actor=actor, what=what) for moment, what in moments]

    @property
    def ticket(self) -> Ticket:
        ticket = rebuild(self.events)
        assert ticket is not None
        return ticket

    def history(self, received: dict[int, datetime] | None = None) -> ClockHistory:
        return clock_history(list(enumerate(self.events, start=1)), received or {})

    def due(
        self, targets: Targets, *, calendar: Calendar = OFFICE, now: str = "2026-11-23T10:00", step: str = "overdue"
    ) -> dict[str, datetime]:
        found = ticket_deadlines(self.ticket, self.history(), desk(targets, calendar), at(now))
        return {one.promise: one.due_at for one in found if one.step == step}

    def outcomes(self, targets: Targets, *, calendar: Calendar = OFFICE, now: str = "2026-12-31T10:00") -> list[tuple[str, Outcome]]:
        runs = promised_runs(self.ticket, self.history(), desk(targets, calendar))
        return [(run.segment.promise.value, why(run, at(now)).outcome) for run in runs]


def desk(targets: Targets, calendar: Calendar = OFFICE) -> Organisation:
    teams = {name: Team(name=name, title=name, calendar=calendar, unclaimed_after=None) for name in ("support", "network")}
    return Organisation(teams=teams, targets=dict.fromkeys(Priority, targets))


def test_next_response_does_not_count_before_the_first() -> None:
    past = Past(("2026-11-23T10:30", ASKED))
    assert past.due(Targets(response=4 * HOUR, next_response=HOUR)) == {"response": at("2026-11-23T14:00")}


def test_nothing_is_due_where_the_agent_wrote_last() -> None:
    past = Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", ASKED), ("2026-11-23T12:30", ANSWERED))
    assert past.due(Targets(response=HOUR, next_response=HOUR)) == {}


def test_next_response_counts_from_the_oldest_message_without_an_answer_or_from_the_last() -> None:
    past = Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", ASKED), ("2026-11-23T13:00", ASKED), ("2026-11-23T13:30", NOTED))
    targets = Targets(next_response=2 * HOUR)
    assert past.due(targets) == {"next-response": at("2026-11-23T14:00")}
    assert past.due(replace(targets, counts_from=CountsFrom.LAST)) == {"next-response": at("2026-11-23T15:00")}


def test_a_note_keeps_no_promise() -> None:
    assert Past(("2026-11-23T10:10", NOTED)).due(Targets(response=HOUR)) == {"response": at("2026-11-23T11:00")}


def test_an_answer_and_waiting_at_once_keep_the_first_response() -> None:
    past = Past(("2026-11-23T10:30", WAITS), ("2026-11-23T10:30", ANSWERED))
    assert past.outcomes(Targets(response=HOUR)) == [("response", Outcome.KEPT)]


def test_solved_in_time_stays_kept_also_after_a_late_reopening_is_solved() -> None:
    closed = Past(("2026-11-23T11:00", CLOSED))
    assert closed.history().solved_at == at("2026-11-23T11:00")
    assert closed.outcomes(Targets(resolution=2 * HOUR)) == [("resolution", Outcome.KEPT)]
    again = Past(("2026-11-23T11:00", CLOSED), ("2026-11-25T09:00", REOPENED), ("2026-11-25T10:00", CLOSED))
    assert again.outcomes(Targets(resolution=2 * HOUR)) == [("resolution", Outcome.KEPT)]
    assert again.outcomes(Targets(resolution=2 * HOUR, while_solved=WhileSolved.RUNS)) == [("resolution", Outcome.BROKEN)]


def test_reopening_resumes_the_clock() -> None:
    past = Past(("2026-11-23T11:00", CLOSED), ("2026-11-25T09:00", REOPENED))
    assert past.due(Targets(resolution=3 * HOUR)) == {"resolution": at("2026-11-25T11:00")}


def test_a_merged_ticket_has_no_deadlines() -> None:
    assert Past(("2026-11-23T10:10", MergedInto(survivor=2))).due(Targets(response=HOUR, resolution=HOUR)) == {}


def test_a_pause_over_a_weekend_does_not_move_the_due_time_by_the_weekend() -> None:
    past = Past(("2026-11-27T17:00", WAITS), ("2026-11-30T09:00", RUNS), opened="2026-11-27T16:00")
    assert past.due(Targets(resolution=3 * HOUR)) == {"resolution": at("2026-11-30T11:00")}


def test_opening_a_ticket_that_waited_for_weeks_alerts_nobody_at_once() -> None:
    past = Past(("2026-11-23T11:00", WAITS), ("2026-12-14T09:00", RUNS))
    assert past.due(Targets(resolution=4 * HOUR), now="2026-12-14T09:00") == {"resolution": at("2026-12-14T12:00")}


def test_the_clock_of_a_team_stands_while_the_ticket_waits_and_begins_anew_with_a_new_team() -> None:
    targets = Targets(team=2 * HOUR)
    assert Past(("2026-11-23T10:30", WAITS)).due(targets) == {}
    past = Past(("2026-11-23T11:30", TeamChanged(before="support", after="network")))
    assert past.due(targets) == {"team": at("2026-11-23T13:30")}
    assert past.outcomes(targets) == [("team", Outcome.KEPT), ("team", Outcome.OVERDUE)]


def test_a_pause_counts_also_under_other_targets() -> None:
    change = PriorityChanged(before=Priority.NORMAL, after=Priority.URGENT)
    past = Past(("2026-11-23T10:30", WAITS), ("2026-11-23T11:00", change), ("2026-11-23T11:30", RUNS))
    assert past.due(Targets(resolution=2 * HOUR)) == {"resolution": at("2026-11-23T13:00")}


def test_a_warning_is_a_share_of_the_working_time_without_the_pauses() -> None:
    past = Past(("2026-11-23T10:30", WAITS), ("2026-11-23T12:30", RUNS))
    assert past.due(Targets(resolution=2 * HOUR, warn_at=0.5), step="warning") == {"resolution": at("2026-11-23T13:00")}


def test_a_warning_never_lies_before_the_opening() -> None:
    past = Past(opened="2026-11-27T20:00")  # Friday night
    targets = Targets(response=8 * HOUR, warn_at=0.01)
    assert past.due(targets, step="warning")["response"] > at("2026-11-30T09:00")


def test_what_arrives_out_of_hours_starts_at_opening() -> None:
    assert Past(opened="2026-11-27T20:00").due(Targets(response=HOUR)) == {"response": at("2026-11-30T10:00")}


def test_targets_without_a_clock_have_no_due_time_of_it() -> None:
    past = Past()
    assert set(past.due(Targets(response=HOUR, resolution=HOUR))) == {"response", "resolution"}
    assert set(past.due(Targets(resolution=HOUR))) == {"resolution"}


def test_every_message_has_its_own_next_response() -> None:
    past = Past(("2026-11-23T10:10", ANSWERED), ("2026-11-23T10:30", ASKED), ("2026-11-23T12:30", ANSWERED), ("2026-11-23T13:00", ASKED))
    assert past.outcomes(Targets(next_response=HOUR), now="2026-11-23T13:30") == [
        ("next-response", Outcome.BROKEN),
        ("next-response", Outcome.RUNNING),
    ]


def test_a_holiday_that_is_added_later_counts_for_open_clocks() -> None:
    late = replace(OFFICE, holidays=frozenset({at("2026-11-24T12:00").date()}))
    past = Past(("2026-11-23T16:00", WAITS), ("2026-11-24T12:00", RUNS))
    assert past.due(Targets(resolution=8 * HOUR)) == {"resolution": at("2026-11-24T14:00")}
    assert past.due(Targets(resolution=8 * HOUR), calendar=late) == {"resolution": at("2026-11-25T11:00")}


def test_an_answer_that_is_not_delivered_stops_the_clock_until_the_failure() -> None:
    past = Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", UNDELIVERED))
    assert past.due(Targets(response=2 * HOUR)) == {"response": at("2026-11-23T13:00")}
    again = Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", UNDELIVERED), ("2026-11-23T12:30", ANSWERED))
    assert again.outcomes(Targets(response=2 * HOUR)) == [("response", Outcome.KEPT)]


def test_a_failure_for_somebody_in_copy_changes_nothing() -> None:
    elsewhere = replace(UNDELIVERED, recipient="copied@customer.test")
    assert Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", elsewhere)).due(Targets(response=2 * HOUR)) == {}


def test_somebody_arrives_with_the_first_journey() -> None:
    travelled = Activity(id=1, agent="ana", kind=WorkKind.TRAVELLED, day=at("2026-11-23T12:00").date(), minutes=30)
    worked = replace(travelled, id=2, kind=WorkKind.WORKED)
    targets = Targets(arrival=4 * HOUR)
    assert Past(("2026-11-23T11:00", WorkRecorded(activity=worked))).due(targets) == {"arrival": at("2026-11-23T14:00")}
    assert Past(("2026-11-23T12:00", WorkRecorded(activity=travelled))).outcomes(targets) == [("arrival", Outcome.KEPT)]


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),  # the hour that the clock skips
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),  # the hour that comes twice
    ],
)
def test_two_hours_are_two_hours_also_when_the_clock_changes(opened: datetime, due: datetime) -> None:
    nights = Calendar(name="nights", zone="Europe/Bucharest", hours=(((time(0), time(8)),),) * 7)
    past = Past(opened=(opened + 2 * HOUR).replace(tzinfo=None).isoformat())
    assert past.due(Targets(response=2 * HOUR), calendar=nights) == {"response": due}


@pytest.mark.parametrize(
    "pauses",
    [
        [("2026-11-23T11:00", WAITS), ("2026-11-23T11:00", RUNS)],  # without length
        [("2026-11-23T11:00", RUNS)],  # the end of none
        [("2026-11-23T18:00", WAITS), ("2026-11-23T20:00", RUNS)],  # out of hours
    ],
)
def test_pauses_without_working_time_move_nothing(pauses: list[tuple[str, TicketEvent]]) -> None:
    assert Past(*pauses).due(Targets(resolution=9 * HOUR)) == {"resolution": at("2026-11-24T11:00")}


def test_a_mail_counts_from_its_arrival_however_late_it_is_read() -> None:
    past = Past(("2026-11-23T13:00", ANSWERED))
    past.events = [replace(event, mail=number) for number, event in enumerate(past.events)]
    received = {1: at("2026-11-23T09:30"), 2: at("2026-11-23T10:30")}
    history = past.history(received)
    run = promised_runs(past.ticket, history, desk(Targets(response=HOUR)))[0]
    assert (run.segment.start, run.segment.end) == (at("2026-11-23T09:30"), at("2026-11-23T10:30"))
    assert why(run, at("2026-11-23T13:00")).outcome is Outcome.KEPT


def test_mails_in_another_order_have_the_same_clocks() -> None:
    """Two mails that were read the other way round are one past."""
    past = Past(("2026-11-23T11:00", ANSWERED), ("2026-11-23T12:00", ASKED), ("2026-11-23T12:30", ANSWERED))
    events = [replace(event, mail=number, at=at("2026-11-23T15:00")) for number, event in enumerate(past.events)]
    received = {number: event.at for number, event in enumerate(past.events)}
    turned = [events[0], *reversed(events[1:])]
    one, other = (clock_history(list(enumerate(order, start=1)), received) for order in (events, turned))
    assert (one.asked, one.answers, one.opened_at) == (other.asked, other.answers, other.opened_at)


class Counted(datetime):
    """A moment that counts how often moments are compared."""

    compared = 0

    def __lt__(self, other: datetime) -> bool:
        Counted.compared += 1
        return super().__lt__(other)

    def __le__(self, other: datetime) -> bool:
        Counted.compared += 1
        return super().__le__(other)

    def __ge__(self, other: datetime) -> bool:
        Counted.compared += 1
        return super().__ge__(other)

    def __gt__(self, other: datetime) -> bool:
        Counted.compared += 1
        return super().__gt__(other)


def test_a_ticket_with_thousands_of_mails_takes_no_square_of_them() -> None:
    """Clocks are computed inside the transaction that writes, at each change of the ticket."""
    mails = 2000
    moments = [Counted(2026, 11, 23, tzinfo=UTC) + number * MINUTE for number in range(2 * mails)]
    history = ClockHistory(
        opened_at=moments[0],
        heard_at=moments[0],
        asked=tuple(moments[mails:]),
        answers=tuple(Answer(at=moment) for moment in moments[:mails]),
        teams=(TeamChange(at=moments[0], team="support"),),
    )
    assert type(moments[-1]) is Counted
    Counted.compared = 0
    found = segments(history, Targets(next_response=HOUR), None)
    assert [one.start for one in found if one.promise is TargetKind.NEXT_RESPONSE] == [moments[mails]]
    assert 0 < Counted.compared < 40 * mails


def test_each_run_of_a_clock_has_the_pauses_that_it_stood_in_and_no_others() -> None:
    """Runs are kept with their pauses: all pauses with each run would be the square of them."""
    moments = [at("2026-11-23T10:00") + number * MINUTE for number in range(4000)]
    history = ClockHistory(
        opened_at=moments[0],
        heard_at=moments[0],
        asked=tuple(moments[0::4]),
        answers=tuple(Answer(at=moment) for moment in moments[3::4]),
        modes=tuple(
            ModeChange(at=moment, mode=Mode.WAITS if number % 2 else Mode.RUNS, status="waiting")
            for number, moment in enumerate(moments[1::2], start=1)
        ),
        teams=(TeamChange(at=moments[0], team="support"),),
    )
    found = segments(history, Targets(), None)
    runs = [one for one in found if one.promise is TargetKind.NEXT_RESPONSE]
    assert len(runs) == 999
    assert {len(one.standing) for one in runs} == {1}
    assert all(one.end is not None and pause.start < one.end for one in runs for pause in one.standing)
    assert [len(one.standing) for one in found if one.promise is TargetKind.RESOLUTION] == [1000]


def test_each_failed_delivery_belongs_to_the_latest_answer_that_has_not_failed() -> None:
    past = Past(
        ("2026-11-23T11:00", ANSWERED), ("2026-11-23T11:10", ANSWERED), ("2026-11-23T11:20", UNDELIVERED),
        ("2026-11-23T11:30", ANSWERED), ("2026-11-23T11:40", UNDELIVERED), ("2026-11-23T11:50", UNDELIVERED),
        ("2026-11-23T12:00", UNDELIVERED),
    )  # fmt: skip
    failed = [at(f"2026-11-23T11:{minute}") for minute in ("50", "20", "40")]
    assert [answer.failed_at for answer in past.history().answers] == failed
