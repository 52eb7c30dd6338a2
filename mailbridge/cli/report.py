"""`mailbridge report`: what was done, summed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import known_or_told
from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe

if TYPE_CHECKING:
    from mailbridge.tickets.timesheet import Sums, Timesheet


@click.group(cls=Noun)
def report() -> None:
    """Sum up what was done."""


@report.command()
@desk_option
@json_option
@click.option("--agent", default="", metavar="NAME", help="Of this agent alone.  [default: everybody]")
@click.option("--week", metavar="WEEK", help="Like 2026-W47, or a day in it like 2026-11-20.  [default: this week]")
@click.option("--weeks", default=1, show_default=True, type=click.IntRange(1, 530), help="So many weeks, that one the last.")
def time(folder: Path, as_json: bool, agent: str, week: str | None, weeks: int) -> None:
    """Show the work and the travel of a week: each activity, and sums by day, agent, customer and ticket."""
    from mailbridge.cli.policy import policy_of, with_overlay
    from mailbridge.handling.agents.timesheets import timesheet_of

    first, last = days(week)
    policy = policy_of(folder)
    if agent:
        known_or_told("agent", agent, policy.organisation.agents)
    with open_desk(folder) as desk, desk.store.read() as tx:
        sheet = timesheet_of(tx, with_overlay(policy, desk).rules.customers, first - timedelta(weeks=weeks - 1), last, agent)
    if as_json:
        print_json(as_values(sheet))
        return
    tell(sheet, desk.config.desk.prefix)


def days(week: str | None) -> tuple[date, date]:
    """The first and the last day of the week that was asked for."""
    from mailbridge.clock import SystemClock
    from mailbridge.tickets.timesheet import week_of

    if week is None:
        return week_of(SystemClock().now().date())
    try:
        return week_of(date.fromisoformat(week))  # a week of ISO 8601 is its Monday
    except ValueError:
        raise click.UsageError(f'"{week}" is no week; write it like 2026-W47 or 2026-11-20') from None


def as_values(sheet: Timesheet) -> dict[str, object]:
    """The sheet for programs: minutes and kilometres."""

    def groups(name: str, sums: Iterable[tuple[object, Sums]]) -> list[dict[str, object]]:
        return [{name: key, **asdict(each)} for key, each in sums]

    return {
        "first": sheet.first.isoformat(),
        "last": sheet.last.isoformat(),
        "total": asdict(sheet.total),
        "days": groups("day", ((day.isoformat(), each) for day, each in sheet.by_day)),
        "agents": groups("agent", sheet.by_agent),
        "customers": groups("customer", sheet.by_customer),
        "tickets": groups("ticket", sheet.by_ticket),
        "activities": [
            {"ticket": entry.ticket, "customer": entry.customer, "subject": entry.subject, **asdict(entry.activity)}
            for entry in sheet.entries
        ],
    }


def tell(sheet: Timesheet, prefix: str) -> None:
    from mailbridge.ids import ticket_number

    click.echo(f"{sheet.first} to {sheet.last}: {said(sheet.total)}")
    if not sheet.entries:
        return
    click.echo("")
    print_table(
        ["DAY", "AGENT", "TICKET", "CUSTOMER", "WHAT", "CHARGED", "SUBJECT"],
        [
            [
                entry.activity.day,
                entry.activity.agent,
                ticket_number(prefix, entry.ticket),
                entry.customer,
                f"{entry.activity.kind} {clock(entry.activity.minutes)}" + (f" {entry.activity.km:g} km" if entry.activity.km else ""),
                clock(entry.activity.charged) if entry.activity.billable else "-",
                entry.subject,
            ]
            for entry in sheet.entries
        ],
        empty="nothing",
        least=("CHARGED", "CUSTOMER"),
    )
    for title, sums in (("by day", sheet.by_day), ("by agent", sheet.by_agent), ("by customer", sheet.by_customer)):
        if len(sums) > 1:
            click.echo(f"\n{title}")
            for key, each in sums:
                click.echo(f"  {safe(str(key))}: {said(each)}")


def said(sums: Sums) -> str:
    """`6:30 worked, 1:10 travelled (25 km), 7:00 charged`."""
    km = f" ({sums.km:g} km)" if sums.km else ""
    travelled = f", {clock(sums.travelled)} travelled{km}" if sums.travelled or sums.km else ""
    return f"{clock(sums.worked)} worked{travelled}, {clock(sums.charged)} charged"


def clock(minutes: int) -> str:
    """Hours and minutes: 90 as 1:30."""
    return f"{minutes // 60}:{minutes % 60:02d}"
