"""What ends a letter, in every language: apps' lines, farewells, delimiters; and letters that only mention such things."""

from __future__ import annotations

import pytest

from mailbridge.message.model import SpanKind
from mailbridge.reply.extract import extract
from tests.unit.reply.endings import APP_LINES, DELIMITERS, FAREWELLS
from tests.unit.reply.letters import LETTERS

WORDS = "Please check the door."
QUOTE = "On Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> q\n"


@pytest.mark.parametrize("line", APP_LINES)
@pytest.mark.parametrize("below", ["", "\n> q\n", f"\n{QUOTE}"], ids=["end", "quote", "introduced"])
def test_line_of_an_app_is_no_part_of_the_letter(line: str, below: str) -> None:
    reply = extract(f"{WORDS}\n\n{line}\n{below}")

    assert reply.fresh == WORDS
    assert reply.signature == line


@pytest.mark.parametrize("farewell", FAREWELLS)
@pytest.mark.parametrize("comma", ["", ","], ids=["plain", "comma"])
def test_farewell_and_card_are_the_signature(farewell: str, comma: str) -> None:
    farewell = farewell if farewell.endswith((",", "。", "!", "！")) else farewell + comma
    reply = extract(f"{WORDS}\n\n{farewell}\nBob Smith\nStores\n")

    assert (reply.fresh, reply.signature) == (WORDS, f"{farewell}\nBob Smith\nStores")


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_delimiter_begins_the_signature(delimiter: str) -> None:
    assert extract(f"{WORDS}\n\n{delimiter}\nBob Smith\nStores\n").fresh == WORDS


@pytest.mark.parametrize("name", ["-- Bob Smith", "—Bob", "-Bob S.", "~ Bob"])
def test_name_behind_a_dash_is_a_signature(name: str) -> None:
    assert extract(f"{WORDS}\n\n{name}\n").signature == name


@pytest.mark.parametrize("below", ["-- \nBob Smith", "____\nBob Smith, Stores", "Sent from my phone"], ids=["delimiter", "rule", "app"])
def test_farewell_above_a_delimiter_is_the_end_of_the_letter(below: str) -> None:
    reply = extract(f"{WORDS}\n\nThanks,\nBob\n\n{below}\n")

    assert (reply.fresh, reply.signature) == (f"{WORDS}\n\nThanks,\nBob", below)


def test_delimiter_below_the_quote_leaves_the_farewell_above_it_in_the_letter() -> None:
    reply = extract(f"{WORDS}\n\nThanks,\nBob\n\n{QUOTE}\n-- \nBob Smith\n")

    assert (reply.fresh, reply.signature) == (f"{WORDS}\n\nThanks,\nBob", "-- \nBob Smith")


def test_footer_of_a_list_right_below_the_quote_is_no_answer() -> None:
    reply = extract(f"{WORDS}\n\n{QUOTE}_________________________\nusers mailing list\nusers@lists.roe.test\n")

    assert reply.fresh == WORDS


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("subject", ["Re: Door", "Door", "Fwd: Door"])
def test_letter_that_quotes_nothing_stays_whole(letter: str, subject: str) -> None:
    reply = extract(letter, subject=subject)

    assert reply.fresh == letter.strip()
    assert {span.kind for span in reply.spans} == {SpanKind.FRESH}
