"""`#report time`: an agent's hours of a week; of a colleague's for managers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.timesheets import timesheet_of
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.dates import MEANT
from mailbridge.notifications.payloads.agents import SumRow, TimeReport, WorkRow
from mailbridge.notifications.summary import length
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.model import Organisation
from mailbridge.store.tx import Tx
from mailbridge.tickets.timesheet import Sums, TimesheetEntry, week_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetRequest:
    """Whose week: `first` is its Monday.  `others`: a colleague was named by somebody who sees the own hours only."""

    agent: str
    first: date
    others: bool = False


def time_report(tx: Tx, desk: Desk, mail: PlacedMail, line: str, words: str) -> TimeReport:
    """What the agent did in the week that the words name: a date or a week like 2026-W47, the one before where they say anything else,
    this one where they say nothing."""
    agent, organisation = mail.agent, desk.organisation
    today = mail.now.astimezone(ZoneInfo(zone_of(agent, organisation))).date()
    asked = asked_for(words, agent, today, organisation)
    customers = desk.policy.rules.customers
    sheet = timesheet_of(tx, customers, asked.first, asked.first + timedelta(days=6), asked.agent)
    who = organisation.agents[asked.agent].title if asked.agent != agent else ""
    prefix = desk.config.desk.prefix
    return TimeReport(
        asked=line,
        first=sheet.first,
        last=sheet.last,
        who=who,
        others=asked.others,
        worked=length(sheet.total.worked),
        travelled=_road(sheet.total),
        charged=length(sheet.total.charged),
        rows=tuple(_row(entry, prefix) for entry in sheet.entries),
        days=tuple(_sums(day.isoformat(), sums) for day, sums in sheet.by_day),
        customers=tuple(_sums(customer, sums) for customer, sums in sheet.by_customer),
    )


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


def _row(entry: TimesheetEntry, prefix: str) -> WorkRow:
    done = entry.activity
    what = " ".join(filter(None, (f"{done.km:g} km" if done.km else "", done.place, done.text)))
    return WorkRow(
        day=done.day.isoformat(),
        number=ticket_number(prefix, entry.ticket),
        subject=" ".join(entry.subject.split()),
        kind=done.kind,
        length=length(done.minutes) if done.minutes or not done.km else "",
        what=" ".join(what.split()),
    )


def _sums(name: str, sums: Sums) -> SumRow:
    return SumRow(name=name, worked=length(sums.worked), travelled=_road(sums), charged=length(sums.charged))


def _road(sums: Sums) -> str:
    return ", ".join(filter(None, (length(sums.travelled) if sums.travelled else "", f"{sums.km:g} km" if sums.km else "")))


def _day(word: str) -> date | None:
    """A date, or the Monday of an ISO week."""
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return None
    return day if day.year in MEANT else None
