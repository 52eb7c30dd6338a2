"""One conversation with a mail server by smtplib, told in our outcomes: a deadline for each reply as a whole, and TLS or nothing."""

from __future__ import annotations

import selectors
import smtplib
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from mailbridge.config.model import Tls
from mailbridge.delivery.transport import Deferred, Refused
from mailbridge.errors import Permanent, StoreAway
from mailbridge.oauth import advice, sasl
from mailbridge.oauth.model import AccessToken, LoginNeeded, TokenRefused, TokenSource, TokenUnavailable
from mailbridge.ops.time_limit import within

SASL_STEPS = 3  # the token, the answer to an error, and one to spare
MAX_REPLY = 64 << 10
_PIECE = 64 << 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LOGIN_WANTED = (530, 534, 535, 538)  # RFC 4954 6: about us, not about the mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The longest each phase may take as a whole, in seconds; after RFC 5321 4.5.3.2, shorter where waiting longer helps nobody.

    `dot` is the ten minutes of the RFC: giving up earlier makes second copies (RFC 1047).  `body` allows a big mail `rate` bytes a second.
    """

    connect: float = 30
    greeting: float = 60
    command: float = 60
    data: float = 120
    body: float = 180
    dot: float = 600
    rate: int = 100_000

    def of_body(self, size: int) -> float:
        return self.body + size / self.rate

    @property
    def of_greeting(self) -> float:
        """From the connection to the login: EHLO twice, STARTTLS and a login of three steps."""
        return self.connect + self.greeting + 6 * self.command

    def of_offer(self, size: int) -> float:
        """From MAIL to the last byte before the final dot."""
        return 2 * self.command + self.data + self.of_body(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server our mail goes to, and how."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    ca_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    tokens: TokenSource | None = field(default=None, repr=False)  # where the login's token comes from; None: by password
    helo: str = ""
    timeouts: Timeouts = Timeouts()
    reuse: int = 100  # mails a connection

    def __post_init__(self) -> None:
        if self.user and self.tls is Tls.NONE and self.host not in _LOOPBACK:
            raise Permanent("a password is not sent over a connection without TLS: set tls", host=self.host)


class Trouble(Exception):
    """The conversation ended before the final dot."""

    def __init__(self, outcome: Deferred | Refused) -> None:
        super().__init__(outcome.reply)
        self.outcome = outcome


class TokenRejected(Trouble):
    """The server does not take the token."""


class _Lines:
    """The reading half of a connection: whole lines, in a time and a size for the whole reply, however slowly they trickle in."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""
        self.until = 0.0
        self.left = MAX_REPLY

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            wait = self.until - monotonic()
            if wait <= 0:
                raise TimeoutError("the reply took too long")
            self._sock.settimeout(wait)
            data = self._sock.recv(4096)
            if not data:
                break
            self.left -= len(data)
            if self.left < 0:
                raise OSError("the reply is too long")
            self._buffer += data
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        line, self._buffer = self._buffer[: min(end, limit)], self._buffer[min(end, limit) :]
        return line

    def close(self) -> None:
        self._buffer = b""


class _Client(smtplib.SMTP):
    """smtplib with a deadline for each reply; everything else is its own."""

    seconds = 60.0
    line: socket.socket | None = None  # the connection, also while a TLS handshake has `sock`
    is_cut = False

    def cut(self) -> None:
        """Every read and write of the conversation fails from now on.  Another thread may call it."""
        self.is_cut = True
        if self.line is not None:
            self.line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self.line is not None:
            self.line.close()

    def getreply(self) -> tuple[int, bytes]:
        lines = getattr(self, "file", None)
        if not isinstance(lines, _Lines):
            self.file = lines = _Lines(self.sock)  # type: ignore[arg-type]
        lines.until, lines.left = monotonic() + self.seconds, MAX_REPLY
        return super().getreply()


class SubmissionSession:
    """One conversation with the server, told in our outcomes."""

    def __init__(self, client: _Client, relay: Relay) -> None:
        self.client = client
        self._relay = relay

    def say(self, verb: str, argument: str, *, wanted: int = 2, limit: float | None = None) -> str:
        """The server's words, where the reply is of the wanted kind.  Raises Trouble: it is another, or there is none."""
        self.client.seconds = seconds = limit or self._relay.timeouts.command
        self.client.command_encoding = "ascii" if argument.isascii() else "utf-8"
        try:
            self._sock.settimeout(seconds)
            code, reply = self.client.docmd(verb, argument)
        except (OSError, smtplib.SMTPException) as error:
            raise Trouble(Deferred(reply=f"{verb}: {error_text(error)}", away=True)) from error
        text = _text(reply)
        if code // 100 == wanted:
            return text
        if is_over_limit(code, text):
            raise Trouble(Deferred(code=code, reply=f"{verb}: {text}", away=True))
        if code // 100 == 5 and code not in _LOGIN_WANTED:
            raise Trouble(Refused(code=code, reply=f"{verb}: {text}"))
        raise Trouble(Deferred(code=code, reply=f"{verb}: {text}", away=code in (421, *_LOGIN_WANTED)))

    def options(self, mail_from: str, recipient: str, raw: bytes) -> str:
        """What MAIL FROM must say of this mail.  Raises Trouble where the server cannot take it, which is known before it is sent."""
        size = self.client.esmtp_features.get("size", "")
        if size.isdigit() and 0 < int(size) < len(raw):
            raise Trouble(Refused(code=552, reply=f"the mail has {len(raw)} bytes, the server takes {size}"))
        found = f" SIZE={len(raw)}" if self.client.has_extn("size") else ""
        utf8 = not (mail_from + recipient).isascii() or not raw.partition(b"\r\n\r\n")[0].isascii()
        if utf8 and not self.client.has_extn("smtputf8"):
            raise Trouble(Refused(code=553, reply="the address needs SMTPUTF8, which the server does not offer"))
        if not raw.isascii():
            if not self.client.has_extn("8bitmime"):
                raise Trouble(Refused(code=554, reply="the mail needs 8BITMIME, which the server does not offer"))
            found += " BODY=8BITMIME"
        return found + (" SMTPUTF8" if utf8 else "")

    def pour(self, data: bytes, seconds: float) -> None:
        """All of it is sent, in pieces, within the time.  Before the dot a fault is a Trouble, at the dot an OSError."""
        until = monotonic() + seconds
        try:
            for at in range(0, len(data), _PIECE):
                wait = until - monotonic()
                if wait <= 0:
                    raise TimeoutError("the server takes the mail too slowly")
                self._sock.settimeout(wait)
                self._sock.sendall(data[at : at + _PIECE])
        except OSError as error:
            if data == b".\r\n":
                raise
            raise Trouble(Deferred(reply=f"sending the mail: {error_text(error)}", away=True)) from error

    def reply(self, seconds: float) -> tuple[int, str]:
        self.client.seconds = seconds
        code, reply = self.client.getreply()
        return code, _text(reply)

    def lives(self) -> bool:
        """Whether the server is still there, as far as can be seen without asking: it has said nothing unasked, such as goodbye."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._sock, selectors.EVENT_READ)
                return not selector.select(0)
        except OSError:
            return False

    def reset(self) -> bool:
        """The connection can take another mail."""
        try:
            with within(self._relay.timeouts.command, self.client.cut):
                self.say("RSET", "")
        except Trouble:
            return False
        return True

    def leave(self) -> None:
        self.client.seconds = 5
        try:
            self.client.quit()
        except (OSError, smtplib.SMTPException):
            self.client.close()

    @property
    def _sock(self) -> socket.socket:
        if self.client.sock is None:
            raise OSError("the connection is closed")
        return self.client.sock


def open_session(relay: Relay, context: ssl.SSLContext | None) -> SubmissionSession:
    """A conversation that is ready for MAIL.  Raises Trouble; whatever is wrong here is not the mail's fault, so it waits."""
    client = _Client(local_hostname=relay.helo or None, timeout=relay.timeouts.connect)
    try:
        with within(relay.timeouts.of_greeting, client.cut):
            _greet(client, relay, context)
    except (TokenUnavailable, TokenRefused, LoginNeeded, StoreAway) as error:
        client.close()
        raise Trouble(Deferred(reply=f"{relay.host}:{relay.port}: {error}", away=True)) from error
    except (OSError, smtplib.SMTPException, Trouble) as error:
        client.close()
        code = error.outcome.code if isinstance(error, Trouble) else getattr(error, "smtp_code", 0)
        reply = error.outcome.reply if isinstance(error, Trouble) else error_text(error)
        raise Trouble(Deferred(code=int(code), reply=f"{relay.host}:{relay.port}: {reply}", away=True)) from error
    return SubmissionSession(client, relay)


def _greet(client: _Client, relay: Relay, context: ssl.SSLContext | None) -> None:
    token = relay.tokens.token() if relay.tokens is not None else None  # before the server's time for a login runs
    sock = socket.create_connection((relay.host, relay.port), relay.timeouts.connect)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # The final dot is a packet of its own; without this it would wait for the delayed acknowledgement of the one before, 40 ms a mail.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sock, client.line = sock, sock.dup()
    if client.is_cut:  # while it was connecting
        raise TimeoutError("the connection took too long")
    if relay.tls is Tls.IMPLICIT and context is not None:
        client.sock = context.wrap_socket(sock, server_hostname=relay.host)
    client._host = relay.host  # type: ignore[attr-defined]  # starttls() checks the certificate against it
    client.seconds = relay.timeouts.greeting
    code, reply = client.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, reply)
    _hello(client)
    if relay.tls is Tls.STARTTLS and context is not None:
        _encrypt(client, relay, context)
    if not relay.user:
        return
    client.seconds = relay.timeouts.command
    if relay.tokens is None or token is None:
        client.login(relay.user, relay.password)
        return
    try:
        _present(client, relay, token)
    except TokenRejected:
        fresh = relay.tokens.token(rejected=token)
        if fresh.value == token.value:
            raise
        _present(client, relay, fresh)


def _present(client: _Client, relay: Relay, token: AccessToken) -> None:
    """Logged in with the token (RFC 4954).  Raises TokenRejected with the server's reason and what to do."""
    offered = client.esmtp_features.get("auth", "").split()
    mechanism = sasl.mechanism(offered)
    if mechanism is None:
        raise Trouble(Deferred(reply=f"the server offers no OAuth login, only: {' '.join(offered) or 'none'}", away=True))
    exchange = sasl.Exchange(mechanism, relay.user, token, relay.host, relay.port)
    # Without an initial response: a token can be longer than a command line may be (RFC 4954 4).
    code, reply = client.docmd("AUTH", mechanism)
    for _ in range(SASL_STEPS):
        if code != 334:
            break
        code, reply = client.docmd(b64encode(exchange(reply)).decode())
    if code == 235:
        return
    said = _text(reply)
    reason = f" ({exchange.reason})" if exchange.reason else ""
    help_ = advice.of_server(f"{code} {said}", relay.user)
    reply_ = f"{said}{reason}{f'. {help_}' if help_ else ''}"
    raise TokenRejected(Deferred(code=code, reply=reply_, away=True))


def _encrypt(client: _Client, relay: Relay, context: ssl.SSLContext) -> None:
    """Plain text never stands in for TLS: without it the mail waits."""
    if not client.has_extn("starttls"):
        raise Trouble(Deferred(reply="the server does not offer STARTTLS"))
    if client.sock is not None:
        client.sock.settimeout(relay.timeouts.command)
    code, reply = client.starttls(context=context)
    if code != 220:
        raise smtplib.SMTPResponseException(code, reply)
    _hello(client)


def _hello(client: _Client) -> None:
    """EHLO, or HELO for a server that does not know it (RFC 5321 3.2); a server that is busy is not asked twice."""
    code, reply = client.ehlo()
    if code // 100 == 5:
        code, reply = client.helo()
    if code // 100 != 2:
        raise smtplib.SMTPHeloError(code, reply)


def _text(reply: bytes) -> str:
    """The server's words on one line, without controls, at most 500 characters."""
    words = reply.decode("utf-8", "replace").split()
    return " ".join("".join(char for char in word if char.isprintable()) for word in words)[:500]


def is_over_limit(code: int, reply: str) -> bool:
    """Whether the account has sent too much for now: no mail is to blame, and every one has to wait.

    Microsoft 365 says 432 for too many connections, and 554 5.2.0 for too many recipients a day, which would be the end of the mail.
    """
    return code == 432 or (code // 100 in (4, 5) and "submissionquotaexceeded" in reply.lower())


def error_text(error: BaseException) -> str:
    """What went wrong, in the server's words where it had any."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return f"{error.smtp_code} {_text(said)}"
    return _text((str(error) or type(error).__name__).encode())
