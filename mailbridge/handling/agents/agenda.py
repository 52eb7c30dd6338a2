"""`#agenda` and `#plan` without a time: what is planned of an agent, or of the agents of a team, in seven days."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from mailbridge.execution.agenda_rows import agenda_rows, planned_between
from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.model import ShowAgenda
from mailbridge.notifications.payloads.plans import AgendaList
from mailbridge.organisation.availability import zone_of
from mailbridge.store.tx import Tx

SHOWN = timedelta(days=7)
MOST_ROWS = 60


def agenda_for(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, question: ShowAgenda) -> AgendaList:
    """The answer to the agent who wrote: seven days, by the agent's own clock.  Tickets that the agent may not see have no subject."""
    organisation, zone = desk.organisation, zone_of(mail.agent, desk.organisation)
    first = question.day or mail.now.astimezone(ZoneInfo(zone)).date()
    teams = organisation.teams_of(mail.agent)
    agents = (question.agent,) if question.agent else {m for team in teams for m in organisation.teams[team].members}
    found = [one for one in planned_between(tx, first, first + SHOWN, zone) if one.agent in agents]
    rows = agenda_rows(tx, desk, found[:MOST_ROWS], reader=mail.agent)
    return AgendaList(
        asked=asked,
        who=organisation.agents[question.agent].title if question.agent else "",
        first=first,
        last=first + SHOWN - timedelta(days=1),
        rows=rows,
        more=len(found) - MOST_ROWS if len(found) > MOST_ROWS else None,
    )
