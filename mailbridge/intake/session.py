"""One SMTP or LMTP connection: the dialogue of aiosmtpd with our own reader of DATA, our own answers and timeouts.

docs/adr/0004-own-data-reader.md lists what aiosmtpd 1.4.6 does differently and why we do not use it.
"""

from __future__ import annotations

import asyncio
from secrets import token_bytes

from aiosmtpd.smtp import SMTP, syntax

from mailbridge.intake.auth import TRIES, login
from mailbridge.intake.busy import BusyProtocol
from mailbridge.intake.data import DataFault
from mailbridge.intake.incoming import IncomingMail, accept
from mailbridge.intake.listener_state import ListenerState
from mailbridge.intake.paths import NULL_SENDER, printable, read_path
from mailbridge.intake.smtp_answers import CLOSING, TOO_LONG, TOO_OFTEN, with_code
from mailbridge.intake.smtp_hooks import Hooks
from mailbridge.message.envelope import Envelope
from mailbridge.message.trace_ids import new_trace_id

IDLE = 300.0  # seconds of inactivity; RFC 5321 4.5.3.2.7 requires at least five minutes
LIFETIME = 3600.0  # seconds of a whole connection, so that a slow client cannot keep it for ever
FIRST = 30.0  # seconds until the first byte of a client
COMMITTING = 600.0  # seconds for the store; the inbox answers much earlier
BETWEEN_MAILS = 1.0  # seconds of silence after which a client between two mails is told to come back, while the daemon stops
WITHIN_MAIL = 5.0  # the same within a mail, without an answered command or a further KiB of its content


class SmtpSession(SMTP):
    """The dialogue with one client."""

    command_size_limit = 2048
    line_length_limit = 1 << 16  # of a command as it arrives; the lines of a mail are not bound by it

    def __init__(self, state: ListenerState, loop: asyncio.AbstractEventLoop) -> None:
        self._state = state
        self._mail: IncomingMail | None = None
        self._plain_answers = True  # the greeting and the answers to HELO and EHLO carry no enhanced code (RFC 2034 3)
        self._busy = False
        self._answers: list[str] = []  # not sent yet
        self._may_wait = False  # the next answer may go out together with the one behind it
        self._end = loop.time() + LIFETIME
        self._alive_until = 0.0
        self._moved_at = loop.time()  # the last answer, or the last KiB of a mail
        self._spoken = False  # the client has sent something
        self._failures = 0  # of AUTH
        self.address = ""  # of the client, without the port
        super().__init__(
            Hooks(state),
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
        """Asks the client to come back later; a mail that is being stored gets its answer first."""
        if not self._is_storing:
            self._hang_up(CLOSING)

    def close_if_idle(self) -> None:
        """Asks the client to come back later if it does not go on."""
        in_mail = self._busy or (self.envelope is not None and self.envelope.mail_from is not None)
        if self.loop.time() - self._moved_at > (WITHIN_MAIL if in_mail else BETWEEN_MAILS):
            self.close_soon()

    @property
    def _is_storing(self) -> bool:
        return self._busy and self._mail is None

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
        rest: bytes | None = data
        if self._mail is not None and not self._mail.is_whole:
            before = self._mail.kibibytes
            rest = self._mail.feed(data)
            if self._mail.kibibytes > before:
                self._moved_at = self.loop.time()
        if rest:
            super().data_received(rest)

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
        self._moved_at = self.loop.time()
        answer = status.decode() if isinstance(status, bytes) else status
        self._answers.append(answer if self._plain_answers else with_code(answer))
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
        return ""

    async def _read_mail(self) -> bytes | DataFault:
        """The whole content, once it has come to its end."""
        self._mail = mail = IncomingMail(self._state, self.loop)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            # A client that did not wait for 354 has its first bytes in the stream of commands.
            while not mail.is_whole and self._reader._buffer:  # type: ignore[attr-defined]  # no public way to ask without waiting
                rest = mail.feed(await self._reader.read(1 << 20))
                if rest:
                    self._reader.feed_data(rest)
            await mail.whole
        finally:
            mail.close()
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
        try:
            return await accept(self._state, raw, self._our_envelope(), tls=self._tls_protocol is not None, loop=self.loop)
        except Exception as error:  # internal errors are a 451; 5xx is a deliberate refusal
            return await self.handle_exception(error)

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


def _address(transport: asyncio.BaseTransport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
