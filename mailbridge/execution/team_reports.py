"""The numbers of reports, read from the store: of teams for a week, of queues now, of one agent, of the customers of one agent.

Every report is for a reader and counts what the reader may see: the tickets of visible teams, the hours of others for managers alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mailbridge.customers.following import followed
from mailbridge.execution.clock_histories import clock_histories
from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import left_in
from mailbridge.ids import ticket_number
from mailbridge.notifications.payloads.reports import Report, ReportKind, ReportRow, ReportSection
from mailbridge.notifications.summary import length
from mailbridge.organisation.model import Organisation, Outsiders, Team
from mailbridge.organisation.people import RatingPolicy
from mailbridge.sla.calendar import worked
from mailbridge.sla.history import ClockHistory
from mailbridge.sla.levels import Run
from mailbridge.sla.why import Outcome, why
from mailbridge.sla.zones import moment_of, wall
from mailbridge.store.tx import Tx
from mailbridge.store.volumes import CountedTicket
from mailbridge.tickets.deadlines import promised_runs
from mailbridge.tickets.hours.planning import banks_of
from mailbridge.tickets.model import Ticket, WorkKind

MOST_ROWS = 10  # senders, rules, customers
MOST_BREACHES = 20
LOOK_BACK = timedelta(days=28)  # how much older than the report a ticket with a target of its days may be
BEST_GRADE = 5
BATCH = 200  # tickets whose histories are read at a time
_DAY = timedelta(days=1)
_MIDNIGHT = time.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a report is; `agent` '' for the operator, who sees everything.  `zone`: the clock of its days."""

    agent: str
    zone: str

    def sees(self, team: Team, organisation: Organisation) -> bool:
        """Whether the team's tickets are counted for this reader."""
        return team.outsiders is not Outsiders.NOTHING or self.leads(team, organisation) or self.agent in team.members

    def leads(self, team: Team, organisation: Organisation) -> bool:
        """Whether the reader sees the hours of the team's people."""
        agent = organisation.agents.get(self.agent)
        return not self.agent or (agent is not None and agent.manager) or self.agent in team.managers


def visible(names: Iterable[str], reader: Reader, organisation: Organisation) -> tuple[str, ...]:
    """Those of these teams whose tickets the reader may see."""
    return tuple(name for name in names if name in organisation.teams and reader.sees(organisation.teams[name], organisation))


def week_report(tx: Tx, desk: Desk, names: Sequence[str], reader: Reader, first: date, last: date, now: datetime) -> Report:
    """What came to these teams on these days, both included, what was promised and kept, and who worked."""
    organisation, teams = desk.organisation, visible(names, reader, desk.organisation)
    since, before = moment_of(first, _MIDNIGHT, reader.zone), moment_of(last + _DAY, _MIDNIGHT, reader.zone)
    came = [one for one in tx.volumes.opened(since, before) if one.team in teams]
    closed = [one for one in tx.volumes.closed(since, before) if one.team in teams]
    queues = [one for one in tx.volumes.queues(now) if one.team in teams]
    rows = [
        *_by_day(came, closed, first, last, reader.zone),
        *_targets(tx, desk, teams, since, before, now),
        *_ratings(tx, desk, teams, since, before),
        *_hours(tx, desk, [team for team in teams if reader.leads(organisation.teams[team], organisation)], first, last),
        *_senders(came, desk),
        *_rules(tx, teams, since, before),
    ]
    about = _report(ReportKind.WEEK, teams, names, organisation, first, last)
    counts = len(came), len(closed), sum(one.open for one in queues)
    return replace(about, came=counts[0], closed=counts[1], open=counts[2], rows=tuple(rows) if any(counts) or rows else ())


def queue_report(tx: Tx, desk: Desk, names: Sequence[str], reader: Reader, now: datetime) -> Report:
    """What is open in these teams now, by team and by agent."""
    organisation, teams, day = desk.organisation, visible(names, reader, desk.organisation), wall(now, reader.zone).date()
    found = [one for one in tx.volumes.queues(now) if one.team in teams]
    by_team, by_agent = Counter[str](), Counter[str]()
    late_team, late_agent = Counter[str](), Counter[str]()
    for one in found:
        by_team[one.team] += one.open
        late_team[one.team] += one.late
        by_agent[one.assignee] += one.open
        late_agent[one.assignee] += one.late
    rows = [
        *_bars(ReportSection.TEAMS, [(organisation.teams[name].title, count, late_team[name]) for name, count in by_team.most_common()]),
        *_bars(ReportSection.AGENTS, [(_title(name, organisation), count, late_agent[name]) for name, count in by_agent.most_common()]),
    ]
    about = _report(ReportKind.QUEUE, teams, names, organisation, day, day)
    return replace(about, open=sum(by_team.values()), rows=tuple(rows) if found else ())


def own_report(tx: Tx, desk: Desk, agent: str, first: date, last: date, now: datetime, zone: str) -> Report:
    """What this agent has and did on these days."""
    since, before = moment_of(first, _MIDNIGHT, zone), moment_of(last + _DAY, _MIDNIGHT, zone)
    came = [one for one in tx.volumes.opened(since, before) if one.assignee == agent]
    closed = [one for one in tx.volumes.closed(since, before) if one.assignee == agent]
    queues = [one for one in tx.volumes.queues(now) if one.assignee == agent]
    done = [one.activity for one in tx.activities.between(first, last, agent) if one.activity.kind is WorkKind.WORKED]
    hours = [(_title(agent, desk.organisation), sum(one.minutes for one in done), sum(one.charged for one in done))] if done else []
    titles = {name: team.title for name, team in desk.organisation.teams.items()}
    rows = [
        *_by_day(came, closed, first, last, zone),
        *_bars(ReportSection.TEAMS, [(titles.get(one.team, one.team), one.open, one.late) for one in queues]),
        *_bars(ReportSection.HOURS, hours),
    ]
    counts = len(came), len(closed), sum(one.open for one in queues)
    return Report(
        kind=ReportKind.ME,
        who=_title(agent, desk.organisation),
        first=first,
        last=last,
        rows=tuple(rows) if any(counts) or hours else (),
        came=counts[0],
        closed=counts[1],
        open=counts[2],
    )


def customers_report(tx: Tx, desk: Desk, reader: Reader, first: date, last: date, now: datetime) -> Report:
    """How the customers stand for whom the reader is responsible."""
    customers, organisation = desk.policy.rules.customers, desk.organisation
    mine = followed(customers, [reader.agent])
    since, before = moment_of(first, _MIDNIGHT, reader.zone), moment_of(last + _DAY, _MIDNIGHT, reader.zone)
    teams = frozenset(visible(organisation.teams, reader, organisation))
    came = [one for one in tx.volumes.opened(since, before) if one.team in teams]
    closed = [one for one in tx.volumes.closed(since, before) if one.team in teams]
    new, gone = (Counter(_customer(desk, one.requester) for one in found) for found in (came, closed))
    open_ = Counter[str]()
    for team, requester, count in tx.volumes.requesters() if mine else ():
        open_[_customer(desk, requester)] += count if team in teams else 0
    names = sorted((name for name in mine if new[name] or gone[name] or open_[name]), key=lambda name: (-open_[name], name))
    longest = max((open_[name] for name in names), default=0)
    rows = tuple(
        ReportRow(
            section=ReportSection.CUSTOMERS,
            label=customers.by_name[name].title or name,
            number=open_[name],
            other=new[name],
            share=_share(open_[name], longest),
            detail=_left(tx, desk, name, now),
        )
        for name in names
    )
    return Report(
        kind=ReportKind.CUSTOMERS,
        who=_title(reader.agent, organisation),
        first=first,
        last=last,
        rows=rows,
        came=sum(new[name] for name in mine),
        closed=sum(gone[name] for name in mine),
        open=sum(open_[name] for name in mine),
    )


def _left(tx: Tx, desk: Desk, customer: str, now: datetime) -> str:
    """`4 h of 10 h` for each bank of the customer."""
    found = (left_in(tx, bank, desk, now) for bank in banks_of(desk.policy.rules.customers.by_name[customer]))
    return ", ".join(f"{length(one.left // 60)} / {length(one.granted // 60)}" for one in found if one is not None and one.granted)


def _report(
    kind: ReportKind,
    teams: Sequence[str],
    asked: Sequence[str],
    organisation: Organisation,
    first: date,
    last: date,
) -> Report:
    """A report of these teams without numbers."""
    who = ", ".join(organisation.teams[name].title for name in teams)
    hidden = ", ".join(organisation.teams[name].title for name in asked if name in organisation.teams and name not in teams)
    return Report(kind=kind, who=who, first=first, last=last, hidden=hidden)


def _by_day(came: Iterable[CountedTicket], closed: Iterable[CountedTicket], first: date, last: date, zone: str) -> Iterator[ReportRow]:
    """New and closed tickets of each day."""
    new = Counter(wall(one.created_at, zone).date() for one in came)
    done = Counter(wall(one.closed_at, zone).date() for one in closed if one.closed_at)
    days = [first + _DAY * number for number in range((last - first).days + 1)]
    longest = max((new[day] for day in days), default=0)
    for day in days if new or done else ():
        yield ReportRow(
            section=ReportSection.VOLUME, label=day.isoformat(), number=new[day], other=done[day], share=_share(new[day], longest)
        )


def _targets(tx: Tx, desk: Desk, teams: Sequence[str], since: datetime, before: datetime, now: datetime) -> Iterator[ReportRow]:
    """The SLA targets that were decided in this time, met and missed, and the worst of those that were missed."""
    met, missed = Counter[str](), Counter[str]()
    breaches: list[tuple[int, Ticket, Run, str]] = []
    for ticket, history in _histories(tx, [one.ticket for one in tx.volumes.opened(since - LOOK_BACK, before) if one.team in teams]):
        for run in promised_runs(ticket, history, desk.organisation):
            found = why(run, history.solved_at or now)
            broken = found.outcome in (Outcome.BROKEN, Outcome.OVERDUE)
            decided = found.due_at if broken else found.ended_at
            if decided is None or not since <= decided < before or found.outcome in (Outcome.RUNNING, Outcome.STANDS):
                continue
            (missed if broken else met)[run.segment.promise.value] += 1
            if broken:
                ended = run.segment.end or history.solved_at or now
                late = round(worked(decided, ended, run.calendar).total_seconds() / 60)
                breaches.append((late, ticket, run, _reason(ticket, history, decided, run.segment.end or history.solved_at)))
    for promise in sorted({*met, *missed}):
        whole = met[promise] + missed[promise]
        share = round(100 * met[promise] / whole)
        yield ReportRow(section=ReportSection.TARGETS, label=promise, number=met[promise], other=whole, share=share)
    for minutes, ticket, run, reason in sorted(breaches, key=lambda one: (-one[0], one[1].id))[:MOST_BREACHES]:
        yield ReportRow(
            section=ReportSection.BREACHES,
            label=ticket_number(desk.config.desk.prefix, ticket.id),
            number=minutes,
            reason=f"{run.segment.promise.value} {reason}",
            detail=" ".join(ticket.subject.split()),
        )


def _histories(tx: Tx, numbers: Sequence[int]) -> Iterator[tuple[Ticket, ClockHistory]]:
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        histories = clock_histories(tx, batch)
        yield from ((ticket, histories[ticket.id]) for ticket in tx.tickets.get_many(batch) if ticket.id in histories)


def _reason(ticket: Ticket, history: ClockHistory, due_at: datetime, ended_at: datetime | None) -> str:
    """Why a target was missed, as a key: passed-on, untaken, open, late."""
    if sum(change.at <= due_at for change in history.teams) > 1:
        return "passed-on"
    if not ticket.assignee:
        return "untaken"
    return "late" if ended_at is not None else "open"


def _hours(tx: Tx, desk: Desk, teams: Sequence[str], first: date, last: date) -> Iterator[ReportRow]:
    """Minutes worked and charged by agent, on tickets of these teams."""
    done = tx.activities.between(first, last) if teams else []
    tickets = {ticket.id: ticket.team for ticket in tx.tickets.get_many(one.ticket for one in done)}
    spent, charged = Counter[str](), Counter[str]()
    for one in done:
        if tickets.get(one.ticket) in teams and one.activity.kind is WorkKind.WORKED:
            spent[one.activity.agent] += one.activity.minutes
            charged[one.activity.agent] += one.activity.charged
    return _bars(ReportSection.HOURS, [(_title(name, desk.organisation), minutes, charged[name]) for name, minutes in spent.most_common()])


def _ratings(tx: Tx, desk: Desk, teams: Sequence[str], since: datetime, before: datetime) -> Iterator[ReportRow]:
    """Of each team that was rated: how often, how often low, the average of the grades from 1 to 5."""
    grades = tx.ratings.between(since, before)
    for name in teams:
        team, found = desk.organisation.teams[name], [one for one in grades if one.team == name]
        count, lowest = sum(one.count for one in found), (team.ratings or RatingPolicy()).low
        if count:
            average = sum(one.grade * one.count for one in found) / count
            low = sum(one.count for one in found if one.grade <= lowest)
            share = round(100 * average / BEST_GRADE)
            yield ReportRow(
                section=ReportSection.RATINGS, label=team.title, number=count, other=low, share=share, detail=f"{average:.1f}"
            )


def _senders(came: Iterable[CountedTicket], desk: Desk) -> Iterator[ReportRow]:
    """Who wrote most: customers, and requesters who are none."""
    customers = desk.policy.rules.customers
    found = Counter(_customer(desk, one.requester) or one.requester for one in came if one.requester)
    titles = {name: customers.by_name[name].title or name for name in found if name in customers.by_name}
    return _bars(ReportSection.SENDERS, [(titles.get(name, name), count, None) for name, count in found.most_common(MOST_ROWS)])


def _rules(tx: Tx, teams: Sequence[str], since: datetime, before: datetime) -> Iterator[ReportRow]:
    found = Counter(rule for team, rules in tx.volumes.rules(since, before) if team in teams for rule in rules)
    return _bars(ReportSection.RULES, [(rule, count, None) for rule, count in found.most_common(MOST_ROWS)])


def _bars(section: ReportSection, counts: Sequence[tuple[str, int, int | None]]) -> Iterator[ReportRow]:
    longest = max((number for _, number, _ in counts), default=0)
    for label, number, other in counts:
        yield ReportRow(section=section, label=label, number=number, other=other, share=_share(number, longest))


def _share(number: int, longest: int) -> int:
    return round(100 * number / longest) if longest else 0


def _customer(desk: Desk, requester: str) -> str:
    known = desk.policy.rules.customers.of(requester) if requester else None
    return known.name if known else ""


def _title(name: str, organisation: Organisation) -> str:
    agent = organisation.agents.get(name)
    return agent.title if agent else name
