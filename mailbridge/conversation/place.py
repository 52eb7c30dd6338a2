"""Evidence to ticket: the one function that says where a mail belongs, and why.

The order is that of trust (TH2): a signed reply address, a signed Message-ID, a reference to a mail we know, the number in the
subject.  The first two prove that the sender is the one we wrote to.  The other two prove nothing, so they count only for
somebody who is on the ticket already or a colleague of its requester, and never against a failed DMARC verdict.
What does not let a mail in still links it: "possible follow-up".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.conversation.model import Known, Placement, Reason
from mailbridge.conversation.tokens import Purpose, Token
from mailbridge.desk.model import ClosedPolicy, Organisation, Team, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A token the mail presents: its ticket (None: no such ticket) and whom it was made for (None: nobody, so it is forged).

    Where the ticket it was made for was merged, `ticket` is the one that goes on: a token is good for as long as we live.
    """

    text: str
    token: Token
    ticket: Ticket | None
    holder: str | None

    @property
    def merged(self) -> int | None:
        """The number the token names, where another ticket stands for it now."""
        return self.token.ticket if self.ticket is not None and self.ticket.id != self.token.ticket else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that speaks for a ticket.  `known` holds references and subject numbers in the order of trust."""

    presented: tuple[Presented, ...] = ()
    known: tuple[Known, ...] = ()


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


def place(writer: Writer, evidence: Evidence, organisation: Organisation, now: datetime, *, automatic: bool = False) -> Placement:
    """The ticket this mail belongs on, or a new one.  `automatic` mail (bounces, vacation replies) never reopens anything."""
    found = by_token(writer, evidence.presented) or by_knowledge(writer, evidence.known, organisation)
    if isinstance(found, Placement) and found.ticket is not None:
        return found if automatic or writer.agent or writer.consultant else after_closing(found, found.ticket, organisation, now)
    refused = tuple(_refusals(writer, evidence))
    follows = next(iter(_mentioned(evidence)), None)
    return Placement(ticket=None, reason=Reason.NEW, follows=follows, refused=refused)


def by_token(writer: Writer, presented: Sequence[Presented]) -> Placement | None:
    """Where the first token that was made for this very writer leads; an agent's token counts for that agent alone."""
    for one in presented:
        if one.ticket is None or one.holder is None or one.holder.lower() not in writer.mailboxes:
            continue
        if one.token.purpose is Purpose.AGENT and not (writer.agent or writer.consultant):
            continue
        reason = Reason.MESSAGE_ID if one.token.nonce else Reason.REPLY_ADDRESS
        return Placement(ticket=one.ticket, reason=reason, detail=one.text, merged=one.merged)
    return None


def by_knowledge(writer: Writer, known: Sequence[Known], organisation: Organisation) -> Placement | None:
    """Where a known reference or a subject number leads, if the writer may use it (TH2)."""
    if writer.agent or not writer.address or not writer.strict or writer.dmarc_failed:
        return None
    for one in known:
        if any(may_join(writer.address, ticket, organisation) for ticket in (one.ticket, *one.kin)):
            return Placement(ticket=one.ticket, reason=one.reason, detail=one.detail, merged=one.named)
    return None


def may_join(address: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether this address is on the ticket, or a colleague of its requester (same domain, no freemail) where policy allows."""
    if ticket.participant(address):
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
    return Placement(ticket=None, reason=Reason.NEW, follows=ticket.id, refused=(why,))


def _mentioned(evidence: Evidence) -> list[int]:
    return [one.ticket.id for one in evidence.presented if one.ticket] + [one.ticket.id for one in evidence.known]


def _why_unknown(writer: Writer) -> str:
    if writer.dmarc_failed:
        return "the DMARC verdict is fail"
    return "the writer is not on that ticket" if writer.strict else "the From field is not exactly one plain address"


def _refusals(writer: Writer, evidence: Evidence) -> list[str]:
    said = []
    for one in evidence.presented:
        if one.ticket is None:
            said.append("token for a ticket that does not exist")
        elif one.holder is None:
            said.append("token forged or expired")
        elif one.holder.lower() not in writer.mailboxes:
            said.append("token was made for somebody else")
        else:
            said.append("agent's token, but the writer is not authenticated as that agent")
    for known in evidence.known:
        why = _why_unknown(writer)
        said.append(f"{known.reason}: {'an agent needs the token of a mail sent to them' if writer.agent else why}")
    return said
