"""Adapter for mail-parser, which reads the address and date fields of a mail.  Only this module imports the package.

Only its functions for these fields are called.  Two thirds of the time of its whole object goes into Received fields and a walk over the
parts, for which our own reading decides (docs/specifications.md, "Reading mail").
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

# It logs content of mails at WARNING; content of mails must not be logged.
logging.getLogger("mailparser").addHandler(logging.NullHandler())
logging.getLogger("mailparser").propagate = False

_SHORT = 200

Mailboxes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ParsedAddresses:
    """The (name, address) pairs of an address field, and mail-parser's doubts about it."""

    mailboxes: Mailboxes
    doubts: tuple[str, ...] = ()


def mailboxes(value: str) -> ParsedAddresses:
    """The mailboxes of one address field.  Ambiguous ones are left out and reported as doubts."""
    return _remembered(value) if len(value) <= _SHORT else _read(value)


@lru_cache(maxsize=256)
def _remembered(value: str) -> ParsedAddresses:
    # Cached: the desk's own address is in nearly every mail, and the sender's is read twice.
    return _read(value)


def _read(value: str) -> ParsedAddresses:
    doubts: list[dict[str, str]] = []
    found = get_addresses(value, defects=doubts)
    return ParsedAddresses(_pairs(found), tuple(doubt["reason"] for doubt in doubts))


def date(value: str) -> tuple[datetime | None, tuple[str, ...]]:
    """The time of a Date field in UTC (None if unreadable), and the defects of the field."""
    result = parse_mail_date(value)
    return result.value, result.reasons


def _pairs(found: Iterable[tuple[str, str]]) -> Mailboxes:
    return tuple((name, address) for name, address in found if address)
