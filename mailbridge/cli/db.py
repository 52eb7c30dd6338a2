"""`mailbridge db`: the schema of the desk's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json
from mailbridge.errors import InUse

if TYPE_CHECKING:
    from mailbridge.store.engine import Store

ALIVE = timedelta(minutes=1)  # four heartbeats


@click.group(cls=Noun)
def db() -> None:
    """Show and upgrade the database schema."""


@db.command()
@desk_option
def upgrade(folder: Path) -> None:
    """Upgrade the schema to that of this version.  Stop the desk and make a backup first.  The upgrade is one transaction."""
    with unchecked_store(folder) as store, store.instance_lock():
        before = store.current()
        running = _running(store)
        if running and not store.upgrade_only_adds():
            raise InUse(
                f"{running} works on this database, and this upgrade changes what it uses: "
                "stop every mailbridge of this desk on all machines, make a backup, and run `mailbridge db upgrade` again a minute later"
            )
        store.upgrade()
        after = store.current()
    click.echo(f"the schema is {after}; nothing to do" if before == after else f"the schema was {before or 'empty'}, now it is {after}")
    if running and before != after:
        click.echo(f"{running} works on: this upgrade only adds. Restart every mailbridge of this desk with this version.")


@db.command()
@desk_option
@json_option
def current(folder: Path, as_json: bool) -> int:
    """Print the schema version of the database.  Exit code 1 if this version of mailbridge needs another one."""
    with unchecked_store(folder) as store:
        has, needs = store.current(), store.head()
        if not as_json:
            store.refuse_newer()
    if as_json:
        print_json({"schema": has, "needs": needs})
        return exits.OK if has == needs else exits.MISTAKES
    click.echo(f"{has or 'empty'}" + ("" if has == needs else f"; this version needs {needs}: mailbridge db upgrade"))
    return exits.OK if has == needs else exits.MISTAKES


def _running(store: Store) -> str:
    """The desk's daemon or worker that gave a sign of life a moment ago, in words; '' where none did.  Asked of PostgreSQL: SQLite has a
    lock for it."""
    if store.is_sqlite or store.current() is None:
        return ""
    store.refuse_newer()
    with store.read() as tx:
        beat, seen = tx.state.get("daemon"), tx.state.set_at("daemon")
    if not isinstance(beat, dict) or seen is None or datetime.now(UTC) - seen > ALIVE:
        return ""
    return f"mailbridge {beat.get('version', '')} (process {beat.get('pid', '')})"


@contextmanager
def unchecked_store(folder: Path) -> Iterator[Store]:
    """The desk's store without a check of its schema.  Closes it at the end."""
    from mailbridge.config.load import load
    from mailbridge.store.engine import Store

    store = Store(load(folder).store_url)
    try:
        yield store
    finally:
        store.close()
