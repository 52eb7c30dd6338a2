"""Converts database errors: unavailable, a conflict with another transaction, or a value that cannot be stored."""

from __future__ import annotations

import sqlite3

import sqlalchemy.exc

from mailbridge.errors import MailbridgeError, Permanent, StoreAway, Transient

# Errors of the database. Every other error of SQLAlchemy is a programming error.
FAILURES = (
    sqlalchemy.exc.StatementError,
    sqlalchemy.exc.TimeoutError,
    sqlalchemy.exc.DisconnectionError,
    sqlalchemy.exc.PendingRollbackError,
    sqlite3.Error,
)
AWAY = "the store is away"
_CLASH = ("40001", "40P01")  # PostgreSQL: serialization_failure, deadlock_detected
_MISTAKES = ("no such column", "near ", "table ")  # SQLite reports errors in a statement as operational errors


def in_our_words(error: Exception) -> MailbridgeError:
    """The error as one of errors.py.

    Conflicts and deadlocks are Transient: the retry sees the other transaction's changes.  A value that cannot be stored is Permanent.  All
    other database errors are StoreAway: locked, full, read-only, gone.
    """
    cause = error.orig if isinstance(error, sqlalchemy.exc.StatementError) else error
    reason = str(cause).partition("\n")[0]
    match error:
        case sqlalchemy.exc.DBAPIError(connection_invalidated=True):
            return StoreAway(AWAY, reason=reason)
        case sqlalchemy.exc.IntegrityError() | sqlite3.IntegrityError():
            return Transient("the store holds a row that clashes", reason=reason)
        case sqlalchemy.exc.DataError() | sqlite3.DataError():
            return Permanent("a value that the store cannot hold", reason=reason)
        case sqlalchemy.exc.ProgrammingError() | sqlite3.ProgrammingError():
            return Transient("the store refuses a statement", reason=reason)
        case sqlalchemy.exc.DBAPIError() | sqlite3.Error():
            return _operational(cause, reason)
        case sqlalchemy.exc.StatementError() if isinstance(cause, ValueError | OverflowError):
            return Permanent("a value that the store cannot hold", reason=reason)
        case _:
            return StoreAway(AWAY, reason=reason)


def _operational(cause: BaseException | None, reason: str) -> MailbridgeError:
    if getattr(cause, "sqlstate", None) in _CLASH:
        return Transient("the store gave way to another worker", reason=reason)
    if reason.startswith(_MISTAKES):
        return Transient("the store refuses a statement", reason=reason)
    return StoreAway(AWAY, reason=reason)
