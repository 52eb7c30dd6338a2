"""`mailbridge outbox`: which mails we promised, which are out, and which could not be delivered."""

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
    from mailbridge.notifications.model import Queued
    from mailbridge.store.engine import Store

STATES = ("queued", "sending", "dot", "sent", "deferred", "held", "failed", "suppressed")


@click.group(cls=Noun)
def outbox() -> None:
    """List, show and resend outgoing mails."""


@outbox.command("list")
@desk_option
@json_option
@limit_option(50)
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
def list_(folder: Path, as_json: bool, limit: int, state: str | None) -> None:
    """List outgoing mails, newest first, with their state and what the mail server said."""
    with open_desk(folder) as desk, desk.store.read() as tx:
        found = tx.outbox.list(state, limit)
    if as_json:
        print_json([queued_json(queued, desk.config) for queued in found])
        return
    print_table(
        ["ID", "STATE", "TICKET", "MAIL", "TO", "CREATED", "TRIES", "LAST REPLY"],
        [
            [
                queued.id,
                queued.state,
                number(queued, desk.config) or "-",
                f"{queued.notification.audience}.{queued.notification.event}",
                queued.notification.recipient,
                when(queued.created_at),
                queued.attempts,
                queued.error or queued.reply,
            ]
            for queued in found
        ],
        empty="no outgoing mails",
        least=("TRIES", "CREATED", "LAST REPLY"),
    )


@outbox.command()
@desk_option
@json_option
@click.argument("id_", metavar="ID", type=int)
def show(folder: Path, as_json: bool, id_: int) -> None:
    """Show outgoing mail ID: its story, and its text once it was worded."""
    with open_desk(folder) as desk:
        queued = existing(desk.store, id_)
    if as_json:
        raw = queued.rendered.decode("utf-8", "replace") if queued.rendered else None
        print_json({**queued_json(queued, desk.config), "raw": raw})
        return
    for key, value in queued_json(queued, desk.config).items():
        click.echo(f"{key:12} {safe(str(value))}")
    if queued.rendered:
        click.echo("\n" + safe_lines(queued.rendered.decode("utf-8", "replace")))


@outbox.command()
@desk_option
@click.option("--kept-back", is_flag=True, help="All that a restore kept back, instead of one.")
@click.argument("id_", metavar="[ID]", type=int, required=False)
def resend(folder: Path, kept_back: bool, id_: int | None) -> None:
    """Send outgoing mail ID once more, with the same Message-ID: programs that keep both show it once."""
    if kept_back == (id_ is not None):
        raise click.UsageError("say either ID or --kept-back")
    with open_desk(folder) as desk:
        if id_ is None:
            count = _release(desk.store, None)
            click.echo(f"{count} mails will be sent")
            return
        queued = existing(desk.store, id_)
        if not _release(desk.store, id_):
            raise Permanent(f"outgoing mail {id_} is {queued.state}: it is on its way already")
    click.echo(f"outgoing mail {id_} will be sent again to {safe(queued.notification.recipient)}")


def _release(store: Store, id_: int | None) -> int:
    """Outgoing mail `id_`, or all that a restore kept back, is on its way; how many mails are."""
    from mailbridge.store import restoring

    now = datetime.now(UTC)
    with store.write() as tx:
        ids = [id_] if id_ is not None else [queued.id for queued in tx.outbox.kept_back()]
        changed = sum(tx.outbox.requeue(one, now) for one in ids)
        restoring.release(tx.state, ids, now)
    store.wake("outbox")
    return changed


def existing(store: Store, id_: int) -> Queued:
    """The outgoing mail; raises Permanent when there is none with this id."""
    with store.read() as tx:
        queued = tx.outbox.get(id_)
    if queued is None:
        raise Permanent(f"there is no outgoing mail {id_}; mailbridge outbox list shows those there are")
    return queued


def number(queued: Queued, config: Config) -> str | None:
    ticket = queued.notification.ticket
    return ticket_number(config.desk.prefix, ticket) if ticket else None


def queued_json(queued: Queued, config: Config) -> dict[str, object]:
    promise = queued.notification
    return {
        "id": queued.id,
        "state": queued.state,
        "ticket": number(queued, config),
        "audience": promise.audience,
        "event": promise.event,
        "recipient": promise.recipient,
        "language": promise.language,
        "class": promise.class_,
        "automatic": promise.automatic,
        "message_id": promise.message_id,
        "reply_to": promise.reply_to,
        "attempts": queued.attempts,
        "repeated": queued.repeated,
        "created_at": queued.created_at,
        "next_at": queued.next_at,
        "sent_at": queued.sent_at,
        "error": queued.error,
        "reply": queued.reply,
    }
