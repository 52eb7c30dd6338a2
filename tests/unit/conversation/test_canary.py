"""What is known of the canaries to one address: the parts of the way, when one is late, and who was told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.conversation import canary
from mailbridge.conversation.canary import CanaryWatch, SentCanary
from mailbridge.health.names import canary_name
from mailbridge.message.passages import Passage
from tests.builders import NOW

TO = "support@desk.test"
LATE = timedelta(minutes=10)
WAYS = ("webhook", "mail:admin@desk.test")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def measured(*hops: float | None, accepted: float = 60, now: float = 61) -> list[tuple[float | None, float]]:
    way = [Passage(host=f"mx{number}.test", at=None if hop is None else after(hop)) for number, hop in enumerate(hops)]
    return [(leg.seconds, leg.clock) for leg in canary.measured(NOW, way, after(accepted), after(now))]


def test_each_part_of_the_way_has_its_time() -> None:
    assert measured(1, 31) == [(1, 0), (30, 0), (29, 0), (1, 0)]


def test_a_field_that_cannot_be_read_leaves_its_time_to_the_next_server() -> None:
    assert measured(1, None, 31) == [(1, 0), (None, 0), (30, 0), (29, 0), (1, 0)]


def test_whole_seconds_are_no_clock_difference() -> None:
    assert measured(-0.9, 5, 4.2, accepted=3.5, now=4)[:2] == [(0, 0), (3.5, 1.5)]
    assert measured(-0.9, 3, 2.1)[0] == (0, 0)


def test_a_clock_that_cannot_be_right_is_told_and_its_time_is_not_counted() -> None:
    assert measured(-40)[0] == (0, -40)  # before it was sent
    assert measured(100)[0] == (60, 40)  # after it was accepted
    assert measured(30, 10)[1] == (0, -20)  # before the server in front of it


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=8), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_the_parts_make_the_whole_whatever_the_clocks_say(hops: list[float | None], accepted: float, now: float) -> None:
    legs = measured(*hops, accepted=accepted, now=now)

    whole = max(0.0, accepted, now)
    assert all(seconds is None or seconds >= 0 for seconds, _ in legs)
    assert abs(sum(seconds or 0 for seconds, _ in legs) - whole) < 0.1


def waiting(*nonces: str, **values: object) -> CanaryWatch:
    sent = tuple(SentCanary(nonce=nonce, at=after(60 * number), handed_over=True) for number, nonce in enumerate(nonces))
    return replace(CanaryWatch(to=TO, under_way=sent), **values)  # type: ignore[arg-type]


def overdue(watch: CanaryWatch, now: datetime) -> str:
    return canary.overdue(watch, lambda one: now - one.at, LATE)


def test_one_is_late_after_the_time_and_a_later_one_that_came_takes_that_back() -> None:
    watch = waiting("a", "b")
    assert overdue(watch, NOW + LATE - timedelta(seconds=1)) == ""
    assert "the outgoing server took it" in overdue(watch, NOW + LATE)

    assert overdue(canary.arrived(watch, "b", after(70), after(71), ()), NOW + 3 * LATE) == ""
    assert overdue(canary.arrived(watch, "a", after(70), after(71), ()), NOW + 3 * LATE) != ""


def test_the_reason_tells_a_broken_way_out_from_a_broken_way_in() -> None:
    refused = canary.handed(waiting("a"), "a", "550 no")

    assert "the outgoing server does not take mail: 550 no" in overdue(refused, NOW + LATE)


def test_one_that_was_overtaken_is_no_news() -> None:
    watch = canary.arrived(waiting("a", "b"), "b", after(70), after(71), ())
    late = canary.arrived(watch, "a", after(500), after(501), ())

    assert (late.last, late.under_way) == (watch.last, ())


def test_who_was_not_told_of_the_begin_is_not_told_of_the_end() -> None:
    late = canary.judged(waiting("a"), "it is late", after(700), WAYS)
    assert late.alarm is not None
    assert (late.alarm.owed, late.alarm.late) == (WAYS, True)
    assert canary.judged(late, "it is still late", after(800), WAYS) == late

    told = canary.told_by(late, late.alarm.key, "webhook")
    back = canary.judged(canary.arrived(told, "a", after(900), after(901), ()), "", after(902), WAYS)
    assert back.alarm is not None
    assert (back.alarm.owed, back.alarm.late, back.late_since) == (("webhook",), False, None)
    assert canary.told_by(back, back.alarm.key, "webhook").alarm is None

    silent = canary.judged(canary.arrived(late, "a", after(900), after(901), ()), "", after(902), WAYS)
    assert silent.alarm is None


def test_only_a_mail_that_came_ends_an_alarm() -> None:
    """A process that has just started has waited for nothing yet."""
    late = canary.judged(waiting("a"), "it is late", after(700), WAYS)

    assert canary.judged(late, "", after(701), WAYS) == late


def test_one_that_did_not_come_for_a_day_is_counted_as_lost() -> None:
    later = canary.started(waiting("a", "b"), "c", NOW + canary.LOST_AFTER + timedelta(seconds=30), timedelta(minutes=5))

    assert ([one.nonce for one in later.under_way], later.lost) == (["b", "c"], 1)


def test_times_of_a_clock_that_was_ahead_hold_nothing_up() -> None:
    ahead = canary.started(CanaryWatch(to=TO), "a", NOW + timedelta(days=300), timedelta(minutes=5))

    assert canary.is_due(ahead, NOW, timedelta(minutes=5))
    assert not canary.is_due(ahead, NOW + timedelta(days=300), timedelta(minutes=5))
    assert canary.clipped(ahead, NOW).under_way[0].at == NOW
    came = canary.arrived(ahead, "a", NOW + timedelta(days=300), NOW + timedelta(days=300), ())
    assert canary.clipped(came, NOW).newest_sent_that_came() < NOW


def test_what_is_stored_is_read_again() -> None:
    way = [Passage(host="mx.test", at=after(1)), Passage(host="", at=None)]
    watch = canary.arrived(canary.started(waiting("a", "b"), "c", after(200), LATE), "b", after(300), after(301), way)
    watch = canary.judged(watch, "it is late", after(900), WAYS)

    assert canary.watch_of(TO, json.loads(json.dumps(canary.stored_watch(watch)))) == watch
    assert canary.watch_of(TO, None) == CanaryWatch(to=TO)


def test_the_metrics_read_what_is_stored() -> None:
    assert canary.watch_key("Support@Desk.test") == canary_name("Support@Desk.test")
