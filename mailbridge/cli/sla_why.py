"""The output of `mailbridge sla why`: each SLA target of a ticket with its intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

import click

from mailbridge.cli.show import print_table
from mailbridge.cli.target_names import target_name
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.status import Awaited
from mailbridge.sla.calendar import Calendar, local
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, TargetKind
from mailbridge.sla.versions import version_of
from mailbridge.sla.why import Counting, Outcome, Stretch, Why, because, hours, lines
from mailbridge.tickets.model import Ticket

Explained = tuple[Run, Why]


def printed(ticket: Ticket, reasons: Sequence[Explained], organisation: Organisation) -> None:
    """Prints each target as a paragraph, with times in the zone of its calendar."""
    for run, reason in reasons:
        calendar = f'calendar "{run.calendar.name}"{_version(run.calendar)}, times in {run.calendar.zone}'
        click.echo(f"{_name(run)} within {hours(reason.budget)} working hours ({_terms(ticket)}), {calendar}")
        for line in lines(reason, run.calendar, _whom(organisation)):
            click.echo(f"  {line}")
        click.echo(f"  {_outcome(reason, run)}")
    if not reasons:
        click.echo("no SLA targets: rules/sla.yaml has none for this priority")


def _version(calendar: Calendar) -> str:
    """The version of the calendar, and the libraries from which its days and zone come."""
    made_with = f": {calendar.made_with}" if calendar.made_with else ""
    return f" (version {version_of(calendar)}{made_with})"


def tabled(reasons: Sequence[Explained], organisation: Organisation) -> None:
    """Prints a table with a row for each interval, and one with the outcome for each target."""
    rows = list[tuple[str, ...]]()
    for run, reason in reasons:
        for stretch in reason.stretches:
            said = because(stretch, run.calendar, _whom(organisation))
            counted = hours(stretch.counted) if stretch.kind is Counting.COUNTED else ""
            rows.append((_name(run), _when(stretch.start, run.calendar), _when(stretch.end, run.calendar), counted, said))
        ended = reason.ended_at or reason.due_at
        rows.append((_name(run), "", _when(ended, run.calendar) if ended else "", hours(reason.counted), _outcome(reason, run)))
    print_table(("target", "from", "to", "counted", "what"), rows, empty="no SLA targets: rules/sla.yaml has none for this priority")


def as_values(run: Run, reason: Why, organisation: Organisation) -> dict[str, object]:
    """The target as JSON, with times in UTC and durations in seconds."""
    return {
        "promise": _name(run),
        "clock": run.segment.promise,
        "team": run.segment.team,
        "calendar": run.calendar.name,
        "zone": run.calendar.zone,
        "calendar_version": version_of(run.calendar),
        "made_with": run.calendar.made_with,
        "kept": run.kept is not None,
        "start": run.segment.start,
        "ended_at": reason.ended_at,
        "outcome": reason.outcome,
        "due_at": reason.due_at,
        "budget_s": reason.budget.total_seconds(),
        "left_s": reason.left.total_seconds(),
        "stretches": [_stretch(stretch, organisation) for stretch in reason.stretches],
    }


def _stretch(stretch: Stretch, organisation: Organisation) -> dict[str, object]:
    waits = stretch.reason is PauseReason.WAITING
    return {
        "start": stretch.start,
        "end": stretch.end,
        "kind": stretch.kind,
        "counted_s": stretch.counted.total_seconds(),
        "reason": stretch.reason,
        "status": stretch.status,
        "waits_for": transitions.waits_for(stretch.status, organisation) if waits else None,
    }


def _terms(ticket: Ticket) -> str:
    """The attributes of the ticket by which its targets were chosen."""
    fields = dict(ticket.fields)
    named = (("contract", fields.get("contract")), ("site", fields.get("location")), ("level", ticket.sla))
    return ", ".join([f"{ticket.priority} priority", *(f"{what} {name}" for what, name in named if name)])


def _whom(organisation: Organisation) -> Callable[[str], str]:
    """A function: status -> for whom the ticket waits, "customer" or "others (Waiting for a third party)"."""

    def said(status: str) -> str:
        whom = transitions.waits_for(status, organisation)
        plain = status in ("", transitions.WAITING) and whom is Awaited.CUSTOMER
        return str(whom) if plain else f"{whom} ({transitions.status(status, organisation).title})"

    return said


def _when(moment: datetime | None, calendar: Calendar) -> str:
    return f"{local(moment, calendar):%a %Y-%m-%d %H:%M:%S}" if moment else "now"


def _name(run: Run) -> str:
    """The name of the target for output."""
    kind = run.segment.promise
    return f"{target_name(kind)} {run.segment.team}" if kind is TargetKind.TEAM else target_name(kind)


def _outcome(reason: Why, run: Run) -> str:
    """The state of the target in one line."""

    def when(moment: datetime | None) -> str:
        return f"{local(moment, run.calendar):%Y-%m-%d %H:%M:%S}" if moment else "-"

    match reason.outcome:
        case Outcome.STANDS:
            return f"paused, {hours(reason.left)} left"
        case Outcome.KEPT:
            return f"met {when(reason.ended_at)}" + (f", due {when(reason.due_at)}" if reason.due_at else "")
        case Outcome.BROKEN:
            return f"missed: due {when(reason.due_at)}, done {when(reason.ended_at)}"
        case Outcome.OVERDUE:
            return f"overdue since {when(reason.due_at)}"
        case Outcome.RUNNING:
            return f"due {when(reason.due_at)}"
        case _:
            assert_never(reason.outcome)
