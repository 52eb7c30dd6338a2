"""The lines for the desk in an agent's mail."""

from __future__ import annotations

from datetime import datetime

from mailbridge.context import Desk
from mailbridge.desk import language
from mailbridge.desk.language import Speaker


def speaker_of(agent: str, desk: Desk, now: datetime) -> Speaker:
    """The agent of that name as the one whose lines are read."""
    return language.speaker_of(agent, desk.organisation, now, prefix=desk.config.desk.prefix)
