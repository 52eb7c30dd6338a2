"""Commands that connect tickets or change what belongs to one: links, merges, splits, tasks, undo, erasure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Links two tickets.  `relation`: related, blocks, blocked-by, duplicates, duplicated-by, task-of, has-task.  The other ticket gets the
    inverse."""

    ticket: int
    relation: str = "related"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Merges this ticket into `into`: mails, people and work move there.  This ticket is closed and redirects to it."""

    into: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Moves `mail` to a new ticket with the reserved number `ticket`.

    In a command as it is written both are 0: `execution.load_context` reserves the number and finds the message that was answered.
    """

    ticket: int
    mail: int
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlaybook:
    """Starts a playbook.  Each task becomes a ticket with one of these reserved numbers."""

    name: str
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Reverts the latest change of this agent to the ticket, by new events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Erases the content of the ticket's mails for good.  The entries of the mails stay."""


RelationCommand = Link | Merge | Split | StartPlaybook | Undo | Erase
