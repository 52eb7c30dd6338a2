"""How long customers waited for the first answer.  Read from tickets and their events, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from mailbridge.sla.waiting import Wait
from mailbridge.store.documents import load_any
from mailbridge.store.sql import Sql
from mailbridge.store.tables.mails import mails
from mailbridge.store.tables.tickets import events, tickets
from mailbridge.tickets.model import IMPORTED

_opening, _answer = events.alias("opening"), events.alias("answer")
_first_answer = (
    sa.select(sa.func.min(_answer.c.at))
    .where(
        _answer.c.ticket == tickets.c.id,
        _answer.c.kind == "message_added",
        _answer.c.data.contains('"to_customer":true', autoescape=True),
    )
    .correlate(tickets)
    .scalar_subquery()
)
# Tickets that a mail of a customer opened.  Who sees an agent write first, or write down a call, did not wait for an acknowledgement.
_SINCE = (
    sa.select(
        tickets.c.team,
        tickets.c.priority,
        tickets.c.created_at,
        tickets.c.closed_at,
        tickets.c.data,
        mails.c.received_at,
        _first_answer.label("answered_at"),
    )
    .join(_opening, sa.and_(_opening.c.ticket == tickets.c.id, _opening.c.seq == 1))
    .outerjoin(mails, mails.c.id == _opening.c.mail)
    .where(tickets.c.created_at >= sa.bindparam("since"), _opening.c.actor_kind == "customer")
)


class Waits:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def since(self, since: datetime) -> Iterator[Wait]:
        """The waits of the tickets that customers opened since this moment, without imported and merged ones."""
        for row in self._sql.rows(_SINCE, {"since": since}):
            ticket = load_any(row.data)
            if ticket.get("channel") != IMPORTED and ticket.get("merged_into") is None:
                yield Wait(
                    team=row.team,
                    type=ticket.get("type", ""),
                    priority=row.priority,
                    asked_at=min(row.created_at, row.received_at or row.created_at),
                    answered_at=row.answered_at,
                    closed_at=row.closed_at,
                )
