"""`mailbridge outbox`: outgoing mails that wait, were sent, or could not be delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, open_desk
from mailbridge.cli.queue_screen import Screen, add_counts, add_decision, add_list, add_show, last_columns
from mailbridge.cli.show import safe
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.notifications.model import Queued
    from mailbridge.store.engine import Store

# `dot`: everything up to the final dot was sent, and the server has not answered.
STATES = {
    **{state: state for state in ("queued", "sending")},
    "dot": "awaiting reply",
    **{state: state for state in ("sent", "deferred", "held", "failed", "suppressed")},
}


@click.group(cls=Noun)
def outbox() -> None:
    """List, show, resend and discard outgoing mails."""


@outbox.command()
@desk_option
@click.option("--kept-back", is_flag=True, help="All mails that a restore kept back.")
@click.argument("ids", metavar="[ID...]", type=int, nargs=-1)
def resend(folder: Path, kept_back: bool, ids: tuple[int, ...]) -> None:
    """Send outgoing mails again, with the same Message-ID, so that mail programs can recognise the copy."""
    if kept_back == bool(ids):
        raise click.UsageError("use either ID or --kept-back")
    with open_desk(folder) as desk:
        if kept_back:
            click.echo(f"{_release(desk.store, None)} mails will be sent")
            return
        for queued in [SCREEN.existing(desk, id_) for id_ in ids]:
            if not _release(desk.store, queued.id):
                raise Permanent(_on_its_way(queued))
            click.echo(f"outgoing mail {queued.id} will be sent again to {safe(queued.notification.recipient)}")


def _release(store: Store, id_: int | None) -> int:
    """Queues outgoing mail `id_`, or all mails that a restore kept back, for sending.  Returns the number of mails."""
    from mailbridge.store import restoring
    from mailbridge.store.tables.outgoing import SHADOWED

    now = datetime.now(UTC)
    with store.write() as tx:
        ids = [id_] if id_ is not None else [queued.id for queued in tx.outbox.kept_back()]
        if any((queued := tx.outbox.get(one)) is not None and queued.error == SHADOWED for one in ids):
            raise Permanent(f"outgoing mail {ids[0]} was written in shadow mode, and is never sent")
        changed = sum(tx.outbox.requeue(one, now) for one in ids)
        restoring.release(tx.state, ids, now)
    store.wake("outbox")
    return changed


def _on_its_way(queued: Queued) -> str:
    return f"outgoing mail {queued.id} is {SCREEN.state_text(queued.state)}: it is already being sent"


def number(queued: Queued, config: Config) -> str | None:
    ticket = queued.notification.ticket
    return ticket_number(config.desk.prefix, ticket) if ticket else None


def queued_json(queued: Queued, config: Config) -> dict[str, object]:
    notification = queued.notification
    return {
        "id": queued.id,
        "trace": queued.trace or None,
        "state": queued.state,
        "ticket": number(queued, config),
        "audience": notification.audience,
        "event": notification.event,
        "recipient": notification.recipient,
        "language": notification.language,
        "class": notification.class_,
        "automatic": notification.automatic,
        "message_id": notification.message_id,
        "reply_to": notification.reply_to,
        "attempts": queued.attempts,
        "repeated": queued.repeated,
        "created_at": queued.created_at,
        "next_at": queued.next_at,
        "sent_at": queued.sent_at,
        "error": queued.error,
        "reply": queued.reply,
        "sender": notification.sender,
        "server": config.outgoing_of(notification.sender).name,
    }


SCREEN: Screen[Queued] = Screen(
    noun="outgoing mail",
    group="outbox",
    empty="no outgoing mails",
    states=STATES,
    columns={
        "ID": lambda queued, _config: queued.id,
        "STATE": lambda queued, _config: STATES[queued.state],
        "TICKET": lambda queued, config: number(queued, config) or "-",
        "MAIL": lambda queued, _config: f"{queued.notification.audience}.{queued.notification.event}",
        "TO": lambda queued, _config: queued.notification.recipient,
        "SERVER": lambda queued, config: config.outgoing_of(queued.notification.sender).name,
        **last_columns(
            created=lambda queued: queued.created_at, tries=lambda queued: queued.attempts, last=lambda queued: queued.error or queued.reply
        ),
    },
    least=("TRIES", "CREATED", "LAST REPLY"),
    shows=lambda column, config: column != "SERVER" or bool(config.further_outgoing),
    as_json=queued_json,
    fetch=lambda tx, state, limit, since: tx.outbox.list(state, limit, since=since),
    get=lambda tx, id_: tx.outbox.get(id_),
    content=lambda _tx, queued: queued.rendered,
)
add_list(outbox, SCREEN, "List outgoing mails, newest first, with their state and what the mail server said.")
add_show(outbox, SCREEN, "Show outgoing mail ID: its attempts, and its text if it was rendered.")
add_counts(outbox, SCREEN, "Count outgoing mails by state, and show how long the oldest has waited.", lambda tx: tx.outbox)
add_decision(
    outbox,
    SCREEN,
    "discard",
    "Discard outgoing mails: they are not sent, but stay stored; `resend` can still send them.",
    decide=lambda tx, queued, reason: tx.outbox.suppress(queued.id, reason, datetime.now(UTC)),
    refused=lambda queued: f"outgoing mail {queued.id} is {SCREEN.state_text(queued.state)}: it cannot be discarded",
    done=lambda queued: f"outgoing mail {queued.id} to {queued.notification.recipient} will not be sent",
    asks=True,
)
