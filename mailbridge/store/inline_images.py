"""Counts on how many mails of a sender an inline image was: an image in every mail belongs to the signature."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.mails import seen_pictures

_SEEN_AGAIN = dialects.insert(
    seen_pictures,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["sender", "sha256"], set_={"times": seen_pictures.c.times + 1}
    ).returning(seen_pictures.c.times),
)


class InlineImageCounts:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def seen(self, sender: str, names: Iterable[str]) -> dict[str, int]:
        """Counts one more mail of this sender with these images; content name -> number of mails, this one included."""
        distinct = sorted(set(names))  # sorted, so that two workers cannot deadlock
        return {name: self._sql.value(_SEEN_AGAIN, {"sender": sender.lower(), "sha256": name, "times": 1}) for name in distinct}
