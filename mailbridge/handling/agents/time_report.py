"""`#report time`: an agent's hours of a week; of a colleague's for managers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.timesheets import timesheet_of
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.notifications.summary import length
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.model import Organisation
from mailbridge.store.tx import Tx
from mailbridge.tickets.timesheet import Sums, Timesheet, TimesheetEntry, week_of

Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetRequest:
    """Whose week: `first` is its Monday.  `others`: a colleague was named by somebody who sees the own hours only."""

    agent: str
    first: date
    others: bool = False


def report_values(tx: Tx, desk: Desk, mail: PlacedMail, words: str) -> Values:
    """What the agent did in the week that the words name: a date or a week like 2026-W47, the one before where they say anything else,
    this one where they say nothing."""
    agent, organisation = mail.agent, desk.organisation
    today = mail.now.astimezone(ZoneInfo(zone_of(agent, organisation))).date()
    asked = asked_for(words, agent, today, organisation)
    customers = desk.policy.rules.customers
    sheet = timesheet_of(tx, customers, asked.first, asked.first + timedelta(days=6), asked.agent)
    who = organisation.agents[asked.agent].title if asked.agent != agent else ""
    return (("who", who), ("others", "yes" if asked.others else ""), *as_values(sheet, desk.config.desk.prefix))


def asked_for(words: str, agent: str, today: date, organisation: Organisation) -> TimesheetRequest:
    """Whose week the words name, for this agent on this day."""
    first, whose, rest = week_of(today)[0], agent, list[str]()
    day: date | None = None
    for word in words.replace(",", " ").split():
        named = word.lower().lstrip("@")
        if named in organisation.agents:
            whose = named
        elif (found := _day(word)) is not None:
            day = found
        else:
            rest.append(word)
    if day is not None:
        first = week_of(day)[0]
    elif rest:
        first -= timedelta(days=7)
    allowed = whose == agent or organisation.agents[agent].manager
    return TimesheetRequest(agent=whose if allowed else agent, first=first, others=not allowed)


def as_values(sheet: Timesheet, prefix: str) -> Values:
    """The sheet for the template: `rows` one an activity, `days` and `customers` one a sum, parted by tabs."""
    return (
        ("first", sheet.first.isoformat()),
        ("last", sheet.last.isoformat()),
        ("worked", length(sheet.total.worked)),
        ("travelled", _road(sheet.total)),
        ("charged", length(sheet.total.charged)),
        ("rows", _table(_row(entry, prefix) for entry in sheet.entries)),
        ("days", _table((day.isoformat(), *_sums(sums)) for day, sums in sheet.by_day)),
        ("customers", _table((customer, *_sums(sums)) for customer, sums in sheet.by_customer)),
    )


def _row(entry: TimesheetEntry, prefix: str) -> tuple[str, ...]:
    done = entry.activity
    what = " ".join(filter(None, (f"{done.km:g} km" if done.km else "", done.place, done.text)))
    spent = length(done.minutes) if done.minutes or not done.km else ""
    return done.day.isoformat(), ticket_number(prefix, entry.ticket), entry.subject, done.kind, spent, what


def _sums(sums: Sums) -> tuple[str, str, str]:
    return length(sums.worked), _road(sums), length(sums.charged)


def _road(sums: Sums) -> str:
    return ", ".join(filter(None, (length(sums.travelled) if sums.travelled else "", f"{sums.km:g} km" if sums.km else "")))


def _day(word: str) -> date | None:
    """A date, or the Monday of an ISO week."""
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
