"""`mailbridge queue`: the inbox, with every accepted mail and its result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.queue_screen import Screen, add_counts, add_decision, add_list, add_show, last_columns
from mailbridge.ids import ticket_number

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.inbox_rows import InboxRow

STATES = {state: state for state in ("new", "claimed", "done", "quarantined", "dropped")}


@click.group(cls=Noun)
def queue() -> None:
    """List and retry received mails."""


def origin(row: InboxRow) -> str:
    """The source of a mail from its envelope: `account/folder:UID`, or the envelope sender; `-` where it is unknown."""
    if row.envelope.uid is not None:
        return f"{row.envelope.account}/{row.envelope.folder}:{row.envelope.uid}"
    return "<>" if row.envelope.mail_from == "" else row.envelope.mail_from or "-"


def number(row: InboxRow, config: Config) -> str | None:
    return ticket_number(config.desk.prefix, row.ticket) if row.ticket else None


def row_json(row: InboxRow, config: Config) -> dict[str, object]:
    """One accepted mail as JSON: source, state and result."""
    envelope = row.envelope
    return {
        "id": row.id,
        "trace": row.envelope.trace or None,
        "state": row.state,
        "outcome": row.outcome,
        "handler": row.handler or None,
        "reason": row.reason,
        "ticket": number(row, config),
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


SCREEN: Screen[InboxRow] = Screen(
    noun="mail",
    group="queue",
    empty="no mails",
    states=STATES,
    columns={
        "ID": lambda row, _config: row.id,
        "STATE": lambda row, _config: row.state,
        "TICKET": lambda row, config: number(row, config) or "-",
        "OUTCOME": lambda row, _config: row.outcome or "-",
        "BY": lambda row, _config: row.envelope.source,
        "FROM": lambda row, _config: origin(row),
        "SIZE": lambda row, _config: row.size,
        **last_columns(
            created=lambda row: row.received_at, tries=lambda row: row.attempts, last=lambda row: row.reason, last_header="REASON"
        ),
    },
    least=("TRIES", "SIZE", "BY", "CREATED", "REASON"),
    as_json=row_json,
    fetch=lambda tx, state, limit, since: tx.inbox.list(state, limit, since=since),
    get=lambda tx, id_: tx.inbox.get(id_),
    by_trace=lambda tx, trace: tx.inbox.by_trace(trace),
    content=lambda tx, row: tx.blobs.get(row.sha256),
)
add_list(queue, SCREEN, "List accepted mails, newest first, with their results.")
add_show(queue, SCREEN, "Show accepted mail ID, a number or a trace id: its result, and its text with control characters made visible.")
add_counts(queue, SCREEN, "Count mails by state, and show how long the oldest has waited.", lambda tx: tx.inbox)


def add_retry_and_drop(
    group: click.Group, screen: Screen[InboxRow], to_retry: Callable[[InboxRow], None], to_drop: Callable[[InboxRow], None]
) -> None:
    """Adds the commands `retry` and `drop`.  The two functions raise Permanent for a mail that the group must not change."""
    add_decision(
        group,
        screen,
        "retry",
        "Process quarantined or dropped mails again, as if they had just arrived.",
        decide=lambda tx, row, _reason: tx.inbox.requeue(row.id, datetime.now(UTC)),
        refused=lambda row: f"mail {row.id} is neither quarantined nor dropped, it is {row.state}",
        done=lambda row: f"mail {row.id} is queued again",
        channel="inbox",
        allowed=to_retry,
    )
    add_decision(
        group,
        screen,
        "drop",
        "Drop waiting mails: they are not processed, but stay stored; `retry` processes them again.",
        decide=lambda tx, row, reason: tx.inbox.drop(row.id, reason, datetime.now(UTC)),
        refused=lambda row: f"mail {row.id} is not waiting, it is {row.state}",
        done=lambda row: f"mail {row.id} is dropped",
        asks=True,
        allowed=to_drop,
    )


add_retry_and_drop(queue, SCREEN, lambda _row: None, lambda _row: None)
