"""Stored mails with the facts that rules read, in pages, for back-tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mailbridge.message.model import Attachment, Kind
from mailbridge.store.documents import load
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.tables.mails import attachments, blobs, mails
from mailbridge.store.tables.tickets import tickets

PAGE = 500
HEADER = 65_536  # bytes of the raw mail that are loaded; a longer header is cut


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMail:
    """A mail that opened a ticket, or would have.  `head`: the beginning of the raw mail.  `rcpt_to`, `mail_from`: its envelope.

    `scan`: the scanners' results from its explanation; None where there were none.
    """

    id: int
    ticket: int | None
    sender: str
    verified: bool
    subject: str
    date: datetime | None
    received_at: datetime
    kind: Kind
    language: str
    text: str
    fresh: str
    size: int
    head: bytes
    mail_from: str | None
    rcpt_to: tuple[str, ...]
    account: str
    channel: str
    attachments: tuple[Attachment, ...]
    scan: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """The part of an explanation that rules read."""

    scan: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """The part of a ticket that says how its customer reached the desk."""

    channel: str = "mail"


_earlier = mails.alias("earlier")
_opens = ~sa.exists().where(_earlier.c.ticket == mails.c.ticket, _earlier.c.id < mails.c.id)
_WANTED = (mails.c.direction == "in", mails.c.received_at >= sa.bindparam("since"), _opens)
_COLUMNS = [mails.c[name] for name in (
    "id", "ticket", "sender", "verified", "subject", "date", "received_at", "kind", "language", "text", "fresh", "size",
)]  # fmt: skip
# Explanations are long; only those with a scan are loaded.
_scanned = sa.case((mails.c.explanation.contains('"scan":', autoescape=True), mails.c.explanation)).label("scanned")
# Tickets are long; only those are loaded that did not come by mail.
_reached = sa.case((~tickets.c.data.contains('"channel":"mail"', autoescape=True), tickets.c.data)).label("reached")
_head = sa.func.substr(blobs.c.content, 1, HEADER, type_=sa.LargeBinary).label("head")
_PAGE = (
    sa.select(*_COLUMNS, _scanned, _reached, inbox.c.mail_from, inbox.c.rcpt_to, inbox.c.account, _head)
    .outerjoin(inbox, inbox.c.id == mails.c.inbox)
    .outerjoin(tickets, tickets.c.id == mails.c.ticket)
    .outerjoin(blobs, blobs.c.sha256 == mails.c.sha256)
    .where(*_WANTED, mails.c.id > sa.bindparam("after"))
    .order_by(mails.c.id)
    .limit(PAGE)
)
_COUNT = sa.select(sa.func.count()).select_from(mails).where(*_WANTED)
_FILES = sa.select(
    attachments.c.mail, attachments.c.part, attachments.c.name, attachments.c.content_type, attachments.c.size, attachments.c.sha256
).where(attachments.c.mail.in_(sa.bindparam("mails", expanding=True)))


class History:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def count(self, since: datetime) -> int:
        """How many mails `openings` gives."""
        return int(self._sql.value(_COUNT, {"since": since}))

    def openings(self, since: datetime) -> Iterator[PastMail]:
        """Incoming mails since then that are on no ticket or the first on theirs, in stored order; one page in memory."""
        after = 0
        while page := self._sql.rows(_PAGE, {"since": since, "after": after}):
            files = self._files([row.id for row in page])
            yield from (_past(row, files.get(row.id, ())) for row in page)
            after = page[-1].id

    def _files(self, ids: Sequence[int]) -> dict[int, tuple[Attachment, ...]]:
        found: dict[int, tuple[Attachment, ...]] = {}
        for row in self._sql.rows(_FILES, {"mails": ids}):
            file = Attachment(part=row.part, name=row.name, content_type=row.content_type, size=row.size, sha256=row.sha256)
            found[row.mail] = (*found.get(row.mail, ()), file)
        return found


def _past(row: Row, files: tuple[Attachment, ...]) -> PastMail:
    return PastMail(
        **{column.name: getattr(row, column.name) for column in _COLUMNS if column.name != "kind"},
        kind=Kind(row.kind),
        head=bytes(row.head or b""),
        mail_from=row.mail_from,
        rcpt_to=load(row.rcpt_to, tuple[str, ...]) if row.rcpt_to else (),
        account=row.account or "",
        channel=load(row.reached, _Reached).channel if row.reached else "mail",
        attachments=files,
        scan=load(row.scanned, _Explained).scan if row.scanned else None,
    )
