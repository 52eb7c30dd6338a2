"""`mailbridge doctor`: checks everything that a desk needs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, safe
from mailbridge.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.daemon.app import App
    from mailbridge.doctor.model import Finding


@click.command()
@desk_option
@json_option
@click.option("--no-mail", is_flag=True, help="Send no mail to the desk itself.")
@click.option("--wait", default=60, show_default=True, type=click.IntRange(1, 3600), metavar="SECONDS", help="How long that mail may take.")
def doctor(folder: Path, as_json: bool, no_mail: bool, wait: int) -> int:
    """Check everything the desk needs: logins, DNS, its own mail, database, disk, agents.

    Each finding is right, doubtful or wrong, with the remedy.  Exit code 1 if something is wrong.
    """
    from mailbridge.daemon.app import App
    from mailbridge.doctor.model import Conclusion

    with open_desk(folder) as desk:
        app = App(desk.config)
        try:
            found = list(findings(desk, app, folder, mail=not no_mail, patience=float(wait)))
        finally:
            app.close()
    if as_json:
        print_json(
            {"ok": all(one.verdict is not Conclusion.WRONG for one in found), "findings": [dataclasses.asdict(one) for one in found]}
        )
    else:
        show(found)
    return exits.MISTAKES if any(one.verdict is Conclusion.WRONG for one in found) else exits.OK


def findings(desk: OpenDesk, app: App, folder: Path, *, mail: bool, patience: float) -> Iterator[Finding]:
    """Runs all checks and yields the findings; a check comes after those that it depends on.

    `mail`: send canary mails.  `patience`: seconds to wait for them.
    """
    from mailbridge.cli.check_feeds import feed_healths
    from mailbridge.cli.check_trust import sources as seen_of
    from mailbridge.cli.policy import policy_of
    from mailbridge.doctor import desk as desk_checks
    from mailbridge.doctor import dns, machine
    from mailbridge.doctor.logins import logins
    from mailbridge.health.arrivals import growth
    from mailbridge.health.silence import hour_of

    config, store, now, tokens = desk.config, desk.store, datetime.now(UTC), app.logins.named
    trouble = ""
    try:
        with store.write() as tx:
            tx.state.set("doctor", now.isoformat(), now)
    except MailbridgeError as error:
        trouble = error.what
    yield desk_checks.rights(trouble)
    with store.read() as tx:
        seen_alive, known, pairings = tx.state.set_at("daemon"), tx.sources.all(), tx.pairings.all()
        proven, made = tx.state.get("backup-proof"), tx.state.get("backup")
        theirs, oldest = tx.sources.database_clock(), tx.sources.oldest_transaction()
        counts = [tx.sources.arrivals(one.name, hour_of(now) - 24 * 28) for one in known]
    is_alive = seen_alive is not None and now - seen_alive <= desk_checks.ALIVE_WITHIN
    yield desk_checks.daemon(seen_alive, now)
    yield desk_checks.transactions(oldest)
    yield desk_checks.clock(now, theirs, "the database server")
    yield desk_checks.backup(proven, made, now)
    measured = [growth(one, now) for one in counts if one]
    longest = max((span for _, span in measured), default=now - now)
    yield from machine.machine(config, now, sum(daily for daily, _ in measured), longest)
    yield from logins(config, now, tokens, is_alive=is_alive)
    yield from desk_checks.sources(known, config, now, is_alive=is_alive)
    policy = policy_of(folder)
    with store.read() as tx:
        healths = feed_healths(policy.feeds, tx.feeds.all(), config.calendars, now)
    yield from desk_checks.feeds((one.address, one.events, one.trouble) for one in healths)
    yield from dns.look(config)
    if config.desk.shadow:
        yield desk_checks.shadow()
    if mail:
        yield from _canary(desk, app, patience, is_alive)
    organisation = policy.organisation
    yield from desk_checks.agents(organisation, pairings, seen_of(config, organisation))


def _canary(desk: OpenDesk, app: App, patience: float, is_alive: bool) -> Iterator[Finding]:
    from mailbridge.doctor.canary import canary
    from mailbridge.ids import system_chance

    nonce, tokens = system_chance(8).hex(), app.logins.named(desk.config.outgoing.oauth)
    yield from canary(desk.store, desk.config, app.signer, nonce, app.clock.now, patience, tokens, is_alive=is_alive)


_TITLES = {"canary": "mail to itself"}


def show(found: list[Finding]) -> None:
    group, order = "", list(dict.fromkeys(one.group for one in found))
    for one in sorted(found, key=lambda one: order.index(one.group)):
        if one.group != group:
            group = one.group
            click.echo(_TITLES.get(group, group))
        click.echo(f"  {one.verdict:9} {safe(one.subject)}: {safe(one.said)}")
        if one.remedy:
            click.echo(f"            remedy: {safe(one.remedy)}")
    counts = Counter(one.verdict for one in found)
    click.echo(", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items(), reverse=True)))
