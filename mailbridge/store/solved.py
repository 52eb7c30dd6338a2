"""Solved requests in terms, with the mail that answered each: what new requests are compared with.

The terms of a request are rows of their own, so that the candidates for a comparison come from an index, a bounded number for each term.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.solved import solved_requests, solved_terms
from mailbridge.store.tables.tickets import tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedRequest:
    """A request that was solved.  `answer`: the mail whose text solved it; `title` and `body`: terms of what the customer wrote."""

    ticket: int
    team: str
    language: str
    answer: int
    title: tuple[str, ...]
    body: tuple[str, ...]


_SINCE, _AFTER = sa.bindparam("since", type_=tickets.c.closed_at.type), sa.bindparam("after", type_=sa.BigInteger)
_CLOSED = (
    sa.select(tickets.c.id, tickets.c.closed_at)
    .where(tickets.c.closed_at >= _SINCE, tickets.c.closed_at <= sa.bindparam("until"))
    .where(sa.or_(tickets.c.closed_at > _SINCE, tickets.c.id > _AFTER))
    .order_by(tickets.c.closed_at, tickets.c.id)
    .limit(sa.bindparam("most"))
)
_ADD, _ADD_TERMS = dialects.upsert(solved_requests), dialects.insert_new(solved_terms)
_REMOVE = tuple(table.delete().where(table.c.ticket == sa.bindparam("of")) for table in (solved_terms, solved_requests))
_HOLDING = (
    sa.select(solved_terms.c.ticket)
    .where(
        solved_terms.c.team == sa.bindparam("team"),
        solved_terms.c.language == sa.bindparam("language"),
        solved_terms.c.term == sa.bindparam("term"),
    )
    .order_by(solved_terms.c.ticket.desc())
    .limit(sa.bindparam("most"))
)
_SOME = (
    sa.select(solved_requests.c.ticket)
    .where(solved_requests.c.team == sa.bindparam("team"), solved_requests.c.language == sa.bindparam("language"))
    .limit(sa.bindparam("most"))
    .subquery()
)
_COUNT = sa.select(sa.func.count()).select_from(_SOME)
_GET = sa.select(solved_requests).where(solved_requests.c.ticket.in_(sa.bindparam("tickets", expanding=True)))


class SolvedRequests:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def closed_after(self, since: datetime, ticket: int, until: datetime, most: int) -> list[tuple[int, datetime]]:
        """The next tickets that are closed, after the one that was closed at `since`, each with the moment."""
        rows = self._sql.rows(_CLOSED, {"since": since, "after": ticket, "until": until, "most": most})
        return [(row.id, row.closed_at) for row in rows]

    def put(self, request: SolvedRequest) -> None:
        """The request is compared with new ones from now on, with these terms alone."""
        self.remove(request.ticket)
        key = {"ticket": request.ticket, "team": request.team, "language": request.language}
        self._sql.change(_ADD, {**key, "answer": request.answer, "title": " ".join(request.title), "body": " ".join(request.body)})
        self._sql.change(_ADD_TERMS, [{**key, "term": term} for term in dict.fromkeys((*request.title, *request.body))])

    def remove(self, ticket: int) -> None:
        for statement in _REMOVE:
            self._sql.change(statement, {"of": ticket})

    def holding(self, term: str, *, team: str, language: str, most: int) -> list[int]:
        """The newest tickets of the team whose request holds the term."""
        return [row.ticket for row in self._sql.rows(_HOLDING, {"team": team, "language": language, "term": term, "most": most})]

    def count(self, *, team: str, language: str, most: int) -> int:
        """How many there are, `most` where there are more."""
        return int(self._sql.value(_COUNT, {"team": team, "language": language, "most": most}))

    def get_many(self, ids: Iterable[int]) -> Sequence[SolvedRequest]:
        """Those that there are, in the order of the ids."""
        wanted = list(dict.fromkeys(ids))
        found = {row.ticket: row for row in self._sql.rows(_GET, {"tickets": wanted})} if wanted else {}
        return [
            SolvedRequest(
                ticket=row.ticket,
                team=row.team,
                language=row.language,
                answer=row.answer,
                title=tuple(row.title.split()),
                body=tuple(row.body.split()),
            )
            for row in map(found.get, wanted)
            if row is not None
        ]
