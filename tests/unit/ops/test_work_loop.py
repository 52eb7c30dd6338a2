"""The loop that mail workers, delivery workers and webhook workers share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from mailbridge.errors import StoreAway, Transient
from mailbridge.ops.work_loop import AWAY, BROKEN, POLL, backoff, new_owner, process_name, work


class WatchedEvent(Event):
    """Notes how long it was waited for, and waits for nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


class Lines:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def info(self, event: str, **values: object) -> None:
        self.said.append(("info", event))

    def warning(self, event: str, **values: object) -> None:
        self.said.append(("warning", event))

    def error(self, event: str, **values: object) -> None:
        self.said.append(("error", event))

    def exception(self, event: str, **values: object) -> None:
        self.said.append(("exception", event))

    def debug(self, event: str, **values: object) -> None:
        self.said.append(("debug", event))


def run(
    results: list[object], *, poll: timedelta = POLL, meanwhile: Callable[[Event], None] = lambda _wake: None
) -> tuple[list[float | None], list[float | None], list[tuple[str, str]]]:
    """The loop with turns that end like this, the last one with a stop: waits for `stop`, waits for `wake`, log lines."""
    stop, wake, lines = WatchedEvent(), WatchedEvent(), Lines()

    def turn() -> object:
        result = results.pop(0)
        if not results:
            stop.set()
        meanwhile(wake)
        if isinstance(result, Exception):
            raise result
        return result

    work(turn, stop, wake, lines, poll=poll)
    assert results == []
    return stop.waits, wake.waits, lines.said


def test_a_turn_that_found_work_is_followed_by_the_next_at_once() -> None:
    assert run([3, [1], True, 1]) == ([], [], [])


def test_an_idle_loop_waits_for_a_bell_or_for_a_time() -> None:
    assert run([0, 1, [], None], poll=timedelta(seconds=5)) == ([], [5.0, 5.0, 5.0], [])


def test_a_bell_that_rang_during_a_turn_is_heard_once() -> None:
    rung: list[bool] = []

    def ring(wake: Event) -> None:
        rung.append(wake.is_set())
        if len(rung) == 1:
            wake.set()

    run([0, 0, 0], meanwhile=ring)
    assert rung == [False, False, False]


@pytest.mark.parametrize(
    ("error", "pause", "line"),
    [
        (StoreAway("the store is away"), AWAY, ("warning", "store_away")),
        (Transient("a lock"), AWAY, ("warning", "turn_failed")),
        (RuntimeError("a bug"), BROKEN, ("exception", "turn_failed")),
    ],
)
def test_an_error_ends_the_turn_and_not_the_loop(error: Exception, pause: timedelta, line: tuple[str, str]) -> None:
    assert run([error, error, 1]) == ([pause.total_seconds()] * 2, [], [line] * 2)


def test_no_turn_begins_after_the_stop() -> None:
    stop = Event()
    stop.set()

    work(lambda: pytest.fail("a turn"), stop, Event(), Lines())


def test_every_claim_has_an_owner_of_its_own_that_begins_with_its_process() -> None:
    first, second = new_owner(process_name()), new_owner(process_name())

    assert first != second
    assert first.startswith(f"{process_name()}:")


def test_pauses_double_up_to_the_longest() -> None:
    def pauses(*attempts: int, jitter: float = 0.0) -> list[float]:
        return [backoff(n, timedelta(seconds=2), timedelta(minutes=1), jitter).total_seconds() for n in attempts]

    assert pauses(0, 1, 2, 3, 6, 10_000) == [2, 2, 4, 8, 60, 60]
    assert pauses(1, 10_000, jitter=1.0) == [2.4, 72]
