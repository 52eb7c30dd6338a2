"""What is known when a mail looks for its ticket, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbridge.tickets.model import Ticket


class Reason(StrEnum):
    """Why a mail went where it went."""

    REPLY_ADDRESS = "signed reply address"
    MESSAGE_ID = "signed Message-ID of ours"
    KNOWN_REFERENCE = "reference to a mail of the ticket"
    LATE_ORIGINAL = "a mail of the ticket refers to it"
    SUBJECT_NUMBER = "ticket number in the subject"
    OLD_TOKEN = "signed address that has expired"  # noqa: S105  (a reason, not a secret)
    OTHERS_TOKEN = "signed address of a mail to somebody else"  # noqa: S105
    NEW = "no token, no known reference"


class Standing(StrEnum):
    """What an agent's mail may do on the ticket it was placed on."""

    ACTS = "acts"  # its text is passed on and its commands are done
    ANSWERS = "answers"  # its text is passed on; commands that change something wait for the agent's yes
    ASKED = "asked"  # nothing is done before the agent's yes


class Doubt(StrEnum):
    """Why a mail that probably continues a ticket did not go on it; an agent who knows better joins the two with one link."""

    DMARC_FAILED = "dmarc-failed"  # the signed address is the sender's, but the domain's own policy refuses such mail
    OTHER_ADDRESS = "other-address"  # the signed address is that of a mail to somebody else on the ticket
    NO_TOKEN = "no-token"  # noqa: S105  (it names the ticket, which proves nothing)
    CLOSED = "closed"  # the ticket is closed and its team wants a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
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

    `standing` is about an agent's mail on a ticket, `doubt` says why a mail did not go on the ticket that it follows.  `merged`: the number
    that the mail names, where that ticket was merged into this one.
    """

    ticket: Ticket | None
    reason: Reason
    detail: str = ""
    follows: int | None = None  # "possible follow-up" of this ticket id, when nothing let the mail in
    refused: tuple[str, ...] = ()  # one sentence a piece of evidence that did not count
    merged: int | None = None
    standing: Standing = Standing.ACTS
    doubt: Doubt | None = None
