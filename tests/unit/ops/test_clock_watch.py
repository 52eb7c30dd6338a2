"""A step of the wall clock is noticed by the monotonic clock, whichever way it goes; nothing else is taken for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.ops.clock_watch import ClockWatch

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Machine:
    """Two clocks.  `naps`: how long the thread is suspended at its next readings of the wall clock."""

    wall: datetime = START
    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        read = self.wall
        if self.naps:
            self.run(self.naps.pop())
        return read

    def run(self, seconds: float, slewed: float = 0.0) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds + slewed)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize(
    "to", [START + timedelta(hours=2), START - timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 2, 1, tzinfo=UTC)]
)
def test_a_step_is_noticed_once(machine: Machine, to: datetime) -> None:
    watch = ClockWatch(machine.now, machine.monotonic)
    machine.run(3600)
    assert watch.look() is None
    step = to - machine.wall
    machine.wall = to
    assert not watch.is_steady()
    assert watch.look() == step
    assert watch.is_steady()
    machine.run(1)
    assert watch.look() is None


def test_a_clock_that_is_slewed_is_not_set(machine: Machine) -> None:
    watch = ClockWatch(machine.now, machine.monotonic)
    for _ in range(10_000):
        machine.run(1, slewed=0.0005)
        assert watch.look() is None


def test_a_thread_that_is_suspended_between_two_readings_sees_no_step(machine: Machine) -> None:
    watch = ClockWatch(machine.now, machine.monotonic)
    machine.naps = [60.0, 30.0]
    assert watch.look() is None
