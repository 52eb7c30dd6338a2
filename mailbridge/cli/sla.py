"""`mailbridge sla`: every promised time of a ticket as the list of stretches it is made of, and the contract that promises it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk, ticket_id
from mailbridge.cli.show import print_json
from mailbridge.errors import ConfigError, Permanent

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation, Team
    from mailbridge.rules.policy import Policy
    from mailbridge.sla.why import Why
    from mailbridge.tickets.model import Ticket


@click.group(cls=Noun)
def sla() -> None:
    """Explain promised times."""


@sla.command("why")
@desk_option
@json_option
@click.argument("number", metavar="TICKET")
def why_(folder: Path, as_json: bool, number: str) -> None:
    """Say of TICKET (MB-1042 or 1042) why it is due when it is: counted, closed and paused time, interval by interval."""
    from mailbridge.sla.why import lines
    from mailbridge.tickets.deadlines import calendar_of

    with open_desk(folder) as desk:
        organisation = organisation_of(desk)
        wanted = ticket_id(desk.config, number)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
    if ticket is None:
        raise Permanent(f"there is no ticket {desk.config.desk.prefix}-{wanted}")
    team = organisation.teams.get(ticket.follow) or organisation.teams.get(ticket.team)
    if team is None:
        raise Permanent(f'its team "{ticket.team}" is not in rules/teams.yaml any more, so nothing is promised')
    reasons = list(promised(ticket, organisation, team))
    calendar = calendar_of(ticket, organisation, team)
    if as_json:
        print_json([{"promise": name, **as_values(reason)} for name, reason in reasons])
        return
    level = f", level {ticket.sla}" if ticket.sla else ""
    for name, reason in reasons:
        click.echo(
            f'{name} within {_hours(reason.budget)} working hours ({ticket.priority} priority{level}), calendar "{calendar.name}"'
        )
        for line in lines(reason, calendar):
            click.echo(f"  {line}")
        if reason.due_at is None:
            click.echo(f"  the clock stands; {_hours(reason.left)} are left")
    if not reasons:
        click.echo("nothing is promised: no target for this priority")


@sla.command("match")
@desk_option
@json_option
@click.argument("number", metavar="TICKET")
def match_(folder: Path, as_json: bool, number: str) -> None:
    """Say of TICKET under which contracts it could fall, which one wins, and why each other one lost."""
    from mailbridge.cli.sla_match import as_json as matched_json
    from mailbridge.cli.sla_match import matched, printed

    with open_desk(folder) as desk:
        policy = policy_of(desk)
        wanted = ticket_id(desk.config, number)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
    if ticket is None:
        raise Permanent(f"there is no ticket {desk.config.desk.prefix}-{wanted}")
    found = matched(ticket, policy)
    if as_json:
        print_json(matched_json(found))
    else:
        printed(found)


def organisation_of(desk: OpenDesk) -> Organisation:
    """What rules/*.yaml says of teams and targets.  Raises ConfigError."""
    return policy_of(desk).organisation


def policy_of(desk: OpenDesk) -> Policy:
    """What rules/*.yaml says.  Raises ConfigError."""
    from mailbridge.rules import folder
    from mailbridge.rules.load import load

    texts, unreadable = folder.read(desk.config.folder)
    loaded = load(texts)
    if loaded.policy is None or unreadable:
        raise ConfigError(tuple(sorted([*unreadable, *loaded.problems])))
    return loaded.policy


def promised(ticket: Ticket, organisation: Organisation, team: Team) -> Iterator[tuple[str, Why]]:
    """Each promise of the ticket with its reason."""
    from mailbridge.sla.why import why
    from mailbridge.tickets.deadlines import calendar_of, targets_of

    targets, calendar = targets_of(ticket, organisation), calendar_of(ticket, organisation, team)
    budgets = (("answer", targets.response), ("solution", targets.resolution), ("taken", team.unclaimed_after))
    for name, budget in budgets:
        if budget is not None:
            yield name, why(start=ticket.created_at, budget=budget, waiting=ticket.waits, calendar=calendar)


def as_values(reason: Why) -> dict[str, object]:
    stretches = [{"start": s.start, "end": s.end, "kind": s.kind, "counted_s": s.counted.total_seconds()} for s in reason.stretches]
    return {
        "due_at": reason.due_at,
        "budget_s": reason.budget.total_seconds(),
        "left_s": reason.left.total_seconds(),
        "stretches": stretches,
    }


def _hours(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02d}"
