"""Who is on duty: turns of a rotation, swaps, and who steps in where that one is away.  Pure.

A day of a rota begins at its hour of change.  That hour is found as a moment first and compared as moments, so the two nights of a
year on which the wall clock jumps change nobody's turn back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from mailbridge.organisation.availability import calendar_of, is_there, stand_in
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.people import OnCallSchedule, Swap
from mailbridge.sla.zones import moment_of, wall

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A stretch of time in which one agent is on duty ('' nobody).  `named` is whose turn it was to be; `swapped`: because of a swap."""

    begins: datetime
    ends: datetime
    agent: str
    named: str
    swapped: bool = False


def begins(day: date, rota: OnCallSchedule) -> datetime:
    """The moment at which this day of the rota begins, in UTC."""
    return moment_of(day, rota.change, rota.zone)


def day_of(at: datetime, rota: OnCallSchedule) -> date:
    """The day of the rota that the moment falls into: before the hour of change it is still the day before."""
    day = wall(at, rota.zone).date()
    return day if at >= begins(day, rota) else day - DAY


def swap_on(day: date, rota: OnCallSchedule) -> Swap | None:
    """The swap that holds on this day of the rota."""
    return next((swap for swap in rota.swaps if swap.first <= day <= swap.last), None)


def named_on(day: date, rota: OnCallSchedule) -> str:
    """Whose turn this day of the rota is; '' before the rota starts."""
    swap = swap_on(day, rota)
    if swap is not None:
        return swap.agent
    return "" if day < rota.start else rota.agents[_turn(day, rota)]


def on_duty(team: Team, organisation: Organisation, at: datetime) -> str:
    """The agent who is on duty; '' where the team has no rota, the rota has not begun, or nobody of it is there.

    Somebody who is away is stood in for by the deputy of that absence, else by the next of the rotation who is there.
    """
    rota = team.on_call
    if rota is None:
        return ""
    day = day_of(at, rota)
    named = named_on(day, rota)
    if not named:
        return ""
    stands_in = stand_in(named, team, organisation, at)
    return stands_in or next((name for name in _after(named, day, rota) if is_there(name, team, organisation, at)), "")


def shifts(team: Team, organisation: Organisation, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Who is on duty from `start` to `end`, one stretch after the other without a gap; none where the team has no rota."""
    if team.on_call is None:
        return ()
    found: list[Shift] = []
    moments = sorted({start, end, *_changes(team, team.on_call, organisation, start, end)})
    for begin, stop in pairwise(moments):
        turn = _turn_at(team, team.on_call, organisation, begin, stop)
        same = bool(found) and replace(found[-1], begins=begin, ends=stop) == turn
        if same:
            found[-1] = replace(found[-1], ends=stop)
        else:
            found.append(turn)
    return tuple(found)


def _turn(day: date, rota: OnCallSchedule) -> int:
    return (day - rota.start).days // rota.days % len(rota.agents)


def _after(named: str, day: date, rota: OnCallSchedule) -> Iterator[str]:
    """The others of the rotation, from the one whose turn comes next."""
    place = rota.agents.index(named) if named in rota.agents else _turn(max(day, rota.start), rota)
    return (rota.agents[(place + step) % len(rota.agents)] for step in range(1, len(rota.agents) + 1))


def _turn_at(team: Team, rota: OnCallSchedule, organisation: Organisation, begin: datetime, stop: datetime) -> Shift:
    day = day_of(begin, rota)
    agent = on_duty(team, organisation, begin)
    return Shift(begins=begin, ends=stop, agent=agent, named=named_on(day, rota), swapped=swap_on(day, rota) is not None)


def _changes(team: Team, rota: OnCallSchedule, organisation: Organisation, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment between the two at which another may be on duty: each day of the rota, each edge of an absence."""
    day = day_of(start, rota)
    while (moment := begins(day, rota)) < end:
        if moment > start:
            yield moment
        day += DAY
    for agent in organisation.agents.values():
        zone = calendar_of(agent, team).zone
        for absence in agent.absences:
            for edge in (absence.first, absence.last + DAY):
                if start < (moment := moment_of(edge, time.min, zone)) < end:
                    yield moment
