"""An agent of the desk as a speaker."""

from __future__ import annotations

from datetime import datetime

from mailbridge.desk.language.model import Speaker
from mailbridge.desk.model import Organisation


def speaker_of(me: str, organisation: Organisation, now: datetime, *, prefix: str = "") -> Speaker:
    """The agent with their zone (their own, that of their hours, that of their first team) and language."""
    agent = organisation.agents.get(me)
    teams = [organisation.teams[name].calendar.zone for name in organisation.teams_of(me)]
    own = [agent.zone, agent.calendar.zone if agent.calendar else ""] if agent else []
    zone = next((zone for zone in (*own, *teams) if zone), "UTC")
    return Speaker(
        me=me,
        now=now,
        zone=zone,
        language=agent.language if agent else "en",
        prefix=prefix,
        organisation=organisation,
    )
