"""Handlers for the assignee, the team and the participants of a ticket."""

from __future__ import annotations

from mailbridge.config.suggest import nearest
from mailbridge.organisation import transitions
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.organisation.model import CHANNELS
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal, unknown
from mailbridge.tickets.command_types.people import AddParticipant, RemoveParticipant, RevokeAddresses, SetRequester
from mailbridge.tickets.command_types.values import Assign, SetChannel, SetTeam
from mailbridge.tickets.event_types.people import AddressesRevoked, ParticipantAdded, ParticipantRemoved, RequesterChanged
from mailbridge.tickets.event_types.values import AssigneeChanged, ChannelChanged, FieldSet, TeamChanged
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.handlers.risks import is_list
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.model import FOLLOW, Participant, Role, Ticket


def assign(ticket: Ticket, command: Assign, about: CommandContext) -> HandlerResult:
    name, agents = command.agent, about.organisation.agents
    agent = agents.get(name)
    if name and (agent is None or not agent.active):
        return Refusal(reason="unknown-agent", detail=name, nearest=nearest(name, agents))
    if agent is not None and agent.observer:
        return Refusal(reason="only-observes", detail=agent.title)
    happened: list[TicketEvent] = [] if name == ticket.assignee else [AssigneeChanged(before=ticket.assignee, after=name)]
    if name and ticket.status == transitions.NEW:
        happened += moved(ticket, transitions.OPEN, about.organisation)
    return happened


def set_team(ticket: Ticket, command: SetTeam, about: CommandContext) -> HandlerResult:
    name, teams = command.team, about.organisation.teams
    if name not in teams:
        return Refusal(reason="unknown-team", nearest=nearest(name, teams))
    lands = lands_with(name, about.organisation, about.now)
    follows = name if lands != name else ""  # a region that is named directly keeps the ticket
    happened: list[TicketEvent] = [] if follows == ticket.follow else [FieldSet(name=FOLLOW, value=follows)]
    if lands == ticket.team:
        return happened
    happened.append(TeamChanged(before=ticket.team, after=lands))
    if ticket.assignee and ticket.assignee not in teams[lands].members:
        happened.append(AssigneeChanged(before=ticket.assignee, after=""))
    return happened


def add_participant(ticket: Ticket, command: AddParticipant, about: CommandContext) -> HandlerResult:
    if _is_own(command.address, about):
        return Refusal(reason="own-address", detail=command.address)
    known = ticket.participant(command.address)
    if known is not None and known.role is not Role.MENTIONED:
        return []
    return [ParticipantAdded(participant=Participant(address=command.address, name=known.name if known else "", role=Role.PARTICIPANT))]


def remove_participant(ticket: Ticket, command: RemoveParticipant, about: CommandContext) -> HandlerResult:
    known = ticket.participant(command.address)
    if known is None:
        return Refusal(reason="not-on-ticket", nearest=nearest(command.address, [p.address for p in ticket.participants]))
    if known.role is Role.REQUESTER:
        return Refusal(reason="is-requester", detail=known.address)
    return [ParticipantRemoved(address=known.address)]


def revoke_addresses(ticket: Ticket, command: RevokeAddresses, about: CommandContext) -> HandlerResult:
    known = ticket.participant(command.address)
    if known is None:
        return Refusal(reason="not-on-ticket", nearest=nearest(command.address, [p.address for p in ticket.participants]))
    return [AddressesRevoked(address=known.address)]


def set_requester(ticket: Ticket, command: SetRequester, about: CommandContext) -> HandlerResult:
    if _is_own(command.address, about):
        return Refusal(reason="own-address", detail=command.address)
    before = ticket.requester
    if before is not None and before.address.lower() == command.address.lower():
        return []
    known = ticket.participant(command.address)
    name = command.name or (known.name if known else "")
    after = Participant(address=command.address, name=name, role=Role.REQUESTER, language=known.language if known else "")
    changed: list[TicketEvent] = [RequesterChanged(before=before.address if before else "", after=after)]
    if before is not None and (about.organisation.agent_of(before.address) is not None or is_list(ticket, before.address)):
        changed.append(ParticipantRemoved(address=before.address))  # the former requester was an agent or a list, not a customer
    return changed


def set_channel(ticket: Ticket, command: SetChannel, about: CommandContext) -> HandlerResult:
    """Sets how the customer reached the desk.  Tickets from an archive keep their channel, because they have no SLA targets."""
    if command.channel not in CHANNELS or ticket.channel not in CHANNELS:
        return unknown("unknown-channel", nearest(command.channel, CHANNELS), CHANNELS)
    return [] if command.channel == ticket.channel else [ChannelChanged(before=ticket.channel, after=command.channel)]


def _is_own(address: str, about: CommandContext) -> bool:
    """Whether mail to this address comes back to the desk, with or without +detail."""
    local, _, domain = address.lower().rpartition("@")
    groups = {team.address.lower() for team in about.organisation.teams.values()}
    return f"{local.partition('+')[0]}@{domain}" in about.own_addresses or address.lower() in groups
