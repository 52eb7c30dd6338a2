"""`mailbridge canary`: how long a mail takes out of the desk and in again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.canary_lines import about, leg_of, line_of, watches_of
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, safe
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.conversation.canary import CanaryWatch

LOOK = 0.2  # seconds between two looks


@click.group(cls=Noun)
def canary() -> None:
    """Measure how long a mail takes out of the desk and in again."""


@canary.command()
@desk_option
@json_option
def show(folder: Path, as_json: bool) -> int:
    """Show the last mail of the desk to itself, with each part of its way.  Exit code 1 if one is late."""
    with open_desk(folder) as desk:
        watches = watches_of(desk, desk.config.canary_addresses)
    now = datetime.now(UTC)
    if as_json:
        print_json([about(watch, now) for watch in watches])
    else:
        _print(watches)
    return exits.MISTAKES if any(watch.late_since for watch in watches) else exits.OK


@canary.command()
@desk_option
@json_option
@click.option("--wait", default=60, show_default=True, type=click.IntRange(1, 3600), metavar="SECONDS", help="How long it may take.")
def now(folder: Path, as_json: bool, wait: int) -> int:
    """Send a mail to each address now, and wait until it comes back.  Exit code 1 if one does not come in time."""
    from mailbridge.daemon.app import App

    with open_desk(folder) as desk:
        addresses = desk.config.canary_addresses or (desk.config.desk.address,)
        _require_a_way(desk)
        app = App(desk.config)
        try:
            sent = {to: app.canaries.send_now(to) for to in addresses}
        finally:
            app.close()
        watches = _waited(desk, sent, float(wait))
    late = [watch for watch in watches if any(one.nonce == sent[watch.to] for one in watch.under_way)]
    moment = datetime.now(UTC)
    if as_json:
        print_json([{**about(watch, moment), "came": watch not in late} for watch in watches])
    else:
        _print(watches)
        for watch in late:
            click.echo(f"attention  {safe(_missed(watch, sent[watch.to], wait))}")
    return exits.MISTAKES if late else exits.OK


def _require_a_way(desk: OpenDesk) -> None:
    from mailbridge.daemon.threads import STATE_KEY
    from mailbridge.doctor.desk import ALIVE_WITHIN

    if desk.config.desk.shadow:
        raise Permanent("a desk in shadow mode sends nothing")
    if desk.config.outgoing.url.startswith("maildir:"):
        raise Permanent("outgoing mail goes into a folder: set [outgoing] url to your mail server")
    with desk.store.read() as tx:
        alive = tx.state.set_at(STATE_KEY)
    if alive is None or datetime.now(UTC) - alive > ALIVE_WITHIN:
        raise Permanent("no daemon is running to receive the mail: mailbridge run")


def _waited(desk: OpenDesk, sent: dict[str, str], patience: float) -> Sequence[CanaryWatch]:
    """What is known when all came, one was refused, or the time is up."""
    ends = time.monotonic() + patience
    while True:
        watches = watches_of(desk, tuple(sent))
        waiting = [one for watch in watches for one in watch.under_way if one.nonce == sent[watch.to] and not (one.failure or one.refused)]
        if not waiting or time.monotonic() >= ends:
            return watches
        time.sleep(LOOK)


def _missed(watch: CanaryWatch, nonce: str, wait: int) -> str:
    sent = next(one for one in watch.under_way if one.nonce == nonce)
    if sent.failure:
        return f"the mail to {watch.to} was not taken: {sent.failure}: mailbridge doctor"
    if sent.refused:
        return f"the mail to {watch.to} was refused on its way: {sent.returned}"
    return f"the mail to {watch.to} did not come within {wait} s: trace it in the log of your mail server"


def _print(watches: Sequence[CanaryWatch]) -> None:
    if not watches:
        click.echo("no mail is sent to measure the way: add [canary] to mailbridge.toml")
    for watch in watches:
        click.echo(f"{safe(watch.to)}: {safe(line_of(watch))}")
        for leg in watch.last.legs if watch.last else ():
            click.echo(f"  {leg_of(leg)}")
