"""The values of OAuth: an access token, and the errors by which there is none."""

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
        """When to renew: five minutes before the expiry, or a fifth of the lifetime before it if that is shorter."""
        return self.expires_at - min(MARGIN, (self.expires_at - self.issued_at) / 5)

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at

    def is_due(self, now: datetime) -> bool:
        """Whether the token should be renewed."""
        return now >= self.renew_at


class RefusedPart(StrEnum):
    """The part that the provider refuses."""

    APP = "app"  # the registration: client id, secret, certificate, permissions
    USER = "user"  # the login: password changed, consent withdrawn, refresh token expired


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefusal:
    """The provider refuses, and a retry does not help.  `advice` is for the administrator."""

    fault: RefusedPart
    error: str  # the error code and the provider's description, without secrets
    advice: str


class TokenUnavailable(Transient):
    """The token endpoint gives no usable answer.  A retry may help.  It does not count as a refusal."""


class TokenRefused(Transient):
    """The provider refuses to give a token."""

    def __init__(self, refusal: TokenRefusal, account: str) -> None:
        super().__init__(f"the OAuth provider refuses: {refusal.error}. {refusal.advice}", oauth=account)
        self.refusal = refusal


class LoginNeeded(Transient):
    """A person has to sign in: nobody has yet, or the account is paused after refusals."""


class TokenSource(Protocol):
    """Gives a connection its access token."""

    def token(self, *, rejected: AccessToken | None = None) -> AccessToken:
        """A valid token.  `rejected`: the token that a mail server refused; if possible, another one is returned.

        Raises TokenUnavailable, TokenRefused or LoginNeeded.
        """
        ...
