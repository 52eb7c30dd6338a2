"""What goes wrong with a request, with the status of the answer.  templates/web/problem.html.j2 has the words of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ProblemKind(StrEnum):
    """What is wrong."""

    UNREADABLE = "unreadable"
    NO_COOKIE = "no-cookie"
    WRONG_CODE = "wrong-code"
    SIGNED_OUT = "signed-out"
    FOREIGN = "foreign"
    MISSING = "missing"
    METHOD = "method"
    ENDED = "ended"
    TOO_BIG = "too-big"
    TOO_MANY = "too-many"
    ERROR = "error"
    AWAY = "away"


STATUS: Mapping[ProblemKind, int] = {
    ProblemKind.UNREADABLE: 400,
    ProblemKind.NO_COOKIE: 400,
    ProblemKind.WRONG_CODE: 400,
    ProblemKind.SIGNED_OUT: 401,
    ProblemKind.FOREIGN: 403,
    ProblemKind.MISSING: 404,
    ProblemKind.METHOD: 405,
    ProblemKind.ENDED: 410,
    ProblemKind.TOO_BIG: 413,
    ProblemKind.TOO_MANY: 429,
    ProblemKind.ERROR: 500,
    ProblemKind.AWAY: 503,
}


class PageProblem(Exception):
    """A page raises it.  `values` are for its words, `headers` for its answer."""

    def __init__(self, kind: ProblemKind, values: Mapping[str, object] = {}, headers: Mapping[str, str] = {}) -> None:
        super().__init__(kind)
        self.kind, self.values, self.headers = kind, values, headers
