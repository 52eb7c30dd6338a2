"""Follow the sun: at the end of a region's day its tickets go to the region that works then, as an event of the clock.

The sweep of `deadlines` fires the moment exactly once; here is what happens then.
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.context import Desk
from mailbridge.desk.commands import Assign, SetTeam
from mailbridge.desk.decide import Circumstances, Decision, decide, together
from mailbridge.desk.events import Actor, ActorKind, AssigneeChanged
from mailbridge.desk.model import Ticket
from mailbridge.desk.presence import is_at_work
from mailbridge.desk.promises import REGION, promises
from mailbridge.execution.record import record
from mailbridge.execution.turns import next_agent
from mailbridge.filing import occasion
from mailbridge.outbox.compose import notifications
from mailbridge.store.tx import Tx

WAY = "on-duty"  # how somebody of the new region is chosen for a ticket that was somebody's in the old one


def hand_over(tx: Tx, ticket: Ticket, desk: Desk, now: datetime) -> bool:
    """The ticket is with the region that works now, its people are told, and somebody has it if somebody had it.

    Where the same region works again already (the daemon was down over night, the hours were changed), it keeps the ticket until its
    day ends the next time.
    """
    about = Circumstances(actor=Actor(kind=ActorKind.CLOCK, name=REGION), now=now, organisation=desk.organisation)
    decision = decide(ticket, SetTeam(team=ticket.follow), about)
    after = decision.ticket or ticket
    if not decision.events:
        tx.clocks.set(ticket.id, promises(ticket, desk.organisation, now))
        return True
    if ticket.assignee and not after.assignee:
        decision = _taken_on(tx, after, decision, about)
        after = decision.ticket or after
    record(tx, after, decision.events, notifications(decision.events, occasion(tx, after, desk)), desk.organisation, now)
    return True


def _taken_on(tx: Tx, ticket: Ticket, decision: Decision, about: Circumstances) -> Decision:
    """The decision with somebody of the new region: whoever had the ticket there before, if at work, else who is on duty."""
    agent = _knows_it(tx, ticket, about) or next_agent(tx, ticket.team, WAY, about.organisation, now=about.now)
    return together(decision, decide(ticket, Assign(agent=agent), about)) if agent else decision


def _knows_it(tx: Tx, ticket: Ticket, about: Circumstances) -> str:
    """The member of the region who had the ticket last and works now; '' where there is none."""
    team = about.organisation.teams[ticket.team]
    had_it = [event.what.after for event in tx.events.of_ticket(ticket.id) if isinstance(event.what, AssigneeChanged)]
    latest = next((name for name in reversed(had_it) if name in team.members), "")
    return latest if latest and is_at_work(latest, team, about.organisation, about.now) else ""
