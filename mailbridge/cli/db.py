"""`mailbridge db`: the schema of the desk's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json

if TYPE_CHECKING:
    from mailbridge.store.engine import Store


@click.group(cls=Noun)
def db() -> None:
    """Show and upgrade the database schema."""


@db.command()
@desk_option
def upgrade(folder: Path) -> None:
    """Upgrade the schema to that of this version.  Stop the desk and make a backup first.  The upgrade is one transaction."""
    with unchecked_store(folder) as store, store.instance_lock():
        before = store.current()
        store.upgrade()
        after = store.current()
    click.echo(f"the schema is {after}; nothing to do" if before == after else f"the schema was {before or 'empty'}, now it is {after}")


@db.command()
@desk_option
@json_option
def current(folder: Path, as_json: bool) -> int:
    """Print the schema version of the database.  Exit code 1 if this version of mailbridge needs another one."""
    with unchecked_store(folder) as store:
        has, needs = store.current(), store.head()
    if as_json:
        print_json({"schema": has, "needs": needs})
        return exits.OK if has == needs else exits.MISTAKES
    click.echo(f"{has or 'empty'}" + ("" if has == needs else f"; this version needs {needs}: mailbridge db upgrade"))
    return exits.OK if has == needs else exits.MISTAKES


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
