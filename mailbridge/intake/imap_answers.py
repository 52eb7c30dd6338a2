"""Parses the answers of IMAP servers to SEARCH and FETCH as they really are.  Values in, values out; uses the parser of imapclient.

RFC 3501 and RFC 9051 allow a server to send more data than requested, at any time and in several lines.  An answer without a UID is
ignored: its sequence number may have changed since (EXPUNGE), or it is about another client's change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from imapclient.response_parser import parse_response

Values = Mapping[bytes, Any]

_NUMBERS = re.compile(rb"\d+(?: +\d+)*")
_SET = re.compile(rb"\d+(?::\d+)?(?:,\d+(?::\d+)?)*")
MOST_FOUND = 1_000_000  # maximum number of UIDs in one answer


def found(search: Sequence[bytes | None], extended: Sequence[bytes | None]) -> list[int]:
    """The UIDs in all `* SEARCH` lines (RFC 3501 7.2.5: "one or more") and `* ESEARCH` lines (RFC 4731); none is an empty answer.

    Raises ValueError for a line that is neither.
    """
    uids: set[int] = set()
    for line in filter(None, search):
        # RFC 7162 3.1.5: (MODSEQ n) may follow.
        numbers = line.partition(b"(")[0].strip()
        if numbers and not _NUMBERS.fullmatch(numbers):
            raise ValueError(f"a SEARCH line without numbers: {line[:40]!r}")
        uids.update(map(int, numbers.split()))
    for line in filter(None, extended):
        words = line.split()
        if b"ALL" in words[:-1]:
            uids.update(_members(words[words.index(b"ALL") + 1]))
    return sorted(uids)


def expunged(lines: Sequence[bytes | None]) -> list[int]:
    """The UIDs in all `* VANISHED (EARLIER) 41,43:116` lines (RFC 7162, 3.2.10).  Raises ValueError for a line that is none."""
    return sorted({uid for line in filter(None, lines) for uid in _members(line.split()[-1])})


def _members(uid_set: bytes) -> Iterator[int]:
    if not _SET.fullmatch(uid_set):
        raise ValueError(f"no set of UIDs: {uid_set[:40]!r}")
    for part in uid_set.split(b","):
        first, _, last = part.partition(b":")
        low, high = sorted((int(first), int(last or first)))
        if high - low > MOST_FOUND:
            raise ValueError(f"a set of too many UIDs: {uid_set[:40]!r}")
        yield from range(low, high + 1)


def by_uid(lines: Sequence[Any], wanted: Iterable[int]) -> dict[int, dict[bytes, Any]]:
    """The data of each wanted UID, from all FETCH lines with it.  NIL or an empty value does not replace a value.

    Raises ValueError, or imapclient's ProtocolError, for lines that are no FETCH answers.
    """
    told: dict[int, dict[bytes, Any]] = {}
    items = parse_response([line for line in lines if line is not None]) if any(lines) else ()
    if len(items) % 2:
        raise ValueError("a FETCH answer without its values")
    asked = frozenset(wanted)
    for values in map(_pairs, items[1::2]):
        uid = values.get(b"UID")
        if isinstance(uid, int) and uid in asked:
            known = told.setdefault(uid, {})
            known.update({name: value for name, value in values.items() if value not in (None, b"") or name not in known})
    return told


def _pairs(values: Any) -> dict[bytes, Any]:
    if not isinstance(values, tuple) or len(values) % 2:
        raise ValueError("a FETCH answer with a name and no value")
    return {bytes(name).upper(): value for name, value in zip(values[::2], values[1::2], strict=True) if isinstance(name, bytes)}
