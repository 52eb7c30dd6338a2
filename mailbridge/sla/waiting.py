"""How long customers wait for the first answer, from the tickets of the last days.  Pure.

The time is working time of the team's calendar, so that it is true at night too.  A ticket that has no answer yet counts with the time that
it has waited so far: tickets that are still open must not make a slow team look fast.  The estimate is the 80 % point of the
Kaplan-Meier curve (Kaplan and Meier 1958), which takes both kinds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import groupby

from mailbridge.sla.calendar import Calendar, worked

LEAST_ANSWERED = 20  # comparable tickets; with fewer nothing is said
SPAN = timedelta(days=30)  # how old the tickets are at most
SHARE = 0.8  # of the tickets that were answered within the time
RECENT = timedelta(days=14)  # the time in which arrivals are compared with answers
LEAST_BEHIND = 10  # tickets that a team must be behind, and
SHARE_BEHIND = 0.2  # the share of what came in, before it is said
_ROUND_MINUTES = (15, 30, 60)
_HOUR = 60

GroupKey = tuple[str, str, str]  # team, type, priority; "*" as the type: of any
ANY_TYPE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A request of a customer.  `answered_at`: of the first answer.  `closed_at`: when the ticket was closed, with or without one."""

    team: str
    type: str
    priority: str
    asked_at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    """A wait with its end, and the working time until then; None while it goes on."""

    wait: Wait
    ends: datetime | None
    span: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTimes:
    """`groups`: the minutes of working time within which most of these tickets were answered.  `behind`: the teams to which more comes in
    than they answer."""

    groups: Mapping[GroupKey, int] = field(default_factory=dict)
    behind: frozenset[str] = frozenset()

    def of(self, team: str, type: str, priority: str) -> int | None:
        """Of a ticket of this type, else of any type with this priority; None where too few of them were answered."""
        return self.groups.get((team, type, priority)) or self.groups.get((team, ANY_TYPE, priority))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A time as people say it.  `unit`: minutes, hours or days.  `working`: it is working time of a team that closes."""

    count: int
    unit: str
    working: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What would have been said to past tickets.  `said`: to how many.  `within`: how many of them were answered within the estimate,
    `within_said` within the rounded time that the mail says.  `behind`: at how many openings the team was behind, and no time was said."""

    tickets: int = 0
    said: int = 0
    within: int = 0
    within_said: int = 0
    behind: int = 0

    @property
    def share(self) -> float | None:
        return self.within / self.said if self.said else None

    @property
    def share_said(self) -> float | None:
        return self.within_said / self.said if self.said else None


def waiting_times(waits: Iterable[Wait], calendars: Mapping[str, Calendar], now: datetime) -> WaitingTimes:
    """What can be said at this moment.  Only what had happened by then counts.  Tickets of a team without a calendar are left out."""
    return _known(_timed(waits, calendars), calendars, now)


def _timed(waits: Iterable[Wait], calendars: Mapping[str, Calendar]) -> list[_Timed]:
    """Those of teams with a calendar, the oldest first."""
    in_order = sorted((one for one in waits if one.team in calendars), key=lambda one: one.asked_at)
    return [_Timed(wait=one, ends=end, span=_span(one, end, calendars)) for one in in_order for end in (_end(one),)]


def _asked_at(one: _Timed) -> datetime:
    return one.wait.asked_at


def _end(one: Wait) -> datetime | None:
    return one.answered_at or one.closed_at


def _span(one: Wait, end: datetime | None, calendars: Mapping[str, Calendar]) -> timedelta | None:
    return worked(one.asked_at, end, calendars[one.team]) if end is not None else None


def _known(timed: Sequence[_Timed], calendars: Mapping[str, Calendar], now: datetime) -> WaitingTimes:
    known = timed[bisect_left(timed, now - SPAN, key=_asked_at) : bisect_right(timed, now, key=_asked_at)]
    groups: dict[GroupKey, list[tuple[timedelta, bool]]] = {}
    for one in known:
        wait, has_ended = one.wait, one.ends is not None and one.ends <= now
        spent = one.span if has_ended and one.span is not None else worked(wait.asked_at, now, calendars[wait.team])
        span = spent, has_ended and wait.answered_at is not None
        for type in {wait.type, ANY_TYPE}:
            groups.setdefault((wait.team, type, wait.priority), []).append(span)
    found = {key: point for key, spans in groups.items() if (point := most_within(spans)) is not None}
    minutes = {key: max(1, -(-int(point.total_seconds()) // 60)) for key, point in found.items()}
    return WaitingTimes(groups=minutes, behind=frozenset(_behind([one.wait for one in known], now)))


def most_within(spans: Sequence[tuple[timedelta, bool]]) -> timedelta | None:
    """The time within which 80 % of such tickets are answered.  `spans`: how long each waited, and whether it was answered then.

    None where fewer than LEAST_ANSWERED were, or fewer than 80 % so far.  For n answered tickets the point of the curve is at
    0.8 (n + 1) / n: the next ticket is within the k-th of n with a chance of k / (n + 1).
    """
    answered = sum(is_answered for _, is_answered in spans)
    if answered < LEAST_ANSWERED:
        return None
    beyond = 1 - min(1.0, SHARE * (answered + 1) / answered)
    at_risk, share = len(spans), 1.0
    for span, same in groupby(sorted(spans), key=_first):
        kinds = [is_answered for _, is_answered in same]
        share *= 1 - sum(kinds) / at_risk
        if share <= beyond + 1e-9:
            return span
        at_risk -= len(kinds)
    return None


def _first(one: tuple[timedelta, bool]) -> timedelta:
    return one[0]


def said(minutes: int, calendar: Calendar) -> Said:
    """The time rounded up to what people say: 15 or 30 minutes, hours, and days of this calendar beyond two days."""
    day = _minutes_of_a_day(calendar)
    working = day < 24 * _HOUR
    if minutes > 2 * day:
        return Said(count=-(-minutes // day), unit="days", working=working)
    if minutes <= _ROUND_MINUTES[1]:
        return Said(count=next(step for step in _ROUND_MINUTES if minutes <= step), unit="minutes", working=working)
    return Said(count=-(-minutes // _HOUR), unit="hours", working=working)


def backtest(waits: Iterable[Wait], calendars: Mapping[str, Calendar], since: datetime, until: datetime) -> Mapping[str, Backtest]:
    """By team, what would have been said to each ticket that opened in this time, from what was known at the full hour before it.

    A ticket that was not answered counts against the estimate once it has waited longer; before that, or closed without an answer, it
    is left out.
    """
    timed, known, found = _timed(waits, calendars), dict[datetime, WaitingTimes](), dict[str, Backtest]()
    for one in timed:
        if since <= one.wait.asked_at < until:
            hour = one.wait.asked_at.replace(minute=0, second=0, microsecond=0)
            if hour not in known:
                known[hour] = _known(timed, calendars, hour)
            team = one.wait.team
            found[team] = _counted(found.get(team, Backtest()), one, known[hour], calendars[team], until)
    return found


def _counted(counts: Backtest, one: _Timed, known: WaitingTimes, calendar: Calendar, until: datetime) -> Backtest:
    wait, is_behind = one.wait, one.wait.team in known.behind
    estimate = None if is_behind else known.of(wait.team, wait.type, wait.priority)
    counts = replace(counts, tickets=counts.tickets + 1, behind=counts.behind + is_behind)
    if estimate is None:
        return counts
    waited = one.span if one.span is not None else worked(wait.asked_at, until, calendar)
    answered, promised = wait.answered_at is not None, timedelta(minutes=estimate)
    if not answered and waited <= promised:
        return counts
    within, within_said = (answered and waited <= most for most in (promised, minutes_of(said(estimate, calendar), calendar)))
    return replace(counts, said=counts.said + 1, within=counts.within + within, within_said=counts.within_said + within_said)


def minutes_of(one: Said, calendar: Calendar) -> timedelta:
    """The working time that is said."""
    return timedelta(minutes=one.count * {"minutes": 1, "hours": _HOUR, "days": _minutes_of_a_day(calendar)}[one.unit])


def _behind(waits: Iterable[Wait], now: datetime) -> Iterator[str]:
    """The teams to which clearly more came in during the last days than they answered or closed."""
    came, done = dict[str, int](), dict[str, int]()
    for one in waits:
        handled = _end(one)
        came[one.team] = came.get(one.team, 0) + (one.asked_at > now - RECENT)
        done[one.team] = done.get(one.team, 0) + (handled is not None and now - RECENT < handled <= now)
    for team, count in came.items():
        if count - done[team] >= max(LEAST_BEHIND, SHARE_BEHIND * count):
            yield team


def _minutes_of_a_day(calendar: Calendar) -> int:
    """The working time of a usual working day."""
    days = [sum((_minute(closes) - _minute(opens) for opens, closes in hours), 0) for hours in calendar.hours if hours]
    return max(1, round(sum(days) / len(days))) if days else 24 * _HOUR


def _minute(moment: time) -> int:
    return 24 * _HOUR if moment == time.max else moment.hour * _HOUR + moment.minute
