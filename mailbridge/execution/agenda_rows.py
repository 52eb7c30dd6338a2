"""Planned work and appointments as rows of a list: of agents on days, and of a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.notifications.payloads.plans import AgendaRow
from mailbridge.organisation.availability import midnight
from mailbridge.store.tx import Tx
from mailbridge.tickets.agenda import BusyTime, planned_time
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees


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
