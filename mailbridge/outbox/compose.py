"""Events to promises: who is told what because of what just happened.  Pure; wording comes later, in `render`.

One table of functions, one for each kind of event.  Two rules stand above them: nobody is told of their own doing (NO12), and a robot
is never answered (RFC 3834): automatic mail to customers is composed only where the mail that caused it may be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from mailbridge.conversation.tokens import Purpose, Signer
from mailbridge.desk.events import (
    Actor,
    ActorKind,
    AlertRaised,
    AssigneeChanged,
    DeliveryFailed,
    Event,
    MessageAdded,
    StatusChanged,
    TeamChanged,
    TicketOpened,
)
from mailbridge.desk.model import Organisation, Ticket
from mailbridge.outbox.model import Audience, Class, Notification
from mailbridge.outbox.recipients import Recipient, customers, managers, responsible, team_of, whole_team


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What caused the telling: the ticket after it, the mail, and what the mails of the thread are called.

    `answerable` is false where the causing mail is a robot's, a loop's or has no address that may be answered.
    `thread` holds Message-IDs for References, oldest first: the customer's first mail and the latest one.
    """

    ticket: Ticket
    organisation: Organisation
    signer: Signer
    desk_name: str
    language: str
    mail: int | None = None
    answerable: bool = True
    thread: tuple[str, ...] = ()
    own_addresses: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()
    receipt: str = "received"  # the customer's template for a new ticket; a rule may choose another
    also: tuple[Recipient, ...] = ()  # whom a rule wants told of this mail, besides those it concerns


def notifications(events: Sequence[Event], occasion: Occasion) -> tuple[Notification, ...]:
    """Everything these events of one ticket make us say, at most one mail of a kind to a recipient, signed and keyed."""
    version = occasion.ticket.version - len(events)
    said: dict[str, Notification] = {}
    for number, event in enumerate(events, start=version + 1):
        for promise in _of_event(event, events, occasion):
            if promise.recipient.lower() in occasion.own_addresses:
                continue
            kind = f"{promise.audience}.{promise.event}:{promise.recipient.lower()}"
            said.setdefault(kind, replace(promise, key=f"{occasion.ticket.id}.{number}.{kind}"))
    return tuple(signed(promise, occasion) for promise in said.values())


def signed(promise: Notification, occasion: Occasion) -> Notification:
    """The promise with its Message-ID, reply address, thread and language: what makes an answer find its way back."""
    purpose = Purpose.CUSTOMER if promise.audience is Audience.CUSTOMER else Purpose.AGENT
    ticket = occasion.ticket.id
    return replace(
        promise,
        message_id=occasion.signer.message_id(ticket, promise.recipient, purpose, promise.key),
        reply_to=occasion.signer.reply_address(ticket, promise.recipient, purpose),
        in_reply_to=occasion.thread[-1] if occasion.thread else "",
        references=occasion.thread,
        language=promise.language or occasion.language,
        values=promise.values + occasion.values,
    )


def _of_event(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    tell = _TELLERS.get(type(event.what))
    return tell(event, events, occasion) if tell else iter(())


def _opened(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    ticket, organisation = occasion.ticket, occasion.organisation
    if occasion.answerable and "received" in team_of(ticket, organisation).tells:
        yield from _to(customers(ticket)[:1], Audience.CUSTOMER, occasion.receipt, occasion)
    team = whole_team(team_of(ticket, organisation), organisation)
    yield from _to((*team, *occasion.also), Audience.AGENT, "new", occasion, but=event.actor)


def _message(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, MessageAdded) or what.automatic or any(isinstance(e.what, TicketOpened) for e in events):
        return
    if what.to_customer:
        closes = any(isinstance(e.what, StatusChanged) and e.what.closes for e in events)
        values = (("author", _title(event.actor, occasion)), ("closes", "yes" if closes else ""))
        name = f"{_title(event.actor, occasion)} at {occasion.desk_name}"
        for promise in _to(customers(occasion.ticket), Audience.CUSTOMER, "answered", occasion, values=values):
            yield replace(promise, automatic=False, from_name=name)
        others = responsible(occasion.ticket, occasion.organisation) if occasion.ticket.assignee else ()
        yield from _to(others, Audience.AGENT, "colleague_answered", occasion, values=values, but=event.actor)
    elif what.internal:
        others = responsible(occasion.ticket, occasion.organisation) if occasion.ticket.assignee else ()
        note = (("author", _title(event.actor, occasion)), ("internal", "yes"))
        yield from _to(others, Audience.AGENT, "colleague_answered", occasion, values=note, but=event.actor)
    else:
        reopened = any(isinstance(e.what, StatusChanged) and e.what.reopens for e in events)
        values = (("author", what.author), ("reopened", "yes" if reopened else ""))
        told = (*responsible(occasion.ticket, occasion.organisation), *occasion.also)
        yield from _to(told, Audience.AGENT, "customer_replied", occasion, values=values)


def _status(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, StatusChanged) or event.actor.kind is ActorKind.CUSTOMER:
        return  # their own doing
    answered = any(isinstance(e.what, MessageAdded) and e.what.to_customer for e in events)
    step = "closed" if what.closes else "reopened" if what.reopens else "waiting" if what.waits else "changed"
    if answered or step not in team_of(occasion.ticket, occasion.organisation).tells:
        return
    yield from _to(customers(occasion.ticket), Audience.CUSTOMER, step, occasion)


def _assignee(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, AssigneeChanged) or not what.after:
        return
    values = (("author", _title(event.actor, occasion)),)
    new = responsible(occasion.ticket, occasion.organisation)
    yield from _to(new, Audience.AGENT, "assigned", occasion, values=values, but=event.actor)
    if "taken" in team_of(occasion.ticket, occasion.organisation).tells and occasion.answerable:
        yield from _to(customers(occasion.ticket)[:1], Audience.CUSTOMER, "taken", occasion)


def _team(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    everybody = whole_team(team_of(occasion.ticket, occasion.organisation), occasion.organisation)
    yield from _to(everybody, Audience.AGENT, "new", occasion, but=event.actor)


def _alert(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, AlertRaised):
        return
    values = (("promise", what.promise), ("due_at", what.due_at.isoformat()))
    if what.alert == "warning":
        told = _to(responsible(occasion.ticket, occasion.organisation), Audience.AGENT, "warning", occasion, values=values)
    else:
        told = _to(managers(occasion.ticket, occasion.organisation), Audience.MANAGER, what.alert, occasion, values=values)
    for promise in told:
        yield replace(promise, class_=Class.REMINDER)


def _failure(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, DeliveryFailed):
        return
    values = (("failed_recipient", what.recipient), ("failed_what", what.what), ("reason", what.reason))
    told = [r for r in responsible(occasion.ticket, occasion.organisation) if r.address.lower() != what.recipient.lower()]
    yield from _to(told, Audience.AGENT, "bounced", occasion, values=values)


_TELLERS: dict[type, Callable[[Event, Sequence[Event], Occasion], Iterator[Notification]]] = {
    TicketOpened: _opened,
    MessageAdded: _message,
    StatusChanged: _status,
    AssigneeChanged: _assignee,
    TeamChanged: _team,
    AlertRaised: _alert,
    DeliveryFailed: _failure,
}


def _to(
    recipients: Iterable[Recipient],
    audience: Audience,
    event: str,
    occasion: Occasion,
    *,
    values: tuple[tuple[str, str], ...] = (),
    but: Actor | None = None,
) -> Iterator[Notification]:
    """One promise a recipient, the doer left out."""
    doer = occasion.organisation.agents.get(but.name) if but and but.kind is ActorKind.AGENT else None
    for recipient in recipients:
        if doer and recipient.address.lower() == doer.address.lower():
            continue
        yield Notification(
            ticket=occasion.ticket.id,
            audience=audience,
            event=event,
            recipient=recipient.address,
            key="",
            name=recipient.name,
            language=recipient.language,
            mail=occasion.mail,
            values=values,
        )


def _title(actor: Actor, occasion: Occasion) -> str:
    agent = occasion.organisation.agents.get(actor.name)
    return agent.title if agent else actor.name


def admin_letters(
    admins: Sequence[str], event: str, key: str, values: Mapping[str, str], desk_address: str, language: str
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
            values=tuple(values.items()),
        )
        for admin in admins
    )
