"""Closed times out of iCalendar feeds as calendars of offices, of states and of phones write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mailbridge.message import calendar_feed
from mailbridge.message.calendar_feed import BadFeed, FeedTimes, feed_times

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Works
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0500
TZOFFSETTO:+0500
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, before: str = "") -> bytes:
    """A feed with these events, each its lines."""
    texts = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{before}{texts}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str, before: str = "") -> FeedTimes:
    return feed_times(calendar(*events, before=before), FIRST, LAST)


def days(*events: str) -> list[str]:
    return sorted(f"{day:%m-%d}" if day.year == 2026 else str(day) for day in read(*events).days)


def spans(*events: str, before: str = "") -> list[tuple[str, str]]:
    """In UTC, `month-day hour:minute`."""
    return [(f"{begins:%m-%d %H:%M}", f"{ends:%m-%d %H:%M}") for begins, ends in sorted(read(*events, before=before).spans)]


def test_whole_days_end_before_their_end() -> None:
    assert days("UID:1\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227") == ["12-24", "12-25", "12-26"]
    assert days("UID:1\nDTSTART;VALUE=DATE:20261224") == ["12-24"]
    assert days("UID:1\nDTSTART;VALUE=DATE:20261224\nDURATION:P2D") == ["12-24", "12-25"]


def test_a_day_that_is_marked_as_free_is_closed_and_a_cancelled_one_is_not() -> None:
    assert days("UID:1\nDTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT") == ["12-24"]
    assert days("UID:1\nDTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED") == []


def test_rules_repeat_inside_the_window() -> None:
    assert days("UID:1\nDTSTART;VALUE=DATE:19990501\nRRULE:FREQ=YEARLY") == ["05-01", "2027-05-01"]
    monthly = "UID:1\nDTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;UNTIL=20260701\nEXDATE;VALUE=DATE:20260331"
    assert days(monthly) == ["01-31", "05-31"], "a month without a 31st has none"
    assert days("UID:1\nDTSTART;VALUE=DATE:20260105\nRDATE;VALUE=DATE:20260107,20260109") == ["01-05", "01-07", "01-09"]
    last = "UID:1\nDTSTART;VALUE=DATE:20260130\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"
    assert days(last) == ["01-30", "02-27", "03-31"]


def test_hours_are_those_of_the_events_zone_on_each_day() -> None:
    """02:30 does not exist in Bucharest when the clocks go forward on 29 March at 03:00; the clock before the jump counts there."""
    nightly = "UID:1\nDTSTART;TZID=Europe/Bucharest:20260328T033000\nDTEND;TZID=Europe/Bucharest:20260328T050000\nRRULE:FREQ=DAILY;COUNT=3"
    assert spans(nightly) == [("03-28 01:30", "03-28 03:00"), ("03-29 01:30", "03-29 03:00"), ("03-30 00:30", "03-30 02:00")]
    assert spans("UID:1\nDTSTART;TZID=Works:20260326T090000\nDURATION:PT1H", before=OWN_ZONE) == [("03-26 04:00", "03-26 05:00")]
    assert spans("UID:1\nDTSTART:20260326T090000Z\nDTEND:20260326T100000Z") == [("03-26 09:00", "03-26 10:00")]
    floating = read("UID:1\nDTSTART:20260326T090000\nDTEND:20260326T100000").floating
    assert floating == {(datetime(2026, 3, 26, 9), datetime(2026, 3, 26, 10))}


def test_a_time_that_was_moved_or_taken_out_is_not_where_it_was() -> None:
    weekly = "UID:1\nDTSTART;TZID=Europe/Bucharest:20260326T090000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;UNTIL=20260410T060000Z"
    moved = "UID:1\nRECURRENCE-ID;TZID=Europe/Bucharest:20260326T090000\nDTSTART;TZID=Europe/Bucharest:20260327T120000\nDURATION:PT1H"
    without = f"{weekly}\nEXDATE;TZID=Europe/Bucharest:20260402T090000"
    assert spans(without, moved) == [("03-27 10:00", "03-27 11:00"), ("04-09 06:00", "04-09 08:00")]
    ninth = "TZID=Europe/Bucharest:20260409T090000"
    cancelled = f"UID:1\nRECURRENCE-ID;{ninth}\nDTSTART;{ninth}\nSTATUS:CANCELLED"
    assert spans(without, moved, cancelled) == [("03-27 10:00", "03-27 11:00")]


def test_a_time_that_began_before_the_window_reaches_into_it() -> None:
    assert date(2026, 1, 2) in read("UID:1\nDTSTART;VALUE=DATE:20251220\nDTEND;VALUE=DATE:20260106").days


def test_an_event_that_cannot_be_read_hides_no_other() -> None:
    found = read(
        "UID:1\nDTSTART;VALUE=DATE:2026",
        "UID:2\nSUMMARY:no beginning",
        "UID:3\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=SECONDLY",
        "UID:4\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=NEVER",
        "UID:5\nDTSTART;VALUE=DATE:20261201",
        "UID:6\nDTSTART;TZID=Nowhere/At-all:20260101T100000\nDTEND:20260101",
    )
    assert found.days == {date(2026, 12, 1)}
    assert (found.events, found.skipped) == (6, 5)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin with BEGIN:VCALENDAR"),
        (b"<!DOCTYPE html><title>Sign in</title>", "does not begin with BEGIN:VCALENDAR"),
        (calendar("UID:1\nDTSTART;VALUE=DATE:20261224")[:-20], "cut off"),
        (calendar("UID:1\nSUMMARY:x"), "none of its events"),
    ],
)
def test_what_is_no_calendar_says_why(content: bytes, why: str) -> None:
    with pytest.raises(BadFeed, match=why):
        feed_times(content, FIRST, LAST)


def test_there_is_a_limit_on_events_and_on_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "MOST_EVENTS", 2)
    with pytest.raises(BadFeed, match="more than 2 events"):
        read(*["UID:1\nDTSTART;VALUE=DATE:20261224"] * 3)
    monkeypatch.setattr(calendar_feed, "MOST_TIMES", 10)
    with pytest.raises(BadFeed, match="more than 10 closed times"):
        read("UID:1\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY")


def test_an_empty_calendar_has_no_closed_times_and_a_utf8_mark_does_no_harm() -> None:
    assert feed_times(b"\xef\xbb\xbf" + calendar(), FIRST, LAST) == FeedTimes()
    assert read("UID:1\nDTSTART:20260326T090000Z").spans == set(), "a moment closes nothing"
    assert read("UID:1\nDTSTART:20260326T090000Z\nDTEND:20260326T100000Z").spans == {
        (datetime(2026, 3, 26, 9, tzinfo=UTC), datetime(2026, 3, 26, 10, tzinfo=UTC))
    }
