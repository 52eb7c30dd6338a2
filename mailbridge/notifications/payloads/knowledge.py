"""Payloads with articles of the knowledge base."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.notifications.payloads.model import Payload, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow(TableRow):
    """An article as a mail shows it.  `text` is Markdown; `whole`: all of it, else it begins so.  Without a text only the title is told."""

    number: str
    title: str
    text: str = ""
    whole: bool = False
    videos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRow(TableRow):
    """An article that fits a ticket, for agents.  `customers`: customers may read it."""

    number: str
    title: str
    customers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedRow(TableRow):
    """A solved ticket whose request was like the new one, and the mail that answered it.  The text is looked up when the mail is rendered,
    because the ticket may be erased until then."""

    number: str
    ticket: int
    answer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArticleRow(TableRow):
    """An article that an agent looked for."""

    number: str
    title: str
    language: str
    audience: str
    begins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSent(Payload):
    """One article, whole."""

    article: tuple[ArticleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlesFound(Payload):
    """What the knowledge base has for an agent's words ('' for all of it).  `article`: the one that was asked for by its number."""

    asked: str
    words: str
    article: tuple[ArticleRow, ...] = ()
    rows: tuple[FoundArticleRow, ...] = ()
    count: int = 0
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow(TableRow):
    """An answer ready to send; `usage` is the line that puts it into a mail."""

    name: str
    about: str
    usage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFound(Payload):
    """The answers ready to send that an agent asked for; `words` '': all of them."""

    asked: str
    words: str
    rows: tuple[AnswerRow, ...] = ()
    count: int = 0
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleNews(Payload):
    """About an article that an agent wrote by mail.  `step`: waits (told to its author), review (asked of who decides), accepted, rejected,
    decided-before, not-yours, unknown, empty.  `who`: the author in a review, those who decide, or who decided."""

    asked: str
    step: str
    article: tuple[ArticleRow, ...] = ()
    who: str = ""
