"""Planned against done, and travel against work and distance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mailbridge.tickets.model import Activity, Plan, WorkKind
from mailbridge.tickets.planned_report import PlannedEntry, PlannedSums, TravelEntry, TravelSums, planned_by_agent, travel_by, travel_sums
from tests.builders import NOW

DAY = date(2026, 11, 24)


def worked(id: int, minutes: int, agent: str = "bogdan", **different: Any) -> Activity:
    return replace(Activity(id=id, agent=agent, kind=WorkKind.WORKED, day=DAY, minutes=minutes), **different)


def planned(ticket: int, minutes: int, *, agent: str = "bogdan", done: int | None = None, spent: int | None = None) -> PlannedEntry:
    at: datetime = NOW
    return PlannedEntry(
        ticket=ticket, customer="Acme", subject="Printer", plan=Plan(id=1, agent=agent, at=at, minutes=minutes, done=done), worked=spent
    )


def test_work_for_a_plan_and_work_without_one_are_told_apart() -> None:
    plans = [planned(1, 120, done=1, spent=100), planned(2, 60), planned(3, 30, agent="clara")]
    work = [(1, worked(1, 100)), (1, worked(2, 15)), (2, worked(1, 20, kind=WorkKind.TRAVELLED)), (4, worked(1, 5, agent="mara"))]

    assert planned_by_agent(plans, work) == (
        ("bogdan", PlannedSums(planned=180, open=60, worked=100, unplanned=15)),
        ("clara", PlannedSums(planned=30, open=30)),
        ("mara", PlannedSums(unplanned=5)),
    )


def trip(minutes: int, km: float, *, location: str = "iasi", one_way: float | None = 12.0, **different: Any) -> TravelEntry:
    activity = worked(1, minutes, kind=WorkKind.TRAVELLED, km=km)
    return replace(TravelEntry(customer="Acme", contract="gold", location=location, activity=activity, one_way=one_way), **different)


def test_travel_is_compared_with_work_and_with_the_way_there_and_back() -> None:
    work = replace(trip(0, 0), activity=worked(2, 90))
    entries = [trip(40, 25), trip(30, 24), work, trip(60, 100, location="cluj", one_way=None)]

    assert travel_by(entries, "location") == (
        ("iasi", TravelSums(worked=90, travelled=70, trips=2, km=49, distance=48)),
        ("cluj", TravelSums(travelled=60, trips=1, km=100, unknown=1)),
    )
    assert travel_sums(entries) == TravelSums(worked=90, travelled=130, trips=3, km=149, distance=48, unknown=1)


def test_each_group_has_its_name() -> None:
    entries = [trip(40, 25), trip(10, 5, contract="silver", customer="Beta")]

    assert [name for name, _ in travel_by(entries, "customer")] == ["Acme", "Beta"]
    assert [name for name, _ in travel_by(entries, "contract")] == ["gold", "silver"]
    assert [name for name, _ in travel_by(entries, "agent")] == ["bogdan"]
