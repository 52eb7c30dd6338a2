"""Executes requests: the one entry point for mails, clocks, the command line and other programs.

requests ─► load_context ─► tickets.decide ─► events ─► every ticket they touch, its clocks, its notifications

`execute` does all of it in the open transaction.  A caller makes a Request and says how people are notified.  No other code decides,
records, or composes notifications of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.execution.bundling import held_until
from mailbridge.execution.desk import Desk
from mailbridge.execution.flow import collect, latest, opens_at, queue_channel_calls, send, tell_with, with_entries
from mailbridge.execution.hour_banks import take_hours
from mailbridge.execution.load_context import NO_MAIL, Cause, load_context
from mailbridge.execution.notification_context import notification_context, reached, thread_of
from mailbridge.execution.record import record
from mailbridge.execution.tasks import with_text
from mailbridge.execution.waiting import waits
from mailbridge.message.replacing import quickly_made, replace
from mailbridge.notifications.compose import Composed, composed, signed
from mailbridge.notifications.context import NO_NEWS, MailNews, NotificationContext
from mailbridge.notifications.model import Notification
from mailbridge.notifications.recipients import Recipient, customers, team_of
from mailbridge.sla.calendar import next_open
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.decide import decide_requests
from mailbridge.tickets.decision import Decision, TicketChange
from mailbridge.tickets.event_types.relations import MailMoved
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How people are notified of an execution.

    `silent`: no notifications.  `mail`: the stored mail that the notifications quote; None: none, or one that the participants must not
    read.  `answerable`: its author may get automatic mail; `not_answerable` says why not.  `opens`: its Message-ID, where it opens the
    ticket.  `receipt`: the template of the receipt, '' for the default.  `also`: further recipients.  `robot`: the mail looks automatic,
    and its receipt is sent all the same.  `unreadable`: it is encrypted, and its author may be told.  `news`: what agents read of the
    mail.  `in_working_hours`: not before the team works.  `came_at`: when the customer's mail was received.  `for_release`: automatic mail
    waits until an administrator has released it.  `receipt_again`: the writer got a receipt within the hour, so this one may wait for
    others.
    """

    silent: bool = False
    mail: int | None = None
    answerable: bool = False
    not_answerable: str = ""
    opens: str = ""
    receipt: str = ""
    also: tuple[Recipient, ...] = ()
    robot: str = ""
    unreadable: bool = False
    news: MailNews = NO_NEWS
    in_working_hours: bool = False
    came_at: datetime | None = None
    for_release: bool = False
    receipt_again: bool = False


USUAL = Telling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """The result of the requests: of all together, and of each."""

    decision: Decision
    each: tuple[Decision, ...]

    @property
    def refused(self) -> Decision | None:
        """The first request that was refused."""
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
    """Decides the requests in order, and records and notifies everything in the open transaction.

    `ticket` a number: it is reserved, and the first request opens it.  Raises Transient where another transaction changed a ticket
    meanwhile.
    """
    executed = preview(tx, desk, ticket, requests, actor, now, cause=cause)
    write(tx, desk, executed.decision, now, telling)
    return executed


def preview(
    tx: Tx, desk: Desk, ticket: Ticket | int, requests: Sequence[Request], actor: Actor, now: datetime, *, cause: Cause = NO_MAIL
) -> Executed:
    """What the requests would do.  Nothing is recorded or notified."""
    known = ticket if isinstance(ticket, Ticket) else None
    complete, about = load_context(tx, desk, known, requests, actor, now, cause)
    decision, each = decide_requests(ticket, complete, about)
    return Executed(decision=decision, each=each)


def write(tx: Tx, desk: Desk, decision: Decision, now: datetime, telling: Telling) -> None:
    """Records the decision and its notifications: first the ticket it is about, then every other ticket it touched, whose mails have moved
    by then.  A person on both tickets is notified of a merge once."""
    outgoing: Sequence[Notification] = ()
    if decision.ticket is not None and decision.events:
        about = with_entries(_context(tx, desk, decision.ticket, decision.events, telling), desk, now)
        news = Composed() if telling.silent else composed(decision.events, about)
        outgoing = news.told
        calendar = team_of(decision.ticket, desk.organisation).calendar
        tell_at = next_open(now, calendar) if telling.in_working_hours else None
        due_now = _held_back(tx, news, decision, desk, now, telling, tell_at)
        record(tx, decision.ticket, decision.events, due_now, desk.organisation, now, tell_at=tell_at, untold=news.untold)
        if not telling.for_release:
            queue_channel_calls(tx, news, decision.ticket, desk, now)
        take_hours(tx, desk, decision.ticket, decision.events, now)
    known = {_news(notification) for notification in outgoing}
    for change in decision.elsewhere:
        changed, note = with_text(tx, change, decision, desk, now)
        theirs = replace(_context_of(tx, changed, note, desk), reached=reached(tx, changed.events), on_merged=_people_of(decision))
        about = with_entries(theirs, desk, now)
        news = Composed() if telling.silent else composed(changed.events, about)
        record(tx, changed.ticket, changed.events, (), desk.organisation, now, untold=news.untold)
        take_hours(tx, desk, changed.ticket, changed.events, now)
        about = replace(about, thread=thread_of(tx, changed.ticket))  # the mails have moved by now
        told = [signed(one, about) for one in news.told]
        fresh = [notification for notification in told if notification.event != "merged" or _news(notification) not in known]
        known |= {_news(notification) for notification in fresh}
        record(tx, changed.ticket, (), send(tx, fresh, news, changed.ticket, desk, now), desk.organisation, now)
        queue_channel_calls(tx, news, changed.ticket, desk, now)


def _held_back(
    tx: Tx,
    news: Composed,
    decision: Decision,
    desk: Desk,
    now: datetime,
    telling: Telling,
    tell_at: datetime | None,
) -> Sequence[Notification]:
    """The notifications that go out now.  The others are stored and held: for an administrator, or to be combined into one mail."""
    ticket, at_once = decision.ticket, []
    if ticket is None:
        return news.told
    clock = decision.events[0].actor.kind is ActorKind.CLOCK and bool(news.told)
    for_release = telling.for_release or (clock and tx.outbox.waits_for_release(ticket.id))
    for notification in news.told:
        entry = news.entries.get(notification.key)
        if not for_release and collect(tx, notification, entry, ticket, desk, now):
            continue
        opens = opens_at(notification, entry, ticket, desk, now)
        until = held_until(
            tx, notification, ticket, desk, now, came_at=telling.came_at, for_release=for_release, tell_at=latest(opens, tell_at),
            again=telling.receipt_again and not telling.unreadable,
        )
        if until is not None:
            tx.outbox.hold(notification, now, latest(until, opens) or until)
        elif opens is not None:
            tx.outbox.add_many([notification], now, not_before=latest(opens, tell_at))
        else:
            tell_with(tx, notification, desk)
            at_once.append(notification)
    return at_once


def _context(tx: Tx, desk: Desk, ticket: Ticket, events: Sequence[Event], telling: Telling) -> NotificationContext:
    first = telling.opens if ticket.version == len(events) else None
    about = notification_context(tx, ticket, desk, mail=telling.mail, first=first, answerable=telling.answerable)
    return replace(
        about,
        receipt=telling.receipt or about.receipt,
        waits=waits(desk.waiting(tx), ticket, desk.organisation) if telling.answerable and first is not None else about.waits,
        also=telling.also,
        news=telling.news,
        robot=telling.robot,
        unreadable=telling.unreadable,
        not_answerable=telling.not_answerable,
        reached=reached(tx, events),
    )


def _context_of(tx: Tx, change: TicketChange, note: int | None, desk: Desk) -> NotificationContext:
    """The notification context of another ticket, without its thread.  A new one (a task, a split message) gets its first text.  It has no
    receipt, because nobody has just written."""
    opened = change.ticket.version == len(change.events)
    mail = note or (_brought_along(change.events) if opened else None)
    about = notification_context(tx, change.ticket, desk, mail=mail, first="", answerable=not opened)
    return replace(about, not_answerable="nobody has just written" if opened else "")


def _brought_along(events: Iterable[Event]) -> int | None:
    return next((event.what.mail for event in events if isinstance(event.what, MailMoved)), None)


def _people_of(decision: Decision) -> frozenset[str]:
    """The customers on the decided ticket, as addresses in lower case: when it is merged, they hear its new number."""
    return frozenset(person.address.lower() for person in customers(decision.ticket)) if decision.ticket else frozenset()


def _news(notification: Notification) -> tuple[str, str]:
    return notification.event, notification.recipient.lower()
