"""The one way in which anything is done: by a mail, a clock, the command line, or another program.

    requests ─► load_context ─► tickets.decide ─► events ─► every ticket they touch, its clocks, its notifications

`execute` does all of it in the open transaction.  Whoever wants something done makes a Request and says who is told how; nobody else
decides, records, or composes notifications of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.execution.bundling import held_until
from mailbridge.execution.desk import Desk
from mailbridge.execution.load_context import NO_MAIL, Cause, load_context
from mailbridge.execution.occasion import notification_context, reached
from mailbridge.execution.record import record
from mailbridge.execution.tasks import with_text
from mailbridge.notifications.compose import notifications
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Notification
from mailbridge.notifications.recipients import Recipient, team_of
from mailbridge.sla.calendar import next_open
from mailbridge.store.tx import Tx
from mailbridge.tickets.decide import Decision, TicketChange, decide_requests
from mailbridge.tickets.events import Actor, ActorKind, Event, MailMoved
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How people are told of what was done.

    `silent`: nobody is.  `mail`: the stored mail that notifications about the ticket carry; None: none, or one that the ticket's people
    must not read.  `answerable`: its writer may get automatic mail.  `opens`: its Message-ID where it opens the ticket.  `receipt`: the
    template of the receipt, '' for the usual one.  `also`: who is told besides those it concerns.  `robot`: the mail looks like a robot's
    of this kind and is told all the same.  `unreadable`: it is encrypted, and its writer may be told so.  `values`: more for the templates.
    `in_working_hours`: not before the team works.  `came_at`: when the customer's mail came that is told.  `for_release`: nothing automatic
    goes out before an admin has looked at it.
    """

    silent: bool = False
    mail: int | None = None
    answerable: bool = False
    opens: str = ""
    receipt: str = ""
    also: tuple[Recipient, ...] = ()
    robot: str = ""
    unreadable: bool = False
    values: tuple[tuple[str, str], ...] = ()
    in_working_hours: bool = False
    came_at: datetime | None = None
    for_release: bool = False


USUAL = Telling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What came of the requests: of all of them, and of each."""

    decision: Decision
    each: tuple[Decision, ...]

    @property
    def refused(self) -> Decision | None:
        """The first of the requests that was refused."""
        return next((one for one in self.each if one.refused), None)


def execute(
    tx: Tx,
    desk: Desk,
    ticket: Ticket | int,
    requests: Sequence[Request],
    actor: Actor,
    now: datetime,
    *,
    cause: Cause = NO_MAIL,
    telling: Telling = USUAL,
) -> Executed:
    """The requests are decided one after the other, and everything that comes of them is recorded and told in the open transaction.

    `ticket` a number: one that is reserved, and the first request opens it.  Raises Transient where somebody else changed a ticket
    meanwhile.
    """
    executed = preview(tx, desk, ticket, requests, actor, now, cause=cause)
    write(tx, desk, executed.decision, now, telling)
    return executed


def preview(
    tx: Tx, desk: Desk, ticket: Ticket | int, requests: Sequence[Request], actor: Actor, now: datetime, *, cause: Cause = NO_MAIL
) -> Executed:
    """What would come of the requests; nothing of it is recorded or told."""
    known = ticket if isinstance(ticket, Ticket) else None
    complete, about = load_context(tx, desk, known, requests, actor, now, cause)
    decision, each = decide_requests(ticket, complete, about)
    return Executed(decision=decision, each=each)


def write(tx: Tx, desk: Desk, decision: Decision, now: datetime, telling: Telling) -> None:
    """The decision is recorded and told: the ticket it is about first, then every other ticket it touched, whose mails are where they
    belong by then.  Nobody is told of the same merge twice because both tickets were theirs."""
    told: Sequence[Notification] = ()
    if decision.ticket is not None and decision.events:
        about = _occasion(tx, desk, decision.ticket, telling, opened=decision.ticket.version == len(decision.events))
        about = replace(about, reached=reached(tx, decision.events))
        told = () if telling.silent else notifications(decision.events, about)
        calendar = team_of(decision.ticket, desk.organisation).calendar
        tell_at = next_open(now, calendar) if telling.in_working_hours else None
        told_now = _held_back(tx, told, decision, desk, now, telling)
        record(tx, decision.ticket, decision.events, told_now, desk.organisation, now, tell_at=tell_at)
    heard = {_news(promise) for promise in told}
    for change in decision.elsewhere:
        changed, note = with_text(tx, change, decision, desk, now)
        record(tx, changed.ticket, changed.events, (), desk.organisation, now)
        about = replace(_occasion_of(tx, changed, note, desk), reached=reached(tx, changed.events))
        news = () if telling.silent else notifications(changed.events, about)
        fresh = [promise for promise in news if promise.event != "merged" or _news(promise) not in heard]
        heard |= {_news(promise) for promise in fresh}
        record(tx, changed.ticket, (), fresh, desk.organisation, now)


def _held_back(
    tx: Tx, told: Sequence[Notification], decision: Decision, desk: Desk, now: datetime, telling: Telling
) -> Sequence[Notification]:
    """What goes out now.  The rest is promised and held: for an admin, or to be told with others in one mail."""
    ticket, at_once = decision.ticket, []
    if ticket is None:
        return told
    clock = decision.events[0].actor.kind is ActorKind.CLOCK and bool(told)
    for_release = telling.for_release or (clock and tx.outbox.waits_for_release(ticket.id))
    for promise in told:
        until = held_until(tx, promise, ticket, desk, now, came_at=telling.came_at, for_release=for_release)
        if until is None:
            at_once.append(promise)
        else:
            tx.outbox.hold(promise, now, until)
    return at_once


def _occasion(tx: Tx, desk: Desk, ticket: Ticket, telling: Telling, *, opened: bool) -> NotificationContext:
    first = telling.opens if opened else None
    about = notification_context(tx, ticket, desk, mail=telling.mail, first=first, answerable=telling.answerable)
    receipt = telling.receipt or about.receipt
    about = replace(about, receipt=receipt, also=telling.also, values=telling.values)
    return replace(about, robot=telling.robot, unreadable=telling.unreadable)


def _occasion_of(tx: Tx, change: TicketChange, note: int | None, desk: Desk) -> NotificationContext:
    """What is told of another ticket.  A new one (a task, a message split off) carries its first text, and is not acknowledged: nobody
    wrote just now."""
    opened = change.ticket.version == len(change.events)
    mail = note or (_brought_along(change.events) if opened else None)
    return notification_context(tx, change.ticket, desk, mail=mail, answerable=not opened)


def _brought_along(events: Iterable[Event]) -> int | None:
    return next((event.what.mail for event in events if isinstance(event.what, MailMoved)), None)


def _news(promise: Notification) -> tuple[str, str]:
    return promise.event, promise.recipient.lower()
