"""Single items of commands to IMAP servers and of their answers.  Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient.datetime_util import parse_to_datetime

from mailbridge.config.model import Take, Taken

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSummary:
    """What the server says about a mail before it is fetched."""

    size: int
    received_at: datetime | None  # INTERNALDATE, time of receipt by the server


def summary_of(answer: Mapping[bytes, Any]) -> MailSummary:
    """Raises KeyError for an answer without the size."""
    given = answer.get(b"INTERNALDATE")
    moment = parse_to_datetime(given, normalise=False) if isinstance(given, bytes) else None
    aware = moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    return MailSummary(size=int(answer[b"RFC822.SIZE"]), received_at=aware)


def heads_in(answer: Mapping[bytes, Any]) -> Iterator[bytes]:
    """The header data under any spelling of the field list: servers repeat it in their own way, some with quotes."""
    for name, value in answer.items():
        if name.startswith(b"BODY[HEADER.FIELDS") and isinstance(value, bytes):
            yield value


def criterion(take: Take) -> list[str]:
    """What SEARCH has to ask for."""
    if take.which is Taken.UNSEEN:
        return ["UNSEEN"]
    if take.since is not None:  # RFC 9051 6.4.4: SINCE goes by the day of INTERNALDATE, disregarding time and time zone
        return [f"SINCE {take.since.day}-{_MONTHS[take.since.month - 1]}-{take.since.year:04}"]
    return []


def takes_keywords(permanent: Any) -> bool:
    """RFC 9051 7.1: `\\*` in PERMANENTFLAGS allows new keywords; a server that says nothing allows all."""
    return permanent is None or b"\\*" in permanent


def plain_name(name: str) -> str:
    """A folder name that cannot end its command."""
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise ValueError("a folder name holds a control character")
    return name
