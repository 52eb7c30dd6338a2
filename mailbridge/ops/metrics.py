"""What Prometheus is told.  The only importer of prometheus_client.

Counters and histograms are of this process, from its start; gauges are of the desk, asked from the database when somebody looks, so that
any process tells the same.  Names and meanings stand in docs/manual/running.md; a test compares.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from mailbridge.clock import Clock
from mailbridge.errors import Permanent, StoreAway
from mailbridge.ops import log as logs
from mailbridge.ops.http import HttpPage, HttpRequest, HttpServer
from mailbridge.store.engine import Store
from mailbridge.store.source_health import SourceHealth
from mailbridge.store.tx import Tx

log = logs.get("metrics")

FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1)  # seconds, for what never leaves the process
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)  # seconds that people wait
ENDS_KEY = "oauth-ends"  # what `jobs.login_ends` keeps in the store
RULES_KEY = "rules"  # what `policy` keeps in the store


class Metrics:
    """All that this process counts.  Thread-safe; costs a lock and an addition each."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = Counter(
            "mailbridge_mails_accepted", "Mails that are durable, by the way they came", ["source"], registry=self.registry
        )
        self._outcomes = Counter("mailbridge_mails", "Mails worked off, by what became of them", ["outcome"], registry=self.registry)
        self._working = Histogram(
            "mailbridge_mail_processing_seconds", "Placing, judging and filing one mail", buckets=FAST, registry=self.registry
        )
        self._waiting = Histogram(
            "mailbridge_mail_wait_seconds", "From the arrival of a mail to the commit of what became of it", buckets=SLOW,
            registry=self.registry,
        )  # fmt: skip
        self._rules = Histogram("mailbridge_rules_seconds", "All rules on one mail", buckets=FAST, registry=self.registry)
        self._readers = Counter("mailbridge_readers_lost", "Reading children that a mail ended", registry=self.registry)

    def accepted(self, source: str) -> None:
        """A mail is durable."""
        self._accepted.labels(source).inc()

    def mail_done(self, outcome: str, waited: float) -> None:
        """A mail's outcome is committed, so many seconds after it came."""
        self._outcomes.labels(outcome).inc()
        self._waiting.observe(max(0.0, waited))

    def mail_processed(self, seconds: float) -> None:
        self._working.observe(seconds)

    def rules_timed(self) -> AbstractContextManager[object]:
        """What happens inside is the judging of one mail."""
        return self._rules.time()

    def reader_lost(self) -> None:
        self._readers.inc()


class Count(Protocol):
    """Where a gauge's numbers come from: labels -> number."""

    def __call__(self, tx: Tx, now: datetime) -> dict[tuple[str, ...], float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    name: str
    about: str
    count: Count
    labels: tuple[str, ...] = ()


def _by_state(counts: Callable[[Tx], dict[str, int]], *left_out: str) -> Count:
    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        return {(state,): number for state, number in counts(tx).items() if state not in left_out}

    return count


def _oldest(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    oldest = tx.inbox.oldest_waiting()
    return {(): max(0.0, (now - oldest).total_seconds()) if oldest else 0.0}


def _sweep_lag(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    due = tx.clocks.next_due()
    return {(): max(0.0, (now - due).total_seconds()) if due else 0.0}


def _mistakes(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(): float(len((tx.state.get(RULES_KEY) or {}).get("problems", ())))}


def _version(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {((tx.state.get(RULES_KEY) or {}).get("version", ""),): 1.0}


def _age(key: str, moment: str) -> Count:
    """Seconds since the moment of that name in a document of the store; nothing where there is none."""

    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        said = tx.state.get(key)
        return {(): max(0.0, (now - datetime.fromisoformat(said[moment])).total_seconds())} if said else {}

    return count


def _backup_failed(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(): float(tx.state.get("backup-failed") is not None)}


def _source_moment(pick: Callable[[SourceHealth], datetime | None]) -> Count:
    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        return {(one.name,): at.timestamp() for one in tx.sources.all() if (at := pick(one)) is not None}

    return count


def _source_up(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(one.name,): float(one.failing_since is None) for one in tx.sources.all()}


def _source_silent(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(one.name,): float(bool(one.silence)) for one in tx.sources.all()}


def _token_seconds(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(grant.account,): max(0.0, (grant.expires_at - now).total_seconds()) if grant.expires_at else 0.0 for grant in tx.grants.all()}


def _refusals(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(grant.account,): float(grant.refusals) for grant in tx.grants.all()}


def _login_days(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    found = tx.state.get(ENDS_KEY) or []
    return {(login, kind): round((datetime.fromisoformat(at) - now).total_seconds() / 86_400, 2) for login, kind, at in found}


GAUGES: tuple[Gauge, ...] = (
    Gauge(
        name="mailbridge_inbox",
        about="Accepted mails that are not done, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.inbox.counts(done=False)),
    ),
    Gauge(name="mailbridge_inbox_oldest_seconds", about="How long the oldest of them has waited", count=_oldest),
    Gauge(
        name="mailbridge_outbox",
        about="Outgoing mails that are not sent, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.outbox.counts(sent=False), "suppressed"),
    ),
    Gauge(
        name="mailbridge_webhooks",
        about="Webhooks that are owed or were given up, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.webhooks.counts()),
    ),
    Gauge(
        name="mailbridge_oauth_token_seconds",
        about="How long the access token of a login is still valid",
        labels=("login",),
        count=_token_seconds,
    ),
    Gauge(
        name="mailbridge_oauth_refusals",
        about="Refusals of a login in a row; it is paused after 3",
        labels=("login",),
        count=_refusals,
    ),
    Gauge(
        name="mailbridge_oauth_days_left",
        about="Days until a client secret, a certificate or a login ends",
        labels=("login", "kind"),
        count=_login_days,
    ),
    Gauge(name="mailbridge_sweep_lag_seconds", about="How late the next moment to tell is; 0: its time has not come", count=_sweep_lag),
    Gauge(name="mailbridge_backup_age_seconds", about="Since the last good backup was made", count=_age("backup", "at")),
    Gauge(
        name="mailbridge_backup_proven_age_seconds",
        about="Since the newest backup was made of which a restore was compared row by row",
        count=_age("backup-proof", "made_at"),
    ),
    Gauge(name="mailbridge_backup_failed", about="1 where the last scheduled backup failed", count=_backup_failed),
    Gauge(name="mailbridge_rules_mistakes", about="Mistakes in the rules on disk; 0: they are in force", count=_mistakes),
    Gauge(name="mailbridge_rules_info", about="The version of the rules in force", labels=("version",), count=_version),
    Gauge(
        name="mailbridge_source_up",
        about="1 where the last try of a source went well",
        labels=("name",),
        count=_source_up,
    ),
    Gauge(
        name="mailbridge_source_proven_timestamp_seconds",
        about="When a source was last seen to work",
        labels=("name",),
        count=_source_moment(lambda one: one.proven_at),
    ),
    Gauge(
        name="mailbridge_source_mail_timestamp_seconds",
        about="When the last mail came by a source",
        labels=("name",),
        count=_source_moment(lambda one: one.mail_at),
    ),
    Gauge(
        name="mailbridge_source_silent",
        about="1 where a source has brought no mail for longer than is likely",
        labels=("name",),
        count=_source_silent,
    ),
)


class DeskGauges(Collector):
    """Asks the database when somebody looks."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def describe(self) -> list[Metric]:
        """Names only, so that registering asks no database."""
        return [GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels) for gauge in GAUGES]

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("mailbridge_store_up", "1 where the database answers; without it the other gauges are missing")
        try:
            families = self._families()
        except StoreAway as error:
            log.warning("store_away", error=str(error))
            families = []
        up.add_metric([], 1.0 if families else 0.0)
        yield up
        yield from families

    def _families(self) -> list[Metric]:
        families: list[Metric] = []
        with self._store.read() as tx:
            now = self._clock.now()
            for gauge in GAUGES:
                family = GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels)
                for labels, number in gauge.count(tx, now).items():
                    family.add_metric(labels, number)
                families.append(family)
        return families


class MetricsServer:
    """http://host:port/metrics, until `close`."""

    def __init__(self, metrics: Metrics, store: Store, clock: Clock, host: str, port: int) -> None:
        """The port answers.  Raises Permanent where it is taken."""
        metrics.registry.register(DeskGauges(store, clock))
        ProcessCollector(registry=metrics.registry)
        self._registry = metrics.registry
        try:
            self._server = HttpServer(host, port, self._answer)
        except OSError as error:
            raise Permanent(f"[metrics] listen: {os.strerror(error.errno or 0)}", host=host, port=port) from error
        self.port = self._server.port

    def close(self) -> None:
        """Nothing answers any more."""
        self._server.close()

    def _answer(self, asked: HttpRequest) -> HttpPage:
        if asked.path not in {"/", "/metrics"}:
            return HttpPage(status="404 Not Found", body=b"The metrics are at /metrics.\n")
        encode, content_type = choose_encoder(asked.accept)
        try:
            return HttpPage(content_type=content_type, body=encode(self._registry))
        except Exception:  # whatever goes wrong while counting, Prometheus is told and the endpoint lives on
            log.exception("metrics_failed")
            return HttpPage(status="500 Internal Server Error", body=b"The log says why.\n")
