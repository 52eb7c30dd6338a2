"""Whose week `#report time` is about."""

from __future__ import annotations

from datetime import date

import pytest

from mailbridge.handling.agents.time_report import TimesheetRequest, asked_for
from tests.builders import an_organisation

TODAY = date(2026, 11, 25)  # a Wednesday
THIS, LAST = date(2026, 11, 23), date(2026, 11, 16)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("", THIS),
        ("last", LAST),
        ("săptămâna trecută", LAST),
        ("2026-W30", date(2026, 7, 20)),
        ("2026-11-01", date(2026, 10, 26)),
        ("week 2026-W47", LAST),
    ],
)
def test_a_week_is_named_by_itself_by_a_day_or_as_the_one_before(words: str, first: date) -> None:
    assert asked_for(words, "bogdan", TODAY, an_organisation()) == TimesheetRequest(agent="bogdan", first=first)


def test_managers_see_the_hours_of_others_and_nobody_else_does() -> None:
    assert asked_for("bogdan last", "mara", TODAY, an_organisation()) == TimesheetRequest(agent="bogdan", first=LAST)
    assert asked_for("@Bogdan", "clara", TODAY, an_organisation()) == TimesheetRequest(agent="clara", first=THIS, others=True)
    assert asked_for("clara", "clara", TODAY, an_organisation()) == TimesheetRequest(agent="clara", first=THIS)
