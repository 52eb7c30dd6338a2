"""The page of the manual about a contract shows the files and the mails of two stories, line by line."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.play import playing, shown
from tests.scenarios.story import FOLDER, Story, stories

PAGE = FOLDER.parent.parent / "docs" / "manual" / "contract-story.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The lines of every mail of both stories, written and sent, without indentation and blank lines."""
    mails: list[str] = []
    for story in played_here():
        for _, played in playing(story, tmp_path_factory.mktemp("desk")):
            mails.append(str(played.step.values.get("text", "")))
            mails += [text for letter in played.letters for text in shown(letter)]
    return [lines_of(mail) for mail in mails]


def played_here() -> list[Story]:
    return [story for story in stories() if story.name.startswith(("315-", "316-"))]


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_the_files_on_the_page_are_those_of_the_story() -> None:
    first, second = played_here()

    assert [text for kind, text in BLOCKS if kind == "yaml"] == list(first.rules.values())
    assert first.rules == second.rules


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "text"], ids=lambda text: text.splitlines()[0][:40])
def test_the_mails_on_the_page_were_sent(text: str, told: list[list[str]]) -> None:
    wanted = lines_of(text)

    assert any(wanted == [line for line in mail if line in wanted] for mail in told)


def test_there_is_nothing_else_on_the_page() -> None:
    assert {kind for kind, _ in BLOCKS} == {"yaml", "text"}
