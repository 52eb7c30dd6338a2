"""What the promised times of a ticket are, tick by tick, from their definitions.  Nothing of the clocks' own code is used here.

    a tick counts    the team's wall clock shows a time inside the hours of a day that is no holiday, and no pause holds; a date with
                     hours of its own has those and no others
    a pause          the ticket waits, is solved (unless `while_solved` runs), its hour bank is empty (where the contract says so), or an
                     answer is on its way that will not arrive
    due              the end of the tick with which the counted time reaches the budget
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.organisation.model import Organisation  # values: teams with calendars, targets by level and priority
from mailbridge.sla.calendar import Calendar  # a value: hours by weekday, holidays, the name of a zone
from mailbridge.sla.clock import Targets  # likewise


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What happened, each with the moment from which it counts; of the same moment in the order of the lists."""

    opened: datetime
    heard: datetime
    asked: list[datetime]
    deliveries: list[tuple[datetime, bool]]  # an answer (True), or the failure of the latest one before that did not fail yet
    statuses: list[tuple[datetime, str]]  # runs, waits, solved
    teams: list[tuple[datetime, str]]
    arrived: datetime | None
    claimed: datetime | None
    team: str
    priority: str
    empty: list[tuple[datetime, datetime | None]]  # when an empty hour bank stopped the clocks
    fields: dict[str, str]  # contract, level of service, calendar …, as they stand in the end


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One run of a promise.  `due`: where the budget is used up inside the window.  `warned`: the same for the share that warns.
    `counted`: the ticks that counted until then or until the end, as intervals."""

    promise: str
    team: str
    start: datetime
    end: datetime | None
    due: datetime | None
    warned: datetime | None
    counted: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(kw_only=True)
class Ticks:
    """The window in ticks: which of them are working time by a calendar, and in which of them the ticket stands."""

    facts: Facts
    targets: Targets
    until: datetime
    tick: timedelta
    open: dict[int, list[bool]] = field(default_factory=dict)
    walls: dict[str, list[datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begin = min([self.facts.opened, *self.facts.asked])
        self.count = (self.until - self.begin) // self.tick
        self.moments = [self.begin + n * self.tick for n in range(self.count)]
        self.stands = self._stands()
        self.lost = self._lost()
        self.on_its_way = [False] * self.count
        for sent, failed in self.lost:
            for n in range(self.index(sent), min(self.index(failed), self.count)):
                self.on_its_way[n] = True

    def index(self, moment: datetime) -> int:
        return (moment - self.begin) // self.tick

    def works(self, calendar: Calendar) -> list[bool]:
        if id(calendar) not in self.open:
            own = dict(calendar.special)
            self.open[id(calendar)] = [works_at(wall, calendar, own) for wall in self._walls(calendar.zone)]
        return self.open[id(calendar)]

    def _walls(self, zone: str) -> list[datetime]:
        """What the clock on a wall of this zone shows, tick by tick."""
        if zone not in self.walls:
            self.walls[zone] = [moment.astimezone(ZoneInfo(zone)) for moment in self.moments]
        return self.walls[zone]

    def _stands(self) -> list[bool]:
        """Tick by tick whether the status of that moment stops the clocks, or an empty hour bank does."""
        coming, status, found = list(self.facts.statuses), "runs", list[bool]()
        for moment in self.moments:
            while coming and coming[0][0] <= moment:
                status = coming.pop(0)[1]
            paused = status == "waits" or (status == "solved" and self.targets.while_solved == "paused")
            found.append(paused or any(since <= moment and (until is None or moment < until) for since, until in self.facts.empty))
        return found

    def _lost(self) -> list[tuple[datetime, datetime]]:
        """From when to when an answer was on its way that did not arrive."""
        sent, lost = list[datetime](), list[tuple[datetime, datetime]]()
        for at, is_answer in self.facts.deliveries:
            if is_answer:
                sent.append(at)
            elif sent:
                lost.append((sent.pop(), at))
        self.reached = sent
        return lost

    def run(
        self,
        promise: str,
        start: datetime,
        end: datetime | None,
        budget: timedelta | None,
        warn_at: float,
        calendar: Calendar,
        team: str = "",
    ) -> list[Expected]:
        if budget is None:
            return []
        works, answers = self.works(calendar), promise in ("response", "next-response")
        counted, due, warned, warns = 0, None, None, budget * warn_at // self.tick
        intervals: list[tuple[datetime, datetime]] = []
        for n in range(self.index(start), self.count if end is None else self.index(end)):
            if works[n] and not self.stands[n] and not (answers and self.on_its_way[n]):
                counted += 1
                joins = bool(intervals) and intervals[-1][1] == self.moments[n]
                begin = intervals.pop()[0] if joins else self.moments[n]
                intervals.append((begin, self.moments[n] + self.tick))
                warned = self.moments[n] + self.tick if counted == warns else warned
                if counted == budget // self.tick:
                    due = self.moments[n] + self.tick
                    break
        return [Expected(promise=promise, team=team, start=start, end=end, due=due, warned=warned, counted=tuple(intervals))]


def is_working(wall: datetime, calendar: Calendar) -> bool:
    return works_at(wall, calendar, dict(calendar.special))


def works_at(wall: datetime, calendar: Calendar, own: dict[date, tuple[tuple[time, time], ...]]) -> bool:
    """`own`: the hours of dates that have hours of their own."""
    day, shown = wall.date(), wall.time()
    if day in calendar.holidays and day not in own:
        return False
    hours = own.get(day, calendar.hours[day.weekday()])
    return any(opens <= shown and (shown < closes or closes == time.max) for opens, closes in hours)


def expected(
    facts: Facts,
    targets: Targets,
    calendar: Calendar,
    calendars: dict[str, Calendar],
    unclaimed_after: timedelta | None,
    until: datetime,
    tick: timedelta,
) -> list[Expected]:
    """Every run of every promise, with the moments that lie in the window, which ends at `until`."""
    ticks, warn, opened = Ticks(facts=facts, targets=targets, until=until, tick=tick), targets.warn_at, facts.opened
    first = ticks.reached[0] if ticks.reached else None
    solved = solved_since(facts)
    later = [None if end is None else max(end, opened) for end in (first, solved, facts.arrived)]
    found = ticks.run("response", opened, later[0], targets.response, warn, calendar)
    found += ticks.run("resolution", opened, later[1], targets.resolution, warn, calendar)
    found += ticks.run("arrival", opened, later[2], targets.arrival, warn, calendar)
    taken = None if facts.claimed is None else max(facts.claimed, facts.heard)
    found += ticks.run("claim", facts.heard, taken, unclaimed_after, warn, calendar)
    for start, end in unanswered(facts, ticks.reached, targets.counts_from == "first") if first is not None else []:
        found += ticks.run("next-response", start, end, targets.next_response, warn, calendar)
    for n, (since, team) in enumerate(facts.teams):
        left = facts.teams[n + 1][0] if n + 1 < len(facts.teams) else None if solved is None else max(solved, since)
        found += ticks.run("team", since, left, targets.team, warn, calendars[team], team)
    return found


def expected_under(facts: Facts, rules: Organisation, until: datetime, tick: timedelta) -> list[Expected]:
    """The same under these rules."""
    calendars = {name: team.calendar for name, team in rules.teams.items()}
    after = rules.teams[facts.team].unclaimed_after
    return expected(facts, targets_under(facts, rules), calendar_under(facts, rules), calendars, after, until, tick)


def targets_under(facts: Facts, rules: Organisation) -> Targets:
    """Those of the level of service and the priority."""
    by_priority = rules.levels[facts.fields["sla"]] if facts.fields.get("sla") else rules.targets
    return next(one for priority, one in by_priority.items() if priority == facts.priority)


def calendar_under(facts: Facts, rules: Organisation) -> Calendar:
    """That of the contract or the location, in its zone; else that of the team."""
    named, _, zone = facts.fields.get("calendar", "").partition(" ")
    calendar = rules.calendars[named] if named else rules.teams[facts.team].calendar
    return replace(calendar, zone=zone) if zone else calendar


def after_a_change(before: list[Expected], after: list[Expected]) -> list[Expected]:
    """What stands when the rules change: what has ended stays as it ended, and what is open is as the rules of now have it.  Where the
    next answer was counted from may differ between the two, when it was given does not."""
    ended = [one for one in before if one.end is not None]
    known = {named(one) for one in ended}
    return [*ended, *(one for one in after if one.end is None or named(one) not in known)]


def named(one: Expected) -> tuple[object, ...]:
    return (one.promise, one.team, one.end, one.start if one.promise != "next-response" else None)


def solved_since(facts: Facts) -> datetime | None:
    since = None
    for at, status in facts.statuses:
        since = (since or at) if status == "solved" else None
    return since


def unanswered(facts: Facts, reached: list[datetime], from_first: bool) -> list[tuple[datetime, datetime | None]]:
    """When the customer waited for an answer after the first one: moment by moment, a message before an answer of the same moment."""
    steps = sorted([(at, 0) for at in facts.asked if at > reached[0]] + [(at, 1) for at in reached])
    found: list[tuple[datetime, datetime | None]] = []
    waits: datetime | None = None
    for at, is_answer in steps:
        if is_answer and waits is not None:
            found.append((waits, at))
            waits = None
        elif not is_answer and (waits is None or not from_first):
            waits = at
    return [*found, (waits, None)] if waits is not None else found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


QUARTER, MORNING = timedelta(minutes=15), time(8)  # all hours of the calendars begin at a quarter


def reminders(first: datetime, calendar: Calendar, now: datetime, until: datetime) -> dict[str, datetime]:
    """By day when the team begins to work, for the latest working day after `first` that has begun and the next one: quarter by quarter."""
    zone, begins = ZoneInfo(calendar.zone), dict[str, datetime]()
    told_on, moment = first.astimezone(zone).date(), first
    moment -= timedelta(seconds=moment.timestamp() % 900)
    while moment < until + timedelta(days=1):
        wall = moment.astimezone(zone)
        day = wall.date()
        if day > told_on and str(day) not in begins and is_working(wall, calendar):
            begins[str(day)] = moment if wall.time() != time.min else _morning(moment, calendar, zone)
        moment += QUARTER
    passed = [day for day, at in begins.items() if at <= now]
    later = [day for day, at in begins.items() if at > now]
    return {day: begins[day] for day in (*passed[-1:], *later[:1])}


def _morning(midnight: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """MORNING of a day on which the team works from midnight until then without a break, else midnight."""
    moment = midnight
    while is_working(moment.astimezone(zone), calendar):
        if moment.astimezone(zone).time() == MORNING:
            return moment
        moment += QUARTER
    return midnight
