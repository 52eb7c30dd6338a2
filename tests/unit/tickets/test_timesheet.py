"""Work summed by day, agent, customer and ticket."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.tickets.model import Activity, WorkKind
from mailbridge.tickets.timesheet import Sums, TimesheetEntry, timesheet, week_of

MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 29)


def entry(ticket: int = 1, minutes: int = 60, *, day: date = MONDAY, agent: str = "bogdan", customer: str = "Acme", km: float = 0.0,
          kind: WorkKind = WorkKind.WORKED) -> TimesheetEntry:  # fmt: skip
    activity = Activity(id=1, agent=agent, kind=kind, day=day, minutes=minutes, charged=minutes // 2, km=km)
    return TimesheetEntry(ticket=ticket, customer=customer, subject="Printer", activity=activity)


def test_sums_are_made_each_way() -> None:
    sheet = timesheet(
        [
            entry(1, 60),
            entry(1, 40, kind=WorkKind.TRAVELLED, km=12.5, day=MONDAY + timedelta(days=1)),
            entry(2, 200, customer="Zeta", agent="clara"),
        ],
        MONDAY,
        SUNDAY,
    )

    assert sheet.total == Sums(worked=260, travelled=40, charged=150, km=12.5)
    assert [(day, one.worked, one.travelled) for day, one in sheet.by_day] == [(MONDAY, 260, 0), (MONDAY + timedelta(days=1), 0, 40)]
    assert [(name, one.worked) for name, one in sheet.by_customer] == [("Zeta", 200), ("Acme", 60)]
    assert [(name, one.worked) for name, one in sheet.by_agent] == [("clara", 200), ("bogdan", 60)]
    assert [(ticket, one.worked) for ticket, one in sheet.by_ticket] == [(2, 200), (1, 60)]


@pytest.mark.parametrize(
    ("day", "counts"), [(MONDAY - timedelta(days=1), False), (MONDAY, True), (SUNDAY, True), (SUNDAY + timedelta(days=1), False)]
)
def test_both_ends_are_part_of_it(day: date, counts: bool) -> None:
    assert bool(timesheet([entry(day=day)], MONDAY, SUNDAY).entries) is counts


def test_a_week_without_work_is_empty_and_no_mistake() -> None:
    sheet = timesheet([], MONDAY, SUNDAY)

    assert (sheet.total, sheet.by_day, sheet.by_customer) == (Sums(), (), ())


@given(
    st.lists(
        st.builds(
            entry,
            ticket=st.integers(1, 5),
            minutes=st.integers(0, 1_440),
            day=st.dates(MONDAY - timedelta(days=3), SUNDAY + timedelta(days=3)),
            agent=st.sampled_from(["bogdan", "clara"]),
            customer=st.sampled_from(["Acme", "Zeta", ""]),
            kind=st.sampled_from(WorkKind),
        ),
        max_size=30,
    )
)
def test_every_way_of_summing_adds_up_to_the_same(entries: list[TimesheetEntry]) -> None:
    sheet = timesheet(entries, MONDAY, SUNDAY)

    for groups in (sheet.by_day, sheet.by_agent, sheet.by_customer, sheet.by_ticket):
        assert sum(one.worked for _, one in groups) == sheet.total.worked
        assert sum(one.travelled for _, one in groups) == sheet.total.travelled
        assert sum(one.charged for _, one in groups) == sheet.total.charged


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_week_goes_from_monday_to_sunday_around_its_day(day: date) -> None:
    first, last = week_of(day)

    assert first <= day <= last
    assert (first.isoweekday(), last.isoweekday()) == (1, 7)
    assert last - first == timedelta(days=6)
