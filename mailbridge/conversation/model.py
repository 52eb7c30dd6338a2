"""The values of placement: evidence and result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbridge.tickets.model import Ticket


class Reason(StrEnum):
    """Why a mail was placed on its ticket."""

    REPLY_ADDRESS = "signed reply address"
    MESSAGE_ID = "signed Message-ID of ours"
    KNOWN_REFERENCE = "reference to a mail of the ticket"
    LATE_ORIGINAL = "a mail of the ticket refers to it"
    SUBJECT_NUMBER = "ticket number in the subject"
    OLD_TOKEN = "signed address that has expired"  # noqa: S105  (a reason, not a secret)
    OTHERS_TOKEN = "signed address of a mail to somebody else"  # noqa: S105
    NEW = "no token, no known reference"


class Standing(StrEnum):
    """What an agent's mail may do on its ticket."""

    ACTS = "acts"  # its text is sent and its commands are executed
    ANSWERS = "answers"  # its text is sent; commands with effects wait for the agent's confirmation
    ASKED = "asked"  # nothing happens before the agent's confirmation


class Doubt(StrEnum):
    """Why a mail that probably continues a ticket was not placed on it.  An agent can join the two with one link."""

    DMARC_FAILED = "dmarc-failed"  # the token is the sender's, but the DMARC policy of the domain refuses the mail
    OTHER_ADDRESS = "other-address"  # the token was made for another person on the ticket
    NO_TOKEN = "no-token"  # noqa: S105  (it names the ticket, which proves nothing)
    CLOSED = "closed"  # the ticket is closed and its team wants a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A ticket that one piece of evidence points at.

    `named`: the number in the evidence, where that ticket was merged into `ticket`.  `merged_tickets`: the tickets that were merged into
    `ticket`.  A person who may write on one of them may write on `ticket`.
    """

    reason: Reason
    ticket: Ticket
    detail: str = ""  # the address, the id or the number that was found
    named: int | None = None
    merged_tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The ticket of a mail (`ticket` None: a new one) with the reason, the evidence that was refused, and the ticket it may continue.

    `standing` is about an agent's mail on a ticket.  `doubt` says why a mail was not placed on the ticket that it follows.  `merged`: the
    number in the mail, where that ticket was merged into this one.
    """

    ticket: Ticket | None
    reason: Reason
    detail: str = ""
    follows: int | None = None  # "possible follow-up" of this ticket id, where no evidence was sufficient
    refused: tuple[str, ...] = ()  # one sentence for each piece of evidence that did not count
    merged: int | None = None
    standing: Standing = Standing.ACTS
    doubt: Doubt | None = None
