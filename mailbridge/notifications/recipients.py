"""Who is to hear of something on a ticket.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.organisation.availability import is_at_work, slots, stand_in
from mailbridge.organisation.follow_the_sun import region_of
from mailbridge.organisation.model import Agent, Organisation, Team, TeamAudience
from mailbridge.organisation.on_call import on_duty
from mailbridge.tickets.model import Role, Ticket
from mailbridge.tickets.permissions import sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    address: str
    name: str = ""
    language: str = ""


def team_of(ticket: Ticket, organisation: Organisation) -> Team:
    """The ticket's team; a team that was taken out of the YAML since falls back to the default one."""
    found = organisation.teams.get(ticket.team) or organisation.teams.get(organisation.default_team)
    return found or Team(name=ticket.team, title=ticket.team)


def customers(ticket: Ticket) -> tuple[Recipient, ...]:
    """The requester, where somebody outside asked, and the participants; people who were merely copied hear nothing until somebody with
    rights agrees."""
    told = (p for p in ticket.participants if p.address and p.role in (Role.REQUESTER, Role.PARTICIPANT))
    return tuple(Recipient(address=p.address, name=p.name, language=p.language or ticket.language) for p in told)


def followers(ticket: Ticket, organisation: Organisation) -> tuple[Recipient, ...]:
    """The agents who follow the ticket and may read it."""
    return agents_named(ticket.followers, ticket, organisation) if ticket.followers else ()


def agents_named(names: tuple[str, ...], ticket: Ticket, organisation: Organisation) -> tuple[Recipient, ...]:
    """These agents themselves, without deputies, as far as they may read the ticket."""
    agents = (organisation.agents[name] for name in names if name in organisation.agents)
    return tuple(_recipient(agent) for agent in agents if sees(agent.name, ticket, organisation))


def whole_team(team: Team, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The team's group address, else its members as the team wants them told; of a team of regions, the region that is on.

    `at` is when they are told, to leave out who is away and tell the deputies; None: nobody is away.  A team hears always: where
    everybody is away, all are told.
    """
    if at is not None and team.follow:
        team = region_of(team, organisation, at)
    if team.address:
        return (Recipient(address=team.address, name=team.title, language=team.language),)
    present = _present(team, organisation, at) if at is not None else ()
    agents = [organisation.agents[name] for name in present or team.members if name in organisation.agents]
    return tuple(_recipient(agent) for agent in agents if agent.active)


def _present(team: Team, organisation: Organisation, at: datetime) -> tuple[str, ...]:
    there = tuple(slot.agent for slot in slots(team, organisation, at))
    if team.told is TeamAudience.EVERYBODY:
        return there
    if on_turn := on_duty(team, organisation, at):
        return (on_turn,)
    return tuple(name for name in there if is_at_work(name, team, organisation, at)) or there


def responsible(ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The agent who has it, the deputy of one who is away, else the whole team."""
    return assigned(ticket, organisation, at) or whole_team(team_of(ticket, organisation), organisation, at)


def assigned(ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The agent who has it, or the deputy of one who is away; nobody where nobody has it or nobody stands in."""
    return _reached((ticket.assignee,), team_of(ticket, organisation), organisation, at)


def team_leads(ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The managers whom teams.yaml names for the ticket's team."""
    team = team_of(ticket, organisation)
    return _reached(team.managers, team, organisation, at)


def desk_managers(ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """All agents with the role manager."""
    every = tuple(agent.name for agent in organisation.agents.values() if agent.manager)
    return _reached(every, team_of(ticket, organisation), organisation, at)


def managers(ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The team's managers, else all managers of the desk, else the whole team: an alert never goes to nobody in silence."""
    return managers_of(team_of(ticket, organisation), organisation, at)


def managers_of(team: Team, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """The same of a team."""
    every = tuple(agent.name for agent in organisation.agents.values() if agent.manager)
    named = _reached(team.managers, team, organisation, at) or _reached(every, team, organisation, at)
    return named or whole_team(team, organisation, at)


def at_level(names: tuple[str, ...], ticket: Ticket, organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """Whom a level of a ladder names: the assignee, the team, the managers, or somebody by name or address; each person once."""
    found: dict[str, Recipient] = {}
    for name in names:
        match name:
            case "assignee":
                told = responsible(ticket, organisation, at)
            case "team":
                told = whole_team(team_of(ticket, organisation), organisation, at)
            case "managers":
                told = managers(ticket, organisation, at)
            case _:
                told = named((name,), organisation, at)
        for one in told:
            found.setdefault(one.address.lower(), one)
    return tuple(found.values())


def named(names: tuple[str, ...], organisation: Organisation, at: datetime | None = None) -> tuple[Recipient, ...]:
    """Agents, teams and plain addresses as a rule names them; a name that was taken out of the YAML since is nobody."""
    anywhere = organisation.teams.get(organisation.default_team) or Team(name="", title="")
    found: list[Recipient] = []
    for name in names:
        if "@" in name:
            found.append(Recipient(address=name))
        elif name in organisation.agents:
            found += _reached((name,), anywhere, organisation, at)
        elif name in organisation.teams:
            found += whole_team(organisation.teams[name], organisation, at)
    return tuple(found)


def _reached(names: tuple[str, ...], team: Team, organisation: Organisation, at: datetime | None) -> tuple[Recipient, ...]:
    """These agents, deputies in the place of those who are away, each once."""
    heard = names if at is None else tuple(stand_in(name, team, organisation, at) for name in names)
    agents = [organisation.agents[name] for name in dict.fromkeys(heard) if name in organisation.agents]
    return tuple(_recipient(agent) for agent in agents if agent.active)


def _recipient(agent: Agent) -> Recipient:
    return Recipient(address=agent.address, name=agent.title, language=agent.language)
