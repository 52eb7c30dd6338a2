"""Who is to hear of something on a ticket.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.desk.model import Agent, Organisation, Role, Team, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    address: str
    name: str = ""
    language: str = ""


def team_of(ticket: Ticket, organisation: Organisation) -> Team:
    """The ticket's team; a team that was taken out of the YAML since falls back to the default one."""
    nameless = Team(name=ticket.team, title=ticket.team)
    return organisation.teams.get(ticket.team) or organisation.teams.get(organisation.default_team) or nameless


def customers(ticket: Ticket) -> tuple[Recipient, ...]:
    """The requester and the participants; people who were merely copied hear nothing until somebody with rights agrees."""
    told = (p for p in ticket.participants if p.role in (Role.REQUESTER, Role.PARTICIPANT))
    return tuple(Recipient(address=p.address, name=p.name, language=p.language or ticket.language) for p in told)


def whole_team(team: Team, organisation: Organisation) -> tuple[Recipient, ...]:
    """The team's group address, else each active member."""
    if team.address:
        return (Recipient(address=team.address, name=team.title, language=team.language),)
    members = (organisation.agents[name] for name in team.members if name in organisation.agents)
    return tuple(_agent(agent) for agent in members if agent.active)


def responsible(ticket: Ticket, organisation: Organisation) -> tuple[Recipient, ...]:
    """The agent who has it, else the whole team."""
    agent = organisation.agents.get(ticket.assignee)
    return (_agent(agent),) if agent and agent.active else whole_team(team_of(ticket, organisation), organisation)


def managers(ticket: Ticket, organisation: Organisation) -> tuple[Recipient, ...]:
    """The team's managers, else all managers of the desk, else the whole team: an alert never goes to nobody in silence."""
    team = team_of(ticket, organisation)
    named = [organisation.agents[name] for name in team.managers if name in organisation.agents]
    chosen = [a for a in named if a.active] or [a for a in organisation.agents.values() if a.manager and a.active]
    return tuple(_agent(agent) for agent in chosen) or whole_team(team, organisation)


def _agent(agent: Agent) -> Recipient:
    return Recipient(address=agent.address, name=agent.title, language=agent.language)


def named(names: tuple[str, ...], organisation: Organisation) -> tuple[Recipient, ...]:
    """Agents, teams and plain addresses as a rule names them; a name that was taken out of the YAML since is nobody."""
    found: list[Recipient] = []
    for name in names:
        if "@" in name:
            found.append(Recipient(address=name))
        elif name in organisation.agents and organisation.agents[name].active:
            found.append(_agent(organisation.agents[name]))
        elif name in organisation.teams:
            found += whole_team(organisation.teams[name], organisation)
    return tuple(found)
