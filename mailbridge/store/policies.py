"""Every version of the rules that was ever in force, so that explanations of old tickets can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Sql
from mailbridge.store.tables.desk import policies

_REMEMBER = dialects.insert_new(policies)
_HISTORY = sa.select(policies.c.version, policies.c.at).order_by(policies.c.at.desc(), policies.c.version).limit(sa.bindparam("most"))
_FIRST = sa.select(policies.c.at).where(policies.c.version == sa.bindparam("version"))
_GET = sa.select(policies.c.files).where(policies.c.version == sa.bindparam("version"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    version: str
    first_used: datetime


class Policies:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def remember(self, version: str, files: Mapping[str, str], now: datetime) -> None:
        """Stores the version; an existing one stays as it is."""
        self._sql.change(_REMEMBER, {"version": version, "files": dump(files), "at": now})

    def history(self, limit: int = 50) -> list[PolicyVersion]:
        """The versions, newest first."""
        return [PolicyVersion(version=row.version, first_used=row.at) for row in self._sql.rows(_HISTORY, {"most": limit})]

    def first_used(self, version: str) -> datetime | None:
        """When that version was first in force; None where it never was."""
        moment: datetime | None = self._sql.value(_FIRST, {"version": version})
        return moment

    def get(self, version: str) -> Mapping[str, str] | None:
        """File name -> text of that version."""
        files = self._sql.value(_GET, {"version": version})
        return load(files, dict[str, str]) if files else None
