"""The daemon: every part of an App in its thread, until a signal ends it.

    listeners   one asyncio thread            pollers    one thread a mailbox folder
    inbox       one writing thread            workers    turns of the pipeline
    delivery    threads that send             ticker     clocks, rule reload, heartbeat
    webhooks    threads that call

SIGTERM and SIGINT stop in the order of the mail's way: nothing new is taken, what was accepted is committed, a turn that began is finished.
A second signal ends the process at once; nothing is lost by that either, it only takes longer to start again.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from mailbridge import __version__
from mailbridge.checks.advice import advice
from mailbridge.daemon import shadow, telemetry
from mailbridge.daemon.app import App
from mailbridge.daemon.clock import ClockSteps
from mailbridge.daemon.receiving import listeners, pollers
from mailbridge.daemon.recovery import Recovery
from mailbridge.daemon.schedule import schedule
from mailbridge.daemon.stand_ins import StandIns
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.webhooks import deliver as webhooks
from mailbridge.errors import StoreAway
from mailbridge.health import names
from mailbridge.health.writes import WriteWatch
from mailbridge.jobs.ticker import Ticker
from mailbridge.ops import log as logs
from mailbridge.ops import sockets, systemd
from mailbridge.ops.http import HttpServer, serve
from mailbridge.ops.metrics import MetricsServer
from mailbridge.ops.time_limit import cut_all
from mailbridge.store.wake import Listener

if TYPE_CHECKING:
    from mailbridge.web.server import WebServer

log = logs.get("daemon")

STATE_KEY = "daemon"
LISTEN_TIMEOUT = timedelta(seconds=1)
ORDERLY = 2.0  # seconds at the end for what is in progress; then the connections of those who wait are cut
LAST = 9.0  # seconds for everything; what does not end by then ends with the process


class Daemon:
    """All threads of one process.  `roles`: the parts that run; a further process may work only the inbox and the outbox."""

    def __init__(self, app: App, *, intake: bool = True, clocks: bool = True, workers: int | None = None) -> None:
        self._app = app
        self._stop = Event()
        self._threads: list[Thread] = []
        self._mail_waits, self._outbox_waits, self._calls_wait = Event(), Event(), Event()
        self._is_ready = False
        self._end_telemetry: Callable[[], None] = lambda: None
        self._writes = WriteWatch(app.store, app.config)
        self._stand_ins: list[StandIns] = []
        self._schema: str | None = app.store.head()
        self._endpoint: MetricsServer | None = None
        self._health_page: HttpServer | None = None
        self._pages: WebServer | None = None
        # One process works one SQLite file: two turns in flight keep its reading children busy while one of them writes.
        self._workers = workers if workers is not None else 2
        self._intake = intake
        self._pollers = list(pollers(app)) if intake else []
        self.listeners = listeners(app, app.config.listeners if intake else ())
        jobs = schedule(app, intake=intake, clocks=clocks, beat=self._beat, probe=self._probe, stand_in=self._stand_in)
        self._ticker = Ticker(jobs, app.runs)

    def start(self) -> None:
        """Starts every part.  Returns when every port answers."""
        app = self._app
        shadow.begin(app.store, app.config, app.clock.now())
        if self._intake:
            sockets.match(app.config.sockets)
        self._end_telemetry = telemetry.begin(app.config, app.sources.board, os.environ)
        app.desk()  # loads keys and rules before the first mail
        self._endpoint = app.endpoint() if self._intake else None
        health = app.config.health
        if self._intake and (health.listen or health.socket):
            self._health_page = serve("health", health.listen, health.socket, app.sources.pulse.answer)
        self._pages = app.pages() if self._intake and app.config.web.is_on and not app.config.web.separate else None
        if app.store.is_sqlite:  # no other process works this file, so all claims are of a process that ended
            app.leases.alone()
        if self._intake:
            app.sources.watch()
        for channel, wake in (("inbox", self._mail_waits), ("outbox", self._outbox_waits), ("webhooks", self._calls_wait)):
            self._thread(f"bell-{channel}", partial(self._pass_on, app.store.listener(channel), wake))
        for number in range(self._workers):
            self._thread(f"worker-{number}", partial(app.worker.run, self._stop, self._mail_waits))
        delivery: dict[str, list[DeliveryWorker]] = {}
        for server in app.config.outgoing_servers:
            of = "" if server is app.config.outgoing else f"{server.name}-"
            source = names.outgoing_name(app.config, server)
            delivery[source] = [app.delivery_worker(server) for _ in range(server.connections)]
            for number, worker in enumerate(delivery[source]):
                self._thread(f"delivery-{of}{number}", partial(worker.run, self._stop, self._outbox_waits))
            report = partial(app.sources.transport_reports, server)
            make = partial(app.delivery_worker, server)
            self._stand_ins.append(StandIns(source, delivery[source], make, report, self._outbox_waits))
        app.sources.works_again = Recovery(app, delivery, self._outbox_waits.set).works_again
        for number in range(0 if app.config.desk.shadow else webhooks.THREADS):
            self._thread(f"webhooks-{number}", partial(app.webhooker().run, self._stop, self._calls_wait))
        for poller in self._pollers:
            self._thread(f"imap-{poller.name}", poller.run)
        for found in advice(app.config) if self._intake else ():
            log.warning("senders_not_believed", reason=found.message, advice=found.hint)
        if app.config.desk.shadow:
            log.warning("shadow_mode", reason="mailboxes are only looked at, and nothing is sent")
        self.listeners.start()
        self._ticker.start()
        wakes = (self._mail_waits.set, self._outbox_waits.set, self._calls_wait.set)
        workers = [one for each in delivery.values() for one in each]
        look_again = (self._ticker.plan_anew, *(one.look_again for one in workers), app.called_servers.look_again, *wakes)
        clock = ClockSteps(app, look_again=look_again)
        self._thread("clock", partial(clock.run, self._stop))
        # Modules, templates and rules stay; garbage collection need not check them again.
        gc.collect()
        gc.freeze()
        log.info("daemon_started", version=__version__, ports=list(self.listeners.ports), mailboxes=len(self._pollers))

    def notify_ready(self) -> None:
        """Notifies systemd that every port answers; the heartbeat reports to its watchdog from now on."""
        systemd.notify("READY=1")
        self._is_ready = True

    def stop(self) -> None:
        """Stops all threads, together, within LAST seconds; every accepted mail is committed.

        Mails that are on their way through a listener have the time that its `stop` gives them.
        """
        log.info("daemon_stopping")
        began = monotonic()
        self._stop.set()
        for poller in self._pollers:
            poller.stop()
        for one in self._stand_ins:
            one.stop()
        for wake in (self._mail_waits, self._outbox_waits, self._calls_wait):
            wake.set()
        drain = Thread(target=self.listeners.stop, name="drain", daemon=True)
        drain.start()
        self._ticker.stop_soon()
        _join(self._threads, began + ORDERLY)
        self._cut()
        drain.join()
        self._ticker.stop(timedelta(seconds=max(0.0, began + LAST - monotonic())))
        for page in (self._endpoint, self._health_page, self._pages):
            if page:
                page.close()
        if self._intake:
            self._app.inbox.close()
        _join(self._threads, began + LAST)
        self._app.leases.close()
        self._end_telemetry()
        log.info("daemon_stopped", left=[thread.name for thread in self._threads if thread.is_alive()])

    def _cut(self) -> None:
        """Cuts the connections to servers that do not answer.  What was not finished is done after the next start."""
        for poller in self._pollers:
            poller.cut()
        self._app.interrupt_checks()
        self._app.store.hurry()
        cut_all()

    def wait(self) -> None:
        """Returns when `ask_to_stop` was called."""
        while not self._stop.wait(1):
            pass

    def ask_to_stop(self) -> None:
        self._stop.set()

    def reload(self) -> None:
        """SIGHUP: loads the rules now, as a whole."""
        Thread(target=self._app.reload_files, name="reload").start()

    def _thread(self, name: str, run: Callable[[], None]) -> None:
        thread = Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pass_on(self, listener: Listener, wake: Event) -> None:
        """Passes notifications of the store, from this process or (PostgreSQL) any other, to the threads."""
        while not self._stop.is_set():
            if listener.wait(LISTEN_TIMEOUT):
                wake.set()
        listener.close()

    def _probe(self) -> None:
        listeners = self._app.config.listeners if self._intake else ()
        places = {names.listener_name(one.protocol, one.name): place for one, place in zip(listeners, self.listeners.places, strict=True)}
        self._app.sources.probe(places)

    def _stand_in(self) -> None:
        for one in self._stand_ins:
            one.look()

    def _beat(self) -> None:
        now = self._app.clock.now()
        beat: Mapping[str, object] = {
            "pid": os.getpid(),
            "version": __version__,
            "ports": list(self.listeners.ports),
            "rules": self._app.policy().version,
        }
        try:
            self._app.refresh_keys()
            with self._app.store.write() as tx:
                tx.state.set(STATE_KEY, beat, now)
            self._look_at_schema()
            self._ticker.report_hanging()
        except StoreAway as error:
            log.warning("store_away", error=str(error))
        trouble = self._writes.look()
        if self._is_ready:  # systemd must get READY first
            # Also without a database: a restart would not bring it back, and mail servers would get no answer instead of 451.
            systemd.notify(f"STATUS={trouble or 'works'}\nWATCHDOG=1")

    def _look_at_schema(self) -> None:
        """Tells once when the database was upgraded under this process."""
        schema = self._app.store.current()
        if schema != self._schema:
            advice = "restart this process with the version that upgraded the database"
            log.error("schema_changed", schema=schema, knows=self._app.store.head(), advice=advice)
        self._schema = schema


def _join(threads: Sequence[Thread], until: float) -> None:
    """Waits for the threads until a moment of the monotonic clock."""
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))


def run(app: App, *, ready: Callable[[Daemon], None] = lambda _daemon: None, intake: bool = True, clocks: bool = True) -> int:
    """Runs until SIGTERM or SIGINT; 0 after an orderly end.  Raises Permanent where another daemon has this SQLite file."""
    with ExitStack() as stack:
        stack.enter_context(app.store.instance_lock())
        daemon = Daemon(app, intake=intake, clocks=clocks)
        _signals(daemon)
        daemon.start()
        stack.callback(daemon.stop)
        stack.callback(lambda: systemd.notify("STOPPING=1"))
        daemon.notify_ready()
        ready(daemon)
        daemon.wait()
    return 0


def _signals(daemon: Daemon) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        if daemon._stop.is_set():
            os._exit(1)
        daemon.ask_to_stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGHUP, lambda _number, _frame: daemon.reload())
