"""An agent of the desk as the author of commands."""

from __future__ import annotations

from datetime import datetime

from mailbridge.mail_commands.model import Author
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.model import Organisation


def author_of(me: str, organisation: Organisation, now: datetime, *, prefix: str = "") -> Author:
    """The agent with their local time and language."""
    agent = organisation.agents.get(me)
    return Author(
        me=me,
        now=now,
        zone=zone_of(me, organisation),
        language=agent.language if agent else "en",
        prefix=prefix,
        organisation=organisation,
    )


