"""The tasks of a playbook: their texts become notes, and their teams are notified."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.message.model import Kind
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.playbooks import Playbook, Task
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision, TicketChange
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.event_types.relations import PlaybookStarted
from mailbridge.tickets.events import Event


def numbered(tx: Tx, started: Collection[str], command: StartPlaybook, organisation: Organisation) -> Command:
    """The command with a reserved number for each task that it opens.  `started`: the playbooks that were started on its ticket."""
    if command.tickets or command.name in started:
        return command
    playbook = organisation.playbooks.get(command.name)
    return replace(command, tickets=tuple(tx.tickets.reserve() for _ in playbook.tasks)) if playbook else command


def with_text(tx: Tx, change: TicketChange, decision: Decision, desk: Desk, now: datetime) -> tuple[TicketChange, int | None]:
    """The change of another ticket.  Where it opens a task, the task's text is stored on it as a note; returns the note's mail id, too."""
    found = _started(decision, desk.organisation).get(change.ticket.id)
    if found is None or not found[1].text:
        return change, None
    playbook, task = found
    note = tx.mails.add(
        StoredMail(
            direction=Direction.IN,
            received_at=now,
            ticket=change.ticket.id,
            sender=desk.config.desk.address,
            sender_name=playbook.title,
            verified=True,
            subject=task.title,
            kind=Kind.HUMAN,
            text=task.text,
            fresh=task.text,
            size=len(task.text.encode()),
            internal=True,
        )
    )
    if note is not None:
        tx.search.add(note, subject=task.title, fresh=task.text, names=[])
    return replace(change, events=tuple(_noted(event, note) for event in change.events)), note


def _started(decision: Decision, organisation: Organisation) -> Mapping[int, tuple[Playbook, Task]]:
    """Number -> task, for all tasks that this decision opened."""
    found: dict[int, tuple[Playbook, Task]] = {}
    for event in decision.events:
        if isinstance(event.what, PlaybookStarted) and (playbook := organisation.playbooks.get(event.what.name)):
            found |= {number: (playbook, task) for number, task in zip(event.what.tasks, playbook.tasks, strict=True)}
    return found


def _noted(event: Event, note: int | None) -> Event:
    return replace(event, mail=note) if isinstance(event.what, MessageAdded) else event
