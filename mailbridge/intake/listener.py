"""The SMTP and LMTP listeners: one thread with one asyncio loop, beside the one of the metrics page."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Thread

from mailbridge.clock import Clock, SystemClock
from mailbridge.config.exposure import is_open
from mailbridge.config.model import ListenerSettings
from mailbridge.errors import Permanent
from mailbridge.intake import sockets
from mailbridge.intake.auth import Logins
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog, Silent
from mailbridge.intake.session import BusyProtocol, ListenerState, LmtpSession, SmtpSession
from mailbridge.intake.users import read

BACKLOG = 128


class Listeners:
    """All listeners of a desk.  `addresses` says whether an address (lower case) is the desk's own; +detail is taken off here."""

    def __init__(
        self,
        listeners: Sequence[ListenerSettings],
        inbox: Inbox,
        addresses: Callable[[str], bool],
        *,
        clock: Clock | None = None,
        log: IntakeLog | None = None,
        desk_ids: bool = False,
    ) -> None:
        """`desk_ids`: results under names of [desk] authserv_ids are believed."""
        self._desk_ids = desk_ids
        self._doors = [
            ListenerState(
                listener=listener,
                inbox=inbox,
                addresses=addresses,
                clock=clock or SystemClock(),
                log=log or Silent(),
                tls=_tls_of(listener),
                hostname=listener.hostname or socket.getfqdn(),
                logins=_logins_of(listener),
            )
            for listener in listeners
        ]
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="listeners", daemon=True)
        self._started = False

    @property
    def ports(self) -> tuple[int, ...]:
        """The port each listener is bound to, in the order of the configuration; for port 0 the one the system chose."""
        return tuple(server.sockets[0].getsockname()[1] for server in self._servers)

    def start(self) -> None:
        """Every listener is bound and answers; raises Permanent for an address that cannot be bound, and then none is."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own log names whole addresses
        self._thread.start()
        self._started = True
        try:
            asyncio.run_coroutine_threadsafe(self._bind(), self._loop).result()
        except BaseException:
            self.stop(timedelta(0))
            raise

    def stop(self, grace: timedelta = timedelta(seconds=10)) -> None:
        """No connection is open: mails that were on their way have had `grace` to arrive, everybody else was told 421."""
        if self._started:
            asyncio.run_coroutine_threadsafe(self._drain(grace.total_seconds()), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._started = False
        if not self._loop.is_closed():
            self._loop.close()
        for door in self._doors:
            if door.logins:
                door.logins.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _bind(self) -> None:
        for door in self._doors:
            self._servers.append(await self._serve(door))

    async def _serve(self, door: ListenerState) -> asyncio.Server:
        kind = LmtpSession if door.listener.protocol == "lmtp" else SmtpSession

        def answer() -> asyncio.Protocol:
            if door.closing or len(door.sessions) >= door.listener.max_connections:
                return BusyProtocol()
            return kind(door, self._loop)

        host, port = door.listener.host, door.listener.port
        given = sockets.named(door.listener.socket) if door.listener.socket else None
        try:
            if given is not None:
                server = await self._loop.create_server(answer, sock=given, backlog=BACKLOG, start_serving=False)
            else:
                server = await self._loop.create_server(answer, host, port, backlog=BACKLOG, start_serving=False)
        except OSError as error:
            raise Permanent(f"the {door.source.upper()} listener cannot use {host}:{port}: {error.strerror or error}") from error
        self._refuse_the_world(server, door)
        await server.start_serving()
        return server

    def _refuse_the_world(self, server: asyncio.Server, door: ListenerState) -> None:
        """Raises Permanent for a socket, ours or systemd's, at which strangers could write what the desk believes about senders."""
        for one in server.sockets:
            address = str(one.getsockname()[0])
            if is_open(door.listener, self._desk_ids, address):
                server.close()
                why = f"can be reached from outside ({address}) and would believe what anybody writes about senders"
                hint = 'name your mail server in trusted_peers, or take authserv_ids and profile away and set check = "dns"'
                raise Permanent(f"the {door.source.upper()} listener {why}; {hint}")

    async def _drain(self, grace: float) -> None:
        for server in self._servers:
            server.close()
        for door in self._doors:
            door.closing = True
            for session in tuple(door.sessions):
                session.close_soon()
        end = self._loop.time() + grace
        while any(door.sessions for door in self._doors) and self._loop.time() < end:
            await asyncio.sleep(0.02)
        await self._cut_off()

    async def _cut_off(self) -> None:
        for door in self._doors:
            for session in tuple(door.sessions):
                session.abort()
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks(self._loop) if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


def _logins_of(listener: ListenerSettings) -> Logins | None:
    """Who has to log in; None where nobody has to.  Raises Permanent for users that cannot be used: nobody could submit."""
    if listener.users_file is None:
        return None
    if listener.tls_cert is None:
        raise Permanent("users_file needs tls_cert and tls_key", listener=f"{listener.host}:{listener.port}")
    users, problems = read(listener.users_file)
    if problems or not users:
        why = problems[0].message if problems else "there is no user in it: mailbridge listener passwd NAME makes one"
        raise Permanent(f"users_file: {why}", file=listener.users_file, line=problems[0].line if problems else 0)
    return Logins(users_file=listener.users_file)


def _tls_of(listener: ListenerSettings) -> ssl.SSLContext | None:
    """The context for STARTTLS; None when the listener has no certificate.  Raises Permanent for one that cannot be used."""
    if listener.tls_cert is None:
        if listener.require_tls:
            raise Permanent("require_tls needs tls_cert and tls_key", listener=f"{listener.host}:{listener.port}")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(listener.tls_cert, listener.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"the certificate cannot be used: {error}", certificate=listener.tls_cert, key=listener.tls_key) from error
    return context
