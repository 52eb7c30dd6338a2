"""What is known when a mail looks for its ticket, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbridge.desk.model import Ticket


class Reason(StrEnum):
    """Why a mail went where it went."""

    REPLY_ADDRESS = "signed reply address"
    MESSAGE_ID = "signed Message-ID of ours"
    KNOWN_REFERENCE = "reference to a mail of the ticket"
    LATE_ORIGINAL = "a mail of the ticket refers to it"
    SUBJECT_NUMBER = "ticket number in the subject"
    NEW = "no token, no known reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A ticket that one piece of evidence points at.

    `named` is the number it names, where that ticket was merged into `ticket`; `kin` are those that were merged into it: whoever may write
    on one of them may write on the ticket that took them in.
    """

    reason: Reason
    ticket: Ticket
    detail: str = ""  # what was found: the address, the id, the number
    named: int | None = None
    kin: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The ticket a mail belongs on (`ticket` None: a new one) with the reason, what was refused and why, and what it may continue.

    `merged`: the number that the mail names, where that ticket was merged into this one.
    """

    ticket: Ticket | None
    reason: Reason
    detail: str = ""
    follows: int | None = None  # "possible follow-up" of this ticket id, when nothing let the mail in
    refused: tuple[str, ...] = ()  # one sentence a piece of evidence that did not count
    merged: int | None = None
