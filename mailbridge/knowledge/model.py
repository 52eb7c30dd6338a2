"""Articles, answers ready to send, and the values of a suggestion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "KB"
_NUMBER = re.compile(r"kb[-–— ]?([1-9][0-9]{0,5})", re.IGNORECASE | re.ASCII)


class ArticleAudience(StrEnum):
    """Who may read an article."""

    CUSTOMERS = "customers"  # and agents
    AGENTS = "agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article in one language; its translations have the same number.

    `text` is Markdown.  `team` '': of every team.  `start`: offered to people who write for the first time.  `file` is '' for an article
    that was written by mail and is in no file yet, `line` is where its text begins.
    """

    number: int
    title: str
    language: str
    text: str
    keywords: tuple[str, ...] = ()
    team: str = ""
    audience: ArticleAudience = ArticleAudience.CUSTOMERS
    videos: tuple[str, ...] = ()
    start: bool = False
    file: str = ""
    line: int = 0

    @property
    def name(self) -> str:
        return article_name(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAnswer:
    """An answer ready to send, in one language.

    `asked`: names of the fields that the agent gives, each with its default (None: it must be given).
    """

    name: str
    language: str
    text: str
    team: str = ""
    asked: tuple[tuple[str, str | None], ...] = ()
    about: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """An article that fits a text.  `score` from 1 to 100: how much of what the article is about stands in the text."""

    article: Article
    score: int


def article_name(number: int) -> str:
    """17 is KB-17."""
    return f"{PREFIX}-{number}"


def article_number(text: str) -> int | None:
    """`KB-17` or `kb17` is 17; None for anything else."""
    found = _NUMBER.fullmatch(text.strip("[](){}.,;: "))
    return int(found[1]) if found else None
