"""Parses the answers of a token endpoint (RFC 6749 5).  Pure.  Every field is checked before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbridge.oauth.advice import is_refusal, refusal_of
from mailbridge.oauth.jwt import claims_of
from mailbridge.oauth.model import AccessToken, TokenRefusal

UNKNOWN_LIFETIME = timedelta(minutes=10)  # lifetime of a token without a usable expires_in
LONGEST = timedelta(days=7)
SHOWN = 300  # characters of a provider's description
_IDENTITY_CLAIMS = ("email", "preferred_username", "upn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A new token.  `refresh_token` is '' where none came; `identity`: the addresses of the signed-in user, in lower case."""

    token: AccessToken
    refresh_token: str = field(default="", repr=False)
    refresh_expires_at: datetime | None = None
    scope: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what was unusual in the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """An answer that is neither a usable token nor a refusal."""

    reason: str


def read(status: int, body: bytes, asked_at: datetime, *, account: str, wanted: tuple[str, ...]) -> Granted | TokenRefusal | Odd:
    """Parses one HTTP answer.  `asked_at`: when the request was sent; the lifetime counts from then.  `wanted`: the requested scopes."""
    values = _object(body)
    if values is None:
        return Odd(reason=f"HTTP {status} without a JSON object")
    error, description = _text(values.get("error")), _text(values.get("error_description"))
    subtype = _text(values.get("error_subtype"))
    if error:
        told = " ".join(f"{error} {subtype} {description}".split())[:SHOWN]
        # RFC 6749 5.2: refusals are 400, or 401 for the client.  Some answer 200.  403, 404, 429 and 5xx are no refusals.
        if status in (200, 400, 401) and is_refusal(error, description):
            fault, advice = refusal_of(f"{error} {subtype}", description, account)
            return TokenRefusal(fault=fault, error=told, advice=advice)
        return Odd(reason=f"HTTP {status}: {told}")
    if status != 200:
        return Odd(reason=f"HTTP {status}")
    return _granted(values, asked_at, wanted)


def _granted(values: Mapping[str, object], asked_at: datetime, wanted: tuple[str, ...]) -> Granted | Odd:
    token = values.get("access_token")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
        return Odd(reason="the answer has no usable access_token")
    kind = values.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":  # RFC 6749 7.1: a token of an unknown type must not be used
        return Odd(reason=f"token_type is {str(kind)[:40]!r}, not Bearer")
    notes: list[str] = []
    lifetime = _lifetime(values.get("expires_in"))
    if lifetime is None:
        notes.append(f"the answer has no usable expires_in; {UNKNOWN_LIFETIME.seconds // 60} minutes are assumed")
    refresh = values.get("refresh_token")
    if refresh is not None and (not isinstance(refresh, str) or not refresh.isprintable()):
        notes.append("the refresh_token is not a string and was ignored")
        refresh = ""
    scope = tuple(_text(values.get("scope")).split())
    if missing := missing_scopes(wanted, scope):
        notes.append(f"the provider granted fewer scopes than requested; missing: {', '.join(missing)}")
    rest = _lifetime(values.get("refresh_token_expires_in", values.get("refresh_expires_in")), longest=timedelta(days=3650))
    return Granted(
        token=AccessToken(value=token, issued_at=asked_at, expires_at=asked_at + (lifetime or UNKNOWN_LIFETIME)),
        refresh_token=refresh or "",
        refresh_expires_at=asked_at + rest if rest else None,
        scope=scope,
        identity=_identity(values.get("id_token")),
        notes=tuple(notes),
    )


def missing_scopes(wanted: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """The mail scopes that were not granted.  An answer without `scope` grants what was requested (RFC 6749 5.1).

    offline_access and the identity scopes are ignored, because providers do not repeat them.  Host and case may differ (Microsoft).
    """
    if not granted:
        return ()
    have = {_last(scope) for scope in granted}
    ignored = ("offline_access", "openid", "email", "profile", ".default")
    return tuple(scope for scope in wanted if _last(scope) not in have and _last(scope) not in ignored)


def _last(scope: str) -> str:
    return scope.rstrip("/").rpartition("/")[2].lower()


def _lifetime(value: object, longest: timedelta = LONGEST) -> timedelta | None:
    """The lifetime from seconds as a number or as text (some providers send text); None for anything else."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    return timedelta(seconds=min(seconds, longest.total_seconds()))


def _identity(id_token: object) -> tuple[str, ...]:
    claims = claims_of(id_token)
    found = (claims.get(name) for name in _IDENTITY_CLAIMS)
    return tuple(dict.fromkeys(value.lower() for value in found if isinstance(value, str) and "@" in value))


def _object(body: bytes) -> Mapping[str, object] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str:
    return "".join(char for char in value if char.isprintable() or char == " ") if isinstance(value, str) else ""
