"""What became of a mail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MailOutcome(StrEnum):
    """What became of a mail; exactly one for every mail we ever accepted."""

    TICKET = "ticket"  # opened a new ticket
    APPEND = "append"  # went on an existing one
    DUPLICATE = "duplicate"  # a copy of a mail that is stored already
    KEPT = "kept"  # stored, on no ticket: a robot's answer that answers nothing of ours
    IGNORED = "ignored"  # stored, on no ticket: a rule said drop
    HELD = "held"  # in an agent's name: worked off when the agent says yes
    QUARANTINED = "quarantined"  # kept whole, aside, for a person to look at
    CANARY = "canary"  # not stored: the desk sent it to itself, to measure its way
    WAIT = "wait"  # not yet: an earlier mail comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class MailResult:
    outcome: MailOutcome
    ticket: int | None = None
    mail: int | None = None
    reason: str = ""
    handler: str = ""  # the row of `handling.table` that took the mail; '' where none did


class LostRace(Exception):
    """The fingerprint came in between our look and our write; run again, the mail is a duplicate then."""
