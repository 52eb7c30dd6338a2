"""Chooses the agent of a team for a new ticket.  Pure: counts and the last turn are arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from mailbridge.organisation.availability import Slot, is_at_work, slots
from mailbridge.organisation.follow_the_sun import region_of
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.on_call import on_duty


def choose(team: Team, by: str, organisation: Organisation, *, load: Mapping[str, int], last: str, skill: str, now: datetime) -> str:
    """The name of the agent; '' where nobody is available and the team keeps the ticket.

    `by`: round-robin (the one after `last`), least-loaded (fewest open tickets in `load`), skill (least loaded of those with `skill`, which
    may have a level: `network>=2`), on-duty (the agent on duty; without one the least loaded of those who work now), follow-the-sun (the
    least loaded of those who work now).  A team of regions stands for the region that works.

    An agent who is away gets nothing; the deputy does.  An agent who is off gets nothing while a colleague is at work; at night the first
    three methods still choose, so that the ticket is assigned in the morning.  Equal loads go in turn: the next after `last`.
    """
    team = region_of(team, organisation, now)
    if by == "on-duty" and team.on_call is not None:
        return on_duty(team, organisation, now)
    fit = [slot for slot in slots(team, organisation, now) if by != "skill" or _has(slot.agent, skill, organisation)]
    at_work = [slot for slot in fit if is_at_work(slot.agent, team, organisation, now)]
    chosen = at_work if by in ("on-duty", "follow-the-sun") else at_work or fit
    if not chosen:
        return ""
    distance = _distance(team, last, fit)
    if by == "round-robin":
        return min(chosen, key=distance).agent
    return min(chosen, key=lambda slot: (load.get(slot.agent, 0), distance(slot))).agent


def turn(team: str, by: str, skill: str) -> str:
    """The key of the last turn.  Methods that choose from different people have turns of their own."""
    return f"assigned:{team}" if by == "round-robin" else f"assigned:{team}:{by}:{skill}".rstrip(":")


def asked_level(skill: str) -> tuple[str, int]:
    """`network>=2` as ("network", 2); a skill without a level asks for the first."""
    name, _, level = skill.partition(">=")
    return name.strip(), int(level) if level else 1


def _has(name: str, skill: str, organisation: Organisation) -> bool:
    wanted, level = asked_level(skill)
    return organisation.agents[name].level_of(wanted) >= level


def _distance(team: Team, last: str, fit: list[Slot]) -> Callable[[Slot], int]:
    """The distance of a slot from the last one.  After an agent who left, the first is next."""
    place = {member: number for number, member in enumerate(dict.fromkeys(team.members))}
    last_place = place.get(last, next((place[slot.member] for slot in fit if slot.agent == last), -1))
    return lambda slot: (place[slot.member] - last_place - 1) % len(place)
