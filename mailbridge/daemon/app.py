"""The composition root: the parts of a desk, and how they are connected.  `threads` runs them, the other modules here build them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from time import time_ns
from typing import TYPE_CHECKING, Self

from mailbridge.checks import build
from mailbridge.checks.examine import Examiner
from mailbridge.clock import Clock, SystemClock
from mailbridge.config import shipped
from mailbridge.config.model import CanarySettings, Config, Outgoing
from mailbridge.conversation.canary import brings_canary
from mailbridge.conversation.tokens import Signer
from mailbridge.daemon.canaries import CanaryOutside
from mailbridge.daemon.faults import FaultNotices
from mailbridge.daemon.jobs import DeskJobs
from mailbridge.daemon.keys import load_signer
from mailbridge.daemon.logins import LoginTokens
from mailbridge.daemon.sources import SourceWatch
from mailbridge.daemon.store_alarm import StoreAlarm
from mailbridge.delivery import transports
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.render.render import Renderer
from mailbridge.delivery.render.renderer import NotificationRenderer
from mailbridge.delivery.render.template_context import TemplateContext
from mailbridge.delivery.render.ticket_context import view_of
from mailbridge.delivery.servers import OutgoingServers
from mailbridge.delivery.shadow import ShadowTransport
from mailbridge.delivery.transport import Transport
from mailbridge.delivery.webhooks.address import address_of
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.delivery.webhooks.servers import CalledServers
from mailbridge.errors import Permanent, StoreAway
from mailbridge.execution.desk import Desk
from mailbridge.execution.overlay import CustomerOverlay
from mailbridge.execution.waiting import KnownWaitingTimes
from mailbridge.execution.wishes import WishOverlay
from mailbridge.health.gauges import DeskGauges
from mailbridge.health.writes import write_advice
from mailbridge.intake.inbox import Inbox
from mailbridge.jobs.attempts import JobRuns
from mailbridge.jobs.audit import audit_daily
from mailbridge.jobs.canary import Canaries
from mailbridge.jobs.knowledge import KnowledgeReloader
from mailbridge.jobs.leases import LeaseKeeper
from mailbridge.jobs.reload import RulesReloader
from mailbridge.message.envelope import Envelope
from mailbridge.notifications.model import Notification
from mailbridge.oauth.endpoint import TokenEndpoint as TokenEndpoint
from mailbridge.ops import crash, telemetry
from mailbridge.ops.clock_watch import ClockWatch
from mailbridge.ops.metrics import Metrics, MetricsServer
from mailbridge.rules.policy import Policy
from mailbridge.sandbox.policy import reading_policy
from mailbridge.sandbox.pool import Readers
from mailbridge.signing.signer import MailSigner
from mailbridge.signing.smime_open import SmimeOpener
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.worker import Worker

if TYPE_CHECKING:
    from mailbridge.jobs.backup import Backups
    from mailbridge.web.server import WebServer

STORE_PATIENCE = timedelta(seconds=30)
LOOK_AT_TEMPLATES = 2.0  # seconds; docs/manual/templates.md says so


class App:
    """A desk with all its parts.  Parts are built on first use, so `mailbridge tickets list` starts no reader."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.store = Store(store_url(config), patience=STORE_PATIENCE)

    @classmethod
    @contextmanager
    def open(cls, config: Config, *, clock: Clock | None = None) -> Iterator[Self]:
        """Opens the desk with its database at this program's schema, and closes everything at the end.

        Raises ConfigError for broken rules, StoreAway, or Permanent for a database of a newer program.
        """
        if spec := os.environ.get("MAILBRIDGE_CRASH_AT"):
            crash.arm(spec)
        app = cls(config, clock=clock)
        try:
            app.store.upgrade()
            yield app
        finally:
            app.close()

    def interrupt_checks(self) -> None:
        """Scanners that do not answer are waited for no longer; the mails that they have wait for the next start."""
        if (examiner := self.__dict__.get("examiner")) is not None:
            examiner.interrupt()

    def look_again_at_checks(self) -> None:
        """Scanners that are skipped get the next mail."""
        if (examiner := self.__dict__.get("examiner")) is not None:
            examiner.look_again()

    def close(self) -> None:
        """Commits the waiting mails of the inbox, and ends children and connections."""
        for name in ("inbox", "readers", "examiner", "leases"):
            if self.__dict__.get(name) is not None:
                self.__dict__[name].close()
        self.store.close()

    # -- the desk of the moment -------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> RulesReloader:
        def templates() -> set[str]:
            return shipped.receipts(self.config.templates_folder)

        return RulesReloader(self.config.folder, self.store, self.clock, templates=templates, on_broken=self.faults.rules_broke)

    @cached_property
    def knowledge(self) -> KnowledgeReloader:
        """The articles and answers of the desk."""
        return KnowledgeReloader(self.config, self.store, self.clock)

    def refresh_files(self) -> None:
        """Takes changed rules, articles and answers."""
        self.rules.refresh()
        self.knowledge.refresh()

    def reload_files(self) -> None:
        """The same at once, also of files that were changed a moment ago."""
        self.rules.refresh(at_once=True)
        self.knowledge.refresh(at_once=True)

    def policy(self) -> Policy:
        """The rules in force, with the customers as they are now."""
        with self.store.read() as tx:
            return self.overlaid(self.rules.policy, tx)

    def overlaid(self, policy: Policy, tx: Tx) -> Policy:
        """The policy with what was changed about customers, and with people's wishes, as they stand in this transaction."""
        return self.wishes.over(self.overlay.over(policy, tx), tx)

    @cached_property
    def wishes(self) -> WishOverlay:
        """What people wish for themselves."""
        return WishOverlay()

    @cached_property
    def overlay(self) -> CustomerOverlay:
        """What was changed about customers beside the files."""
        return CustomerOverlay(self.config.desk.prefix)

    @cached_property
    def signer(self) -> Signer:
        return load_signer(self.store, self.config, self.clock.now())

    def refresh_keys(self) -> None:
        """Loads keys that another process rotated."""
        self.signer = load_signer(self.store, self.config, self.clock.now())

    def desk(self) -> Desk:
        """The current configuration, rules, customers and keys."""
        return replace(self.desk_of_files(), policy=self.policy())

    def desk_of_files(self) -> Desk:
        """The same with the customers of the files alone, for who asks the store for the rest (`Desk.at`) or needs no customers."""
        signer = replace(self.signer, at=self.clock.now())
        timed, overlaid = self.metrics.rules_timed, self.overlaid
        return Desk(
            config=self.config,
            policy=self.rules.policy,
            signer=signer,
            rules_timed=timed,
            waiting=self.waiting_times,
            known=lambda: self.knowledge.current,
            not_encrypted_to=self.signer_of_mails.not_encrypted_to,
            overlaid=overlaid,
        )

    # -- parts ------------------------------------------------------------------------------------------------

    @cached_property
    def renderer(self) -> Renderer:
        folders = (self.config.templates_folder, shipped.templates())
        return Renderer(folders, language=self.config.desk.language, look_every=LOOK_AT_TEMPLATES)

    @cached_property
    def readers(self) -> Readers:
        limits = self.config.limits
        return Readers(
            reading_policy(self.config, self.renderer.markers()),
            processes=self.config.readers,
            time_limit=timedelta(seconds=limits.read_seconds),
            memory_limit=limits.read_memory,
        )

    @cached_property
    def waiting_times(self) -> KnownWaitingTimes:
        return KnownWaitingTimes(self.clock.now)

    @cached_property
    def metrics(self) -> Metrics:
        return Metrics()

    def endpoint(self) -> MetricsServer | None:
        """The metrics server, running; None where none is configured.  Raises Permanent where the port is in use."""
        settings = self.config.metrics
        if not (settings.listen or settings.socket):
            return None
        gauges = DeskGauges(self.store, self.clock, self.config)
        return MetricsServer(self.metrics, gauges, settings.listen, settings.socket)

    def pages(self) -> WebServer:
        """The server of the pages, running.  Raises Permanent where it cannot listen, or its packages are missing."""
        try:
            from mailbridge.web.server import WebServer  # a desk without pages needs none of its packages
        except ModuleNotFoundError as error:
            advice = "pip install 'mailbridge-desk[web]', or take [web] out of mailbridge.toml"
            raise Permanent(f"[web] needs the package {error.name}: {advice}") from error
        from mailbridge.web.pages import Pages
        from mailbridge.web.rate_limits import RateLimits
        from mailbridge.web.visit import Site

        site = Site(
            store=self.store,
            desk=self.desk_of_files,
            clock=self.clock,
            settings=self.config.web,
            pages=Pages(self.config.templates_folder),
            limits=RateLimits(),
        )
        return WebServer(site)

    @cached_property
    def backups(self) -> Backups:
        """The backups of [backup]."""
        from mailbridge.jobs.backup import Backups  # it brings PostgreSQL's driver, which a desk on SQLite needs for nothing else

        return Backups(self.store, self.config, self.clock)

    def audit(self, now: datetime | None = None) -> int:
        """Runs the daily audit if it is due; how many mails are missing."""
        from mailbridge.daemon.audits import compared  # it brings the IMAP client, which most commands do not need

        at = now or self.clock.now()
        return audit_daily(self.store, self.desk_of_files(), at, lambda: compared(self.store, self.config, self.logins.named, at))

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(
            self.store,
            on_mail=self._accepted,
            on_put_off=lambda envelope, why: self.metrics.put_off(envelope.source, why),
        )

    def _accepted(self, raw: bytes, envelope: Envelope) -> None:
        """Counts a mail that is stored, and begins its trace.  A mail of the desk to itself is not counted."""
        if not self._brings_canary(raw):
            self.metrics.accepted(envelope.source)
        if telemetry.is_on():
            at = int(envelope.received_at.timestamp() * 1e9)
            telemetry.add_span("received", envelope.trace, at, time_ns(), source=str(envelope.source))

    def _brings_canary(self, raw: bytes) -> bool:
        with suppress(StoreAway):  # the key of the mark is in the store
            return brings_canary(lambda: self.signer, raw)
        return False

    @cached_property
    def leases(self) -> LeaseKeeper:
        """What the workers of this process have claimed is theirs as long as it runs."""
        return LeaseKeeper(self.store, self.clock)

    @cached_property
    def worker(self) -> Worker:
        self.knowledge.load()  # before the first mail, not in its transaction
        return Worker(
            self.store,
            self.readers,
            self.desk_of_files,
            self.clock,
            channels=build.channels(self.config),
            examiner=self.examiner,
            on_quarantine=self.faults.quarantined,
            metrics=self.metrics,
            open_mail=SmimeOpener(self.config).opened,
            owner=self.leases.owner,
        )

    @cached_property
    def examiner(self) -> Examiner | None:
        """Checks mails by DNS and scanners; None where nothing is configured."""
        return build.examiner(self.config, report=self.sources.scanner_reports)

    def delivery_worker(self, server: Outgoing | None = None) -> DeliveryWorker:
        """A new delivery worker of this server (None: the first one) with its own connection, for one thread."""
        server = server or self.config.outgoing
        return DeliveryWorker(
            self.store,
            self._transport(server),
            self.renderer,
            self.clock,
            desk=self.desk_of_files,
            view=self._view,
            failed=self.faults.undeliverable,
            held=self.faults.automatic_stopped,
            report=partial(self.sources.transport_reports, server),
            pace=self.servers.pace(server),
            senders=partial(self.servers.senders, server),
            is_steady=self.clock_watch.is_steady,
            sign=self.signer_of_mails.signed,
            owner=self.leases.owner,
        )

    @cached_property
    def canaries(self) -> Canaries:
        """The mails of the desk to itself."""
        settings = self.config.canary or CanarySettings()
        return Canaries(self.store, self.clock, settings, self.canary_outside)

    @cached_property
    def canary_outside(self) -> CanaryOutside:
        renderer = NotificationRenderer(self.renderer, self.clock, desk=self.desk_of_files, view=self._view)
        return CanaryOutside(
            config=self.config,
            store=self.store,
            board=self.sources.board,
            signer=lambda: self.signer,
            transport=self._transport,
            sign=self.signer_of_mails.signed,
            renderer=renderer,
        )

    def _view(self, tx: Tx, notification: Notification, desk: Desk) -> TemplateContext:
        """What the template of this notification may show."""
        return view_of(tx, notification, desk.at(tx), self.clock.now())

    @cached_property
    def store_alarm(self) -> StoreAlarm:
        """Tells past the database that the database takes no writes."""

        def trouble() -> str:
            reason = self.store.write_trouble
            return write_advice(reason, self.store, self.config) if reason else ""

        renderer = NotificationRenderer(self.renderer, self.clock, desk=self.desk_of_files, view=self._view)
        return StoreAlarm(
            self.config, self.clock, trouble=trouble, transport=self._transport, renderer=renderer, sign=self.signer_of_mails.signed
        )

    def _transport(self, server: Outgoing) -> Transport:
        if self.config.desk.shadow:
            return ShadowTransport()
        tokens = self.logins.named(server.oauth)
        return transports.transport(server, self.config.folder, hostname=_host(self.config, server), tokens=tokens)

    @cached_property
    def clock_watch(self) -> ClockWatch:
        """Notices when the clock of the machine is set."""
        return ClockWatch(self.clock.now)

    @cached_property
    def signer_of_mails(self) -> MailSigner:
        """Signs outgoing mails by DKIM and S/MIME."""
        return MailSigner(self.config)

    @cached_property
    def servers(self) -> OutgoingServers:
        """The outgoing servers as this process knows them."""
        return OutgoingServers(self.config)

    def webhooker(self) -> Webhooker:
        """The worker for webhook calls, for one thread."""
        address = partial(address_of, folder=self.config.folder, variables=os.environ)
        report, owner = self.sources.webhook_reports, self.leases.owner
        servers = self.called_servers
        return Webhooker(self.store, self.config.webhooks, self.clock, report=report, owner=owner, address=address, servers=servers)

    @cached_property
    def called_servers(self) -> CalledServers:
        """The webhook servers as the threads of this process know them."""
        return CalledServers()

    @cached_property
    def runs(self) -> JobRuns:
        """Runs the jobs of this process, and records which of them raise."""
        return JobRuns(self.store, self.clock)

    @cached_property
    def jobs(self) -> DeskJobs:
        """What the timer does."""
        return DeskJobs(self.store, self.clock, self.runs, desk=self.desk, desk_of_files=self.desk_of_files)

    @cached_property
    def logins(self) -> LoginTokens:
        """The tokens of [oauth.NAME]."""
        return LoginTokens(self.config, self.store, self.clock, self.runs, paused=self.faults.login_paused)

    @cached_property
    def sources(self) -> SourceWatch:
        """The health of sources and outgoing routes."""
        return SourceWatch(self.config, self.store, self.clock, self.runs, tokens=self.logins.named, servers=self.servers)

    @cached_property
    def faults(self) -> FaultNotices:
        """Notifies people of what goes wrong in this process."""
        return FaultNotices(self.store, self.config, self.clock, self.desk_of_files)


def store_url(config: Config) -> str:
    """The database's address, a relative SQLite path taken from the desk's folder."""
    prefix = "sqlite:///"
    if not config.store_url.startswith(prefix):
        return config.store_url
    return f"{prefix}{config.folder / config.store_url.removeprefix(prefix)}"


def _host(config: Config, server: Outgoing) -> str:
    return server.helo or config.desk.address.rpartition("@")[2]
