"""Login with a browser or a device: the authorization request, its answer (loopback port or pasted), and the checks of a grant."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from urllib.parse import parse_qs, urlencode, urlsplit

from mailbridge.config.model import OAuth
from mailbridge.errors import Permanent
from mailbridge.oauth.answers import Granted, missing_scopes
from mailbridge.oauth.endpoint import DeviceLogin, Pending, TokenEndpoint
from mailbridge.oauth.model import TokenUnavailable
from mailbridge.oauth.source import Secrets, Vault, fingerprint, good
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant

PATIENCE = timedelta(minutes=10)  # how long the user may take
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>mailbridge</title><p style='font:16px sans-serif;margin:3em'>{}</p>"  # our words only
)


class LoginFailed(Permanent):
    """The login failed.  A login stored before is unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An open authorization request: the user opens `url`, the provider redirects the browser to `redirect`."""

    url: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(account: OAuth, port: int) -> Authorization:
    """Makes an authorization request with PKCE (RFC 7636) and a random state (RFC 6749 10.12)."""
    # Microsoft ignores the port of http://localhost, Google that of http://127.0.0.1 (RFC 8252 7.3).
    host = "localhost" if account.provider.name == "microsoft" else "127.0.0.1"
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    redirect = f"http://{host}:{port}/"
    parameters = {
        "client_id": account.client_id,
        "response_type": "code",
        "redirect_uri": redirect,
        "scope": " ".join((*account.provider.identity, *account.scopes)),
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"login_hint": account.account} if account.account else {}),
        **dict(account.provider.authorize_with),
    }
    joint = "&" if "?" in account.provider.authorize_url else "?"
    url = f"{account.provider.authorize_url}{joint}{urlencode(parameters)}"
    return Authorization(url=url, redirect=redirect, state=state, verifier=verifier)


def code_in(answer: str, begun: Authorization) -> str:
    """The authorization code in the address to which the browser was redirected.  Raises LoginFailed."""
    values = {name: found[0] for name, found in parse_qs(urlsplit(answer.strip()).query).items()}
    if not secrets.compare_digest(values.get("state", "").encode(), begun.state.encode()):
        raise LoginFailed("this address does not belong to this login: copy the whole address that the browser shows at the end")
    if error := values.get("error"):
        said = " ".join(f"{error} {values.get('error_description', '')}".split())[:300]
        raise LoginFailed(f"the provider refuses: {''.join(char for char in said if char.isprintable())}")
    if not values.get("code"):
        raise LoginFailed("there is no code in this address: copy the whole address that the browser shows at the end")
    return values["code"]


class Loopback:
    """Waits on a loopback port for the redirect of the browser (RFC 8252 7.3)."""

    def __init__(self, port: int) -> None:
        """Opens the port.  Raises Permanent if it is in use."""
        try:
            self._server = HTTPServer(("127.0.0.1", port), _handler(self._arrived))
        except OSError as error:
            raise Permanent(f"port {port} cannot be opened ({error.strerror}): choose another with --port") from error
        self._answer = ""

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def answer(self, patience: timedelta = PATIENCE) -> str:
        """The path and query of the redirect.  Raises LoginFailed if none came within `patience`."""
        until = monotonic() + patience.total_seconds()
        try:
            while not self._answer:
                self._server.timeout = until - monotonic()
                if self._server.timeout <= 0:
                    raise LoginFailed("the sign-in was not completed in time")
                self._server.handle_request()
        finally:
            self._server.server_close()
        return self._answer

    def _arrived(self, path: str) -> bool:
        query = parse_qs(urlsplit(path).query)
        if "state" not in query:  # a request for the favicon, or of another program
            return False
        self._answer = path
        return True


def _handler(arrived: Callable[[str], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds: an idle connection must not block the port

        def do_GET(self) -> None:
            taken = arrived(self.path)
            page = _PAGE.format("Return to the terminal: the login continues there.").encode() if taken else b""
            self.send_response(200 if taken else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # the line would contain the code
            pass

    return Handler


def wait_for_device(endpoint: TokenEndpoint, login: DeviceLogin, sleep: Callable[[float], object]) -> Granted:
    """Polls until the user has entered the code (RFC 8628 3.5).  Raises LoginFailed or TokenRefused."""
    interval, waited = login.interval.total_seconds(), 0.0
    while waited < login.expires_in.total_seconds():
        sleep(interval)
        waited += max(interval, 0.05)
        try:
            return endpoint.for_device(login)
        except Pending as pending:
            interval += 5 if pending.slower else 0
        except TokenUnavailable:
            interval = min(2 * interval + 1, 60)  # RFC 8628 3.5: back off if there is no answer
    raise LoginFailed("the code was not entered in time")


def keep(account: OAuth, granted: Granted, store: Store, vault: Vault) -> Grant:
    """Stores the login in place of the one before.  Raises LoginFailed if the user, the scopes or a refresh token is wrong or missing."""
    crash.point("oauth.login_answered")
    identity = _identity(account, granted)
    if account.flow.interactive and (missing := missing_scopes(account.scopes, granted.scope)):
        hint = "sign in again and accept all permissions, or add them to the app"
        raise LoginFailed(f"the consent leaves out {', '.join(missing)}: {hint}")
    if account.flow.interactive and not granted.refresh_token:
        raise LoginFailed("the provider gave no refresh token, so the login would end within the hour: the app needs offline access")
    secrets_ = Secrets(refresh=granted.refresh_token, access=granted.token.value)
    grant = vault.sealed(good(Grant(account=account.name, identity=identity), granted, fingerprint(account)), secrets_)
    crash.point("oauth.login_before_commit")
    with store.write() as tx:
        tx.grants.replace(grant)
    crash.point("oauth.login_after_commit")
    return grant


def _identity(account: OAuth, granted: Granted) -> str:
    """The address of the signed-in user; '' if the provider does not send it."""
    if not account.flow.interactive:
        return ""
    if not granted.identity:
        if account.provider.identity:
            raise LoginFailed("the provider does not say who signed in: the app needs the permissions openid and email")
        return ""
    if account.account in granted.identity:
        return account.account
    found = granted.identity[0]
    raise LoginFailed(
        f"{found} has signed in, but {account.account} was expected. Sign in as {account.account} (a private window helps); "
        f'where {found} opens a shared mailbox, write account = "{found}" into [oauth.{account.name}]'
    )


