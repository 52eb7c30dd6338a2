"""What a desk in shadow mode did since a moment, for its report; and the calls of webhooks that it never makes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from mailbridge.notifications.model import OutboxState
from mailbridge.notifications.webhook_model import CallState
from mailbridge.store.documents import load_any
from mailbridge.store.sql import Sql
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.tables.mails import mails
from mailbridge.store.tables.outgoing import OWED, SHADOWED, outbox, webhooks
from mailbridge.store.tables.tickets import clocks, tickets


class ShadowMail(NamedTuple):
    """A mail that was read, and what became of it.  `not_acknowledged`: why its sender would have got no acknowledgement; '' for none."""

    id: int  # of the inbox
    outcome: str
    handler: str
    reason: str
    ticket: int | None
    message_id: str
    sender: str
    believed: bool
    sent: bool  # by the other desk
    subject: str
    not_acknowledged: str


class ShadowTicket(NamedTuple):
    """A ticket that was opened.  `due`: target -> when it is to be met at the latest."""

    id: int
    team: str
    requester: str
    subject: str
    due: dict[str, datetime]


_SINCE: sa.BindParameter[datetime] = sa.bindparam("since")
_TICKET = sa.func.coalesce(inbox.c.ticket, mails.c.ticket).label("ticket")  # an answer may have got it later
_MAILS = (
    sa.select(
        *(inbox.c.id, inbox.c.outcome, inbox.c.state, inbox.c.handler, inbox.c.reason, _TICKET, mails.c.message_id, mails.c.sender),
        *(mails.c.verified, mails.c.direction, mails.c.subject, sa.case((inbox.c.outcome == "ticket", mails.c.explanation)).label("why")),
    )
    .select_from(inbox.outerjoin(mails, mails.c.id == inbox.c.mail))
    .where(inbox.c.done_at >= _SINCE)
    .order_by(inbox.c.id)
)
_TICKETS = (
    sa.select(tickets.c.id, tickets.c.team, tickets.c.requester, tickets.c.subject)
    .where(tickets.c.created_at >= _SINCE)
    .order_by(tickets.c.id)
)
_DUE = (
    sa.select(clocks.c.ticket, clocks.c.promise, sa.func.max(clocks.c.due_at))
    .select_from(clocks.join(tickets, tickets.c.id == clocks.c.ticket))
    .where(tickets.c.created_at >= _SINCE, clocks.c.step == sa.bindparam("step"))
    .group_by(clocks.c.ticket, clocks.c.promise)
)
_LETTERS = (
    sa.select(outbox.c.audience, outbox.c.event, sa.func.count())
    .where(outbox.c.created_at >= _SINCE, sa.or_(outbox.c.state != OutboxState.SUPPRESSED, outbox.c.error == SHADOWED))
    .group_by(outbox.c.audience, outbox.c.event)
    .order_by(outbox.c.audience, outbox.c.event)
)
_CALLS = sa.select(sa.func.count()).select_from(webhooks).where(webhooks.c.created_at >= _SINCE)
_NEVER_CALLED = webhooks.update().where(OWED).values(state=CallState.DONE, answer=SHADOWED, done_at=sa.bindparam("now"), lease_owner=None)


class Shadow:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def mails(self, since: datetime) -> list[ShadowMail]:
        """The mails that were processed since then, in the order in which they came."""
        return [
            ShadowMail(
                id=row.id,
                outcome=row.outcome or row.state,
                handler=row.handler or "",
                reason=row.reason or "",
                ticket=row.ticket,
                message_id=row.message_id or "",
                sender=row.sender or "",
                believed=bool(row.verified),
                sent=row.direction == "out",
                subject=row.subject or "",
                not_acknowledged=(load_any(row.why) if row.why else {}).get("not_acknowledged", ""),
            )
            for row in self._sql.rows(_MAILS, {"since": since})
        ]

    def tickets(self, since: datetime, step: str) -> list[ShadowTicket]:
        """The tickets that were opened since then; their due times are those of this step of the clocks."""
        due: dict[int, dict[str, datetime]] = {}
        for ticket, promise, at in self._sql.rows(_DUE, {"since": since, "step": step}):
            due.setdefault(ticket, {})[promise] = at
        rows = self._sql.rows(_TICKETS, {"since": since})
        return [ShadowTicket(row.id, row.team, row.requester, row.subject, due.get(row.id, {})) for row in rows]

    def letters(self, since: datetime) -> dict[str, int]:
        """How many mails would have been sent, by audience and event (`customer.received`)."""
        return {f"{row[0]}.{row[1]}": row[2] for row in self._sql.rows(_LETTERS, {"since": since})}

    def calls(self, since: datetime) -> int:
        """How many webhooks would have been called."""
        return int(self._sql.value(_CALLS, {"since": since}))

    def never_call(self, now: datetime) -> int:
        """The calls that are owed are never made; how many."""
        return self._sql.change(_NEVER_CALLED, {"now": now})
