"""Events to notifications: who is told what because of what just happened.  Pure; wording comes later, in `render`.

One table of functions, one for each kind of event; the functions stand in `notifications.events`. Two rules stand above them: nobody is
told of their own doing (NO12), and a robot is never answered (RFC 3834): automatic mail to customers is composed only where the mail that
caused it may be answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain

from mailbridge.conversation.tokens import Purpose
from mailbridge.message.replacing import replace
from mailbridge.notifications.absent import left_out
from mailbridge.notifications.context import EventNotifier, NotificationContext
from mailbridge.notifications.events import (
    alerts,
    approvals,
    clocks,
    escalation,
    estimates,
    hours,
    mails,
    meetings,
    people,
    plans,
    ratings,
    relations,
    tickets,
)
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.plans import Planned
from mailbridge.notifications.payloads.tickets import ApprovalAnswer, ApprovalQuestion
from mailbridge.notifications.recipients import Recipient, team_of
from mailbridge.notifications.routing import Route, routed, waits
from mailbridge.notifications.untold import NotTold, Untold
from mailbridge.notifications.wishes import silenced
from mailbridge.rules.flow import MAIL, FlowEntry, Timing
from mailbridge.tickets.event_types.escalation import (
    AlertRaised,
    ApprovalDecided,
    ApprovalReassigned,
    ApprovalReminded,
    ApprovalRequested,
    Escalated,
)
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import InvitationAnswered, MeetingSet, ParticipantAdded, RequesterChanged
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import MailMoved, MergedFrom, MergedInto, Undone
from mailbridge.tickets.event_types.values import AssigneeChanged, SnoozeEnded, StatusChanged, TeamChanged
from mailbridge.tickets.event_types.wishes import RatingAsked, TicketRated
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted
from mailbridge.tickets.events import Event, TicketEvent

PASSED_ON = frozenset({"answered", "colleague_answered"})  # an agent's own words; whoever got them from the agent gets them once

_BRINGING = ("assigned", "new")  # the mails that bring somebody a ticket
_OF_CLOCKS = frozenset(alerts.ALERTS) - {alerts.BY_RULE}  # what a rule by time says is not in the mail about the ticket


def _both(first: EventNotifier, second: EventNotifier) -> EventNotifier:
    """What the one has to say, then what the other has."""
    return lambda event, events, context: chain(first(event, events, context), second(event, events, context))


NOTIFIERS: Mapping[type[TicketEvent], EventNotifier] = {
    TicketOpened: tickets.opened,
    MessageAdded: mails.message,
    StatusChanged: tickets.status,
    AssigneeChanged: _both(tickets.assignee, meetings.handed_over),
    TeamChanged: tickets.team,
    AlertRaised: clocks.raised,
    HoursAlerted: hours.alerted,
    DeliveryFailed: mails.failure,
    SnoozeEnded: alerts.snooze_ended,
    ParticipantAdded: people.added,
    RequesterChanged: _both(people.added, meetings.asked_anew),
    MeetingSet: meetings.made,
    PlanSet: plans.planned,
    EstimateSet: estimates.estimated,
    InvitationAnswered: meetings.answered,
    Escalated: escalation.escalated,
    MergedFrom: relations.merged_from,
    MergedInto: relations.merged,
    MailMoved: relations.moved,
    Undone: _both(relations.undone, _both(plans.undone, estimates.estimated)),
    ApprovalRequested: approvals.requested,
    ApprovalReminded: approvals.reminded,
    ApprovalReassigned: approvals.reassigned,
    ApprovalDecided: approvals.decided,
    RatingAsked: ratings.asked,
    TicketRated: ratings.rated,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What the events of one act make us say, and to whom we do not say it.

    `entries`: by key of a notification the entry of notifications.yaml that decided.  `calls`: entries whose channels are called, each with
    a notification that says what happened.
    """

    told: tuple[Notification, ...] = ()
    untold: tuple[NotTold, ...] = ()
    entries: Mapping[str, FlowEntry] = field(default_factory=dict)
    calls: tuple[Route, ...] = ()


def notifications(events: Sequence[Event], context: NotificationContext) -> tuple[Notification, ...]:
    """Everything these events of one ticket make us say, at most one mail of a kind to a recipient, signed and keyed."""
    return composed(events, context).told


def composed(events: Sequence[Event], context: NotificationContext) -> Composed:
    """The same with the reasons: who is not told and why, and the entries that decided."""
    version = context.ticket.version - len(events)
    said: dict[str, Route] = {}
    untold: dict[str, NotTold] = {}
    calls: dict[tuple[str, str, int], Route] = {}
    for number, event in enumerate(events, start=version + 1):
        for route in routed(tuple(_of_event(event, events, context)), event, context):
            one = route.notification
            kind = f"{one.audience}.{_kind(one)}:{one.recipient.lower()}"
            reason = one.skipped or _stopped(one, context)
            if reason:
                untold.setdefault(kind, _not_told(one, Untold(reason), number, _detail(one, Untold(reason), context)))
            if reason and route.entry is None:
                continue
            keyed = Route(notification=replace(one, key=f"{context.ticket.id}.{number}.{kind}"), entry=route.entry)
            _call(calls, keyed, number)
            if not reason:
                said.setdefault(kind, keyed)
        for left in _left_out(said.values(), event, number, context):
            untold.setdefault(f"{left.audience}.{left.event}:{left.recipient}", left)
    told, merged = _one_each(said.values(), context)
    untold |= {key: one for key, one in merged.items() if key not in untold}
    return Composed(
        told=tuple(signed(notification, context) for notification in told),
        untold=tuple(one for kind, one in untold.items() if kind not in said or kind in merged),
        entries={route.notification.key: route.entry for route in said.values() if route.entry is not None},
        calls=tuple(calls.values()),
    )


def _left_out(said: Iterable[Route], event: Event, number: int, context: NotificationContext) -> Iterator[NotTold]:
    """The agents who are not told of the event because they are away or off duty."""
    told: dict[str, set[str]] = {}
    for route in said:
        one = route.notification
        if one.audience is Audience.AGENT and one.key.startswith(f"{context.ticket.id}.{number}."):
            told.setdefault(one.event, set()).add(one.recipient.lower())
    for name, recipients in told.items():
        yield from left_out(name, recipients, number, event.at, context)


def _call(calls: dict[tuple[str, str, int], Route], route: Route, number: int) -> None:
    """Notes the entry of a notification whose channels are called, once for an event."""
    entry, one = route.entry, route.notification
    if entry is not None and entry.send and set(entry.channels) != {MAIL} and one.skipped in ("", Untold.OFF):
        calls.setdefault((entry.name, one.event, number), route)


def _stopped(notification: Notification, context: NotificationContext) -> str:
    """Why the notification goes to nobody at this address; '' where it does."""
    # What an agent wrote to a colleague behind one of our own addresses goes there; it comes back with our mark and ends here.
    if notification.automatic and notification.recipient.lower() in context.own_addresses:
        return Untold.OURS
    if notification.event in PASSED_ON and notification.recipient.lower() in context.reached:
        return Untold.REACHED
    return Untold.MUTED if silenced(notification, context.ticket, context.organisation) else ""


def _not_told(one: Notification, reason: Untold, number: int, detail: str) -> NotTold:
    recipient = one.recipient.lower()
    return NotTold(number=number, audience=one.audience, event=one.event, recipient=recipient, reason=reason, detail=detail)


def _detail(notification: Notification, reason: Untold, context: NotificationContext) -> str:
    match reason:
        case Untold.OFF:
            return notification.why or f"tells of the team {team_of(context.ticket, context.organisation).name}"
        case Untold.NOT_ANSWERABLE:
            return context.not_answerable
        case Untold.MUTED:
            return silenced(notification, context.ticket, context.organisation)
    return ""


def _one_each(routes: Collection[Route], context: NotificationContext) -> tuple[list[Notification], dict[str, NotTold]]:
    """One mail a person for one act: of those that say how the ticket stands, the one that says most.  Each shows the state at the end.

    A person to whom a missed target brings the ticket gets the ticket, which says what is overdue, and no alert beside it.  The others come
    back as well, by kind, each with the event that is told instead.
    """
    told: list[Notification] = []
    merged: dict[str, NotTold] = {}
    notifications = [route.notification for route in routes]
    brought = {route.notification.recipient.lower(): route.notification.event for route in routes if _brings(route)}
    for notification in notifications:
        row = _says_most(notification, context)
        reader = (notification.audience, notification.recipient.lower())
        same = [one for one in notifications if (one.audience, one.recipient.lower()) == reader]
        events = {one.event for one in same if one.mail == notification.mail or notification.audience is Audience.CUSTOMER}
        before = row[: row.index(notification.event)] if notification.event in row else ()
        more = next((event for event in before if event in events), "")
        if notification.event in _OF_CLOCKS:
            more = brought.get(notification.recipient.lower(), "")
        if not more:
            told.append(notification)
        else:
            _, number, kind = notification.key.split(".", 2)
            merged[kind] = _not_told(notification, Untold.MERGED, int(number), more)
    return told, merged


def _brings(route: Route) -> bool:
    """Whether the mail brings its recipient the ticket at once."""
    one = route.notification
    return one.audience is Audience.AGENT and one.event in _BRINGING and waits(one, route.entry) is Timing.AT_ONCE


def _says_most(notification: Notification, context: NotificationContext) -> tuple[str, ...]:
    """The events of which one mail is enough, the one that says most first."""
    match notification.audience:
        case Audience.CUSTOMER:
            events = ("answered", context.receipt, "merged", "closed", "reopened", "waiting", "escalated", "changed", ratings.ASKS, "taken")
            return events
        case Audience.AGENT:
            return ("assigned", "new", "colleague_answered")
        case _:
            return ()


def signed(notification: Notification, context: NotificationContext) -> Notification:
    """The notification with its Message-ID, reply address, thread and language: what makes an answer find its way back."""
    purpose = Purpose.CUSTOMER if notification.audience is Audience.CUSTOMER else Purpose.AGENT
    ticket, signer = context.ticket.id, context.signer
    sender = context.sender if notification.audience is Audience.CUSTOMER else ""
    generation = dict(context.ticket.revoked).get(notification.recipient.lower(), 0)
    message_id = signer.message_id(ticket, notification.recipient, purpose, notification.key, generation=generation, sender=sender)
    thread = ((context.thread and context.thread[0]) or _root(ticket, signer.address), *context.thread[1:])
    return replace(
        notification,
        message_id=message_id,
        reply_to=signer.reply_address(ticket, notification.recipient, purpose, generation=generation, sender=sender),
        sender=sender,
        in_reply_to=thread[-1],
        references=thread,
        language=notification.language or context.language,
    )


def _root(ticket: int, address: str) -> str:
    """What all mails about a ticket answer that no customer's Message-ID began: an id that no mail has, in the domain of the desk's
    address."""
    return f"ticket.{ticket}@{address.rpartition('@')[2]}"


def _kind(notification: Notification) -> str:
    """What the mail is about: of two questions in one mail of an agent's, each is asked."""
    match notification.payload:
        case ApprovalQuestion(approval=number) | ApprovalAnswer(approval=number):
            return f"{notification.event}.{number}"
        case Planned(plan=number, uid=uid):
            return f"{notification.event}.{number}.{uid}"
    return notification.event


def _of_event(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    tell = NOTIFIERS.get(type(event.what))
    return tell(event, events, context) if tell else iter(())


def agent_notification(recipient: Recipient, event: str, key: str, payload: Payload, desk_address: str) -> Notification:
    """A mail to somebody of the desk that is about no single ticket; `key` names the occasion, so that it is told once."""
    whole = f"{event}:{key}:{recipient.address.lower()}"
    return Notification(
        ticket=None,
        audience=Audience.AGENT,
        event=event,
        recipient=recipient.address,
        name=recipient.name,
        language=recipient.language,
        key=whole,
        message_id=f"{event.replace('_', '-')}.{sha256(whole.encode()).hexdigest()[:24]}@{desk_address.rpartition('@')[2]}",
        payload=payload,
    )


def admin_notifications(
    admins: Sequence[str], event: str, key: str, payload: Payload, desk_address: str, language: str
) -> tuple[Notification, ...]:
    """A mail to each admin about the desk itself; `key` names the occasion, so that it is told once."""
    domain = desk_address.rpartition("@")[2]
    return tuple(
        Notification(
            ticket=None,
            audience=Audience.ADMIN,
            event=event,
            recipient=admin,
            key=f"{event}:{key}:{admin.lower()}",
            language=language,
            class_=Class.REMINDER,
            message_id=f"{event.replace('_', '-')}.{sha256(f'{event}:{key}:{admin.lower()}'.encode()).hexdigest()[:24]}@{domain}",
            payload=payload,
        )
        for admin in admins
    )
