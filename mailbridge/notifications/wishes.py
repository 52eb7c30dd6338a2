"""What a wish silences or delays.  Pure.

                                        #mute      quiet hours                 a customer's opt-out
    an approval question, a line's answer  never      while off duty, not answers  -
    a breach, an alert to managers         never      never                        -
    a customer's answer on an own ticket   never      while off duty               -
    a ticket given to the agent, a mention never      delayed                      -
    other news of a ticket                 silenced   delayed                      -
    an answer written by hand, a question  -          -                            never
    other mail to customers                -          -                            silenced
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import ColleagueAnswered, LevelReached
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.quiet import end_of_quiet, has_duty
from mailbridge.tickets.model import Ticket

# News of a ticket to agents that a mute silences.  A new event is not silenced before it is named here.
MUTABLE = frozenset(
    {"new", "customer_replied", "colleague_answered", "awake", "merged", "split", "undone", "rated", "meeting_answered", "hours"}
)
QUESTIONS = frozenset({"approval", "approval_reminded", "confirm", "approval_decided", "approval_expired"})
BREACHES = frozenset({"overdue", "unclaimed", "silent", "alerts"})
# To customers: what they asked for, and what asks them for something.
ASKED_FOR = frozenset(
    {"answered", "waiting", "may_ask", "meeting", "unreadable", "not_entitled", "opted_out", "opted_in", "article", "statement"}
)


def silenced(notification: Notification, ticket: Ticket, organisation: Organisation) -> str:
    """Whose wish silences the notification, as it stands behind "muted"; '' where nobody's does."""
    if notification.audience is Audience.CUSTOMER:
        out = notification.automatic and notification.event not in ASKED_FOR and organisation.wishes.opted_out(notification.recipient)
        return "by the customer, who wants answers alone (#quiet)" if out else ""
    agent = organisation.agent_of(notification.recipient) if ticket.muted else None
    if agent is None or agent.name not in ticket.muted or notification.event not in MUTABLE:
        return ""
    own = ticket.assignee == agent.name and notification.event == "customer_replied"
    mentioned = isinstance(notification.payload, ColleagueAnswered) and notification.payload.mentioned
    return "" if own or mentioned else f"by {agent.name} (#mute)"


def quiet_until(notification: Notification, ticket: Ticket, organisation: Organisation, now: datetime) -> datetime | None:
    """Until when the notification waits because of quiet hours; None: it goes out now."""
    if not organisation.wishes.all or notification.audience not in (Audience.AGENT, Audience.MANAGER):
        return None
    agent = organisation.agent_of(notification.recipient)
    if agent is None or agent.quiet is None or _is_breach(notification) or ticket.priority is Priority.URGENT:
        return None
    until = end_of_quiet(agent, organisation, now)
    if until is None:
        return None
    own = notification.event == "customer_replied" and ticket.assignee == agent.name
    if (own or notification.event in QUESTIONS) and has_duty(agent, organisation, now):
        return None
    return until


def _is_breach(notification: Notification) -> bool:
    late = isinstance(notification.payload, LevelReached) and notification.payload.late
    return notification.event in BREACHES or late
