"""The questions that the pipeline asks of the store while it places a mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailbridge.conversation.marks import is_our_mark
from mailbridge.conversation.model import Reason, Reference
from mailbridge.conversation.place import Evidence, TokenClaim
from mailbridge.conversation.tokens import Purpose, Signer, Token, tokens_in
from mailbridge.execution.desk import Desk
from mailbridge.ids import parse_number
from mailbridge.message.model import Kind, Message, Strength
from mailbridge.message.replacing import replace
from mailbridge.store.tx import Tx
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.model import Ticket

MOST_REFERENCES = 50  # RFC 5322 3.6.4: the first and the last matter most; a mail with thousands is an attack
MOST_TRIED = 20  # people of a ticket a customer's token is tried on, to tell one that was passed on from one that was made up


def referred(message: Message) -> tuple[str, ...]:
    """The Message-IDs this mail refers to, nearest first, without doubles, itself left out."""
    ids = (*message.in_reply_to, *reversed(message.references))
    unique = tuple(dict.fromkeys(i for i in ids if i and i != message.message_id))
    return unique if len(unique) <= MOST_REFERENCES else unique[: MOST_REFERENCES - 1] + unique[-1:]


def known_again(tx: Tx, message: Message, signer: Signer) -> Message:
    """The mail as a loop where it is one of ours come back: by our signed mark, by the Message-ID of a mail that we promised, or by a From
    that is one of our signed reply addresses, which nobody writes from."""
    why = ""
    if message.loop_mark and is_our_mark(signer, message.loop_mark):
        why = "loop: our own signed mark"
    elif signer.in_message_id(message.message_id) and tx.outbox.by_message_id(message.message_id):
        why = "loop: the Message-ID of a mail of ours"
    elif any(signer.in_address(address.address) for address in message.from_[:1]):
        why = "loop: from a reply address of ours"
    if not why:
        return message
    reasons = (why, *message.kind_reasons)
    return replace(message, kind=Kind.LOOP, strength=Strength.STRONG, kind_reasons=reasons, suppress_auto_response=True, bounce=None)


def evidence(tx: Tx, message: Message, rcpt_to: Sequence[str], desk: Desk) -> Evidence:
    """All that speaks for a ticket: tokens the mail presents, mails it refers to or that refer to it, the number in its subject; and what
    a signature of the writer's may cover."""
    addresses = tuple(dict.fromkeys([*rcpt_to, *(a.address for a in message.recipients)]))
    references, prefix = referred(message), desk.config.desk.prefix
    tokens = tokens_in(desk.signer, addresses, references)
    claims = [claim for claim in tokens if claim[1].purpose in (Purpose.CUSTOMER, Purpose.AGENT)]
    by_id: list[tuple[Reason, int, str]] = [(Reason.KNOWN_REFERENCE, t, i) for i, t in tx.mails.tickets_knowing(references, limit=10)]
    by_id += [(Reason.KNOWN_REFERENCE, t, i) for i, t in tx.old_mails.tickets_of(references)]
    if message.message_id:
        by_id += [(Reason.LATE_ORIGINAL, t, message.message_id) for t in tx.mails.tickets_referring_to(message.message_id)]
    agents_line = message.subject.lstrip().startswith("#") and desk.organisation.agent_of(message.sender.address) is not None
    number = None if agents_line else parse_number(prefix, message.subject)  # "#close MB-3" is a command, which names its tickets itself
    if number is not None:
        by_id.append((Reason.SUBJECT_NUMBER, number, f"{prefix}-{number}"))
    wanted = dict.fromkeys([*(token.ticket for _, token in claims), *(ticket for _, ticket, _ in by_id)])
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(wanted)}
    token_claims = tuple(_claim_of(text, token, tickets.get(token.ticket), message, desk) for text, token in claims)
    lent = [(Reason.KNOWN_REFERENCE, p.token.ticket, p.text) for p in token_claims if p.holder and p.token.purpose is Purpose.CUSTOMER]
    tickets |= _merged(tx, tickets.values())
    known = tuple(_known(reason, tickets[named], detail, tickets) for reason, named, detail in [*lent, *by_id] if named in tickets)
    return Evidence(
        claims=tuple(_on_survivor(claim, tickets) for claim in token_claims),
        known=known,
        notice=_notice(message, tokens, desk),
        addressed=frozenset(_addressed(message, desk)),
        new_id=bool(message.message_id) and not tx.mails.has_message_id(message.message_id),
        written_at=message.date,
    )


def _addressed(message: Message, desk: Desk) -> Iterator[str]:
    """The header fields in which an address of the desk stands."""
    for field, addresses in (("to", message.to), ("cc", message.cc)):
        if any(desk.is_own(address.address) for address in addresses):
            yield field


def _notice(message: Message, claims: Sequence[tuple[str, Token]], desk: Desk) -> TokenClaim | None:
    """The token of a mail that asked this very agent about held mails."""
    agent = desk.organisation.agent_of(message.sender.address) if message.sender.strict else None
    own = [agent.address, *agent.addresses] if agent else []
    for text, token in claims:
        if token.purpose is Purpose.HELD and (holder := desk.signer.holder(token, own)):
            return TokenClaim(text=text, token=token, ticket=None, holder=holder, life=desk.signer.life(token))
    return None


def _merged(tx: Tx, tickets: Iterable[Ticket]) -> dict[int, Ticket]:
    """All tickets that these were merged into, and all that were merged into one of those.  Mostly there are none, and nothing is asked."""
    found = {ticket.id: ticket for ticket in tickets}
    while missing := {other for ticket in found.values() for other in _relatives(ticket)} - found.keys():
        more = tx.tickets.get_many(missing)
        if not more:
            break
        found |= {ticket.id: ticket for ticket in more}
    return found


def _relatives(ticket: Ticket) -> tuple[int, ...]:
    return ticket.absorbed if ticket.merged_into is None else (*ticket.absorbed, ticket.merged_into)


def _on_survivor(claim: TokenClaim, tickets: Mapping[int, Ticket]) -> TokenClaim:
    """The claim on the ticket that its ticket was merged into, where it was."""
    survivor = surviving(claim.ticket.id, tickets) if claim.ticket is not None else None
    return claim if survivor is None or survivor is claim.ticket else replace(claim, ticket=survivor)


def _known(reason: Reason, named: Ticket, detail: str, tickets: Mapping[int, Ticket]) -> Reference:
    ticket = surviving(named.id, tickets) or named
    merged_tickets = [other for other in tickets.values() if other.id != ticket.id and surviving(other.id, tickets) is ticket]
    return Reference(
        reason=reason, ticket=ticket, detail=detail, named=named.id if named.id != ticket.id else None, merged_tickets=tuple(merged_tickets)
    )


def _claim_of(text: str, token: Token, ticket: Ticket | None, message: Message, desk: Desk) -> TokenClaim:
    """The token with its holder, tried on few people: the writer, and those on the ticket or in the writer's teams, as its purpose has it.

    Whose agent's token it is, if not this agent's, is nobody's business here: it counts as the ticket's number does.
    """
    people = [p.address for p in ticket.participants[:MOST_TRIED]] if ticket and token.purpose is Purpose.CUSTOMER else []
    tried = dict.fromkeys([*_own(message, token.purpose, desk), *people])
    holder = desk.signer.holder(token, tried, dict(ticket.revoked) if ticket else {})
    return TokenClaim(text=text, token=token, ticket=ticket, holder=holder, life=desk.signer.life(token))


def _own(message: Message, purpose: Purpose, desk: Desk) -> list[str]:
    """The addresses whose tokens of this purpose may be the writer's."""
    address, organisation = message.sender.answer_to or message.sender.address, desk.organisation
    agent = organisation.agent_of(message.sender.address)
    if agent is None or purpose is Purpose.CUSTOMER:
        return [address] if address else []
    groups = (organisation.teams[team].address for team in organisation.teams_of(agent.name))
    return [address, *(a for a in (agent.address, *agent.addresses) if a.lower() != address.lower()), *(group for group in groups if group)]
