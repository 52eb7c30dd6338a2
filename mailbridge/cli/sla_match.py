"""The output of `mailbridge sla match`: the candidates for a ticket's contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mailbridge.cli.show import print_table, safe
from mailbridge.cli.sla_terms import Terms, line
from mailbridge.cli.sla_terms import as_json as terms_json

if TYPE_CHECKING:
    from mailbridge.customers.contract_match import Candidate, CoverQuestion
    from mailbridge.customers.model import Customer
    from mailbridge.rules.policy import Policy
    from mailbridge.tickets.model import Ticket

WAYS = {
    "match": "the most specific contract",
    "kept": "chosen by a rule or by hand, so it is kept",
}
NO_CONTRACT = "no contract covers it: the targets of rules/sla.yaml apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The candidates among the current contracts, and the contract, targets and calendar that the ticket has."""

    ticket: Ticket
    customer: Customer | None
    question: CoverQuestion
    location: str
    candidates: tuple[Candidate, ...]
    contract: str  # of the ticket, like `sla` and `calendar`
    sla: str
    calendar: str
    terms: Terms  # stored when the contract was chosen

    @property
    def way(self) -> str:
        """`match`: the ticket has the contract and the targets of the best candidate.  `kept`: it has others, which stay."""
        best = self.candidates[0]
        wins = (best.contract.name if best.contract else "", best.sla)
        return "match" if (self.contract, self.sla) == wins else "kept"


def matched(ticket: Ticket, policy: Policy, terms: Terms) -> Matched:
    """The candidates for the day on which the ticket was opened; the contracts of that day apply."""
    from mailbridge.customers.contract_match import candidates, location_of
    from mailbridge.tickets.handlers.contracts import CALENDAR, CONTRACT, question

    customers = policy.rules.customers
    customer = customers.of(ticket.requester.address) if ticket.requester else None
    asked = question(ticket, policy.organisation.day_of(ticket.created_at))
    fields = dict(ticket.fields)
    team = policy.organisation.teams.get(ticket.team)
    return Matched(
        ticket=ticket,
        customer=customer,
        question=asked,
        location=location_of(customer, asked),
        candidates=candidates(customer, asked),
        contract=fields.get(CONTRACT, ""),
        sla=ticket.sla,
        calendar=fields.get(CALENDAR, "") or (team.calendar.name if team else ""),
        terms=terms,
    )


def as_json(found: Matched) -> dict[str, object]:
    asked = found.question
    return {
        "ticket": found.ticket.id,
        "customer": found.customer.name if found.customer else None,
        "day": asked.day,
        "equipment": list(asked.serials),
        "location": found.location,
        "type": asked.type,
        "priority": asked.priority,
        "contract": found.contract or None,
        "sla": found.sla or None,
        "calendar": found.calendar or None,
        "way": found.way,
        "promised": terms_json(found.terms),
        "winner": _candidate(found.candidates[0]),
        "candidates": [_candidate(one) for one in found.candidates],
    }


def _candidate(one: Candidate) -> dict[str, object]:
    contract, line = one.contract, one.line
    return {
        "contract": contract.name if contract else None,
        "label": one.label,
        "sla": one.sla or None,
        "calendar": (contract.calendar or None) if contract else None,
        "names": list(one.names),
        "equipment": list(contract.equipment) if contract else [],
        "locations": list(contract.locations) if contract else [],
        "types": [line.type] if line and line.type else list(contract.types) if contract else [],
        "priority": (line.priority or None) if line else None,
        "won": not one.lost,
        "lost": one.lost or None,
    }


def printed(found: Matched) -> None:
    asked = found.question
    whose = f"{found.customer.title} ({found.customer.name})" if found.customer else "no known customer"
    known = (("device", ", ".join(asked.serials)), ("location", found.location), ("type", asked.type), ("priority", asked.priority))
    click.echo(f"{safe(whose)}, {asked.day}: " + ", ".join(f"{what} {safe(value) or 'not known'}" for what, value in known))
    said = (("contract", found.contract), ("level", found.sla), ("calendar", found.calendar))
    promise = ", ".join(f"{what} {safe(value)}" for what, value in said if value)
    why = NO_CONTRACT if found.way == "match" and not found.contract else WAYS[found.way]
    click.echo(f"on the ticket: {promise or 'no contract'} ({why})")
    if said_of := line(found.terms):
        click.echo(safe(said_of))
    rows = [(one.label, one.sla or "targets" if one.contract is None else one.sla or "-", ", ".join(one.names) or _whole(one),
             one.lost or "wins") for one in found.candidates]  # fmt: skip
    print_table(("CONTRACT", "LEVEL", "FOR", "WHY"), rows, empty="no candidates")


def _whole(one: Candidate) -> str:
    return "customer" if one.contract else "everybody"
