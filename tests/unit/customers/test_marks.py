"""What in a text might be a serial number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.customers.model import SHORTEST_MARK, Customer, Equipment, customers, mark_key, marks_in

WORDS = st.lists(st.sampled_from(["LF", "lf2231", "2231", "printer", "A1", "½", "²", "ACME", "0017", "the"]), max_size=12)
SIGNS = st.lists(st.sampled_from(["-", " ", ".", "/", "_", ", ", "\n"]), min_size=12, max_size=12)


def slow_marks(words: list[str], signs: list[str]) -> list[str]:
    """Every run of up to four words with one sign between them, in the order of their beginnings."""
    found = []
    for first in range(len(words)):
        for last in range(first, min(first + 4, len(words))):
            if any(len(sign) > 1 or sign not in "-./_ " for sign in signs[first:last]):
                break
            mark = "".join(words[first : last + 1]).upper()
            if len(mark) >= SHORTEST_MARK and any(character.isdecimal() for character in mark):
                found.append(mark)
    return found


@given(WORDS, SIGNS)
def test_every_run_of_words_with_a_digit_is_a_mark(words: list[str], signs: list[str]) -> None:
    text = "".join(word + sign for word, sign in zip(words, signs, strict=False))

    assert list(marks_in(text)) == slow_marks(words, signs)


@given(WORDS, SIGNS, st.lists(st.sampled_from(["LF-2231", "A1 0017", "l 0017", "²2231", "ß-2231", "2231"]), max_size=3))
def test_no_known_mark_is_missed_for_its_beginning(words: list[str], signs: list[str], marks: list[str]) -> None:
    text = "".join(word + sign for word, sign in zip([*words, "l", "ß", "2231"], [*signs, "-", " ", "-"], strict=False))
    device = tuple(Equipment(serial=mark) for mark in marks)
    known = customers((Customer(name="acme", equipment=device),))

    assert [mark for mark in marks_in(text, known.beginnings) if mark in known.by_mark] == [m for m in marks_in(text) if m in known.by_mark]


def test_a_serial_number_is_found_however_it_is_written() -> None:
    for written in ("LF-2231", "lf2231", "LF 2231", "l.f-2231"):
        assert mark_key("LF-2231") in set(marks_in(f"the printer {written}, second floor"))


def test_a_text_without_digits_holds_no_mark() -> None:
    assert list(marks_in("the printer smokes again " * 100)) == []
