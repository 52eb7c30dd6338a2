"""`mailbridge report`: sums of tickets, recorded work and travel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import known_or_told
from mailbridge.cli.groups import Noun
from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe, with_weekday

if TYPE_CHECKING:
    from mailbridge.execution.desk import Desk
    from mailbridge.execution.team_reports import Reader
    from mailbridge.notifications.payloads.reports import Report
    from mailbridge.store.tx import Tx
    from mailbridge.tickets.planned_report import PlannedEntry, PlannedSums, TravelSums
    from mailbridge.tickets.timesheet import Sums, Timesheet


GROUPS = ("customer", "contract", "agent", "location")


@click.group(cls=Noun)
def report() -> None:
    """Report work, plans and travel."""


@report.command()
@desk_option
@json_option
@click.option("--agent", default="", metavar="NAME", help="Of this agent only.  [default: everybody]")
@click.option("--week", metavar="WEEK", help="The week, as 2026-W47 or a day in it (2026-11-20).  [default: this week]")
@click.option("--weeks", default=1, show_default=True, type=click.IntRange(1, 530), help="Number of weeks; --week is the last one.")
def time(folder: Path, as_json: bool, agent: str, week: str | None, weeks: int) -> None:
    """Show the work and travel of a week: each activity, and totals by day, agent, customer and ticket."""
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


@report.command("plan")
@desk_option
@json_option
@click.option("--agent", default="", metavar="NAME", help="Of this agent only.  [default: everybody]")
@click.option("--week", metavar="WEEK", help="The week, as 2026-W47 or a day in it (2026-11-20).  [default: this week]")
@click.option("--weeks", default=1, show_default=True, type=click.IntRange(1, 530), help="Number of weeks; --week is the last one.")
def planned(folder: Path, as_json: bool, agent: str, week: str | None, weeks: int) -> None:
    """Compare the planned work of a week with the work done: each plan, and totals by agent."""
    from mailbridge.cli.policy import policy_of
    from mailbridge.execution.work_reports import plans_of
    from mailbridge.organisation.availability import zone_of
    from mailbridge.tickets.planned_report import planned_by_agent

    first, last = days(week)
    first -= timedelta(weeks=weeks - 1)
    policy = policy_of(folder)
    if agent:
        known_or_told("agent", agent, policy.organisation.agents)
    team = policy.organisation.teams[policy.organisation.default_team]
    zone = zone_of(agent, policy.organisation) if agent else team.calendar.zone
    with open_desk(folder) as desk, desk.store.read() as tx:
        entries = plans_of(tx, policy.rules.customers, first, last, zone, agent)
        work = [(one.ticket, one.activity) for one in tx.activities.between(first, last, agent)]
    sums = planned_by_agent(entries, work)
    if as_json:
        plans = [{"ticket": one.ticket, "customer": one.customer, "worked": one.worked, **asdict(one.plan)} for one in entries]
        agents = [{"agent": name, **asdict(each)} for name, each in sums]
        print_json({"first": first.isoformat(), "last": last.isoformat(), "agents": agents, "plans": plans})
        return
    click.echo(f"{first} to {last}, times of {zone}")
    _print_planned(entries, sums, desk.config.desk.prefix, zone)


def _print_planned(entries: Sequence[PlannedEntry], sums: Iterable[tuple[str, PlannedSums]], prefix: str, zone: str) -> None:
    from mailbridge.ids import ticket_number

    rows = [
        [
            with_weekday(one.plan.at, zone),
            one.plan.agent,
            ticket_number(prefix, one.ticket),
            one.customer,
            clock(one.plan.minutes),
            "-" if one.worked is None else clock(one.worked),
            one.subject,
        ]
        for one in entries
    ]
    headers = ["WHEN", "AGENT", "TICKET", "CUSTOMER", "PLANNED", "DONE", "SUBJECT"]
    print_table(headers, rows, empty="nothing was planned", least=("CUSTOMER",))
    for name, each in sums:
        open_ = f", {clock(each.open)} not done" if each.open else ""
        done = f"{clock(each.worked)} worked on it, {clock(each.unplanned)} unplanned"
        click.echo(f"{safe(name)}: {clock(each.planned)} planned{open_}, {done}")


@report.command()
@desk_option
@json_option
@click.option("--by", default="customer", show_default=True, type=click.Choice(GROUPS), help="Group totals by this.")
@click.option("--agent", default="", metavar="NAME", help="Of this agent only.  [default: everybody]")
@click.option("--week", metavar="WEEK", help="The week, as 2026-W47 or a day in it (2026-11-20).  [default: this week]")
@click.option("--weeks", default=1, show_default=True, type=click.IntRange(1, 530), help="Number of weeks; --week is the last one.")
def travel(folder: Path, as_json: bool, by: str, agent: str, week: str | None, weeks: int) -> None:
    """Compare travel time with work, and kilometres with the distances of the locations."""
    from mailbridge.cli.policy import policy_of
    from mailbridge.execution.work_reports import travel_of
    from mailbridge.tickets.planned_report import travel_by, travel_sums

    first, last = days(week)
    first -= timedelta(weeks=weeks - 1)
    policy = policy_of(folder)
    if agent:
        known_or_told("agent", agent, policy.organisation.agents)
    with open_desk(folder) as desk, desk.store.read() as tx:
        entries = travel_of(tx, policy.rules.customers, first, last, agent)
    groups, total = travel_by(entries, by), travel_sums(entries)
    if as_json:
        listed = [{by: name, **asdict(each)} for name, each in groups]
        print_json({"first": first.isoformat(), "last": last.isoformat(), "by": by, "total": asdict(total), "groups": listed})
        return
    click.echo(f"{first} to {last}")
    rows = [_travel_row(name or "-", each) for name, each in (*groups, ("all", total))]
    headers = [by.upper(), "WORKED", "TRAVELLED", "SHARE", "TRIPS", "KM", "DISTANCE"]
    print_table(headers, rows if entries else [], empty="nothing was recorded")


@report.command("ratings")
@desk_option
@json_option
@click.option("--team", default="", metavar="NAME", help="Of this team alone.  [default: all]")
@click.option("--agent", default="", metavar="NAME", help="Of this agent alone.  [default: everybody]")
@click.option("--week", metavar="WEEK", help="Like 2026-W47, or a day in it like 2026-11-20.  [default: this week]")
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, 530), help="So many weeks, that one the last.")
def ratings_(folder: Path, as_json: bool, team: str, agent: str, week: str | None, weeks: int) -> None:
    """Show what customers thought of the help: grades by team and agent."""
    from mailbridge.cli.policy import policy_of
    from mailbridge.execution.rating_report import ratings_of

    first, last = days(week)
    first -= timedelta(weeks=weeks - 1)
    organisation = policy_of(folder).organisation
    if team:
        known_or_told("team", team, organisation.teams)
    if agent:
        known_or_told("agent", agent, organisation.agents)
    with open_desk(folder) as desk, desk.store.read() as tx:
        sums = ratings_of(tx, organisation, first, last, team=team, agent=agent)
    if as_json:
        listed = [{"team": one.team, "agent": one.agent, "count": one.count, "average": one.average, "grades": one.counts} for one in sums]
        print_json({"first": first.isoformat(), "last": last.isoformat(), "ratings": listed})
        return
    click.echo(f"{first} to {last}")
    rows = [[one.team, one.agent or "all", one.count, f"{one.average:.1f}", *one.counts] for one in sums]
    print_table(["TEAM", "AGENT", "RATINGS", "AVERAGE", "1", "2", "3", "4", "5"], rows, empty="no customer rated anything")


def _travel_row(name: str, each: TravelSums) -> list[object]:
    """A row of the table.  `SHARE`: travel time of all time.  `DISTANCE`: km of the round trips, with + where one is not known."""
    spent = each.worked + each.travelled
    share = f"{100 * each.travelled / spent:.0f} %" if spent else "-"
    far = f"{each.distance:g}{'+' if each.unknown else ''}" if each.distance or each.trips > each.unknown else "-"
    return [name, clock(each.worked), clock(each.travelled), share, each.trips, f"{each.km:g}", far]


week_option = click.option("--week", metavar="WEEK", help="Like 2026-W47, or a day in it like 2026-11-20.  [default: this week]")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")


@report.command("team")
@desk_option
@json_option
@csv_option
@week_option
@click.argument("teams", metavar="[TEAM]...", nargs=-1)
def team_(folder: Path, as_json: bool, as_csv: bool, week: str | None, teams: tuple[str, ...]) -> None:
    """Show the week of these teams, else of all: new and closed tickets, SLA targets met and missed, hours, senders, rules."""
    from mailbridge.execution.team_reports import week_report

    first, last = days(week)
    with _counting(folder, as_json, as_csv, teams) as (tx, desk, names, reader, now, show):
        show(week_report(tx, desk, names, reader, first, last, now))


@report.command("queue")
@desk_option
@json_option
@csv_option
@click.argument("teams", metavar="[TEAM]...", nargs=-1)
def queue_(folder: Path, as_json: bool, as_csv: bool, teams: tuple[str, ...]) -> None:
    """Show the open and the late tickets of these teams, else of all, by team and by agent."""
    from mailbridge.execution.team_reports import queue_report

    with _counting(folder, as_json, as_csv, teams) as (tx, desk, names, reader, now, show):
        show(queue_report(tx, desk, names, reader, now))


@report.command("agent")
@desk_option
@json_option
@csv_option
@week_option
@click.argument("agent", metavar="AGENT")
def agent_(folder: Path, as_json: bool, as_csv: bool, week: str | None, agent: str) -> None:
    """Show the week of AGENT: new, closed and open tickets, hours."""
    from mailbridge.execution.team_reports import own_report
    from mailbridge.organisation.availability import zone_of

    first, last = days(week)
    with _counting(folder, as_json, as_csv, ()) as (tx, desk, _, _, now, show):
        known_or_told("agent", agent, desk.organisation.agents)
        show(own_report(tx, desk, agent, first, last, now, zone_of(agent, desk.organisation)))


@report.command("customers")
@desk_option
@json_option
@csv_option
@week_option
@click.argument("agent", metavar="AGENT")
def customers_(folder: Path, as_json: bool, as_csv: bool, week: str | None, agent: str) -> None:
    """Show the week of the customers for whom AGENT is responsible: open and new tickets, hours left."""
    from mailbridge.execution.team_reports import Reader, customers_report
    from mailbridge.organisation.availability import zone_of

    first, last = days(week)
    with _counting(folder, as_json, as_csv, ()) as (tx, desk, _, _, now, show):
        known_or_told("agent", agent, desk.organisation.agents)
        show(customers_report(tx, desk, Reader(agent=agent, zone=zone_of(agent, desk.organisation)), first, last, now))


@report.command("schedules")
@desk_option
@json_option
def schedules(folder: Path, as_json: bool) -> None:
    """List the reports of rules/reports.yaml with their recipients, and who ended them by mail."""
    from mailbridge.config.times import DAYS
    from mailbridge.execution.subscriptions import DIGEST, ended, lists, without_digest

    with _counting(folder, as_json, as_csv=False, teams=()) as (tx, desk, _, _, _, _):
        off = ended(tx)
        plans = desk.organisation.reports
        enders = {name: sorted(agent for agent, names in off.items() if name in names) for name in lists(desk.organisation)}
        enders[DIGEST] = sorted(without_digest(desk.organisation))
        found = [(name, plans.get(name), agents) for name, agents in enders.items()]
    rows = [
        {
            "name": name,
            "report": plan.kind if plan else "digest",
            "to": list(plan.to) if plan else [],
            "at": f"{plan.at:%H:%M}" if plan else "",
            "days": [DAYS[day] for day in sorted(plan.days)] if plan else [],
            "ended_by": agents,
        }
        for name, plan, agents in found
    ]
    if as_json:
        print_json(rows)
        return
    cells = [[" ".join(cell) if isinstance(cell, list) else cell for cell in row.values()] for row in rows]
    print_table(["NAME", "REPORT", "TO", "AT", "DAYS", "ENDED BY"], cells, empty="no reports")


@contextmanager
def _counting(
    folder: Path, as_json: bool, as_csv: bool, teams: Sequence[str]
) -> Iterator[tuple[Tx, Desk, tuple[str, ...], Reader, datetime, Callable[[Report], None]]]:
    """An open transaction with the desk, the teams that are meant, the operator as the reader, and how the report is printed.

    Raises a usage error where --json and --csv are both said, or a team is not there.
    """
    from functools import partial

    from mailbridge.cli.report_tables import print_report
    from mailbridge.execution.team_reports import Reader

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    with open_app(folder) as app, app.store.read() as tx:
        desk = app.desk()
        for name in teams:
            known_or_told("team", name, desk.organisation.teams)
        default = desk.organisation.teams.get(desk.organisation.default_team)
        reader = Reader(agent="", zone=default.calendar.zone if default else "UTC")
        show = partial(print_report, as_json=as_json, as_csv=as_csv)
        yield tx, desk, tuple(teams) or tuple(desk.organisation.teams), reader, app.clock.now(), show


def days(week: str | None) -> tuple[date, date]:
    """The first and the last day of the week; of the current one for None.  Raises a usage error for a text that is no week."""
    from mailbridge.clock import SystemClock
    from mailbridge.tickets.timesheet import week_of

    if week is None:
        return week_of(SystemClock().now().date())
    try:
        return week_of(date.fromisoformat(week))  # fromisoformat reads an ISO 8601 week as its Monday
    except ValueError:
        raise click.UsageError(f'"{week}" is not a week; write it like 2026-W47 or 2026-11-20') from None


def as_values(sheet: Timesheet) -> dict[str, object]:
    """The time sheet as JSON, in minutes and kilometres."""

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
    """Minutes as hours and minutes: 90 is '1:30'."""
    return f"{minutes // 60}:{minutes % 60:02d}"
