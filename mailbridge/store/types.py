"""Column types that refuse what the two databases would treat differently.

SQLite keeps a NUL in text, PostgreSQL does not; SQLite drops the offset of a time without converting it, PostgreSQL converts.
Both differences end here, on the way in.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts by itself only in a column declared INTEGER


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment, stored in UTC with microseconds.  A time without zone is refused: nobody can say which moment it means."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment_to_text(value: datetime | None) -> str | None:
    """The text that a moment is on SQLite; the same as UtcDateTime and SQLAlchemy's DateTime make together, in one step."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without zone")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(" ", "microseconds")[:26]


def moment_of_text(value: str | None) -> datetime | None:
    """The moment that this text is on SQLite."""
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def clean_text(value: str | None) -> str | None:
    """The text, where both databases can keep it; ValueError where it has a NUL or a lone surrogate."""
    if value is None or value.isalnum():
        return value
    if "\0" in value:
        raise ValueError("text with a NUL character")
    if not value.isascii():
        value.encode()  # UnicodeEncodeError, a ValueError: a lone surrogate
    return value


class CleanText(sa.TypeDecorator[str]):
    """Text that both databases can keep: no NUL, no lone surrogate."""

    impl = sa.Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return clean_text(value)
