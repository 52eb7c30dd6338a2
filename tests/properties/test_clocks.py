"""Promised times against two oracles that know only their definitions: minute by minute over two weeks, second by second over two days.

TESTS_CLOCKS_SEED repeats a run; TESTS_CLOCKS_MINUTES and TESTS_CLOCKS_SECONDS say how many pasts each of the two looks at,
TESTS_CLOCKS_WITHIN in how many seconds.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from random import Random
from time import monotonic

import pytest

from mailbridge.sla.why import Outcome, why
from mailbridge.tickets.clock_history import clock_history
from mailbridge.tickets.deadlines import promised_runs, ticket_deadlines
from tests.properties.clock_oracle import Expected, expected, reminders
from tests.properties.clock_worlds import Maker, World

MINUTE, SECOND, DAY = timedelta(minutes=1), timedelta(seconds=1), timedelta(days=1)
PROMISES = ("response", "next-response", "resolution", "arrival", "team", "claim")


@pytest.mark.timeout(3600)  # of `make nightly`
@pytest.mark.parametrize(
    ("unit", "days", "usual", "name"),
    [(MINUTE, 14, 200, "TESTS_CLOCKS_MINUTES"), (SECOND, 2, 6, "TESTS_CLOCKS_SECONDS")],
    ids=["minute by minute", "second by second"],
)
def test_every_promised_time_is_what_its_definition_gives(unit: timedelta, days: int, usual: int, name: str) -> None:
    many, within = int(os.environ.get(name, usual)), float(os.environ.get("TESTS_CLOCKS_WITHIN", "inf"))
    seed = int(os.environ.get("TESTS_CLOCKS_SEED", secrets.randbelow(1 << 31)))
    print(f"{name}={many} TESTS_CLOCKS_SEED={seed}")
    began = monotonic()
    for number in range(many):
        assert monotonic() - began < within, f"only {number} of {many} pasts in the time that there was"
        chance = Random(f"{seed} {name} {number}")
        world = Maker(chance, unit=unit, days=days if unit == SECOND else chance.choice((1, 2, 3, 5, 14))).world()
        until = max(world.now, max(event.at for event in world.events)) + DAY
        assert_agreed(world, until, unit, f"TESTS_CLOCKS_SEED={seed}, past {number} of {name}")


def assert_agreed(world: World, until: object, unit: timedelta, which: str) -> None:
    history = clock_history(list(enumerate(world.events, start=1)), world.received)
    end = until
    team = world.organisation.teams[world.ticket.team]
    calendars = {name: one.calendar for name, one in world.organisation.teams.items()}
    runs = expected(world.facts, world.targets, team.calendar, calendars, team.unclaimed_after, end, unit)  # type: ignore[arg-type]
    found = {}
    for run in promised_runs(world.ticket, history, world.organisation):
        reason = why(run, world.now)
        due = reason.due_at if reason.due_at is not None and reason.due_at <= (run.segment.end or end) else None  # type: ignore[operator]
        late = reason.outcome in (Outcome.BROKEN, Outcome.OVERDUE)
        found[run.segment.promise.value, run.segment.team, run.segment.start, run.segment.end, due, late] = 1
        assert reason.due_at is None or reason.outcome in (Outcome.KEPT, Outcome.BROKEN) or reason.counted == run.budget, which
    assert sorted(map(str, found)) == sorted({str(of_run(one, world)) for one in runs}), which
    moments = {
        (one.promise, one.step, one.due_at)
        for one in ticket_deadlines(world.ticket, history, world.organisation, world.now)
        if one.promise in PROMISES and one.due_at <= end  # type: ignore[operator]
    }
    assert moments == alerts(runs, world, end), which  # type: ignore[arg-type]


def of_run(one: Expected, world: World) -> tuple[object, ...]:
    late = one.due is not None and (one.due < one.end if one.end is not None else one.due <= world.now)
    return (one.promise, one.team, one.start, one.end, one.due, late)


def alerts(runs: list[Expected], world: World, end: datetime) -> set[tuple[str, str, object]]:
    """What has to be told of the open runs of an open ticket, now or later."""
    found: set[tuple[str, str, object]] = set()
    if world.facts.statuses and world.facts.statuses[-1][1] == "solved":
        return found
    for one in runs:
        if one.end is not None:
            continue
        if one.promise == "claim":
            found |= {("claim", "unclaimed", one.due)} if one.due else set()
            if one.due and one.due <= world.now:
                calendar = world.organisation.teams[world.ticket.team].calendar
                again = reminders(one.due, calendar, world.now, end)
                found |= {("claim", f"unclaimed {day}", at) for day, at in again.items() if at <= end and not stands(world, at)}
            continue
        found |= {(one.promise, "overdue", one.due)} if one.due else set()
        found |= {(one.promise, "warning", one.warned)} if one.warned and not (one.due and one.due <= world.now) else set()
    old = world.facts.heard > world.facts.opened
    return {alert for alert in found if not old or alert[2] > world.facts.heard}  # type: ignore[operator]


def stands(world: World, moment: datetime) -> bool:
    """Whether the status of that moment stops the clocks."""
    status = next((status for at, status in reversed(world.facts.statuses) if at <= moment), "runs")
    return status == "waits" or (status == "solved" and world.targets.while_solved == "paused")
