"""What strangers wrote, on a terminal: visible, aligned, harmless."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.cli import show
from mailbridge.cli.problems import shown
from mailbridge.errors import Problem


@given(st.text(alphabet=st.characters()))
def test_nothing_that_was_made_safe_can_move_the_cursor_or_reorder_text(text: str) -> None:
    safe = show.safe(text)

    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0x202A <= ord(char) <= 0x202E or char == "\u2028" for char in safe)
    safe.encode("utf-8")


def test_ordinary_letters_stay_as_they_are_and_others_are_named() -> None:
    assert show.safe("Imprimantă, принтер, 打印机 🖨") == "Imprimantă, принтер, 打印机 🖨"
    assert show.safe("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb\\x0ac\\u202ed"
    assert show.safe_lines("a\r\nb\tc\x07") == "a\nb\tc\\x07"


def test_columns_line_up_with_wide_letters(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_table(["NO", "SUBJECT", "X"], [["MB-1", "打印机", 1], ["MB-10", "a\x07", 2]], empty="none")

    assert capsys.readouterr().out == "NO     SUBJECT  X\nMB-1   打印机   1\nMB-10  a\\x07    2\n"


def test_nothing_to_list_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_table(["NO"], [], empty="no tickets")
    assert capsys.readouterr().out == "no tickets\n"


def test_a_cut_line_ends_in_an_ellipsis_and_fits() -> None:
    assert show.cut("abcdef", 6) == "abcdef"
    assert show.cut("abcdefg", 6) == "abcde…"
    assert show.width(show.cut("打印机打印机", 6)) <= 6


def test_json_is_one_ascii_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_json(
        {"subject": "ă\x1b\udc80", "at": datetime(2026, 11, 21, 14, 2, tzinfo=UTC), "tags": frozenset({"b", "a"}), "at_path": Path("x")}
    )

    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["at"] == "2026-11-21T14:02:00+00:00"
    assert json.loads(out)["tags"] == ["a", "b"]


def test_a_mistake_is_shown_with_its_line_and_a_mark(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").write_text("a\nb\n\tteam: field-servce, x\n", encoding="utf-8")
    problem = Problem(
        file="teams.yaml", line=3, column=8, length=12, message='unknown team "field-servce"', hint='did you mean "field-service"?'
    )

    assert shown([problem], tmp_path).splitlines() == [
        'teams.yaml:3:8: unknown team "field-servce"',
        "  3 |  team: field-servce, x",
        "    |        ^^^^^^^^^^^^",
        '    did you mean "field-service"?',
        "1 error",
    ]


def test_warnings_are_counted_apart_and_a_lost_file_is_no_second_mistake(tmp_path: Path) -> None:
    problems = [Problem(file="gone.yaml", line=3, column=1, message="x"), Problem(file="a.yaml", message="y", warning=True)]

    assert shown(problems, tmp_path) == "a.yaml: warning: y\ngone.yaml:3:1: x\n1 error, 1 warning"


def test_a_password_in_the_line_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text('password = "s3cret"\n', encoding="utf-8")

    assert "s3cret" not in shown([Problem(file="mailbridge.toml", line=1, column=1, length=8, message="no")], tmp_path)
