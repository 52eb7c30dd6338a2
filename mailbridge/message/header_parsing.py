"""The front parser: mail-parser reads the address and date fields of a mail.  The only module that knows the package.

Its functions are called for the fields we take from it, not its whole object: two thirds of that object's time goes into
Received fields and a walk over the parts, and there our own reading decides (docs/specifications.md, "Reading mail").
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

# It logs what a mail says at WARNING; nothing of a mail belongs in a log.
logging.getLogger("mailparser").addHandler(logging.NullHandler())
logging.getLogger("mailparser").propagate = False

_SHORT = 200

Mailboxes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ParsedAddresses:
    """The (name, address) pairs of an address field, and what mail-parser doubts about it."""

    mailboxes: Mailboxes
    doubts: tuple[str, ...] = ()


def mailboxes(value: str) -> ParsedAddresses:
    """The mailboxes of one address field; those it finds ambiguous are left out and told as doubts."""
    return _remembered(value) if len(value) <= _SHORT else _read(value)


@lru_cache(maxsize=256)
def _remembered(value: str) -> ParsedAddresses:
    # The desk's own address stands in nearly every mail, and the sender's is asked for twice.
    return _read(value)


def _read(value: str) -> ParsedAddresses:
    doubts: list[dict[str, str]] = []
    found = get_addresses(value, defects=doubts)
    return ParsedAddresses(_pairs(found), tuple(doubt["reason"] for doubt in doubts))


def date(value: str) -> tuple[datetime | None, tuple[str, ...]]:
    """The moment a Date field names, in UTC, and what is wrong with the field."""
    result = parse_mail_date(value)
    return result.value, result.reasons


def _pairs(found: Iterable[tuple[str, str]]) -> Mailboxes:
    return tuple((name, address) for name, address in found if address)
