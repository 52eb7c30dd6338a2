"""`#report ratings`: the grades of the last 30 days, of all teams for managers, of the own work for others."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from mailbridge.execution.desk import Desk
from mailbridge.execution.rating_report import LONG, ratings_of
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.notifications.payloads.agents import RatingReport, RatingRow
from mailbridge.organisation.availability import zone_of
from mailbridge.store.tx import Tx


def rating_report(tx: Tx, desk: Desk, mail: PlacedMail, line: str) -> RatingReport:
    """What customers thought of the work since 30 days ago."""
    organisation = desk.organisation
    last = mail.now.astimezone(ZoneInfo(zone_of(mail.agent, organisation))).date()
    whose = "" if organisation.agents[mail.agent].manager else mail.agent
    rows = tuple(
        RatingRow(
            team=organisation.teams[one.team].title if one.team in organisation.teams else one.team,
            agent=organisation.agents[one.agent].title if one.agent in organisation.agents else one.agent,
            count=one.count,
            average=f"{one.average:.1f}",
            grades=" · ".join(f"{grade}: {count}" for grade, count in enumerate(one.counts, start=1) if count),
        )
        for one in ratings_of(tx, organisation, last - LONG, last, agent=whose)
    )
    return RatingReport(asked=line, first=last - LONG, last=last, own=bool(whose), rows=rows)
