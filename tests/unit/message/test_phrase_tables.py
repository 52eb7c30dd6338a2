"""Phrases as data: what a blank, a hyphen and a gap in them stand for, and that the tables themselves are sound."""

from __future__ import annotations

import re
import time

import pytest

from mailbridge.message import auto_reply_markers
from mailbridge.message.phrases import PhraseSet, alternatives, whole


@pytest.mark.parametrize("text", ["auto reply", "Auto-Reply", "AUTOREPLY", "auto - reply", "an auto\u00a0reply came"])
def test_a_blank_is_a_blank_a_hyphen_or_nothing(text: str) -> None:
    assert PhraseSet(("auto reply",)).are_in(text)
    assert PhraseSet(("auto-reply",)).are_in(text)


@pytest.mark.parametrize("text", ["autoXreply", "automatic reply", "auto\nreply", "semiauto reply", ""])
def test_other_words_are_other_words(text: str) -> None:
    assert not PhraseSet(("auto reply",)).are_in(text)


def test_a_gap_stays_on_its_line_and_has_an_end() -> None:
    phrases = PhraseSet(("your message...not delivered",))
    assert phrases.are_in("Your message to kim@firm.test was not delivered.")
    assert not phrases.are_in("Your message\nwas not delivered")
    assert not phrases.are_in("your message " + "x" * 100 + " not delivered")


def test_the_place_is_that_of_the_first_word() -> None:
    assert PhraseSet(("b",), ("c",)).place_in("a c b") == 2
    assert PhraseSet(("b",)).place_in("a") == -1


def test_beginning_with_a_phrase_is_more_than_holding_it() -> None:
    assert PhraseSet(("sorry",)).begin("Sorry, no")
    assert not PhraseSet(("sorry",)).begin("So sorry")


def test_a_whole_title_ends_with_its_phrase_unless_that_is_open() -> None:
    titles = whole(("failure notice", "undeliverable: ..."))
    assert titles.fullmatch(" Failure Notice ")
    assert not titles.fullmatch("failure notice for you")
    assert titles.fullmatch("Undeliverable: anything at all")


def test_a_phrase_is_not_cut_short_by_one_it_begins_with() -> None:
    assert re.match(alternatives(("out of office", "out of office reply")) + "$", "out of office reply")


def test_phrases_are_words_and_no_patterns() -> None:
    assert PhraseSet(("address(es).",)).are_in("the address(es).")
    assert not PhraseSet(("address(es).",)).are_in("the addresses")


def test_finding_takes_time_in_proportion_to_the_text() -> None:
    phrases = PhraseSet(("a...b", "a...c", "a a a a...d"))
    began = time.process_time()
    assert not phrases.are_in("a " * 100_000)
    assert time.process_time() - began < 6


@pytest.mark.parametrize("table", [auto_reply_markers.VACATION, auto_reply_markers.VACATION_ENDED, auto_reply_markers.THANKS])
def test_the_tables_hold_lower_case_phrases_once(table: dict[str, tuple[str, ...]]) -> None:
    phrases = auto_reply_markers.every(table)
    assert all(phrase == phrase.lower().strip() and phrase for phrase in phrases)
    assert len(set(phrases)) == len(phrases)
