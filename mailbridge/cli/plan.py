"""`mailbridge plan`: planned work of agents, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import known_or_told
from mailbridge.cli.groups import Noun
from mailbridge.cli.open_app import open_app
from mailbridge.cli.options import desk_option, json_option, ticket_id
from mailbridge.cli.show import print_json, print_table, with_weekday
from mailbridge.cli.ticket_relations import REASONS, done, say
from mailbridge.ids import ticket_number
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.commands import Command

if TYPE_CHECKING:
    from mailbridge.daemon.app import App
    from mailbridge.notifications.payloads.plans import AgendaRow
    from mailbridge.tickets.decision import Decision

REASONS.update(
    {
        "no-plan": "nothing is planned on this ticket",
        "unknown-plan": "the ticket has no such open plan; mailbridge tickets show names them",
        "unknown-agent": "there is no such agent in rules/teams.yaml",
        "only-observes": "this agent may only read tickets",
        "is-closed": "the ticket is closed",
        "in-the-past": "that is in the past",
        "longer-than-a-day": "planned work may last at most one day",
    }
)


@click.group(cls=Noun)
def plan() -> None:
    """Plan work of agents on tickets."""


@plan.command("list")
@desk_option
@json_option
@click.option("--agent", default="", metavar="NAME", help="Of this agent only.  [default: everybody]")
@click.option("--from", "first", metavar="DAY", help="The first day, like 2026-11-20.  [default: today]")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="Number of days.")
def list_(folder: Path, as_json: bool, agent: str, first: str | None, days: int) -> None:
    """List planned work and appointments by day and agent."""
    from mailbridge.execution.agenda_rows import agenda_rows, planned_between

    with open_app(folder) as app:
        desk = app.desk()
        if agent:
            known_or_told("agent", agent, desk.organisation.agents)
        zone = _zone(app, agent)
        begins = _day(first, zone)
        with app.store.read() as tx:
            found = [one for one in planned_between(tx, begins, begins + timedelta(days=days), zone) if agent in ("", one.agent)]
            rows = agenda_rows(tx, desk, found)
    if as_json:
        print_json([_as_values(row, one.agent) for row, one in zip(rows, found, strict=True)])
        return
    _tell(rows, zone)


@plan.command()
@desk_option
@json_option
@click.option("--agent", required=True, metavar="NAME", help="The agent who does it, by the short name.")
@click.option("--at", required=True, metavar="WHEN", help="Day and time in the agent's time zone: 'tue 10:00', '2026-12-01 10:00'.")
@click.option("--length", default="1h", show_default=True, metavar="LENGTH", help="Duration: 2h or 45m.")
@click.option("--text", default="", help="What is to be done.")
@click.argument("ticket", metavar="TICKET")
def add(folder: Path, as_json: bool, agent: str, at: str, length: str, text: str, ticket: str) -> None:
    """Plan work on TICKET.  Conflicts are printed as warnings."""
    with open_app(folder) as app:
        known_or_told("agent", agent, app.desk().organisation.agents)
        wanted = _understood(app, agent, at, length)
        _do(app, ticket, PlanWork(agent=agent, at=wanted.at, minutes=wanted.minutes, text=text), as_json)


@plan.command()
@desk_option
@json_option
@click.option("--agent", default="", metavar="NAME", help="Another agent.")
@click.option("--at", default="", metavar="WHEN", help="Another day and time.")
@click.option("--length", default="", metavar="LENGTH", help="Another duration.")
@click.option("--text", default="", help="Another description.")
@click.argument("ticket", metavar="TICKET")
@click.argument("number", metavar="NUMBER", type=click.IntRange(1))
def change(folder: Path, as_json: bool, agent: str, at: str, length: str, text: str, ticket: str, number: int) -> None:
    """Change the plan NUMBER of TICKET."""
    with open_app(folder) as app:
        if agent:
            known_or_told("agent", agent, app.desk().organisation.agents)
        whose = agent or _agent_of(app, ticket, number)
        wanted = _understood(app, whose, at, length)
        _do(app, ticket, PlanWork(plan=number, agent=agent, at=wanted.at, minutes=wanted.minutes, text=text), as_json)


@plan.command()
@desk_option
@json_option
@click.argument("ticket", metavar="TICKET")
@click.argument("number", metavar="NUMBER", type=click.IntRange(1))
def cancel(folder: Path, as_json: bool, ticket: str, number: int) -> None:
    """Cancel the plan NUMBER of TICKET.  `mailbridge ticket undo` brings it back."""
    with open_app(folder) as app:
        _do(app, ticket, CancelPlan(plan=number), as_json)


def _do(app: App, ticket: str, command: Command, as_json: bool) -> None:
    decision = done(app, ticket, command)
    say(app, decision, _sentence(app, decision), as_json)


def _sentence(app: App, decision: Decision) -> str:
    """The summaries of the events and the warnings, worded as in the mails to agents."""
    from mailbridge.delivery.render.sentences import sentence
    from mailbridge.notifications.summary import Viewer, summaries

    desk, ticket = app.desk(), decision.ticket
    number = ticket_number(app.config.desk.prefix, ticket.id) if ticket else ""
    viewer = Viewer(ticket=ticket.id if ticket else None, organisation=desk.organisation, prefix=app.config.desk.prefix)
    zone = _zone(app, next((p.agent for p in reversed(ticket.plans)), "") if ticket else "")
    told = [sentence(one, "en", lambda at: with_weekday(at, zone)) for one in summaries(decision.events, viewer)]
    return "\n".join(f"{number}: {line}" for line in told) or "nothing to change"


def _understood(app: App, agent: str, at: str, length: str) -> PlanWork:
    """Parses time and length; None and 0 where they are empty.  Raises a usage error for a text that is invalid."""
    from mailbridge.handling.agents.planned_time import length_of_plan, moment_of_plan

    organisation, now = app.desk().organisation, app.clock.now()
    moment = moment_of_plan(at, agent, _zone(app, agent), organisation, now) if at else None
    if at and moment is None:
        raise click.BadParameter(f'"{at}" is not a day with a time; write it like "tue 10:00" or "2026-12-01 10:00"', param_hint="--at")
    minutes = length_of_plan(length) if length else 0
    if minutes is None:
        raise click.BadParameter(f'"{length}" is not a duration; write it like 2h or 45m', param_hint="--length")
    return PlanWork(at=moment, minutes=minutes)


def _agent_of(app: App, ticket: str, number: int) -> str:
    """The agent of the plan; '' where there is no such plan, which `decide` refuses."""
    with app.store.read() as tx:
        found = tx.tickets.get(ticket_id(app.config, ticket))
    return next((one.agent for one in found.plans if one.id == number), "") if found else ""


def _zone(app: App, agent: str) -> str:
    """The time zone of the agent, or of the default team where `agent` is ''."""
    from mailbridge.organisation.availability import zone_of

    organisation = app.desk().organisation
    team = organisation.teams.get(organisation.default_team)
    return zone_of(agent, organisation) if agent else team.calendar.zone if team else "UTC"


def _day(text: str | None, zone: str) -> date:
    from mailbridge.clock import SystemClock
    from mailbridge.sla.zones import wall

    try:
        return date.fromisoformat(text) if text else wall(SystemClock().now(), zone).date()
    except ValueError:
        raise click.BadParameter(f'"{text}" is not a date; write it like 2026-11-20', param_hint="--from") from None


def _as_values(row: AgendaRow, agent: str) -> dict[str, object]:
    """The row as JSON, with the agent's short name."""
    return {
        "number": row.number,
        "kind": "plan" if row.plan else "appointment",
        "plan": int(row.plan) if row.plan else None,
        "agent": agent,
        "begins_at": row.begins_at,
        "minutes": row.minutes,
        "subject": row.subject,
        "text": row.text,
        "place": row.place,
        "done": row.done,
    }


def _tell(rows: Sequence[AgendaRow], zone: str) -> None:
    from mailbridge.notifications.summary import length

    print_table(
        ["WHEN", "LENGTH", "AGENT", "TICKET", "PLAN", "WHAT", "SUBJECT"],
        [
            [
                with_weekday(row.begins_at, zone),
                length(row.minutes),
                row.agent,
                row.number,
                row.plan or "appointment",
                ", ".join(filter(None, (row.text or row.place, "done" if row.done else ""))),
                row.subject,
            ]
            for row in rows
        ],
        empty="nothing is planned",
        least=("SUBJECT", "WHAT"),
    )
