"""Contents by SHA-256: raw mails and attachments, each stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import sqlalchemy as sa

from mailbridge.errors import Permanent
from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.mails import blobs

Content = bytes | bytearray | memoryview

_ADD = dialects.insert_new(blobs)
_KNOWN = sa.select(blobs.c.sha256).where(blobs.c.sha256.in_(sa.bindparam("names", expanding=True)))
_HAS = sa.select(blobs.c.id).where(blobs.c.sha256 == sa.bindparam("name"))
_GET = sa.select(blobs.c.id, blobs.c.size, sa.case((blobs.c.size < dialects.BIG, blobs.c.content)).label("content")).where(
    blobs.c.sha256 == sa.bindparam("name")
)


class Blobs:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, data: Content) -> str:
        """Stores the content; returns its SHA-256 in hex."""
        return self.put_many((data,))[0]

    def put_many(self, contents: Sequence[Content]) -> list[str]:
        """Stores all contents, each once; returns their names in the given order.

        Existing ones are looked up first.  That saves their transfer, and on PostgreSQL two workers with the same logo of a signature do
        not wait for each other's transaction.
        """
        names = [sha256(content).hexdigest() for content in contents]
        if names:
            self._add(dict(zip(names, contents, strict=True)))
        return names

    def _add(self, contents: Mapping[str, Content]) -> None:
        known = {row[0] for row in self._sql.rows(_KNOWN, {"names": list(contents)})}
        new = sorted((name, content) for name, content in contents.items() if name not in known)
        with self._sql.direct() as connection:
            streamed = {name for name, content in new if dialects.streams_in(connection, len(content))}
            for name in streamed:
                dialects.write_big_blob(connection, name, memoryview(contents[name]))
        rows = [{"sha256": name, "size": len(content), "content": content} for name, content in new if name not in streamed]
        self._sql.change(_ADD, rows)

    def get(self, name: str) -> bytes:
        """The content with this SHA-256.  Raises Permanent where the store does not have it."""
        row = self._sql.row(_GET, {"name": name})
        if row is None:
            raise Permanent("no such content in the store", sha256=name)
        if row.content is not None:
            return bytes(row.content)
        with self._sql.direct() as connection:
            return dialects.read_big_blob(connection, row.id, row.size)

    def has(self, name: str) -> bool:
        return self._sql.row(_HAS, {"name": name}) is not None
