"""A finding of `mailbridge doctor`.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Conclusion(StrEnum):
    RIGHT = "right"
    DOUBTFUL = "doubtful"  # possibly right, or it could not be checked
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check.  `said`: what was observed.  `remedy`: what to do; '' where the finding is right."""

    group: str  # mailboxes, outgoing, dns, canary, database, disk, ...
    subject: str
    verdict: Conclusion
    said: str
    remedy: str = ""


def right(group: str, subject: str, said: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Conclusion.RIGHT, said=said)


def doubtful(group: str, subject: str, said: str, remedy: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Conclusion.DOUBTFUL, said=said, remedy=remedy)


def wrong(group: str, subject: str, said: str, remedy: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Conclusion.WRONG, said=said, remedy=remedy)
