"""Tables in the plain part of a mail: columns of at most 72 characters, no word lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.delivery.render.plain_tables import WIDTH, with_columns
from mailbridge.reply.html import to_text

SHORT = "Device\t\tSerial\t\tError\nLaserFast 2000\t\tLF-2231\t\tE-52\nScanner\t\t\t\tnone"
CELLS = st.text(alphabet="ab cЖ-", max_size=40).map(str.strip)


def test_a_table_that_fits_is_aligned() -> None:
    assert with_columns(f"See:\n\n{SHORT}\n\nThanks") == (
        "See:\n\nDevice          Serial   Error\nLaserFast 2000  LF-2231  E-52\nScanner                  none\n\nThanks"
    )


@pytest.mark.parametrize("margin", ["    ", "> ", "> > "])
def test_a_table_keeps_its_indentation(margin: str) -> None:
    told = with_columns("\n".join(margin + line for line in SHORT.split("\n")))
    assert told.split("\n")[1] == f"{margin}LaserFast 2000  LF-2231  E-52"


def test_long_cells_are_wrapped_in_their_column() -> None:
    long = "E-52 after every third page, paper jam in the rear tray, and the fan is loud"
    told = with_columns(f"Device\t\tSerial\t\tError\nLaserFast 2000\t\tLF-2231\t\t{long}").split("\n")
    assert told[2].startswith("LaserFast 2000  LF-2231  E-52 after every third")
    assert told[3].startswith(" " * 25 + "rear tray")
    assert max(map(len, told)) <= WIDTH


def test_columns_that_would_be_too_narrow_become_lines_under_their_headings() -> None:
    row = [f"{name} has a long text in its cell" for name in "abcdefg"]
    told = with_columns("\t\t".join(["one", "two", "three", "four", "five", "six", "seven"]) + "\n" + "\t\t".join(row))
    assert told.split("\n")[:2] == ["one: a has a long text in its cell", "two: b has a long text in its cell"]


@pytest.mark.parametrize("text", ["key:\tvalue\nother:\tthing", "\tif x:\n\t\treturn\ty", "one\t\ttwo\t\tthree", "no tabs"])
def test_what_is_no_table_of_three_columns_stays_as_it_is(text: str) -> None:
    assert with_columns(text) == text


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=2, max_size=6))
def test_no_word_is_lost_and_every_line_fits(rows: list[tuple[str, str, str, str]]) -> None:
    rows = [(f"r{number}{first}", *others[:-1], f"{others[-1]}.") for number, (first, *others) in enumerate(rows)]
    told = with_columns("\n".join("\t\t".join(row) for row in rows))
    words = [word for row in rows for cell in row for word in cell.split()]
    kept = "".join(told.split())
    assert all(word in kept for word in words)
    assert max(map(len, told.split("\n"))) <= max(WIDTH, max(len(word) for word in words) + 42)


def test_a_table_of_an_html_mail() -> None:
    html = "<table><tr><th>Step</th><th>Part</th><th>Time</th></tr><tr><td>1</td><td>rear door</td><td>5 min</td></tr></table>"
    assert with_columns(to_text(html)).strip().split("\n") == ["Step  Part       Time", "1     rear door  5 min"]


def test_a_long_word_is_never_broken() -> None:
    address = "https://lf.example/manuals/laserfast-2000/error-codes/e-52-registration-sensor.html"
    assert address in with_columns(f"Step\t\tPart\t\tWhere\n1\t\tsensor\t\t{address}")
