"""`mailbridge keys`: the keys that sign reply addresses and Message-IDs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, open_desk
from mailbridge.cli.show import when
from mailbridge.ids import system_chance


@click.group(cls=Noun)
def keys() -> None:
    """Show and rotate the keys that sign reply addresses."""


@keys.command()
@desk_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def rotate(folder: Path, yes: bool) -> None:
    """Sign with a new key from now on.

    The previous key stays valid, so that answers to sent mails still reach their ticket.  Rotate twice if a key
    may have leaked: then no earlier address is valid any more.
    """
    with open_desk(folder) as desk:
        if not yes:
            click.confirm("addresses signed with the key before the previous one will become invalid; continue?", abort=True)
        with desk.store.write() as tx:
            live = tx.keys.rotate(datetime.now(UTC), system_chance)
    click.echo(
        f"key {live[0].id} signs from now on" + (f"; key {live[1].id} of {when(live[1].created_at)} is still valid" if live[1:] else "")
    )
