"""`mailbridge backup` and `mailbridge restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.options import desk_option, json_option, open_desk, open_desk_if_there
from mailbridge.cli.show import print_json, safe, safe_lines

if TYPE_CHECKING:
    from mailbridge.backup.make import MadeBackup
    from mailbridge.backup.restore import Checked, RestoreResult


@click.command()
@desk_option
@json_option
@click.argument("folder_to", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder for the keys file with the secrets.  [default: [backup] keys]",
)
def backup(folder: Path, as_json: bool, folder_to: Path | None, keys: Path | None) -> None:
    """Write a backup of the desk into DIR while it runs.  Secrets go into a keys file in another folder.  Store that file elsewhere."""
    from mailbridge.backup import make

    with open_desk(folder) as desk:
        to = folder_to or desk.config.backup.to
        if to is None:
            raise click.UsageError('name a folder: mailbridge backup DIR, or [backup] to = "DIR" in mailbridge.toml')
        made = make.make(desk.config, to, keys or desk.config.backup_keys, datetime.now(UTC))
        make.note(desk.store, made, datetime.now(UTC))
    if as_json:
        print_json(made_json(made))
        return
    click.echo(f"backup      {safe(str(made.folder))}: {made.manifest.rows} rows, schema {made.manifest.revision}")
    click.echo(f"keys        {safe(str(made.keys.file))}")
    click.echo(
        "            "
        + ("new: store this file elsewhere; without it, signed addresses become invalid" if made.keys.is_new else "unchanged")
    )
    if made.manifest.variables:
        click.echo(f"left out    secrets in variables and credentials: {safe(', '.join(made.manifest.variables))}")


def made_json(made: MadeBackup) -> dict[str, object]:
    known = made.manifest
    return {
        "folder": str(made.folder),
        "made_at": known.made_at,
        "database": known.kind,
        "schema": known.revision,
        "rows": known.rows,
        "keys": str(made.keys.file),
        "keys_are_new": made.keys.is_new,
        "variables": known.variables,
    }


@click.command()
@desk_option
@json_option
@click.argument("folder_from", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Restore into an empty place, compare every row, then delete the copy.")
@click.option(
    "--scratch", metavar="PLACE", default="", help="For --check: a folder with enough space, or the URL of an empty PostgreSQL database."
)
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="The folder of the restored desk.")
@click.option("--keys", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE", help="The keys file of the backup.")
@click.option("--database", metavar="URL", default="", help="The database to create, instead of the one in the backup's mailbridge.toml.")
def restore(
    folder: Path, as_json: bool, folder_from: Path, only_check: bool, scratch: str, into: Path | None, keys: Path | None, database: str
) -> int:
    """Restore a backup, or check that it can be restored.  DIR is a backup, or a folder of backups; then the newest one is used.

    Nothing is overwritten.
    """
    from mailbridge.backup import keep
    from mailbridge.backup.restore import restore as restore_into

    if only_check == (into is not None):
        raise click.UsageError("use either --check or --into FOLDER")
    chosen = keep.latest(folder_from.absolute())
    if into is None:
        return proven(folder, chosen, scratch, keys, as_json)
    result = restore_into(chosen, into, datetime.now(UTC), keys=keys, database=database)
    if as_json:
        print_json({name: getattr(result, name) for name in result.__slots__} | {"folder": str(result.folder)})
    else:
        print_restored(chosen, result)
    return exits.OK


def print_restored(chosen: Path, result: RestoreResult) -> None:
    click.echo(f"restored    {safe(str(chosen))}")
    click.echo(f"into        {safe(str(result.folder))}, database {safe(result.database)}")
    if not result.has_keys:
        click.echo("no keys     signed addresses in sent mails are no longer valid; restore with --keys to keep them")
    if result.held:
        click.echo(f"kept back   {result.held} mails that may have been sent since: mailbridge release")
    for path in result.elsewhere:
        click.echo(f"put back    {safe(path)}: its content is in {safe(str(result.folder / 'secrets-elsewhere'))}")
    from mailbridge.backup.deskfiles import CREDENTIAL

    for variable in result.variables:
        click.echo(f"set         {safe(variable)}{'' if variable.startswith(CREDENTIAL) else ' in the environment'}")


def proven(folder: Path, chosen: Path, scratch: str, keys: Path | None, as_json: bool) -> int:
    """Verifies a backup, prints the result and returns the exit code.  Where `folder` holds a desk, its store records the success."""
    from mailbridge.backup import restore

    with open_desk_if_there(folder) as desk:
        url = scratch if scratch.startswith("postgresql:") else ""
        place = Path(scratch) if scratch and not url else None
        database = desk.config.store_url if desk else ""
        checked = restore.check(chosen, scratch=place, database=database, scratch_url=url, keys=keys)
        if desk and not checked.problems:
            restore.note(desk.store, checked, datetime.now(UTC))
    if as_json:
        print_json(checked_json(checked))
    elif checked.problems:
        click.echo(safe_lines("\n".join(checked.problems)))
    else:
        click.echo(f"{safe(str(chosen))}: all {checked.rows} rows are as they were backed up")
    return exits.MISTAKES if checked.problems else exits.OK


def checked_json(checked: Checked) -> dict[str, object]:
    return {
        "ok": not checked.problems,
        "folder": str(checked.folder),
        "made_at": checked.made_at,
        "rows": checked.rows,
        "problems": checked.problems,
    }
