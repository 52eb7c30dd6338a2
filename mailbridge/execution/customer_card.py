"""What is known of the customer behind a ticket, as agents read it on their mails: contract, device, location, the tickets before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from mailbridge.customers.model import Customer
from mailbridge.customers.terms import terms_in
from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.organisation import transitions
from mailbridge.store.tx import Tx
from mailbridge.tickets.handlers.contracts import CONTRACT, EQUIPMENT, LOCATION, PROJECT
from mailbridge.tickets.model import Ticket

MOST_EARLIER = 3
_LOOKED_AT = 20  # of the requester's latest tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierTicket:
    number: str
    subject: str
    status: str
    at: datetime  # when it was opened


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCard:
    """Titles, not keys; '' for what is not known.  `until`: the last day of the contract.  `person`: who asked, of a task."""

    person: str = ""
    customer: str = ""
    tier: str = ""
    location: str = ""
    contract: str = ""
    until: date | None = None
    project: str = ""
    device: str = ""
    earlier: tuple[EarlierTicket, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()  # words of the customer that the message uses, with their meanings


def customer_card(
    tx: Tx, ticket: Ticket, desk: Desk, language: str, visible: Callable[[Ticket], bool], text: str = ""
) -> CustomerCard | None:
    """The card of the ticket's requester, of a task that of the ticket that it belongs to; None where nothing is known.  `visible`: whether
    the reader may see another ticket.  `text`: of the message that the mail shows."""
    ticket, own = (ticket, ticket) if ticket.requester and ticket.requester.address else (_whole(tx, ticket, visible) or ticket, ticket)
    requester = ticket.requester
    if requester is None or not requester.address:
        return None
    customer = desk.policy.rules.customers.of(requester.address)
    known = _known(ticket, customer) if customer else CustomerCard()
    terms = terms_in(customer.terms, f"{ticket.subject}\n{text}") if customer else ()
    card = replace(known, terms=terms, earlier=_earlier(tx, ticket, own.id, desk, language, visible))
    if own is not ticket:
        card = replace(card, person=requester.name or requester.address)
    return card if card != CustomerCard() else None


def _known(ticket: Ticket, customer: Customer) -> CustomerCard:
    fields = dict(ticket.fields)
    place = customer.locations.get(fields.get(LOCATION, ""))
    contract = customer.contracts.get(fields.get(CONTRACT, ""))
    project = customer.projects.get(fields.get(PROJECT, ""))
    device = next((device for device in customer.equipment if device.serial == fields.get(EQUIPMENT)), None)
    return CustomerCard(
        customer=customer.title or customer.name,
        tier=customer.tier,
        location=(place.title or place.name) if place else "",
        contract=contract.name if contract else "",
        until=contract.until if contract else None,
        project=(project.title or project.name) if project else "",
        device=" ".join(filter(None, (device.model or device.type, device.serial))) if device else "",
    )


def _whole(tx: Tx, task: Ticket, visible: Callable[[Ticket], bool]) -> Ticket | None:
    """The ticket that a task belongs to."""
    above = next((tx.tickets.surviving(number) for relation, number in task.links if relation == "task-of"), None)
    return above if above and visible(above) else None


def _earlier(tx: Tx, ticket: Ticket, but: int, desk: Desk, language: str, visible: Callable[[Ticket], bool]) -> tuple[EarlierTicket, ...]:
    """The latest tickets of the requester besides this one that were not merged into another one."""
    requester = ticket.requester
    latest = tx.tickets.find(requester=requester.address, limit=_LOOKED_AT) if requester else []
    others = [one for one in latest if one.id != but and one.merged_into is None and visible(one)]
    return tuple(
        EarlierTicket(
            number=ticket_number(desk.config.desk.prefix, one.id),
            subject=one.subject,
            status=transitions.status(one.status, desk.organisation).title_in(language),
            at=one.created_at,
        )
        for one in others[:MOST_EARLIER]
    )
