"""Starts a playbook: each task becomes a ticket that is linked to this one.

Tasks are work between agents.  Customers get no notifications about them.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.config.suggest import nearest
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Team
from mailbridge.organisation.playbooks import HAS_TASK, TASK_CHANNEL, TASK_OF, Playbook, Task, TaskRole
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import due
from mailbridge.tickets.command_context import CommandContext, HandlerResult, on, unknown
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.relations import Linked, PlaybookStarted
from mailbridge.tickets.event_types.values import AssigneeChanged, DueSet, TypeChanged
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Participant, Ticket


def start(ticket: Ticket, command: StartPlaybook, about: CommandContext) -> HandlerResult:
    """Opens each task with its reserved number.  A playbook starts once on a ticket; the second time it does nothing."""
    playbook = about.organisation.playbooks.get(command.name)
    if playbook is None:
        return unknown("unknown-playbook", nearest(command.name, about.organisation.playbooks), about.organisation.playbooks)
    if command.name in ticket.playbooks:
        return []
    happened: list[TicketEvent | Event] = [PlaybookStarted(name=playbook.name, tasks=command.tickets)]
    for number, task in zip(command.tickets, playbook.tasks, strict=True):
        happened.append(Linked(relation=HAS_TASK, ticket=number))
        happened += [on(number, what, about) for what in _opened(ticket, playbook, task, about)]
    return happened


def _opened(ticket: Ticket, playbook: Playbook, task: Task, about: CommandContext) -> Iterable[TicketEvent]:
    organisation = about.organisation
    team = task.team or ticket.team
    yield TicketOpened(
        subject=task.title,
        requester=Participant(address="", name=playbook.title),
        status=transitions.NEW,
        priority=Priority(task.priority) if task.priority else ticket.priority,
        team=team,
        channel=TASK_CHANNEL,
        rules_version=ticket.rules_version,
    )
    if task.text:
        yield MessageAdded(author=playbook.title, internal=True)
    if task.type:
        yield TypeChanged(before="", after=task.type)
    if assignee := _assignee(ticket, task, about):
        yield AssigneeChanged(before="", after=assignee)
    if task.due is not None:
        calendar = (organisation.teams.get(team) or Team(name="", title="")).calendar
        yield DueSet(before=None, after=due(about.now, calendar, task.due))
    yield Linked(relation=TASK_OF, ticket=ticket.id)


def _assignee(ticket: Ticket, task: Task, about: CommandContext) -> str:
    """The assignee of the task; '' where that agent is not active any more."""
    organisation = about.organisation
    match task.role:
        case TaskRole.ASSIGNEE:
            name = ticket.assignee
        case TaskRole.MANAGER:
            name = next(iter((organisation.teams.get(ticket.team) or Team(name="", title="")).managers), "")
        case None:
            name = task.assignee
    agent = organisation.agents.get(name)
    return name if agent is not None and agent.active else ""
