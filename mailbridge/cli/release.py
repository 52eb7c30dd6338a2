"""`mailbridge release`: outgoing mails that are held for a decision after a first connect or a restore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.jobs.release import WaitingNotifications, Why
    from mailbridge.store.tx import Tx

REASONS = ("first-connect", "restore")


@click.command()
@desk_option
@json_option
@click.option("--send", is_flag=True, help="Send the waiting mails.")
@click.option("--discard", is_flag=True, help="Discard the waiting mails; the tickets stay.")
@click.option("--why", type=click.Choice(REASONS), help="Only mails that wait for this reason.")
def release(folder: Path, as_json: bool, send: bool, discard: bool, why: str | None) -> None:
    """Show, send or discard mails that wait after a first connect or a restore.

    first-connect: a mailbox was connected for the first time and older mail was read.  --send notifies agents with one mail per team, and
    customers one by one, within the sending limits.

    restore: a backup was restored, and the mail may have been sent after that backup.  --send sends it, perhaps a second time.
    `mailbridge outbox resend ID` sends one alone.
    """
    from mailbridge.jobs import release as waits

    if send and discard:
        raise Permanent("--send and --discard exclude each other")
    which = (waits.Why(why),) if why else waits.EITHER
    with open_desk(folder) as desk:
        if send or discard:
            done = _all(desk, waits.release if send else waits.discard, which)
            desk.store.wake("outbox")
        else:
            with desk.store.read() as tx:
                done = waits.waiting(tx, which)
    if as_json:
        mails = {name: sum(count for (_, other), count in done.mails.items() if other == name) for _, name in done.mails}
        reasons = {reason: sum(count for (one, _), count in done.mails.items() if one == reason) for reason, _ in done.mails}
        print_json({"mails": mails, "reasons": reasons, "tickets": len(done.tickets), "people": len(done.people), "done": send or discard})
        return
    _print(done, "sent" if send else "discarded" if discard else "")


def _all(desk: OpenDesk, work: Callable[[Tx, datetime, Sequence[Why]], WaitingNotifications], which: Sequence[Why]) -> WaitingNotifications:
    """Calls `work` in one transaction after another until no mail waits, and returns the sum of the results."""
    from mailbridge.jobs.release import WaitingNotifications, waiting

    total = WaitingNotifications()
    while True:
        with desk.store.write() as tx:
            done = work(tx, datetime.now(UTC), which)
            left = bool(waiting(tx, which).mails)
        total.mails.update(done.mails)
        total.tickets |= done.tickets
        total.people |= done.people
        if not left:
            return total


def _print(found: WaitingNotifications, done: str) -> None:
    empty = "nothing is waiting"
    rows = [[name, why, count] for (why, name), count in sorted(found.mails.items())]
    print_table(["MAIL", "WAITS AFTER", "COUNT"], rows, empty=empty)
    if not found.mails:
        return
    total = f"{found.mails.total()} mails to {len(found.people)} people about {len(found.tickets)} tickets"
    click.echo(f"{total} {done}" if done else f"{total} waiting; mailbridge release --send sends them, --discard discards them")
