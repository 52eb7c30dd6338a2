"""`mailbridge trace`: one mail and everything that it caused, by its id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe, when
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.notifications.model import Queued
    from mailbridge.store.inbox_rows import InboxRow


@click.command()
@desk_option
@json_option
@click.argument("trace", metavar="ID")
def trace(folder: Path, as_json: bool, trace: str) -> None:
    """Show the mail with this trace ID, what became of it, and the outgoing mails that it caused.

    The id is in the answer of the SMTP listener (queued as ID), in the log, and in the output of queue, outbox and notify explain.
    """
    from mailbridge.cli.options import open_desk
    from mailbridge.message.trace_ids import parse_trace_id

    wanted = parse_trace_id(trace)
    if wanted is None:
        raise click.UsageError(f'"{trace}" is no trace id: it has 26 characters, like 01KB8Z2V5Q4M0N7X3W9T6R1D8C')
    with open_desk(folder) as desk:
        with desk.store.read() as tx:
            row, outgoing = tx.inbox.by_trace(wanted), tx.outbox.by_trace(wanted)
        if row is None and not outgoing:
            raise Permanent(f"no mail has the trace id {wanted}")
        if as_json:
            print_json(_json(wanted, row, outgoing, desk.config))
        else:
            _print(row, outgoing, desk.config)


def _json(trace: str, row: InboxRow | None, outgoing: list[Queued], config: Config) -> dict[str, Any]:
    from mailbridge.cli.outbox import queued_json
    from mailbridge.cli.queue import row_json

    return {
        "trace": trace,
        "accepted": row_json(row, config) if row else None,
        "outgoing": [queued_json(queued, config) for queued in outgoing],
    }


def _print(row: InboxRow | None, outgoing: list[Queued], config: Config) -> None:
    from mailbridge.cli.outbox import STATES
    from mailbridge.cli.queue import number, origin

    if row is None:
        click.echo("no mail came in: a timer or a command caused what follows")
    else:
        click.echo(safe(f"accepted {when(row.received_at)} by {row.envelope.source} from {origin(row)}, mail {row.id} of the queue"))
        ended = when(row.done_at) if row.done_at else ""
        words = (row.state, f"as {row.outcome}" if row.outcome else "", number(row, config) or "", ended)
        became = " ".join(word for word in words if word)
        click.echo(safe(f"{became}{f': {row.reason}' if row.reason else ''}"))
    for queued in outgoing:
        notification = queued.notification
        what = f"{notification.audience}.{notification.event} to {notification.recipient}"
        click.echo(safe(f"outgoing mail {queued.id}: {what}, {STATES[queued.state]} {when(queued.sent_at or queued.created_at)}"))
