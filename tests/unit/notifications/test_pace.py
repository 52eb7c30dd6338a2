"""The token bucket of senders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbridge.delivery.pace import Pace

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_no_minute_has_more_than_the_limit() -> None:
    pace = Pace(30)
    sent = [(second, pace.take(10, NOW + timedelta(seconds=second))) for second in range(300)]

    busiest = max(sum(count for at, count in sent if start <= at < start + 60) for start in range(240))
    assert 25 <= busiest <= 30
    assert sum(count for _, count in sent) >= 5 * 25


def test_what_was_not_sent_is_given_back_and_never_more_than_the_burst() -> None:
    pace = Pace(30)

    assert pace.take(10, NOW) == 5
    assert pace.take(10, NOW) == 0
    pace.give_back(3)
    assert pace.take(10, NOW) == 3
    pace.give_back(100)
    assert pace.take(10, NOW) == 5
    assert pace.take(10, NOW - timedelta(hours=1)) == 0, "a clock that goes back gives nothing"


def test_without_a_limit_everything_goes() -> None:
    assert Pace(0).take(10, NOW) == 10
