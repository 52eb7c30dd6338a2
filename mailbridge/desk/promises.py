"""Which moments of a ticket matter now: its promised times under the organisation's targets and calendars, and what waits for a yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailbridge.desk.commands import Command, ExpireApproval, RaiseAlert, RemindApproval
from mailbridge.desk.model import IMPORTED, Organisation, Targets, Team, Ticket
from mailbridge.sla.clock import Deadline
from mailbridge.sla.levels import deadlines

APPROVAL = "approval:"  # promises of this name, with the number of what waits behind it
REMIND, EXPIRE = "remind", "expire"


def promises(ticket: Ticket, organisation: Organisation, now: datetime) -> tuple[Deadline, ...]:
    """The moments of the ticket as it is.  Nothing is promised on a closed one, nor on one that came with an archive; what waits for a
    yes is waited for on both."""
    return (*_promised(ticket, organisation, now), *_waiting(ticket))


def command_of(moment: Deadline) -> Command:
    """What the desk does when this moment has come."""
    if moment.promise.startswith(APPROVAL):
        approval = int(moment.promise.removeprefix(APPROVAL))
        return RemindApproval(approval=approval) if moment.step == REMIND else ExpireApproval(approval=approval)
    return RaiseAlert(promise=moment.promise, alert=moment.step, due_at=moment.due_at)


def _waiting(ticket: Ticket) -> Iterator[Deadline]:
    for approval in ticket.approvals:
        if approval.remind_at is not None:
            yield Deadline(promise=f"{APPROVAL}{approval.id}", step=REMIND, due_at=approval.remind_at)
        yield Deadline(promise=f"{APPROVAL}{approval.id}", step=EXPIRE, due_at=approval.expires_at)


def _promised(ticket: Ticket, organisation: Organisation, now: datetime) -> tuple[Deadline, ...]:
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
