"""Events to notifications: who is told what because of what just happened.  Pure; wording comes later, in `render`.

One table of functions, one for each kind of event; the functions stand in `notifications.events`. Two rules stand above them: nobody is
told of their own doing (NO12), and a robot is never answered (RFC 3834): automatic mail to customers is composed only where the mail that
caused it may be answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import chain

from mailbridge.conversation.tokens import Purpose
from mailbridge.notifications.context import EventNotifier, NotificationContext
from mailbridge.notifications.events import (
    alerts,
    approvals,
    escalation,
    estimates,
    hours,
    mails,
    meetings,
    people,
    plans,
    relations,
    tickets,
)
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.plans import Planned
from mailbridge.notifications.payloads.tickets import ApprovalAnswer, ApprovalQuestion
from mailbridge.notifications.recipients import Recipient
from mailbridge.tickets.event_types.escalation import AlertRaised, ApprovalDecided, ApprovalReminded, ApprovalRequested, Escalated
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import InvitationAnswered, MeetingSet, ParticipantAdded, RequesterChanged
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import MailMoved, MergedFrom, MergedInto, Undone
from mailbridge.tickets.event_types.values import AssigneeChanged, SnoozeEnded, StatusChanged, TeamChanged
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted
from mailbridge.tickets.events import Event, TicketEvent

PASSED_ON = frozenset({"answered", "colleague_answered"})  # an agent's own words; whoever got them from the agent gets them once

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
    AlertRaised: alerts.alert,
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
    ApprovalDecided: approvals.decided,
}


def notifications(events: Sequence[Event], context: NotificationContext) -> tuple[Notification, ...]:
    """Everything these events of one ticket make us say, at most one mail of a kind to a recipient, signed and keyed."""
    version = context.ticket.version - len(events)
    said: dict[str, Notification] = {}
    for number, event in enumerate(events, start=version + 1):
        for notification in _of_event(event, events, context):
            # What an agent wrote to a colleague behind one of our own addresses goes there; it comes back with our mark and ends here.
            if notification.automatic and notification.recipient.lower() in context.own_addresses:
                continue
            if notification.event in PASSED_ON and notification.recipient.lower() in context.reached:
                continue
            kind = f"{notification.audience}.{_kind(notification)}:{notification.recipient.lower()}"
            said.setdefault(kind, replace(notification, key=f"{context.ticket.id}.{number}.{kind}"))
    return tuple(signed(notification, context) for notification in _one_each(tuple(said.values()), context))


def _one_each(notifications: Sequence[Notification], context: NotificationContext) -> Iterator[Notification]:
    """One mail a person for one act: of those that say how the ticket stands, the one that says most.  Each shows the state at the end.

    A person to whom a missed target brings the ticket gets the ticket, which says what is overdue, and no alert beside it.
    """
    brought = {one.recipient.lower() for one in notifications if one.audience is Audience.AGENT and one.event in ("assigned", "new")}
    for notification in notifications:
        if notification.event in _OF_CLOCKS and notification.recipient.lower() in brought:
            continue
        row = _says_most(notification, context)
        reader = (notification.audience, notification.recipient.lower())
        same = [one for one in notifications if (one.audience, one.recipient.lower()) == reader]
        events = {one.event for one in same if one.mail == notification.mail or notification.audience is Audience.CUSTOMER}
        if notification.event not in row or not events.intersection(row[: row.index(notification.event)]):
            yield notification


def _says_most(notification: Notification, context: NotificationContext) -> tuple[str, ...]:
    """The events of which one mail is enough, the one that says most first."""
    match notification.audience:
        case Audience.CUSTOMER:
            return ("answered", context.receipt, "merged", "closed", "reopened", "waiting", "escalated", "changed", "taken")
        case Audience.AGENT:
            return ("assigned", "new", "colleague_answered")
        case _:
            return ()


def signed(notification: Notification, context: NotificationContext) -> Notification:
    """The notification with its Message-ID, reply address, thread and language: what makes an answer find its way back."""
    purpose = Purpose.CUSTOMER if notification.audience is Audience.CUSTOMER else Purpose.AGENT
    ticket, signer = context.ticket.id, context.signer
    generation = dict(context.ticket.revoked).get(notification.recipient.lower(), 0)
    message_id = signer.message_id(ticket, notification.recipient, purpose, notification.key, generation=generation)
    thread = ((context.thread and context.thread[0]) or _root(ticket, message_id), *context.thread[1:])
    return replace(
        notification,
        message_id=message_id,
        reply_to=signer.reply_address(ticket, notification.recipient, purpose, generation=generation),
        in_reply_to=thread[-1],
        references=thread,
        language=notification.language or context.language,
    )


def _root(ticket: int, message_id: str) -> str:
    """What all mails about a ticket answer that no customer's Message-ID began: an id that no mail has."""
    return f"ticket.{ticket}@{message_id.rpartition('@')[2]}"


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
