"""The Received fields of a mail as the way that it took (RFC 5321 4.4), read leniently: nothing is believed because of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.message.dates import read_date
from mailbridge.message.trace import read_hop
from mailbridge.message.tree import Field

MOST = 30  # of the fields, those nearest to us
LONGEST = 100  # characters of a host name
_BY = re.compile(r"\bby\s+([^\s();]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One server on the way.  `host` '' and `at` None: the field does not say so in a form that can be read."""

    host: str
    at: datetime | None


def passages(headers: Sequence[Field]) -> tuple[Passage, ...]:
    """The servers that the mail passed, in the order of its way."""
    found = [_passage(field) for field in headers if field.key == "received"][:MOST]
    return tuple(reversed(found))


def _passage(field: Field) -> Passage:
    hop = read_hop(field.raw)
    text, _, date = field.value.rpartition(";")
    said = _BY.search(text or field.value)
    host = hop.by if hop else said[1].lower() if said else ""
    return Passage(host=host[:LONGEST], at=read_date(date.strip())[0] if text else None)
