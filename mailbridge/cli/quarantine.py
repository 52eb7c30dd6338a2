"""`mailbridge quarantine`: mails that could not be processed.  They are stored until a person decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.queue import SCREEN as ACCEPTED
from mailbridge.cli.queue import add_retry_and_drop
from mailbridge.cli.queue_screen import Screen, add_list, add_show
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.store.inbox_rows import InboxRow


@click.group(cls=Noun)
def quarantine() -> None:
    """List and show mails that could not be processed.  They are kept whole, with the reason."""


def _in(*states: str) -> Callable[[InboxRow], None]:
    """A check that raises Permanent for a mail in any other state than `states`."""

    def check(row: InboxRow) -> None:
        if row.state not in states:
            raise Permanent(f"mail {row.id} is not in quarantine, it is {row.state}")

    return check


SCREEN: Screen[InboxRow] = replace(
    ACCEPTED,
    group="quarantine",
    empty="no mail is in quarantine",
    states={},
    columns={header: column for header, column in ACCEPTED.columns.items() if header not in {"STATE", "TICKET", "OUTCOME", "TRIES"}},
    least=("SIZE", "BY", "CREATED"),
    fetch=lambda tx, _state, limit, since: tx.inbox.list("quarantined", limit, since=since),
    heading=lambda row: [f"mail {row.id}, {row.size} bytes, {row.state} after {row.attempts} tries: {row.reason}"],
)
add_list(quarantine, SCREEN, "List quarantined mails, newest first, with the reason.", limit=100)
add_show(
    quarantine,
    SCREEN,
    "Show quarantined mail ID: why it is there, and its text with control characters made visible.",
    allowed=_in("quarantined"),
)
add_retry_and_drop(quarantine, SCREEN, _in("quarantined", "dropped"), _in("quarantined"))
