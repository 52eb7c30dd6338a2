"""Stored mails, incoming and outgoing, with their references, attachments and explanation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from mailbridge.message.inline_images import OFTEN
from mailbridge.message.model import Attachment, Kind
from mailbridge.message.replacing import quickly_made
from mailbridge.store import dialects
from mailbridge.store.blobs import Blobs
from mailbridge.store.documents import dump, load_any
from mailbridge.store.inline_images import InlineImageCounts
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.incoming import held
from mailbridge.store.tables.mails import attachments, mail_refs, mails
from mailbridge.store.tables.tickets import events

_REFS_KEPT = 60  # of one mail; a References field with thousands of ids is an attack, and the newest ids are last


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail of a ticket.  `id` is 0 before it is added.  `inbox` is None for outgoing mails.  Ids have no angle brackets.

    `references`: In-Reply-To and References; written, not read back.  `sha256`: the raw mail among the blobs.
    """

    direction: Direction
    received_at: datetime
    id: int = 0
    inbox: int | None = None
    ticket: int | None = None
    message_id: str = ""
    fingerprint: str = ""
    sender: str = ""
    sender_name: str = ""
    verified: bool = False
    subject: str = ""
    date: datetime | None = None  # the displayed date; None where the mail has none, or it is too far from the time of receipt
    kind: Kind = Kind.HUMAN
    language: str = ""
    text: str = ""
    fresh: str = ""
    html: str = ""  # the sanitised copy
    sha256: str = ""
    size: int = 0
    internal: bool = False
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttachment:
    id: int
    mail: int
    ticket: int | None
    part: str
    name: str
    content_type: str
    size: int
    sha256: str
    disposition: str
    content_id: str
    inside: str
    summary: str = ""
    hidden: bool = False  # an image of the sender's signature: it was in OFTEN mails


_ADD = dialects.insert(mails, lambda statement: statement.on_conflict_do_nothing(index_elements=["fingerprint"]).returning(mails.c.id))
_ADD_REFS = dialects.insert_new(mail_refs)
_ADD_ATTACHMENTS = attachments.insert()
_LONG = frozenset({"text", "fresh", "html", "explanation"})
_COLUMNS = [column for column in mails.c if column is not mails.c.explanation]
_MAIL = sa.select(*_COLUMNS)
_GET = _MAIL.where(mails.c.id == sa.bindparam("mail"))
_BY_FINGERPRINT = _MAIL.where(mails.c.fingerprint == sa.bindparam("fingerprint"))
_RECEIVED = (
    sa.select(mails.c.id, mails.c.received_at)
    .where(mails.c.id.in_(sa.bindparam("mails", expanding=True)))
    .where(~sa.exists().where(held.c.inbox == mails.c.inbox))
)
_OF_TICKET = _MAIL.where(mails.c.ticket == sa.bindparam("of")).order_by(mails.c.id)
_KNOWING = (
    sa.select(mails.c.message_id, mails.c.ticket)
    .where(mails.c.message_id.in_(sa.bindparam("message_ids", expanding=True)), mails.c.ticket.is_not(None))
    .order_by(mails.c.id.desc())
    .limit(sa.bindparam("most"))
)
_HAS_MESSAGE_ID = sa.select(mails.c.id).where(mails.c.message_id.is_not(None), mails.c.message_id == sa.bindparam("id")).limit(1)
_REFERRING = (
    sa.select(mails.c.ticket)
    .join(mail_refs, mail_refs.c.mail == mails.c.id)
    .where(mail_refs.c.message_id == sa.bindparam("id"), mails.c.ticket.is_not(None))
    .distinct()
    .order_by(mails.c.ticket)
)
_SENT_BEFORE = (
    _MAIL.join(mail_refs, mail_refs.c.mail == mails.c.id)
    .where(mail_refs.c.message_id == sa.bindparam("id"), mails.c.ticket.is_(None), mails.c.direction == Direction.OUT)
    .order_by(mails.c.id)
)
_HEADS_OF = (
    sa.select(*[sa.literal("").label(column.name) if column.name in _LONG else column for column in _COLUMNS])
    .where(mails.c.ticket == sa.bindparam("of"))
    .order_by(mails.c.id)
)
_THREAD_LAST = (
    sa.select(mails.c.message_id)
    .where(mails.c.ticket == sa.bindparam("of"), mails.c.message_id.is_not(None))
    .where(mails.c.sender.in_(sa.bindparam("senders", expanding=True)))
    .order_by(mails.c.id.desc())
    .limit(1)
)
_OPENING = sa.select(events.c.mail).where(events.c.ticket == sa.bindparam("of")).order_by(events.c.seq).limit(1).scalar_subquery()
_THREAD_ROOT = sa.select(mails.c.message_id).where(mails.c.id == _OPENING)
_THREAD = sa.select(_THREAD_ROOT.scalar_subquery().label("root"), _THREAD_LAST.scalar_subquery().label("latest"))
_ATTACHMENTS = sa.select(attachments).where(attachments.c.mail == sa.bindparam("of")).order_by(attachments.c.id)
_EXPLANATION = sa.select(mails.c.explanation).where(mails.c.id == sa.bindparam("mail"))
_SET_TICKET = tuple(
    table.update().where(column == sa.bindparam("which")).values(ticket=sa.bindparam("to"))
    for table, column in ((mails, mails.c.id), (attachments, attachments.c.mail))
)


class Mails:
    def __init__(self, sql: Sql, blobs: Blobs, pictures: InlineImageCounts) -> None:
        self._sql = sql
        self._blobs = blobs
        self._pictures = pictures
        self._threads: dict[tuple[int, int, tuple[str, ...]], tuple[str, ...]] = {}  # cache, until a mail is added or moved

    def add(self, mail: StoredMail, *, explanation: object = None) -> int | None:
        """Stores the mail with its references; its id.  None: a mail with this fingerprint exists, nothing was stored.

        `explanation`: any JSON value (also dataclasses): why the mail was placed as it was.
        """
        self._threads.clear()
        id: int | None = self._sql.value(_ADD, _columns(mail, explanation))
        if id is not None:
            self._sql.change(_ADD_REFS, [{"message_id": reference, "mail": id} for reference in _kept(mail.references)])
        return id

    def by_fingerprint(self, fingerprint: str) -> StoredMail | None:
        return self._one(_BY_FINGERPRINT, {"fingerprint": fingerprint})

    def received(self, ids: Collection[int]) -> dict[int, datetime]:
        """When these mails came, but for those that waited for an agent's yes: what they ask for counts from the yes."""
        return {row.id: row.received_at for row in self._sql.rows(_RECEIVED, {"mails": list(ids)})} if ids else {}

    def get(self, id: int) -> StoredMail | None:
        return self._one(_GET, {"mail": id})

    def of_ticket(self, ticket: int) -> list[StoredMail]:
        """The ticket's mails in the order they were stored."""
        return [_mail(row) for row in self._sql.rows(_OF_TICKET, {"of": ticket})]

    def heads_of(self, ticket: int) -> list[StoredMail]:
        """The ticket's mails without their texts, in the order they were stored."""
        return [_mail(row) for row in self._sql.rows(_HEADS_OF, {"of": ticket})]

    def thread_of(self, ticket: int, senders: Sequence[str]) -> tuple[str, ...]:
        """The Message-IDs of the mail that opened the ticket ('' where none did, or it has none) and of the latest mail of these senders
        on it, for the references of our next mail (RFC 5322 3.6.4).  The first one stays, whatever is merged or split off."""
        asked = (self._sql.undone, ticket, tuple(senders))
        if asked not in self._threads:  # notifications about one mail have the same thread
            if senders:
                root, latest = self._sql.rows(_THREAD, {"of": ticket, "senders": list(senders)})[0]
            else:
                root, latest = self._sql.value(_THREAD_ROOT, {"of": ticket}), None
            self._threads[asked] = (root or "", latest) if latest and latest != root else (root or "",)
        return self._threads[asked]

    def tickets_knowing(self, message_ids: Iterable[str], limit: int = 50) -> list[tuple[str, int]]:
        """(Message-ID, ticket) of the mails that have one of these ids, newest mail first."""
        wanted = list(dict.fromkeys(message_ids))
        rows = self._sql.rows(_KNOWING, {"message_ids": wanted, "most": limit}) if wanted else ()
        return [(row.message_id, row.ticket) for row in rows]

    def has_message_id(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID was ever stored, with or without a ticket."""
        return self._sql.row(_HAS_MESSAGE_ID, {"id": message_id}) is not None

    def tickets_referring_to(self, message_id: str) -> list[int]:
        """Tickets with a mail that refers to this id: a reply may arrive before its original."""
        return [row.ticket for row in self._sql.rows(_REFERRING, {"id": message_id})] if message_id else []

    def sent_before(self, message_id: str) -> list[StoredMail]:
        """Mails on no ticket that were sent and refer to this id: answers that were read before the mail that they answer."""
        return [_mail(row) for row in self._sql.rows(_SENT_BEFORE, {"id": message_id})] if message_id else []

    def add_attachments(
        self, mail: int, ticket: int | None, files: Sequence[Attachment], *, sender: str = "", pictures: Collection[Attachment] = ()
    ) -> None:
        """Stores the files of the mail, with their contents among the blobs.  The hash of a content is computed again here, because the
        sandboxed reader that computed it is not trusted.

        `pictures`: the files that may belong to the signature of `sender`; they are hidden from the OFTEN-th mail on.
        """
        names = self._blobs.put_many([file.content for file in files])
        hung = list(zip(files, names, strict=True))
        seen = self._pictures.seen(sender, [name for file, name in hung if file in pictures])
        rows = [{**_attachment_columns(file, name), "hidden": file in pictures and seen[name] >= OFTEN} for file, name in hung]
        self._sql.change(_ADD_ATTACHMENTS, [{**row, "mail": mail, "ticket": ticket} for row in rows])

    def attachments(self, mail: int) -> list[StoredAttachment]:
        rows = self._sql.rows(_ATTACHMENTS, {"of": mail})
        return [StoredAttachment(**row._asdict()) for row in rows]

    def set_ticket(self, mail: int, ticket: int | None) -> None:
        """Moves the mail and its files to this ticket."""
        self._threads.clear()
        for statement in _SET_TICKET:
            self._sql.change(statement, {"which": mail, "to": ticket})

    def explanation(self, id: int) -> Any:
        """Why the mail was placed as it was, as JSON values; None where there is none."""
        text = self._sql.value(_EXPLANATION, {"mail": id})
        return load_any(text) if text else None

    def _one(self, statement: sa.Executable, values: Values) -> StoredMail | None:
        row = self._sql.row(statement, values)
        return _mail(row) if row else None


def _kept(references: Sequence[str]) -> list[str]:
    """Distinct references; of many the first and the last ones: the beginning of the thread and the mails answered now."""
    distinct = [reference for reference in dict.fromkeys(references) if reference]
    return distinct if len(distinct) <= _REFS_KEPT else [distinct[0], *distinct[1 - _REFS_KEPT :]]


def _columns(mail: StoredMail, explanation: object) -> Values:
    return {
        "inbox": mail.inbox,
        "ticket": mail.ticket,
        "direction": mail.direction,
        "message_id": mail.message_id or None,
        "fingerprint": mail.fingerprint or None,
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "verified": mail.verified,
        "subject": mail.subject,
        "date": mail.date,
        "received_at": mail.received_at,
        "kind": mail.kind,
        "language": mail.language,
        "text": mail.text,
        "fresh": mail.fresh,
        "html": mail.html,
        "sha256": mail.sha256 or None,
        "size": mail.size,
        "internal": mail.internal,
        "explanation": None if explanation is None else dump(explanation),
    }


def _mail(row: Row) -> StoredMail:
    return StoredMail(
        id=row.id,
        inbox=row.inbox,
        ticket=row.ticket,
        direction=Direction(row.direction),
        message_id=row.message_id or "",
        fingerprint=row.fingerprint or "",
        sender=row.sender,
        sender_name=row.sender_name,
        verified=row.verified,
        subject=row.subject,
        date=row.date,
        received_at=row.received_at,
        kind=Kind(row.kind),
        language=row.language,
        text=row.text,
        fresh=row.fresh,
        html=row.html,
        sha256=row.sha256 or "",
        size=row.size,
        internal=row.internal,
    )


def _attachment_columns(file: Attachment, name: str) -> Values:
    return {
        "part": file.part,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": name,
        "disposition": file.disposition,
        "content_id": file.content_id,
        "inside": file.inside,
        "summary": file.summary,
    }
