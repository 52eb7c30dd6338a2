"""How a text is parted into the words of the search, and what a question asks for."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.message.search_words import MOST_CHARACTERS, folded, words
from mailbridge.store.search_terms import asked, excerpt


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("The Printer's broken!", ["the", "printer", "s", "broken"]),
        ("Wörld Łódź Straße ÅNGSTRÖM", ["world", "lodz", "strasse", "angstrom"]),
        ("snake_case e-mail 10.0.0.7", ["snake", "case", "e", "mail", "10", "0", "0", "7"]),
        ("Ёлка й", ["елка", "и"]),
        ("Ａｂｃ ﬁle №5", ["abc", "file", "no5"]),
        ("打印机坏了", ["打印", "印机", "机坏", "坏了", "了"]),
        ("HP打印机 2", ["hp", "打印", "印机", "机", "2"]),
        ("プリンタが", ["プリ", "リン", "ンタ", "タが", "が"]),
        ("프린터가 고장", ["프린", "린터", "터가", "가", "고장", "장"]),
        ("اَلْعَرَبِيَّة", ["العربية"]),
        ("!?… — \u200b", []),
        ("", []),
    ],
)
def test_a_text_has_these_words(text: str, parted: list[str]) -> None:
    assert words(text) == parted


@pytest.mark.parametrize("text", ["プリンタが", "프린터", "Wörld", "Ёлка"])
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


def test_a_question_of_pairs_leaves_the_lone_last_character_out() -> None:
    assert asked("打印机") == [["打印", "印机"]]
    assert asked("机") == [["机"]]
    assert asked("ab-b ba") == [["ab", "b"], ["ba"]]


def test_punctuation_asks_nothing() -> None:
    assert asked("--- !! ") == []


def test_a_question_has_an_end() -> None:
    assert len(asked("word " * 1000)) == 20


def test_a_very_long_word_is_parted() -> None:
    assert [len(word) for word in words("x" * 150)] == [64, 64, 22]
    assert [len(word) for word in words("ж" * 150)] == [64, 64, 22]


@given(st.text(max_size=400))
def test_words_are_bare(text: str) -> None:
    """Nothing in them means something to either database."""
    assert all(word and not set(word) & set(" '\"\\:*&|!()<>-\0") for word in words(text))


@given(st.text(alphabet="aB Öé打印机ジア́ßğ가1.-", max_size=40))
def test_what_is_asked_with_the_whole_text_stands_in_it(text: str) -> None:
    parted = words(text)
    for row in asked(text):
        assert any(
            parted[start : start + len(row) - 1] == row[:-1] and parted[start + len(row) - 1].startswith(row[-1])
            for start in range(len(parted) - len(row) + 1)
        )


@pytest.mark.parametrize("mark", ["\u0301\u0316", "\u3099\u094d"])
def test_a_heap_of_accents_takes_no_time(mark: str) -> None:
    began = time.process_time()
    folded("a" + mark * (MOST_CHARACTERS // 2))
    assert time.process_time() - began < 4


def test_what_grows_when_it_is_folded_keeps_its_bound() -> None:
    assert sum(map(len, words("\ufdfa" * MOST_CHARACTERS))) <= MOST_CHARACTERS


def test_an_excerpt_begins_shortly_before_what_was_found() -> None:
    text = "Good morning. " * 30 + "Then the Drücker hums.\n\n" + "Bye. " * 60
    shown = excerpt(text, asked("drucker hums"))
    assert shown.startswith("…")
    assert "Then the Drücker hums. Bye." in shown
    assert shown.endswith("…")
    assert len(shown) <= 162


def test_an_excerpt_of_a_text_without_blanks_shows_the_place() -> None:
    assert "打印机" in excerpt("早上好" * 100 + "打印机" + "再见" * 100, asked("打印机"))


def test_where_the_words_stand_elsewhere_the_excerpt_is_the_beginning() -> None:
    assert excerpt("Hello there", asked("printer")) == "Hello there"
