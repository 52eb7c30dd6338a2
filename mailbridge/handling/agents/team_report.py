"""`#report team`, `queue`, `me`, `customers`: the numbers that also come by schedule, for this agent now; `again`: one is resumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailbridge.execution.desk import Desk
from mailbridge.execution.subscriptions import switch
from mailbridge.execution.team_reports import Reader, customers_report, own_report, queue_report, week_report
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.model import ReportArgument, ReportWish, ReportWord
from mailbridge.notifications.payloads.reports import Report
from mailbridge.organisation.availability import zone_of
from mailbridge.store.tx import Tx
from mailbridge.tickets.timesheet import week_of

_WEEK = timedelta(days=7)


def team_report(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, question: ReportArgument) -> Report | None:
    """The report; None where the line resumes one that comes by schedule, which is confirmed by a mail of its own."""
    organisation, agent = desk.organisation, mail.agent
    if question.word is ReportWord.AGAIN:
        switch(tx, desk, organisation.agents[agent], question.name, mail.now, on=True)
        return None
    zone = zone_of(agent, organisation)
    first, last = days(question, mail.now.astimezone(ZoneInfo(zone)).date())
    reader = Reader(agent=agent, zone=zone)
    teams = question.teams or organisation.teams_of(agent) or tuple(organisation.teams)
    match question.word:
        case ReportWord.TEAM:
            report = week_report(tx, desk, teams, reader, first, last, mail.now)
        case ReportWord.QUEUE:
            report = queue_report(tx, desk, teams, reader, mail.now)
        case ReportWord.ME:
            report = own_report(tx, desk, agent, first, last, mail.now, zone)
        case ReportWord.CUSTOMERS:
            report = customers_report(tx, desk, reader, first, last, mail.now)
    return replace(report, asked=asked)


def days(question: ReportArgument, today: date) -> tuple[date, date]:
    """The week that is meant, from its Monday to its Sunday; of this week the days until today."""
    first, last = week_of(question.day if question.wish is ReportWish.DAY and question.day else today)
    return (first - _WEEK, last - _WEEK) if question.wish is ReportWish.LAST else (first, min(last, max(first, today)))
