"""From a stored ticket to the context in which notifications about it are composed."""

from __future__ import annotations

from mailbridge.context import Desk
from mailbridge.desk.model import Ticket
from mailbridge.outbox.occasion import Occasion
from mailbridge.store.tx import Tx


def occasion(
    tx: Tx, ticket: Ticket, desk: Desk, *, mail: int | None = None, first: str | None = None, answerable: bool = False
) -> Occasion:
    """The context from which `outbox.compose` decides who hears what.  `first`: the Message-ID of the mail that opens the ticket just now
    ('' where it has none); None for a ticket whose mails are stored."""
    thread = tx.mails.thread_of(ticket.id, [p.address for p in ticket.participants]) if first is None else (first,)
    return Occasion(
        ticket=ticket,
        organisation=desk.organisation,
        signer=desk.signer,
        desk_name=desk.config.desk.name,
        language=desk.config.desk.language,
        mail=mail,
        answerable=answerable,
        thread=tuple(i for i in thread if i),
        own_addresses=desk.own_addresses,
    )
