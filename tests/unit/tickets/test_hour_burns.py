"""What an activity costs: cut where working hours begin and end, also in the nights of the clock change; rounded before it is weighted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mailbridge.customers.hour_terms import Cycle, CycleStart, HourTerms, Weights
from mailbridge.customers.model import Contract, Customer, Equipment, Person, customers
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.tickets.hours.burns import bank_for, burn
from mailbridge.tickets.hours.planning import bank_name, banks_of, due_grants, interval
from mailbridge.tickets.model import Activity, Participant, Ticket, WorkKind

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NIGHT = Calendar(name="night", zone="Europe/Bucharest", hours=(((time(0), time(6)),),) * 7)
OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=(((time(9), time(18)),),) * 5 + ((), ()))


def a_ticket(**values: object) -> Ticket:
    usual = Ticket(
        id=1, subject="Printer", status="open", priority=Priority.NORMAL, team="support", created_at=NOW, updated_at=NOW,
        participants=(Participant(address="carol@acme.example"),), fields=(("contract", "gold"), ("calendar", "own")),
    )  # fmt: skip
    return Ticket(**{**{name: getattr(usual, name) for name in usual.__slots__}, **values})


def parts(activity: Activity, weights: Weights, calendar: Calendar = OFFICE, **ticket: object) -> list[tuple[int, int, str]]:
    contract = Contract(name="gold", since=date(2026, 1, 1), hours=HourTerms(every=Cycle.MONTH, grant=600, weights=weights))
    known = customers((Customer(name="acme", domains=("acme.example",), contracts={"gold": contract}),))
    asked = a_ticket(**ticket)
    organisation = Organisation(teams={"support": Team(name="support", title="Support")}, calendars={"own": calendar})
    match = bank_for(asked, known, activity.day)
    assert match is not None
    entry = burn(asked, activity, match, organisation, NOW, "bogdan", 0)
    assert entry.seconds == -sum(part.seconds for part in entry.parts)
    return [(part.minutes, part.percent, part.why) for part in entry.parts]


def work(day: date, start: datetime | None, minutes: int, charged: int = 0, kind: WorkKind = WorkKind.WORKED) -> Activity:
    return Activity(id=1, agent="bogdan", kind=kind, day=day, minutes=minutes, charged=charged or minutes, start=start)


AFTER = Weights(after_hours=200)


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        # 2026-03-29: at 3:00 the clock shows 4:00.  From 2:30 to 6:30 three hours pass, half an hour of them after 6:00.
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 180, [(150, 100, ""), (30, 200, "after-hours")]),
        # 2026-10-25: at 4:00 the clock shows 3:00 again.  From 2:30 to 6:30 five hours pass.
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 300, [(270, 100, ""), (30, 200, "after-hours")]),
        # over midnight: 23:00 to 1:00
        (datetime(2026, 6, 1, 20, 0, tzinfo=UTC), 120, [(60, 200, "after-hours"), (60, 100, "")]),
    ],
)
def test_work_is_cut_at_the_edges_of_the_calendar(start: datetime, minutes: int, expected: list[tuple[int, int, str]]) -> None:
    day = start.astimezone(UTC).date()
    assert parts(work(day, start, minutes), AFTER, NIGHT) == expected


def test_rounding_is_of_the_end_and_comes_before_weights() -> None:
    start = datetime(2026, 11, 23, 15, 40, tzinfo=UTC)  # 17:40 in Bucharest
    assert parts(work(NOW.date(), start, 25, 30), AFTER) == [(20, 100, ""), (10, 200, "after-hours")]
    assert parts(work(NOW.date(), start, 25, 15), AFTER) == [(15, 100, "")]


@pytest.mark.parametrize(
    ("activity", "ticket", "expected"),
    [
        (work(NOW.date(), None, 60), {}, [(60, 100, "")]),
        (work(NOW.date(), None, 600), {}, [(540, 100, ""), (60, 150, "after-hours")]),
        (work(date(2026, 11, 22), None, 60), {}, [(60, 150, "after-hours")]),  # a Sunday
        (work(NOW.date(), None, 60), {"priority": Priority.URGENT}, [(60, 200, "urgent")]),
        (work(date(2026, 11, 22), None, 60), {"priority": Priority.URGENT}, [(60, 200, "urgent")]),
        (work(NOW.date(), None, 60, kind=WorkKind.TRAVELLED), {}, [(60, 50, "travel")]),
        (work(NOW.date(), None, 60), {"type": "question"}, [(60, 0, "question")]),
        (work(NOW.date(), None, 60, kind=WorkKind.TRAVELLED), {"type": "question"}, [(60, 50, "travel")]),
    ],
)
def test_the_largest_weight_counts(activity: Activity, ticket: dict[str, object], expected: list[tuple[int, int, str]]) -> None:
    weights = Weights(after_hours=150, urgent=200, travel=50, types={"question": 0})
    assert parts(activity, weights, **ticket) == expected


def test_a_renewal_goes_on_with_the_bank_and_work_falls_to_the_contract_of_its_day() -> None:
    old = Contract(name="gold", since=date(2026, 1, 1), until=date(2026, 6, 30), hours=HourTerms(every=Cycle.YEAR, grant=600))
    new = Contract(name="gold-2", since=date(2026, 7, 1), renews="gold", hours=HourTerms(every=Cycle.YEAR, grant=900))
    printer = Contract(name="printers", equipment=("LF-2231",), hours=HourTerms(every=Cycle.YEAR, grant=60, since=date(2026, 1, 1)))
    bare = Contract(name="bare", sla="gold")
    acme = Customer(
        name="acme", people=(Person(address="carol@acme.example"),), equipment=(Equipment(serial="LF-2231"),),
        contracts={one.name: one for one in (old, new, printer, bare)},
    )  # fmt: skip
    known = customers((acme,))

    assert [(bank.name, [one.name for one in bank.contracts]) for bank in banks_of(acme)] == [
        ("gold", ["gold", "gold-2"]),
        ("printers", ["printers"]),
    ]
    assert bank_name(new, acme) == "gold"
    found = [bank_for(a_ticket(), known, day) for day in (date(2026, 6, 30), date(2026, 7, 1), date(2025, 12, 31))]
    assert [match and match.contract.name for match in found] == ["gold", "gold-2", None]
    under = {"fields": (("contract", "bare"), ("equipment", "LF-2231"))}
    other = bank_for(a_ticket(**under), known, NOW.date())
    assert other is not None
    assert other.contract.name == "gold-2"  # the first that has hours and covers the ticket
    grants = due_grants(banks_of(acme)[0], [], NOW.date(), NOW)
    assert [(one.day, one.expires, one.seconds // 60, one.link) for one in grants] == [
        (date(2026, 1, 1), date(2026, 6, 30), 600, ""),
        (date(2026, 7, 1), date(2026, 12, 31), 900, "gold"),
    ]


@pytest.mark.parametrize(
    ("starts", "every", "day", "expected"),
    [
        (CycleStart.CALENDAR, Cycle.QUARTER, date(2026, 5, 17), (date(2026, 4, 1), date(2026, 6, 30))),
        (CycleStart.CALENDAR, Cycle.YEAR, date(2024, 2, 29), (date(2024, 1, 1), date(2024, 12, 31))),
        (CycleStart.CONTRACT, Cycle.MONTH, date(2026, 2, 27), (date(2026, 1, 31), date(2026, 2, 27))),
        (CycleStart.CONTRACT, Cycle.MONTH, date(2026, 2, 28), (date(2026, 2, 28), date(2026, 3, 30))),
        (CycleStart.CONTRACT, Cycle.MONTH, date(2028, 2, 29), (date(2028, 2, 29), date(2028, 3, 30))),
        (CycleStart.CONTRACT, Cycle.YEAR, date(2027, 1, 30), (date(2026, 1, 31), date(2027, 1, 30))),
    ],
)
def test_intervals_begin_with_the_calendar_or_on_the_day_of_the_contract(
    starts: CycleStart, every: Cycle, day: date, expected: tuple[date, date]
) -> None:
    terms = HourTerms(every=every, grant=60, starts=starts)
    contract = Contract(name="gold", since=date(2026, 1, 31), hours=terms)
    assert interval(contract, terms, day) == expected
    assert expected[1] + timedelta(days=1) == interval(contract, terms, expected[1] + timedelta(days=1))[0]
