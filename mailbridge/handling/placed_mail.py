"""One mail at the three stages of its way: arrived, placed, judged by the rules.

A handler gets the open transaction, the desk of this moment and one of these values.  Nothing else travels along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Evidence, Writer
from mailbridge.handling.agents.forwarded import ForwardedMail
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.disposition import Disposition, disposition
from mailbridge.mail_commands.model import ParsedMail
from mailbridge.message.envelope import Source
from mailbridge.message.model import Address, Message
from mailbridge.message.replacing import quickly_made, replace
from mailbridge.rules.verdict import Verdict
from mailbridge.store.mails import StoredMail
from mailbridge.tickets.model import IMPORTED, Ticket

NOTHING_PARSED = ParsedMail(lines=(), text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedMail:
    """A mail that was read.  `copy`: the stored mail with the same fingerprint."""

    message: Message
    arrival: Arrival
    copy: StoredMail | None
    now: datetime

    def handled_by(self, name: str) -> ArrivedMail:
        """With the name of the handler in its explanation."""
        return replace(self, arrival=self.arrival.handled_by(name))


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMail:
    """A mail with its writer and its ticket.

    `parsed`: the command lines and the text of an agent's mail, parsed once.  `forwarded`: set where an agent files a customer's mail;
    `message` and `writer` are the customer's then.  `written_to`: the customers to whom an agent wrote with the desk in copy; the first is
    the requester.
    """

    message: Message
    arrival: Arrival
    writer: Writer
    placement: Placement
    now: datetime
    evidence: Evidence = field(default_factory=Evidence)
    parsed: ParsedMail = NOTHING_PARSED
    forwarded: ForwardedMail | None = None
    written_to: tuple[Address, ...] = ()

    def handled_by(self, name: str) -> PlacedMail:
        """With the name of the handler in its explanation."""
        return replace(self, arrival=self.arrival.handled_by(name))

    @property
    def ticket(self) -> Ticket:
        """The ticket that the mail was placed on; only for handlers of mails that have one."""
        if self.placement.ticket is None:
            raise LookupError("the mail is on no ticket")
        return self.placement.ticket

    @property
    def may(self) -> Disposition:
        """What a mail of this kind may do."""
        return disposition(self.message, answers=self.placement.ticket is not None)

    @property
    def agent(self) -> str:
        """The agent who sent the mail, also where it was filed for a customer; '' where no agent did."""
        return self.forwarded.agent.agent if self.forwarded else self.writer.agent

    @property
    def words_of(self) -> Writer | None:
        """The agent whose words the mail has; None where they are the customer's."""
        if self.written_to:
            return self.writer
        return self.forwarded.agent if self.forwarded and self.forwarded.reported else None

    @property
    def goes_to_customer(self) -> bool:
        """Whether the agent's words go to the customer: the agent sent them, or the desk does."""
        return bool(self.written_to) or (self.forwarded is not None and self.forwarded.sends)

    @property
    def reported(self) -> bool:
        """Whether the words are an agent's report of what the customer said.  The customer does not get them."""
        return self.words_of is not None and not self.goes_to_customer

    @property
    def written_at(self) -> datetime:
        """The moment that words like "tomorrow" refer to: a mail that waited for its agent's yes was written when it arrived."""
        return self.arrival.envelope.received_at if self.writer.vouched else self.now

    @property
    def channel(self) -> str:
        """How the customer reached the desk with this mail."""
        return IMPORTED if self.imported else self.forwarded.channel if self.forwarded else "mail"

    @property
    def imported(self) -> bool:
        """Whether the mail is of an archive that is moved in: it makes tickets, and nobody is notified."""
        return self.arrival.envelope.source is Source.IMPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMail:
    """A placed mail with the verdict of the rules."""

    mail: PlacedMail
    verdict: Verdict

    def handled_by(self, name: str) -> JudgedMail:
        """With the name of the handler in its explanation."""
        return replace(self, mail=self.mail.handled_by(name))
