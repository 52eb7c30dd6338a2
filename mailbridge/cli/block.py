"""`mailbridge block`: senders whose mail is held for review."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.people import REASONS
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.errors import Permanent


@click.group(cls=Noun)
def block() -> None:
    """Senders whose mail is held for review."""


@block.command("list")
@desk_option
@json_option
def list_(folder: Path, as_json: bool) -> None:
    """List blocked senders, and those held because a ticket of theirs is spam."""
    with open_app(folder) as app:
        found = app.desk().organisation.wishes.senders()
    if as_json:
        print_json(
            [
                {"sender": one.id.name, "why": one.id.kind, "by": one.by, "at": one.at.isoformat() if one.at else None}
                for one in found
            ]
        )
        return
    print_table(
        ["SENDER", "WHY", "BY", "SINCE"], [[one.id.name, one.id.kind, one.by, when(one.at)] for one in found], empty="nobody is blocked"
    )


@block.command()
@desk_option
@click.argument("sender", metavar="ADDRESS|@DOMAIN")
def add(folder: Path, sender: str) -> None:
    """Hold every mail of the sender for review: in the quarantine, and in the managers' daily list."""
    _change(folder, "block", sender)


@block.command()
@desk_option
@click.argument("sender", metavar="ADDRESS|@DOMAIN")
def remove(folder: Path, sender: str) -> None:
    """Take mail of the sender again."""
    _change(folder, "unblock", sender)


def _change(folder: Path, word: str, sender: str) -> None:
    from mailbridge.execution.change_wish import wish_by_admin

    with open_app(folder) as app:
        desk = app.desk_of_files()  # its keys are read in a transaction of their own
        with app.store.write() as tx:
            result = wish_by_admin(tx, desk, f"{word} {sender}", "", datetime.now(UTC))
    if result is None:
        raise Permanent(f'"{safe(sender)}" is neither an address nor an @domain')
    if result.refused:
        raise Permanent(REASONS.get(result.refused, result.refused))
    state = "blocked" if word == "block" else "taken again"
    click.echo(f"{safe(sender)} is {state}" if result.changed else f"{safe(sender)}: nothing to change")
