"""`mailbridge quarantine`: mails kept whole because they could not be processed, until a person decides."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, limit_option, open_desk
from mailbridge.cli.queue import origin, row_json
from mailbridge.cli.show import print_json, print_table, safe, safe_lines, when
from mailbridge.errors import Permanent
from mailbridge.store.inbox_rows import InboxRow, InboxState


@click.group(cls=Noun)
def quarantine() -> None:
    """Mails that could not be processed: kept whole, with the reason."""


@quarantine.command("list")
@desk_option
@json_option
@limit_option(100)
def list_(folder: Path, as_json: bool, limit: int) -> None:
    """List quarantined mails, newest first, with the reason."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        rows = tx.inbox.quarantined(limit)
    if as_json:
        print_json([row_json(row, desk.config) for row in rows])
        return
    print_table(
        ["ID", "CAME", "BY", "FROM", "SIZE", "REASON"],
        [[row.id, when(row.received_at), row.envelope.source, origin(row), row.size, row.reason] for row in rows],
        empty="no mail is in quarantine",
        least=("SIZE", "BY", "CAME"),
    )


@quarantine.command()
@desk_option
@json_option
@click.option("--raw", is_flag=True, help="Print the mail byte by byte as it came, for a file.")
@click.argument("id_", metavar="ID", type=int)
def show(folder: Path, as_json: bool, raw: bool, id_: int) -> None:
    """Show quarantined mail ID: why it is there, and its text with control characters made visible."""
    with open_desk(folder) as desk:
        row = existing(desk, id_)
        with desk.store.read() as tx:
            content = tx.blobs.get(row.sha256)
    if raw:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    elif as_json:
        print_json({**row_json(row, desk.config), "raw": content.decode("utf-8", "backslashreplace")})
    else:
        click.echo(f"mail {row.id}, {row.size} bytes, {row.state} after {row.attempts} tries: {safe(row.reason)}\n")
        click.echo(safe_lines(content.decode("utf-8", "backslashreplace")))


@quarantine.command()
@desk_option
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def retry(folder: Path, ids: tuple[int, ...]) -> None:
    """Try quarantined (or dropped) mails again, as if they had just come."""
    with open_desk(folder) as desk:
        for id_ in ids:
            existing(desk, id_, InboxState.QUARANTINED, InboxState.DROPPED)
            with desk.store.write() as tx:
                tx.inbox.requeue(id_, datetime.now(UTC))
            click.echo(f"mail {id_} waits again")
        desk.store.wake("inbox")


@quarantine.command()
@desk_option
@click.option("--reason", default="dropped by a person", show_default=True, help="Why, for whoever asks later.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
def drop(folder: Path, reason: str, yes: bool, ids: tuple[int, ...]) -> None:
    """Decide that nothing becomes of quarantined mails.  They stay stored; `retry` brings them back."""
    with open_desk(folder) as desk:
        rows = [existing(desk, id_) for id_ in ids]
        if not yes:
            click.confirm(f"drop {len(rows)} mail{'s' if len(rows) > 1 else ''}?", abort=True)
        for row in rows:
            with desk.store.write() as tx:
                tx.inbox.drop(row.id, reason, datetime.now(UTC))
            click.echo(f"mail {row.id} is dropped")


def existing(desk: OpenDesk, id_: int, *states: InboxState) -> InboxRow:
    """The mail with this id, in one of `states` (quarantine, where none is given); raises Permanent otherwise."""
    with desk.store.read() as tx:
        row = tx.inbox.get(id_)
    if row is None:
        raise Permanent(f"there is no mail {id_}; mailbridge quarantine list shows those there are")
    if row.state not in (states or (InboxState.QUARANTINED,)):
        raise Permanent(f"mail {id_} is not in quarantine, it is {row.state}")
    return row
