"""The tables of words: every language says every command, every usage means what it shows, and the manual is the table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.mail_commands.command_table import WORDS, Room
from mailbridge.mail_commands.locales import LOCALES
from mailbridge.mail_commands.manual import manual_rows, page, words_for
from mailbridge.mail_commands.model import Author
from mailbridge.mail_commands.reading import understand
from mailbridge.mail_commands.vocabulary import fold, vocabulary
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.tickets.permissions import Right

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "manual" / "mail.md"
ORGANISATION = Organisation(
    teams={"network": Team(name="network", title="Network", members=("ana",))},
    agents={"ana": Agent(name="ana", title="Ana Pop", address="ana@desk.example")},
    types=("incident",),
)
SPEAKER = Author(me="ana", now=datetime(2026, 11, 19, 10, 0, tzinfo=UTC), prefix="MB", organisation=ORGANISATION)
USAGES = [(code, word, usage) for code, locale in LOCALES.items() for word, said in locale.words.items() for usage in said.usage]


@pytest.mark.parametrize("code", LOCALES)
def test_every_language_says_every_command(code: str) -> None:
    assert set(LOCALES[code].words) == set(WORDS)
    assert set(LOCALES[code].rooms) == set(Room)


@pytest.mark.parametrize("code", LOCALES)
def test_every_language_says_everything_else_too(code: str) -> None:
    locale, english = LOCALES[code], LOCALES["en"]
    assert (len(locale.weekdays), len(locale.months), locale.days.keys()) == (7, 12, english.days.keys())
    assert locale.relations.keys() == english.relations.keys()
    assert locale.priorities.keys() == english.priorities.keys()
    assert locale.lists.keys() == english.lists.keys()
    assert locale.channels.keys() == english.channels.keys()


@pytest.mark.parametrize(("code", "word", "usage"), USAGES)
def test_usage_is_understood_as_the_command_it_shows(code: str, word: str, usage: str) -> None:
    told = understand(usage, SPEAKER)
    assert (told.word, told.problem) == (word, "")


@pytest.mark.parametrize(("code", "word"), [(code, word) for code in LOCALES for word in WORDS])
def test_every_name_of_a_command_is_understood(code: str, word: str) -> None:
    for name in LOCALES[code].words[word].names.split():
        assert understand(f"#{name}", SPEAKER).word == word, name
        assert understand(f"#{name.upper()}", SPEAKER).word == word, name


@pytest.mark.parametrize("code", LOCALES)
def test_no_name_means_two_commands(code: str) -> None:
    names = [(fold(name), word) for word, said in LOCALES[code].words.items() for name in said.names.split()]
    assert sorted({name for name, _ in names}) == sorted(name for name, _ in names)


def test_languages_agree_on_what_their_names_mean() -> None:
    meanings: dict[str, set[str]] = {}
    for locale in LOCALES.values():
        for word, said in locale.words.items():
            for name in said.names.split():
                meanings.setdefault(fold(name), set()).add(word)
    assert {name: words for name, words in meanings.items() if len(words) > 1} == {}


def test_vocabulary_of_a_language_that_nobody_wrote_is_that_of_the_others() -> None:
    assert vocabulary("xx").words == vocabulary("en").words


def test_manual_page_is_the_table() -> None:
    """To write it again: put `mailbridge.mail_commands.manual.page()` below "## All commands"."""
    assert MANUAL.read_text(encoding="utf-8").partition("## All commands\n\n")[2].strip() == page().strip()


def test_help_is_for_the_rights_of_its_reader() -> None:
    observer, agent = set(words_for(Right.NOTE)), set(words_for(Right.WORK))
    assert agent == set(WORDS)
    assert {"note", "list", "show", "help", "approve"} <= observer
    assert observer.isdisjoint({"close", "take", "erase", "time"})


def test_help_is_in_the_readers_language() -> None:
    (row,) = manual_rows("ro", Right.WORK, "close")
    assert row[1] == "închide"
