"""The pages of the manual that tell stories show the files and the mails of real runs, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.scenarios.play import playing, shown
from tests.scenarios.story import FOLDER, Story, stories

DOCS = FOLDER.parent.parent / "docs"
STORIES = {"contract-story": ("315-", "316-"), "customers-week": ("371-",), "agents-day": ("372-",)}  # of each page
MOST, MOST_OF_ALL = 60_000, 400_000  # bytes of a picture, of the pictures of these pages


def page(name: str) -> str:
    return (DOCS / "manual" / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, kind: str) -> list[str]:
    return [text for found, text in re.findall(r"^```(\w+)\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL) if found == kind]


def played_here(name: str) -> list[Story]:
    return [story for story in stories() if story.name.startswith(STORIES[name])]


@cache
def told(name: str) -> list[list[str]]:
    """The lines of every mail of the page's stories, written and sent, without indentation and blank lines."""
    mails: list[str] = []
    for story in played_here(name):
        with TemporaryDirectory() as folder:
            for _, played in playing(story, Path(folder)):
                mails.append(str(played.step.values.get("text", "")))
                mails += [text for letter in played.letters for text in as_text(letter)]
            mails += [(story.folder / step.values["eml"]).read_text("utf-8") for step in story.steps if "eml" in step.values]
    return [lines_of(mail) for mail in mails]


def as_text(letter: Message) -> Iterator[str]:
    """The mail with who sent it and its subject, and each other part."""
    head, plain, *others = shown(letter)
    yield f"{head}\n{plain}"
    yield from others


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", STORIES)
def test_the_files_on_the_page_are_those_of_the_story(name: str) -> None:
    first, *others = played_here(name)

    assert blocks(name, "yaml") == [text for text in first.rules.values() if text.startswith("# rules/")]
    assert all(other.rules == first.rules for other in others)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(name, text, id=f"{name}: {text.splitlines()[1 if 'Subject: ' in text else 0][:40]}")
        for name in STORIES
        for text in blocks(name, "text")
    ],
)
def test_the_mails_on_the_page_were_sent(name: str, text: str) -> None:
    wanted = lines_of(text)

    assert any(wanted == [line for line in mail if line in wanted] for mail in told(name))


@pytest.mark.parametrize("name", STORIES)
def test_there_is_nothing_else_on_the_page(name: str) -> None:
    assert set(re.findall(r"^```(\w+)$", page(name), re.MULTILINE)) == {"yaml", "text"}


def test_the_pictures_are_there_and_small() -> None:
    named = [found for name in STORIES for found in re.findall(r"\.\./pictures/[\w.-]+", page(name))]
    sizes = [(DOCS / "manual" / found).stat().st_size for found in named]

    assert len(named) == 7
    assert max(sizes) <= MOST
    assert sum(sizes) <= MOST_OF_ALL
