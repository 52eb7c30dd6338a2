"""Articles that were written by mail, and what became of the articles that were suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql
from mailbridge.store.state import StateTable
from mailbridge.store.tables.knowledge import article_outcomes, articles

VERSION = "knowledge"  # the key of `state` that changes with each decision


class ArticleState(StrEnum):
    DRAFT = "draft"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenArticle:
    """An article as an agent wrote it.  `team`: whose managers decide about it; '' for all managers."""

    number: int
    title: str
    language: str
    text: str
    team: str
    author: str
    state: ArticleState
    written_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCounts:
    """On how many tickets an article was shown, opened, and said to have solved the request."""

    article: int
    shown: int
    opened: int
    solved: int


_GET = sa.select(articles).where(articles.c.number == sa.bindparam("of"))
_ALL = sa.select(articles).where(articles.c.state == sa.bindparam("wanted")).order_by(articles.c.number)
_LAST = sa.select(articles.c.number).order_by(articles.c.number.desc()).limit(1)
_DECIDE = (
    articles.update()
    .where(articles.c.number == sa.bindparam("of"), articles.c.state == ArticleState.DRAFT)
    .values(state=sa.bindparam("became"), decided_by=sa.bindparam("by"), decided_at=sa.bindparam("now"))
)


class Articles:
    def __init__(self, sql: Sql, state: StateTable) -> None:
        self._sql = sql
        self._state = state

    def version(self) -> object:
        """Another value after each accepted article."""
        return self._state.get(VERSION)

    def get(self, number: int) -> WrittenArticle | None:
        row = self._sql.row(_GET, {"of": number})
        return _written(row) if row else None

    def all(self, state: ArticleState) -> list[WrittenArticle]:
        return [_written(row) for row in self._sql.rows(_ALL, {"wanted": state})]

    def add(self, *, title: str, language: str, text: str, team: str, author: str, above: int, now: datetime) -> WrittenArticle:
        """A new draft, with a number above all others and above `above`, the highest of the files."""
        self._state.take(VERSION, now)  # the next one waits, so that no two get the same number
        number = max(above, self._sql.value(_LAST) or 0) + 1
        draft = WrittenArticle(
            number=number, title=title, language=language, text=text, team=team, author=author, state=ArticleState.DRAFT, written_at=now
        )
        values = {name: getattr(draft, name) for name in ("number", "title", "language", "text", "team", "author", "state", "written_at")}
        self._sql.change(articles.insert(), {**values, "decided_by": "", "decided_at": None})
        return draft

    def decide(self, number: int, became: ArticleState, by: str, now: datetime) -> bool:
        """Whether this decided it: a draft is decided once."""
        done = self._sql.change(_DECIDE, {"of": number, "became": became, "by": by, "now": now}) == 1
        if done:
            self._state.set(VERSION, f"{number} {now.isoformat()}", now)
        return done


_ADD = dialects.insert_new(article_outcomes)
_THIS = (article_outcomes.c.ticket == sa.bindparam("on"), article_outcomes.c.article == sa.bindparam("of"))
_SHOWN, _OPENED, _SOLVED = (
    article_outcomes.update().where(*_THIS, article_outcomes.c[name].is_(None)).values({name: sa.bindparam("now")})
    for name in ("shown_at", "opened_at", "solved_at")
)
_COUNTS = (
    sa.select(
        article_outcomes.c.article,
        *(sa.func.count(article_outcomes.c[name]).label(name) for name in ("shown_at", "opened_at", "solved_at")),
    )
    .group_by(article_outcomes.c.article)
    .order_by(article_outcomes.c.article)
)
_SCORED = (
    sa.select(article_outcomes.c.score, article_outcomes.c.opened_at, article_outcomes.c.solved_at)
    .where(article_outcomes.c.score > 0, article_outcomes.c.shown_at.is_not(None))
    .order_by(article_outcomes.c.ticket.desc(), article_outcomes.c.article)
    .limit(sa.bindparam("most"))
)


class ArticleOutcomes:
    """What became of articles, once for each ticket and article."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def shown(self, ticket: int, scores: Mapping[int, int], now: datetime) -> None:
        """Articles were shown to the customer: number -> score, 0 where nobody scored it."""
        for article, score in scores.items():
            self._mark(_SHOWN, ticket, article, now, score)

    def opened(self, ticket: int, article: int, now: datetime) -> None:
        self._mark(_OPENED, ticket, article, now)

    def solved(self, ticket: int, article: int, now: datetime) -> None:
        self._mark(_SOLVED, ticket, article, now)

    def counts(self) -> list[ArticleCounts]:
        """Of every article that was ever shown."""
        return [
            ArticleCounts(article=row.article, shown=row.shown_at, opened=row.opened_at, solved=row.solved_at)
            for row in self._sql.rows(_COUNTS)
        ]

    def scored(self, most: int) -> list[tuple[int, bool]]:
        """The latest suggestions that were scored: the score, and whether it was opened or solved the request."""
        rows = self._sql.rows(_SCORED, {"most": most})
        return [(row.score, row.opened_at is not None or row.solved_at is not None) for row in rows]

    def _mark(self, what: sa.Update, ticket: int, article: int, now: datetime, score: int = 0) -> None:
        empty = {"shown_at": None, "opened_at": None, "solved_at": None}
        self._sql.change(_ADD, {"ticket": ticket, "article": article, "score": score, **empty})
        self._sql.change(what, {"on": ticket, "of": article, "now": now})


def _written(row: Row) -> WrittenArticle:
    return WrittenArticle(
        number=row.number,
        title=row.title,
        language=row.language,
        text=row.text,
        team=row.team,
        author=row.author,
        state=ArticleState(row.state),
        written_at=row.written_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
