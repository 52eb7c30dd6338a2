"""When and how long, as people say it in three languages, by the wall clock of whoever says it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailbridge.mail_commands.dates import Wall, moment, whole, words_of
from mailbridge.mail_commands.durations import MOST, spoken
from mailbridge.mail_commands.durations import whole as minutes_of
from mailbridge.mail_commands.locales import LOCALES
from mailbridge.mail_commands.model import Author
from mailbridge.mail_commands.reading import understand
from mailbridge.mail_commands.vocabulary import vocabulary
from mailbridge.tickets.command_types.people import ScheduleMeeting
from mailbridge.tickets.command_types.values import SetDue, Snooze
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.model import WorkKind

BUCHAREST = ZoneInfo("Europe/Bucharest")
THURSDAY = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)  # noon in Bucharest
ANA = Author(me="ana", now=THURSDAY, zone="Europe/Bucharest", prefix="MB")
EVENING = time(18)


def wall(now: datetime = THURSDAY, zone: ZoneInfo = BUCHAREST) -> Wall:
    return Wall(now=now, zone=zone, known=vocabulary("en"))


def said(text: str, now: datetime = THURSDAY, zone: ZoneInfo = BUCHAREST) -> str:
    """The moment as the wall clock shows it."""
    found = whole(words_of(text), wall(now, zone), otherwise=EVENING)
    return f"{found.astimezone(zone):%a %Y-%m-%d %H:%M}" if found else ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("friday 15:00", "Fri 2026-11-20 15:00"),
        ("Fri. 15.00", "Fri 2026-11-20 15:00"),
        ("15:00 friday", "Fri 2026-11-20 15:00"),
        ("friday at 3pm", "Fri 2026-11-20 15:00"),
        ("friday 3:30 pm", "Fri 2026-11-20 15:30"),
        ("friday", "Fri 2026-11-20 18:00"),
        ("next friday", "Fri 2026-11-20 18:00"),
        ("by friday 3 dec", "Thu 2026-12-03 18:00"),  # the date decides
        ("thursday 15:00", "Thu 2026-11-19 15:00"),  # today, still to come
        ("thursday 9:00", "Thu 2026-11-26 09:00"),  # today's is over
        ("tomorrow", "Fri 2026-11-20 18:00"),
        ("tomorrow 9", "Fri 2026-11-20 09:00"),
        ("day after tomorrow noon", "Sat 2026-11-21 12:00"),
        ("next week", "Mon 2026-11-23 18:00"),
        ("3 dec", "Thu 2026-12-03 18:00"),
        ("dec 3rd, 9am", "Thu 2026-12-03 09:00"),
        ("3 january", "Sun 2027-01-03 18:00"),
        ("3-dec-2026 15:00", "Thu 2026-12-03 15:00"),
        ("3.12. 15.30", "Thu 2026-12-03 15:30"),
        ("3/12/2026", "Thu 2026-12-03 18:00"),
        ("2026-12-03 15:00", "Thu 2026-12-03 15:00"),
        ("2026-12-03T15:00", "Thu 2026-12-03 15:00"),
        ("15:00", "Thu 2026-11-19 15:00"),
        ("9:00", "Fri 2026-11-20 09:00"),
        ("at 9", "Fri 2026-11-20 09:00"),
        ("3d", "Sun 2026-11-22 12:00"),
        ("in 2 hours", "Thu 2026-11-19 14:00"),
        ("1h30", "Thu 2026-11-19 13:30"),
        ("a week", "Thu 2026-11-26 12:00"),
        ("1 month", "Sat 2026-12-19 12:00"),
        ("mâine 9", "Fri 2026-11-20 09:00"),
        ("maine la 9", "Fri 2026-11-20 09:00"),
        ("până luni", "Mon 2026-11-23 18:00"),
        ("vineri la ora 15:00", "Fri 2026-11-20 15:00"),
        ("săptămâna viitoare", "Mon 2026-11-23 18:00"),
        ("3 decembrie", "Thu 2026-12-03 18:00"),
        ("peste 3 zile", "Sun 2026-11-22 12:00"),
        ("3 luni", "Fri 2027-02-19 12:00"),  # three months; alone it is Monday
        ("пятница 15:00", "Fri 2026-11-20 15:00"),
        ("в пятницу в 15:00", "Fri 2026-11-20 15:00"),
        ("до понедельника", "Mon 2026-11-23 18:00"),
        ("завтра 9", "Fri 2026-11-20 09:00"),
        ("через 3 дня", "Sun 2026-11-22 12:00"),
        ("3 декабря 2026 г", "Thu 2026-12-03 18:00"),
        ("на следующей неделе", "Mon 2026-11-23 18:00"),
    ],
)
def test_moment_is_understood_by_the_wall_clock(text: str, moment: str) -> None:
    assert said(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "soon", "friday maybe", "31.02.2027", "2026-13-01", "25:00", "99999d", "monday tuesday", "12:00 pm pm", "0d0", "in"],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert said(text) == ""


def test_29_february_without_year_is_the_next_one_there_is() -> None:
    assert said("29 feb") == "Tue 2028-02-29 18:00"


def test_hour_that_the_clock_skips_is_the_same_hour_after_the_jump() -> None:
    """In the night to 29 March 2026 the clocks of Bucharest jump from 3 to 4."""
    assert said("2026-03-29 03:30", datetime(2026, 3, 1, tzinfo=UTC)) == "Sun 2026-03-29 04:30"


def test_hour_that_comes_twice_is_the_first_one() -> None:
    found = whole(words_of("2026-10-25 03:30"), wall(datetime(2026, 10, 1, tzinfo=UTC)), otherwise=EVENING)
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_days_go_by_the_wall_clock_and_hours_as_they_pass() -> None:
    """Noon in three days is noon, although one of the days has 25 hours; 72 hours are 72 hours."""
    friday = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)  # noon in Bucharest, before the clocks go back
    assert said("3d", friday) == "Mon 2026-10-26 12:00"
    assert said("72h", friday) == "Mon 2026-10-26 11:00"


@given(
    moment=st.datetimes(datetime(2027, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["Europe/Bucharest", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    form=st.sampled_from(
        ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H.%M", "%Y-%m-%dT%H:%M", "%H:%M %Y-%m-%d", "%d %B %Y at %I:%M %p"]
    ),
)
def test_moment_that_is_written_is_the_moment_that_is_read(moment: datetime, zone: str, form: str) -> None:
    place = ZoneInfo(zone)
    aware = moment.replace(tzinfo=place)
    assume(aware.astimezone(UTC).astimezone(place).replace(tzinfo=None) == moment)  # one that the wall clock shows
    assert whole(words_of(moment.strftime(form)), wall(zone=place), otherwise=EVENING) == aware.astimezone(UTC)


@given(day=st.dates(date(2026, 11, 20), date(2027, 11, 18)), language=st.sampled_from(sorted(LOCALES)))
def test_day_and_month_in_each_language_are_the_next_such_day(day: date, language: str) -> None:
    assume((day.month, day.day) != (2, 29))
    for name in LOCALES[language].months[day.month - 1].split():
        found = whole(words_of(f"{day.day} {name}"), wall(), otherwise=EVENING)
        assert found is not None
        assert found.astimezone(BUCHAREST).date() == day


@given(ahead=st.integers(1, 7), language=st.sampled_from(sorted(LOCALES)))
def test_weekday_in_each_language_is_within_a_week(ahead: int, language: str) -> None:
    day = THURSDAY.date() + timedelta(days=ahead)
    for name in LOCALES[language].weekdays[day.weekday()].split():
        found = whole(words_of(f"{name} 10:00"), wall(), otherwise=EVENING)
        assert found is not None
        assert found.astimezone(BUCHAREST).date() == day


@example("0/1")
@given(st.text(alphabet="0123456789:.-/ apmhdw fri dec mâine в пт", max_size=30))
def test_no_words_break_the_reader(text: str) -> None:
    found = moment(words_of(text), 0, wall(), otherwise=EVENING)
    assert found is None or found[0].tzinfo is UTC
    assert understand(f"#due {text}", ANA).word == "due"
    assert understand(f"#time {text}", ANA).word == "time"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("1h30", 90), ("1h30m", 90), ("1h 30m", 90), ("1 h 30", 90), ("1.5h", 90), ("1,5h", 90), ("90", 90), ("1:30", 90), ("90 min", 90),
        ("45m", 45), ("2 hours", 120), ("1 oră 30 minute", 90), ("2 ore", 120), ("1ч30", 90), ("2 часа", 120), ("2d", 960), ("0", 0),
        ("-2", None), ("1h30x", None), ("half", None), ("3 months", None), ("99999d", None), ("1:99", None), ("", None),
    ],
)  # fmt: skip
def test_span_is_minutes(text: str, minutes: int | None) -> None:
    assert minutes_of(text, vocabulary("en")) == minutes


@given(st.integers(0, MOST))
def test_span_that_is_spoken_is_the_span_that_is_read(total: int) -> None:
    assert minutes_of(spoken(total), vocabulary("en")) == total
    assert minutes_of(f"{total // 60}:{total % 60:02}", vocabulary("en")) == total or total >= 1000 * 60


@given(hours=st.integers(1, 99), minutes=st.integers(1, 59), language=st.sampled_from(sorted(LOCALES)))
def test_span_is_read_with_the_units_of_each_language(hours: int, minutes: int, language: str) -> None:
    locale = LOCALES[language]
    for hour, minute in zip(locale.hours.split(), locale.minutes.split(), strict=False):
        for form in ("{}{}{}{}", "{} {} {} {}", "{}{} {}{}"):
            assert minutes_of(form.format(hours, hour, minutes, minute), vocabulary("en")) == 60 * hours + minutes


TODAY = date(2026, 11, 19)


def worked(minutes: int, text: str = "", *, day: date = TODAY, billable: bool | None = None, **more: Any) -> RecordWork:
    return RecordWork(kind=WorkKind.WORKED, minutes=minutes, day=day, text=text, billable=billable, **more)


YESTERDAY = THURSDAY.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("#time 45m", worked(45)),
        ("#time 45m yesterday replaced drum", worked(45, "replaced drum", day=YESTERDAY)),
        ("#time 45m yesterday, replaced drum", worked(45, "replaced drum", day=YESTERDAY)),
        ("#time 1h30 on monday: new cable", worked(90, "new cable", day=date(2026, 11, 16))),
        ("#time 2h 3 nov", worked(120, day=date(2026, 11, 3))),
        ("#time 2h 3 dec", worked(120, day=date(2025, 12, 3))),  # work is past
        ("#time 45m ieri tambur schimbat", worked(45, "tambur schimbat", day=YESTERDAY)),
        ("#время 45м вчера заменил барабан", worked(45, "заменил барабан", day=YESTERDAY)),
        ("#time 20m not billable", worked(20, billable=False)),
        ("#time 20m (not billable) called them", worked(20, "called them", billable=False)),
        ("#time 20m called them, not billable", worked(20, "called them", billable=False)),
        ("#time 20m nefacturabil", worked(20, billable=False)),
        ("#time 20m бесплатно", worked(20, billable=False)),
        ("#time 20m billable", worked(20, billable=True)),
        ("#time 2h @Iași new cable", worked(120, "new cable", place="Iași")),
        ("#time 30 2 monitors", worked(30, "2 monitors")),
        ("#time 17:30-19:00", worked(90, start=datetime(2026, 11, 19, 15, 30, tzinfo=UTC))),
        ("#time 9:05 – 9:20 yesterday new cable", worked(15, "new cable", day=YESTERDAY, start=datetime(2026, 11, 18, 7, 5, tzinfo=UTC))),
        ("#timp 22:00-01:30 luni", worked(210, day=date(2026, 11, 16), start=datetime(2026, 11, 16, 20, 0, tzinfo=UTC))),
        ("#время 02:30-06:30 25 окт", worked(300, day=date(2026, 10, 25), start=datetime(2026, 10, 24, 23, 30, tzinfo=UTC))),
        ("#time 1:30 2:00 is when it rang", worked(90, "2:00 is when it rang")),
        ("#travel 40m 25km Iași", RecordWork(kind=WorkKind.TRAVELLED, minutes=40, km=25, place="Iași", day=THURSDAY.date())),
        ("#travel 25 km 40 min", RecordWork(kind=WorkKind.TRAVELLED, minutes=40, km=25, day=THURSDAY.date())),
        ("#travel 12,5km", RecordWork(kind=WorkKind.TRAVELLED, minutes=0, km=12.5, day=THURSDAY.date())),
        ("#drum 40m 25km ieri Iași centru", RecordWork(kind=WorkKind.TRAVELLED, minutes=40, km=25, place="Iași centru", day=YESTERDAY)),
        ("#time 3 = 1h", CorrectWork(activity=3, minutes=60)),
        ("#time #3 = 0", CorrectWork(activity=3, minutes=0)),
        ("#travel 2=50m 30km", CorrectWork(activity=2, minutes=50, km=30)),
        ("#estimate 4h", SetEstimate(minutes=240)),
        ("#estimate 1d 4h", SetEstimate(minutes=720)),
        ("#due none", SetDue(at=None)),
        ("#termen niciunul", SetDue(at=None)),
        ("#due 3 dec.", SetDue(at=datetime(2026, 12, 3, 16, 0, tzinfo=UTC))),
        ("#snooze until monday", Snooze(until=datetime(2026, 11, 23, 7, 0, tzinfo=UTC))),
        ("#meet tue 10:00 1h Iași office", ScheduleMeeting(at=datetime(2026, 11, 24, 8, 0, tzinfo=UTC), minutes=60, place="Iași office")),
        ("#meet tomorrow 10:00", ScheduleMeeting(at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC))),
        ("#meet tomorrow 10:00 30 Main Street", ScheduleMeeting(at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC), place="30 Main Street")),
    ],
)
def test_line_about_time_is_understood(line: str, command: object) -> None:
    told = understand(line, ANA)
    assert (told.problem, told.commands) == ("", (command,))


@pytest.mark.parametrize(
    "line",
    ["#time -2", "#time drum", "#time 3 =", "#time 3 = drum", "#meet friday", "#meet sometime", "#estimate soon", "#snooze"],
)
def test_line_about_time_that_says_none_shows_how(line: str) -> None:
    told = understand(line, ANA)
    assert told.commands == ()
    assert told.nearest.startswith(line.split()[0])
