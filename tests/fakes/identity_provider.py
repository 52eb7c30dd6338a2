"""An identity provider on a loopback port: authorization, token, device and introspection endpoints, with faults on demand.

Token lives are short where a test says so; what a client sent is in `asked`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

USER = "support@desk.test"


@dataclass
class IdentityProvider:
    """`rotates`: a refresh gives a new refresh token; `revokes`: the old one is dead from then on.  `faults` answer the next requests."""

    user: str = USER  # who signs in
    mailbox: str = ""  # whom tokens are for, where that is a shared mailbox
    lives: float = 3600  # seconds of an access token
    rotates: bool = True
    revokes: bool = False
    scope: str = "imap smtp"
    extra: dict[str, object] = field(default_factory=dict)  # over the values of a good answer; None leaves one out
    faults: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    refusing: tuple[str, str] | None = None  # error and description, for every token request
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    devices: dict[str, bool] = field(default_factory=dict)
    port: int = 0
    released: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, grant: str) -> int:
        """How many token requests of this kind were made."""
        return sum(form.get("grant_type") == grant for _, form in self.asked)

    def issue(self, *, refresh: bool = True, lives: float | None = None) -> dict[str, object]:
        """A good answer of the token endpoint."""
        access, life = secrets.token_urlsafe(24), self.lives if lives is None else lives
        self.tokens[access] = (self.mailbox or self.user, time.time() + life)
        answer: dict[str, object] = {"access_token": access, "token_type": "Bearer", "expires_in": life, "scope": self.scope}
        if refresh:
            answer["refresh_token"] = token = secrets.token_urlsafe(24)
            self.refresh[token] = self.user
        answer |= self.extra
        return {key: value for key, value in answer.items() if value is not None}

    def secrets(self) -> list[str]:
        """Everything that must not be written anywhere."""
        return [*self.tokens, *self.refresh, *self.codes]

    # -- what a person does ------------------------------------------------------------------------------------

    def sign_in(self, url: str) -> str:
        """The browser opens the address, the person consents; the address to which the browser is sent."""
        assert url.startswith(f"{self.url}/authorize?"), url
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def enter(self, user_code: str) -> None:
        """The person has entered the code on another device."""
        self.devices[user_code] = True

    # -- requests ------------------------------------------------------------------------------------------------

    def answer(self, handler: BaseHTTPRequestHandler, path: str, form: dict[str, str]) -> None:
        if path == "/introspect":
            owner, until = self.tokens.get(form.get("token", ""), ("", 0.0))
            _send(handler, 200, {"active": until > time.time(), "email": owner} if owner else {"active": False})
            return
        with self.lock:
            self.asked.append((path, form))
            fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            fault(handler)
        elif path == "/device":
            code = secrets.token_hex(4)
            self.devices[code] = False
            answer = {"device_code": code, "user_code": code, "verification_uri": f"{self.url}/d", "expires_in": 60, "interval": 0}
            _send(handler, 200, answer)
        elif self.refusing:
            _send(handler, 400, {"error": self.refusing[0], "error_description": self.refusing[1]})
        else:
            with self.lock:
                status, answer = self._granted(form)
            _send(handler, status, answer)

    def _granted(self, form: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        match form.get("grant_type"):
            case "authorization_code":
                begun = self.codes.pop(form["code"], None)
                challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
                if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
                    return 400, {"error": "invalid_grant", "error_description": "the code does not fit"}
                return 200, self.issue() | {"id_token": id_token(self.user)}
            case "refresh_token":
                token = form["refresh_token"]
                if token not in self.refresh:
                    return 400, {"error": "invalid_grant", "error_description": "AADSTS70000: the grant is not valid"}
                if self.rotates and self.revokes:
                    del self.refresh[token]
                return 200, self.issue(refresh=self.rotates)
            case "urn:ietf:params:oauth:grant-type:device_code":
                if not self.devices.get(form["device_code"]):
                    return 400, {"error": "authorization_pending"}
                return 200, self.issue() | {"id_token": id_token(self.user)}
            case "client_credentials" | "urn:ietf:params:oauth:grant-type:jwt-bearer":
                return 200, self.issue(refresh=False)
        return 400, {"error": "unsupported_grant_type"}


def id_token(user: str) -> str:
    parts = ({"alg": "none"}, {"email": user, "preferred_username": user.upper()})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts), "x"])


# -- faults ---------------------------------------------------------------------------------------------------------


def failing(status: int, body: object = None, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer that is no token: 429 with Retry-After, 500, an error object."""
    return lambda handler: _send(handler, status, body, **headers)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """The connection ends without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def silent(provider: IdentityProvider) -> Callable[[BaseHTTPRequestHandler], None]:
    """No answer until the provider ends."""
    return lambda handler: cut(handler) if provider.released.wait(30) else None


def _send(handler: BaseHTTPRequestHandler, status: int, body: object, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.wfile.write(data)


@contextlib.contextmanager
def running(**settings: object) -> Iterator[IdentityProvider]:
    """A provider that answers."""
    provider = IdentityProvider(**settings)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            provider.answer(self, self.path, {name: values[0] for name, values in parse_qs(body).items()})

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def browse(url: str) -> None:
    """The browser goes to the address."""
    opener = build_opener(HTTPRedirectHandler())
    with opener.open(url, timeout=10) as page:
        page.read()
