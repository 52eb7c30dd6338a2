"""`mailbridge docs`: search attached files of mails and save them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.filters import about_customer
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk, ticket_id
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.files import StoredFile


@click.group(cls=Noun)
def docs() -> None:
    """Find files that came with mails."""


@docs.command()
@desk_option
@json_option
@limit_option(50)
@click.option("--customer", metavar="ADDRESS", help="On tickets of this person, or sent by them.")
@click.option("--ticket", metavar="NUMBER", help="On this ticket.")
@click.option("--name", default="", metavar="WORDS", help="With words in the file name that begin with these.")
def find(folder: Path, as_json: bool, limit: int, customer: str | None, ticket: str | None, name: str) -> int:
    """Find files by customer, ticket and name, newest first.  The same content is stored once.  Exit code 1 if there are none."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        number = ticket_id(desk.config, ticket) if ticket else None
        found = tx.files.find(name, ticket=number, customer=customer, limit=limit)
        odd = "" if found else about_customer(tx, customer)
    if as_json:
        print_json([file_json(file, desk.config) for file in found])
    else:
        print_table(
            ["ID", "TICKET", "RECEIVED", "FROM", "SIZE", "NAME"],
            [
                [file.id, _number(file, desk.config) or "-", when(file.at), file.sender, file.size, file.name + " (note)" * file.internal]
                for file in found
            ],
            empty="no files",
            least=("SIZE", "RECEIVED"),
        )
    if odd:
        click.echo(safe(odd), err=True)
    return exits.OK if found else exits.MISTAKES


@docs.command()
@desk_option
@click.argument("id", type=int)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def save(folder: Path, id: int, path: Path) -> None:
    """Write the file ID (see `docs find`) to PATH.  An existing file is not overwritten."""
    from mailbridge.ops.private import new_private_file

    with open_desk(folder) as desk, desk.store.read() as tx:
        file = tx.files.get(id)
        if file is None:
            raise Permanent(f"there is no file {id}; `mailbridge docs find` shows them")
        content = tx.blobs.get(file.sha256)
    try:
        with new_private_file(path) as target:
            target.write(content)
    except FileExistsError as error:
        raise Permanent(f"{path} already exists; name another file") from error
    click.echo(f"{path}: {len(content)} bytes")


def file_json(file: StoredFile, config: Config) -> dict[str, object]:
    """The file as JSON, with the formatted ticket number."""
    return {"number": _number(file, config), **asdict(file)}


def _number(file: StoredFile, config: Config) -> str:
    return ticket_number(config.desk.prefix, file.ticket) if file.ticket else ""
