"""An agent leaves: open tickets, plans, follows and what waits for the agent go to somebody else, and nothing proves the agent any more.

Each ticket is changed by the usual commands, so its history explains the change and `#undo` takes it back.  What stands in the files is
named with its place: an operator removes it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.wishes import OF_SENDERS, WishId, WishKind
from mailbridge.sla.zones import wall
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.command_types.escalation import ReassignApproval
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.command_types.values import Assign, SetTeam
from mailbridge.tickets.command_types.wishes import Follow, Mute
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.escalation import ApprovalReassigned
from mailbridge.tickets.model import Approval, ApprovalKind, Ticket
from mailbridge.tickets.requests import Request

AHEAD = timedelta(days=3 * 366)  # in which planned work is looked for
SLICE = 200  # open tickets that are read at once
FOR_GOOD = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was handed over.  `approvals`: tickets where somebody else decides about requests now.  `undecided`: those where nobody can.
    `refused`: '' or the key of the reason."""

    refused: str = ""
    tickets: tuple[int, ...] = ()
    plans: tuple[int, ...] = ()
    follows: tuple[int, ...] = ()
    approvals: tuple[int, ...] = ()
    undecided: tuple[int, ...] = ()
    pairings: int = 0
    wishes: int = 0


def refusal(name: str, to: str, organisation: Organisation) -> str:
    """Why nothing can be handed over like that; '' where it can."""
    if name not in organisation.agents:
        return "unknown-agent"
    if not to or to in organisation.teams:
        return ""
    heir = organisation.agents.get(to)
    if heir is None:
        return "unknown-agent"
    return "own-deputy" if to == name else "only-observes" if heir.observer else "inactive" if not heir.active else ""


def leave(tx: Tx, desk: Desk, name: str, to: str, actor: Actor, now: datetime) -> Left:
    """Hands over to `to`, an agent or a team; '' gives each ticket back to its team."""
    desk = desk.at(tx)
    organisation = desk.organisation
    if reason := refusal(name, to, organisation):
        return Left(refused=reason)
    heir = to if to in organisation.agents else ""
    tickets, plans, follows = list[int](), list[int](), list[int]()
    approvals, undecided = list[int](), list[int]()
    for ticket in _concerned(tx, name, now):
        commands = _commands(ticket, name, to, heir, now)
        if ticket.assignee == name:
            tickets.append(ticket.id)
        if any(isinstance(command, PlanWork | CancelPlan) for command in commands):
            plans.append(ticket.id)
        if name in ticket.followers:
            follows.append(ticket.id)
        requests = [Request(commands=(command,)) for command in commands]
        if requests:
            done = execute(tx, desk, ticket, requests, actor, now, telling=Telling(answerable=False))
            asked = {command.approval for command in commands if isinstance(command, ReassignApproval)}
            taken = {event.what.approval for event in done.decision.events if isinstance(event.what, ApprovalReassigned)}
            approvals += [ticket.id] if asked & taken else []
            undecided += [ticket.id] if asked - taken else []
    pairings = tx.pairings.end(name, now)
    tx.web_sessions.end_all(name, now)
    wishes = _end_wishes(tx, desk, name, heir, actor, now)
    return Left(
        tickets=tuple(tickets),
        plans=tuple(plans),
        follows=tuple(follows),
        approvals=tuple(approvals),
        undecided=tuple(undecided),
        pairings=pairings,
        wishes=wishes,
    )


def _concerned(tx: Tx, name: str, now: datetime) -> list[Ticket]:
    """The open tickets that have to do with the agent."""
    planned = {one.ticket for one in tx.agenda.between(now, now + AHEAD, name)}
    found, last = list[Ticket](), 0
    while ids := tx.tickets.open_after(last, SLICE):
        last = ids[-1]
        found += [ticket for ticket in tx.tickets.get_many(ids) if ticket.id in planned or _names(ticket, name)]
    return sorted(found, key=lambda ticket: ticket.id)


def _names(ticket: Ticket, name: str) -> bool:
    waits = any(_decides(name, approval) for approval in ticket.approvals)
    return ticket.merged_into is None and (ticket.assignee == name or name in ticket.followers or name in ticket.muted or waits)


def _decides(name: str, approval: Approval) -> bool:
    """Whether the agent is among those who decide, perhaps from the reminder on.  A confirmation is its author's alone."""
    return approval.kind is ApprovalKind.APPROVAL and name in (*approval.approvers, *approval.deputies)


def _commands(ticket: Ticket, name: str, to: str, heir: str, now: datetime) -> list[Command]:
    commands: list[Command] = []
    if ticket.assignee == name and to and not heir and ticket.team != to:
        commands.append(SetTeam(team=to))
    if ticket.assignee == name:
        commands.append(Assign(agent=heir))
    for plan in ticket.plans:
        if plan.agent == name and plan.is_open:
            moves = bool(heir) and plan.at > now
            commands.append(PlanWork(plan=plan.id, agent=heir) if moves else CancelPlan(plan=plan.id))
    waiting = (approval for approval in ticket.approvals if _decides(name, approval))
    commands += [ReassignApproval(approval=approval.id, of=name, to=heir) for approval in waiting]
    if name in ticket.followers:
        commands += [Follow(agent=heir)] if heir else []
        commands.append(Follow(agent=name, on=False))
    if name in ticket.muted:
        commands.append(Mute(agent=name, on=False))
    return commands


def _end_wishes(tx: Tx, desk: Desk, name: str, heir: str, actor: Actor, now: datetime) -> int:
    """Ends the wishes of the agent, who is away for good: `heir` stands in for what the files still give to the agent."""
    organisation = desk.organisation
    ended = [wish.id for wish in organisation.wishes.of(name) if wish.id.kind not in OF_SENDERS]
    today = wall(now, zone_of(name, organisation)).date()
    away = (("from", today.isoformat()), ("to", FOR_GOOD.isoformat()), *((("deputy", heir),) if heir else ()))
    tx.wishes.add([*((id.key, None) for id in ended), (WishId(kind=WishKind.LEFT, person=name).key, away)], actor, now)
    return len(ended)


def come_back(tx: Tx, desk: Desk, name: str, actor: Actor, now: datetime) -> bool:
    """Whether the agent had left: the absence for good is ended.  What was handed over stays where it is."""
    tx.wishes.lock(now)
    id = WishId(kind=WishKind.LEFT, person=name)
    left = id in desk.at(tx).organisation.wishes.all
    if left:
        tx.wishes.add([(id.key, None)], actor, now)
    return left


def places(name: str, files: Mapping[str, str]) -> list[str]:
    """Where the files name the agent: `rules/teams.yaml:12: members: [bogdan, clara]`."""
    word = re.compile(rf"(?<![\w@.-]){re.escape(name)}(?![\w@-])")
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in sorted(files.items())
        if path.endswith((".yaml", ".yml"))
        for number, line in enumerate(text.splitlines(), start=1)
        if word.search(line.partition(" #")[0])
    ]
