"""Command lines: understood, or told back with the nearest one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.mail_commands.command_table import WORDS
from mailbridge.mail_commands.model import Author, Help, TimesheetArgument
from mailbridge.mail_commands.reading import read, understand
from mailbridge.organisation.model import Agent
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.command_types.mails import InternalNote
from mailbridge.tickets.command_types.values import Assign, Close, Reopen, SetPriority, SetStatus, SetTeam

BOGDAN = Author(me="bogdan", now=datetime(2026, 11, 19, 10, 0, tzinfo=UTC), zone="Europe/Bucharest", prefix="MB")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("#close", Close()),
        ("#Close", Close()),
        ("  #solve  ", Close()),
        ("#reopen", Reopen()),
        ("#take", Assign(agent="bogdan")),
        ("#assign ana", Assign(agent="ana")),
        ("#assign\u00a0Ana", Assign(agent="ana")),
        ("#assign “ana”", Assign(agent="ana")),
        ("#team network", SetTeam(team="network")),
        ("#status waiting", SetStatus(status="waiting")),
        ("#priority high", SetPriority(priority=Priority.HIGH)),
        ("#prio: Urgent", SetPriority(priority=Priority.URGENT)),
        ("#note", InternalNote()),
    ],
)
def test_line_is_understood(line: str, command: object) -> None:
    assert understand(line, BOGDAN).commands == (command,)


@pytest.mark.parametrize(
    ("line", "problem", "nearest"),
    [
        ("#cloze", "unknown", "#close"),
        ("#sttaus waiting", "unknown", "#status waiting"),
        ("#frobnicate", "unknown", ""),
        ("#assign", "argument-missing", "#assign ana"),
        ("#priority hihg", "argument-unknown", "#priority high"),
        ("#due tomorow 15:00", "argument-unknown", "#due tomorrow 15:00"),
        ("#due xyz", "argument-unclear", "#due friday 15:00"),
        ("#snoze 2h", "unknown", "#snooze 2h"),
        ("#tiem 45m", "unknown", "#time 45m"),
        ("#clo\u200bse", "unknown", "#close"),
        ("#\u0441lose", "unknown", "#close"),  # a Cyrillic letter
    ],
)
def test_line_that_is_no_command_says_what_is_wrong(line: str, problem: str, nearest: str) -> None:
    told = understand(line, BOGDAN)
    assert (told.commands, told.problem, told.nearest) == ((), problem, nearest)


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("#prioritate urgentta", "#prioritate urgentă"),
        ("#priority urgnt", "#priority urgent"),
        ("#приоритет высокии1", "#приоритет высокий"),
        ("#listă depășitee", "#listă depășite"),
        ("#list overdu", "#list overdue"),
        ("#list mne", "#list mine"),
        ("#canal telefn", "#canal telefon"),
        ("#channel fone", "#channel phone"),
    ],
)
def test_a_suggestion_is_in_the_language_of_the_line(line: str, nearest: str) -> None:
    assert understand(line, replace(BOGDAN, language="ro")).nearest == nearest


@pytest.mark.parametrize("words", ["", "time", "time last week", "time 2026-W47", "2026-11-20", "time săptămâna trecută", "прошлая неделя"])
def test_a_report_of_working_time_names_an_agent_or_a_week(words: str) -> None:
    assert isinstance(understand(f"#report {words}".strip(), BOGDAN).question, TimesheetArgument)


@pytest.mark.parametrize("words", ["team frobnicate", "time frobnicate", "qwx"])
def test_another_report_is_not_taken_for_the_own_hours(words: str) -> None:
    told = understand(f"#report {words}", BOGDAN)
    assert (told.question, told.problem, told.nearest) == (None, "argument-unclear", "#report time")


def test_commands_stand_at_the_top_and_at_the_end_and_the_text_between_goes_out() -> None:
    written = read("#take\n#priority high\n\nHello Carol,\nplease try again.\n\n#status waiting\n", BOGDAN)
    assert [line.word for line in written.lines] == ["take", "priority", "status"]
    assert written.text == "Hello Carol,\nplease try again."


def test_hash_in_the_middle_of_the_text_is_text() -> None:
    written = read("Hello,\nsee\n#close the valve first\nthank you", BOGDAN)
    assert written.lines == ()
    assert written.text == "Hello,\nsee\n#close the valve first\nthank you"


def test_number_sign_and_heading_are_no_commands() -> None:
    assert read("#1 is the first\n# heading\n", BOGDAN).lines == ()


def test_note_may_carry_its_text_on_the_line() -> None:
    written = read("#note he is on holiday\n", BOGDAN)
    assert written.text == "he is on holiday"
    assert written.lines[0].commands == (InternalNote(),)


def test_help_asks_for_help() -> None:
    assert read("#help", BOGDAN).lines[0].question == Help()


@given(st.text(alphabet=st.sampled_from("#abc clote \n\u00a0\t"), max_size=60))
def test_nothing_written_is_lost(text: str) -> None:
    """Every word is either on a command line or in the text that people get."""
    written = read(text, BOGDAN)
    words = " ".join(line.text for line in written.lines).split() + written.text.split()
    assert set(text.split()) - {"#"} == set(words) - {"#"}


@given(st.text(max_size=80), st.sampled_from([*WORDS]))
def test_every_line_says_exactly_one_thing(argument: str, word: str) -> None:
    told = understand(f"#{word} {argument}", BOGDAN)
    spoken = [bool(told.commands), told.question is not None, told.opening is not None, told.insert is not None, bool(told.problem)]
    assert spoken.count(True) == 1, told


@pytest.mark.parametrize(
    "line",
    [
        "#due " + "frday " * 50_000,
        "#assign " + "@" * 200_000 + "<",
        "#assign " + "a@" * 100_000,
        "#" + "x" * 200_000,
        "#time " + "1h" * 100_000,
        "#close " + "MB-7 " * 50_000,
        "#link " + "MB-7 " * 50_000,
        "#merge " + "MB-7, " * 50_000,
        "#cc " + "a@b " * 50_000,
    ],
)
def test_enormous_line_costs_no_more_than_its_length(line: str) -> None:
    begin = process_time()
    understand(line, BOGDAN)
    assert process_time() - begin < 3


def test_pasted_file_is_text_beyond_the_first_lines() -> None:
    written = read("\n".join(f"#setting{number} = on" for number in range(5_000)), BOGDAN)
    assert len(written.lines) <= 100
    assert "#setting2500 = on" in written.text


def test_line_for_a_hundred_tickets_is_understood_and_for_more_is_not() -> None:
    def line(count: int) -> str:
        return "#close " + " ".join(f"MB-{number}" for number in range(1, count + 1))

    assert len(understand(line(100), BOGDAN).tickets) == 100
    assert understand(line(101), BOGDAN).problem == "argument-unclear"


def test_what_is_said_twice_is_done_once() -> None:
    assert len(understand("#cc dan@x.test, dan@x.test", BOGDAN).commands) == 1
    assert understand("#close MB-3 MB-3", BOGDAN).tickets == (3,)


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("#plan ana tomorow", "#plan ana tomorrow"),
        ("#agenda ana mondy", "#agenda ana monday"),
        ("#plan nobody tomorow", "#plan ana tue 10:00 2h"),  # no agent has that name: an example
    ],
)
def test_a_misspelled_day_after_an_agent_is_suggested(line: str, nearest: str) -> None:
    ana = Agent(name="ana", title="Ana Pop", address="ana@desk.test")
    author = replace(BOGDAN, organisation=replace(BOGDAN.organisation, agents={"ana": ana}))
    assert understand(line, author).nearest == nearest
