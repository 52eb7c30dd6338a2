"""Follow the sun: which regional team has a ticket now, and when it hands it to the next.  Pure.

A region is on shift from the first to the last working minute of its day; a break at noon is no end of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from mailbridge.errors import Permanent
from mailbridge.organisation.model import Organisation, Team
from mailbridge.sla.calendar import Calendar, next_open, open_stretches

BREAK = timedelta(hours=2)
"""A pause of the working day that is longer is an end of it."""

AHEAD = timedelta(days=14)  # how far an end of a shift is looked for; a team that works so long without a break never ends its day
_NEVER = datetime.max.replace(tzinfo=UTC)
_LOOKS = 20  # openings of regions that are tried before a ticket stays where it is


def regions_of(team: Team, organisation: Organisation) -> tuple[Team, ...]:
    """The regional teams of the team, in its order; none where it is a team of its own."""
    return tuple(organisation.teams[name] for name in team.follow if name in organisation.teams)


def region_of(team: Team, organisation: Organisation, now: datetime) -> Team:
    """The team that gets a ticket now: the first of the regions on shift, else the one that opens next; a team without regions itself."""
    regions = regions_of(team, organisation)
    on_shift = next((region for region in regions if shift_end(region.calendar, now) is not None), None)
    return on_shift or min(regions, key=lambda region: _opens(region, now) or _NEVER, default=team)


def lands_with(name: str, organisation: Organisation, now: datetime) -> str:
    """The name of the team that gets what is given to this one now; a name that nobody has stays as it is."""
    return region_of(organisation.teams[name], organisation, now).name if name in organisation.teams else name


def shift_end(calendar: Calendar, at: datetime) -> datetime | None:
    """When the working day that the moment falls into ends (for one without an end, as far as was looked); None: the shift is over."""
    for opens, closes in _shifts(calendar, at):
        if opens > at:
            return None
        if at < closes:
            return closes
    return None


def day_ends_at(mine: Team, regions: Sequence[Team], now: datetime) -> datetime | None:
    """The moment, now or later, at which this one of the regions is off and another one is on; None: never."""
    others = [region for region in regions if region.name != mine.name]
    at = now
    for _ in range(_LOOKS):
        end = shift_end(mine.calendar, at)
        if end is not None and end >= at + AHEAD:
            return None
        at = end or at
        if any(shift_end(region.calendar, at) is not None for region in others):
            return at
        openings = [opens for region in regions if (opens := _opens(region, at)) is not None]
        if not openings:
            return None
        at = min(openings)
    return None


def _opens(region: Team, at: datetime) -> datetime | None:
    try:
        return next_open(at, region.calendar)
    except Permanent:  # a calendar without any working time: this region never has its turn
        return None


def _shifts(calendar: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The working days around and after the moment, pauses of up to BREAK bridged."""
    pending: tuple[datetime, datetime] | None = None
    for opens, closes in open_stretches(at - BREAK, at + AHEAD, calendar):
        if pending is not None and opens - pending[1] > BREAK:
            yield pending
            pending = None
        pending = (pending[0] if pending else opens), closes
    if pending is not None:
        yield pending
