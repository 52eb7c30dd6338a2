"""The questions that the pipeline asks of the store while it places a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mailbridge.conversation.marks import is_our_mark
from mailbridge.conversation.model import Known, Reason
from mailbridge.conversation.place import Evidence, Presented
from mailbridge.conversation.tokens import Purpose, Signer, Token, tokens_in
from mailbridge.desk.judges.relations import surviving
from mailbridge.desk.model import Organisation, Ticket
from mailbridge.ids import parse_number
from mailbridge.message.model import Kind, Message, Strength
from mailbridge.store.tx import Tx

MOST_REFERENCES = 50  # RFC 5322 3.6.4: the first and the last matter most; a mail with thousands is an attack


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


def evidence(tx: Tx, message: Message, rcpt_to: Sequence[str], signer: Signer, organisation: Organisation, prefix: str) -> Evidence:
    """All that speaks for a ticket: tokens the mail presents, mails it refers to or that refer to it, the number in its subject."""
    addresses = tuple(dict.fromkeys([*rcpt_to, *(a.address for a in message.recipients)]))
    references = referred(message)
    claims = tokens_in(signer, addresses, references)
    by_id: list[tuple[Reason, int, str]] = [(Reason.KNOWN_REFERENCE, t, i) for i, t in tx.mails.tickets_knowing(references, limit=10)]
    if message.message_id:
        by_id += [(Reason.LATE_ORIGINAL, t, message.message_id) for t in tx.mails.tickets_referring_to(message.message_id)]
    number = parse_number(prefix, message.subject)
    if number is not None:
        by_id.append((Reason.SUBJECT_NUMBER, number, f"{prefix}-{number}"))
    wanted = dict.fromkeys([*(token.ticket for _, token in claims), *(ticket for _, ticket, _ in by_id)])
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(wanted)}
    presented = tuple(_presented(text, token, tickets.get(token.ticket), message, signer, organisation) for text, token in claims)
    lent = [(Reason.KNOWN_REFERENCE, p.token.ticket, p.text) for p in presented if p.holder and p.token.purpose is Purpose.CUSTOMER]
    tickets |= _merged(tx, tickets.values())
    known = tuple(_known(reason, tickets[named], detail, tickets) for reason, named, detail in [*lent, *by_id] if named in tickets)
    return Evidence(presented=tuple(replace(p, ticket=_standing_for(p.ticket, tickets)) for p in presented), known=known)


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


def _standing_for(ticket: Ticket | None, tickets: Mapping[int, Ticket]) -> Ticket | None:
    return None if ticket is None else surviving(ticket.id, tickets) or ticket


def _known(reason: Reason, named: Ticket, detail: str, tickets: Mapping[int, Ticket]) -> Known:
    ticket = surviving(named.id, tickets) or named
    kin = [other for other in tickets.values() if other.id != ticket.id and surviving(other.id, tickets) is ticket]
    return Known(reason=reason, ticket=ticket, detail=detail, named=named.id if named.id != ticket.id else None, kin=tuple(kin))


def _presented(text: str, token: Token, ticket: Ticket | None, message: Message, signer: Signer, organisation: Organisation) -> Presented:
    people = [] if ticket is None else [p.address for p in ticket.participants]
    agents = [a for agent in organisation.agents.values() for a in (agent.address, *agent.addresses)]
    groups = [team.address for team in organisation.teams.values() if team.address]
    writer = [message.sender.answer_to or message.sender.address]
    return Presented(text=text, token=token, ticket=ticket, holder=signer.holder(token, [*writer, *people, *agents, *groups]))
