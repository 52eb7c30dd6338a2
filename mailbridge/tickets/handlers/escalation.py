"""Escalation (DK8): up a named chain by skill and level, to a team, an agent or an external consultant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailbridge.config.suggest import nearest
from mailbridge.organisation import transitions
from mailbridge.organisation.availability import is_at_work, is_there
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.people import EscalationChain, EscalationStep
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.escalation import Escalate
from mailbridge.tickets.command_types.values import Assign, SetTeam
from mailbridge.tickets.event_types.escalation import Escalated
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers.people import assign, set_team
from mailbridge.tickets.model import Ticket

_SKILL = re.compile(r"(?P<skill>[^\s>=]+)\s*(?:>?=?\s*(?P<level>\d{1,2}))?")
BY_HAND = ""  # the chain of a ticket that was escalated to a place outside of all chains


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A possible step: its chain, and its level on that chain (from 1)."""

    chain: str
    level: int
    step: EscalationStep


def escalate(ticket: Ticket, command: Escalate, about: CommandContext) -> HandlerResult:
    """Escalates to the given place, or to the next step of the chain that changes team or assignee."""
    if not transitions.is_open(ticket.status, about.organisation):
        return Refusal(reason="is-closed")
    ways = _ways(ticket, command.to.strip(), about.organisation)
    if isinstance(ways, Refusal):
        return ways
    missing = ""
    for way in ways:
        moved = _moved(ticket, way, about)
        if moved:
            return moved
        missing = missing or way.step.skill
    if missing:
        return Refusal(reason="nobody-there", detail=missing)
    return Refusal(reason="end-of-chain", detail=ticket.chain)


def _ways(ticket: Ticket, to: str, organisation: Organisation) -> Iterable[Way] | Refusal:
    """The steps to try, in order."""
    chains = organisation.chains
    if not to:
        chain = _chain_of(ticket, organisation)
        return _from(chain, ticket) if chain else Refusal(reason="no-chain", detail=", ".join(chains))
    if to in chains:
        return _from(chains[to], ticket)
    step = _step(to, organisation)
    if step is None:
        known = [*chains, *organisation.teams, *organisation.agents, *organisation.consultants]
        return Refusal(reason="unknown-escalation", nearest=nearest(to, known), detail=to)
    return [_on_a_chain(step, ticket, organisation)]


def _chain_of(ticket: Ticket, organisation: Organisation) -> EscalationChain | None:
    """The current chain; else the one named like the ticket's type; else the only one with the ticket's team, or the only one."""
    for name in (ticket.chain, ticket.type):
        if name in organisation.chains:
            return organisation.chains[name]
    every = tuple(organisation.chains.values())
    over = tuple(chain for chain in every if any(step.team == ticket.team for step in chain.steps))
    return next((found[0] for found in (over, every) if len(found) == 1), None)


def _from(chain: EscalationChain, ticket: Ticket) -> Iterator[Way]:
    """The rest of the chain for this ticket; the whole chain where the ticket is not on it."""
    done = ticket.level if ticket.chain == chain.name else 0
    for level, step in enumerate(chain.steps[done:], start=done + 1):
        yield Way(chain=chain.name, level=level, step=step)


def _step(to: str, organisation: Organisation) -> EscalationStep | None:
    """The team, agent, consultant (by name or address) or skill (`printers>=2`) with this name."""
    if to in organisation.teams:
        return EscalationStep(team=to)
    if to in organisation.agents and organisation.agents[to].active:
        return EscalationStep(agent=to)
    for name, consultant in organisation.consultants.items():
        if to.lower() in (name.lower(), consultant.address.lower()):
            return EscalationStep(consultant=name)
    asked = _SKILL.fullmatch(to)
    skills = {skill.lower(): skill for agent in organisation.agents.values() for skill in agent.skills}
    if asked and asked["skill"].lower() in skills:
        return EscalationStep(skill=skills[asked["skill"].lower()], level=int(asked["level"] or 1))
    return None


def _on_a_chain(step: EscalationStep, ticket: Ticket, organisation: Organisation) -> Way:
    """The step on the ticket's chain, where it is on it.  Any other place counts as one level further up."""
    chain = _chain_of(ticket, organisation)
    for level, known in enumerate(chain.steps if chain else (), start=1):
        if chain and known == step:
            return Way(chain=chain.name, level=level, step=step)
    return Way(chain=ticket.chain or BY_HAND, level=ticket.level + 1, step=step)


def _moved(ticket: Ticket, way: Way, about: CommandContext) -> list[TicketEvent]:
    """The events of the escalation; none where the ticket is there already, or nobody is available."""
    step = way.step
    if step.consultant:
        return [_escalated(ticket, way, step.consultant, "consultant")]
    if step.team:
        went = set_team(ticket, SetTeam(team=step.team), about)
        kind, to = "team", step.team
    else:
        kind, to = "agent", step.agent or _skilled(ticket, step, about)
        went = assign(ticket, Assign(agent=to), about) if to else []
    if isinstance(went, Refusal) or not went:
        return []
    return [_escalated(ticket, way, to, kind), *(what for what in went if not isinstance(what, Event))]


def _escalated(ticket: Ticket, way: Way, to: str, kind: str) -> Escalated:
    return Escalated(chain=way.chain, before=ticket.level, after=way.level, to=to, kind=kind)


def _skilled(ticket: Ticket, step: EscalationStep, about: CommandContext) -> str:
    """Another agent with the skill at that level who is not away: first those at work, then those of the ticket's team, then those with few
    open tickets, then those with the lowest sufficient level; '' where there is none."""
    organisation = about.organisation
    team = organisation.teams.get(ticket.team) or Team(name="", title="")
    wanted = max(step.level, 1)
    fit = [
        agent
        for agent in organisation.agents.values()
        if agent.name != ticket.assignee
        and agent.level_of(step.skill) >= wanted
        and not agent.observer
        and is_there(agent.name, team, organisation, about.now)
    ]
    chosen = min(
        fit,
        key=lambda agent: (
            not is_at_work(agent.name, team, organisation, about.now),
            agent.name not in team.members,
            about.load.get(agent.name, 0),
            agent.level_of(step.skill),
            agent.name,
        ),
        default=None,
    )
    return chosen.name if chosen else ""
