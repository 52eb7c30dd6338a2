"""Mails on a ticket, and mails of ours that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.events.ratings import with_question
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import Answered, Bounced, ColleagueAnswered, CustomerReplied
from mailbridge.notifications.recipients import agents_named, customers, followers, responsible, team_of
from mailbridge.organisation.model import AGENTS_OWN, AnswersAs, Team
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.deadlines import opens_again
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.values import StatusChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import ApprovalKind

# Our notice that a mail of ours did not arrive.  One that does not arrive either stands on the ticket and is told to nobody: two agents
# who cannot be reached would get notices about each other's notices for ever.
NEWS_OF_A_FAILURE = "bounced"


def message(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    silent = isinstance(what, MessageAdded) and what.automatic and not context.robot
    opens = any(isinstance(e.what, TicketOpened) for e in events)
    if not isinstance(what, MessageAdded) or silent or (opens and not what.to_customer):
        return
    if what.to_customer:
        closes = any(isinstance(e.what, StatusChanged) and e.what.closes for e in events)
        team = team_of(context.ticket, context.organisation)
        author, opens_new = title_of(event.actor, context), closes and not opens_again(context.ticket, context.organisation)
        signature = "" if team.signature == AGENTS_OWN else context.signature or team.signature
        answer = Answered(author=author, closes=closes, opens_new=opens_new, signature=signature, encrypted=what.encrypted)
        news = ColleagueAnswered(author=author, closes=closes, encrypted=what.encrypted)
        carried = event.mail or context.mail  # an answer that waited for a yes is another mail than the yes
        to_customers = notifications_to(customers(context.ticket), Audience.CUSTOMER, "answered", context, payload=answer)
        for promise in with_question(to_customers, events, context):
            yield replace(promise, automatic=False, from_name=_answers_as(event.actor, team, context), mail=carried)
        if opens:
            return  # the team hears of the new ticket
        yield from _mentioned(what, event, context, carried)
        others = responsible(context.ticket, context.organisation, event.at) if context.ticket.assignee else ()
        others = (*others, *followers(context.ticket, context.organisation))
        for promise in notifications_to(others, Audience.AGENT, "colleague_answered", context, payload=news, but=event.actor):
            yield replace(promise, mail=carried)
    elif what.internal:
        asked = context.ticket.assignee or event.actor.kind is ActorKind.CONSULTANT  # an answer from outside is news to the team as well
        others = responsible(context.ticket, context.organisation, event.at) if asked else ()
        note = ColleagueAnswered(author=title_of(event.actor, context), internal=True)
        yield from _mentioned(what, event, context, event.mail or context.mail)
        told = (*others, *context.also, *followers(context.ticket, context.organisation))
        yield from notifications_to(told, Audience.AGENT, "colleague_answered", context, payload=note, but=event.actor)
    else:
        reopened = any(isinstance(e.what, StatusChanged) and e.what.reopens for e in events)
        waiting = next((one for one in context.ticket.approvals if one.kind is ApprovalKind.DELAY), None)
        replied = CustomerReplied(
            answer_of=title_of(Actor(kind=ActorKind.AGENT, name=waiting.asker), context) if waiting else "",
            answer_waits=waiting.expires_at if waiting else None,
            author=what.author,
            reopened=reopened,
            solved=any(isinstance(e.what, StatusChanged) and e.what.closes and e.actor == event.actor for e in events),
            robot=context.robot,
            grouped=context.news.grouped,
            other_reply_to=context.news.other_reply_to,
        )
        has_it = responsible(context.ticket, context.organisation, event.at)
        told = (*has_it, *context.also, *followers(context.ticket, context.organisation))
        yield from notifications_to(told, Audience.AGENT, "customer_replied", context, payload=replied)
        if context.unreadable:
            writer = [one for one in customers(context.ticket) if one.address.lower() == what.author.lower()]
            yield from notifications_to(writer, Audience.CUSTOMER, "unreadable", context)


def _mentioned(what: MessageAdded, event: Event, context: NotificationContext, mail: int | None) -> Iterator[Notification]:
    """The colleagues whom an agent's text names as @eva.  They come first: the same mail goes to nobody twice."""
    news = ColleagueAnswered(author=title_of(event.actor, context), internal=what.internal, mentioned=True, encrypted=what.encrypted)
    named = agents_named(what.mentions, context.ticket, context.organisation)
    for promise in notifications_to(named, Audience.AGENT, "colleague_answered", context, payload=news, but=event.actor):
        yield replace(promise, mail=mail)


def _answers_as(actor: Actor, team: Team, context: NotificationContext) -> str:
    """The name beside the desk's address; '' is the desk's own."""
    names = {AnswersAs.AGENT: title_of(actor, context), AnswersAs.TEAM: team.title}
    name = names.get(team.answers_as, "")
    return f"{name} via {context.desk_name}" if name else ""


def failure(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, DeliveryFailed) or what.what == NEWS_OF_A_FAILURE:
        return
    bounced = Bounced(failed_recipient=what.recipient, failed_what=what.what, reason=what.reason)
    told = [r for r in responsible(context.ticket, context.organisation, event.at) if r.address.lower() != what.recipient.lower()]
    yield from notifications_to(told, Audience.AGENT, NEWS_OF_A_FAILURE, context, payload=bounced)
