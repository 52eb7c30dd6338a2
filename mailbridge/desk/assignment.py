"""Which agent of a team gets a new ticket.  Pure: the counts and the last turn come in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailbridge.desk.model import Organisation, Team
from mailbridge.sla.calendar import is_open


def choose(team: Team, by: str, organisation: Organisation, *, load: Mapping[str, int], last: str, skill: str, now: datetime) -> str:
    """The name of the agent, '' where nobody fits and the team keeps the ticket.

    `by`: round-robin (the member after `last`), least-loaded (fewest open tickets in `load`), skill (least loaded of those who have
    `skill`), on-duty (least loaded while the team works, else nobody).  Equal loads go to the member who stands first.
    """
    members = [name for name in team.members if name in organisation.agents and organisation.agents[name].active]
    if by == "skill":
        members = [name for name in members if skill in organisation.agents[name].skills]
    if by == "on-duty" and not is_open(now, team.calendar):
        return ""
    if not members:
        return ""
    if by == "round-robin":
        return members[(members.index(last) + 1) % len(members)] if last in members else members[0]
    return min(members, key=lambda name: (load.get(name, 0), members.index(name)))
