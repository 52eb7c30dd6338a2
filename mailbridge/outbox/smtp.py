"""A courier that speaks SMTP by smtplib: one recipient a transaction, one connection for many mails, and the final dot sent on its own.

Why smtplib and not an asynchronous client: see docs/adr/0005-smtplib-and-the-last-dot.md.
"""

from __future__ import annotations

import selectors
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from mailbridge.config import Tls
from mailbridge.errors import Permanent
from mailbridge.ops import crash
from mailbridge.outbox.courier import Deferred, Delivered, Outcome, Refused, Unknown

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
    rate: int = 20_000

    def of_body(self, size: int) -> float:
        return self.body + size / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server our mail goes to, and how."""

    host: str
    port: int
    tls: Tls = Tls.STARTTLS
    ca_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    helo: str = ""
    timeouts: Timeouts = Timeouts()
    reuse: int = 100  # mails a connection

    def __post_init__(self) -> None:
        if self.user and self.tls is Tls.NONE and self.host not in _LOOPBACK:
            raise Permanent("a password is not sent over a connection without TLS: set tls", host=self.host)


class _Trouble(Exception):
    """The conversation ended before the final dot."""

    def __init__(self, outcome: Deferred | Refused) -> None:
        super().__init__(outcome.reply)
        self.outcome = outcome


class SmtpCourier:
    """Hands mails to one relay.  Belongs to one thread."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._context = _tls_context(relay)
        self._session: _Session | None = None
        self._sent = 0

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        """See Courier.  The mail has CRLF line ends; addresses are plain (`mail.deliverable`)."""
        problem = _unsendable(mail_from, recipient, raw)
        if problem:
            return Refused(reply=problem)
        try:
            session = self._ready()
            self._offer(session, mail_from, recipient, raw)
        except _Trouble as trouble:
            self._after(trouble.outcome)
            return trouble.outcome
        try:
            before_dot()
        except BaseException:
            self._drop()  # no dot was sent: closing now throws the mail away (RFC 5321 4.1.1.4)
            raise
        return self._finish(session)

    def close(self) -> None:
        """Says QUIT where a connection is open."""
        session, self._session = self._session, None
        if session is not None:
            session.leave()

    def _ready(self) -> _Session:
        """An open, greeted, encrypted and logged in connection; the last one where it still lives."""
        if self._session is not None and (self._sent >= self._relay.reuse or not self._session.lives()):
            self.close()
        if self._session is None:
            self._session = _open(self._relay, self._context)
            self._sent = 0
        return self._session

    def _offer(self, session: _Session, mail_from: str, recipient: str, raw: bytes) -> None:
        """Everything but the final dot is with the server."""
        session.say("MAIL", f"FROM:<{mail_from}>{session.options(mail_from, recipient, raw)}")
        session.say("RCPT", f"TO:<{recipient}>")
        session.say("DATA", "", wanted=3, limit=self._relay.timeouts.data)
        session.pour(_stuffed(raw), self._relay.timeouts.of_body(len(raw)))

    def _finish(self, session: _Session) -> Outcome:
        """The final dot, and what the server says to it."""
        self._sent += 1
        try:
            session.pour(b".\r\n", self._relay.timeouts.command)
            crash.point("outbox.after_dot")
            code, reply = session.reply(self._relay.timeouts.dot)
        except OSError as error:
            self._drop()
            return Unknown(reply=f"no reply to the final dot: {_words(error)}")
        outcome = _judge(code, reply)
        self._after(outcome)
        return outcome

    def _after(self, outcome: Outcome) -> None:
        """A refused mail leaves a connection that can be used after RSET; after a fault or 421 there is none."""
        lost = isinstance(outcome, Unknown) or (isinstance(outcome, Deferred) and (outcome.code < 400 or outcome.code == 421))
        if self._session is None or isinstance(outcome, Delivered):
            return
        if lost or not self._session.reset():
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.client.close()


def _judge(code: int, reply: str) -> Outcome:
    """RFC 5321 4.2.1.  A reply that is none of the three kinds says nothing, so nobody knows."""
    match code // 100:
        case 2:
            return Delivered(reply=f"{code} {reply}")
        case 4:
            return Deferred(code=code, reply=reply)
        case 5:
            return Refused(code=code, reply=reply)
        case _:
            return Unknown(reply=f"{code} {reply}")


def _unsendable(mail_from: str, recipient: str, raw: bytes) -> str:
    """Why these words must not stand in an SMTP command or after DATA; '' where they may.  `mail.build` makes nothing of the kind."""
    for address in (mail_from, recipient):
        if any(char in "<> " or not char.isprintable() for char in address) or (not address and address is recipient):
            return "the address cannot stand in an SMTP command"
    if raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\r\n") or not raw.endswith(b"\r\n"):
        return "the mail has line ends other than CRLF"
    return ""


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

    def getreply(self) -> tuple[int, bytes]:
        lines = getattr(self, "file", None)
        if not isinstance(lines, _Lines):
            self.file = lines = _Lines(self.sock)  # type: ignore[arg-type]
        lines.until, lines.left = monotonic() + self.seconds, MAX_REPLY
        return super().getreply()


class _Session:
    """One conversation with the server, told in our outcomes."""

    def __init__(self, client: _Client, relay: Relay) -> None:
        self.client = client
        self._relay = relay

    def say(self, verb: str, argument: str, *, wanted: int = 2, limit: float | None = None) -> str:
        """The server's words, where the reply is of the wanted kind.  Raises _Trouble: it is another, or there is none."""
        self.client.seconds = seconds = limit or self._relay.timeouts.command
        self.client.command_encoding = "ascii" if argument.isascii() else "utf-8"
        try:
            self._sock.settimeout(seconds)
            code, reply = self.client.docmd(verb, argument)
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(Deferred(reply=f"{verb}: {_words(error)}", away=True)) from error
        text = _text(reply)
        if code // 100 == wanted:
            return text
        if code // 100 == 5 and code not in _LOGIN_WANTED:
            raise _Trouble(Refused(code=code, reply=f"{verb}: {text}"))
        raise _Trouble(Deferred(code=code, reply=f"{verb}: {text}", away=code in (421, *_LOGIN_WANTED)))

    def options(self, mail_from: str, recipient: str, raw: bytes) -> str:
        """What MAIL FROM must say of this mail.  Raises _Trouble where the server cannot take it, which is known before it is sent."""
        size = self.client.esmtp_features.get("size", "")
        if size.isdigit() and 0 < int(size) < len(raw):
            raise _Trouble(Refused(code=552, reply=f"the mail has {len(raw)} bytes, the server takes {size}"))
        found = f" SIZE={len(raw)}" if self.client.has_extn("size") else ""
        utf8 = not (mail_from + recipient).isascii() or not raw.partition(b"\r\n\r\n")[0].isascii()
        if utf8 and not self.client.has_extn("smtputf8"):
            raise _Trouble(Refused(code=553, reply="the address needs SMTPUTF8, which the server does not offer"))
        if not raw.isascii():
            if not self.client.has_extn("8bitmime"):
                raise _Trouble(Refused(code=554, reply="the mail needs 8BITMIME, which the server does not offer"))
            found += " BODY=8BITMIME"
        return found + (" SMTPUTF8" if utf8 else "")

    def pour(self, data: bytes, seconds: float) -> None:
        """All of it is sent, in pieces, within the time.  Before the dot a fault is a _Trouble, at the dot an OSError."""
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
            raise _Trouble(Deferred(reply=f"sending the mail: {_words(error)}", away=True)) from error

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
            self.say("RSET", "")
        except _Trouble:
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


def _open(relay: Relay, context: ssl.SSLContext | None) -> _Session:
    """A conversation that is ready for MAIL.  Raises _Trouble; whatever is wrong here is not the mail's fault, so it waits."""
    client = _Client(local_hostname=relay.helo or None, timeout=relay.timeouts.connect)
    try:
        _greet(client, relay, context)
    except (OSError, smtplib.SMTPException, _Trouble) as error:
        client.close()
        code = getattr(error, "smtp_code", 0) if isinstance(error, smtplib.SMTPException) else 0
        reply = error.outcome.reply if isinstance(error, _Trouble) else _words(error)
        raise _Trouble(Deferred(code=int(code), reply=f"{relay.host}:{relay.port}: {reply}", away=True)) from error
    return _Session(client, relay)


def _greet(client: _Client, relay: Relay, context: ssl.SSLContext | None) -> None:
    sock = socket.create_connection((relay.host, relay.port), relay.timeouts.connect)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # The final dot is a packet of its own; without this it would wait for the delayed acknowledgement of the one before, 40 ms a mail.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sock = sock
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
    if relay.user:
        client.seconds = relay.timeouts.command
        client.login(relay.user, relay.password)


def _encrypt(client: _Client, relay: Relay, context: ssl.SSLContext) -> None:
    """Plain text never stands in for TLS: without it the mail waits."""
    if not client.has_extn("starttls"):
        raise _Trouble(Deferred(reply="the server does not offer STARTTLS"))
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


def _tls_context(relay: Relay) -> ssl.SSLContext | None:
    return None if relay.tls is Tls.NONE else ssl.create_default_context(cafile=relay.ca_file)


def _stuffed(raw: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets another, so that none of the mail's own lines is the final one."""
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _text(reply: bytes) -> str:
    """The server's words on one line, without controls, at most 500 characters."""
    words = reply.decode("utf-8", "replace").split()
    return " ".join("".join(char for char in word if char.isprintable()) for word in words)[:500]


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return f"{error.smtp_code} {_text(said)}"
    return _text((str(error) or type(error).__name__).encode())
