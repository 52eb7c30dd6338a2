"""OAuth grants: one row for each login, with tokens encrypted by the caller.

A lease says which process renews: it asks the provider, the others use the current token.  Every change of tokens requires the lease, so an
answer to an old request never overwrites a newer login.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.access import oauth_grants


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A row.  `sealed`: the encrypted tokens.  The other fields are for status and forecast and contain no secrets."""

    account: str
    sealed: bytes = field(default=b"", repr=False)
    identity: str = ""  # the login's identity; '' where there is none, or the provider does not give it
    scope: str = ""
    issued_at: datetime | None = None  # the access token
    expires_at: datetime | None = None
    refresh_at: datetime | None = None  # last issue or use of the refresh token
    refresh_expires_at: datetime | None = None  # where the provider gives it
    client: str = ""  # fingerprint of the client's configuration
    refusals: int = 0  # consecutive
    refused_at: datetime | None = None
    fault: str = ""
    refusal: str = ""  # the provider's error, and what to do
    paused_at: datetime | None = None
    failed_at: datetime | None = None  # last failure without a usable answer since the last success
    failure: str = ""
    note: str = ""  # remarks on the last answer

LONGEST_LEASE = timedelta(minutes=5)

_NAMES = Grant.__slots__
_COLUMNS = tuple(oauth_grants.c[name] for name in _NAMES)
_GET = sa.select(*_COLUMNS).where(oauth_grants.c.account == sa.bindparam("name"))
_ALL = sa.select(*_COLUMNS).order_by(oauth_grants.c.account)
_NEW = dialects.insert_new(oauth_grants)
_MINE = (oauth_grants.c.account == sa.bindparam("name"), oauth_grants.c.renewing == sa.bindparam("owner"))
_FREE = (oauth_grants.c.renewing == "") | (oauth_grants.c.renewing_until <= sa.bindparam("now", type_=oauth_grants.c.renewing_until.type))
_CLAIM = (
    oauth_grants.update()
    .where(oauth_grants.c.account == sa.bindparam("name"), _FREE)
    .values(renewing=sa.bindparam("owner"), renewing_until=sa.bindparam("until", type_=oauth_grants.c.renewing_until.type))
)
_WRITE = {name: sa.bindparam(f"new_{name}", type_=oauth_grants.c[name].type) for name in _NAMES if name != "account"}
_SET = oauth_grants.update().where(*_MINE).values(_WRITE | {"renewing": "", "renewing_until": None})
_NOBODY = {"renewing": "", "renewing_until": None}
_REPLACE = oauth_grants.update().where(oauth_grants.c.account == sa.bindparam("name")).values(_WRITE | _NOBODY)
_CLIP = oauth_grants.update().where(oauth_grants.c.renewing_until > sa.bindparam("latest")).values(_NOBODY)
_REFUSED_LATER = oauth_grants.update().where(oauth_grants.c.refused_at > sa.bindparam("now")).values(refused_at=sa.bindparam("now"))
_RELEASE = oauth_grants.update().where(oauth_grants.c.renewing != "").values(_NOBODY)


class Grants:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, account: str) -> Grant | None:
        row = self._sql.row(_GET, {"name": account})
        return _grant(row) if row else None

    def all(self) -> list[Grant]:
        return [_grant(row) for row in self._sql.rows(_ALL)]

    def ensure(self, account: str) -> None:
        """Creates the row of the account, where there is none."""
        self._sql.change(_NEW, {"account": account, **_defaults(), "renewing": "", "renewing_until": None})

    def claim(self, account: str, owner: str, now: datetime, until: datetime) -> bool:
        """Whether `owner` now has the lease to renew this account, until it ends."""
        return bool(self._sql.change(_CLAIM, {"name": account, "owner": owner, "now": now, "until": until}))

    def finish_renewal(self, grant: Grant, owner: str) -> bool:
        """Stores `grant` and ends the lease; False where `owner` no longer had it and nothing changed."""
        return bool(self._sql.change(_SET, {"name": grant.account, "owner": owner, **_values(grant)}))

    def replace(self, grant: Grant) -> None:
        """Stores `grant` whoever has the lease: a new login replaces all older requests."""
        self.ensure(grant.account)
        self._sql.change(_REPLACE, {"name": grant.account, **_values(grant)})

    def release(self) -> int:
        """Ends all leases: their holders are gone."""
        return self._sql.change(_RELEASE)

    def clip(self, now: datetime) -> int:
        """Ends leases that end later than LONGEST_LEASE from now, and no refusal lies in the future; how many rows were changed."""
        return self._sql.change(_CLIP, {"latest": now + LONGEST_LEASE}) + self._sql.change(_REFUSED_LATER, {"now": now})


def _values(grant: Grant) -> dict[str, object]:
    return {f"new_{name}": getattr(grant, name) for name in _NAMES if name != "account"}


def _defaults() -> dict[str, object]:
    empty = Grant(account="")
    return {name: getattr(empty, name) for name in _NAMES if name != "account"}


def _grant(row: Row) -> Grant:
    values = dict(zip(_NAMES, row, strict=True))
    return Grant(**values | {"sealed": bytes(values["sealed"])})
