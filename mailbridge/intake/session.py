"""One SMTP or LMTP connection: the dialogue of aiosmtpd with our own reader of DATA, our own answers and timeouts.

docs/adr/0004-own-data-reader.md lists what aiosmtpd 1.4.6 does differently and why we do not use it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from aiosmtpd.smtp import SMTP, syntax

from mailbridge.clock import Clock
from mailbridge.config.model import ListenerSettings
from mailbridge.errors import StoreAway
from mailbridge.intake.auth import MECHANISMS, TRIES, Logins, login
from mailbridge.intake.data import DataFault, DataReader
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog
from mailbridge.intake.paths import NULL_SENDER, printable, read_path, without_detail
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.headers import header_at
from mailbridge.message.received import received
from mailbridge.message.trace_ids import new_trace_id

IDLE = 300.0  # seconds of inactivity; RFC 5321 4.5.3.2.7 requires at least five minutes
LIFETIME = 3600.0  # seconds of a whole connection, so that a slow client cannot keep it for ever
FIRST = 30.0  # seconds until the first byte of a client
COMMITTING = 600.0  # seconds for the store; the inbox answers much earlier

TRY_LATER = "451 4.3.0 Temporary local problem, try again later"
CLOSING = "421 4.3.2 Shutting down, try again later"
TOO_LONG = "421 4.4.2 Waited too long"
TOO_MANY = "421 4.7.0 Too many connections, try again later"
TOO_OFTEN = "421 4.7.0 Too many failures"

# RFC 2034 3: a code for each answer that aiosmtpd gives without one.
_ENHANCED = {
    "214": "2.0.0",
    "220": "2.0.0",
    "221": "2.0.0",
    "250": "2.0.0",
    "252": "2.0.0",
    "421": "4.3.2",
    "451": "4.3.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "504": "5.5.4",
    "530": "5.7.0",
    "552": "5.3.4",
    "553": "5.1.3",
    "554": "5.5.0",
    "555": "5.5.4",
}


@dataclass(slots=True, kw_only=True)
class ListenerState:
    """What the connections of one listener share."""

    listener: ListenerSettings
    inbox: Inbox
    addresses: Callable[[str], bool]
    clock: Clock
    log: IntakeLog
    tls: ssl.SSLContext | None = None
    hostname: str = "localhost"
    logins: Logins | None = None
    sessions: set[SmtpSession] = field(default_factory=set)
    buffered: int = 0  # bytes of unfinished mails in memory
    closing: bool = False

    @property
    def source(self) -> Source:
        return Source(self.listener.protocol)

    @property
    def most_buffered(self) -> int:
        return max(256 << 20, 4 * self.listener.max_size)

    def takes(self, address: str) -> bool:
        """Whether the address is accepted: the desk's own addresses with and without +detail, and those of the listener's `recipients`
        (`a@b` or `@b`)."""
        address = address.lower()
        plain = without_detail(address)
        domain = plain[plain.rfind("@") :]
        listed = {recipient.lower() for recipient in self.listener.recipients}
        return self.addresses(address) or self.addresses(plain) or not listed.isdisjoint((address, plain, domain))


class _Hooks:
    """The callbacks of aiosmtpd's commands."""

    def __init__(self, state: ListenerState) -> None:
        self._state = state

    async def handle_EHLO(self, server: SmtpSession, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        """What we truly do, and nothing else: AUTH where there are users, behind TLS; no CHUNKING, no DSN."""
        session.host_name = hostname
        offers = [server.hostname, f"SIZE {self._state.listener.max_size}", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if server.offers_tls:
            offers.append("STARTTLS")
        if server.offers_auth:
            offers.append(f"AUTH {MECHANISMS}")
        return ["\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"])]

    async def handle_RCPT(self, server: SmtpSession, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address == NULL_SENDER:
            return "501 5.1.3 A recipient has to be named"
        if not self._state.takes(address):
            self._state.log.info("recipient_refused", source=self._state.source, peer=server.peer)
            return "550 5.1.1 No such address here"
        if len(envelope.rcpt_tos) >= self._state.listener.max_recipients:
            return "452 4.5.3 Too many recipients, send the mail to the others separately"  # RFC 5321 4.5.3.1.10
        envelope.rcpt_tos.append(address)
        server.pipelined()
        return "250 2.1.5 Recipient known"

    async def handle_MAIL(self, server: SmtpSession, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        server.pipelined()
        return "250 2.1.0 Sender taken"

    async def handle_exception(self, error: Exception) -> str:
        # An internal error is a 4xx, without details.
        self._state.log.error("listener_failed", source=self._state.source, error=type(error).__name__, detail=str(error))
        return TRY_LATER


class SmtpSession(SMTP):
    """The dialogue with one client."""

    command_size_limit = 2048
    line_length_limit = 1 << 16  # of a command as it arrives; the lines of a mail are not bound by it

    def __init__(self, state: ListenerState, loop: asyncio.AbstractEventLoop) -> None:
        self._state = state
        self._mail: DataReader | None = None
        self._mail_read: asyncio.Future[None] | None = None
        self._plain_answers = True  # the greeting and the answers to HELO and EHLO carry no enhanced code (RFC 2034 3)
        self._busy = False
        self._answers: list[str] = []  # not sent yet
        self._may_wait = False  # the next answer may go out together with the one behind it
        self._end = loop.time() + LIFETIME
        self._alive_until = 0.0
        self._spoken = False  # the client has sent something
        self._failures = 0  # of AUTH
        self.address = ""  # of the client, without the port
        super().__init__(
            _Hooks(state),
            data_size_limit=state.listener.max_size,
            enable_SMTPUTF8=True,
            hostname=state.hostname,
            ident=f"{state.source.upper().replace('SMTP', 'ESMTP')} mailbridge",
            tls_context=state.tls,
            require_starttls=state.listener.require_tls,
            timeout=IDLE,
            auth_exclude_mechanism=("PLAIN", "LOGIN"),
            auth_required=state.logins is not None,
            loop=loop,
        )

    @property
    def peer(self) -> str:
        """The client's address, without the port."""
        return str(self.session.peer[0]) if self.session is not None and self.session.peer else ""

    @property
    def recipients(self) -> list[str]:
        return self.envelope.rcpt_tos if self.envelope is not None else []

    @property
    def helo(self) -> str:
        return (self.session.host_name or "") if self.session is not None else ""

    def pipelined(self) -> None:
        """The next answer may be sent together with the following one, if the client uses pipelining."""
        self._may_wait = True

    @property
    def offers_tls(self) -> bool:
        return self.tls_context is not None and self._tls_protocol is None

    @property
    def offers_auth(self) -> bool:
        return self._state.logins is not None and self._tls_protocol is not None and not self._is_logged_in

    @property
    def _is_logged_in(self) -> bool:
        return self.session is not None and bool(self.session.authenticated)

    def abort(self) -> None:
        """Cuts the connection."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def _hang_up(self, answer: str) -> None:
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(answer.encode() + b"\r\n")
            self.transport.close()

    def close_soon(self) -> None:
        """Asks the client to come back later, after a mail in progress."""
        if not self._busy:
            self._hang_up(CLOSING)

    # Bytes in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS makes the connection a second time, with the same client.
        others = [] if self in self._state.sessions else [one for one in self._state.sessions if one.address == _address(transport)]
        self.address = _address(transport)
        if len(others) >= self._state.listener.peer_connections:
            self._state.log.info("client_too_many", source=self._state.source, peer=self.address)
            instead = BusyProtocol()
            if isinstance(transport, asyncio.Transport):
                transport.set_protocol(instead)
            instead.connection_made(transport)
            return
        self._state.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._state.sessions.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._spoken = True
        self._reset_timeout()
        if self._mail is None:
            super().data_received(data)
            return
        rest = self._feed(data)
        if rest:
            super().data_received(rest)

    def _feed(self, chunk: bytes) -> bytes | None:
        if self._mail is None or self._mail_read is None:
            raise RuntimeError("no mail is being read")
        self._state.buffered += len(chunk)
        self._mail_size += len(chunk)
        rest = self._mail.feed(chunk)
        if rest is not None:
            self._mail = None
            if not self._mail_read.done():
                self._mail_read.set_result(None)
        return rest

    async def _handle_client(self) -> None:
        try:
            await super()._handle_client()
        except ConnectionError:
            return  # the client disconnected between two commands

    # Timeouts: each byte resets the inactivity timeout, the whole connection has a limit.

    def _reset_timeout(self, duration: float | None = None) -> None:
        now = self.loop.time()
        self._alive_until = now + duration if duration is not None else min(now + (IDLE if self._spoken else min(FIRST, IDLE)), self._end)
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._alive_until, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._alive_until:
            self._timeout_handle = self.loop.call_at(self._alive_until, self._timeout_cb)
        else:
            self._state.log.info("client_too_slow", source=self._state.source, peer=self.peer)
            self._hang_up(TOO_LONG)

    # Answers

    async def push(self, status: str | bytes) -> None:
        answer = status.decode() if isinstance(status, bytes) else status
        self._answers.append(answer if self._plain_answers else _with_code(answer))
        self._plain_answers = False
        may_wait, self._may_wait = self._may_wait, False
        if may_wait and b"\n" in self._reader._buffer:  # type: ignore[attr-defined]
            return  # RFC 2920 3.2: the next command has arrived, its answer is sent with this one
        answers, self._answers = self._answers, []
        self._writer.write("".join(f"{one}\r\n" for one in answers).encode())
        await self._writer.drain()

    # Commands

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        return read_path(arg) or (None, None)

    @syntax("HELO hostname")
    async def smtp_HELO(self, hostname: str) -> None:
        self._plain_answers = True
        await super().smtp_HELO(hostname)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, hostname: str) -> None:
        self._plain_answers = True
        await super().smtp_EHLO(hostname)

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is on already")
            return
        await super().smtp_STARTTLS(arg)
        self._plain_answers = False

    async def smtp_AUTH(self, arg: str) -> None:
        if refusal := self._refusal_of_auth(arg):
            await self.push(refusal)
            return
        if self._state.logins is None or self.session is None:
            raise RuntimeError("AUTH without users")
        is_in, answer = await login(self._state.logins, arg, self._challenge, self._failures)
        if is_in:
            self.session.authenticated = True
        elif answer[:3] in {"454", "535"}:
            self._failures += 1
            self._state.log.warning("login_failed", source=self._state.source, peer=self.peer, answer=answer[:3])
        if self._failures >= TRIES:
            self._hang_up(TOO_OFTEN)
        elif answer:
            await self.push(answer)

    def _refusal_of_auth(self, arg: str) -> str:
        if self._state.logins is None:
            return "502 5.5.1 AUTH is not offered"
        if not self.helo:
            return "503 5.5.1 Say EHLO first"
        if self._tls_protocol is None:
            return "538 5.7.11 Say STARTTLS first"
        if self._is_logged_in or (self.envelope is not None and self.envelope.mail_from):
            return "503 5.5.1 Not now"
        return "" if arg else "501 5.5.4 AUTH names a mechanism"

    async def _challenge(self, words: bytes) -> bytes | None:
        answer = await self.challenge_auth(words)
        return answer if isinstance(answer, bytes) else None

    async def smtp_VRFY(self, arg: str) -> None:
        # RFC 5321 7.3: an answer without information, so that nobody collects addresses.
        await self.push("252 2.5.0 Send a mail to find out")

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        refusal = self._refusal_of_data(arg)
        if refusal:
            await self.push(refusal)
            return
        self._busy = True
        try:
            content = await self._read_mail()
            self._reset_timeout(COMMITTING)
            await self.push(await self._answer(content))
        finally:
            self._busy = False
            self._set_post_data_state()  # type: ignore[no-untyped-call]
            self._reset_timeout()
        if self._state.closing:
            self.close_soon()

    def _refusal_of_data(self, arg: str) -> str:
        if not self.helo:
            return "503 5.5.1 Say HELO first"
        if not self.recipients:
            return "503 5.5.1 No valid recipient yet"
        if arg:
            return "501 5.5.4 DATA takes no argument"
        if self._state.buffered > self._state.most_buffered:
            return "452 4.3.1 Too many mails at once, try again later"
        return CLOSING if self._state.closing else ""

    async def _read_mail(self) -> bytes | DataFault:
        """The whole content, once it has come to its end."""
        self._mail = mail = DataReader(self._state.listener.max_size)
        self._mail_read = self.loop.create_future()
        self._mail_size = 0
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            # A client that did not wait for 354 has its first bytes in the stream of commands.
            while self._mail is not None and self._reader._buffer:  # type: ignore[attr-defined]  # no public way to ask without waiting
                rest = self._feed(await self._reader.read(1 << 20))
                if rest:
                    self._reader.feed_data(rest)
            await self._mail_read
        finally:
            self._state.buffered -= self._mail_size
            self._mail = None
        return mail.content

    async def _answer(self, content: bytes | DataFault) -> str:
        """One answer for SMTP; one a recipient, in the order of RCPT, for LMTP (RFC 2033 4.2)."""
        match content:
            case DataFault.TOO_BIG:
                answer = f"552 5.3.4 The mail is larger than {self._state.listener.max_size} bytes"
            case DataFault.BARE_LINE_END:
                answer = "550 5.6.11 A CR or LF stands alone in the mail (RFC 5321 2.3.8)"
            case _:
                answer = await self._accept(content)
        return answer

    async def _accept(self, raw: bytes) -> str:
        envelope = self._our_envelope()
        raw = received(envelope, self._state.hostname, tls=self._tls_protocol is not None) + raw[header_at(raw) :]
        try:
            # Shielded: a client that hangs up now must not undo what the store is doing (RFC 5321 4.5.5 lets it ask again).
            inbox_id = await asyncio.shield(asyncio.wrap_future(self._state.inbox.submit(raw, envelope), loop=self.loop))
        except StoreAway as away:
            self._state.log.warning("mail_put_off", source=self._state.source, peer=self.peer, size=len(raw), reason=away.what)
            return "451 4.3.0 The mail cannot be stored now, try again later"
        except Exception as error:  # internal errors are a 451; 5xx is a deliberate refusal
            return await self.handle_exception(error)
        where = {"source": self._state.source, "inbox": inbox_id, "trace": envelope.trace}
        self._state.log.info("mail_accepted", **where, size=len(raw), peer=self.peer)
        return f"250 2.0.0 Accepted: queued as {envelope.trace}"

    def _our_envelope(self) -> Envelope:
        mail_from = self.envelope.mail_from if self.envelope is not None else None
        return Envelope(
            source=self._state.source,
            received_at=self._state.clock.now(),
            mail_from="" if mail_from == NULL_SENDER else mail_from,
            rcpt_to=tuple(self.recipients),
            account=self._state.listener.name,
            peer=self.peer,
            helo=printable(self.helo),
            trace=new_trace_id(self._state.clock.now(), token_bytes),
        )


class LmtpSession(SmtpSession):
    """The same with LHLO, and with one answer for each recipient after the content."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, hostname: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def _answer(self, content: bytes | DataFault) -> str:
        answer = await super()._answer(content)
        code, _, text = answer.partition(" ")
        enhanced, _, words = text.partition(" ")
        return "\r\n".join(f"{code} {enhanced} <{recipient}> {words}" for recipient in self.recipients)


class BusyProtocol(asyncio.Protocol):
    """Refuses a connection above the limit: come back later."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(TOO_MANY.encode() + b"\r\n")
        transport.close()


def _address(transport: asyncio.BaseTransport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _with_code(answer: str) -> str:
    """`250 OK` is `250 2.0.0 OK`; an answer with a code of its own, a multi-line one and 354 stay as they are."""
    code, text = answer[:3], answer[4:]
    enhanced = _ENHANCED.get(code)
    if enhanced is None or "\r\n" in answer or text[:2] == f"{code[0]}.":
        return answer
    return f"{code} {enhanced} {text}"
