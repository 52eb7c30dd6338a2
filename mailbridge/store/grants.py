"""What OAuth providers granted: one row a login, its tokens encrypted by the caller.

A lease says who renews: one process asks the provider, the others go on with the token at hand.  Every change of tokens is conditional on
the lease, so that the answer to an old request never overwrites a newer login.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.schema import oauth_grants
from mailbridge.store.sql import Row, Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A row.  `sealed` holds the encrypted tokens; the rest is what status and forecast need, and no secret."""

    account: str
    sealed: bytes = field(default=b"", repr=False)
    identity: str = ""  # who signed in; '' where nobody did, or the provider does not say
    scope: str = ""
    issued_at: datetime | None = None  # the access token
    expires_at: datetime | None = None
    refresh_at: datetime | None = None  # when the refresh token was issued or used last
    refresh_expires_at: datetime | None = None  # where the provider says so
    client: str = ""  # fingerprint of the client's configuration
    refusals: int = 0  # in a row
    refused_at: datetime | None = None
    fault: str = ""
    refusal: str = ""  # what the provider said, and what to do
    paused_at: datetime | None = None
    failed_at: datetime | None = None  # no answer that could be used, since the last success
    failure: str = ""
    note: str = ""  # what was odd about the last answer


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
        """There is a row for the account."""
        self._sql.change(_NEW, {"account": account, **_defaults(), "renewing": "", "renewing_until": None})

    def claim(self, account: str, owner: str, now: datetime, until: datetime) -> bool:
        """Whether `owner` alone renews this account now, until the lease ends."""
        return bool(self._sql.change(_CLAIM, {"name": account, "owner": owner, "now": now, "until": until}))

    def settle(self, grant: Grant, owner: str) -> bool:
        """The row is `grant`, and the lease is given back; false where it was not `owner`'s any more and nothing changed."""
        return bool(self._sql.change(_SET, {"name": grant.account, "owner": owner, **_values(grant)}))

    def replace(self, grant: Grant) -> None:
        """The row is `grant`, whoever was renewing: a new login ends every older request."""
        self.ensure(grant.account)
        self._sql.change(_REPLACE, {"name": grant.account, **_values(grant)})

    def release(self) -> int:
        """Every lease is free: their holders are gone."""
        return self._sql.change(_RELEASE)


def _values(grant: Grant) -> dict[str, object]:
    return {f"new_{name}": getattr(grant, name) for name in _NAMES if name != "account"}


def _defaults() -> dict[str, object]:
    empty = Grant(account="")
    return {name: getattr(empty, name) for name in _NAMES if name != "account"}


def _grant(row: Row) -> Grant:
    values = dict(zip(_NAMES, row, strict=True))
    return Grant(**values | {"sealed": bytes(values["sealed"])})
