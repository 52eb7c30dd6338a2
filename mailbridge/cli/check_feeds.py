"""State of the calendar feeds that the rules name, for `mailbridge check`, `status` and `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailbridge.cli.show import when
from mailbridge.delivery.webhooks.allowed import NotAllowed, allowed
from mailbridge.errors import Problem
from mailbridge.jobs.feeds import TABLE
from mailbridge.ops.https import NO_CONNECTION

if TYPE_CHECKING:
    from mailbridge.config.model import Config, FeedSettings
    from mailbridge.store.feeds import Feed

LATE = 3  # a feed is old after so many fetch intervals, even without a known fault
FILE = "rules/teams.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """The state of a feed.  `age_s`: seconds since the last successful fetch, None: there was none.  `trouble`: '' where the feed works."""

    address: str
    fetched_at: datetime | None
    age_s: float | None
    fault: str
    events: int
    skipped: int
    trouble: str


def feed_healths(addresses: Iterable[str], known: Iterable[Feed], settings: FeedSettings, now: datetime) -> tuple[FeedHealth, ...]:
    """The state of each feed, in the order of `addresses`."""
    rows = {one.address: one for one in known}
    return tuple(_health(address, rows.get(address), settings, now) for address in addresses)


def fetch_now(config: Config, addresses: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Fetches all feeds now, into the desk's database; each address with what came of it."""
    from mailbridge.clock import SystemClock
    from mailbridge.jobs.feeds import fetch_feeds
    from mailbridge.store.engine import Store

    store = Store(config.store_url)
    try:
        fetch_feeds(store, config.calendars, addresses, SystemClock(), at_once=True)
        with store.read() as tx:
            known = {one.address: one for one in tx.feeds.all()}
    finally:
        store.close()
    for address in addresses:
        one = known.get(address)
        yield address, (one.fault if one.fault else f"fetched, {one.events} events") if one else "another process fetches it now"


def feed_problems(addresses: Sequence[str], healths: Iterable[FeedHealth], settings: FeedSettings) -> Iterator[Problem]:
    """An error for each feed of a host that is not allowed, a warning for each that is old or has never been fetched."""
    hosts = frozenset(host.lower() for host in settings.hosts)
    for address in addresses:
        try:
            allowed(address, hosts, table=TABLE)
        except NotAllowed as error:
            hint = f'add it in mailbridge.toml, [calendars]: hosts = ["{urlsplit(address).hostname}"]'
            yield Problem(file=FILE, message=f"the feed {address} is not fetched: {error}", hint=hint)
    for one in healths:
        if one.trouble:
            yield Problem(file=FILE, message=one.trouble, hint=_hint(one, settings), warning=True)


def _hint(one: FeedHealth, settings: FeedSettings) -> str:
    """Which days of the feed are used meanwhile, and the setting of mailbridge.toml that helps, if there is one."""
    counts = "its last known days remain in force" if one.fetched_at else "none of its days is in force yet"
    if not one.fault:
        return counts if one.fetched_at else f"{counts}: a running desk will fetch it"
    if not settings.private and not _is_public(one.fault):
        return f"{counts}; a server of your own network needs [calendars] private = true in mailbridge.toml"
    return f"{counts}; after the remedy run: mailbridge check --feeds"


def _is_public(fault: str) -> bool:
    return not fault.endswith(NO_CONNECTION)


def _health(address: str, feed: Feed | None, settings: FeedSettings, now: datetime) -> FeedHealth:
    fetched_at, fault = (feed.fetched_at, feed.fault) if feed else (None, "")
    age = now - fetched_at if fetched_at else None
    return FeedHealth(
        address=address,
        fetched_at=fetched_at,
        age_s=age.total_seconds() if age is not None else None,
        fault=fault,
        events=feed.events if feed else 0,
        skipped=feed.skipped if feed else 0,
        trouble=_trouble(address, fetched_at, age, fault, settings),
    )


def _trouble(address: str, fetched_at: datetime | None, age: timedelta | None, fault: str, settings: FeedSettings) -> str:
    why = f": {fault}" if fault else ""
    if fetched_at is None or age is None:
        return f"the feed {address} has never been fetched{why}"
    if fault or age > settings.every * LATE:
        return f"the feed {address} is {_old(age)} old, last fetched {when(fetched_at)}{why}"
    return ""


def _old(age: timedelta) -> str:
    return f"{age.days} d" if age.days else f"{age.seconds // 3600} h {age.seconds % 3600 // 60} min"
