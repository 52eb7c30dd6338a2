"""The values of OAuth: an access token, and the ways in which there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from mailbridge.errors import Transient

MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token (RFC 6750) and its lifetime by our clock."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime

    @property
    def renew_at(self) -> datetime:
        """When to renew: five minutes before the end, or a fifth of the lifetime where that is shorter."""
        return self.expires_at - min(MARGIN, (self.expires_at - self.issued_at) / 5)

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to renew it."""
        return now >= self.renew_at


class RefusedPart(StrEnum):
    """Whose mistake it is that the provider refuses."""

    APP = "app"  # the registration: client id, secret, certificate, permissions
    USER = "user"  # the login: password changed, consent withdrawn, refresh token expired


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefusal:
    """The provider refuses for good; `advice` says what to do."""

    fault: RefusedPart
    error: str  # the error code and the provider's description, without secrets
    advice: str


class TokenUnavailable(Transient):
    """The token endpoint gives no answer that could be used; trying again may help, and it counts as no refusal."""


class TokenRefused(Transient):
    """The provider refuses to give a token."""

    def __init__(self, refusal: TokenRefusal, account: str) -> None:
        super().__init__(f"the OAuth provider refuses: {refusal.error}. {refusal.advice}", oauth=account)
        self.refusal = refusal


class LoginNeeded(Transient):
    """No token without a person: nobody has signed in, or the source is paused after refusals."""


class TokenSource(Protocol):
    """Where a connection gets its token."""

    def token(self, *, rejected: AccessToken | None = None) -> AccessToken:
        """A token that is valid now; another one than `rejected`, which a mail server refused, where there can be another.

        Raises TokenUnavailable, TokenRefused or LoginNeeded.
        """
        ...
