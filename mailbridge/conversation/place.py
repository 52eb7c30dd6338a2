"""Places a mail: from the evidence to the ticket, with the reason.

The evidence counts in the order of trust (TH2): a signed reply address, a signed Message-ID, a reference to a known mail, the number in the
subject.  The first two prove that the sender is the recipient of our mail.  The other two prove nothing.  They count only for a verified
writer who is on the ticket or a colleague of its requester.

DMARC: a token counts without a result.  After a DMARC failure it counts only where the domain's policy is none.

An agent without a valid token of the ticket is asked first, unless the agent's own domain signed the recipient field, the field that names
the ticket, the Message-ID and a recent date.

Evidence that is not sufficient still links the new ticket as "possible follow-up".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.conversation.model import Doubt, Placement, Reason, Reference, Standing
from mailbridge.conversation.tokens import Life, Purpose, Token
from mailbridge.message.replacing import quickly_made
from mailbridge.organisation.model import ClosedPolicy, Organisation, Team
from mailbridge.tickets.model import Role, Ticket

SIGNED_FOR = timedelta(days=7)  # maximum age of an agent's signed mail; a signature never expires, so an old mail can be replayed
AHEAD = timedelta(hours=1)  # maximum difference of clocks
# The fields that name the ticket, by kind of evidence. The signature has to cover one of them.
NAMING: dict[Reason, frozenset[str]] = {
    Reason.KNOWN_REFERENCE: frozenset({"in-reply-to", "references"}),
    Reason.LATE_ORIGINAL: frozenset({"message-id"}),
    Reason.SUBJECT_NUMBER: frozenset({"subject"}),
    Reason.OLD_TOKEN: frozenset(),  # the number in the subject is equivalent and easier to sign
    Reason.OTHERS_TOKEN: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaim:
    """A token in the mail.  `ticket`: its ticket; None: there is no such ticket.  `holder`: the person it was made for; None: unknown or
    forged.

    Where the ticket of the token was merged, `ticket` is the survivor: tokens stay valid after a merge.
    """

    text: str
    token: Token
    ticket: Ticket | None
    holder: str | None
    life: Life = Life.ACTS

    @property
    def merged(self) -> int | None:
        """The number in the token, where that ticket was merged into another one."""
        return self.token.ticket if self.ticket is not None and self.ticket.id != self.token.ticket else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence for a ticket in one mail.  `known`: references and subject numbers in the order of trust.

    `notice`: the token of a mail that asked an agent about held mails.  `addressed`: the header fields ('to', 'cc') with an address of the
    desk.  `new_id`: no stored mail has this Message-ID.  `written_at`: the mail's date.
    """

    claims: tuple[TokenClaim, ...] = ()
    known: tuple[Reference, ...] = ()
    notice: TokenClaim | None = None
    addressed: frozenset[str] = frozenset()
    new_id: bool = False
    written_at: datetime | None = None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """The author of a mail, as far as placement needs it.

    `address` is '' where the mail names no author or several, or where it names an agent without proof.  `strict` is false where From was
    parsed leniently: such an author gets answers and may use tokens, but no references or numbers.
    """

    address: str
    strict: bool = True
    name: str = ""
    agent: str = ""  # name of the authenticated agent; empty: a customer
    consultant: str = ""  # name of the consultant who answers the desk; empty: none
    # The addresses whose tokens are the writer's own: of an agent also the other addresses and those of the teams.
    mailboxes: frozenset[str] = frozenset()
    verified: bool = False
    dmarc_failed: bool = False
    policy: str = ""  # the DMARC policy of a domain whose mail failed: none, quarantine, reject; '' where it is unknown
    signed_fields: tuple[str, ...] = ()  # as in Sender: the fields that the author's own signature covers
    reasons: tuple[str, ...] = ()
    by_token: bool = False  # an agent who is proven by a token only, for its ticket
    through_proven: bool = False  # of a mail from a list or form: whether that sender is proven; the author is not
    vouched: bool = False  # the mail was confirmed by its agent or an administrator, or comes from an imported archive

    @property
    def refused(self) -> bool:
        """DMARC failed and the domain's policy is not none.  An unknown policy counts as that."""
        return self.dmarc_failed and self.policy != "none"


def place(writer: Writer, evidence: Evidence, organisation: Organisation, now: datetime, *, automatic: bool = False) -> Placement:
    """The ticket of this mail, or a new one.  `automatic` mail (bounces, vacation replies) never reopens a ticket."""
    found = by_token(writer, evidence.claims)
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


def by_token(writer: Writer, claims: Sequence[TokenClaim]) -> Placement | None:
    """The placement by the first token that was made for this writer.  An agent's token counts for that agent only, a customer's for a
    participant only."""
    for one in claims:
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
    revoked_since = one.merged is not None and dict(one.ticket.revoked).get(holder.lower(), 0) > 0  # on the survivor
    return one.ticket.participant(holder) is not None and not revoked_since


def _is_own(writer: Writer, one: TokenClaim) -> bool:
    return one.holder is not None and one.holder.lower() in writer.mailboxes


def by_agents_word(writer: Writer, evidence: Evidence, now: datetime) -> Placement | None:
    """The placement of an agent's mail without a valid token: on the ticket where it is fully signed, else with a confirmation."""
    all_known = (*evidence.known, *_named_by_token(writer, evidence))
    if not all_known:
        return None
    known = all_known[0]
    signed = any(is_signed(writer, evidence, one, now) for one in all_known if one.ticket.id == known.ticket.id)
    standing = Standing.ANSWERS if signed else Standing.ASKED
    standing = Standing.ACTS if writer.vouched else standing
    return Placement(ticket=known.ticket, reason=known.reason, detail=known.detail, merged=known.named, standing=standing)


def is_signed(writer: Writer, evidence: Evidence, known: Reference, now: datetime) -> bool:
    """Whether the agent's own domain signed that this mail goes to the desk, is about this ticket, is new and recent.

    A signature over fewer fields could be taken from another mail of the agent: anybody can change a field that is not signed.
    """
    signed = frozenset(writer.signed_fields)
    if not evidence.addressed & signed or not NAMING[known.reason] & signed or not {"message-id", "date"} <= signed:
        return False
    return evidence.new_id and evidence.written_at is not None and now - SIGNED_FOR <= evidence.written_at <= now + AHEAD


def _named_by_token(writer: Writer, evidence: Evidence) -> Iterator[Reference]:
    """The tickets of tokens that expired or belong to others.  They count like a ticket number."""
    for one in evidence.claims:
        if one.ticket is not None:
            reason = Reason.OLD_TOKEN if _is_own(writer, one) else Reason.OTHERS_TOKEN
            yield Reference(reason=reason, ticket=one.ticket, detail=one.text, named=one.merged)


def by_knowledge(writer: Writer, known: Sequence[Reference], organisation: Organisation) -> Placement | None:
    """The placement by a known reference or a subject number, if the writer may use it (TH2)."""
    trusted = writer.vouched or (writer.verified and writer.strict and not writer.dmarc_failed)
    if not writer.address or not trusted:
        return None
    for one in known:
        if any(may_join(writer.address, ticket, organisation) for ticket in (one.ticket, *one.merged_tickets)):
            return Placement(ticket=one.ticket, reason=one.reason, detail=one.detail, merged=one.named)
    return None


def may_join(address: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether this address is on the ticket, or belongs to a colleague of its requester (same domain, no freemail) where policy allows it.

    A person in Cc of the first mail counts only where that mail was verified.  Else a forged mail could add anybody.
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
    """The team's policy for customers' mail to a closed ticket (TH5): reopen, or a new linked ticket.

    A status that closes by itself later asks the customer whether the work is done, so an answer to it is no new request.
    """
    status = organisation.statuses.get(ticket.status)
    if ticket.closed_at is None or (status is not None and status.closes_after is not None):
        return found
    team = organisation.teams.get(ticket.team) or Team(name="", title="")
    in_time = now - ticket.closed_at <= team.reopen_within
    if team.closed is ClosedPolicy.REOPEN or (team.closed is ClosedPolicy.REOPEN_WITHIN and in_time):
        return found
    why = f"{found.reason}: the ticket is closed and its team wants a new one"
    new = Placement(ticket=None, reason=Reason.NEW, follows=ticket.id, refused=(why,))
    return replace(new, doubt=Doubt.CLOSED)


def _mentioned(writer: Writer, evidence: Evidence) -> Iterator[tuple[Ticket, Doubt]]:
    """The tickets that the mail names, each with the reason why it was not placed there."""
    for one in evidence.claims:
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
    said = [_refusal(writer, one) for one in evidence.claims]
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
