"""The schema version of a database, and its upgrade.  Alembic is imported only where it is needed, because the import is slow."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from mailbridge.errors import Permanent

HEAD = "0033"  # the newest revision under migrations/versions; a test compares
_LOCK = 0x6D61_696C  # "mail": the advisory lock of PostgreSQL that one upgrade holds
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at; None where it has no schema yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar()


def is_done(revision: str | None, target: str) -> bool:
    return revision is not None and revision == (HEAD if target == "head" else target)


def upgrade(connection: sa.Connection, target: str) -> None:
    """Upgrades the schema to `target` in the open transaction.  A second process waits here and then finds nothing to do.

    Raises Permanent where the database is newer than this program.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    revision = current(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        what = "the database was made by a newer mailbridge; use that one, or restore a backup"
        raise Permanent(what, schema=revision, newest_known=HEAD)
    if not is_done(revision, target):
        command.upgrade(config, target)
