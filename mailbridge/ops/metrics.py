"""The metrics for Prometheus.  Only this module imports prometheus_client.

Counters and histograms are of this process, from its start.  Gauges are of the desk (`health.gauges`) and are read at each scrape, so that
every process gives the same values.  docs/manual/running.md lists names and meanings; a test compares it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from mailbridge.errors import StoreAway
from mailbridge.ops import log as logs
from mailbridge.ops.http import HttpPage, HttpRequest, serve

log = logs.get("metrics")

FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1)  # buckets in seconds, for work inside the process
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)  # buckets in seconds, for the times that people wait


class Metrics:
    """The counters and histograms of this process.  Thread-safe.  An update costs a lock and an addition."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = Counter(
            "mailbridge_mails_accepted", "Mails that are durable, by the way they came", ["source"], registry=self.registry
        )
        self._put_off = Counter(
            "mailbridge_mails_put_off", "Mails that were not taken now, by way and reason", ["source", "reason"], registry=self.registry
        )
        for source in ("smtp", "lmtp", "imap"):  # Prometheus sees no increase from nothing to 1
            self._put_off.labels(source, "database")
        self._outcomes = Counter("mailbridge_mails", "Mails worked off, by what became of them", ["outcome"], registry=self.registry)
        self._working = Histogram(
            "mailbridge_mail_processing_seconds", "The time from the read mail to the commit", buckets=FAST, registry=self.registry
        )
        self._waiting = Histogram(
            "mailbridge_mail_wait_seconds", "From the arrival of a mail to the commit of what became of it", buckets=SLOW,
            registry=self.registry,
        )  # fmt: skip
        self._rules = Histogram("mailbridge_rules_seconds", "All rules on one mail", buckets=FAST, registry=self.registry)
        self._clock = Counter("mailbridge_clock_steps", "How often the clock of the machine was set", registry=self.registry)
        self._readers = Counter("mailbridge_readers_lost", "Reading children that a mail ended", registry=self.registry)

    def accepted(self, source: str) -> None:
        """Counts a mail that was accepted."""
        self._accepted.labels(source).inc()

    def put_off(self, source: str, reason: str) -> None:
        """Counts a mail that was not stored: its sender tries again, or it stays on its server."""
        self._put_off.labels(source, reason).inc()

    def mail_done(self, outcome: str, waited: float) -> None:
        """Counts a mail whose outcome is committed.  `waited`: seconds since it was received."""
        self._outcomes.labels(outcome).inc()
        self._waiting.observe(max(0.0, waited))

    def canary_done(self) -> None:
        """Counts a mail of the desk to itself, which is in no measurement of customers' mail."""
        self._outcomes.labels("canary").inc()

    def mail_processed(self, seconds: float) -> None:
        self._working.observe(seconds)

    def rules_timed(self) -> AbstractContextManager[object]:
        """Times the block as the rule evaluation of one mail."""
        return self._rules.time()

    def clock_set(self) -> None:
        self._clock.inc()

    def reader_lost(self) -> None:
        self._readers.inc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A metric of the desk with one number for each combination of label values.  `labels`: the names of the labels, in their order."""

    name: str
    about: str
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float] = field(default_factory=dict)


class Gauges(Protocol):
    """The source of the desk's gauges."""

    def described(self) -> Iterable[Gauge]:
        """All gauges that `read` and `local` return, without values.  Does not access the database."""
        ...

    def local(self) -> Iterable[Gauge]:
        """The gauges that need no database, with their current values."""
        ...

    def read(self) -> Iterable[Gauge]:
        """All gauges with their current values.  Raises StoreAway."""
        ...

    def write_trouble(self) -> str:
        """Why the last write into the database failed; '' where it succeeded."""
        ...


class GaugeCollector(Collector):
    """Reads the desk's gauges at each scrape."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def describe(self) -> list[Metric]:
        """The names alone, so that registration does not access the database."""
        return [_family(gauge) for gauge in self._gauges.described()]

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("mailbridge_store_up", "1 where the database answers and takes writes")
        try:
            families = [_family(gauge) for gauge in self._gauges.read()]
        except StoreAway as error:
            log.warning("store_away", error=str(error))
            families = []
        up.add_metric([], 1.0 if families and not self._gauges.write_trouble() else 0.0)
        yield up
        yield from (_family(gauge) for gauge in self._gauges.local())
        yield from families


def _family(gauge: Gauge) -> GaugeMetricFamily:
    family = GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels)
    for labels, number in gauge.values.items():
        family.add_metric(labels, number)
    return family


class MetricsServer:
    """Serves http://host:port/metrics until `close`."""

    def __init__(self, metrics: Metrics, gauges: Gauges, listen: tuple[str, int] | None, socket: str = "") -> None:
        """Opens the port, or takes systemd's socket of this name.  Raises Permanent if the port is in use or there is no such socket."""
        metrics.registry.register(GaugeCollector(gauges))
        ProcessCollector(registry=metrics.registry)
        self._registry = metrics.registry
        self._server = serve("metrics", listen, socket, self._answer)
        self.port = self._server.port

    def close(self) -> None:
        """Stops the server."""
        self._server.close()

    def _answer(self, asked: HttpRequest) -> HttpPage:
        if asked.path not in {"/", "/metrics"}:
            return HttpPage(status="404 Not Found", body=b"The metrics are at /metrics.\n")
        encode, content_type = choose_encoder(asked.accept)
        try:
            return HttpPage(content_type=content_type, body=encode(self._registry))
        except Exception:  # an error while reading gauges is reported to Prometheus, and the endpoint goes on
            log.exception("metrics_failed")
            return HttpPage(status="500 Internal Server Error", body=b"The log says why.\n")
