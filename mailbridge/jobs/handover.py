"""Follow the sun: at the end of a region's day a deadline moves its tickets to the region that works then.

The sweep of `deadlines` fires the deadline exactly once.  This module executes it.
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution.assignment import next_agent
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import execute
from mailbridge.execution.record import set_clocks
from mailbridge.organisation.availability import is_at_work
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.organisation.model import Team
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.values import Assign, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.deadlines import REGION
from mailbridge.tickets.event_types.values import AssigneeChanged
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

WAY = "on-duty"  # how the new region's agent is chosen for a ticket that was assigned in the old one


def hand_over(tx: Tx, ticket: Ticket, desk: Desk, now: datetime) -> bool:
    """Moves the ticket to the region that works now, notifies its agents, and assigns the ticket if it was assigned before.

    If the same region works again already (after a downtime over night or a change of hours), it keeps the ticket until the end of its next
    day.
    """
    asked: list[Command] = [SetTeam(team=ticket.follow)]
    region = lands_with(ticket.follow, desk.organisation, now)
    if region == ticket.team:
        set_clocks(tx, ticket, desk.organisation, now)
        return True
    team = desk.organisation.teams[region]
    if ticket.assignee and ticket.assignee not in team.members and (agent := _taken_by(tx, ticket, team, desk, now)):
        asked.append(Assign(agent=agent))
    execute(tx, desk, ticket, each(asked), Actor(kind=ActorKind.CLOCK, name=REGION), now)
    return True


def _taken_by(tx: Tx, ticket: Ticket, team: Team, desk: Desk, now: datetime) -> str:
    """The new region's assignee: the agent who had the ticket there before if at work, else the agent on duty."""
    return _knows_it(tx, ticket, team, desk, now) or next_agent(tx, team.name, WAY, desk.organisation, now=now)


def _knows_it(tx: Tx, ticket: Ticket, team: Team, desk: Desk, now: datetime) -> str:
    """The member of the region who was assigned last and works now; '' if there is none."""
    had_it = [event.what.after for event in tx.events.of_ticket(ticket.id) if isinstance(event.what, AssigneeChanged)]
    latest = next((name for name in reversed(had_it) if name in team.members), "")
    return latest if latest and is_at_work(latest, team, desk.organisation, now) else ""
