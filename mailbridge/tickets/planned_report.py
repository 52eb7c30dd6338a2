"""Planned work against what was done, and travel against work: sums over activities and plans.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailbridge.tickets.model import Activity, Plan, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """A plan with its ticket.  `worked`: the minutes that were recorded for it; None: it is not done."""

    ticket: int
    customer: str
    subject: str
    plan: Plan
    worked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSums:
    """Minutes.  `open`: planned and not done.  `worked`: recorded for plans.  `unplanned`: recorded without a plan."""

    planned: int = 0
    open: int = 0
    worked: int = 0
    unplanned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelSums:
    """Minutes and kilometres.  `distance`: there and back for each trip to a location whose distance is known; `unknown`: the other trips.
    """

    worked: int = 0
    travelled: int = 0
    trips: int = 0
    km: float = 0.0
    distance: float = 0.0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelEntry:
    """An activity with what it is grouped by.  `one_way`: the kilometres to the location; None where nobody knows."""

    customer: str
    contract: str
    location: str
    activity: Activity
    one_way: float | None = None


def planned_by_agent(plans: Sequence[PlannedEntry], work: Iterable[tuple[int, Activity]]) -> tuple[tuple[str, PlannedSums], ...]:
    """The sums of each agent, by name.  `work`: the activities of the same days, each with its ticket."""
    done = {(one.ticket, one.plan.done) for one in plans if one.plan.done is not None}
    extra: dict[str, int] = {}
    for ticket, activity in work:
        if activity.kind is WorkKind.WORKED and (ticket, activity.id) not in done:
            extra[activity.agent] = extra.get(activity.agent, 0) + activity.minutes
    names = sorted({*(one.plan.agent for one in plans), *extra})
    return tuple((name, _planned([one for one in plans if one.plan.agent == name], extra.get(name, 0))) for name in names)


def _planned(plans: Sequence[PlannedEntry], unplanned: int) -> PlannedSums:
    return PlannedSums(
        planned=sum(one.plan.minutes for one in plans),
        open=sum(one.plan.minutes for one in plans if one.worked is None),
        worked=sum(one.worked or 0 for one in plans),
        unplanned=unplanned,
    )


BY: Mapping[str, Callable[[TravelEntry], str]] = {
    "customer": lambda entry: entry.customer,
    "contract": lambda entry: entry.contract,
    "agent": lambda entry: entry.activity.agent,
    "location": lambda entry: entry.location,
}


def travel_by(entries: Iterable[TravelEntry], by: str) -> tuple[tuple[str, TravelSums], ...]:
    """The sums of each group, most travel first.  `by`: a key of BY."""
    groups: dict[str, list[TravelEntry]] = {}
    for entry in entries:
        groups.setdefault(BY[by](entry), []).append(entry)
    found = [(name, travel_sums(group)) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda one: (-one[1].travelled, -one[1].km, one[0])))


def travel_sums(entries: Sequence[TravelEntry]) -> TravelSums:
    trips = [one for one in entries if one.activity.kind is WorkKind.TRAVELLED]
    return TravelSums(
        worked=sum(one.activity.minutes for one in entries if one.activity.kind is WorkKind.WORKED),
        travelled=sum(one.activity.minutes for one in trips),
        trips=len(trips),
        km=round(sum(one.activity.km for one in entries), 3),
        distance=round(sum(2 * one.one_way for one in trips if one.one_way is not None), 3),
        unknown=sum(one.one_way is None for one in trips),
    )
