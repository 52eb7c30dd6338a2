"""The SMTP and LMTP listeners: one thread with one asyncio loop, beside the one of the metrics page."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Thread

from mailbridge.clock import Clock, SystemClock
from mailbridge.config.exposure import is_open
from mailbridge.config.model import ListenerSettings
from mailbridge.errors import Permanent
from mailbridge.intake.auth import Logins
from mailbridge.intake.busy import BusyProtocol
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener_state import ClientConnection, ListenerState
from mailbridge.intake.lmtp_session import LmtpSession
from mailbridge.intake.log import IntakeLog, Silent
from mailbridge.intake.session import SmtpSession
from mailbridge.intake.users import read
from mailbridge.ops import sockets

BACKLOG = 128
DRAIN = timedelta(seconds=30)  # for mails in progress at a stop
LAST_WORD = 1.0  # seconds for the last 421 to be sent


class Listeners:
    """All listeners of a desk.  `addresses` says whether an address (lower case, without +detail) is the desk's own."""

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
        """`desk_ids`: results under the names of [desk] authserv_ids are trusted."""
        self._desk_ids = desk_ids
        self._states = [
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
        self._servers: list[tuple[asyncio.Server, ...]] = []  # of each listener; systemd may pass several sockets of one name
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="listeners", daemon=True)
        self._started = False

    @property
    def ports(self) -> tuple[int, ...]:
        """The port each listener is bound to, in the order of the configuration; for port 0 the one the system chose."""
        return tuple(port for _, port in self.places)

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """(address, port) of each listener, as it is bound."""
        return tuple(servers[0].sockets[0].getsockname()[:2] for servers in self._servers)

    def start(self) -> None:
        """Binds all listeners.  Raises Permanent for an address that cannot be bound, and then none is bound."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd logs complete addresses
        self._thread.start()
        self._started = True
        try:
            asyncio.run_coroutine_threadsafe(self._bind(), self._loop).result()
        except BaseException:
            self.stop(timedelta(0))
            raise

    def stop(self, grace: timedelta = DRAIN) -> None:
        """Accepts no further connection, serves the open ones, and closes them.

        A client may go on for `grace`.  Those that go on no longer get a 421: between two mails after a second of silence, within a
        mail after 5 seconds without progress.  After `grace` everybody gets it.
        """
        if self._started:
            asyncio.run_coroutine_threadsafe(self._drain(grace.total_seconds()), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._started = False
        if not self._loop.is_closed():
            self._loop.close()
        for state in self._states:
            if state.logins:
                state.logins.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _bind(self) -> None:
        for state in self._states:
            self._servers.append(await self._serve(state))

    async def _serve(self, state: ListenerState) -> tuple[asyncio.Server, ...]:
        kind = LmtpSession if state.listener.protocol == "lmtp" else SmtpSession

        def answer() -> asyncio.Protocol:
            if len(state.sessions) >= state.listener.max_connections:
                return BusyProtocol()
            return kind(state, self._loop)

        host, port = state.listener.host, state.listener.port
        create = partial(self._loop.create_server, answer, start_serving=False)
        try:
            if state.listener.socket:
                given = sockets.named(state.listener.socket)
                servers = tuple([await create(sock=one, backlog=sockets.BACKLOG) for one in given])
            else:
                servers = (await create(host, port, backlog=BACKLOG),)
        except OSError as error:
            raise Permanent(f"the {state.source.upper()} listener cannot use {host}:{port}: {error.strerror or error}") from error
        for server in servers:
            self._refuse_the_world(server, state)
        for server in servers:
            await server.start_serving()
        return servers

    def _refuse_the_world(self, server: asyncio.Server, state: ListenerState) -> None:
        """Raises Permanent for a socket, ours or systemd's, on which strangers could write results that the desk trusts."""
        for one in server.sockets:
            address = str(one.getsockname()[0])
            if is_open(state.listener, self._desk_ids, address):
                server.close()
                why = f"can be reached from outside ({address}) and would believe what anybody writes about senders"
                hint = 'name your mail server in trusted_peers, or take authserv_ids and profile away and set check = "dns"'
                raise Permanent(f"the {state.source.upper()} listener {why}; {hint}")

    async def _drain(self, grace: float) -> None:
        await self._stop_accepting()
        end = self._loop.time() + grace
        while (open_ := self._open()) and self._loop.time() < end:
            for session in open_:
                session.close_if_idle()
            await asyncio.sleep(0.02)
        for state in self._states:
            state.closing = True
        for session in self._open():
            session.close_soon()
        end = self._loop.time() + LAST_WORD
        while self._open() and self._loop.time() < end:
            await asyncio.sleep(0.02)
        await self._cut_off()

    async def _stop_accepting(self) -> None:
        """Closes our copies of the listening sockets; connections that were accepted have their session."""
        servers = [server for servers in self._servers for server in servers]
        for server in servers:
            for one in server.sockets:
                self._loop.remove_reader(one.fileno())
        for _ in range(3):  # an accepted connection gets its session in the next turn of the loop, and a closed server gives it none
            await asyncio.sleep(0)
        for server in servers:
            server.close()

    def _open(self) -> list[ClientConnection]:
        return [session for state in self._states for session in state.sessions]

    async def _cut_off(self) -> None:
        for session in self._open():
            session.abort()
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks(self._loop) if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


def _logins_of(listener: ListenerSettings) -> Logins | None:
    """The logins that the listener requires; None where it requires none.  Raises Permanent for a file of users that cannot be read."""
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
    """The context for STARTTLS; None where the listener has no certificate.  Raises Permanent for an invalid one."""
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
