"""What the doctor says of one thing.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    RIGHT = "right"
    DOUBTFUL = "doubtful"  # may be well, or could not be looked at
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`said` is what was seen, `remedy` what to do; '' where nothing is to be done."""

    group: str  # mailboxes, outgoing, dns, canary, database, disk, ...
    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""


def right(group: str, subject: str, said: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Verdict.RIGHT, said=said)


def doubtful(group: str, subject: str, said: str, remedy: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Verdict.DOUBTFUL, said=said, remedy=remedy)


def wrong(group: str, subject: str, said: str, remedy: str) -> Finding:
    return Finding(group=group, subject=subject, verdict=Verdict.WRONG, said=said, remedy=remedy)
