"""Thread-Topic and Thread-Index, by which Outlook and Exchange keep a conversation together ([MS-OXOMSG] 2.2.1.2 and 2.2.1.3).

The index is 22 bytes that all mails of a conversation share, a time and 16 bytes of its own, and 5 bytes for each answer.  Where the
customer's mail has an index, ours continues it.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from email.policy import default
from hashlib import sha256

ROOT, BLOCK, MOST_BLOCKS = 22, 5, 20
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_BYTES = 4096  # of one field; a topic is a subject, and the longest index that is continued has 164 characters
_FIELD = re.compile(rb"^(?:Thread-Topic|Thread-Index)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_SHORT = 1 << 49  # 100 ns units, 1.7 years: below it the difference is counted in steps of 2^18 units, above in steps of 2^23


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFields:
    """What a mail of a customer says of its conversation, as it came; '' where it says nothing."""

    topic: str = ""
    index: str = ""


def thread_fields(raw: bytes) -> ThreadFields:
    """The fields of a stored mail; one that is longer than `_MOST_BYTES` counts as none.

    No other field is parsed: the standard library takes the square of the length for some of them (a Content-Type of semicolons).
    """
    head = raw[: 256 << 10].split(b"\r\n\r\n", 1)[0].split(b"\n\n", 1)[0]
    ours = (found[0].rstrip(b"\r") for found in _FIELD.finditer(head))
    fields = BytesHeaderParser(policy=default).parsebytes(b"\r\n".join(field for field in ours if len(field) <= _MOST_BYTES))
    topic, index = (str(fields.get(name, "")) for name in ("Thread-Topic", "Thread-Index"))
    return ThreadFields(topic=" ".join(topic.split()), index="".join(index.split()))


def thread_index(begun: str, root: str, opened_at: datetime, sent_at: datetime) -> str:
    """The index of a mail of ours: that of the customer's mail, `begun`, or one made of the thread's `root`, and a block for this mail."""
    base = _read(begun) or _root(root, opened_at)
    return b64encode(base + _block(base, sent_at)).decode()


def _read(index: str) -> bytes:
    """The bytes of an index; b'' for what is none."""
    try:
        read = b64decode(index, validate=True)
    except (binascii.Error, ValueError):
        return b""
    if len(read) < ROOT or (len(read) - ROOT) % BLOCK or read[0] != 1:
        return b""
    return read[: ROOT + MOST_BLOCKS * BLOCK]


def _root(root: str, opened_at: datetime) -> bytes:
    """The upper 6 bytes of the time, of which the first is 1 from 1829 to 2057, and 16 bytes that only this thread has."""
    return _filetime(opened_at).to_bytes(8, "big")[:6] + sha256(root.encode()).digest()[:16]


def _block(base: bytes, sent_at: datetime) -> bytes:
    """How long after the conversation began this mail is sent."""
    began = int.from_bytes(base[:6] + b"\0\0", "big")
    passed = max(0, _filetime(sent_at) - began)
    step = passed >> 18 if passed < _SHORT else 1 << 31 | passed >> 23
    return (step & 0xFFFFFFFF).to_bytes(4, "big") + b"\0"


def _filetime(moment: datetime) -> int:
    """Units of 100 ns since 1601."""
    return (moment - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10
