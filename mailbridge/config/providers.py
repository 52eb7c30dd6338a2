"""What is known about each provider: endpoints, scopes, servers and limits.  A literal table; nothing here acts.

`{tenant}` and `{login}` in an endpoint are filled from the configuration and the cloud.  Limits are those of the provider less a margin, so
that people and other programs can still use the mailbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Flow(StrEnum):
    """How access tokens are obtained."""

    CODE = "code"  # a person signs in with a browser: authorization code with PKCE (RFC 6749 4.1, RFC 7636)
    DEVICE = "device"  # a person signs in on another device (RFC 8628)
    CLIENT_CREDENTIALS = "client-credentials"  # nobody signs in (RFC 6749 4.4)
    SERVICE_ACCOUNT = "service-account"  # nobody signs in: Google's domain-wide delegation (RFC 7523 2.1)

    @property
    def interactive(self) -> bool:
        """Whether a person signs in, so that there is a refresh token."""
        return self in (Flow.CODE, Flow.DEVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLimits:
    """What the provider allows one mailbox; 0: not known."""

    smtp_connections: int = 0
    mails_per_minute: int = 0
    imap_connections: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`identity`: scopes that make the provider say who signed in.  `app_scopes` are those of tokens that nobody signed in for."""

    name: str
    authorize_url: str = ""
    token_url: str = ""
    device_url: str = ""
    scopes: tuple[str, ...] = ()
    identity: tuple[str, ...] = ("openid", "email")
    app_scopes: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()
    authorize_with: tuple[tuple[str, str], ...] = ()  # further parameters of the authorization request
    imap: Server | None = None
    smtp: Server | None = None
    limits: ProviderLimits = ProviderLimits()
    refresh_lifetime: timedelta | None = None  # of a refresh token that is not used; each use starts it anew
    assertion_algorithm: str = "RS256"


_MICROSOFT_SCOPES = ("IMAP.AccessAsUser.All", "SMTP.Send")

MICROSOFT = Provider(
    name="microsoft",
    authorize_url="https://{login}/{tenant}/oauth2/v2.0/authorize",
    token_url="https://{login}/{tenant}/oauth2/v2.0/token",  # noqa: S106
    device_url="https://{login}/{tenant}/oauth2/v2.0/devicecode",
    # Without offline_access there is no refresh token, and a person would have to sign in every hour.
    scopes=(*(f"https://{{resource}}/{scope}" for scope in _MICROSOFT_SCOPES), "offline_access"),
    app_scopes=("https://{app_resource}/.default",),
    flows=(Flow.CODE, Flow.DEVICE, Flow.CLIENT_CREDENTIALS),
    imap=Server(host="{imap}", port=993),
    smtp=Server(host="{smtp}", port=587),
    # The provider's: 3 connections and 30 mails a minute.  Of 10,000 recipients a day the server tells (`delivery.session.is_over_limit`).
    limits=ProviderLimits(smtp_connections=2, mails_per_minute=30),
    refresh_lifetime=timedelta(days=90),
    assertion_algorithm="PS256",
)
GOOGLE = Provider(
    name="google",
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106
    scopes=("https://mail.google.com/",),
    app_scopes=("https://mail.google.com/",),
    # Not DEVICE: Google allows that flow a few scopes, and mail is not among them.
    flows=(Flow.CODE, Flow.SERVICE_ACCOUNT),
    authorize_with=(("access_type", "offline"), ("prompt", "consent")),  # or there is no refresh token at the second login
    imap=Server(host="imap.gmail.com", port=993),
    smtp=Server(host="smtp.gmail.com", port=587),
    limits=ProviderLimits(imap_connections=15),
    refresh_lifetime=timedelta(days=183),
)
FASTMAIL = Provider(
    name="fastmail",
    authorize_url="https://api.fastmail.com/oauth/authorize",
    token_url="https://api.fastmail.com/oauth/refresh",  # noqa: S106
    scopes=("https://www.fastmail.com/dev/protocol-imap", "https://www.fastmail.com/dev/protocol-smtp", "offline_access"),
    identity=(),
    flows=(Flow.CODE,),
    imap=Server(host="imap.fastmail.com", port=993),
    smtp=Server(host="smtp.fastmail.com", port=587),
)
GENERIC = Provider(name="generic", flows=(Flow.CODE, Flow.DEVICE, Flow.CLIENT_CREDENTIALS))

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (MICROSOFT, GOOGLE, FASTMAIL, GENERIC)}

# Microsoft's national clouds differ in hosts only.
CLOUDS: Mapping[str, Mapping[str, str]] = {
    "global": {
        "login": "login.microsoftonline.com",
        "resource": "outlook.office.com",
        "app_resource": "outlook.office365.com",
        "imap": "outlook.office365.com",
        "smtp": "smtp.office365.com",
    },
    "gcc-high": {
        "login": "login.microsoftonline.us",
        "resource": "outlook.office365.us",
        "app_resource": "outlook.office365.us",
        "imap": "outlook.office365.us",
        "smtp": "smtp.office365.us",
    },
    "dod": {
        "login": "login.microsoftonline.us",
        "resource": "outlook-dod.office365.us",
        "app_resource": "outlook-dod.office365.us",
        "imap": "outlook-dod.office365.us",
        "smtp": "outlook-dod.office365.us",
    },
    "china": {
        "login": "login.chinacloudapi.cn",
        "resource": "partner.outlook.cn",
        "app_resource": "partner.outlook.cn",
        "imap": "partner.outlook.cn",
        "smtp": "smtp.partner.outlook.cn",
    },
}
