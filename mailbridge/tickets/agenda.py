"""What an agent has to do at which time, over all tickets: planned work and appointments.  Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.tickets.model import Plan, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTime:
    """A stretch of an agent's time.  `plan` is the number of the plan on its ticket; 0: the appointment with the customer."""

    ticket: int
    plan: int
    agent: str
    begins: datetime
    ends: datetime
    done: bool = False

    def overlaps(self, begins: datetime, ends: datetime) -> bool:
        """Whether both have a moment in common.  One that ends when the other begins has none."""
        return self.begins < ends and begins < self.ends

    def minutes(self, begins: datetime, ends: datetime) -> int:
        """The minutes of it between two moments."""
        return max(0, round((min(self.ends, ends) - max(self.begins, begins)).total_seconds() / 60))


def agenda_of(ticket: Ticket) -> tuple[BusyTime, ...]:
    """What the ticket asks of agents: its plans, and of its assignee the appointment.  A merged ticket asks nothing, a closed one no
    appointment; what was planned ahead on it was cancelled."""
    if ticket.merged_into is not None:
        return ()
    is_open, meeting = ticket.closed_at is None, ticket.meeting
    found = [planned_time(ticket.id, plan) for plan in ticket.plans if not plan.cancelled]
    if meeting is not None and not meeting.cancelled and is_open and ticket.assignee:
        found.append(BusyTime(ticket=ticket.id, plan=0, agent=ticket.assignee, begins=meeting.at, ends=meeting.ends))
    return tuple(found)


def planned_time(ticket: int, plan: Plan) -> BusyTime:
    """The time that the plan takes."""
    return BusyTime(ticket=ticket, plan=plan.id, agent=plan.agent, begins=plan.at, ends=plan.ends, done=plan.done is not None)
