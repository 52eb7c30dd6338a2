"""Counts the mails of each source by hour, and finds sources that are silent for an unlikely time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.health.names import PIPE, expected, way_in
from mailbridge.health.silence import LEAST, WEEK, WEEKS, hour_of, is_unlikely, learn
from mailbridge.sla.calendar import Calendar
from mailbridge.store.engine import Store
from mailbridge.store.sources import MailArrived

STATE_KEY = "arrivals-counted"
BATCH = 2_000
UNDECIDED = timedelta(minutes=10)  # how long a mail that is in progress is waited for
KEPT = WEEKS * WEEK + WEEK  # hours


def count_arrivals(store: Store, now: datetime, *, canaries: bool = False) -> int:
    """Counts the mails of the inbox since the last count, in batches; how many there were.

    `canaries`: the desk sends mails to itself, so a mail is counted only when it is known to be none.
    """
    with store.read() as tx:
        if not tx.sources.came(tx.state.get(STATE_KEY) or 0, 1):
            return 0
    with store.write() as tx:
        after = tx.state.take(STATE_KEY, now) or 0
        found = tx.sources.came(after, BATCH)
        found = _decided(found, now) if canaries else found
        mails, sizes, last = _sums(found, now)
        tx.sources.add_arrivals({key: (count, sizes[key]) for key, count in mails.items()})
        for name, moment in last.items():
            tx.sources.mail_came(name, moment, now)
        tx.state.set(STATE_KEY, found[-1].id if found else after, now)
    return len(found)


def _decided(found: list[MailArrived], now: datetime) -> list[MailArrived]:
    """Those up to the first whose outcome is to be waited for: it may be a canary, which is not counted."""
    first = next((at for at, came in enumerate(found) if came.is_open and now - came.received_at < UNDECIDED), len(found))
    return found[:first]


def _sums(found: Iterable[MailArrived], now: datetime) -> tuple[Counter[tuple[str, int]], Counter[tuple[str, int]], dict[str, datetime]]:
    mails, sizes, last = Counter[tuple[str, int]](), Counter[tuple[str, int]](), dict[str, datetime]()
    for came in found:
        name, moment = way_in(came.source, came.account, came.folder), min(came.received_at, now)
        if not name or came.is_canary:
            continue
        last[name] = max(moment, last.get(name, moment))
        if hour_of(now) - hour_of(moment) <= KEPT:
            mails[name, hour_of(moment)] += 1
            sizes[name, hour_of(moment)] += came.size
    return mails, sizes, last


def look_for_silence(store: Store, desk: Desk, now: datetime) -> int:
    """Updates for each source whether its silence is unlikely; how many are."""
    calendar = _calendar(desk)
    watched = {name for name in expected(desk.config) if ":" in name and not name.startswith("scanner:")} | {PIPE}
    silent = {}
    with store.read() as tx:
        known = [source for source in tx.sources.all() if source.name in watched and source.mail_at is not None]
        for source in known:
            counts = {hour: count for hour, (count, _) in tx.sources.arrivals(source.name, hour_of(now) - KEPT).items()}
            why = silence(counts, source.mail_at or now, now, calendar)
            if why != source.silence and (not why or not source.silence):
                silent[source.name] = why
    if silent or known:
        with store.write() as tx:
            for name, why in silent.items():
                tx.sources.is_silent(name, why)
            tx.sources.forget_arrivals([source.name for source in known], hour_of(now) - KEPT)
    return sum(bool(why) for why in silent.values())


def silence(counts: Mapping[int, int], last: datetime, now: datetime, calendar: Calendar) -> str:
    """Why the silence since `last` is unlikely, as text; '' where it is not."""
    if now - last < LEAST:
        return ""

    def is_off(local: datetime) -> bool:
        return local.date() in calendar.holidays

    habit = learn(counts, last, calendar.zone, is_off)
    if not is_unlikely(habit, last, now, is_off):
        return ""
    usual = sum(slot.mails for slot in habit.slots) / max(habit.weeks, 1)
    return f"no mail since {last:%Y-%m-%d %H:%M} UTC, about {usual:.0f} usually arrive in a week; by chance this is rarer than 1 in 1000"


def _calendar(desk: Desk) -> Calendar:
    """The zone and the holidays of the team that new tickets go to."""
    organisation = desk.organisation
    team = organisation.teams.get(organisation.default_team) or next(iter(organisation.teams.values()), None)
    return team.calendar if team else Calendar()


def growth(counts: Mapping[int, tuple[int, int]], now: datetime) -> tuple[float, timedelta]:
    """Bytes of mail a day, and the period of the measurement."""
    hours = [hour for hour in counts if hour <= hour_of(now)]
    if not hours:
        return 0.0, timedelta(0)
    span = timedelta(hours=hour_of(now) - min(hours) + 1)
    return sum(size for _, size in counts.values()) / (span / timedelta(days=1)), span
