"""Promised times against two oracles that know only their definitions: minute by minute over two weeks, second by second over two days.

TESTS_CLOCKS_SEED repeats a run; TESTS_CLOCKS_MINUTES and TESTS_CLOCKS_SECONDS say how many pasts each of the two looks at,
TESTS_CLOCKS_WITHIN in how many seconds.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from time import monotonic

import pytest

from mailbridge.organisation.model import Organisation
from mailbridge.sla.history import ClockHistory, EmptyBank
from mailbridge.sla.levels import newly_finished
from mailbridge.sla.why import Counting, Outcome, Why, why
from mailbridge.tickets.clock_history import clock_history
from mailbridge.tickets.deadlines import promised_runs, ticket_deadlines
from tests.properties.clock_oracle import Expected, after_a_change, calendar_under, expected_under, reminders, targets_under
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


def assert_agreed(world: World, until: datetime, unit: timedelta, which: str) -> None:
    """The clocks are as the definitions have them, also after the rules changed."""
    empty = tuple(EmptyBank(start=since, end=end, bank="acme") for since, end in world.facts.empty)
    history = replace(clock_history(list(enumerate(world.events, start=1)), world.received), empty=empty)
    now = expected_under(world.facts, world.organisation, until, unit)
    assert_same(world, history, world.organisation, now, until, which)
    kept = newly_finished(promised_runs(world.ticket, history, world.organisation))
    then = after_a_change(now, expected_under(world.facts, world.changed, until, unit))
    assert_same(world, replace(history, finished=kept), world.changed, then, until, f"{which}, after the change of rules")


def assert_same(world: World, history: ClockHistory, rules: Organisation, runs: list[Expected], until: datetime, which: str) -> None:
    found = {}
    for run in promised_runs(world.ticket, history, rules):
        reason = why(run, world.now)
        due = reason.due_at if reason.due_at is not None and reason.due_at <= (run.segment.end or until) else None
        late = reason.outcome in (Outcome.BROKEN, Outcome.OVERDUE)
        found[run.segment.promise.value, run.segment.team, run.segment.start, run.segment.end, due, late, counted(reason, until)] = 1
        assert reason.due_at is None or reason.outcome in (Outcome.KEPT, Outcome.BROKEN) or reason.counted == run.budget, which
        assert all(before.end == after.start for before, after in pairwise(reason.stretches)), which
    assert sorted(map(str, found)) == sorted({str(of_run(one, world)) for one in runs}), which
    moments = {
        (one.promise, one.step, one.due_at)
        for one in ticket_deadlines(world.ticket, history, rules, world.now)
        if one.promise in PROMISES and one.due_at <= until
    }
    assert moments == alerts(runs, world, rules, until), which


def counted(reason: Why, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The counted time inside the window, joined where it touches."""
    joined: list[tuple[datetime, datetime]] = []
    for stretch in reason.stretches:
        if stretch.kind is not Counting.COUNTED or stretch.end is None or stretch.start >= until:
            continue
        joins = bool(joined) and joined[-1][1] == stretch.start
        joined.append((joined.pop()[0] if joins else stretch.start, min(stretch.end, until)))
    return tuple(joined)


def of_run(one: Expected, world: World) -> tuple[object, ...]:
    late = one.due is not None and (one.due < one.end if one.end is not None else one.due <= world.now)
    return (one.promise, one.team, one.start, one.end, one.due, late, one.counted)


def alerts(runs: list[Expected], world: World, rules: Organisation, end: datetime) -> set[tuple[str, str, object]]:
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
                again = reminders(one.due, calendar_under(world.facts, rules), world.now, end)
                found |= {("claim", f"unclaimed {day}", at) for day, at in again.items() if at <= end and not stands(world, rules, at)}
            continue
        found |= {(one.promise, "overdue", one.due)} if one.due else set()
        found |= {(one.promise, "warning", one.warned)} if one.warned and not (one.due and one.due <= world.now) else set()
    old = world.facts.heard > world.facts.opened
    return {alert for alert in found if not old or alert[2] > world.facts.heard}  # type: ignore[operator]


def stands(world: World, rules: Organisation, moment: datetime) -> bool:
    """Whether the status of that moment stops the clocks, or an empty hour bank does."""
    if any(since <= moment and (end is None or moment < end) for since, end in world.facts.empty):
        return True
    status = next((status for at, status in reversed(world.facts.statuses) if at <= moment), "runs")
    return status == "waits" or (status == "solved" and targets_under(world.facts, rules).while_solved == "paused")
