"""Small facts that survive a restart: heartbeats, the last good set of rules, what health was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.documents import dump, load_any
from mailbridge.store.sql import Sql
from mailbridge.store.tables.desk import state

_GET = sa.select(state.c.value).where(state.c.key == sa.bindparam("key"))
_SET_AT = sa.select(state.c.at).where(state.c.key == sa.bindparam("key"))
_HELD = _GET.with_for_update()  # SQLite has no such words and needs none: one writes at a time
_NEW = dialects.insert_new(state)
_SET = dialects.upsert(state)


class StateTable:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, key: str) -> Any:
        """What was set last, as plain JSON values; None where nothing was."""
        text = self._sql.value(_GET, {"key": key})
        return load_any(text) if text else None

    def take(self, key: str, now: datetime) -> Any:
        """The same, and until this transaction ends nobody else takes or sets the key, not even one that was not there before."""
        self._sql.change(_NEW, {"key": key, "value": dump(None), "at": now})
        text = self._sql.value(_HELD, {"key": key})
        return load_any(text) if text else None

    def set_at(self, key: str) -> datetime | None:
        """When the key was set last."""
        moment: datetime | None = self._sql.value(_SET_AT, {"key": key})
        return moment

    def set(self, key: str, value: object, now: datetime) -> None:
        self._sql.change(_SET, {"key": key, "value": dump(value), "at": now})
