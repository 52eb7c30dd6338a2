"""`mailbridge release`: mails about what a first connect brought, which wait until a person has looked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.jobs.release import Waiting
    from mailbridge.store.tx import Tx


@click.command()
@desk_option
@json_option
@click.option("--send", is_flag=True, help="Send what waits: agents get one mail a team, customers theirs, under the caps.")
@click.option("--discard", is_flag=True, help="Never send what waits; the tickets stay.")
def release(folder: Path, as_json: bool, send: bool, discard: bool) -> None:
    """Show, send or discard mails that wait after a first connect.

    When a mailbox is connected for the first time and older mail is taken, nobody is mailed about it until somebody has looked.
    """
    from mailbridge.jobs import release as waits

    if send and discard:
        raise Permanent("--send and --discard exclude each other")
    with open_desk(folder) as desk:
        if send or discard:
            done = _all(desk, waits.release if send else waits.discard)
            desk.store.wake("outbox")
        else:
            with desk.store.read() as tx:
                done = waits.waiting(tx)
    if as_json:
        print_json({"mails": dict(done.mails), "tickets": len(done.tickets), "people": len(done.people), "done": send or discard})
        return
    _tell(done, "sent" if send else "discarded" if discard else "")


def _all(desk: OpenDesk, work: Callable[[Tx, datetime], Waiting]) -> Waiting:
    """Portion after portion, each in its own transaction."""
    from mailbridge.jobs.release import Waiting

    total = Waiting()
    while True:
        with desk.store.write() as tx:
            done = work(tx, datetime.now(UTC))
            left = bool(tx.outbox.for_release(1))
        total.mails.update(done.mails)
        total.tickets |= done.tickets
        total.people |= done.people
        if not left:
            return total


def _tell(found: Waiting, done: str) -> None:
    empty = "nothing waits for a release"
    print_table(["MAIL", "COUNT"], [[name, count] for name, count in sorted(found.mails.items())], empty=empty)
    if not found.mails:
        return
    total = f"{found.mails.total()} mails to {len(found.people)} people about {len(found.tickets)} tickets"
    click.echo(f"{total} {done}" if done else f"{total} wait; mailbridge release --send sends them, --discard drops them")
