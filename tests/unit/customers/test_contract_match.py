"""Which contract a ticket falls under, and why each other one lost."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from mailbridge.customers.contract_match import CRITERIA, Candidate, Cover, CoverQuestion, candidates, cover, level_of, ties
from mailbridge.customers.model import Contract, Customer, Equipment, Location, ServiceLevel

DAY = date(2026, 11, 23)
IASI, CLUJ = Location(name="iasi"), Location(name="cluj", calendar="late", zone="Europe/Chisinau")
DEVICES = (Equipment(serial="LF-2231", location="iasi"), Equipment(serial="RT-1", location="cluj"))


def acme(*contracts: Contract) -> Customer:
    return Customer(
        name="acme",
        locations={"iasi": IASI, "cluj": CLUJ},
        equipment=DEVICES,
        contracts={contract.name: contract for contract in contracts},
    )


def asked(
    *serials: str, location: str = "", type: str = "", priority: str = "normal", day: date = DAY
) -> CoverQuestion:
    return CoverQuestion(day=day, serials=serials, location=location, type=type, priority=priority)


def shown(found: tuple[Candidate, ...]) -> list[tuple[str, str]]:
    return [(one.label, one.lost) for one in found]


WHOLE = Contract(name="whole", sla="basic")
URGENT = Contract(name="urgent", levels=(ServiceLevel(sla="fast", priority="urgent"),))
INCIDENTS = Contract(name="incidents", sla="days", types=("incident",))
IN_IASI = Contract(name="in-iasi", sla="site", locations=("iasi",))
PRINTER = Contract(name="printer", sla="four-hours", equipment=("LF-2231",))
EVERY = acme(WHOLE, URGENT, INCIDENTS, IN_IASI, PRINTER)


def test_the_device_comes_before_the_location_before_the_type_before_the_priority() -> None:
    question = asked("LF-2231", type="incident", priority="urgent")

    assert [one.label for one in candidates(EVERY, question)][:5] == ["printer", "in-iasi", "incidents", "urgent", "whole"]


@pytest.mark.parametrize(
    ("question", "contract", "sla"),
    [
        (asked("LF-2231", type="incident", priority="urgent"), "printer", "four-hours"),
        (asked(location="iasi", type="incident", priority="urgent"), "in-iasi", "site"),
        (asked(type="incident", priority="urgent"), "incidents", "days"),
        (asked(priority="urgent"), "urgent", "fast"),
        (asked(), "whole", "basic"),
        (asked("RT-1"), "whole", "basic"),
    ],
)
def test_without_the_more_specific_one_the_next_one_counts(question: CoverQuestion, contract: str, sla: str) -> None:
    found = cover(EVERY, question)

    assert (found.contract, found.sla) == (contract, sla)


def test_each_loser_says_why() -> None:
    old = Contract(name="old", sla="x", until=date(2026, 10, 31))
    new = Contract(name="new", sla="x", since=date(2026, 12, 1), renews="old")
    named = Contract(name="named")

    assert shown(candidates(acme(WHOLE, INCIDENTS, IN_IASI, PRINTER, old, new, named), asked("LF-2231"))) == [
        ("printer", ""),
        ("in-iasi", 'less specific: "printer" names the device'),
        ("whole", 'less specific: "printer" names the device'),
        ("named", 'names no targets, "printer" does'),
        ("default", 'the contract "printer" comes first'),
        ("incidents", "is for the type of request incident, the ticket has none"),
        ("old", "ended on 2026-10-31, renewed by new"),
        ("new", "begins on 2026-12-01"),
    ]


def test_without_any_contract_the_desks_own_targets_win() -> None:
    assert shown(candidates(None, asked())) == [("default", "")]
    assert shown(candidates(acme(PRINTER), asked())) == [
        ("default", ""),
        ("printer", "is for the device LF-2231, the ticket has none"),
    ]
    assert cover(acme(PRINTER), asked()) == Cover()


def test_of_two_devices_the_one_that_is_named_first_counts() -> None:
    router = Contract(name="router", sla="day", equipment=("RT-1",))

    assert cover(acme(PRINTER, router), asked("RT-1", "LF-2231")) == Cover(
        contract="router", sla="day", equipment="RT-1", location="cluj", calendar="late Europe/Chisinau"
    )
    assert cover(acme(PRINTER, router), asked("LF-2231", "RT-1")).contract == "printer"


def test_first_and_last_day_belong_to_the_contract() -> None:
    contract = Contract(name="year", sla="x", since=date(2026, 1, 1), until=date(2026, 12, 31))

    held = [cover(acme(contract), asked(day=day)).contract for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31))]
    assert held == ["", "year", "year"]
    assert cover(acme(contract), asked(day=date(2027, 1, 1))).contract == ""


def test_the_calendar_of_the_contract_comes_before_that_of_the_location() -> None:
    round_the_clock = Contract(name="r", sla="x", calendar="always", locations=("cluj",))

    assert cover(acme(round_the_clock), asked("RT-1")).calendar == "always Europe/Chisinau"
    assert cover(acme(), asked("RT-1")).calendar == "late Europe/Chisinau"
    assert cover(acme(), asked("LF-2231")).calendar == ""


LEVELS = Contract(
    name="levels",
    sla="base",
    levels=(
        ServiceLevel(sla="by-priority", priority="urgent"),
        ServiceLevel(sla="by-type", type="incident"),
        ServiceLevel(sla="by-both", type="incident", priority="high"),
    ),
)


@pytest.mark.parametrize(
    ("type", "priority", "sla"),
    [
        ("question", "normal", "base"),
        ("question", "urgent", "by-priority"),
        ("incident", "urgent", "by-type"),
        ("incident", "high", "by-both"),
        ("", "high", "base"),
    ],
)
def test_the_level_of_a_contract_goes_by_type_then_by_priority(type: str, priority: str, sla: str) -> None:
    assert level_of(LEVELS, type, priority) == sla
    assert cover(acme(LEVELS), asked(type=type, priority=priority)).sla == sla


def test_ties_are_exactly_the_pairs_between_which_only_the_order_would_decide() -> None:
    """Every pair of small contracts, every ticket: where the winner depends on the order in the file, `ties` says so."""
    choices = [
        Contract(name="", sla="x", locations=places, equipment=devices, types=types, levels=levels)
        for places, devices, types, levels in product(
            ((), ("iasi",), ("cluj",)),
            ((), ("LF-2231",)),
            ((), ("incident",), ("question",)),
            ((), (ServiceLevel(sla="u", priority="urgent"),), (ServiceLevel(sla="i", type="incident"),)),
        )
        if not (types == ("question",) and levels and levels[0].type)
    ]
    questions = [
        asked(*serials, location=place, type=type, priority=priority)
        for serials, place, type, priority in product(
            ((), ("LF-2231",), ("RT-1",)), ("", "iasi", "cluj"), ("", "incident", "question"), ("normal", "urgent")
        )
    ]
    for number, first in enumerate(choices):
        for second in choices[number::7]:
            a, b = (Contract(name=name, **{slot: getattr(one, slot) for slot in ("sla", "locations", "equipment", "types", "levels")})
                    for name, one in (("a", first), ("b", second)))  # fmt: skip
            by_order = any(cover(acme(a, b), question) != cover(acme(b, a), question) for question in questions)
            tied = any(one.contract is not other.contract for one, other in ties((a, b)))
            assert not by_order or tied, (a, b)


def test_contracts_of_different_times_are_no_tie() -> None:
    old = Contract(name="old", sla="x", until=date(2026, 12, 31))

    assert list(ties((old, Contract(name="new", sla="y", since=date(2027, 1, 1))))) == []
    assert len(list(ties((old, Contract(name="new", sla="y", since=date(2026, 12, 31)))))) == 1


def test_criteria_are_in_the_order_that_the_manual_promises() -> None:
    assert CRITERIA == ("equipment", "location", "type", "priority")
