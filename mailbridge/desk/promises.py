"""Which moments of a ticket matter now: its promised times under the organisation's targets and calendars."""

from __future__ import annotations

from datetime import datetime

from mailbridge.desk.model import IMPORTED, Organisation, Targets, Team, Ticket
from mailbridge.sla.clock import Deadline
from mailbridge.sla.levels import deadlines


def promises(ticket: Ticket, organisation: Organisation, now: datetime) -> tuple[Deadline, ...]:
    """The deadlines of the ticket as it is; none for a closed one, and none for one that came with an archive."""
    if ticket.channel == IMPORTED:
        return ()
    team = organisation.teams.get(ticket.team, Team(name="", title="", unclaimed_after=None))
    return deadlines(
        opened_at=ticket.created_at,
        first_answered_at=ticket.first_answered_at,
        waiting=ticket.waits,
        closed_at=ticket.closed_at,
        claimed_at=ticket.claimed_at,
        targets=organisation.levels.get(ticket.sla, organisation.targets).get(ticket.priority, Targets()),
        unclaimed_after=team.unclaimed_after,
        calendar=team.calendar,
        now=now,
    )
