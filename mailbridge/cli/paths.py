"""`mailbridge paths`: the paths of the files that come with the program."""

from __future__ import annotations

import click

from mailbridge.cli.options import json_option
from mailbridge.cli.show import print_json, print_table
from mailbridge.config import shipped


@click.command()
@click.argument("name", required=False, type=click.Choice(list(shipped.FOLDERS)), metavar="[NAME]")
@json_option
def paths(name: str | None, as_json: bool) -> None:
    """Print where the manual, the deploy files and other shipped files are.  With NAME, print that folder only, for `cd` and `cp`."""
    found = {each: str(shipped.folder(each)) for each in ([name] if name else shipped.FOLDERS)}
    if as_json:
        print_json(found)
    elif name:
        click.echo(found[name])
    else:
        print_table(("name", "what", "folder"), [(each, shipped.FOLDERS[each].what, folder) for each, folder in found.items()], empty="")
