"""Small identifiers: what a ticket is called, where chance comes from."""

from __future__ import annotations

import re
from secrets import token_bytes
from typing import Protocol


class Chance(Protocol):
    def __call__(self, size: int) -> bytes:
        """`size` unpredictable bytes."""
        ...


def system_chance(size: int) -> bytes:
    """Chance from the operating system."""
    return token_bytes(size)


def ticket_number(prefix: str, ticket_id: int) -> str:
    """The sayable name of a ticket: `MB-1042`.  Never changes, never reused, because ids are not."""
    return f"{prefix}-{ticket_id}"


def parse_number(prefix: str, text: str) -> int | None:
    """The id in the first `[MB-1042]` or `MB-1042` of `text`; ASCII digits only, at most 12, none starting with 0."""
    match = re.search(rf"(?<![\w-]){re.escape(prefix)}-([1-9][0-9]{{0,11}})(?![\w.-]*\w)", text, re.IGNORECASE | re.ASCII)
    return int(match.group(1)) if match else None


def meeting_uid(prefix: str, ticket_id: int, number: int, domain: str) -> str:
    """What the n-th appointment of a ticket is called in calendars, for good: `mb-1042-1@acme.example` (RFC 5545, 3.8.4.7)."""
    return f"{prefix.lower()}-{ticket_id}-{number}@{domain.lower()}"


def plan_uid(prefix: str, name: str, domain: str) -> str:
    """What planned work is called in calendars, for good: `mb-plan-1042-1@acme.example`."""
    return f"{prefix.lower()}-{name}@{domain.lower()}"


def parse_meeting_uid(prefix: str, uid: str, ticket_id: int) -> int | None:
    """The number of the appointment, where the name is that of one of this ticket."""
    match = re.fullmatch(rf"{re.escape(prefix.lower())}-{ticket_id}-([1-9][0-9]{{0,5}})@.+", uid.strip().lower(), re.ASCII)
    return int(match.group(1)) if match else None
