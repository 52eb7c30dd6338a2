"""Handlers for follow and mute, ratings, and spam."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.people import RatingPolicy
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.wishes import AskRating, Follow, MarkSpam, Mute, RateTicket
from mailbridge.tickets.event_types.wishes import FollowerSet, MarkedSpam, MuteSet, RatingAsked, TicketRated
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.handlers.relations import manages
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.model import IMPORTED, Ticket
from mailbridge.tickets.permissions import sees

RATED_TOGETHER = timedelta(days=1)  # a person is asked for one rating within this time


def follow(ticket: Ticket, command: Follow, about: CommandContext) -> HandlerResult:
    """Only who may read the ticket may follow it; a manager may say it for a colleague."""
    if _for_a_colleague(ticket, command.agent, about):
        return Refusal(reason="managers-only")
    if command.on and not sees(command.agent, ticket, about.organisation):
        return Refusal(reason="other-team")
    if command.on == (command.agent in ticket.followers):
        return []
    return [FollowerSet(agent=command.agent, follows=command.on)]


def mute(ticket: Ticket, command: Mute, about: CommandContext) -> HandlerResult:
    if _for_a_colleague(ticket, command.agent, about):
        return Refusal(reason="managers-only")
    if command.on == (command.agent in ticket.muted):
        return []
    return [MuteSet(agent=command.agent, muted=command.on)]


def _for_a_colleague(ticket: Ticket, agent: str, about: CommandContext) -> bool:
    """Whether an agent who manages nobody here decides what a colleague hears."""
    other = about.actor.kind is ActorKind.AGENT and about.actor.name != agent
    return other and not manages(about.actor, ticket, about)


def mark_spam(ticket: Ticket, command: MarkSpam, about: CommandContext) -> HandlerResult:
    """Closes the ticket in silence.  Refused for a ticket of an agent, or of a customer of the desk's files."""
    requester = ticket.requester
    address = requester.address.lower() if requester else ""
    if address and (about.organisation.agent_of(address) or about.customers.of(address)):
        return Refusal(reason="known-sender", detail=address)
    happened: list[TicketEvent] = [] if ticket.spam else [MarkedSpam(sender=address)]
    if ticket.status != transitions.CLOSED:
        happened += moved(ticket, transitions.CLOSED, about.organisation)
    return happened


def ask_rating(ticket: Ticket, command: AskRating, about: CommandContext) -> HandlerResult:
    """Asks where the policy of the team wants it now, and nobody was asked before."""
    policy = policy_of(ticket, about.organisation)
    due = policy is not None and ticket.closed_at is not None and ticket.closed_at + policy.after <= about.now
    once = ticket.id not in about.asked_to_rate
    return [RatingAsked()] if due and once and may_be_asked(ticket, about.organisation) else []


def asked_with_closing(ticket: Ticket, about: CommandContext) -> list[TicketEvent]:
    """The question for a ticket that is closed just now, where its team asks at once."""
    policy, once = policy_of(ticket, about.organisation), ticket.id not in about.asked_to_rate
    return [RatingAsked()] if policy is not None and not policy.after and once and may_be_asked(ticket, about.organisation) else []


def may_be_asked(ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the requester may be asked: a proven person outside whom an agent has answered, once, and not of a merged ticket or spam."""
    requester = ticket.requester
    asked = ticket.rating_asked_at is not None or ticket.rating is not None
    whole = ticket.merged_into is None and not ticket.spam and ticket.channel != IMPORTED
    outside = requester is not None and bool(requester.address) and organisation.agent_of(requester.address) is None
    return whole and not asked and outside and ticket.verified and ticket.answered_at is not None


def rate(ticket: Ticket, command: RateTicket, about: CommandContext) -> HandlerResult:
    if not may_rate(ticket, command.author, about.organisation, about.now):
        return Refusal(reason="not-asked-to-rate")
    if command.grade == ticket.rating:
        return []
    return [
        TicketRated(
            author=command.author,
            grade=command.grade,
            team=ticket.team,
            agent=ticket.assignee or ticket.answered_by,
            before=ticket.rating,
        )
    ]


def may_rate(ticket: Ticket, author: str, organisation: Organisation, now: datetime) -> bool:
    """Whether this address may rate the ticket now: the requester who was asked, for the first time or while the grade may be changed."""
    requester = ticket.requester
    if requester is None or requester.address.lower() != author.lower() or ticket.rating_asked_at is None:
        return False
    change_within = (policy_of(ticket, organisation) or RatingPolicy()).change_within
    return ticket.rated_at is None or now <= ticket.rated_at + change_within


def policy_of(ticket: Ticket, organisation: Organisation) -> RatingPolicy | None:
    """How the ticket's team asks for ratings; None where it does not."""
    team = organisation.teams.get(ticket.team)
    return team.ratings if team else None
