"""Makes a desk's database from a loaded copy, in one transaction: secrets, schema, and the time since the copy.

The desk continued after the copy was made.  Mails that were being sent then may have been sent or not, so they are held for a person.
Numbers of tickets and mails were used that the copy does not have, and signed addresses with them exist: numbers continue after a gap, so
that an answer to a lost ticket never reaches another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailbridge.notifications.model import OutboxState as Promise
from mailbridge.notifications.webhook_model import CallState
from mailbridge.store import migrate
from mailbridge.store.documents import dump
from mailbridge.store.state import StateTable
from mailbridge.store.tables.desk import state
from mailbridge.store.tables.mails import mails
from mailbridge.store.tables.outgoing import FOR_RELEASE, HELD, OWED, PENDING, outbox, webhooks
from mailbridge.store.tables.web import sign_ins, web_sessions

STATE_KEY = "restored"
KEPT_BACK = "kept back by a restore"
LEAST_GAP = 1000
WATCHED = timedelta(days=14)  # after a restore; by then missing mails were processed, or are gone

_SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences WHERE schemaname = current_schema()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`secrets`: from the keys file: table -> rows, column -> value."""

    backup: str
    revision: str
    at: datetime
    schema: str = ""  # PostgreSQL: where the tables are
    secrets: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict, repr=False)


def finish_restore(connection: sa.Connection, restored: Restored) -> int:
    """Completes the restore; how many outgoing mails are held."""
    if restored.schema:
        connection.execute(sa.text("SELECT set_config('search_path', :schema, true)"), {"schema": f'"{restored.schema}"'})
    if migrate.current(connection) is None:
        connection.execute(sa.text("INSERT INTO alembic_version (version_num) VALUES (:revision)"), {"revision": restored.revision})
    for table, rows in restored.secrets.items():
        for row in rows:
            connection.execute(sa.table(table, *(sa.column(name) for name in row)).insert().values(**row))
    migrate.upgrade(connection, "head")
    _leave_a_gap(connection)
    newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(mails.c.id), 0))).scalar_one()
    told = {"backup": restored.backup, "at": restored.at.isoformat(), "mails": newest}
    connection.execute(sa.delete(state).where(state.c.key == STATE_KEY))
    connection.execute(state.insert().values(key=STATE_KEY, value=dump(told), at=restored.at))
    return _keep_back(connection, restored)


def _keep_back(connection: sa.Connection, restored: Restored) -> int:
    """Holds the mails that were being sent.  A person decides: `mailbridge release`, `mailbridge webhooks resend`."""
    word = f"{KEPT_BACK} ({restored.backup}): it may have been sent after the backup"
    nobody = {"lease_owner": None, "error": word}
    on_its_way = sa.or_(PENDING, sa.and_(HELD, outbox.c.next_at < FOR_RELEASE))  # those for an administrator stay
    values = {"state": Promise.HELD, "next_at": FOR_RELEASE, "lease_until": None, **nobody}
    held = connection.execute(outbox.update().where(on_its_way).values(values)).rowcount
    done = {"state": CallState.FAILED, "done_at": restored.at, "answer": word, "lease_owner": None}
    connection.execute(webhooks.update().where(OWED).values(**done))
    for table in (sign_ins, web_sessions):  # who signed out after the copy was made stays signed out
        connection.execute(table.delete())
    return int(held)


def release(facts: StateTable, ids: Sequence[int], now: datetime) -> None:
    """Releases these outgoing mails."""
    said = facts.get(STATE_KEY)
    if said and ids:
        facts.set(STATE_KEY, {**said, "released": sorted({*said.get("released", ()), *ids})}, now)


def kept_back_because(facts: StateTable, id: int, mail: int, received_at: datetime, written_at: datetime | None) -> str:
    """Why outgoing mail `id` is held: it is about a `mail` from before a restore that is processed after it.  '' where it is not.

    Such a mail comes from a mailbox that is newer than the backup, so its notifications were probably sent before.  Its date in the mailbox
    is before the restore, too, and the backup did not have it.
    """
    said = facts.get(STATE_KEY)
    if not said or written_at is None or id in said.get("released", ()):
        return ""
    at = datetime.fromisoformat(said["at"])
    is_new = mail > said["mails"] if "mails" in said else at <= received_at
    worked_again = written_at < at and is_new and received_at < at + WATCHED
    return f"{KEPT_BACK} ({said['backup']}): it is about a mail from before, and was sent then, most likely" if worked_again else ""


def gap(value: int) -> int:
    """How many numbers are skipped: a tenth of the used ones, at least `LEAST_GAP`."""
    return max(LEAST_GAP, value // 10)


def _leave_a_gap(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('ticket', 0) ON CONFLICT DO NOTHING")
        words = f"+ max({LEAST_GAP}, %s / 10)"
        for table, column in (("counters", "value"), ("sqlite_sequence", "seq")):
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = {column} {words % column}")  # noqa: S608  (names of ours)
        return
    for schema, name in connection.execute(sa.text(_SEQUENCES)).all():
        sequence = f'"{schema}"."{name}"'
        given = connection.exec_driver_sql(f"SELECT last_value FROM {sequence}").scalar_one()  # noqa: S608
        connection.execute(sa.text("SELECT setval(CAST(:name AS regclass), :value)"), {"name": sequence, "value": given + gap(given)})
