"""Notifies the admins of a source that fails, gives no sign of life or is silent: once, and once more when it works again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbridge.config.model import Config
from mailbridge.execution.desk import Desk
from mailbridge.health.names import canary_name, expected
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import SourceNews, SourceRow
from mailbridge.store.engine import Store
from mailbridge.store.source_health import HealthState, SourceHealth

# A source that stands still is told within two minutes: it is found within 75 s and fails once more, and the job runs every 10 s.
AFTER = timedelta(seconds=90)  # since the last proof; shorter failures are not notified
PROBED_AGAIN = timedelta(seconds=35)  # of failure; within it the source was tried twice
BACK_AFTER = timedelta(minutes=5)  # without a failure, or a source that fails now and then would be told again and again


@dataclass(frozen=True, slots=True)
class News:
    source: SourceHealth
    state: HealthState


def notify_sources(store: Store, desk: Desk, now: datetime) -> int:
    """Notifies the admins of each source with a lasting change, all in one mail; how many sources."""
    config = desk.config
    within = expected(config)
    with store.read() as tx:
        if not _news(_told_here(tx.sources.all(), config), within, now):
            return 0
    with store.write() as tx:
        tx.state.take("sources-told", now)  # lock: two daemons send it once
        news = _news(_told_here(tx.sources.all(), config), within, now)
        for one in news:
            tx.sources.set_notified(one.source.name, _told_as(one.state), now)
        rows = tuple(_row(one) for one in news if one.state is not HealthState.OK)
        about = SourceNews(count=len(rows), rows=rows, back=tuple(_row(one) for one in news if one.state is HealthState.OK))
        if news:
            notifications = admin_notifications(
                config.desk.admins, "sources", f"{now:%Y%m%d%H%M%S}", about, config.desk.address, config.desk.language
            )
            tx.outbox.add_many(notifications, now)
            tx.wake("outbox")
        tx.state.set("sources-told", now.isoformat(), now)
    return len(news)


def _told_here(sources: Sequence[SourceHealth], config: Config) -> Sequence[SourceHealth]:
    """All but the canaries whose alarm has a way of its own."""
    elsewhere = {canary_name(to) for to in config.canary_addresses} if config.has_canary_alarm else frozenset()
    return [one for one in sources if one.name not in elsewhere]


def _news(sources: Sequence[SourceHealth], within: dict[str, timedelta], now: datetime) -> list[News]:
    return [news for source in sources if (news := _of(source, within.get(source.name), now)) is not None]


def _of(source: SourceHealth, within: timedelta | None, now: datetime) -> News | None:
    """The change of this source that the admins do not know yet; None where there is none."""
    state = source.state(now, within)
    if state in (HealthState.OK, HealthState.UNKNOWN):
        is_back = state is HealthState.OK and (source.failed_at is None or now - source.failed_at >= BACK_AFTER)
        return News(source, HealthState.OK) if source.told and is_back else None
    if source.told == _told_as(state) or (state is HealthState.SILENT and source.told):
        return None
    return News(source, state) if source.failing_since is None or lasts(source, now) else None


def lasts(source: SourceHealth, now: datetime) -> bool:
    """Whether the failure of the source is none that passes by itself in a moment."""
    if source.failing_since is None:
        return False
    last_proof = min(source.proven_at or source.failing_since, source.failing_since)
    return now - source.failing_since >= PROBED_AGAIN and now - last_proof >= AFTER


def _told_as(state: HealthState) -> str:
    """The state for notifications: a failure after a missing sign of life is the same news."""
    match state:
        case HealthState.FAILING | HealthState.STALE:
            return "failing"
        case HealthState.SILENT:
            return "silent"
        case HealthState.OK | HealthState.UNKNOWN:
            return ""


def _row(news: News) -> SourceRow:
    source = news.source
    since = source.told_at if news.state is HealthState.OK else source.failing_since
    return SourceRow(
        name=source.name,
        since=_moment(since),
        reason=" ".join(source.why(news.state).split()),
        proven=_moment(source.proven_at),
        mail=_moment(source.mail_at),
    )


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else "never"
