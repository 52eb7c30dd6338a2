"""What solved similar tickets, as a suggestion to agents: the answers without what is personal to the customers who got them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.knowledge.masking import masked
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.handlers.contracts import EQUIPMENT
from mailbridge.tickets.model import Ticket

_QUOTED = re.compile(r"(?:^[^\n>]{0,200}:[ \t]*\n(?:[ \t]*\n)?(?=[ \t]{0,3}>))?(?:^[ \t]{0,3}>.*\n)+", re.MULTILINE)
LONGEST = 1_500  # characters of a suggested answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedAnswer:
    """An answer that solved a similar ticket.  `text` may be sent to another customer, once an agent has read it."""

    number: str
    subject: str
    text: str


def solved_answers(
    tx: Tx, desk: Desk, wanted: Sequence[tuple[int, int]], visible: Callable[[Ticket], bool]
) -> tuple[SolvedAnswer, ...]:
    """The answers that still exist on closed tickets that the reader may see.  `wanted`: tickets, each with its answering mail."""
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(number for number, _ in wanted)}
    found = ((tickets.get(number), tx.mails.get(mail)) for number, mail in wanted)
    return tuple(
        SolvedAnswer(number=ticket_number(desk.config.desk.prefix, ticket.id), subject=ticket.subject, text=_text(ticket, mail, desk))
        for ticket, mail in found
        if ticket is not None and mail is not None and ticket.closed_at is not None and _is_public(mail, ticket) and visible(ticket)
    )


def _is_public(mail: StoredMail, ticket: Ticket) -> bool:
    """Whether the mail is on the ticket still, and customers may read it; an erased one has no text."""
    return mail.ticket == ticket.id and not mail.internal and bool(_own_words(mail.fresh))


def _text(ticket: Ticket, mail: StoredMail, desk: Desk) -> str:
    numbers = re.compile(rf"\[?\b{re.escape(desk.config.desk.prefix)}-[0-9]{{1,12}}\b\]?", re.IGNORECASE)
    text = masked(_own_words(mail.fresh), _names(ticket, desk), numbers)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _own_words(fresh: str) -> str:
    """What the agent wrote, without the customer's lines between which the answer stands, however deep they are quoted, and without the
    line above such a quote ("Carol wrote:")."""
    return re.sub(r"\n{3,}", "\n\n", _QUOTED.sub("", f"{fresh.strip()}\n")).strip()


def _names(ticket: Ticket, desk: Desk) -> Iterator[str]:
    """What names the customer: people, the customer itself, its locations' keys, the device."""
    for person in ticket.participants:
        if desk.organisation.agent_of(person.address) is None:
            yield person.name
            yield person.address.partition("@")[0]
    customer = desk.policy.rules.customers.of(ticket.requester.address) if ticket.requester else None
    if customer is not None:
        yield from (customer.name, customer.title)
    yield dict(ticket.fields).get(EQUIPMENT, "")
