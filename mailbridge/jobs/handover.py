"""Follow the sun: at the end of a region's day its tickets go to the region that works then, as an event of the clock.

The sweep of `deadlines` fires the moment exactly once; here is what happens then.
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution.assignment import next_agent
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import execute
from mailbridge.organisation.availability import is_at_work
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.organisation.model import Team
from mailbridge.store.tx import Tx
from mailbridge.tickets.commands import Assign, Command, SetTeam
from mailbridge.tickets.deadlines import REGION, ticket_deadlines
from mailbridge.tickets.events import Actor, ActorKind, AssigneeChanged
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

WAY = "on-duty"  # how somebody of the new region is chosen for a ticket that was somebody's in the old one


def hand_over(tx: Tx, ticket: Ticket, desk: Desk, now: datetime) -> bool:
    """The ticket is with the region that works now, its people are told, and somebody has it if somebody had it.

    Where the same region works again already (the daemon was down over night, the hours were changed), it keeps the ticket until its
    day ends the next time.
    """
    asked: list[Command] = [SetTeam(team=ticket.follow)]
    region = lands_with(ticket.follow, desk.organisation, now)
    if region == ticket.team:
        tx.clocks.set(ticket.id, ticket_deadlines(ticket, desk.organisation, now))
        return True
    team = desk.organisation.teams[region]
    if ticket.assignee and ticket.assignee not in team.members and (agent := _taken_by(tx, ticket, team, desk, now)):
        asked.append(Assign(agent=agent))
    execute(tx, desk, ticket, each(asked), Actor(kind=ActorKind.CLOCK, name=REGION), now)
    return True


def _taken_by(tx: Tx, ticket: Ticket, team: Team, desk: Desk, now: datetime) -> str:
    """Who of the new region has it from now on: who had the ticket there before, if at work, else who is on duty."""
    return _knows_it(tx, ticket, team, desk, now) or next_agent(tx, team.name, WAY, desk.organisation, now=now)


def _knows_it(tx: Tx, ticket: Ticket, team: Team, desk: Desk, now: datetime) -> str:
    """The member of the region who had the ticket last and works now; '' where there is none."""
    had_it = [event.what.after for event in tx.events.of_ticket(ticket.id) if isinstance(event.what, AssigneeChanged)]
    latest = next((name for name in reversed(had_it) if name in team.members), "")
    return latest if latest and is_at_work(latest, team, desk.organisation, now) else ""
