"""Logins as a desk would configure them, at an identity provider of the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from mailbridge.clock import SystemClock
from mailbridge.config.model import OAuth
from mailbridge.config.providers import GENERIC, Flow
from mailbridge.oauth.cipher import Cipher
from mailbridge.oauth.endpoint import TokenEndpoint
from mailbridge.oauth.source import Secrets, TokenSource, Vault, fingerprint, good
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from tests.fakes.identity_provider import IdentityProvider

KEY = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "the-client-secret-0815"


class MovableClock:
    """The system's clock, moved by a test."""

    def __init__(self) -> None:
        self._ahead, self._lock = timedelta(), Lock()

    def now(self) -> datetime:
        with self._lock:
            return SystemClock().now() + self._ahead

    def move(self, **by: float) -> None:
        with self._lock:
            self._ahead += timedelta(**by)


def an_account(provider: IdentityProvider, flow: Flow = Flow.CODE, **more: object) -> OAuth:
    endpoints = {"authorize_url": f"{provider.url}/authorize", "token_url": f"{provider.url}/token", "device_url": f"{provider.url}/device"}
    account = OAuth(
        name="support",
        provider=replace(GENERIC, **endpoints, refresh_lifetime=timedelta(days=90)),  # type: ignore[arg-type]
        flow=flow,
        scopes=("imap", "smtp", "offline_access"),
        client_id="client-1",
        client_secret=CLIENT_SECRET,
        account=provider.user,
    )
    return replace(account, **more)  # type: ignore[arg-type]


def a_vault() -> Vault:
    return Vault(Cipher(KEY))


def a_source(account: OAuth, store: Store, clock: MovableClock | None = None, **more: object) -> TokenSource:
    clock = clock or MovableClock()
    return TokenSource(account, store, a_vault(), TokenEndpoint(account, clock), clock, **more)  # type: ignore[arg-type]


def signed_in(account: OAuth, provider: IdentityProvider, store: Store, *, lives: float | None = None) -> None:
    """Somebody signed in a moment ago."""
    from mailbridge.oauth import answers

    now = SystemClock().now()
    import json

    granted = answers.read(200, json.dumps(provider.issue(lives=lives)).encode(), now, account=account.name, wanted=account.scopes)
    assert isinstance(granted, answers.Granted)
    secrets = Secrets(refresh=granted.refresh_token, access=granted.token.value)
    grant = a_vault().sealed(good(Grant(account=account.name, identity=account.account), granted, fingerprint(account)), secrets)
    with store.write() as tx:
        tx.grants.replace(grant)


def a_config_text(provider: IdentityProvider, folder: Path, more: str = "") -> str:
    """The [oauth.support] section for the provider; its secrets are in files of the folder."""
    (folder / "secret.key").write_text(KEY)
    (folder / "client.secret").write_text(CLIENT_SECRET)
    return f"""
[encryption]
key_file = "secret.key"
[oauth.support]
provider = "generic"
client_id = "client-1"
client_secret_file = "client.secret"
authorize_url = "{provider.url}/authorize"
token_url = "{provider.url}/token"
device_url = "{provider.url}/device"
scopes = ["imap", "smtp", "offline_access"]
{more}
"""
