"""`mailbridge notify`: explains who was told of what, and who was not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, safe, when
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.cli.notify_lines import Act, NotifyLine
    from mailbridge.notifications.summary import Viewer


@click.group(cls=Noun)
def notify() -> None:
    """Explain who was told of what, and why."""


@notify.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
def explain(folder: Path, as_json: bool, ticket: str) -> None:
    """List who was told of what happened on TICKET, when and by which entry of notifications.yaml, and who was not told and why."""
    from mailbridge.cli.notify_lines import acts_of
    from mailbridge.cli.options import open_desk
    from mailbridge.ids import parse_number, ticket_number
    from mailbridge.notifications.summary import Viewer

    with open_desk(folder) as desk:
        prefix = desk.config.desk.prefix
        number = parse_number(prefix, ticket)
        if number is None:
            raise click.UsageError(f'"{ticket}" is not a number of a ticket ({prefix}-1042)')
        with desk.store.read() as tx:
            found = tx.tickets.get(number)
            if found is None:
                raise Permanent(f"there is no ticket {ticket_number(prefix, number)}")
            acts = acts_of(tx, number)
    viewer = Viewer(ticket=number, prefix=prefix)
    if as_json:
        print_json({"ticket": ticket_number(prefix, number), "acts": [_act_json(act, viewer) for act in acts]})
        return
    click.echo(f"{ticket_number(prefix, number)}  {safe(found.subject)}")
    for act in acts:
        click.echo("\n".join(_act_lines(act, viewer)))


def _act_json(act: Act, viewer: Viewer) -> dict[str, Any]:
    from mailbridge.cli.history import worded

    def person(line: NotifyLine) -> dict[str, Any]:
        return {
            "recipient": line.recipient,
            "audience": line.audience,
            "event": line.event,
            "channel": line.channel,
            "how": line.how,
            "by": line.by,
            "at": line.at,
            "trace": line.trace or None,
        }

    return {
        "at": act.at,
        "events": [worded(event, viewer) for event in act.events],
        "told": [person(line) for line in act.lines if line.told],
        "not_told": [person(line) for line in act.lines if not line.told],
    }


def _act_lines(act: Act, viewer: Viewer) -> Iterator[str]:
    from mailbridge.cli.history import worded

    yield f"{when(act.at)}  {safe('; '.join(worded(event, viewer) for event in act.events))}"
    width = max(len(line.recipient) for line in act.lines)
    for line in sorted(act.lines, key=lambda one: not one.told):
        yield f"  {'told    ' if line.told else 'not told'}  {safe(line.recipient):<{width}}  {safe(line_text(line))}"


def line_text(line: NotifyLine) -> str:
    """What was told, what became of it, and why."""
    from mailbridge.rules.flow import word

    why = "" if line.by in line.how else f"; {line.by}"
    return f"{word(line.event)}: {line.how}{why}{f'  [{line.trace}]' if line.trace else ''}"
