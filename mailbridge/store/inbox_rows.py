"""What a row of the inbox means: the values that come out of it, and what goes into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_bytes

from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.store.documents import dump, load
from mailbridge.store.receipts import Receipt
from mailbridge.store.sql import Row, Values


class InboxState(StrEnum):
    NEW = "new"
    CLAIMED = "claimed"
    DONE = "done"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


class InboxOutcome(StrEnum):
    """What became of a mail that is done."""

    TICKET = "ticket"  # opened one
    APPEND = "append"  # went onto one
    DUPLICATE = "duplicate"  # a second copy
    KEPT = "kept"  # kept with the ticket, moved nothing: vacation, bounce
    IGNORED = "ignored"  # nothing to do: a loop, a rule dropped it
    CANARY = "canary"  # the desk's own, to measure the way of mail
    HELD = "held"  # an agent's, and nothing is done before the agent says yes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMail:
    """A claimed mail.  `attempts` counts this try."""

    id: int
    envelope: Envelope
    sha256: str
    size: int
    attempts: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """A mail on no ticket, and why."""

    mail: int
    sender: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    id: int
    envelope: Envelope
    sha256: str
    size: int
    received_at: datetime
    message_id: str
    state: InboxState
    attempts: int
    lease_owner: str
    lease_until: datetime | None
    not_before: datetime | None
    outcome: InboxOutcome | None
    reason: str
    mail: int | None
    ticket: int | None
    done_at: datetime | None
    handler: str = ""
    settled_as: str = ""


_HEADER_END = re.compile(rb"\n\r?\n")
_MESSAGE_ID = re.compile(rb"\nmessage-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?<?([\x21-\x3b\x3d\x3f-\x7e]{1,995})")
_HEADER_LIMIT = 64 << 10


def hint_message_id(raw: bytes) -> str:
    """The Message-ID as a quick look at the header sees it, without angle brackets; '' where it sees none.

    Good enough to make a reply wait for the mail it answers; the parser has the last word on what the id is (RFC 5322 3.6.4).
    """
    start = b"\n" + bytes(raw[:_HEADER_LIMIT])
    end = _HEADER_END.search(start)
    header = start[: end.start() + 1] if end else start
    found = _MESSAGE_ID.search(header.lower())  # a pattern that begins with plain letters is searched for many times faster
    return header[slice(*found.span(1))].decode("ascii") if found else ""


def new_row(raw: bytes, envelope: Envelope, name: str) -> Values:
    return {
        **_columns(envelope),
        "sha256": name,
        "size": len(raw),
        "message_id": hint_message_id(raw) or None,
        "state": InboxState.NEW,
        "attempts": 0,
        "reason": "",
        "settled": envelope.uid is None,
    }


def _columns(envelope: Envelope) -> Values:
    return {
        "source": envelope.source,
        "account": envelope.account,
        "folder": envelope.folder,
        "uidvalidity": envelope.uidvalidity,
        "uid": envelope.uid,
        "mail_from": envelope.mail_from,
        "rcpt_to": dump(envelope.rcpt_to) if envelope.rcpt_to else "[]",
        "peer": envelope.peer,
        "helo": envelope.helo,
        "received_at": envelope.received_at,
        "trace": envelope.trace or new_trace_id(datetime.now(UTC), token_bytes),
    }


def receipt_of(row: Values, id: int) -> Receipt:
    """The receipt of a new row of the inbox."""
    return Receipt(
        source=row["source"],
        account=row["account"],
        folder=row["folder"],
        inbox=id,
        uidvalidity=row["uidvalidity"],
        uid=row["uid"],
        sha256=row["sha256"],
        message_id=row["message_id"],
        trace=row["trace"],
        at=row["received_at"],
    )


def _envelope(row: Row) -> Envelope:
    return Envelope(
        source=Source(row.source),
        account=row.account,
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        mail_from=row.mail_from,
        rcpt_to=load(row.rcpt_to, tuple[str, ...]),
        peer=row.peer,
        helo=row.helo,
        received_at=row.received_at,
        trace=row.trace or "",
    )


def waiting(row: Row) -> ClaimedMail:
    return ClaimedMail(
        id=row.id, envelope=_envelope(row), sha256=row.sha256, size=row.size, attempts=row.attempts + 1, received_at=row.received_at
    )


def inbox_row(row: Row) -> InboxRow:
    return InboxRow(
        id=row.id,
        envelope=_envelope(row),
        sha256=row.sha256,
        size=row.size,
        received_at=row.received_at,
        message_id=row.message_id or "",
        state=InboxState(row.state),
        attempts=row.attempts,
        lease_owner=row.lease_owner or "",
        lease_until=row.lease_until,
        not_before=row.not_before,
        outcome=InboxOutcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        mail=row.mail,
        ticket=row.ticket,
        done_at=row.done_at,
        handler=row.handler or "",
        settled_as=row.settled_as or "",
    )
