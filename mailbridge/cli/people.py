"""`mailbridge people`: what agents wish for themselves, and an agent who leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import known_or_told
from mailbridge.cli.groups import Noun
from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, print_table, safe, when
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.tickets.actor import Actor, ActorKind

if TYPE_CHECKING:
    from mailbridge.daemon.app import App
    from mailbridge.organisation.wishes import Wish

REASONS = {
    "may-not-block": "only managers and agents who may block can do that",
    "known-sender": "the sender is of the desk, an agent or a known customer",
    "own-deputy": "an agent cannot be their own deputy",
    "named-in-file": "rules/teams.yaml says `digest: never`; change it there",
    "too-many-lists": "there are too many saved lists",
    "unknown-agent": "there is no such agent or team in rules/teams.yaml",
    "only-observes": "that colleague may only read tickets",
    "inactive": "that colleague is not active",
}


@click.group(cls=Noun)
def people() -> None:
    """What people wish for themselves, and who leaves."""


@people.command()
@desk_option
@json_option
@click.argument("name", metavar="NAME")
@click.argument("line", metavar="[WISH]...", nargs=-1)
def wishes(folder: Path, as_json: bool, name: str, line: tuple[str, ...]) -> None:
    """Show what agent NAME wishes, or set it: WISH is a line as in a mail, without the #.

    NAME may be the address of a customer, whose opt-out is shown.
    """
    with open_app(folder) as app:
        organisation = app.desk().organisation
        if "@" not in name:
            known_or_told("agent", name, organisation.agents)
        if line and name not in organisation.agents:
            raise click.UsageError("the wishes of a customer are set by the customer's mails alone")
        if line:
            _set(app, " ".join(line), name)
        found = app.desk().organisation.wishes.of(name.lower() if "@" in name else name)
        follows = _on_tickets(app, name)
    if as_json:
        print_json({"wishes": _listed(found), **{verb: list(numbers) for verb, numbers in follows.items()}})
        return
    _print(found)
    for verb, numbers in follows.items():
        if numbers:
            click.echo(f"{verb}: {', '.join(ticket_number(app.config.desk.prefix, number) for number in numbers)}")


def _set(app: App, line: str, name: str) -> None:
    from mailbridge.execution.change_wish import wish_by_admin

    desk = app.desk_of_files()
    with app.store.write() as tx:
        result = wish_by_admin(tx, desk, line, name, datetime.now(UTC))
    if result is None:
        raise Permanent(f'"{safe(line)}" is no wish; write it like: quiet evenings, digest weekly, away until friday, save vip off')
    if result.refused:
        raise Permanent(REASONS.get(result.refused, result.refused))


def _on_tickets(app: App, name: str) -> dict[str, tuple[int, ...]]:
    """The open tickets that the agent follows and has muted."""
    follows, muted, last = list[int](), list[int](), 0
    with app.store.read() as tx:
        while ids := tx.tickets.open_after(last, 200):
            last = ids[-1]
            for ticket in tx.tickets.get_many(ids):
                follows += [ticket.id] if name in ticket.followers else []
                muted += [ticket.id] if name in ticket.muted else []
    return {"follows": tuple(sorted(follows)), "muted": tuple(sorted(muted))}


def _listed(found: Iterable[Wish]) -> list[dict[str, object]]:
    return [
        {"kind": wish.id.kind, "name": wish.id.name, **dict(wish.values), "by": wish.by, "at": wish.at.isoformat() if wish.at else None}
        for wish in found
    ]


def _print(found: Iterable[Wish]) -> None:
    rows = [
        [wish.id.kind, wish.id.name or "-", ", ".join(f"{key}={value}" for key, value in wish.values), wish.by, when(wish.at)]
        for wish in found
    ]
    print_table(["WISH", "NAME", "VALUES", "BY", "SINCE"], rows, empty="no wishes: mail goes as the rules say")


@people.command()
@desk_option
@json_option
@click.option("--to", default="", metavar="NAME", help="The agent or team who gets everything.  [default: each ticket's own team]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("name", metavar="NAME")
def leave(folder: Path, as_json: bool, to: str, yes: bool, name: str) -> None:
    """Hand over everything of agent NAME, who leaves: tickets, plans, follows, absences, pairings, reply addresses.

    What rules/ says of NAME is printed with its place, for you to remove.
    """
    from mailbridge.execution.leaving import leave as hand_over
    from mailbridge.execution.leaving import places, refusal
    from mailbridge.rules import folder as rules_folder

    with open_app(folder) as app:
        if reason := refusal(name, to, app.desk().organisation):
            raise Permanent(REASONS.get(reason, reason))
        if not yes:
            click.confirm(f"hand over everything of {safe(name)} to {safe(to) or 'the teams'}?", abort=True)
        desk = app.desk_of_files()
        with app.store.write() as tx:
            left = hand_over(tx, desk, name, to, Actor(kind=ActorKind.ADMIN), datetime.now(UTC))
        files, _ = rules_folder.read(app.config.folder)
        prefix = app.config.desk.prefix
    found = places(name, files)
    if as_json:
        handed = {name: getattr(left, name) for name in ("tickets", "plans", "follows", "approvals", "undecided")}
        print_json({**handed, "pairings": left.pairings, "wishes": left.wishes, "files": found})
        return
    waiting = ("approvals that others decide about now", left.approvals)
    for what, numbers in (("tickets", left.tickets), ("plans", left.plans), ("follows", left.follows), waiting):
        click.echo(f"{what}: {', '.join(ticket_number(prefix, number) for number in numbers) or 'none'}")
    if left.undecided:
        where = ", ".join(ticket_number(prefix, number) for number in left.undecided)
        click.echo(f"approvals that nobody can give: {where}; name an approver in rules/approvals.yaml, then have each asked for again")
    click.echo(f"pairings ended: {left.pairings}, wishes ended: {left.wishes}; reply addresses of {safe(name)} count no longer")
    click.echo("remove from the files:" if found else "no file names the agent")
    for place in found:
        click.echo(f"  {safe(place)}")


@people.command("return")
@desk_option
@click.argument("name", metavar="NAME")
def return_(folder: Path, name: str) -> None:
    """Take back that agent NAME left: NAME works here again as rules/ says.

    What was handed over stays where it is; `mailbridge ticket undo` takes a ticket back.
    """
    from mailbridge.execution.leaving import come_back

    with open_app(folder) as app:
        known_or_told("agent", name, app.desk().organisation.agents)
        desk = app.desk_of_files()
        with app.store.write() as tx:
            returned = come_back(tx, desk, name, Actor(kind=ActorKind.ADMIN), datetime.now(UTC))
    click.echo(f"{safe(name)} works here again" if returned else f"{safe(name)} has not left: nothing to change")
