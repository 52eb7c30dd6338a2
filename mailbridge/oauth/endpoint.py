"""Requests to the token endpoint of one account.  Secrets are sent only in the body of a POST over TLS."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate

from mailbridge.clock import Clock
from mailbridge.config.model import OAuth
from mailbridge.config.providers import Flow
from mailbridge.errors import Permanent
from mailbridge.oauth import jwt
from mailbridge.oauth.answers import Granted, Odd, read
from mailbridge.oauth.model import TokenRefusal, TokenRefused, TokenUnavailable
from mailbridge.ops.https import NoAnswer, Response, request

TIME_LIMIT = timedelta(seconds=20)  # for one request
_ANSWER = 256 << 10  # most bytes that are read of an answer
_ASSERTION_LIFE = timedelta(minutes=5)
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Busy(TokenUnavailable):
    """The answer is neither a token nor a refusal.  `retry_after`: the time of its Retry-After header, None without one."""

    def __init__(self, what: str, retry_after: timedelta | None, **where: object) -> None:
        super().__init__(what, **where)
        self.retry_after = retry_after


class Pending(Exception):
    """The user has not signed in yet (RFC 8628 3.5)."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__("authorization_pending")
        self.slower = slower


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLogin:
    """The answer to a device authorization request (RFC 8628 3.2): what the user needs to sign in on another device."""

    code: str = field(repr=False)
    user_code: str
    url: str
    expires_in: timedelta
    interval: timedelta


class Poster(Protocol):
    def __call__(self, url: str, form: Mapping[str, str]) -> Response:
        """Raises NoAnswer."""
        ...


class TokenEndpoint:
    """Requests tokens.  Thread-safe.  Every method may raise TokenUnavailable or TokenRefused."""

    def __init__(self, account: OAuth, clock: Clock, *, poster: Poster | None = None) -> None:
        self._account = account
        self._clock = clock
        self._post = poster or self._over_https

    def refreshed(self, refresh_token: str) -> Granted:
        """Exchanges a refresh token for a new access token (RFC 6749 6)."""
        return self._granted({"grant_type": "refresh_token", "refresh_token": refresh_token, **self._client()})

    def for_app(self) -> Granted:
        """Requests a token for the app itself, without a user."""
        if self._account.flow is Flow.SERVICE_ACCOUNT:
            return self._granted({"grant_type": _JWT_BEARER, "assertion": self._service_assertion()})
        return self._granted({"grant_type": "client_credentials", "scope": " ".join(self._account.scopes), **self._client()})

    def for_code(self, code: str, verifier: str, redirect: str) -> Granted:
        """Exchanges an authorization code (RFC 6749 4.1.3) with its PKCE verifier (RFC 7636 4.5)."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect}
        return self._granted({**form, **self._client()})

    def device_login(self) -> DeviceLogin:
        """Starts a login on another device (RFC 8628 3.1)."""
        scope = " ".join((*self._account.provider.identity, *self._account.scopes))
        form = {"client_id": self._account.client_id, "scope": scope}
        response, _ = self._asked(self._account.provider.device_url, form)
        try:
            values = json.loads(response.body)
            return DeviceLogin(
                code=str(values["device_code"]),
                user_code=str(values["user_code"]),
                url=str(values.get("verification_uri") or values["verification_url"]),
                expires_in=timedelta(seconds=min(float(values.get("expires_in", 900)), 3600)),
                interval=timedelta(seconds=min(max(float(values.get("interval", 5)), 0), 60)),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._judge(response, self._clock.now())  # raises if it is a refusal
            raise TokenUnavailable(f"no valid answer for a device login: HTTP {response.status}", oauth=self._account.name) from error

    def for_device(self, login: DeviceLogin) -> Granted:
        """Asks once whether the user has signed in (RFC 8628 3.4).  Raises Pending while not."""
        form = {"grant_type": _DEVICE, "device_code": login.code, **self._client()}
        response, asked_at = self._asked(self._account.provider.token_url, form)
        waiting = _error_of(response.body)
        if waiting in ("authorization_pending", "slow_down"):
            raise Pending(slower=waiting == "slow_down")
        return self._judge(response, asked_at)

    # -- one request --------------------------------------------------------------------------------------------

    def _granted(self, form: Mapping[str, str]) -> Granted:
        return self._judge(*self._asked(self._account.provider.token_url, form))

    def _asked(self, url: str, form: Mapping[str, str]) -> tuple[Response, datetime]:
        asked_at = self._clock.now()
        try:
            return self._post(url, form), asked_at
        except NoAnswer as error:
            raise Busy(f"the token endpoint does not answer: {error}", None, oauth=self._account.name) from error

    def _judge(self, response: Response, asked_at: datetime) -> Granted:
        name = self._account.name
        match read(response.status, response.body, asked_at, account=name, wanted=self._account.scopes):
            case Granted() as granted:
                return granted
            case TokenRefusal() as refusal:
                raise TokenRefused(refusal, name)
            case Odd(reason=reason):
                raise Busy(f"the token endpoint returns no token: {reason}", response.retry_after, oauth=name)

    def _over_https(self, url: str, form: Mapping[str, str]) -> Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return request("POST", url, urlencode(form).encode(), headers, time_limit=TIME_LIMIT, most=_ANSWER, ca_file=self._account.ca_file)

    # -- client authentication ----------------------------------------------------------------------------------

    def _client(self) -> dict[str, str]:
        """The client's authentication: secret (RFC 6749 2.3.1), signed assertion (RFC 7523 2.2), or none for a public client."""
        account = self._account
        form = {"client_id": account.client_id}
        if account.certificate_file is not None:
            form |= {"client_assertion_type": _CLIENT_JWT, "client_assertion": self._client_assertion()}
        elif account.client_secret:
            form["client_secret"] = account.client_secret
        return form

    def _client_assertion(self) -> str:
        account, now = self._account, self._clock.now()
        certificate, key = key_pair(account)
        claims = {
            "aud": account.provider.token_url,
            "iss": account.client_id,
            "sub": account.client_id,
            "jti": secrets.token_urlsafe(16),
            "iat": int(now.timestamp()),
            "nbf": int((now - _ASSERTION_LIFE).timestamp()),  # tolerates clock skew
            "exp": int((now + _ASSERTION_LIFE).timestamp()),
        }
        return jwt.signed(claims, {"x5t#S256": jwt.thumbprint(certificate)}, key, account.provider.assertion_algorithm)

    def _service_assertion(self) -> str:
        """Google's form of RFC 7523 2.1: the service account requests a token for the user."""
        account, now = self._account, self._clock.now()
        found = service_account(account)
        claims = {
            "iss": found.email,
            "sub": account.account,
            "scope": " ".join(account.scopes),
            "aud": account.provider.token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
        }
        return jwt.signed(claims, {"kid": found.key_id}, jwt.private_key(found.key.encode()), "RS256")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    email: str
    key_id: str
    key: str = field(repr=False)


def key_pair(account: OAuth) -> tuple[Certificate, RSAPrivateKey]:
    """Reads the account's certificate and its private key, which may be in the same file.  Raises Permanent."""
    file = account.certificate_file
    try:
        if file is None:
            raise jwt.WrongKey("certificate_file is missing")
        found, key = jwt.certificate(file.read_bytes()), jwt.private_key((account.certificate_key_file or file).read_bytes())
        if not jwt.belongs(found, key):
            raise jwt.WrongKey("the private key does not belong to the certificate")
    except (OSError, jwt.WrongKey) as error:
        raise Permanent(f"the certificate cannot be used: {getattr(error, 'strerror', None) or error}", file=file) from error
    return found, key


def service_account(account: OAuth) -> ServiceAccount:
    """Reads Google's JSON key file.  Raises Permanent."""
    file = account.service_account_file
    try:
        if file is None:
            raise ValueError("service_account_file is missing")
        values = json.loads(file.read_bytes())
        found = ServiceAccount(email=str(values["client_email"]), key_id=str(values["private_key_id"]), key=str(values["private_key"]))
        jwt.private_key(found.key.encode())
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or (f"{error} is missing" if isinstance(error, KeyError) else error)
        raise Permanent(f"the service account's file cannot be used: {reason}", file=file) from error
    return found


def _error_of(body: bytes) -> str:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(values.get("error", "")) if isinstance(values, dict) else ""
