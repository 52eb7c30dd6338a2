"""The keys of playbooks.yaml: lists of tasks that a rule or a command starts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Choice, Name, Text
from mailbridge.config.schema import Key, Many, Record, Table
from mailbridge.organisation.playbooks import Playbook, Task, TaskRole
from mailbridge.organisation.priority import Priority
from mailbridge.rules.files.scalars import WORD, WORKING

MOST_TASKS = 50
MAX_TITLE = 200


def _title(text: str) -> str:
    if not text.strip() or "\n" in text or len(text) > MAX_TITLE:
        raise Wrong("a title is one line of words", f"at most {MAX_TITLE} characters")
    return text.strip()


def _task_of(values: dict[str, Any]) -> Task:
    if "assignee" in values and "role" in values:
        raise Wrong('"role" beside "assignee"', "a task is one agent's: name the agent, or say what the agent is")
    role = values.get("role")
    return Task(
        title=values["title"],
        team=values.get("team", ""),
        assignee=values.get("assignee", ""),
        role=TaskRole(role) if role else None,
        due=values.get("due"),
        type=values.get("type", ""),
        priority=values.get("priority", ""),
        text=values.get("text", ""),
    )


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    if len(values["tasks"]) > MOST_TASKS:
        raise Wrong(f"a playbook of {len(values['tasks'])} tasks", f"at most {MOST_TASKS}")
    return values


TASK = Record(
    what="a task",
    keys={
        "title": Key(schema=Text(what="a title", parse=_title), required=True, about="the subject of the task's ticket"),
        "team": Key(schema=Name(kind="team"), about="the team that gets it; without it, the one of the ticket it is started on"),
        "assignee": Key(schema=Name(kind="agent"), about="the agent who gets it"),
        "role": Key(
            schema=Choice(what="role", words=tuple(TaskRole)), about="who has the ticket that it is started on, or the manager of its team"
        ),
        "due": Key(schema=WORKING, about="when it is to be done, in working time of the task's team from the start"),
        "type": Key(schema=Name(kind="type"), about="the type of request"),
        "priority": Key(schema=Choice(what="priority", words=tuple(Priority)), about="without it, that of the ticket it is started on"),
        "text": Key(schema=Text(), about="what is to be done, for the agent"),
    },
    make=_task_of,
)
PLAYBOOK = Record(
    what="a playbook",
    keys={
        "title": Key(schema=Text(what="a title", parse=_title), about="how people read it; without it, its name"),
        "tasks": Key(schema=Many(of=TASK, what="a list of tasks", strict=True, least=1), required=True, about="each becomes a ticket"),
    },
    make=_bounded,
)
PLAYBOOKS_FILE = Record(
    what="playbooks.yaml",
    keys={"playbooks": Key(schema=Table(what="playbooks", key=WORD, of=PLAYBOOK, defines="playbook"), about="lists of tasks by name")},
)


def playbooks(values: Mapping[str, Any]) -> Mapping[str, Playbook]:
    """The playbooks by name."""
    found: Mapping[str, Mapping[str, Any]] = values.get("playbooks", {})
    return {name: Playbook(name=name, title=about.get("title", name), tasks=about["tasks"]) for name, about in found.items()}
