"""The time and the length of planned work as people write them on the command line, read as in mails."""

from __future__ import annotations

from datetime import datetime

from mailbridge.mail_commands.durations import whole
from mailbridge.mail_commands.model import Author
from mailbridge.mail_commands.plan_arguments import moment_in
from mailbridge.mail_commands.vocabulary import vocabulary
from mailbridge.organisation.model import Organisation


def moment_of_plan(text: str, agent: str, zone: str, organisation: Organisation, now: datetime) -> datetime | None:
    """The day with its hour, by the clock of the zone; None where the text is anything else."""
    return moment_in(text, Author(me=agent, now=now, zone=zone, organisation=organisation))


def length_of_plan(text: str) -> int | None:
    """The minutes; None where the text is no length."""
    return whole(text, vocabulary("en"))
