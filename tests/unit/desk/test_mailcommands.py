"""Command lines: understood, or told back with the nearest one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.desk.commands import Assign, Close, Note, Reopen, SetPriority, SetStatus, SetTeam
from mailbridge.desk.mailcommands import read, understand
from mailbridge.desk.model import Priority


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
        ("#note", Note()),
    ],
)
def test_line_is_understood(line: str, command: object) -> None:
    assert understand(line, "bogdan").command == command


@pytest.mark.parametrize(
    ("line", "problem", "nearest"),
    [
        ("#cloze", "unknown", "#close"),
        ("#sttaus waiting", "unknown", "#status waiting"),
        ("#frobnicate", "unknown", ""),
        ("#assign", "argument-missing", "#assign ana"),
        ("#priority hihg", "argument-unknown", "high"),
        ("#clo\u200bse", "unknown", "#close"),
        ("#\u0441lose", "unknown", "#close"),  # a Cyrillic letter
    ],
)
def test_line_that_is_no_command_says_what_is_wrong(line: str, problem: str, nearest: str) -> None:
    told = understand(line, "bogdan")
    assert (told.command, told.problem, told.nearest) == (None, problem, nearest)


def test_commands_stand_at_the_top_and_at_the_end_and_the_text_between_goes_out() -> None:
    written = read("#take\n#priority high\n\nHello Carol,\nplease try again.\n\n#status waiting\n", "bogdan")
    assert [line.word for line in written.lines] == ["take", "priority", "status"]
    assert written.text == "Hello Carol,\nplease try again."


def test_hash_in_the_middle_of_the_text_is_text() -> None:
    written = read("Hello,\nsee\n#close the valve first\nthank you", "bogdan")
    assert written.lines == ()
    assert written.text == "Hello,\nsee\n#close the valve first\nthank you"


def test_number_sign_and_heading_are_no_commands() -> None:
    assert read("#1 is the first\n# heading\n", "bogdan").lines == ()


def test_note_may_carry_its_text_on_the_line() -> None:
    written = read("#note he is on holiday\n", "bogdan")
    assert written.text == "he is on holiday"
    assert written.lines[0].command == Note()


def test_help_asks_for_help() -> None:
    assert read("#help", "bogdan").lines[0].help


@given(st.text(alphabet=st.sampled_from("#abc clote \n\u00a0\t"), max_size=60))
def test_nothing_written_is_lost(text: str) -> None:
    """Every word is either on a command line or in the text that people get."""
    written = read(text, "bogdan")
    words = " ".join(line.text for line in written.lines).split() + written.text.split()
    assert sorted(set(text.split())) == sorted(set(words))
