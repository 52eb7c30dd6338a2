"""`mailbridge rota`: who of a team is on call, at work or away, with the reason.  It reads the rules and needs no database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.filters import known_or_told
from mailbridge.cli.options import desk_option, json_option
from mailbridge.cli.show import print_json, print_table, safe

if TYPE_CHECKING:
    from mailbridge.organisation.availability_report import MemberAvailability
    from mailbridge.organisation.model import Organisation, Team
    from mailbridge.organisation.on_call import Shift


@click.command()
@desk_option
@json_option
@click.option("--at", "moment", metavar="TIME", help="At this moment, like 2026-12-24T14:00, by the team's clock.  [default: now]")
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(0, 104), help="How far ahead turns and absences are listed.")
@click.argument("name", metavar="TEAM")
def rota(folder: Path, as_json: bool, moment: str | None, weeks: int, name: str) -> None:
    """Show who of TEAM is on duty, who is at work and who is away, and why.

    Reads the rules in the desk's folder, so a change can be looked at before a running desk takes it.
    """
    from mailbridge.cli.policy import policy_of

    organisation = policy_of(folder).organisation
    team = _team(name, organisation)
    at = _moment(moment, zone_of(team))
    if team.follow:
        _regions(team, organisation, at, weeks, as_json=as_json)
    elif as_json:
        print_json(as_values(team, organisation, at, weeks))
    else:
        _print(team, organisation, at, weeks)


def zone_of(team: Team) -> str:
    """The time zone in which times of the team are shown."""
    return team.on_call.zone if team.on_call else team.calendar.zone


def _team(name: str, organisation: Organisation) -> Team:
    known_or_told("team", name, organisation.teams)
    return organisation.teams[name]


def _moment(text: str | None, zone: str) -> datetime:
    """The given time in UTC.  One without an offset is in the team's zone."""
    from mailbridge.clock import SystemClock
    from mailbridge.sla.zones import moment_of

    if text is None:
        return SystemClock().now()
    try:
        asked = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f'"{text}" is not a date and time; write it like 2026-12-24T14:00') from None
    return asked if asked.tzinfo else moment_of(asked.date(), asked.time(), zone)


def _shifts(team: Team, organisation: Organisation, at: datetime, weeks: int) -> tuple[Shift, ...]:
    """The on-call shifts that end after `at` and begin within `weeks` weeks of it."""
    from mailbridge.organisation.on_call import shifts

    listed = shifts(team, organisation, at - timedelta(days=366), at + timedelta(weeks=max(weeks, 54)))
    return tuple(turn for turn in listed if turn.ends > at and turn.begins <= at + timedelta(weeks=weeks))


def _regions(team: Team, organisation: Organisation, at: datetime, weeks: int, *, as_json: bool) -> None:
    from mailbridge.organisation.follow_the_sun import day_ends_at, region_of, regions_of, shift_end

    regions = regions_of(team, organisation)
    now = region_of(team, organisation, at)
    until = day_ends_at(now, regions, at)
    following = region_of(team, organisation, until).name if until else ""
    if as_json:
        on = [region.name for region in regions if shift_end(region.calendar, at) is not None]
        told = {"team": team.name, "at": at, "region": now.name, "hands_over_at": until, "to": following, "on": on}
        print_json(told | {"uncovered": _gap_values(team, organisation, at, weeks)})
        return
    zone = now.calendar.zone
    click.echo(f"{safe(team.title)}, {shown(at, zone)} ({zone})")
    click.echo(f"with {now.name}" + (f" until {shown(until, zone)}, then {following}" if until else ""))
    rows = [(region.name, "on" if shift_end(region.calendar, at) else "off", _next(region, regions, at)) for region in regions]
    print_table(("region", "is", "hands over"), rows, empty="no regions")
    _print_gaps(team, organisation, at, weeks)


def _next(region: Team, regions: Sequence[Team], at: datetime) -> str:
    from mailbridge.organisation.follow_the_sun import day_ends_at

    ends = day_ends_at(region, regions, at)
    return f"{shown(ends, region.calendar.zone)} ({region.calendar.zone})" if ends and ends > at else ""


def _print(team: Team, organisation: Organisation, at: datetime, weeks: int) -> None:
    from mailbridge.organisation.availability_report import coming, standings

    zone = zone_of(team)
    click.echo(f"{safe(team.title)}, {shown(at, zone)} ({zone})")
    shifts = _shifts(team, organisation, at, weeks) if team.on_call else ()
    if shifts:
        turn = shifts[0]
        click.echo(f"on duty: {turn.agent or 'nobody'} until {shown(turn.ends, zone)}{_why(turn)}")
    rows = [(s.agent.name, s.agent.title, s.state, _until(s, zone), _remark(s)) for s in standings(team, organisation, at)]
    print_table(("agent", "name", "is", "until", ""), rows, empty="no members")
    for agent, absence in coming(team, organisation, at, at + timedelta(weeks=weeks)):
        deputy = f", deputy {absence.deputy}" if absence.deputy else ""
        click.echo(f"{agent.name} will be away {absence.first} to {absence.last}{deputy}")
    if shifts and weeks:
        click.echo()
        listed = [(_week(turn, zone), shown(turn.begins, zone), turn.agent or "nobody", _why(turn).strip(" ,")) for turn in shifts]
        print_table(("week", "from", "on duty", ""), listed, empty="no turns")
    _print_gaps(team, organisation, at, weeks)


def _print_gaps(team: Team, organisation: Organisation, at: datetime, weeks: int) -> None:
    """Prints the times in which nobody of a team with 24-hour cover works."""
    from mailbridge.organisation.coverage import gaps

    found, zone = gaps(team, organisation, at, at + timedelta(weeks=weeks)), zone_of(team)
    if found:
        click.echo()
        rows = [(shown(gap.begins, zone), shown(gap.ends, zone), f"{gap.length.total_seconds() / 3600:g} h") for gap in found]
        print_table(("nobody works from", "to", ""), rows, empty="no gaps")


def _why(turn: Shift) -> str:
    if not turn.named:
        return ", the rota has not begun"
    if turn.agent != turn.named:
        return f", for {turn.named}, who is away"
    return ", by a swap" if turn.swapped else ""


def _until(standing: MemberAvailability, zone: str) -> str:
    return shown(standing.until, zone) if standing.until else ""


def _remark(standing: MemberAvailability) -> str:
    absence = standing.absence
    if absence is None:
        return ""
    stands_in = f"{standing.deputy} stands in" if standing.deputy else "no deputy"
    return f"{absence.first} to {absence.last}, {stands_in}"


def _week(turn: Shift, zone: str) -> str:
    from mailbridge.sla.zones import wall

    year, week, _ = wall(turn.begins, zone).isocalendar()
    return f"{year}-W{week:02d}"


def shown(moment: datetime, zone: str) -> str:
    """The time in the zone: `Mon 2026-11-23 09:00`."""
    from mailbridge.config.times import DAYS
    from mailbridge.sla.zones import wall

    local = wall(moment, zone)
    return f"{DAYS[local.weekday()].title()} {local:%Y-%m-%d %H:%M}"


def as_values(team: Team, organisation: Organisation, at: datetime, weeks: int) -> dict[str, object]:
    """The team's schedule as JSON, with times in UTC."""
    from mailbridge.organisation.availability_report import coming, standings

    shifts = _shifts(team, organisation, at, weeks) if team.on_call else ()
    listed = [
        {"begins": t.begins, "ends": t.ends, "agent": t.agent or None, "named": t.named or None, "swapped": t.swapped} for t in shifts
    ]
    return {
        "team": team.name,
        "at": at,
        "zone": zone_of(team),
        "on_duty": listed[0] if listed else None,
        "members": [_standing_values(standing) for standing in standings(team, organisation, at)],
        "coming": [
            {"agent": agent.name, "from": absence.first, "to": absence.last, "deputy": absence.deputy or None}
            for agent, absence in coming(team, organisation, at, at + timedelta(weeks=weeks))
        ],
        "turns": listed if weeks else [],
        "uncovered": _gap_values(team, organisation, at, weeks),
    }


def _gap_values(team: Team, organisation: Organisation, at: datetime, weeks: int) -> list[dict[str, datetime]]:
    from mailbridge.organisation.coverage import gaps

    return [{"from": gap.begins, "to": gap.ends} for gap in gaps(team, organisation, at, at + timedelta(weeks=weeks))]


def _standing_values(standing: MemberAvailability) -> dict[str, object]:
    absence = standing.absence
    return {
        "agent": standing.agent.name,
        "title": standing.agent.title,
        "state": standing.state,
        "until": standing.until,
        "deputy": standing.deputy or None,
        "absence": {"from": absence.first, "to": absence.last} if absence else None,
    }
