"""Lists of tasks that are started together: what rules/playbooks.yaml says.  Values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

TASK_OF, HAS_TASK = "task-of", "has-task"  # what the two tickets are to each other
TASK_CHANNEL = "playbook"  # how a task came to the desk: nobody outside asked for it


class TaskRole(StrEnum):
    """Somebody who is known only when the playbook starts."""

    ASSIGNEE = "assignee"  # who has the ticket that it was started on
    MANAGER = "manager"  # the first manager of that ticket's team


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One ticket of a playbook.  Empty `team`: that of the ticket it was started on; `due` in working time of the task's team."""

    title: str
    team: str = ""
    assignee: str = ""
    role: TaskRole | None = None
    due: timedelta | None = None
    type: str = ""
    priority: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    name: str
    title: str
    tasks: tuple[Task, ...]
