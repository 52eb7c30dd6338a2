"""`#agenda` and `#plan` without a time: what is planned of an agent, or of the agents of a team, in seven days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.model import ShowAgenda
from mailbridge.notifications.payloads.plans import AgendaList, AgendaRow
from mailbridge.organisation.availability import midnight, zone_of
from mailbridge.store.tx import Tx
from mailbridge.tickets.agenda import BusyTime, planned_time
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees

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


def planned_between(tx: Tx, first: date, end: date, zone: str) -> list[BusyTime]:
    """What is planned from the beginning of the first day to the beginning of the other one, by this clock."""
    return tx.agenda.between(midnight(first, zone), midnight(end, zone))


def agenda_rows(tx: Tx, desk: Desk, found: Sequence[BusyTime], *, reader: str = "") -> tuple[AgendaRow, ...]:
    """The rows of these stretches.  `reader`: an agent who reads them; '' sees all tickets."""
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(one.ticket for one in found)}
    return tuple(_row(one, tickets[one.ticket], desk, reader) for one in found if one.ticket in tickets)


def plan_rows(ticket: Ticket, desk: Desk) -> tuple[AgendaRow, ...]:
    """The plans of the ticket that are not cancelled, by time."""
    kept = sorted((plan for plan in ticket.plans if not plan.cancelled), key=lambda plan: (plan.at, plan.id))
    return tuple(_row(planned_time(ticket.id, plan), ticket, desk, "") for plan in kept)


def _row(one: BusyTime, ticket: Ticket, desk: Desk, reader: str) -> AgendaRow:
    agent, seen = desk.organisation.agents.get(one.agent), not reader or sees(reader, ticket, desk.organisation)
    plan = next((plan for plan in ticket.plans if plan.id == one.plan), None)
    place = ticket.meeting.place if plan is None and ticket.meeting else ""
    return AgendaRow(
        number=ticket_number(desk.config.desk.prefix, ticket.id),
        plan=str(one.plan) if one.plan else "",
        agent=agent.title if agent else one.agent,
        begins_at=one.begins,
        minutes=one.minutes(one.begins, one.ends),
        subject=" ".join(ticket.subject.split()) if seen else "",
        text=plan.text if plan and seen else "",
        place=place if seen else "",
        done=one.done,
    )
