"""`mailbridge webhooks`: which calls rules asked for, which were made, and which could not be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, limit_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe, safe_lines, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.notifications.webhook_model import QueuedCall
    from mailbridge.store.engine import Store

STATES = ("queued", "calling", "deferred", "done", "failed")


@click.group(cls=Noun)
def webhooks() -> None:
    """List, show and resend the calls that rules asked for."""


@webhooks.command("list")
@desk_option
@json_option
@limit_option(50)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
def list_(folder: Path, as_json: bool, limit: int, state: str | None) -> None:
    """List calls, newest first, with their state and what the other side said."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        found = tx.webhooks.list(state, limit)
    if as_json:
        print_json([call_json(queued, desk.config) for queued in found])
        return
    print_table(
        ["ID", "STATE", "TICKET", "EVENT", "RULE", "URL", "CREATED", "TRIES", "LAST REPLY"],
        [
            [
                queued.id,
                queued.state,
                ticket_number(desk.config.desk.prefix, queued.call.ticket),
                queued.call.event,
                queued.call.rule,
                queued.call.url,
                when(queued.created_at),
                queued.attempts,
                last_word(queued),
            ]
            for queued in found
        ],
        empty="no webhooks",
        least=("TRIES", "RULE", "CREATED", "LAST REPLY"),
    )


@webhooks.command()
@desk_option
@json_option
@click.argument("id_", metavar="ID", type=int)
def show(folder: Path, as_json: bool, id_: int) -> None:
    """Show call ID: its story and what it says."""
    with open_desk(folder) as desk:
        queued = existing(desk.store, id_)
    if as_json:
        print_json({**call_json(queued, desk.config), "body": queued.call.body})
        return
    for key, value in call_json(queued, desk.config).items():
        click.echo(f"{key:12} {safe(str(value))}")
    click.echo("\n" + safe_lines(queued.call.body))


@webhooks.command()
@desk_option
@click.argument("id_", metavar="ID", type=int)
def resend(folder: Path, id_: int) -> None:
    """Make call ID once more, with the same webhook-id: whoever is called can tell a copy."""
    with open_desk(folder) as desk:
        queued = existing(desk.store, id_)
        with desk.store.write() as tx:
            changed = tx.webhooks.requeue(id_, datetime.now(UTC))
            tx.wake("webhooks")
        if not changed:
            raise Permanent(f"webhook {id_} is {queued.state}: it is on its way already")
    click.echo(f"webhook {id_} will be called again: {safe(queued.call.url)}")


def existing(store: Store, id_: int) -> QueuedCall:
    """The call; raises Permanent when there is none with this id."""
    with store.read() as tx:
        queued = tx.webhooks.get(id_)
    if queued is None:
        raise Permanent(f"there is no webhook {id_}; mailbridge webhooks list shows those there are")
    return queued


def last_word(queued: QueuedCall) -> str:
    return queued.answer or (str(queued.status) if queued.status else "")


def call_json(queued: QueuedCall, config: Config) -> dict[str, object]:
    call = queued.call
    return {
        "id": queued.id,
        "state": queued.state,
        "ticket": ticket_number(config.desk.prefix, call.ticket),
        "event": call.event,
        "rule": call.rule,
        "url": call.url,
        "key": call.key,
        "attempts": queued.attempts,
        "status": queued.status,
        "answer": queued.answer,
        "created_at": queued.created_at,
        "next_at": queued.next_at,
        "done_at": queued.done_at,
    }
