"""Levels of a promise: which moments they are, what their steps are called, and on which days managers are reminded."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from mailbridge.config.reading import Wrong
from mailbridge.rules.files.ladder import at
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Targets
from mailbridge.sla.ladder import At, Level, level_of, share_of, steps_of
from mailbridge.sla.reminders import base_of, with_reminders
from tests.unit.sla.test_levels import HOUR, MINUTE, OFFICE, OPENED, the_deadlines

LADDER = (
    Level(at=At(share=0.7), tell=("assignee",)),
    Level(at=At(offset=-30 * MINUTE), of=("response",), tell=("team",)),
    Level(at=At(), tell=("managers",)),
    Level(at=At(share=1.5), tell=("mara",)),
)
FIRST = Deadline(promise="claim", step="unclaimed", due_at=OPENED + HOUR)


def test_each_level_is_a_moment_of_each_promise() -> None:
    found = the_deadlines(targets=Targets(response=2 * HOUR, resolution=16 * HOUR, ladder=LADDER), claimed=OPENED)
    assert found == {
        ("response", "70%"): OPENED + 84 * MINUTE,
        ("response", "30m before"): OPENED + 90 * MINUTE,
        ("response", "overdue"): OPENED + 2 * HOUR,
        ("response", "150%"): OPENED + 3 * HOUR,
        ("resolution", "70%"): datetime(2026, 11, 17, 11, 12, tzinfo=UTC),
        ("resolution", "overdue"): datetime(2026, 11, 17, 17, 0, tzinfo=UTC),
        ("resolution", "150%"): datetime(2026, 11, 18, 17, 0, tzinfo=UTC),
    }


def test_levels_that_have_passed_stay_in_also_where_the_end_has_passed() -> None:
    found = the_deadlines(targets=Targets(response=2 * HOUR, ladder=LADDER), claimed=OPENED, now=OPENED + 5 * HOUR)
    assert {step for _, step in found} == {"70%", "30m before", "overdue", "150%"}


def test_a_level_before_the_start_is_none_of_this_promise() -> None:
    early = (Level(at=At(offset=-3 * HOUR), tell=("team",)),)
    found = the_deadlines(targets=Targets(response=2 * HOUR, resolution=4 * HOUR, ladder=early), claimed=OPENED)
    assert set(found) == {("response", "overdue"), ("resolution", "overdue"), ("resolution", "3h before")}


def test_nothing_of_a_promise_that_was_broken_before_the_desk_heard_of_it_is_told() -> None:
    heard = OPENED + 2 * HOUR + MINUTE  # the breach has passed by a minute, and 150 % is yet to come
    found = the_deadlines(targets=Targets(response=2 * HOUR, ladder=LADDER), claimed=OPENED, heard_at=heard, now=heard)
    assert found == {}


def test_an_older_mail_counts_as_unclaimed_from_when_the_desk_heard_of_it() -> None:
    heard = OPENED + 2 * HOUR
    assert the_deadlines(targets=Targets(), heard_at=heard, now=heard) == {("claim", "unclaimed"): heard + HOUR}


def test_the_breach_is_a_moment_also_where_no_level_stands_there() -> None:
    found = the_deadlines(targets=Targets(response=2 * HOUR, ladder=LADDER[:1]), claimed=OPENED)
    assert set(found) == {("response", "70%"), ("response", "overdue")}


def test_steps_of_the_same_moment_are_numbered() -> None:
    ladder = (Level(at=At(share=0.5)), Level(at=At(share=0.5)), Level(at=At()), Level(at=At(share=1.0)))
    assert [name for name, _ in steps_of(ladder, "response")] == ["50%", "50% #2", "overdue", "100% #2"]
    assert level_of(ladder, "response", "100% #2") is ladder[3]
    assert (share_of("50% #2"), share_of("150%"), share_of("overdue"), share_of("30m before")) == (50, 150, None, None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("70%", At(share=0.7)),
        ("1000%", At(share=10.0)),
        ("breach", At()),
        ("30m before", At(offset=-30 * MINUTE)),
        ("1d after", At(offset=8 * HOUR)),
    ],
)
def test_moments_as_they_are_written(text: str, meant: At) -> None:
    assert at(text) == meant


@pytest.mark.parametrize("text", ["0%", "1001%", "70", "soon", "before", "0m before", "-3h after", ""])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(Wrong):
        at(text)


def reminders(now: datetime, calendar: Calendar = OFFICE, *, paused_from: datetime | None = None) -> dict[str, datetime]:
    pauses = ((paused_from, None),) if paused_from else ()
    return {one.step: one.due_at for one in with_reminders(FIRST, calendar, pauses, now)}


def test_before_the_first_alert_there_is_no_reminder() -> None:
    assert reminders(OPENED) == {"unclaimed": FIRST.due_at}


def test_the_next_reminder_is_on_the_next_working_day_at_its_beginning() -> None:
    assert reminders(FIRST.due_at) == {"unclaimed": FIRST.due_at, "unclaimed 2026-11-17": datetime(2026, 11, 17, 8, 0, tzinfo=UTC)}


def test_of_the_reminders_that_have_passed_the_latest_counts() -> None:
    friday = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert set(reminders(friday)) == {"unclaimed", "unclaimed 2026-11-20", "unclaimed 2026-11-23"}
    assert set(reminders(friday - MINUTE)) == {"unclaimed", "unclaimed 2026-11-19", "unclaimed 2026-11-20"}
    assert set(reminders(friday + 30 * HOUR)) == {"unclaimed", "unclaimed 2026-11-20", "unclaimed 2026-11-23"}, "on a Saturday"


def test_while_the_ticket_waits_nobody_is_reminded() -> None:
    tuesday = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
    assert set(reminders(tuesday, paused_from=tuesday)) == {"unclaimed", "unclaimed 2026-11-17"}
    assert set(reminders(tuesday, paused_from=tuesday - 2 * HOUR)) == {"unclaimed"}


def test_a_team_that_works_through_the_night_is_reminded_in_the_morning() -> None:
    always = Calendar(zone="Europe/Bucharest")
    assert reminders(FIRST.due_at, always)["unclaimed 2026-11-17"] == datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
    nights = Calendar(hours=(((time.min, time(6)), (time(20), time.max)),) * 7, zone="UTC")
    assert reminders(FIRST.due_at, nights)["unclaimed 2026-11-17"] == datetime(2026, 11, 17, 0, 0, tzinfo=UTC)


def test_the_day_of_a_reminder_is_no_part_of_its_kind() -> None:
    assert [base_of(step) for step in ("unclaimed 2026-11-17", "unclaimed", "70%", "30m before", "50% #2")] == [
        "unclaimed", "unclaimed", "70%", "30m before", "50% #2",
    ]  # fmt: skip
