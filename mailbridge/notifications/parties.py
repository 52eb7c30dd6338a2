"""As what a person is told of a ticket, and whom an audience of notifications.yaml means.  Pure."""

from __future__ import annotations

from datetime import datetime

from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.recipients import (
    Recipient,
    assigned,
    customers,
    desk_managers,
    named,
    team_leads,
    team_of,
    whole_team,
)
from mailbridge.rules.flow import Party


def parties_of(notification: Notification, context: NotificationContext, at: datetime) -> frozenset[Party]:
    """As what its recipient is told; empty for somebody whom a rule, a ladder or a question names."""
    address = notification.recipient.lower()
    if notification.audience is Audience.CUSTOMER:
        return frozenset({Party.REQUESTER if _asked(Recipient(address=address), context) else Party.PARTICIPANTS})
    if address in _addresses(context.also):
        return frozenset()
    if notification.audience is Audience.AGENT and address in _addresses(whom(Party.ASSIGNEE, context, at)):
        return frozenset({Party.ASSIGNEE})
    found = {party for party in (Party.LEAD, Party.MANAGER) if address in _addresses(whom(party, context, at))}
    if notification.audience is Audience.MANAGER and found:
        return frozenset(found)
    return frozenset({*found, *((Party.TEAM,) if address in _addresses(whom(Party.TEAM, context, at)) else ())})


def whom(party: Party, context: NotificationContext, at: datetime) -> tuple[Recipient, ...]:
    """The people whom the audience means at this moment, without those who are away."""
    ticket, organisation = context.ticket, context.organisation
    match party:
        case Party.REQUESTER:
            return tuple(one for one in customers(ticket) if _asked(one, context))
        case Party.PARTICIPANTS:
            return tuple(one for one in customers(ticket) if not _asked(one, context))
        case Party.ASSIGNEE:
            return assigned(ticket, organisation, at)
        case Party.TEAM:
            return whole_team(team_of(ticket, organisation), organisation, at)
        case Party.LEAD:
            return team_leads(ticket, organisation, at)
        case Party.MANAGER:
            return desk_managers(ticket, organisation, at)
        case Party.RESPONSIBLE:
            return named(context.responsible, organisation, at)
        case Party.OPERATOR:
            return tuple(Recipient(address=address, language=context.language) for address in context.operators)


def _asked(one: Recipient, context: NotificationContext) -> bool:
    requester = context.ticket.requester
    return requester is not None and requester.address.lower() == one.address.lower()


def _addresses(people: tuple[Recipient, ...]) -> frozenset[str]:
    return frozenset(one.address.lower() for one in people)
