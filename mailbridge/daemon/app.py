"""The composition root: builds an App from a Config.  Only this module builds the parts and connects them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Self

from mailbridge.checks import build
from mailbridge.checks.examine import Examiner
from mailbridge.clock import Clock, SystemClock
from mailbridge.config import shipped
from mailbridge.config.model import Config, OAuth
from mailbridge.conversation.tokens import Signer
from mailbridge.delivery import transports
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.pace import Pace
from mailbridge.delivery.render.render import Renderer
from mailbridge.delivery.render.ticket_context import view_of
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import execute
from mailbridge.execution.overlay import CustomerOverlay
from mailbridge.execution.waiting import KnownWaitingTimes
from mailbridge.execution.wishes import WishOverlay
from mailbridge.handling.agents.held import notify_held
from mailbridge.handling.grouped import OVER_QUOTA
from mailbridge.health import names, probes
from mailbridge.health.arrivals import count_arrivals, look_for_silence
from mailbridge.health.board import Board
from mailbridge.health.gauges import DeskGauges
from mailbridge.health.notices import notify_sources
from mailbridge.health.page import Pulse
from mailbridge.ids import system_chance
from mailbridge.intake.inbox import Inbox
from mailbridge.jobs.alerts import notify_alerts
from mailbridge.jobs.attempts import Item, JobRuns, when_due
from mailbridge.jobs.bundles import notify_bundles
from mailbridge.jobs.collected import notify_collected
from mailbridge.jobs.contract_ends import notify_contract_ends
from mailbridge.jobs.deadlines import sweep
from mailbridge.jobs.digests import notify_digests
from mailbridge.jobs.failures import notify_job_failures
from mailbridge.jobs.feeds import fetch_feeds
from mailbridge.jobs.hours import keep_hours, pause_clocks
from mailbridge.jobs.kept import list_kept
from mailbridge.jobs.knowledge import KnowledgeReloader
from mailbridge.jobs.login_ends import notify_login_ends
from mailbridge.jobs.ratings import ask_ratings
from mailbridge.jobs.receipts import notify_receipts
from mailbridge.jobs.recompute import recompute
from mailbridge.jobs.reload import BrokenRules, RulesReloader
from mailbridge.jobs.rematch_changed import rematch_changed
from mailbridge.jobs.reports import notify_reports
from mailbridge.jobs.spam_review import is_reviewed, review_spam
from mailbridge.jobs.statements import send_statements
from mailbridge.jobs.timed_rules import run_timed_rules
from mailbridge.jobs.unfetched import notify_unfetched
from mailbridge.jobs.waiting import measure_waiting
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.model import Notification, Queued
from mailbridge.notifications.payloads.admins import Breaker, FirstConnect, Quarantined, RefusedLogin, RulesBroken
from mailbridge.notifications.payloads.model import Payload
from mailbridge.oauth.cipher import Cipher
from mailbridge.oauth.endpoint import TokenEndpoint as TokenEndpoint
from mailbridge.oauth.source import TokenSource, Vault
from mailbridge.ops import crash
from mailbridge.ops.metrics import Metrics, MetricsServer
from mailbridge.rules.policy import Policy
from mailbridge.sandbox.policy import reading_policy
from mailbridge.sandbox.pool import Readers
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import ReportFailure
from mailbridge.tickets.requests import each
from mailbridge.worker import Worker

if TYPE_CHECKING:
    from mailbridge.jobs.backup import Backups

DATED_SINCE = "tokens.dated_since"  # first moment at which this desk's agent tokens contain their minute
STORE_PATIENCE = timedelta(seconds=30)


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

    def close(self) -> None:
        """Commits the waiting mails of the inbox, and ends children and connections."""
        for name in ("inbox", "readers", "examiner"):
            if self.__dict__.get(name) is not None:
                self.__dict__[name].close()
        self.store.close()

    # -- the desk of the moment -------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> RulesReloader:
        def templates() -> set[str]:
            return shipped.receipts(self.config.templates_folder)

        return RulesReloader(self.config.folder, self.store, self.clock, templates=templates, on_broken=self._rules_broke)

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
        return self._signer()

    def _signer(self) -> Signer:
        now = self.clock.now()
        with self.store.write() as tx:
            keys = tx.keys.ensure(now, system_chance)
            since = tx.state.get(DATED_SINCE)
            if since is None:
                since = now.isoformat()
                tx.state.set(DATED_SINCE, since, now)
        desk, tokens = self.config.desk, self.config.tokens
        return Signer(
            keys=tuple(key.secret for key in keys),
            prefix=desk.prefix,
            address=desk.address,
            at=now,
            plus_addressing=desk.plus_addressing,
            act_for=tokens.act,
            answer_for=tokens.answer,
            dated_since=datetime.fromisoformat(since),
            also=frozenset(one.address.lower() for one in desk.identities),
        )

    def refresh_keys(self) -> None:
        """Loads keys that another process rotated."""
        self.signer = self._signer()

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
            overlaid=overlaid,
        )

    # -- parts ------------------------------------------------------------------------------------------------

    @cached_property
    def renderer(self) -> Renderer:
        return Renderer((self.config.templates_folder, shipped.templates()), language=self.config.desk.language)

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

    def measure_waiting(self, now: datetime | None = None) -> int:
        """Measures how long customers wait for the first answer; of how many groups of tickets it is known."""
        return measure_waiting(self.store, self.desk(), now or self.clock.now())

    @cached_property
    def metrics(self) -> Metrics:
        return Metrics()

    def endpoint(self) -> MetricsServer | None:
        """The metrics server, running; None where none is configured.  Raises Permanent where the port is in use."""
        listen = self.config.metrics.listen
        return MetricsServer(self.metrics, DeskGauges(self.store, self.clock), *listen) if listen else None

    @cached_property
    def backups(self) -> Backups:
        """The backups of [backup]."""
        from mailbridge.jobs.backup import Backups  # it brings PostgreSQL's driver, which a desk on SQLite needs for nothing else

        return Backups(self.store, self.config, self.clock)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.store, on_mail=lambda envelope: self.metrics.accepted(envelope.source))

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
            on_quarantine=self._quarantined,
            metrics=self.metrics,
        )

    @cached_property
    def examiner(self) -> Examiner | None:
        """Checks mails by DNS and scanners; None where nothing is configured."""
        return build.examiner(self.config)

    def delivery_worker(self) -> DeliveryWorker:
        """A new delivery worker with its own connection, for one thread."""
        return DeliveryWorker(
            self.store,
            transports.transport(
                self.config.outgoing, self.config.folder, hostname=_host(self.config), tokens=self.tokens(self.config.outgoing.oauth)
            ),
            self.renderer,
            self.clock,
            desk=self.desk_of_files,
            view=lambda tx, notification, desk: view_of(tx, notification, desk.at(tx), self.clock.now()),
            failed=self._undeliverable,
            held=self._held,
            report=self._transport_reports,
            pace=self.pace,
        )

    @cached_property
    def pace(self) -> Pace:
        """The rate at which the provider of outgoing mail lets this process send."""
        account = self.config.oauth_named(self.config.outgoing.oauth)
        return Pace(account.provider.limits.mails_per_minute if account else 0)

    @cached_property
    def vault(self) -> Vault:
        """Decrypts stored tokens with the key of [encryption]."""
        return Vault(Cipher(self.config.encryption_key))

    @cached_property
    def token_sources(self) -> Mapping[str, TokenSource]:
        """One for each [oauth.NAME]."""
        return {
            account.name: TokenSource(
                account, self.store, self.vault, TokenEndpoint(account, self.clock), self.clock, paused=self._login_paused
            )
            for account in self.config.oauth
        }

    def tokens(self, name: str) -> TokenSource | None:
        """The tokens for a connection that logs in with [oauth.NAME]; None for ''."""
        return self.token_sources[name] if name else None

    def keep_tokens_fresh(self) -> None:
        """Renews the tokens that are due."""
        for source in self.token_sources.values():
            self.runs.run(f"oauth {source.account.name}", source.keep_fresh)

    def notify_login_ends(self) -> int:
        """Notifies the admins of logins that expire soon; how many new mails."""
        return notify_login_ends(self.store, self.config, self.clock.now())

    def webhooker(self) -> Webhooker:
        """The worker for webhook calls, for one thread."""
        return Webhooker(self.store, self.config.webhooks, self.clock, report=self._webhook_reports)

    @cached_property
    def runs(self) -> JobRuns:
        """Runs the jobs of this process, and records which of them raise."""
        return JobRuns(self.store, self.clock)

    def notify_job_failures(self, now: datetime | None = None) -> int:
        """Notifies the admins of what jobs could not do; how many failures are new."""
        return notify_job_failures(self.store, self.desk_of_files(), now or self.clock.now())

    @cached_property
    def board(self) -> Board:
        """Collects the reports of this process about its sources."""
        return Board(self.store, self.clock)

    @cached_property
    def pulse(self) -> Pulse:
        """Publishes the health of this process."""
        return Pulse(self.store, self.config, self.clock)

    def watch(self) -> None:
        """Expects proofs of every configured source from now on, and forgets the sources that are no longer configured.

        Feeds that failed are fetched at once.
        """
        now = self.clock.now()
        with self.store.write() as tx:
            known = [source.name for source in tx.sources.all()]
            tx.sources.forget([name for name in known if not names.is_configured(name, self.config)])
            tx.sources.watch(names.expected(self.config), now)
            tx.feeds.try_again()  # [calendars] in mailbridge.toml may be another one now

    def probe(self, ports: Mapping[str, int]) -> None:
        """Probes everything that needs no mail; `ports` of the listeners of this process."""
        for name, ask in probes.probes(self.config, ports, self.tokens(self.config.outgoing.oauth)):
            if name == names.OUTGOING and self.board.proven_within(name, names.PROBED):
                continue  # mail is being sent, so a further login shows nothing, and providers count logins
            self.runs.run(f"probe {name}", partial(self._probe, name, ask))

    def _probe(self, name: str, ask: probes.Probe) -> None:
        try:
            self.board.proven(name, ask())
        except probes.ProbeFailed as fault:
            self.board.failed(name, str(fault), names.PROBED.total_seconds())

    def count_arrivals(self, now: datetime | None = None) -> int:
        """Counts the mails of the inbox by source and hour; how many were new."""
        return count_arrivals(self.store, now or self.clock.now())

    def look_for_silence(self, now: datetime | None = None) -> int:
        """Marks each source that has been silent for an unlikely time; how many are new."""
        return look_for_silence(self.store, self.desk(), now or self.clock.now()) if self.config.health.silence else 0

    def notify_sources(self, now: datetime | None = None) -> int:
        """Notifies the admins of sources that fail or work again; how many changes."""
        return notify_sources(self.store, self.desk(), now or self.clock.now())

    def sweep(self, now: datetime | None = None) -> int:
        """Fires every deadline up to now, and sends held notifications; how many."""
        now, desk, run = now or self.clock.now(), self.desk(), self.runs.run
        run("recompute", lambda: recompute(self.store, desk, now))
        run("rematch", lambda: rematch_changed(self.store, desk, now))
        fired = run("sweep", lambda: sweep(self.store, desk, now)) or 0
        run("alerts", lambda: notify_alerts(self.store, desk, now))
        run("collected", lambda: notify_collected(self.store, desk, now))
        run("ratings", lambda: ask_ratings(self.store, desk, now))
        run("receipts", lambda: notify_receipts(self.store, desk, now))
        held = run("held", lambda: notify_held(self.store, desk, now, self._attempt_held)) or 0
        return fired + held + (run("bundles", lambda: notify_bundles(self.store, desk, now)) or 0)

    def _attempt_held(self, tx: Tx, agent: str, run: Callable[[], bool]) -> bool | None:
        return when_due(tx, Item(job="held", key=agent, about=f"mails of {agent} that wait for a yes"), self.clock.now(), run)

    def keep_hours(self) -> int:
        """Records what the hour banks are due, tells who has to know, stops clocks where a bank is empty; how many entries."""
        now, desk = self.clock.now(), self.desk()
        made = self.runs.run("hours", lambda: keep_hours(self.store, desk, now)) or 0
        self.runs.run("hours-pause", lambda: pause_clocks(self.store, desk, now))
        return made

    def fetch_feeds(self) -> int:
        """Fetches the calendar feeds whose time has come; how many."""
        return fetch_feeds(self.store, self.config.calendars, self.rules.policy.feeds, self.clock)

    def notify_reports(self, now: datetime | None = None) -> int:
        """Sends the reports that are due; how many."""
        return notify_reports(self.store, self.desk(), now or self.clock.now())

    def send_statements(self, now: datetime | None = None) -> int:
        """Sends the monthly statements of hour banks that are due; how many."""
        return send_statements(self.store, self.desk(), now or self.clock.now())

    def notify_contract_ends(self, now: datetime | None = None) -> int:
        """Notifies people of contracts that end in 60, 30 or 7 days; how many new mails."""
        return notify_contract_ends(self.store, self.desk(), now or self.clock.now())

    def review_spam(self, now: datetime | None = None) -> int:
        """Mails the managers the list of mails that are held because of their senders; how many mails it is about."""
        return review_spam(self.store, self.desk(), now or self.clock.now())

    def run_timed_rules(self, now: datetime | None = None) -> int:
        """Lets the rules by time look at the open tickets; how often they acted."""
        return run_timed_rules(self.store, self.desk(), now or self.clock.now())

    def notify_digests(self, now: datetime | None = None) -> int:
        """Sends the morning digests that are due; how many."""
        return notify_digests(self.store, self.desk(), now or self.clock.now())

    def list_kept(self, now: datetime | None = None) -> int:
        """Mails the admins today's list of mails without a ticket; how many mails a new list names."""
        return list_kept(self.store, self.desk(), now or self.clock.now())

    def notify_unfetched(self, now: datetime | None = None) -> int:
        """Notifies the admins of mails that IMAP servers do not give; how many."""
        return notify_unfetched(self.store, self.desk(), now or self.clock.now())

    def first_connect(self, tx: Tx, mailbox: str, folder: str, older: int, taken: int) -> None:
        """Notifies the admins of the content of a folder at its first opening, in the transaction that stores it."""
        opened = FirstConnect(mailbox=mailbox, folder=folder, older=older, taken=taken or None)
        tx.outbox.add_many(self._notifications("first_connect", f"{mailbox}/{folder}", opened), self.clock.now())
        tx.wake("outbox")

    def _transport_reports(self, trouble: str, wait: timedelta) -> None:
        if trouble:
            self.board.failed(names.OUTGOING, trouble, wait.total_seconds())
        else:
            self.board.proven(names.OUTGOING, "a mail was handed over")

    def _webhook_reports(self, host: str, trouble: str) -> None:
        if trouble:
            self.board.failed(names.webhook_name(host), trouble)
        else:
            self.board.proven(names.webhook_name(host), "a call was answered")

    # -- what happens when something goes wrong -----------------------------------------------------------------

    def _rules_broke(self, broken: BrokenRules, kept: Policy) -> None:
        problems = "\n".join(f"{p.file}:{p.line}:{p.column}: {p.message}" for p in broken.problems)
        self._notify_admins("rules_broken", broken.fingerprint[:16], RulesBroken(problems=problems, version=kept.version))

    def _quarantined(self, inbox: int, reason: str) -> None:
        if is_reviewed(reason):
            return
        with self.store.read() as tx:
            row = tx.inbox.get(inbox)
        sender = (row.envelope.mail_from if row else "") or ""
        # At most one notification an hour about a flood above the byte quota.
        key = f"quota{self.clock.now():%Y%m%d%H}" if reason == OVER_QUOTA else str(inbox)
        self._notify_admins("quarantined", key, Quarantined(inbox=inbox, reason=reason, sender=sender))

    def _undeliverable(self, tx: Tx, queued: Queued, reason: str) -> None:
        """Records on the ticket that a notification was not delivered, and notifies the people in charge, no other participants."""
        notification, desk, now = queued.notification, self.desk_of_files().at(tx), self.clock.now()
        ticket = tx.tickets.surviving(notification.ticket) if notification.ticket else None
        if ticket is None:
            return
        command = ReportFailure(recipient=notification.recipient, what=notification.event, reason=reason)
        execute(tx, desk, ticket, each([command]), Actor(kind=ActorKind.SYSTEM, name="outbox"), now)

    def _login_paused(self, tx: Tx, account: OAuth, grant: Grant) -> None:
        """Notifies the admins once that a login was refused too often."""
        moment = grant.paused_at or self.clock.now()
        boxes = [box.name for box in self.config.mailboxes if box.oauth == account.name]
        stopped = ", ".join([*boxes, *(["outgoing mail"] if self.config.outgoing.oauth == account.name else [])])
        refused = RefusedLogin(login=account.name, stopped=stopped, fault=grant.fault, reason=grant.refusal)
        tx.outbox.add_many(self._notifications("login_refused", f"{account.name}{moment:%Y%m%d%H%M%S}", refused), self.clock.now())
        tx.wake("outbox")

    def _held(self, tx: Tx, _queued: Queued, until: datetime) -> None:
        """Notifies the admins once an hour that automatic mail is stopped."""
        limit = self.config.limits.automatic_per_hour
        breaker = Breaker(count=limit, limit=limit, until=until)
        tx.outbox.add_many(self._notifications("breaker", until.strftime("%Y%m%d%H"), breaker), self.clock.now())

    def _notifications(self, event: str, key: str, payload: Payload) -> tuple[Notification, ...]:
        desk = self.config.desk
        return admin_notifications(desk.admins, event, key, payload, desk.address, desk.language)

    def _notify_admins(self, event: str, key: str, payload: Payload) -> None:
        with self.store.write() as tx:
            tx.outbox.add_many(self._notifications(event, key, payload), self.clock.now())
            tx.wake("outbox")


def store_url(config: Config) -> str:
    """The database's address, a relative SQLite path taken from the desk's folder."""
    prefix = "sqlite:///"
    if not config.store_url.startswith(prefix):
        return config.store_url
    return f"{prefix}{config.folder / config.store_url.removeprefix(prefix)}"


def _host(config: Config) -> str:
    return config.outgoing.helo or config.desk.address.rpartition("@")[2]
