"""The three failures a mail can meet, and how a mistake of a person is told to that person."""

from __future__ import annotations

from dataclasses import dataclass


class MailbridgeError(Exception):
    """Base of all our errors.  `str(error)` says what happened, where, and what to do; values go in as keywords."""

    def __init__(self, what: str, **where: object) -> None:
        details = " ".join(f"{name}={value}" for name, value in where.items())
        super().__init__(f"{what} ({details})" if details else what)
        self.what = what
        self.where = where


class Transient(MailbridgeError):
    """Trying again later may work: store away, server busy, connection lost."""


class StoreAway(Transient):
    """The database cannot take our writes now; nothing was acknowledged."""


class LeaseLost(MailbridgeError):
    """The lease on a row of a queue ended and another worker may have it: what was done for the row must not be recorded."""

    def __init__(self, what: str = "the lease ended and another worker may have the row", **where: object) -> None:
        super().__init__(what, **where)


class Permanent(MailbridgeError):
    """Trying again cannot work; a person has to be told."""


class InUse(Permanent):
    """Another daemon works on this desk; two on one SQLite file would fight."""


class Rejected(Permanent):
    """We mean to refuse this: an unknown recipient, a mail over the size limit."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake in something a person wrote.  `line` and `column` count from 1; 0 means the whole file.

    `length` is the width of the wrong words on that line, `hint` the next step ('did you mean "field-service"?').
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    message: str
    hint: str = ""
    warning: bool = False


class ConfigError(MailbridgeError):
    """Configuration or rules that cannot be used; holds every mistake found, not only the first.

    The files of the problems are relative to `folder`, the desk's, where it is known.
    """

    def __init__(self, problems: tuple[Problem, ...], folder: str = ".") -> None:
        super().__init__(f"{len(problems)} mistake(s) in the configuration")
        self.problems = problems
        self.folder = folder
