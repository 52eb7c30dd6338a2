"""Who is not told of an event because somebody else is there.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience
from mailbridge.notifications.recipients import team_of
from mailbridge.notifications.untold import NotTold, Untold
from mailbridge.organisation.availability import absence_of
from mailbridge.organisation.model import Agent, Team, TeamAudience

OF_TICKETS = frozenset({
    "new", "customer_replied", "colleague_answered", "assigned", "awake", "bounced", "merged", "split", "warning", "due", "over_estimate",
    "hours",
})  # fmt: skip
"""The events of which the assignee is told, else the team."""


def left_out(
    event: str, told: Collection[str], number: int, at: datetime, context: NotificationContext
) -> Iterator[NotTold]:
    """The assignee, or the members of the team, who are away or off duty while others are told.  `told`: addresses in lower case."""
    ticket, organisation = context.ticket, context.organisation
    if event not in OF_TICKETS:
        return
    team = team_of(ticket, organisation)
    to_team = event == "new" or not ticket.assignee
    if to_team and (team.address or team.follow):
        return
    for name in team.members if to_team else (ticket.assignee,):
        agent = organisation.agents.get(name)
        if agent is None or not agent.active or agent.address.lower() in told:
            continue
        reason, detail = _why(agent, team, at, to_team=to_team)
        if reason is not None:
            yield NotTold(
                number=number, audience=Audience.AGENT, event=event, recipient=agent.address.lower(), reason=reason, detail=detail
            )


def _why(agent: Agent, team: Team, at: datetime, *, to_team: bool) -> tuple[Untold | None, str]:
    absence = absence_of(agent, team, at)
    if absence is not None:
        return Untold.ABSENT, absence.last.isoformat()
    return (Untold.OFF_DUTY, "") if to_team and team.told is TeamAudience.ON_DUTY else (None, "")
