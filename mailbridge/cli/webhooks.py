"""`mailbridge webhooks`: webhook calls that wait, were made, or failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.queue_screen import Screen, add_counts, add_decision, add_list, add_show, last_columns
from mailbridge.ids import ticket_number
from mailbridge.store.tables.outgoing import SHADOWED

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.notifications.webhook_model import QueuedCall

STATES = {state: state for state in ("queued", "calling", "deferred", "done", "failed")}


@click.group(cls=Noun)
def webhooks() -> None:
    """List, show, resend and discard webhook calls."""


def number(queued: QueuedCall, config: Config) -> str:
    return ticket_number(config.desk.prefix, queued.call.ticket)


def last_reply(queued: QueuedCall) -> str:
    return queued.answer or (str(queued.status) if queued.status else "")


def call_json(queued: QueuedCall, config: Config) -> dict[str, object]:
    call = queued.call
    return {
        "id": queued.id,
        "state": queued.state,
        "ticket": number(queued, config),
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


SCREEN: Screen[QueuedCall] = Screen(
    noun="webhook",
    group="webhooks",
    empty="no webhooks",
    states=STATES,
    columns={
        "ID": lambda queued, _config: queued.id,
        "STATE": lambda queued, _config: queued.state,
        "TICKET": number,
        "EVENT": lambda queued, _config: queued.call.event,
        "RULE": lambda queued, _config: queued.call.rule,
        "URL": lambda queued, _config: queued.call.url,
        **last_columns(created=lambda queued: queued.created_at, tries=lambda queued: queued.attempts, last=last_reply),
    },
    least=("TRIES", "RULE", "CREATED", "LAST REPLY"),
    as_json=call_json,
    fetch=lambda tx, state, limit, since: tx.webhooks.list(state, limit, since=since),
    get=lambda tx, id_: tx.webhooks.get(id_),
    content=lambda _tx, queued: queued.call.body.encode(),
    content_key="body",
)
add_list(webhooks, SCREEN, "List calls, newest first, with their state and what the server said.")
add_show(webhooks, SCREEN, "Show call ID: its attempts and its body.")
add_counts(
    webhooks,
    SCREEN,
    "Count pending and failed calls by state, and show how long the oldest has waited.",
    lambda tx: tx.webhooks,
)
add_decision(
    webhooks,
    SCREEN,
    "resend",
    "Make calls again, with the same webhook-id, so that the server can recognise the copy.",
    decide=lambda tx, queued, _reason: queued.answer != SHADOWED and tx.webhooks.requeue(queued.id, datetime.now(UTC)),
    refused=lambda queued: (
        f"webhook {queued.id} is of shadow mode and is never made"
        if queued.answer == SHADOWED
        else f"webhook {queued.id} is {queued.state}: it is already being made"
    ),
    done=lambda queued: f"webhook {queued.id} will be called again: {queued.call.url}",
    channel="webhooks",
)
add_decision(
    webhooks,
    SCREEN,
    "discard",
    "Discard waiting calls: they are not made and stay stored as failed; `resend` can still make them.",
    decide=lambda tx, queued, reason: tx.webhooks.discard(queued.id, reason, datetime.now(UTC)),
    refused=lambda queued: f"webhook {queued.id} is {queued.state}: it cannot be discarded",
    done=lambda queued: f"webhook {queued.id} will not be called: {queued.call.url}",
    asks=True,
)
