"""The gauges of the desk, for Prometheus: what is in the database now, the disks and the clock.

docs/manual/running.md lists the names; a test compares them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from mailbridge.clock import Clock
from mailbridge.config.model import Config
from mailbridge.health.canary_gauges import CANARY_GAUGES
from mailbridge.oauth.health import ENDS_KEY
from mailbridge.ops.metrics import Gauge
from mailbridge.store.engine import Store
from mailbridge.store.source_health import SourceHealth
from mailbridge.store.tx import Tx

AUDIT_KEY = "audit"  # what `doctor.audit` keeps there
SHADOW_KEY = "shadow"  # what `daemon.shadow` keeps there
RULES_KEY = "rules"  # what `jobs.reload` keeps in the store


class Count(Protocol):
    """Where a gauge's numbers come from: labels -> number."""

    def __call__(self, tx: Tx, now: datetime) -> dict[tuple[str, ...], float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreGauge:
    """A gauge and how it is counted."""

    name: str
    about: str
    count: Count
    labels: tuple[str, ...] = ()


def _by_state(counts: Callable[[Tx], dict[str, int]], *left_out: str) -> Count:
    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        return {(state,): number for state, number in counts(tx).items() if state not in left_out}

    return count


def _oldest(created: Callable[[Tx], datetime | None]) -> Count:
    """Seconds since the oldest row was created; 0 where none waits."""

    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        oldest = created(tx)
        return {(): max(0.0, (now - oldest).total_seconds()) if oldest else 0.0}

    return count


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


def _audit_missing(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    said = tx.state.get(AUDIT_KEY)
    return {(): float(said["missing"])} if said else {}


def _audit_age(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    at = tx.state.set_at(AUDIT_KEY)
    return {(): max(0.0, (now - at).total_seconds())} if at else {}


def _shadow_seconds(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    said = tx.state.get(SHADOW_KEY)
    return {(): max(0.0, (now - datetime.fromisoformat(said["since"])).total_seconds())} if said and said["ended"] is None else {}


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


def _job_failures(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    return {(job,): float(count) for job, count in tx.job_failures.counts().items()}


def _login_days(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
    found = tx.state.get(ENDS_KEY) or []
    return {(login, kind): round((datetime.fromisoformat(at) - now).total_seconds() / 86_400, 2) for login, kind, at in found}


GAUGES: tuple[StoreGauge, ...] = (
    StoreGauge(
        name="mailbridge_inbox",
        about="Accepted mails that are not done, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.inbox.counts(finished=False)),
    ),
    StoreGauge(
        name="mailbridge_inbox_oldest_seconds",
        about="How long the oldest of them has waited",
        count=_oldest(lambda tx: tx.inbox.oldest()),
    ),
    StoreGauge(
        name="mailbridge_outbox",
        about="Outgoing mails that are not sent, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.outbox.counts(finished=False), "suppressed"),
    ),
    StoreGauge(
        name="mailbridge_outbox_oldest_seconds",
        about="How long the oldest mail that is to be sent has waited",
        count=_oldest(lambda tx: tx.outbox.oldest()),
    ),
    StoreGauge(
        name="mailbridge_webhooks",
        about="Webhooks that are owed or were given up, by state",
        labels=("state",),
        count=_by_state(lambda tx: tx.webhooks.counts()),
    ),
    StoreGauge(
        name="mailbridge_oauth_token_seconds",
        about="How long the access token of a login is still valid",
        labels=("login",),
        count=_token_seconds,
    ),
    StoreGauge(
        name="mailbridge_oauth_refusals",
        about="Refusals of a login in a row; it is paused after 3",
        labels=("login",),
        count=_refusals,
    ),
    StoreGauge(
        name="mailbridge_oauth_days_left",
        about="Days until a client secret, a certificate or a login ends",
        labels=("login", "kind"),
        count=_login_days,
    ),
    StoreGauge(
        name="mailbridge_sweep_lag_seconds", about="How late the next moment to tell is; 0: its time has not come", count=_sweep_lag
    ),
    StoreGauge(
        name="mailbridge_job_failures",
        about="What a job could not do at its last attempt (deadlines, tickets, banks, or itself)",
        labels=("job",),
        count=_job_failures,
    ),
    StoreGauge(name="mailbridge_backup_age_seconds", about="Since the last good backup was made", count=_age("backup", "at")),
    StoreGauge(
        name="mailbridge_backup_proven_age_seconds",
        about="Since the newest backup was made of which a restore was compared row by row",
        count=_age("backup-proof", "made_at"),
    ),
    StoreGauge(name="mailbridge_backup_failed", about="1 where the last scheduled backup failed", count=_backup_failed),
    StoreGauge(name="mailbridge_audit_missing", about="Accepted mails that the last audit missed", count=_audit_missing),
    StoreGauge(name="mailbridge_audit_age_seconds", about="Since the last audit", count=_audit_age),
    StoreGauge(name="mailbridge_shadow_seconds", about="How long the desk has been in shadow mode", count=_shadow_seconds),
    StoreGauge(name="mailbridge_rules_mistakes", about="Mistakes in the rules on disk; 0: they are in force", count=_mistakes),
    StoreGauge(name="mailbridge_rules_info", about="The version of the rules in force", labels=("version",), count=_version),
    StoreGauge(
        name="mailbridge_source_up",
        about="1 where the last try of a source went well",
        labels=("name",),
        count=_source_up,
    ),
    StoreGauge(
        name="mailbridge_source_proven_timestamp_seconds",
        about="When a source was last seen to work",
        labels=("name",),
        count=_source_moment(lambda one: one.proven_at),
    ),
    StoreGauge(
        name="mailbridge_source_mail_timestamp_seconds",
        about="When the last mail came by a source",
        labels=("name",),
        count=_source_moment(lambda one: one.mail_at),
    ),
    StoreGauge(
        name="mailbridge_source_silent",
        about="1 where a source has brought no mail for longer than is likely",
        labels=("name",),
        count=_source_silent,
    ),
)


def _by_server(config: Config) -> Count:
    """Mails that are to be sent, by server and state."""

    def count(tx: Tx, now: datetime) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for (sender, state), number in tx.outbox.pending_by_sender().items():
            key = (config.outgoing_of(sender).name, state)
            found[key] = found.get(key, 0.0) + number
        return found

    return count


BY_SERVER = "mailbridge_outbox_by_server"


def gauges_of(config: Config) -> tuple[StoreGauge, ...]:
    """All gauges of a desk with this configuration."""
    about = "Outgoing mails that are to be sent, by server and state"
    by_server = StoreGauge(name=BY_SERVER, about=about, labels=("server", "state"), count=_by_server(config))
    canaries = (StoreGauge(name=one.name, about=one.about, labels=one.labels, count=partial(one.count, config)) for one in CANARY_GAUGES)
    return (*GAUGES, by_server, *canaries)


DISK_FREE = Gauge(name="mailbridge_disk_free_bytes", about="Free space of the disk with these files", labels=("files",))
TIME = Gauge(name="mailbridge_time_seconds", about="The clock of the machine, in seconds since 1970")


def places(config: Config) -> dict[str, Path]:
    """What files of the desk lie where: its folder, a database of SQLite, and the backups that the daemon makes."""
    found = {"desk": config.folder}
    if config.store_url.startswith("sqlite:///"):
        found["database"] = (config.folder / config.store_url.removeprefix("sqlite:///")).parent
    if config.backup.to is not None:
        found["backups"] = config.folder / config.backup.to
    return found


def disk_free(folders: Mapping[str, Path]) -> dict[tuple[str, ...], float]:
    """Bytes that a process without privileges may still write, for each folder that is there."""
    found: dict[tuple[str, ...], float] = {}
    for files, folder in folders.items():
        with suppress(OSError):
            found[files,] = float(shutil.disk_usage(folder).free)
    return found


class DeskGauges:
    """Asks the database, the disks and the clock."""

    def __init__(self, store: Store, clock: Clock, config: Config | None = None) -> None:
        self._store, self._clock = store, clock
        self._gauges = gauges_of(config) if config else GAUGES
        self._places = places(config) if config else {}

    def described(self) -> list[Gauge]:
        return [DISK_FREE, TIME, *(Gauge(name=gauge.name, about=gauge.about, labels=gauge.labels) for gauge in self._gauges)]

    def local(self) -> list[Gauge]:
        """The gauges of the machine."""
        return [replace(DISK_FREE, values=disk_free(self._places)), replace(TIME, values={(): self._clock.now().timestamp()})]

    def write_trouble(self) -> str:
        return self._store.write_trouble

    def read(self) -> list[Gauge]:
        """All gauges of the database, counted in one transaction.  Raises StoreAway."""
        with self._store.read() as tx:
            now = self._clock.now()
            return [Gauge(name=gauge.name, about=gauge.about, labels=gauge.labels, values=gauge.count(tx, now)) for gauge in self._gauges]
