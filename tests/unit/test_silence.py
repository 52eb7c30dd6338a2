"""A silence is told when chance alone would seldom make it; simulated mail of weeks, its seed printed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp, log

import pytest

from mailbridge.health.silence import hour_of, is_unlikely, learn, likelihood

MONDAY = datetime(2026, 9, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEED = random.SystemRandom().randrange(10**9)


def never(_moment: datetime) -> bool:
    return False


def office(moment: datetime) -> float:
    """Mails an hour: 4 in working hours, 0.2 else."""
    return 4.0 if moment.weekday() < 5 and 8 <= moment.hour < 17 else 0.2


def mails(chance: random.Random, weeks: float, *, burst: int = 1, off: range = range(0)) -> list[datetime]:
    """Moments at which mails came, by `office`; each is `burst` mails.  `off`: days on which nobody writes."""
    found, at = [], MONDAY
    while at < MONDAY + timedelta(weeks=weeks):
        if (at - MONDAY).days not in off:
            left, rate = chance.expovariate(1), office(at) / burst
            while left < rate:
                found += [at + left / rate * HOUR] * burst
                left += chance.expovariate(1)
        at += HOUR
    return sorted(found)


def counted(found: list[datetime]) -> dict[int, int]:
    return Counter(hour_of(moment) for moment in found)


@pytest.mark.parametrize("burst", [1, 5])
def test_silences_of_a_healthy_source_are_seldom_told(burst: int) -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    told = gaps = 0
    for _ in range(4):
        found = mails(chance, 9, burst=burst)
        known = [one for one in found if one < MONDAY + timedelta(weeks=6)]
        habit = learn(counted(known), MONDAY + timedelta(weeks=6), "UTC", never)
        later = found[len(known) :]
        pairs = [(one, other) for one, other in pairwise(later) if other > one]
        gaps += len(pairs)
        told += sum(is_unlikely(habit, one, other, never) for one, other in pairs)

    assert gaps > 300
    # Asked is 0.1 %.  Of some 500 gaps of bursts three may be told by chance.
    assert told / gaps <= 0.01, f"{told} of {gaps}"


def test_an_outage_in_working_hours_is_told_the_same_morning() -> None:
    print("seed", SEED)
    found = mails(random.Random(SEED), 6)
    habit = learn(counted(found), MONDAY + timedelta(weeks=6), "UTC", never)
    monday = MONDAY + timedelta(weeks=6, hours=8)

    assert not is_unlikely(habit, monday, monday + timedelta(hours=1, minutes=59), never)
    assert is_unlikely(habit, monday, monday + timedelta(hours=4), never)
    assert not is_unlikely(habit, monday - timedelta(hours=20), monday - timedelta(hours=4), never), "a night"


def test_four_weeks_are_needed() -> None:
    found = mails(random.Random(1), 3.9)
    end = MONDAY + timedelta(weeks=3.9)
    habit = learn(counted(found), end, "UTC", never)

    assert not is_unlikely(habit, end, end + timedelta(days=30), never)


def test_the_probability_is_that_of_an_unknown_rate() -> None:
    """Eight mails in four Mondays at 9, none on the fifth: (4/5)**8; the limit for much data is the Poisson distribution."""
    week = timedelta(weeks=1)
    few = {hour_of(MONDAY + n * week + 9 * HOUR): 2 for n in range(4)}
    since, until = MONDAY + 4 * week + 9 * HOUR, MONDAY + 4 * week + 10 * HOUR
    habit = learn(few, MONDAY + 4 * week, "UTC", never)

    assert habit.dispersion == 1
    assert exp(likelihood(habit, since, until, never)) == pytest.approx(0.8**8)
    assert 8 * log(0.8) > -2 * 1, "less unlikely than if the rate were known to be 2"


def test_holidays_are_left_aside_and_the_clock_is_the_local_one() -> None:
    print("seed", SEED)
    found = mails(random.Random(SEED), 6)
    end = MONDAY + timedelta(weeks=6, hours=8)
    habit = learn(counted(found), end, "UTC", never)

    assert is_unlikely(habit, end, end + timedelta(hours=8), never)
    assert not is_unlikely(habit, end, end + timedelta(hours=8), lambda moment: moment.date() == end.date())
    # 9 o'clock in Bucharest is 6 UTC in summer and 7 UTC in winter.
    nine = {hour_of(datetime(2026, 10, day, 6, tzinfo=UTC)): 5 for day in (1, 8, 15, 22)}
    local = learn(nine, datetime(2026, 11, 4, tzinfo=UTC), "Europe/Bucharest", never)
    assert local.slot(datetime(2026, 11, 5, 7, 30, tzinfo=UTC)).mails == 20


def test_bursts_make_a_silence_less_unlikely() -> None:
    single, bursts = (mails(random.Random(3), 8, burst=burst) for burst in (1, 6))
    end = MONDAY + timedelta(weeks=8)

    assert learn(counted(single), end, "UTC", never).dispersion < 1.3
    assert learn(counted(bursts), end, "UTC", never).dispersion > 4
