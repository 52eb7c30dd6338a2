"""A promised call: one value, one row, one address.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TOLD = "ticket.told"  # the event of calls that notifications.yaml wants
CHAT = f"{TOLD}."  # the events of calls with a message for a chat room begin so


class CallState(StrEnum):
    """QUEUED and DEFERRED wait for `next_at`; CALLING belongs to somebody until the lease ends, and is called again after it: whoever is
    called tells copies apart by the call's key."""

    QUEUED = "queued"
    CALLING = "calling"
    DEFERRED = "deferred"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One POST that is owed.  `key` makes it unique and is told to whoever is called; `body` is JSON, frozen when the promise was made."""

    key: str
    ticket: int
    rule: str
    event: str
    url: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCall:
    """A promised call on its way."""

    id: int
    call: Call
    state: CallState
    attempts: int
    created_at: datetime
    next_at: datetime
    done_at: datetime | None = None
    status: int | None = None  # of the last answer
    answer: str = ""  # what the last one said, or why there was none
