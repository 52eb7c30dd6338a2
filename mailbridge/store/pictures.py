"""On how many mails of a sender a picture was seen: what comes with every mail is a signature and no news."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.store import dialects
from mailbridge.store.schema import seen_pictures
from mailbridge.store.sql import Sql

_SEEN_AGAIN = dialects.insert(
    seen_pictures,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["sender", "sha256"], set_={"times": seen_pictures.c.times + 1}
    ).returning(seen_pictures.c.times),
)


class Pictures:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def seen(self, sender: str, names: Iterable[str]) -> dict[str, int]:
        """One more mail of this sender holds the pictures; name of a content -> on how many of their mails it was, this one included."""
        distinct = sorted(set(names))  # in one order, so that two workers never wait for each other
        return {name: self._sql.value(_SEEN_AGAIN, {"sender": sender.lower(), "sha256": name, "times": 1}) for name in distinct}
