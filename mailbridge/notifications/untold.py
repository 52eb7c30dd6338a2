"""Who was not told of an event, and why.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbridge.notifications.model import Audience


class Untold(StrEnum):
    """Why somebody was not told.  The names are stored."""

    OWN = "own"  # their own doing
    OFF = "off"  # switched off: by notifications.yaml, else by the team's `tells`
    NOT_ANSWERABLE = "not-answerable"  # a robot's mail, or one that must not be answered automatically
    MERGED = "merged"  # another mail of the same act says more
    ABSENT = "absent"
    OFF_DUTY = "off-duty"
    OURS = "ours"  # an address of the desk
    REACHED = "reached"  # the agent's own mail went to them already
    MUTED = "muted"  # a wish of theirs silences it


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTold:
    """One person who was not told of one event.  `detail`: the entry that switched it off, the day until which somebody is away, the event
    that was told instead, why no automatic mail may go, or whose wish it was."""

    number: int  # of the event in the ticket's history
    audience: Audience
    event: str
    recipient: str
    reason: Untold
    detail: str = ""
