"""Checks between several values of teams.yaml: addresses, deputies, hand-overs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any

from mailbridge.config import nodes
from mailbridge.config.nodes import Mapping as Table
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.reading import BAD, Reading, Schema
from mailbridge.rules.files.people import AGENT, CHAIN, HOURS, LEVELS, TEAM

Values = Mapping[str, Any]
Days = tuple[date, date, Place]


def check(node: Node | None, values: Any, reading: Reading) -> None:
    """Reports every such error.  Each agent and team is checked alone, so an error in one hides none in another."""
    if values is BAD:
        reading.unknowable.add(LEVELS)
    if not isinstance(node, Table):
        return
    agents, teams, hours = _good(node, "agents", AGENT), _good(node, "teams", TEAM), _good(node, "hours", HOURS)
    _addresses(node, reading)
    for name, about in _entries(node, "agents"):
        if name.text in agents:
            _levels(agents[name.text], name.place, reading)
            _absences(name.text, about, agents, reading)
    for name, about in _entries(node, "teams"):
        _members(about, agents, reading)
        if "rota" in teams.get(name.text, {}):
            _on_call(name.text, about, teams[name.text], agents, reading)
        if "follow" in teams.get(name.text, {}):
            _follow(name.text, about, teams, hours, reading)
    chains = _good(node, "escalations", CHAIN)
    for name, about in _entries(node, "escalations"):
        _steps(about, chains.get(name.text, ()), agents, reading)
    _one_meaning(node, reading)


def _good(node: Table, key: str, schema: Schema) -> dict[str, Any]:
    """The entries of a table without own errors, by name.  The errors of the others are reported already."""
    read = ((name.text, schema.read(about, Reading())) for name, about in _entries(node, key))
    return {name: values for name, values in read if values is not BAD}


def _addresses(node: Table, reading: Reading) -> None:
    """An address must belong to one agent only, else a command in a mail would be ambiguous.  A consultant is no agent."""
    owners: dict[str, str] = {}
    for name, about in (*_entries(node, "agents"), *_entries(node, "consultants")):
        for each in nodes.walk(about):
            if isinstance(each, Scalar) and "@" in each.text:
                owner = owners.setdefault(each.text.lower(), name.text)
                if owner != name.text:
                    reading.mistake(each.place, f'{each.text} is already the address of "{owner}"', "an address belongs to one agent")


def _levels(agent: Values, place: Place, reading: Reading) -> None:
    for skill, level in agent.get("skills", {}).items():
        for reached in range(1, level + 1):
            reading.define(LEVELS, f"{skill}>={reached}", place)


def _absences(name: str, about: Node, agents: Mapping[str, Values], reading: Reading) -> None:
    items = _items(about, "absences")
    absences = zip(agents[name].get("absences", ()), items, strict=True)
    _overlaps([(each["from"], each["to"], item.place) for each, item in absences], "this absence", reading)
    for item in items:
        deputy = item.get("deputy") if isinstance(item, Table) else None
        if isinstance(deputy, Scalar) and deputy.text == name:
            reading.mistake(deputy.place, f'"{name}" cannot stand in for "{name}"', "name somebody else, or nobody")
        elif isinstance(deputy, Scalar) and _observes(deputy, agents):
            reading.mistake(deputy.place, f'"{deputy.text}" only observes and cannot stand in', "a deputy works on tickets")
        elif isinstance(deputy, Scalar) and not agents.get(deputy.text, {}).get("active", True):
            reading.problems.append(deputy.place.problem(f'"{deputy.text}" is not active', "nobody stands in then", warning=True))


def _members(about: Node, agents: Mapping[str, Values], reading: Reading) -> None:
    for name in _names(about.get("members") if isinstance(about, Table) else None):
        if _observes(name, agents):
            reading.mistake(name.place, f'"{name.text}" only observes and cannot be a member', "members are those who work on tickets")


def _observes(name: Scalar, agents: Mapping[str, Values]) -> bool:
    return bool(agents.get(name.text, {}).get("role") == "observer")


def _on_call(team: str, about: Node, values: Values, agents: Mapping[str, Values], reading: Reading) -> None:
    rota = about.get("rota") if isinstance(about, Table) else None
    if not isinstance(rota, Table):
        return
    if "follow" in values:
        reading.mistake(rota.place, '"rota" beside "follow"', "a region of the team has its own rota")
        return
    swaps = _items(rota, "swaps")
    for name in _names(rota.get("rotation"), *(swap.get("agent") for swap in swaps if isinstance(swap, Table))):
        if name.text not in reading.defined.get("agent", {}):
            continue
        if name.text not in values["members"]:
            reading.mistake(name.place, f'"{name.text}" is not a member of "{team}"', f"members: {', '.join(values['members'])}")
        elif not agents.get(name.text, {}).get("active", True):
            reading.problems.append(name.place.problem(f'"{name.text}" is not active', "the next of the rotation stands in", warning=True))
    days = [(each["first"], each["last"], swap.place) for each, swap in zip(values["rota"].get("swaps", ()), swaps, strict=True)]
    _overlaps(days, "this swap", reading)


def _overlaps(days: Sequence[Days], what: str, reading: Reading) -> None:
    """Reports each period of days that overlaps an earlier one."""
    reach: Days | None = None
    for first, last, place in sorted(days, key=lambda each: (each[0], each[2].line, each[2].column)):
        if reach is not None and first <= reach[1]:
            later, earlier = sorted((place, reach[2]), key=lambda each: (each.line, each.column), reverse=True)
            until = min(last, reach[1])
            shared = f"the days {first} to {until}" if first < until else f"the day {first}"
            reading.mistake(later, f"{what} and the one of line {earlier.line} share {shared}", "a day belongs to one of them")
        if reach is None or last > reach[1]:
            reach = first, last, place


def _follow(team: str, about: Node, teams: Mapping[str, Values], hours: Mapping[str, Values], reading: Reading) -> None:
    seen: set[str] = set()
    for name in _names(about.get("follow") if isinstance(about, Table) else None):
        region = teams.get(name.text)
        if name.text == team:
            reading.mistake(name.place, f'"{team}" follows itself', "name the regional teams that it is made of")
        elif name.text in seen:
            reading.mistake(name.place, f'"{name.text}" is named twice')
        elif region is not None and "follow" in region:
            reading.mistake(name.place, f'"{name.text}" is made of regions itself', "name its regions here instead")
        elif region is not None and "hours" not in region:
            reading.mistake(name.place, f'"{name.text}" has no hours, so its day never ends', "without an end nothing is handed over")
        elif region is not None and _never_ends(hours.get(region["hours"], {})):
            reading.mistake(name.place, f'"{name.text}" works around the clock', "without an end of its day nothing is handed over")
        seen.add(name.text)


def _never_ends(hours: Values) -> bool:
    """Whether these hours cover every minute of the week."""
    spans: list[list[tuple[time, time]]] = [[] for _ in range(7)]
    for days, worked in hours.get("week", {}).items():
        for day in days:
            spans[day] += worked
    return all(_whole_day(sorted(day)) for day in spans)


def _whole_day(spans: Sequence[tuple[time, time]]) -> bool:
    reached = time.min
    for opens, closes in spans:
        if opens > reached:
            return False
        reached = max(reached, closes)
    return reached == time.max


def _steps(about: Node, steps: Sequence[Values], agents: Mapping[str, Values], reading: Reading) -> None:
    before: list[Values] = []
    for item, step in zip(about.items if isinstance(about, nodes.Sequence) and steps else (), steps, strict=True):
        if step in before:
            reading.mistake(item.place, "a second step of the same kind", "each step of a chain goes further than the one before")
        before.append(step)
        if isinstance(item, Table) and "level" in step:
            _reached(item, step["skill"], step["level"], agents, reading)
        for name in _names(item.get("agent") if isinstance(item, Table) else None):
            if _observes(name, agents):
                reading.mistake(name.place, f'"{name.text}" only observes and cannot take a ticket', "name somebody who works on tickets")


def _reached(item: Table, skill: str, level: int, agents: Mapping[str, Values], reading: Reading) -> None:
    levels = {name: agent["skills"][skill] for name, agent in agents.items() if skill in agent.get("skills", {})}
    node = item.get("level")
    if levels and node is not None and max(levels.values()) < level:
        best = max(levels, key=lambda name: levels[name])
        reading.mistake(node.place, f'nobody has "{skill}" at level {level}', f"the most is {levels[best]}, of {best}")


def _one_meaning(node: Table, reading: Reading) -> None:
    """Teams, agents, consultants and chains must have different names, because a ticket is escalated to a name."""
    first: dict[str, str] = {}
    for key, kind in (("teams", "team"), ("agents", "agent"), ("consultants", "consultant"), ("escalations", "chain of escalation")):
        for name, _ in _entries(node, key):
            other = first.setdefault(name.text, kind)
            if other != kind and {other, kind} != {"team", "agent"}:
                owner = "an agent" if other == "agent" else f"a {other}"
                reading.mistake(name.place, f'"{name.text}" is the name of {owner} already', "a ticket is escalated to a name alone")


def _entries(node: Table, key: str) -> tuple[tuple[Scalar, Node], ...]:
    table = node.get(key)
    return table.entries if isinstance(table, Table) else ()


def _items(node: Node, key: str) -> tuple[Node, ...]:
    found = node.get(key) if isinstance(node, Table) else None
    return found.items if isinstance(found, nodes.Sequence) else ()


def _names(*given: Node | None) -> Iterator[Scalar]:
    """The words in these, single or in lists."""
    for node in given:
        for each in nodes.walk(node) if node is not None else ():
            if isinstance(each, Scalar):
                yield each
