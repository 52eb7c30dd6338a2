"""An agent of the desk as a speaker."""

from __future__ import annotations

from datetime import datetime

from mailbridge.mail_commands.model import Speaker
from mailbridge.tickets.model import Organisation


def speaker_of(me: str, organisation: Organisation, now: datetime, *, prefix: str = "") -> Speaker:
    """The agent with their wall clock and language."""
    agent = organisation.agents.get(me)
    return Speaker(
        me=me,
        now=now,
        zone=zone_of(me, organisation),
        language=agent.language if agent else "en",
        prefix=prefix,
        organisation=organisation,
    )


def zone_of(me: str, organisation: Organisation) -> str:
    """Whose wall clock the agent's days and hours go by: their own, that of their hours, that of their first team."""
    agent = organisation.agents.get(me)
    teams = [organisation.teams[name].calendar.zone for name in organisation.teams_of(me)]
    own = [agent.zone, agent.calendar.zone if agent.calendar else ""] if agent else []
    return next((zone for zone in (*own, *teams) if zone), "UTC")
