"""The waiting time that acknowledgements say is that of 80 % of the tickets, also on queues of a kind that nobody thought of."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, time, timedelta

import pytest

from mailbridge.sla.calendar import Calendar, due, worked
from mailbridge.sla.waiting import LEAST_ANSWERED, Said, Wait, backtest, most_within, said, waiting_times

OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=(((time(9), time(17)),),) * 5 + ((), ()))
ALWAYS = Calendar()
MONDAY = datetime(2026, 1, 5, 7, tzinfo=UTC)  # 09:00 in Bucharest
NOW = MONDAY + timedelta(days=28)


def wait(asked_at: datetime, minutes: int | None, **different: str) -> Wait:
    """A ticket that was answered after so many minutes; None: not yet."""
    answered = asked_at + timedelta(minutes=minutes) if minutes is not None else None
    kind = {"team": "support", "type": "", "priority": "normal", **different}
    return Wait(asked_at=asked_at, answered_at=answered, **kind)


def waits(count: int, minutes: int = 60) -> list[Wait]:
    return [wait(MONDAY + timedelta(days=day % 5, minutes=day), minutes) for day in range(count)]


def test_nothing_is_said_of_fewer_than_twenty_answers() -> None:
    assert waiting_times(waits(LEAST_ANSWERED - 1), {"support": OFFICE}, NOW).groups == {}
    assert waiting_times(waits(LEAST_ANSWERED), {"support": OFFICE}, NOW).of("support", "", "normal") == 60


def test_tickets_older_than_thirty_days_and_answers_of_later_do_not_count() -> None:
    later = MONDAY + timedelta(days=35)
    assert waiting_times(waits(40), {"support": OFFICE}, later).of("support", "", "normal") is None
    early = MONDAY + timedelta(minutes=30)  # nothing is answered by then
    assert waiting_times(waits(40), {"support": OFFICE}, early).groups == {}


def test_open_tickets_count_with_the_time_they_have_waited() -> None:
    """20 fast answers beside 20 that still wait: 80 % have no answer yet, so nothing is promised."""
    fast = [(timedelta(minutes=10), True)] * 20
    assert most_within(fast) == timedelta(minutes=10)
    assert most_within([*fast, *[(timedelta(hours=9), False)] * 20]) is None
    assert most_within([*fast, *[(timedelta(minutes=1), False)] * 20]) == timedelta(minutes=10)


def test_an_urgent_ticket_is_not_compared_with_others_and_a_rare_type_with_any() -> None:
    known = waiting_times([*waits(30), *(wait(MONDAY, 5, type="phone") for _ in range(3))], {"support": OFFICE}, NOW)

    assert known.of("support", "", "urgent") is None
    assert known.of("support", "phone", "normal") == 60
    assert known.of("network", "", "normal") is None


def test_a_night_costs_a_team_no_time() -> None:
    evening = [wait(MONDAY + timedelta(hours=7, minutes=30, days=day % 4), 17 * 60) for day in range(25)]  # 16:30 to 9:30

    assert waiting_times(evening, {"support": OFFICE}, NOW).of("support", "", "normal") == 60
    assert waiting_times(evening, {"support": ALWAYS}, NOW).of("support", "", "normal") == 17 * 60


def test_a_team_is_behind_where_clearly_more_comes_in_than_it_answers() -> None:
    recent = NOW - timedelta(days=3)
    asked = [recent + timedelta(minutes=one) for one in range(40)]

    assert waiting_times([wait(at, 60 if number % 2 else None) for number, at in enumerate(asked)], {"support": ALWAYS}, NOW).behind
    assert not waiting_times([wait(at, 60 if number % 8 else None) for number, at in enumerate(asked)], {"support": ALWAYS}, NOW).behind
    assert not waiting_times([wait(at, None) for at in asked[:9]], {"support": ALWAYS}, NOW).behind


@pytest.mark.parametrize(
    ("minutes", "calendar", "words"),
    [
        (1, OFFICE, Said(count=15, unit="minutes", working=True)),
        (16, OFFICE, Said(count=30, unit="minutes", working=True)),
        (31, OFFICE, Said(count=1, unit="hours", working=True)),
        (121, OFFICE, Said(count=3, unit="hours", working=True)),
        (960, OFFICE, Said(count=16, unit="hours", working=True)),
        (961, OFFICE, Said(count=3, unit="days", working=True)),
        (2881, ALWAYS, Said(count=3, unit="days", working=False)),
    ],
)
def test_the_time_is_rounded_up_to_what_people_say(minutes: int, calendar: Calendar, words: Said) -> None:
    assert said(minutes, calendar) == words


@pytest.mark.parametrize("seed", range(3))
def test_in_a_back_test_of_a_queue_the_estimate_holds_for_75_to_85_percent(seed: int) -> None:
    """A queue of two kinds of work before some agents, who answer in turn; mails come at any hour."""
    rng = random.Random(seed)
    agents, load, service = rng.randint(1, 5), rng.uniform(0.3, 0.75), rng.uniform(5, 60)
    found = backtest(queue(rng, agents, load, service), {"support": OFFICE}, MONDAY + timedelta(days=30), MONDAY + timedelta(days=90))
    one = found["support"]
    print(f"seed {seed}: {agents} agents, load {load:.2f}, {service:.0f} min a ticket: {one}")

    assert one.said > 0.9 * one.tickets
    assert one.share is not None
    assert 0.75 <= one.share <= 0.85
    assert one.share_said is not None
    assert one.share_said >= one.share


def queue(rng: random.Random, agents: int, load: float, service: float) -> list[Wait]:
    """About 1,600 tickets of 90 days, answered in their order in working time; the team works off `load` of what it could."""
    scale = 90 * 5 / 7 * 8 * 60 * agents * load / service / 1600  # so many of them are one here
    free, clock, last, found = [0.0] * agents, 0.0, MONDAY, list[Wait]()
    asked_at = MONDAY
    while (asked_at := asked_at + timedelta(minutes=rng.expovariate(1600 / (90 * 24 * 60)))) < MONDAY + timedelta(days=90):
        clock, last = clock + worked(last, asked_at, OFFICE).total_seconds() / 60, asked_at
        begins = max(heapq.heappop(free), clock)
        answered = begins + rng.expovariate(1 / (service * scale))
        heapq.heappush(free, answered)
        minutes = timedelta(minutes=answered - clock)
        found.append(Wait(team="support", type="", priority="normal", asked_at=asked_at, answered_at=due(asked_at, OFFICE, minutes)))
    return found
