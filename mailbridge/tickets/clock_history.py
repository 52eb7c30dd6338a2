"""The past of a ticket's clocks out of its events.  The events are the truth: nothing is kept beside them, so that a due time is the same
whether it is computed at once or after any history.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbridge.sla.history import Answer, ClockHistory, EmptyBank, FinishedRun, Mode, ModeChange, TeamChange
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import RequesterChanged
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.event_types.values import AssigneeChanged, SnoozeEnded, StatusChanged, TeamChanged
from mailbridge.tickets.event_types.work import HoursRanOut, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import WorkKind

CLOCK_EVENTS: tuple[type[TicketEvent], ...] = (
    TicketOpened,
    MessageAdded,
    StatusChanged,
    TeamChanged,
    RequesterChanged,
    DeliveryFailed,
    WorkRecorded,
    HoursRanOut,
    WorkCorrected,
    Undone,
    AssigneeChanged,
    SnoozeEnded,
)
"""The events that the clocks look at."""

ANSWER = "answered"  # the notification that brings an agent's words to the customer

MOVED_IN = timedelta(days=30)
"""A mail that came to the mailbox longer ago than that when the desk read it was moved into the folder, and counts from then."""

Dated = tuple[datetime, TicketEvent]


def clock_history(
    events: Sequence[tuple[int, Event]], received: Mapping[int, datetime], finished: tuple[FinishedRun, ...] = ()
) -> ClockHistory:
    """What the clocks know of a ticket.  `events`: those of CLOCK_EVENTS at least, each with its number in the history, in order.
    `received`: when the mails that caused them came to the desk, as far as they count from then.  `finished`: the runs that are kept.

    Raises ValueError where the first event is no opening.
    """
    kinds = {event.what.__class__ for _, event in events}
    counted = _counted(events) if Undone in kinds else [event for _, event in events]
    opening = counted[0] if counted else None
    if opening is None or not isinstance(opening.what, TicketOpened):
        raise ValueError("the history of a ticket's clocks begins with its opening")
    dated: list[Dated] = [(_moment(event, received), event.what) for event in counted]
    in_order = sorted(dated, key=lambda pair: pair[0])  # stable: what came at the same moment stays in the order of the history
    asked = tuple(at for at, what in in_order if isinstance(what, MessageAdded) and _is_question(what))
    heard_at = min([dated[0][0], *asked])  # a mail that was read late may be older than the one that opened the ticket
    opened_at = min(opening.what.asked_at or heard_at, heard_at)
    return ClockHistory(
        opened_at=opened_at,
        heard_at=heard_at,
        asked=asked,
        answers=tuple(_answers(in_order)) if MessageAdded in kinds else (),
        modes=tuple(_modes(dated)) if StatusChanged in kinds else (),
        teams=tuple(_teams(opening.what, opened_at, dated)),
        arrived_at=_arrived_at(in_order) if WorkRecorded in kinds else None,
        touched_at=max((_moment(event, received) for event in counted if _is_touch(event)), default=None),
        finished=finished,
        empty=tuple(_empty(dated)) if HoursRanOut in kinds else (),
    )


def _is_touch(event: Event) -> bool:
    """Whether a person did it: wrote, or changed something.  What rules, clocks and robots do touches no ticket; the end of a snooze does,
    because the ticket lay aside until then."""
    match event.what:
        case TicketOpened() | SnoozeEnded():
            return True
        case MessageAdded(automatic=True) | DeliveryFailed():
            return False
    return event.actor.kind not in (ActorKind.RULE, ActorKind.CLOCK, ActorKind.SYSTEM)


def _counted(events: Sequence[tuple[int, Event]]) -> list[Event]:
    """Without those that were taken back."""
    out: set[int] = set()
    for number, event in reversed(events):
        if isinstance(event.what, Undone) and number not in out:
            out.update(event.what.undone)
    return [event for number, event in events if number not in out]


def _moment(event: Event, received: Mapping[int, datetime]) -> datetime:
    """When the event counts: from the arrival of the mail that caused it, and never later than it was recorded.  From the record itself
    where the mail was moved into the folder (MOVED_IN)."""
    came = received.get(event.mail) if event.mail is not None else None
    return event.at if came is None or event.at - came > MOVED_IN else min(came, event.at)


def _is_question(what: MessageAdded) -> bool:
    return not (what.internal or what.to_customer or what.automatic)


def _answers(in_order: Iterable[Dated]) -> list[Answer]:
    """The public answers by time, each with the final failure of its delivery to the requester, where that is proven.  A failure belongs
    to the latest answer that was sent before it and has not failed yet."""
    found: list[Answer] = []
    reached: list[int] = []  # places of answers that have not failed, the latest last
    requester = ""
    for at, what in in_order:
        match what:
            case TicketOpened(requester=somebody) | RequesterChanged(after=somebody):
                requester = somebody.address.lower()
            case MessageAdded(to_customer=True, internal=False):
                reached.append(len(found))
                found.append(Answer(at=at))
            case DeliveryFailed(recipient=recipient, what=name, proven=True) if name == ANSWER and recipient.lower() == requester:
                if reached:
                    latest = reached.pop()
                    found[latest] = replace(found[latest], failed_at=at)
            case _:
                pass
    return found


def _modes(dated: Iterable[Dated]) -> Iterator[ModeChange]:
    """Each change of status in the order of the history, so that the last one is what the ticket is now; a mail that was read late changes
    it from the change before at the earliest.  From done to done the ticket stays solved: only an event that reopens it starts its clocks.
    """
    mode, at = Mode.RUNS, datetime.min.replace(tzinfo=UTC)
    for moment, what in dated:
        if not isinstance(what, StatusChanged):
            continue
        at = max(at, moment)
        if mode is not Mode.SOLVED or what.reopens:
            mode = Mode.SOLVED if what.closes else Mode.WAITS if what.waits else Mode.RUNS
        yield ModeChange(at=at, mode=mode, status=what.after)


def _teams(opening: TicketOpened, opened_at: datetime, dated: Iterable[Dated]) -> Iterator[TeamChange]:
    """The teams in the order of the history, as `_modes` has the statuses."""
    at = opened_at
    yield TeamChange(at=at, team=opening.team)
    for moment, what in dated:
        if isinstance(what, TeamChanged) and what.after != what.before:
            at = max(at, moment)
            yield TeamChange(at=at, team=what.after)


def _empty(dated: Iterable[Dated]) -> Iterator[EmptyBank]:
    """The times in which an empty hour bank stopped the clocks, in the order of the history."""
    since: datetime | None = None
    bank = ""
    for at, what in dated:
        if not isinstance(what, HoursRanOut):
            continue
        if since is not None:
            yield EmptyBank(start=since, end=max(since, at), bank=bank)
        since, bank = (at, what.bank) if what.bank else (None, "")
    if since is not None:
        yield EmptyBank(start=since, end=None, bank=bank)


def _arrived_at(in_order: Iterable[Dated]) -> datetime | None:
    """When the first journey that stands was recorded."""
    journeys: dict[int, datetime] = {}
    for at, what in in_order:
        match what:
            case WorkRecorded(activity=activity) if activity.kind is WorkKind.TRAVELLED:
                journeys.setdefault(activity.id, at)
            case WorkCorrected(before=before, after=after) if after is None or after.kind is not WorkKind.TRAVELLED:
                journeys.pop(before.id, None)
            case _:
                pass
    return min(journeys.values(), default=None)
