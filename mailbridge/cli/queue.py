"""`mailbridge queue`: the inbox, every mail that was accepted and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk
from mailbridge.cli.show import print_json, print_table, when
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.inbox_rows import InboxRow

STATES = ("new", "claimed", "done", "quarantined", "dropped")


@click.group(cls=Noun)
def queue() -> None:
    """What came in and what waits."""


@queue.command("list")
@desk_option
@json_option
@limit_option(50)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
def list_(folder: Path, as_json: bool, limit: int, state: str | None) -> None:
    """List accepted mails, newest first, with what became of each."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        rows = tx.inbox.list(state, limit)
    if as_json:
        print_json([row_json(row, desk.config) for row in rows])
        return
    print_table(
        ["ID", "STATE", "OUTCOME", "TICKET", "CAME", "BY", "FROM", "SIZE", "TRIES", "REASON"],
        [
            [
                row.id,
                row.state,
                row.outcome or "-",
                ticket_number(desk.config.desk.prefix, row.ticket) if row.ticket else "-",
                when(row.received_at),
                row.envelope.source,
                origin(row),
                row.size,
                row.attempts,
                row.reason,
            ]
            for row in rows
        ],
        empty="no mails",
        least=("TRIES", "SIZE", "BY", "CAME", "REASON"),
    )


@queue.command()
@desk_option
@json_option
def counts(folder: Path, as_json: bool) -> None:
    """Count mails by state, and tell how long the oldest has waited."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        numbers = tx.inbox.counts()
        oldest = tx.inbox.oldest()
    waited = int((datetime.now(UTC) - oldest).total_seconds()) if oldest else 0
    if as_json:
        print_json({**numbers, "oldest_waiting_seconds": waited})
        return
    for state, number in numbers.items():
        click.echo(f"{state:12} {number}")
    if oldest:
        click.echo(f"the oldest has waited {waited} s, since {when(oldest)}")


def origin(row: InboxRow) -> str:
    """Where a mail came from, as far as its envelope knows."""
    if row.envelope.uid is not None:
        return f"{row.envelope.account}/{row.envelope.folder}:{row.envelope.uid}"
    return "<>" if row.envelope.mail_from == "" else row.envelope.mail_from or "-"


def row_json(row: InboxRow, config: Config) -> dict[str, object]:
    """One accepted mail: where it came from, where it stands, what became of it."""
    envelope = row.envelope
    return {
        "id": row.id,
        "state": row.state,
        "outcome": row.outcome,
        "reason": row.reason,
        "ticket": ticket_number(config.desk.prefix, row.ticket) if row.ticket else None,
        "ticket_id": row.ticket,
        "mail": row.mail,
        "attempts": row.attempts,
        "received_at": row.received_at,
        "done_at": row.done_at,
        "source": envelope.source,
        "mail_from": envelope.mail_from,
        "rcpt_to": envelope.rcpt_to,
        "account": envelope.account,
        "folder": envelope.folder,
        "uid": envelope.uid,
        "message_id": row.message_id,
        "size": row.size,
        "sha256": row.sha256,
    }
