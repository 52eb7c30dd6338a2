"""The state of each login, and when its client secret, certificate and refresh token expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from mailbridge.config.model import Config, OAuth
from mailbridge.errors import Permanent
from mailbridge.oauth.endpoint import key_pair
from mailbridge.oauth.jwt import expiry
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.tx import Tx

TOLD_AT = (30, 14, 7, 1)  # days before the expiry
URGENT = 7  # days before the expiry from which an administrator has to act
ENDS_KEY = "oauth-ends"  # state row of `jobs.login_ends`


class ExpiryKind(StrEnum):
    SECRET = "client secret"  # noqa: S105  (a word)
    CERTIFICATE = "certificate"
    LOGIN = "login"  # the refresh token


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One expiry of a login: of which kind, and when."""

    login: str
    kind: ExpiryKind
    at: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until the expiry; negative after it."""
        return (self.at - now) // timedelta(days=1)

    def reached(self, now: datetime) -> int | None:
        """The smallest threshold of TOLD_AT that has been reached; None if none has."""
        left = self.at - now
        return next((days for days in reversed(TOLD_AT) if left <= timedelta(days=days)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthForecast:
    name: str
    provider: str
    flow: str
    who: str
    state: str  # ok | failing | refused | paused | not signed in
    token_expires_at: datetime | None
    ends: tuple[End, ...]
    note: str
    troubles: tuple[str, ...]
    now: datetime

    @property
    def token_left(self) -> str:
        left = self.token_expires_at - self.now if self.token_expires_at else None
        return "none" if left is None or left <= timedelta(0) else f"{int(left.total_seconds()) // 60} min"

    @property
    def lasts(self) -> str:
        return ", ".join(f"{end.kind} {end.days_left(self.now)} d" for end in self.ends)

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "provider": self.provider,
            "flow": self.flow,
            "who": self.who,
            "state": self.state,
            "token_expires_at": self.token_expires_at,
            "ends": [{"kind": end.kind, "at": end.at, "days_left": end.days_left(self.now)} for end in self.ends],
            "note": self.note,
            "troubles": list(self.troubles),
        }


def healths(config: Config, store: Store, now: datetime) -> list[OAuthForecast]:
    """The state of each [oauth.NAME] at `now`."""
    if not config.oauth:
        return []
    with store.read() as tx:
        return healths_in(tx, config, now)


def healths_in(tx: Tx, config: Config, now: datetime) -> list[OAuthForecast]:
    grants = {grant.account: grant for grant in tx.grants.all()}
    return [_health(account, grants.get(account.name), now) for account in config.oauth]


def ends(accounts: Sequence[OAuth], grants: Mapping[str, Grant]) -> list[End]:
    """All known expiries of these accounts."""
    return [end for account in accounts for end in _ends(account, grants.get(account.name))]


def _ends(account: OAuth, grant: Grant | None) -> tuple[End, ...]:
    found = []
    if account.secret_expires is not None:
        found.append(End(login=account.name, kind=ExpiryKind.SECRET, at=datetime.combine(account.secret_expires, time(), UTC)))
    if (certificate := _certificate_end(account)) is not None:
        found.append(End(login=account.name, kind=ExpiryKind.CERTIFICATE, at=certificate))
    if (refresh := _refresh_end(account, grant)) is not None:
        found.append(End(login=account.name, kind=ExpiryKind.LOGIN, at=refresh))
    return tuple(found)


def _certificate_end(account: OAuth) -> datetime | None:
    if account.certificate_file is None:
        return None
    try:
        return expiry(key_pair(account)[0])
    except Permanent:
        return None  # `mailbridge check` and the next token request report it


def _refresh_end(account: OAuth, grant: Grant | None) -> datetime | None:
    """The expiry that the provider sent, else the last use plus the lifetime that the provider documents."""
    if grant is None or not account.flow.interactive or grant.refresh_at is None:
        return None
    lifetime = account.provider.refresh_lifetime
    return grant.refresh_expires_at or (grant.refresh_at + lifetime if lifetime else None)


def _health(account: OAuth, grant: Grant | None, now: datetime) -> OAuthForecast:
    found = _ends(account, grant)
    state = _state(account, grant)
    return OAuthForecast(
        name=account.name,
        provider=account.provider.name,
        flow=account.flow,
        who=(grant.identity if grant else "") or account.account,
        state=state,
        token_expires_at=grant.expires_at if grant else None,
        ends=found,
        note=grant.note if grant else "",
        troubles=tuple(_troubles(account, grant, state, found, now)),
        now=now,
    )


def _state(account: OAuth, grant: Grant | None) -> str:
    if grant is not None and grant.paused_at is not None:
        return "paused"
    if account.flow.interactive and (grant is None or not grant.sealed):
        return "not signed in"
    if grant is None:
        return "ok"
    return "refused" if grant.refusals else "failing" if grant.failed_at else "ok"


def _troubles(account: OAuth, grant: Grant | None, state: str, found: Sequence[End], now: datetime) -> list[str]:
    name, told = account.name, []
    if state == "not signed in":
        told.append(f"nobody has signed in for [oauth.{name}]: mailbridge auth login {name}")
    elif grant is not None and state in ("paused", "refused"):
        told.append(f"the login {name} is {state}: {grant.refusal}")
    elif grant is not None and state == "failing" and not (grant.expires_at and grant.expires_at > now):
        told.append(f"the login {name} has no valid token: {grant.failure}")
    for end in found:
        days = end.days_left(now)
        if days < 0:
            told.append(f"the {end.kind} of {name} expired on {end.at:%Y-%m-%d}")
        elif days < URGENT:
            told.append(f"the {end.kind} of {name} expires in {days} days, on {end.at:%Y-%m-%d}")
    return told
