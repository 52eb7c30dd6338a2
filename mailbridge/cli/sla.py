"""`mailbridge sla`: every SLA target of a ticket as the list of intervals it is made of, and the contract that sets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import OpenDesk, desk_option, json_option, moment_since, open_desk, ticket_id
from mailbridge.cli.show import print_json
from mailbridge.errors import ConfigError, Permanent

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation
    from mailbridge.rules.policy import Policy
    from mailbridge.sla.history import ClockHistory
    from mailbridge.sla.levels import Run
    from mailbridge.sla.why import Why
    from mailbridge.tickets.model import Ticket


@click.group(cls=Noun)
def sla() -> None:
    """Explain SLA targets."""


@sla.command("why")
@desk_option
@json_option
@click.argument("number", metavar="TICKET")
def why_(folder: Path, as_json: bool, number: str) -> None:
    """Say of TICKET (MB-1042 or 1042) why it is due when it is: counted, closed and paused time, interval by interval."""
    from mailbridge.execution.clock_histories import clock_history_of
    from mailbridge.sla.why import lines

    with open_desk(folder) as desk:
        organisation = organisation_of(desk)
        wanted = ticket_id(desk.config, number)
        with desk.store.read() as tx:
            ticket = tx.tickets.get(wanted)
            history = clock_history_of(tx, wanted) if ticket else None
    if ticket is None or history is None:
        raise Permanent(f"there is no ticket {desk.config.desk.prefix}-{wanted}")
    team = organisation.teams.get(ticket.follow) or organisation.teams.get(ticket.team)
    if team is None:
        raise Permanent(f'its team "{ticket.team}" is not in rules/teams.yaml any more, so it has no SLA targets')
    reasons = list(promised(ticket, history, organisation, datetime.now(UTC)))
    if as_json:
        print_json([as_values(run, reason) for run, reason in reasons])
        return
    level = f", level {ticket.sla}" if ticket.sla else ""
    for run, reason in reasons:
        click.echo(
            f'{_name(run)} within {_hours(reason.budget)} working hours ({ticket.priority} priority{level}), calendar "{run.calendar.name}"'
        )
        for line in lines(reason, run.calendar):
            click.echo(f"  {line}")
        click.echo(f"  {_outcome(reason, run)}")
    if not reasons:
        click.echo("no SLA targets: rules/sla.yaml has none for this priority")


@sla.command("report")
@desk_option
@json_option
@click.option("--since", default="90d", show_default=True, metavar="AGE|DATE", help="Tickets opened since then: 30d, or 2026-03-01.")
@click.option("--by", type=click.Choice(("team", "customer", "type")), default="team", show_default=True, help="What they are counted by.")
def report_(folder: Path, as_json: bool, since: str, by: str) -> None:
    """Count the SLA targets that were met and missed."""
    from mailbridge.cli.sla_report import report

    with open_desk(folder) as desk:
        report(desk.store, policy_of(desk), moment_since(since), by, as_json)


@sla.command("whatif")
@desk_option
@json_option
@click.option("--policy", "file", required=True, metavar="FILE", help="Another sla.yaml.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--since", default="90d", show_default=True, metavar="AGE|DATE", help="Tickets opened since then: 30d, or 2026-03-01.")
def whatif_(folder: Path, as_json: bool, file: Path, since: str) -> None:
    """Count the SLA targets of past tickets under the rules of now and under another sla.yaml.  Nothing is changed."""
    from mailbridge.cli.sla_report import whatif

    with open_desk(folder) as desk:
        whatif(desk.store, policy_of(desk), file, moment_since(since), as_json)


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
    from mailbridge.cli.policy import sources_in
    from mailbridge.rules import folder
    from mailbridge.rules.load import load

    texts, unreadable = folder.read(desk.config.folder)
    loaded = load(texts, sources=sources_in(desk.store, datetime.now(UTC)))
    if loaded.policy is None or unreadable:
        raise ConfigError(tuple(sorted([*unreadable, *loaded.problems])))
    return loaded.policy


def promised(ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime) -> Iterator[tuple[Run, Why]]:
    """Each run of each promise of the ticket with its reason."""
    from mailbridge.sla.why import why
    from mailbridge.tickets.deadlines import promised_runs

    for run in promised_runs(ticket, history, organisation):
        yield run, why(run, now)


def _name(run: Run) -> str:
    """What is promised, in the operator's words."""
    from mailbridge.sla.segments import TargetKind

    names = {
        TargetKind.RESPONSE: "answer",
        TargetKind.NEXT_RESPONSE: "next answer",
        TargetKind.RESOLUTION: "solution",
        TargetKind.ARRIVAL: "arrival on site",
        TargetKind.TEAM: f"team {run.segment.team}",
        TargetKind.CLAIM: "taken",
    }
    return names[run.segment.promise]


def _outcome(reason: Why, run: Run) -> str:
    """How it stands with the promise, in one line."""
    from mailbridge.sla.calendar import local
    from mailbridge.sla.why import Outcome

    def when(moment: datetime | None) -> str:
        return f"{local(moment, run.calendar):%Y-%m-%d %H:%M:%S}" if moment else "-"

    match reason.outcome:
        case Outcome.STANDS:
            return f"paused, {_hours(reason.left)} left"
        case Outcome.KEPT:
            return f"met {when(reason.ended_at)}, due {when(reason.due_at)}"
        case Outcome.BROKEN:
            return f"missed: due {when(reason.due_at)}, done {when(reason.ended_at)}"
        case Outcome.OVERDUE:
            return f"overdue since {when(reason.due_at)}"
        case Outcome.RUNNING:
            return f"due {when(reason.due_at)}"
        case _:
            assert_never(reason.outcome)


def as_values(run: Run, reason: Why) -> dict[str, object]:
    stretches = [
        {"start": s.start, "end": s.end, "kind": s.kind, "counted_s": s.counted.total_seconds(), "reason": s.reason, "status": s.status}
        for s in reason.stretches
    ]
    return {
        "promise": _name(run),
        "clock": run.segment.promise,
        "team": run.segment.team,
        "start": run.segment.start,
        "ended_at": reason.ended_at,
        "outcome": reason.outcome,
        "due_at": reason.due_at,
        "budget_s": reason.budget.total_seconds(),
        "left_s": reason.left.total_seconds(),
        "stretches": stretches,
    }


def _hours(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02d}"
