"""The lists of tickets that agents ask for, by mail (`#list`) and on the pages."""

from __future__ import annotations

from datetime import UTC, datetime

from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.execution.desk import Desk
from mailbridge.mail_commands.model import Which
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import ticket_deadlines
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees

MOST_LOOKED_AT = 500
_NEVER = datetime.max.replace(tzinfo=UTC)


def tickets_of_list(tx: Tx, desk: Desk, me: str, which: Which, now: datetime, *, team: str = "") -> list[Ticket]:
    """The tickets of a list of agent `me` that the agent may see, what is due first on top.  `team`: of this team, '' of the agent's own.
    What is snoozed is in its own list alone."""
    return [ticket for ticket in _listed(tx, desk, me, which, now, team) if sees(me, ticket, desk.organisation)]


def _listed(tx: Tx, desk: Desk, me: str, which: Which, now: datetime, team: str) -> list[Ticket]:
    tickets = tx.tickets
    teams = (team,) if team else desk.organisation.teams_of(me)
    match which:
        case Which.MINE:
            found = tickets.find(assignee=me, open=True, limit=MOST_LOOKED_AT)
        case Which.TEAM:
            found = [t for team in teams for t in tickets.find(team=team, open=True, limit=MOST_LOOKED_AT)]
        case Which.UNCLAIMED:
            found = [t for team in teams for t in tickets.find(team=team, assignee="", open=True, limit=MOST_LOOKED_AT)]
        case Which.OVERDUE:
            late = tickets.late(now, limit=MOST_LOOKED_AT)
            return [t for t in late if (t.team in teams or t.assignee == me) and first_due(tx, desk, t, now, overdue=True)]
        case Which.SNOOZED:
            mine = tickets.find(assignee=me, open=True, limit=MOST_LOOKED_AT)
            free = [t for team in teams for t in tickets.find(team=team, assignee="", open=True, limit=MOST_LOOKED_AT)]
            asleep = [t for t in (*mine, *free) if t.snoozed_until]
            return sorted(asleep, key=lambda t: (t.snoozed_until or now, t.id))
    awake = [ticket for ticket in found if ticket.snoozed_until is None and ticket.merged_into is None]
    return sorted(awake, key=lambda t: (first_due(tx, desk, t, now) or _NEVER, t.id))


def first_due(tx: Tx, desk: Desk, ticket: Ticket, now: datetime, *, overdue: bool = False) -> datetime | None:
    """The earliest moment that is promised or chosen; `overdue`: only one that has passed; None where there is none."""
    deadlines = ticket_deadlines(ticket, clock_history_of(tx, ticket.id), desk.organisation, now)
    moments = [one.due_at for one in deadlines if one.step in ("overdue", "due")]
    first = min(moments, default=None)
    return None if first is None or (overdue and first > now) else first
