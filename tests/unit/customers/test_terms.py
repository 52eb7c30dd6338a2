"""A customer's glossary: which of its words a text uses, and how the overlay keeps it."""

from __future__ import annotations

import pytest

from mailbridge.config.reading import Wrong
from mailbridge.customers.terms import terms_in, terms_of

GLOSSARY = {"linia 2": "packing hall", "E2": "east gate", "Șoproniu": "shed"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The printer on linia 2 is down", ["linia 2"]),
        ("LINIA  2\nand e2.", ["linia 2", "E2"]),
        ("in soproniu", ["Șoproniu"]),
        ("linia 21, E21 and linia", []),
        ("", []),
    ],
)
def test_terms_are_found_as_whole_words_whatever_their_case_and_accents(text: str, found: list[str]) -> None:
    assert [word for word, _ in terms_in(GLOSSARY, text)] == found


def test_the_overlay_keeps_a_glossary_as_one_text() -> None:
    assert terms_of("linia 2 = packing hall; E2=east gate;") == {"linia 2": "packing hall", "E2": "east gate"}


@pytest.mark.parametrize("text", ["linia 2", "= hall", "E2 ="])
def test_a_word_without_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(Wrong, match="not a word with its meaning"):
        terms_of(text)
