"""Fetches the calendar feeds that the rules name.  If a fetch fails, the last good content stays valid.

A fetch is claimed in one transaction, runs outside of any, and its result is written in another.  So only one process fetches a feed, and
no transaction waits for a slow server.  After a crash in between, the next interval tries again.  Feeds are fetched side by side, so that a
silent server holds up its own only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit

from mailbridge.clock import Clock
from mailbridge.config.model import FeedSettings
from mailbridge.delivery.webhooks.allowed import NotAllowed, allowed
from mailbridge.errors import StoreAway
from mailbridge.jobs.attempts import Item, failed, key_of, reason_of
from mailbridge.ops import log as logs
from mailbridge.ops.https import NoAnswer, request
from mailbridge.ops.side_by_side import side_by_side
from mailbridge.sandbox.feed import FeedUnreadable, read_feed
from mailbridge.sla.closed_times import ClosedTimes
from mailbridge.store.engine import Store

log = logs.get("feeds")

STATE_KEY = "feeds"  # the time of the last change of a content
TABLE = "[calendars]"
REDIRECTS = 3
AT_ONCE = 16  # feeds that are fetched side by side
AGAIN = timedelta(minutes=15)  # pause after a failure, if the interval is longer
BACK, AHEAD = timedelta(days=400), timedelta(days=800)  # range of days around today that is read


class NoFeed(Exception):
    """The address gave no calendar.  The text says why, in one line."""


def fetch_feeds(store: Store, settings: FeedSettings, addresses: Sequence[str], clock: Clock, *, at_once: bool = False) -> int:
    """Fetches the feeds that are due; `at_once`: all of them.  Returns their number."""
    due = [address for address in addresses if _claimed(store, settings, address, clock.now(), at_once)]
    side_by_side([partial(_attempt, store, settings, address, clock) for address in due], most=AT_ONCE, name="feed")
    return len(due)


def _attempt(store: Store, settings: FeedSettings, address: str, clock: Clock) -> None:
    """Fetches the feed.  An error of the program is recorded for this feed, so that the others are fetched."""
    item = Item(job=STATE_KEY, key=key_of(address), about=f"calendar feed of {urlsplit(address).hostname}")
    try:
        _fetch(store, settings, address, clock)
    except StoreAway:
        raise
    except Exception as error:  # a feed of an unknown kind must not block the other feeds
        log.exception("job_item_failed", job=item.job, about=item.about)
        with store.write() as tx:
            tx.feeds.failed(address, f"mailbridge cannot read this feed because of an error of its own ({reason_of(error)})")
            failed(tx, item, error, clock.now())
        return
    with store.read() as tx:
        known = tx.job_failures.is_known(item.job, item.key)
    if known:
        with store.write() as tx:
            tx.job_failures.forget(item.job, item.key)


def _claimed(store: Store, settings: FeedSettings, address: str, now: datetime, at_once: bool) -> bool:
    if at_once:
        with store.write() as tx:
            tx.feeds.expect([address])
            return tx.feeds.claim(address, now, now)
    with store.read() as tx:
        known = next((one for one in tx.feeds.all() if one.address == address), None)
    wait = min(settings.every, AGAIN) if known is not None and known.fault else settings.every
    if known is not None and known.tried_at is not None and known.tried_at > now - wait:
        return False
    with store.write() as tx:
        tx.feeds.expect([address])
        return tx.feeds.claim(address, now - wait, now)


def _fetch(store: Store, settings: FeedSettings, address: str, clock: Clock) -> None:
    host = urlsplit(address).hostname or ""
    now = clock.now()
    try:
        content = download(address, settings)
        found = read_feed(content, (now - BACK).date(), (now + AHEAD).date())
    except (NoFeed, FeedUnreadable) as error:
        with store.write() as tx:
            tx.feeds.failed(address, str(error)[:500])
        log.warning("feed_failed", host=host, reason=str(error)[:500], details=getattr(error, "details", ""))
        return
    with store.write() as tx:
        before = next(one.closed for one in tx.feeds.all() if one.address == address)
        closed = closed_times(found).with_past_of(before, now)
        tx.feeds.fetched(address, closed, now, events=found["events"], skipped=found["skipped"])
        if closed != before:
            tx.state.set(STATE_KEY, now.isoformat(), now)
    log.info("feed_fetched", host=host, events=found["events"], skipped=found["skipped"], changed=closed != before)


def closed_times(found: Mapping[str, Any]) -> ClosedTimes:
    """Converts the answer of `sandbox.feed.read_feed`."""
    moment = datetime.fromisoformat
    return ClosedTimes(
        days=frozenset(map(date.fromisoformat, found["days"])),
        spans=frozenset((moment(begins), moment(ends)) for begins, ends in found["spans"]),
        floating=frozenset((moment(begins), moment(ends)) for begins, ends in found["floating"]),
    )


def download(address: str, settings: FeedSettings) -> bytes:
    """Downloads the feed.  Redirects are followed only to allowed hosts.  Raises NoFeed."""
    hosts = frozenset(host.lower() for host in settings.hosts)
    for _ in range(REDIRECTS + 1):
        try:
            answer = request(
                "GET",
                allowed(address, hosts, table=TABLE),
                None,
                {"Accept": "text/calendar"},
                time_limit=settings.time_limit,
                most=settings.largest + 1,
                ca_file=settings.ca_file,
                may_connect=None if settings.private else is_public,
            )
        except (NotAllowed, NoAnswer) as error:
            raise NoFeed(" ".join(str(error).split())) from error
        if answer.status in (301, 302, 303, 307, 308) and answer.location:
            address = urljoin(address, answer.location)
            continue
        if answer.status != 200:
            raise NoFeed(f"{urlsplit(address).hostname} answered {answer.status}{_meaning(answer.status)}")
        if len(answer.body) > settings.largest:
            raise NoFeed(f"the feed is larger than {settings.largest} bytes, the limit of largest in {TABLE}")
        return answer.body
    raise NoFeed(f"more than {REDIRECTS} redirects")


def _meaning(status: int) -> str:
    """What the administrator reads behind the number of an HTTP status (RFC 9110 15)."""
    match status:
        case 401 | 403:
            return ", so it asks for a login or a key: use the secret address that the calendar offers"
        case 404 | 410:
            return ", so there is no calendar at this address any more"
        case _ if status >= 500:
            return ", so it has an error of its own"
        case _:
            return ""


def is_public(peer: str) -> bool:
    """Whether the IP address is public: neither of this machine nor of a local network."""
    found = ip_address(peer.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast
