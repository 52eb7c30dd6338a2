"""A ticket that opens, changes its state or its team, or is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of, unless_answerable, unless_told
from mailbridge.notifications.events.asking import contact_asked, new_ticket
from mailbridge.notifications.events.ratings import with_question
from mailbridge.notifications.events.receipts import received
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import ByAuthor, Closed
from mailbridge.notifications.recipients import customers, responsible, team_of, whole_team
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.deadlines import opens_again
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.relations import MergedInto
from mailbridge.tickets.event_types.values import AssigneeChanged, StatusChanged
from mailbridge.tickets.event_types.wishes import MarkedSpam
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import ASKING, DECLINED


def opened(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    ticket, organisation = context.ticket, context.organisation
    skipped = unless_answerable(context) or unless_told("received", context)
    payload = received(context)
    yield from notifications_to(customers(ticket)[:1], Audience.CUSTOMER, context.receipt, context, payload=payload, skipped=skipped)
    yield from contact_asked(context)
    team = whole_team(team_of(ticket, organisation), organisation, event.at)
    new = new_ticket(context)
    yield from notifications_to((*team, *context.also), Audience.AGENT, "new", context, payload=new, but=event.actor)


def status(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The customer hears where the request stands after all that happened to it at once, not of the steps between."""
    moves = [e for e in events if isinstance(e.what, StatusChanged)]
    opens = any(isinstance(e.what, TicketOpened) for e in events)
    spam = any(isinstance(e.what, MarkedSpam) for e in events)
    if opens or spam or event.actor.kind is ActorKind.CUSTOMER or event is not moves[-1]:
        return  # where it begins the receipt is enough; their own doing; or a line below moved it on
    what = _in_all(moves, context.organisation)
    answered = any((isinstance(e.what, MessageAdded) and e.what.to_customer) or isinstance(e.what, MergedInto) for e in events)
    step = _step(what, context.organisation)
    if answered or not step or (step == "changed" and _only_taken(what, events)):
        return
    author = title_of(event.actor, context)
    new = not opens_again(context.ticket, context.organisation)
    skipped = unless_told(step, context)
    if step == "closed" and not skipped and dict(context.ticket.fields).get(ASKING) == DECLINED:
        yield from notifications_to(customers(context.ticket)[:1], Audience.CUSTOMER, "not_entitled", context)
        return
    payload = Closed(author=author, opens_new=new) if step == "closed" else ByAuthor(author=author)
    told = notifications_to(customers(context.ticket), Audience.CUSTOMER, step, context, payload=payload, skipped=skipped)
    yield from with_question(told, events, context)


def _in_all(moves: Sequence[Event], organisation: Organisation) -> StatusChanged:
    """These changes as one."""
    changes = [event.what for event in moves if isinstance(event.what, StatusChanged)]
    before, after = transitions.status(changes[0].before, organisation), transitions.status(changes[-1].after, organisation)
    return replace(changes[-1], before=before.name, closes=before.open and not after.open, reopens=after.open and not before.open)


def _only_taken(what: StatusChanged, events: Sequence[Event]) -> bool:
    """Whether the status follows from the taking of a new ticket, of which customers are told as "taken" or not at all."""
    begins = (what.before, what.after) == (transitions.NEW, transitions.OPEN)
    return begins and any(isinstance(e.what, AssigneeChanged) and e.what.after for e in events)


def _step(what: StatusChanged, organisation: Organisation) -> str:
    """The step of the customer's flow that this is; '' where nothing changes for the customer."""
    before, after = transitions.status(what.before, organisation), transitions.status(what.after, organisation)
    if what.closes:
        return "closed"
    if what.reopens:
        return "reopened"
    if what.waits and not after.others:
        return "waiting"
    return "" if transitions.same_to_customers(before, after) else "changed"


def assignee(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, AssigneeChanged) or not what.after or what.after != context.ticket.assignee:
        return  # a line below gave it to somebody else
    payload = ByAuthor(author=title_of(event.actor, context))
    new = responsible(context.ticket, context.organisation, event.at)
    yield from notifications_to(new, Audience.AGENT, "assigned", context, payload=payload, but=event.actor)
    skipped = unless_answerable(context) or unless_told("taken", context)
    yield from notifications_to(customers(context.ticket)[:1], Audience.CUSTOMER, "taken", context, skipped=skipped)


def team(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    everybody = whole_team(team_of(context.ticket, context.organisation), context.organisation, event.at)
    yield from notifications_to(everybody, Audience.AGENT, "new", context, payload=new_ticket(context), but=event.actor)
