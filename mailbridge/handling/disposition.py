"""What a mail may do, by what it is: one table to study.

Three questions decide: the kind, the strength of the sign that names it, and whether the mail answers one of ours (it was placed on a
ticket).  Only strong signs keep a mail from becoming a ticket, and what is kept is listed to the admins each day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from mailbridge.message import auto_reply_markers
from mailbridge.message.model import Kind, Message, Strength
from mailbridge.tickets.model import Ticket


class Goes(StrEnum):
    """Where the mail goes."""

    TICKET = "a new ticket"
    ON_TICKET = "on the ticket that it answers"
    KEPT = "kept, listed to the admins"


@dataclass(frozen=True, slots=True)
class Disposition:
    """`acknowledged`: a receipt may go out, if nothing else speaks against it.  `reopens`: the mail counts as a message, so it wakes a
    ticket that waits, sleeps or is closed.  `told`: whoever has the ticket hears of the mail."""

    goes: Goes
    acknowledged: bool
    reopens: bool
    told: bool

    @property
    def automatic(self) -> bool:
        """The mail is on the ticket as a robot's."""
        return not self.reopens


TICKET, ON_TICKET, KEPT = Goes.TICKET, Goes.ON_TICKET, Goes.KEPT
STRONG, WEAK = Strength.STRONG, Strength.WEAK
YES, NO_ = True, False

# (kind, strength, answers ours):                    goes       acknowledged  reopens  told
TABLE: dict[tuple[Kind, Strength, bool], Disposition] = {
    (Kind.HUMAN, WEAK, NO_):             Disposition(TICKET,    YES,          YES,     YES),
    (Kind.HUMAN, WEAK, YES):             Disposition(ON_TICKET, NO_,          YES,     YES),
    (Kind.LIST, STRONG, NO_):            Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.LIST, STRONG, YES):            Disposition(ON_TICKET, NO_,          YES,     YES),
    (Kind.LIST, WEAK, NO_):              Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.LIST, WEAK, YES):              Disposition(ON_TICKET, NO_,          YES,     YES),
    # Monitoring, orders, other programs: what they send is work.
    (Kind.AUTO_GENERATED, STRONG, NO_):  Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.AUTO_GENERATED, STRONG, YES):  Disposition(ON_TICKET, NO_,          YES,     YES),
    (Kind.AUTO_GENERATED, WEAK, NO_):    Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.AUTO_GENERATED, WEAK, YES):    Disposition(ON_TICKET, NO_,          YES,     YES),
    # A vacation reply to nothing of ours says nothing to anybody here.
    (Kind.AUTO_REPLY, STRONG, NO_):      Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.AUTO_REPLY, STRONG, YES):      Disposition(ON_TICKET, NO_,          NO_,     NO_),
    (Kind.AUTO_REPLY, WEAK, NO_):        Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.AUTO_REPLY, WEAK, YES):        Disposition(ON_TICKET, NO_,          NO_,     YES),
    # A report that returns a mail of ours is told apart from this table: who has the ticket hears that the mail did not arrive.
    (Kind.BOUNCE, STRONG, NO_):          Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.BOUNCE, STRONG, YES):          Disposition(ON_TICKET, NO_,          NO_,     YES),
    (Kind.BOUNCE, WEAK, NO_):            Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.BOUNCE, WEAK, YES):            Disposition(ON_TICKET, NO_,          NO_,     YES),
    (Kind.READ_RECEIPT, STRONG, NO_):    Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.READ_RECEIPT, STRONG, YES):    Disposition(ON_TICKET, NO_,          NO_,     NO_),
    (Kind.READ_RECEIPT, WEAK, NO_):      Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.READ_RECEIPT, WEAK, YES):      Disposition(ON_TICKET, NO_,          NO_,     NO_),
    (Kind.FEEDBACK_REPORT, STRONG, NO_): Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.FEEDBACK_REPORT, STRONG, YES): Disposition(ON_TICKET, NO_,          NO_,     YES),
    (Kind.FEEDBACK_REPORT, WEAK, NO_):   Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.FEEDBACK_REPORT, WEAK, YES):   Disposition(ON_TICKET, NO_,          NO_,     YES),
    # The robot holds our mail back until somebody confirms it: whoever wrote it should know.
    (Kind.CHALLENGE, STRONG, NO_):       Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.CHALLENGE, STRONG, YES):       Disposition(ON_TICKET, NO_,          NO_,     YES),
    (Kind.CHALLENGE, WEAK, NO_):         Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.CHALLENGE, WEAK, YES):         Disposition(ON_TICKET, NO_,          NO_,     YES),
    # The answer to an invitation is an event of its own, which is told.
    (Kind.CALENDAR, STRONG, NO_):        Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.CALENDAR, STRONG, YES):        Disposition(ON_TICKET, NO_,          NO_,     NO_),
    (Kind.CALENDAR, WEAK, NO_):          Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.CALENDAR, WEAK, YES):          Disposition(ON_TICKET, NO_,          NO_,     NO_),
    # Strong: our own signed mark or Message-ID.  Weak: more servers on the way than any mail passes.
    (Kind.LOOP, STRONG, NO_):            Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.LOOP, STRONG, YES):            Disposition(KEPT,      NO_,          NO_,     NO_),
    (Kind.LOOP, WEAK, NO_):              Disposition(TICKET,    NO_,          YES,     YES),
    (Kind.LOOP, WEAK, YES):              Disposition(ON_TICKET, NO_,          NO_,     YES),
}  # fmt: skip


def disposition(message: Message, *, answers: bool) -> Disposition:
    """What this mail may do.  A person's mail has no strength: nothing marks people."""
    return TABLE[message.kind, WEAK if message.kind is Kind.HUMAN else message.strength, answers]


def in_view_of(message: Message, ticket: Ticket | None) -> Message:
    """The mail as the ticket shows it: a subject that is the ticket's own is no sign of a vacation reply."""
    by_subject = (
        message.kind is Kind.AUTO_REPLY and message.strength is WEAK and auto_reply_markers.VACATION_REASON in message.kind_reasons[:1]
    )
    if ticket is None or not by_subject or not auto_reply_markers.is_vacation(ticket.subject):
        return message
    return replace(message, kind=Kind.HUMAN, kind_reasons=("the subject is the ticket's own", *message.kind_reasons[1:]))
