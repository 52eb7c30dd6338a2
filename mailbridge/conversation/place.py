"""Evidence to ticket: the one function that says where a mail belongs, and why.

The order is that of trust (TH2): a signed reply address, a signed Message-ID, a reference to a mail we know, the number in the
subject.  The first two prove that the sender is the one we wrote to.  The other two prove nothing, so they count only for
a verified writer who is on the ticket already or a colleague of its requester.

What a DMARC verdict allows: a token counts without one; against a failed one only where the domain asks for nothing (p=none).
An agent who has no live token of the ticket is asked first, unless a signature of the agent's own domain covers whom the mail went to,
which ticket it names, its Message-ID and a date of these days.
What does not let a mail in still links it: "possible follow-up".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.conversation.model import Doubt, Placement, Reason, Reference, Standing
from mailbridge.conversation.tokens import Life, Purpose, Token
from mailbridge.organisation.model import ClosedPolicy, Organisation, Team
from mailbridge.tickets.model import Role, Ticket

SIGNED_FOR = timedelta(days=7)  # how old the date of an agent's signed mail may be; a signature never ends, so an old mail can be replayed
AHEAD = timedelta(hours=1)  # how far a clock may be wrong
# The fields that name the ticket, by the evidence they gave: the signature has to cover one of them.
NAMING: dict[Reason, frozenset[str]] = {
    Reason.KNOWN_REFERENCE: frozenset({"in-reply-to", "references"}),
    Reason.LATE_ORIGINAL: frozenset({"message-id"}),
    Reason.SUBJECT_NUMBER: frozenset({"subject"}),
    Reason.OLD_TOKEN: frozenset(),  # the number in the subject says the same and is easier to sign
    Reason.OTHERS_TOKEN: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaim:
    """A token the mail presents: its ticket (None: no such ticket) and whom it was made for (None: nobody we know of, or it is forged).

    Where the ticket it was made for was merged, `ticket` is the one that goes on: a token is good for as long as we live.
    """

    text: str
    token: Token
    ticket: Ticket | None
    holder: str | None
    life: Life = Life.ACTS

    @property
    def merged(self) -> int | None:
        """The number the token names, where another ticket stands for it now."""
        return self.token.ticket if self.ticket is not None and self.ticket.id != self.token.ticket else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Collects the evidence for a ticket.  `known` holds references and subject numbers in the order of trust.

    `notice` is the token of a mail that asked an agent about held mails.  `addressed`: the header fields ('to', 'cc') in which an address
    of the desk stands; `new_id`: no mail with this Message-ID was stored before; `written_at`: the mail's date.
    """

    presented: tuple[TokenClaim, ...] = ()
    known: tuple[Reference, ...] = ()
    notice: TokenClaim | None = None
    addressed: frozenset[str] = frozenset()
    new_id: bool = False
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes, as far as placing needs it.

    `address` is '' where the mail names nobody or several, or where it names an agent in a way that may not be believed.  `strict` is
    false where the From field was read leniently: such a writer is answered, and a token that was made for the address counts; a known
    reference or a number does not.
    """

    address: str
    strict: bool = True
    name: str = ""
    agent: str = ""  # name of the authenticated agent; empty: a customer
    consultant: str = ""  # name of the consultant who answers what the desk asked; empty: nobody such
    # Whose tokens are this writer's own: the address; of an agent also the other ones and those of the teams.
    mailboxes: frozenset[str] = frozenset()
    verified: bool = False
    dmarc_failed: bool = False
    policy: str = ""  # the DMARC policy of a domain whose mail failed: none, quarantine, reject; '' where nobody said
    signed_fields: tuple[str, ...] = ()  # as in Sender: what the writer's own signature covers
    reasons: tuple[str, ...] = ()
    by_token: bool = False  # an agent whom nothing proves but a token: it speaks for its ticket and nothing else
    through_proven: bool = False  # of a mail that a list or form passed on: whether that sender is proven; the writer is not
    vouched: bool = False  # somebody who may decide stands for this very mail: its agent's yes, an administrator, an imported archive

    @property
    def refused(self) -> bool:
        """DMARC failed, and the domain's owner does not want such mail to be believed.  A policy that nobody told counts as that."""
        return self.dmarc_failed and self.policy != "none"


def place(writer: Writer, evidence: Evidence, organisation: Organisation, now: datetime, *, automatic: bool = False) -> Placement:
    """The ticket this mail belongs on, or a new one.  `automatic` mail (bounces, vacation replies) never reopens anything."""
    found = by_token(writer, evidence.presented)
    if found is None:
        found = by_agents_word(writer, evidence, now) if writer.agent else by_knowledge(writer, evidence.known, organisation)
    if found is not None and found.ticket is not None:
        return found if automatic or writer.agent or writer.consultant else after_closing(found, found.ticket, organisation, now)
    refused = tuple(_refusals(writer, evidence))
    follows = next(_mentioned(writer, evidence), None)
    if follows is None:
        return Placement(ticket=None, reason=Reason.NEW, refused=refused)
    ticket, doubt = follows
    return Placement(ticket=None, reason=Reason.NEW, follows=ticket.id, doubt=doubt, refused=refused)


def by_token(writer: Writer, presented: Sequence[TokenClaim]) -> Placement | None:
    """Where the first token that was made for this very writer leads; an agent's token counts for that agent alone, a customer's for
    somebody who is on the ticket."""
    for one in presented:
        if _counts(writer, one) and one.ticket is not None:
            reason = Reason.MESSAGE_ID if one.token.nonce else Reason.REPLY_ADDRESS
            acts = writer.vouched or (one.token.purpose is Purpose.AGENT and one.life is Life.ACTS)
            standing = Standing.ACTS if acts else Standing.ANSWERS
            return Placement(ticket=one.ticket, reason=reason, detail=one.text, merged=one.merged, standing=standing)
    return None


def _counts(writer: Writer, one: TokenClaim) -> bool:
    if one.ticket is None or not _is_own(writer, one) or one.life is Life.ENDED or writer.refused:
        return False
    if one.token.purpose is Purpose.AGENT:
        return bool(writer.agent or writer.consultant)
    holder = one.holder or ""
    revoked_since = one.merged is not None and dict(one.ticket.revoked).get(holder.lower(), 0) > 0  # on the ticket that took this one in
    return one.ticket.participant(holder) is not None and not revoked_since


def _is_own(writer: Writer, one: TokenClaim) -> bool:
    return one.holder is not None and one.holder.lower() in writer.mailboxes


def by_agents_word(writer: Writer, evidence: Evidence, now: datetime) -> Placement | None:
    """Where an agent's mail without a live token leads: on the ticket at once where it is signed as a whole, else with a question."""
    all_known = (*evidence.known, *_named_by_token(writer, evidence))
    if not all_known:
        return None
    known = all_known[0]
    signed = any(is_signed(writer, evidence, one, now) for one in all_known if one.ticket.id == known.ticket.id)
    standing = Standing.ANSWERS if signed else Standing.ASKED
    standing = Standing.ACTS if writer.vouched else standing
    return Placement(ticket=known.ticket, reason=known.reason, detail=known.detail, merged=known.named, standing=standing)


def is_signed(writer: Writer, evidence: Evidence, known: Reference, now: datetime) -> bool:
    """Whether the agent's own domain signed that this mail goes to the desk, about this ticket, once and now.

    A signature over less could be taken from another mail of the agent's: whatever field it leaves out may be anybody's.
    """
    signed = frozenset(writer.signed_fields)
    if not evidence.addressed & signed or not NAMING[known.reason] & signed or not {"message-id", "date"} <= signed:
        return False
    return evidence.new_id and evidence.written_at is not None and now - SIGNED_FOR <= evidence.written_at <= now + AHEAD


def _named_by_token(writer: Writer, evidence: Evidence) -> Iterator[Reference]:
    """Tickets of tokens that are no longer, or not, this agent's: they count as the ticket's number does."""
    for one in evidence.presented:
        if one.ticket is not None:
            reason = Reason.OLD_TOKEN if _is_own(writer, one) else Reason.OTHERS_TOKEN
            yield Reference(reason=reason, ticket=one.ticket, detail=one.text, named=one.merged)


def by_knowledge(writer: Writer, known: Sequence[Reference], organisation: Organisation) -> Placement | None:
    """Where a known reference or a subject number leads, if the writer may use it (TH2)."""
    trusted = writer.vouched or (writer.verified and writer.strict and not writer.dmarc_failed)
    if not writer.address or not trusted:
        return None
    for one in known:
        if any(may_join(writer.address, ticket, organisation) for ticket in (one.ticket, *one.kin)):
            return Placement(ticket=one.ticket, reason=one.reason, detail=one.detail, merged=one.named)
    return None


def may_join(address: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether this address is on the ticket, or a colleague of its requester (same domain, no freemail) where policy allows.

    Who was merely copied counts where the ticket's first mail was verified: else anybody could let themselves in by a forged mail.
    """
    on_it = ticket.participant(address)
    if on_it is not None and (on_it.role is not Role.MENTIONED or ticket.verified):
        return True
    requester = ticket.requester
    domain = address.lower().rpartition("@")[2]
    if not organisation.colleagues or requester is None or not domain or domain in organisation.freemail:
        return False
    return domain == requester.address.lower().rpartition("@")[2]


def after_closing(found: Placement, ticket: Ticket, organisation: Organisation, now: datetime) -> Placement:
    """The team's policy for customers' mail to a closed ticket (TH5): back on it, or a new one that is linked.

    A status that closes by itself later asks the customer whether the work is done, so an answer to it is no new matter.
    """
    status = organisation.statuses.get(ticket.status)
    if ticket.closed_at is None or (status is not None and status.closes_after is not None):
        return found
    team = organisation.teams.get(ticket.team, Team(name="", title=""))
    in_time = now - ticket.closed_at <= team.reopen_within
    if team.closed is ClosedPolicy.REOPEN or (team.closed is ClosedPolicy.REOPEN_WITHIN and in_time):
        return found
    why = f"{found.reason}: the ticket is closed and its team wants a new one"
    new = Placement(ticket=None, reason=Reason.NEW, follows=ticket.id, refused=(why,))
    return replace(new, doubt=Doubt.CLOSED)


def _mentioned(writer: Writer, evidence: Evidence) -> Iterator[tuple[Ticket, Doubt]]:
    """The tickets that the mail points at, each with why it is not on it."""
    for one in evidence.presented:
        if one.ticket is None:
            continue
        if one.holder is None:
            yield one.ticket, Doubt.NO_TOKEN
        elif _is_own(writer, one) and one.life is not Life.ENDED and writer.refused:
            yield one.ticket, Doubt.DMARC_FAILED
        else:
            yield one.ticket, Doubt.OTHER_ADDRESS if one.token.purpose is Purpose.CUSTOMER else Doubt.NO_TOKEN
    for known in evidence.known:
        yield known.ticket, Doubt.NO_TOKEN


def _why_unknown(writer: Writer) -> str:
    if writer.dmarc_failed:
        return "the DMARC verdict is fail"
    if not writer.strict:
        return "the From field is not exactly one plain address"
    return "the writer is not on that ticket" if writer.verified else "the writer is not verified"


def _refusals(writer: Writer, evidence: Evidence) -> list[str]:
    said = [_refusal(writer, one) for one in evidence.presented]
    for known in evidence.known:
        said.append(f"{known.reason}: {_why_unknown(writer)}")
    return said


def _refusal(writer: Writer, one: TokenClaim) -> str:
    if one.ticket is None:
        return "token for a ticket that does not exist"
    if one.holder is None:
        return "token forged or revoked"
    if not _is_own(writer, one):
        return "token was made for somebody else"
    if one.life is Life.ENDED:
        return "token expired"
    if writer.refused:
        return "token of the writer, but DMARC failed and the domain's policy is not none"
    if one.token.purpose is Purpose.AGENT:
        return "agent's token, but the writer is not authenticated as that agent"
    return "token of somebody who is not on the ticket any more"
