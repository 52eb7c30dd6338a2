"""`mailbridge customers add`, `change`, `remove`, `history`: changes of the overlay over the customer files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk, open_desk_if_there
from mailbridge.cli.show import print_json, print_table, when
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.customers.entry import OverlayEntry, Verb

PARTS = click.Choice(("person", "location", "device"))
ANY_PART = click.Choice(("customer", "person", "location", "device"))
REASONS = {
    "unknown-customer": "there is no customer {detail}",
    "named-in-file": "this value is set in a file ({detail}): change it there",
    "entry-exists": "the customer has {detail} already; `mailbridge customers change` changes it",
    "unknown-entry": "{detail} has no such entry",
    "entry-taken": "it already belongs to {detail}",
    "unknown-key": "there is no key {detail}",
    "bad-value": "{detail} cannot be read",
    "bad-serial": "{detail} is not a serial number: at least four letters and digits, one of them a digit",
    "unknown-location": "{detail} has no such location",
    "unknown-hours": "rules/teams.yaml has no hours {detail}",
    "location-in-use": "the device {detail} is at this location",
}


@click.command("add")
@desk_option
@click.argument("customer")
@click.argument("part", type=PARTS)
@click.argument("name")
@click.argument("values", metavar="[KEY=VALUE]...", nargs=-1)
def add(folder: Path, customer: str, part: str, name: str, values: tuple[str, ...]) -> None:
    """Add a person, location or device to CUSTOMER in the overlay, without changing the files.

    NAME is a mail address, a name or a serial number.
    """
    from mailbridge.customers.entry import Verb

    _change(folder, Verb.ADD, part, name, customer, values)


@click.command("change")
@desk_option
@click.argument("customer")
@click.argument("part", type=ANY_PART)
@click.argument("words", metavar="[NAME] KEY=VALUE...", nargs=-1, required=True)
def change(folder: Path, customer: str, part: str, words: tuple[str, ...]) -> None:
    """Change a person, location or device of CUSTOMER.  With `customer` and no NAME, change the customer's own keys.

    KEY= removes a value.  A value that a file sets cannot be changed here; the error names the file and line.
    """
    from mailbridge.customers.entry import Verb

    name, values = ("", words) if part == "customer" else (words[0], words[1:])
    if not values:
        raise click.UsageError("give a key and a value, for example role=buyer")
    _change(folder, Verb.CHANGE, part, name, customer, values)


@click.command("remove")
@desk_option
@click.argument("customer")
@click.argument("part", type=PARTS)
@click.argument("name")
def remove(folder: Path, customer: str, part: str, name: str) -> None:
    """Remove a person, location or device from the overlay."""
    from mailbridge.customers.entry import Verb

    _change(folder, Verb.REMOVE, part, name, customer, ())


@click.command("history")
@desk_option
@json_option
@limit_option(50)
@click.argument("customer")
def history(folder: Path, as_json: bool, limit: int, customer: str) -> None:
    """List the changes to CUSTOMER in the overlay: when, by whom, on which ticket.  Newest first."""
    from mailbridge.execution.overlay import origin

    with open_desk(folder) as desk, desk.store.read() as tx:
        changes = tx.customers.of(customer, limit)
        prefix = desk.config.desk.prefix
    rows = [(one.at, origin(one, prefix), one.id.part.value, one.name, _said(one.after)) for one in changes]
    if as_json:
        names = ("at", "by", "part", "name", "values")
        print_json([{**dict(zip(names, row, strict=True)), "values": dict(one.after) if one.after is not None else None}
                    for row, one in zip(rows, changes, strict=True)])  # fmt: skip
    else:
        shown = [(when(at), *rest) for at, *rest in rows]
        print_table(("WHEN", "BY", "WHAT", "NAME", "VALUES"), shown, empty="the overlay has no changes")


def _said(values: tuple[tuple[str, str], ...] | None) -> str:
    return "removed" if values is None else ", ".join(f"{key}={value}" for key, value in values)


def _change(folder: Path, verb: Verb, part: str, name: str, customer: str, values: tuple[str, ...]) -> None:
    from mailbridge.customers.change import EntryChange, NotChanged
    from mailbridge.customers.entry import EntryPart
    from mailbridge.execution.customer_changes import execute_change
    from mailbridge.tickets.actor import Actor, ActorKind

    pairs = tuple(_pair(value) for value in values)
    wanted = EntryChange(verb=verb, customer=customer, part=EntryPart(part), name=name, values=pairs)
    with open_app(folder) as app:
        desk = app.desk()
        with app.store.write() as tx:
            done = execute_change(tx, desk, wanted, Actor(kind=ActorKind.ADMIN), datetime.now(UTC))
    if isinstance(done, NotChanged):
        meant = f'; did you mean "{done.nearest}"?' if done.nearest else ""
        raise Permanent(REASONS[done.reason].format(detail=done.detail) + meant)
    if done.before == done.after:
        click.echo("nothing to change")
    else:
        click.echo(f"{done.id.customer}: {' '.join(filter(None, (part, done.name)))} {_said(done.after)}".rstrip())


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise click.BadParameter(f'"{text}" does not have the form KEY=VALUE')
    return key.strip(), value.strip()


def overlay_of(folder: Path) -> tuple[OverlayEntry, ...]:
    """The entries of the overlay.  Empty where the folder has no desk or the desk has no database."""
    from mailbridge.execution.overlay import read

    with open_desk_if_there(folder) as desk:
        if desk is None:
            return ()
        with desk.store.read() as tx:
            return tuple(read({}, tx.customers.since(0), desk.config.desk.prefix).values())
