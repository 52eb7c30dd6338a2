"""The schema version of a database, and its upgrade.  Alembic is imported only where it is needed, because the import is slow."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from mailbridge import __version__
from mailbridge.errors import Permanent
from mailbridge.store.dialects import upsert
from mailbridge.store.documents import dump, load_any
from mailbridge.store.tables.desk import state

HEAD = "0034"  # the newest revision under migrations/versions; a test compares
_LOCK = 0x6D61_696C  # "mail": the advisory lock of PostgreSQL that one upgrade holds
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))
_UPGRADED = "schema"  # in `state`: which program upgraded the database last
# These only add tables, and columns that may be empty: a program of before works on without noticing.  A test proves it of each.
ONLY_ADD = frozenset({"0030", "0031", "0032", "0033", "0034"})


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at; None where it has no schema yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar()


def is_done(revision: str | None, target: str) -> bool:
    return revision is not None and revision == (HEAD if target == "head" else target)


def is_newer(revision: str | None) -> bool:
    """Whether the revision is one of a newer program.  Revisions are numbered."""
    return revision is not None and not (revision.isdecimal() and int(revision) <= int(HEAD))


def only_adds(revision: str | None) -> bool:
    """Whether programs that know the revision can work on during an upgrade from it to HEAD, and after it."""
    if revision is None or is_newer(revision):
        return False
    return all(f"{number:04}" in ONLY_ADD for number in range(int(revision) + 1, int(HEAD) + 1))


def newer(connection: sa.Connection, revision: str) -> Permanent:
    """The error for a database of a newer program, with what to do about it."""
    stored = connection.execute(sa.select(state.c.value).where(state.c.key == _UPGRADED)).scalar()
    by = load_any(stored).get("version", "") if stored else ""
    theirs = f"mailbridge {by}" if by else "a newer mailbridge"
    return Permanent(
        f"the database is newer than this program: {theirs} upgraded it to schema {revision}, "
        f"this is mailbridge {__version__}, which knows schema {HEAD}; "
        f"install {f'{theirs} or newer' if by else 'that version'}, or restore the backup that was made before the upgrade"
    )


def upgrade(connection: sa.Connection, target: str) -> None:
    """Upgrades the schema to `target` in the open transaction.  A second process waits here and then finds nothing to do.

    Raises Permanent where the database is newer than this program.
    """
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    revision = current(connection)
    if revision is not None and is_newer(revision):
        raise newer(connection, revision)
    if not is_done(revision, target):
        command.upgrade(config, target)
    if is_done(current(connection), "head"):
        value = {"key": _UPGRADED, "value": dump({"version": __version__}), "at": datetime.now(UTC)}
        statement = upsert(state)
        connection.execute(statement.sqlite if connection.dialect.name == "sqlite" else statement.postgresql, value)
