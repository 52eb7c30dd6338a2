"""Whether a time without mail is unlikely.  Pure.

Mails of the same hour of the week are modelled as a Poisson process with unknown rate.  After `n` such hours with `S` mails, the rate has a
Gamma(S, n) distribution, and no mail in a further hour has the probability (n / (n + 1)) ** S: with little data a silence has to last
longer before it is unlikely.  For mails that come in bursts S is divided by the dispersion, the variance of the counts over their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log
from zoneinfo import ZoneInfo

WEEKS = 12  # length of the history
LEAST_WEEKS = 4
LEAST = timedelta(hours=2)
UNLIKELY = 0.001
WEEK = 168  # hours
_HOUR = timedelta(hours=1)

IsOff = Callable[[datetime], bool]  # whether the local day of a moment is a holiday


def hour_of(moment: datetime) -> int:
    """Whole hours since 1970-01-01 00:00 UTC."""
    return int(moment.timestamp() // 3600)


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """One hour of the week: the number of such hours, and of their mails."""

    hours: int = 0
    mails: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalPattern:
    """The arrival rate of a source by hour of the week on the local clock.  `dispersion` 1: independent arrivals."""

    slots: tuple[HourOfWeek, ...]
    dispersion: float
    zone: str
    weeks: float

    def slot(self, moment: datetime) -> HourOfWeek:
        return self.slots[_slot(moment, ZoneInfo(self.zone))]


def learn(counts: Mapping[int, int], until: datetime, zone: str, is_off: IsOff) -> ArrivalPattern:
    """The pattern of the last weeks before `until`; `counts`: hour since 1970 -> mails.  Holidays are left out.

    The history begins with the first mail, at least a whole week before `until`.
    """
    end = hour_of(until)
    first = min((hour for hour in counts if end - WEEKS * WEEK <= hour < end), default=end)
    clock = ZoneInfo(zone)
    seen: list[list[int]] = [[] for _ in range(WEEK)]
    for hour in range(first, end):
        moment = datetime.fromtimestamp(hour * 3600, UTC)
        if not is_off(moment.astimezone(clock)):
            seen[_slot(moment, clock)].append(counts.get(hour, 0))
    slots = tuple(HourOfWeek(hours=len(each), mails=sum(each)) for each in seen)
    return ArrivalPattern(slots=slots, dispersion=_dispersion(seen), zone=zone, weeks=(end - first) / WEEK)


def _dispersion(seen: list[list[int]]) -> float:
    """Pearson's statistic over its degrees of freedom, at least 1."""
    statistic, freedom = 0.0, 0
    for each in seen:
        if len(each) > 1 and any(each):
            mean = sum(each) / len(each)
            statistic += sum((count - mean) ** 2 for count in each) / mean
            freedom += len(each) - 1
    return max(1.0, statistic / freedom) if freedom else 1.0


def _slot(moment: datetime, clock: ZoneInfo) -> int:
    local = moment.astimezone(clock)
    return local.weekday() * 24 + local.hour


def likelihood(habit: ArrivalPattern, since: datetime, until: datetime, is_off: IsOff) -> float:
    """The logarithm of the probability of no mail between the moments.  Hours of holidays do not count."""
    total, at, clock = 0.0, since, ZoneInfo(habit.zone)
    while at < until:
        following = min(datetime.fromtimestamp((hour_of(at) + 1) * 3600, UTC), until)
        slot = habit.slot(at)
        if slot.hours and not is_off(at.astimezone(clock)):
            # mails of `hours` such hours, none in a further part of one
            total += slot.mails / habit.dispersion * log(slot.hours / (slot.hours + (following - at) / _HOUR))
        at = following
    return total


def is_unlikely(habit: ArrivalPattern, last: datetime, now: datetime, is_off: IsOff) -> bool:
    """Whether the silence since `last` is too long to be chance."""
    if habit.weeks < LEAST_WEEKS or now - last < LEAST:
        return False
    return likelihood(habit, last, min(now, last + WEEKS * WEEK * _HOUR), is_off) < log(UNLIKELY)
