"""Applies notifications.yaml in the transaction of the ticket: the entries that hold, the mails that wait, the channels that are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from mailbridge.customers.following import followers
from mailbridge.customers.model import Customer
from mailbridge.execution.bundling import TOLD
from mailbridge.execution.desk import Desk
from mailbridge.notifications.channels import channel_calls
from mailbridge.notifications.compose import Composed
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.recipients import team_of
from mailbridge.notifications.routing import waits
from mailbridge.notifications.wishes import quiet_until
from mailbridge.organisation.availability import calendar_of
from mailbridge.organisation.digests import next_digest
from mailbridge.organisation.model import Agent
from mailbridge.rules.facts import Facts
from mailbridge.rules.flow import FlowEntry, Timing
from mailbridge.rules.match import MatchState
from mailbridge.sla.calendar import next_open
from mailbridge.store.tables.outgoing import DIGEST, QUIET
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_STEPS = ("taken", "waiting", "changed", "escalated", "reopened")  # mails to customers that say how a request stands, and no more
SHOWING_STATE = frozenset({"answered", "closed", *STATE_STEPS})


def with_entries(context: NotificationContext, desk: Desk, now: datetime) -> NotificationContext:
    """The context with the entries that hold for its ticket.  A desk without entries gets it as it is."""
    flow, ticket = desk.policy.flow, context.ticket
    if not flow.entries:
        return context
    customer = _customer(ticket, desk)
    entries = tuple(flow.of(ticket.team, customer.name if customer else ""))
    if any(one.condition is not None for one in entries):
        rules = replace(flow.conditions, customers=desk.policy.rules.customers)
        state = MatchState(rules, Facts(now=now, reply=True, ticket=ticket, organisation=desk.organisation))
        entries = tuple(one for one in entries if one.condition is None or state.holds(rules.rules[one.condition].when))
    responsible = sorted(followers(customer, dict(ticket.fields))) if customer else ()
    return replace(context, entries=entries, responsible=tuple(responsible), operators=desk.config.desk.admins)


def _customer(ticket: Ticket, desk: Desk) -> Customer | None:
    requester = ticket.requester
    return desk.policy.rules.customers.of(requester.address) if requester else None


def tell_with(tx: Tx, one: Notification, desk: Desk) -> None:
    """What is collected for the customer is told by a mail that goes out now, where that shows how the request stands."""
    quiet = any(entry.timing is Timing.QUIET for entry in desk.policy.flow.entries)
    if quiet and one.audience is Audience.CUSTOMER and one.event in SHOWING_STATE:
        tx.outbox.told_with(one, QUIET, STATE_STEPS, f"{TOLD}{one.key}")


def opens_at(notification: Notification, entry: FlowEntry | None, ticket: Ticket, desk: Desk, now: datetime) -> datetime | None:
    """When the working hours of the recipient begin, where the entry wants it told only then and they have not begun; else when the quiet
    hours end that the recipient wished."""
    quiet = quiet_until(notification, ticket, desk.organisation, now)
    if waits(notification, entry) is not Timing.WHILE_OPEN:
        return quiet
    team, agent = team_of(ticket, desk.organisation), _agent(notification, desk)
    at = next_open(now, calendar_of(agent, team) if agent else team.calendar)
    return latest(at if at > now else None, quiet)


def collect(tx: Tx, notification: Notification, entry: FlowEntry | None, ticket: Ticket, desk: Desk, now: datetime) -> bool:
    """Whether the notification waits to be told with others; it is stored then.  The time of those that wait already stays."""
    timing = waits(notification, entry)
    if entry is None or timing in (Timing.AT_ONCE, Timing.WHILE_OPEN):
        return False
    match timing:
        case Timing.QUIET:
            end = now + entry.wait
            until = tx.outbox.collected_until(notification, QUIET) or quiet_until(notification, ticket, desk.organisation, end) or end
            tx.outbox.hold(notification, now, max(until, now), reason=QUIET)
        case Timing.DIGEST:
            until = next_digest(_agent(notification, desk), team_of(ticket, desk.organisation), desk.organisation, now)
            tx.outbox.hold(notification, now, until, reason=DIGEST)
        case _:
            assert_never(timing)
    return True


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of the moments; None where there is none."""
    return max((at for at in moments if at is not None), default=None)


def _agent(notification: Notification, desk: Desk) -> Agent | None:
    return None if notification.audience is Audience.CUSTOMER else desk.organisation.agent_of(notification.recipient)


def send(
    tx: Tx, notifications: Sequence[Notification], composed: Composed, ticket: Ticket, desk: Desk, now: datetime
) -> Sequence[Notification]:
    """The notifications that go out now; those that wait, by an entry, are stored."""
    at_once = []
    for one in notifications:
        entry = composed.entries.get(one.key)
        if collect(tx, one, entry, ticket, desk, now):
            continue
        opens = opens_at(one, entry, ticket, desk, now)
        if opens is None:
            tell_with(tx, one, desk)
            at_once.append(one)
        else:
            tx.outbox.add_many([one], now, not_before=opens)
    return at_once


def queue_channel_calls(tx: Tx, composed: Composed, ticket: Ticket, desk: Desk, now: datetime) -> None:
    """Stores a call for each channel that an entry names."""
    calls = channel_calls(composed.calls, ticket, desk.policy.flow.channels, desk.organisation, desk.config.desk.prefix, now)
    if calls and tx.webhooks.add_many(calls, now):
        tx.wake("webhooks")
