"""A whole decision becomes durable and is told: the ticket it is about, and every other ticket it touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailbridge.context import Desk
from mailbridge.desk.decide import Change, Decision
from mailbridge.desk.events import Event, MailMoved
from mailbridge.desk.model import Ticket
from mailbridge.execution.record import record
from mailbridge.execution.tasks import with_text
from mailbridge.outbox.compose import notifications
from mailbridge.outbox.model import Notification
from mailbridge.outbox.occasion import Occasion
from mailbridge.store.tx import Tx


def settle(tx: Tx, decision: Decision, told: Sequence[Notification], desk: Desk, now: datetime, *, silent: bool = False) -> None:
    """Everything is written in the open transaction.  `told` is what the decision's own ticket makes us say; what the others do is found
    here, where their mails are already where they belong.  `silent`: they say nothing.

    Nobody is told of the same merge twice because both tickets were theirs.
    """
    if decision.ticket is not None:
        record(tx, decision.ticket, decision.events, told, desk.organisation, now)
    heard = {_news(promise) for promise in told}
    for change in decision.elsewhere:
        changed, note = with_text(tx, change, decision, desk, now)
        record(tx, changed.ticket, changed.events, (), desk.organisation, now)
        news = () if silent else notifications(changed.events, _occasion_of(tx, changed, note, desk))
        fresh = [promise for promise in news if promise.event != "merged" or _news(promise) not in heard]
        heard |= {_news(promise) for promise in fresh}
        record(tx, changed.ticket, (), fresh, desk.organisation, now)


def occasion(
    tx: Tx, ticket: Ticket, desk: Desk, *, mail: int | None = None, first: str | None = None, answerable: bool = False
) -> Occasion:
    """The circumstances from which `outbox.compose` decides who hears what.  `first`: the Message-ID of the mail that opens the ticket
    just now ('' where it has none); None for a ticket whose mails are stored."""
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


def _occasion_of(tx: Tx, change: Change, note: int | None, desk: Desk) -> Occasion:
    """What is told of another ticket.  A new one (a task, a message split off) carries its first text, and is not acknowledged: nobody
    wrote just now."""
    opened = change.ticket.version == len(change.events)
    mail = note or (_brought_along(change.events) if opened else None)
    return occasion(tx, change.ticket, desk, mail=mail, answerable=not opened)


def _brought_along(events: Iterable[Event]) -> int | None:
    return next((event.what.mail for event in events if isinstance(event.what, MailMoved)), None)


def _news(promise: Notification) -> tuple[str, str]:
    return promise.event, promise.recipient.lower()
