"""The deadlines of a ticket: SLA targets, dates set by hand, open approvals, the end of a snooze, automatic closing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from mailbridge.config.durations import LONGEST_DELAY
from mailbridge.customers.asking import EXPIRES_AFTER, REMIND_AFTER
from mailbridge.organisation.follow_the_sun import day_ends_at, regions_of
from mailbridge.organisation.model import ClosedPolicy, Organisation, Team
from mailbridge.organisation.playbooks import TASK_CHANNEL
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.transitions import CLOSED, NEW, status
from mailbridge.sla import ladder
from mailbridge.sla.calendar import Calendar, due
from mailbridge.sla.clock import Deadline, Targets
from mailbridge.sla.contact_questions import ContactQuestion
from mailbridge.sla.history import ClockHistory
from mailbridge.sla.ladder import OVERDUE, Level, LevelCondition, level_of
from mailbridge.sla.levels import CountedClocks, Promised, Run, counted, deadlines_of, runs
from mailbridge.sla.reminders import base_of
from mailbridge.sla.segments import TargetKind
from mailbridge.tickets.command_types.escalation import Escalate, ExpireApproval, RaiseAlert, RemindApproval, SendWaiting
from mailbridge.tickets.command_types.values import Close, EndSnooze, SetField, SetPriority, SetStatus
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.model import ASKED, ASKING, IMPORTED, QUEUED, ApprovalKind, Ticket

APPROVAL = "approval:"  # `promise` of an approval's deadlines, followed by its id
REMIND, EXPIRE, SEND = "remind", "expire", "send"
DUE, WAKE, CLOSING = "due", "wake", "closing"
QUESTION, UNANSWERED = "question", "unanswered"  # to the customer's contact, and its end
USUAL_QUESTION = ContactQuestion(remind_after=REMIND_AFTER, expires_after=EXPIRES_AFTER)
REGION = "region"  # the end of the working day of the region that has the ticket
RULE = "rule"  # `promise` of the alerts of rules by time
_PROMISED = frozenset(str(promise) for promise in TargetKind if promise is not TargetKind.CLAIM)
BROKEN = frozenset((promise, "overdue") for promise in TargetKind if promise is not TargetKind.CLAIM)
BY_HAND = frozenset({DUE, WAKE})  # chosen by a person: notified at that moment, also outside of working hours
LONGEST_WARNING = timedelta(days=1)
TASK_PATIENCE = timedelta(hours=8)  # of working time: a working day


def ticket_deadlines(
    ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime, clocks: CountedClocks | None = None
) -> tuple[Deadline, ...]:
    """The deadlines of the ticket in its current state.  Closed and imported tickets have no SLA deadlines; approvals have theirs on both.
    `clocks`: those of the ticket, where the caller has counted them already.
    """
    if ticket.merged_into is not None:  # the survivor has the deadlines
        return ()
    return (
        *_promised(ticket, history, organisation, now, clocks),
        *_waiting(ticket, now),
        *_asked(ticket, organisation),
        *_by_hand(ticket),
        *_closing(ticket, organisation),
        *_handed_over(ticket, organisation, now),
    )


def command_of(moment: Deadline) -> Command:
    """The command that the desk executes when this deadline has come, apart from what a ladder says."""
    if moment.promise.startswith(APPROVAL):
        approval = int(moment.promise.removeprefix(APPROVAL))
        if moment.step == SEND:
            return SendWaiting(approval=approval)
        return RemindApproval(approval=approval) if moment.step == REMIND else ExpireApproval(approval=approval)
    if moment.promise == WAKE:
        return EndSnooze(until=moment.due_at)
    if moment.promise == CLOSING:
        return Close()
    return RaiseAlert(promise=moment.promise, alert=base_of(moment.step), due_at=moment.due_at)


def share_of(alert: AlertRaised) -> int | None:
    """How many percent of the time have passed at a level of a ladder, where it is a share."""
    return ladder.share_of(alert.alert)


def has_ladder(moment: Deadline, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether a ladder says what happens at this moment."""
    return moment.promise in _PROMISED and bool(targets_of(ticket, organisation).ladder)


def level_at(moment: Deadline, ticket: Ticket, organisation: Organisation) -> Level | None:
    """The level of the ladder whose moment this is, where the ticket is as it asks; None: nothing happens but the entry in the history."""
    level = level_of(targets_of(ticket, organisation).ladder, moment.promise, moment.step)
    return level if level is not None and _holds(level.when, ticket) else None


def commands_of(
    moment: Deadline, ticket: Ticket, organisation: Organisation, *, target_at: datetime | None = None
) -> tuple[Command, ...]:
    """The commands of the deadline: the alert, and what the ladder says, or an escalation where a target was missed and names a chain.

    `target_at`: when the promise of a ladder is due.  A level whose condition does not hold makes no command, but a breach is recorded.
    """
    if moment.promise == QUESTION and moment.step == EXPIRE:
        said = RaiseAlert(promise=QUESTION, alert=UNANSWERED, due_at=moment.due_at)
        return (said, SetField(name=ASKING, value=QUEUED), SetStatus(status=NEW))
    if not has_ladder(moment, ticket, organisation):
        chain = targets_of(ticket, organisation).escalate if (moment.promise, moment.step) in BROKEN else ""
        return (command_of(moment), Escalate(to=chain)) if chain else (command_of(moment),)
    level = level_at(moment, ticket, organisation)
    if level is None and moment.step != OVERDUE:
        return ()
    said = RaiseAlert(
        promise=moment.promise,
        alert=moment.step,
        due_at=moment.due_at,
        tell=level.tell if level else (),
        target_at=target_at or moment.due_at,
    )
    return (said, *(_further(level, ticket) if level else ()))


def _further(level: Level, ticket: Ticket) -> Iterator[Command]:
    """What the level changes on the ticket.  The priority comes last, because it may bring other targets."""
    if level.escalate:
        yield Escalate(to=level.escalate)
    if level.priority and level.priority != ticket.priority:
        yield SetPriority(priority=Priority(level.priority))


def _holds(when: LevelCondition, ticket: Ticket) -> bool:
    asked = (
        (when.teams, (ticket.team,)),
        (when.types, (ticket.type,)),
        (when.statuses, (ticket.status,)),
        (when.priorities, (str(ticket.priority),)),
        (when.tags, ticket.tags),
    )
    fits = all(not wanted or not set(wanted).isdisjoint(has) for wanted, has in asked)
    return fits and (when.unclaimed is None or when.unclaimed is not bool(ticket.assignee))


def targets_of(ticket: Ticket, organisation: Organisation) -> Targets:
    """The SLA targets of the ticket, by its level of service and its priority."""
    if ticket.channel == TASK_CHANNEL:  # no customer waits for a task; it has its own due date
        return Targets()
    return organisation.levels.get(ticket.sla, organisation.targets).get(ticket.priority) or Targets()


def _waiting(ticket: Ticket, now: datetime) -> Iterator[Deadline]:
    for approval in ticket.approvals:
        if approval.remind_at is not None:
            yield Deadline(promise=f"{APPROVAL}{approval.id}", step=REMIND, due_at=approval.remind_at)
        if approval.kind is ApprovalKind.DELAY:
            ahead = approval.asked_at > now + LONGEST_DELAY  # the clock was set back since
            yield Deadline(promise=f"{APPROVAL}{approval.id}", step=SEND, due_at=now if ahead else approval.expires_at)
        else:
            yield Deadline(promise=f"{APPROVAL}{approval.id}", step=EXPIRE, due_at=approval.expires_at)


def _asked(ticket: Ticket, organisation: Organisation) -> Iterator[Deadline]:
    """When the customer's contact is reminded of the question whether the writer may ask, and when the team decides."""
    asked, _, contact = dict(ticket.fields).get(ASKING, "").partition(" ")
    if asked != ASKED or ticket.closed_at is not None:
        return
    question, calendar = organisation.contact_questions.get(contact, USUAL_QUESTION), hours_of(ticket, organisation)
    if question.remind_after is not None:
        yield Deadline(promise=QUESTION, step=REMIND, due_at=due(ticket.created_at, calendar, question.remind_after))
    yield Deadline(promise=QUESTION, step=EXPIRE, due_at=due(ticket.created_at, calendar, question.expires_after))


def _handed_over(ticket: Ticket, organisation: Organisation, now: datetime) -> Iterator[Deadline]:
    """The moment when the working day of the ticket's region ends and another region works."""
    at = hands_over_at(ticket, organisation, now) if ticket.channel != IMPORTED else None
    if at is not None:
        yield Deadline(promise=REGION, step="hand-over", due_at=at)


def _by_hand(ticket: Ticket) -> Iterator[Deadline]:
    """The due date set by hand, with a warning in the last quarter of the time and at most a day before; and the end of a snooze."""
    if ticket.closed_at is not None:
        return
    if ticket.due_at is not None:
        if ticket.due_since is not None:
            ahead = min((ticket.due_at - ticket.due_since) / 4, LONGEST_WARNING)
            yield Deadline(promise=DUE, step="warning", due_at=ticket.due_at - ahead)
        yield Deadline(promise=DUE, step="due", due_at=ticket.due_at)
    if ticket.snoozed_until is not None:
        yield Deadline(promise=WAKE, step="wake", due_at=ticket.snoozed_until)


def _closing(ticket: Ticket, organisation: Organisation) -> Iterator[Deadline]:
    """When a ticket that is resolved or waits is closed because nobody answered."""
    after = status(ticket.status, organisation).closes_after
    stands = ticket.waits[-1] if ticket.waits else None  # begin of the wait, or of the resolved state
    if after is not None and ticket.status != CLOSED and stands is not None and stands[1] is None and ticket.channel != IMPORTED:
        yield Deadline(promise=CLOSING, step="close", due_at=stands[0] + after)


def promised_runs(ticket: Ticket, history: ClockHistory, organisation: Organisation) -> tuple[Run, ...]:
    """Every run of the clocks that are promised on the ticket, finished ones too."""
    return runs(history, promised(ticket, organisation))


def promised(ticket: Ticket, organisation: Organisation) -> Promised:
    """What counts on the ticket as it is now, under the rules of now."""
    team = _team_of(ticket, organisation)
    return Promised(
        targets=targets_of(ticket, organisation),
        calendar=calendar_of(ticket, organisation, team),
        claimed_at=ticket.claimed_at,
        unclaimed_after=_unclaimed_after(ticket, team),
        silent_after=team.silent_after if ticket.snoozed_until is None and ticket.channel != TASK_CHANNEL else None,
        calendars={name: one.calendar for name, one in organisation.teams.items()},
    )


def _unclaimed_after(ticket: Ticket, team: Team) -> timedelta | None:
    """Tasks come many at a time and take days, so they alert managers after a working day at the earliest."""
    if team.unclaimed_after is None or ticket.channel != TASK_CHANNEL:
        return team.unclaimed_after
    return max(team.unclaimed_after, TASK_PATIENCE)


def hours_of(ticket: Ticket, organisation: Organisation) -> Calendar:
    """The working hours in which the ticket's times count now."""
    return calendar_of(ticket, organisation, _team_of(ticket, organisation))


def calendar_of(ticket: Ticket, organisation: Organisation, team: Team) -> Calendar:
    """The working hours in which the ticket's times count: those of its contract or location, else those of its team.  A calendar that
    is not in teams.yaml any more counts as none."""
    name, _, zone = dict(ticket.fields).get("calendar", "").partition(" ")
    found = organisation.calendars.get(name)
    if found is None:
        return team.calendar
    return replace(found, name=f"{name} {zone}", zone=zone) if zone else found


def _promised(
    ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime, clocks: CountedClocks | None
) -> tuple[Deadline, ...]:
    if ticket.channel == IMPORTED or ticket.closed_at is not None:
        return ()
    return deadlines_of(history, clocks or counted(history, promised(ticket, organisation)), now)


def _team_of(ticket: Ticket, organisation: Organisation) -> Team:
    """The team whose hours count: the one that follows the sun, else the ticket's; one without promises where the rules know neither."""
    found = organisation.teams.get(ticket.follow) or organisation.teams.get(ticket.team)
    return found or Team(name="", title="", unclaimed_after=None)


def hands_over_at(ticket: Ticket, organisation: Organisation, now: datetime) -> datetime | None:
    """The moment, now or later, at which the ticket's region ends work and another one works; None: the ticket stays.

    It stays where no rule and no person gave it to a team with regions, where it was moved out of them, and where it is closed.
    """
    team = organisation.teams.get(ticket.follow)
    if team is None or ticket.team not in team.follow or ticket.closed_at is not None:
        return None
    return day_ends_at(organisation.teams[ticket.team], regions_of(team, organisation), now)


def opens_again(ticket: Ticket, organisation: Organisation) -> bool:
    """Whether a customer's answer now would reopen the closed ticket (TH5)."""
    team = organisation.teams.get(ticket.team)
    undecided = status(ticket.status, organisation).closes_after is not None
    return undecided or team is None or team.closed is not ClosedPolicy.NEW
