"""Assigns tickets in turn: loads counts and the last agent, chooses one, and stores the choice in the same transaction."""

from __future__ import annotations

from datetime import datetime

from mailbridge.organisation.assignment import choose, turn
from mailbridge.organisation.availability import stand_in
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.organisation.model import Organisation, Team
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx

NOBODYS = Team(name="", title="")  # for a ticket whose team is not in the YAML any more: always open, UTC


def wanted_agent(tx: Tx, verdict: Verdict, team: str, organisation: Organisation, now: datetime) -> str:
    """The agent that the rules choose for a ticket of this team: by name, the deputy of one who is away, or the next in turn.

    '' where they choose nobody, or where none of them is available: the team keeps the ticket.
    """
    if verdict.assignee:
        return stand_in(verdict.assignee, organisation.teams.get(lands_with(team, organisation, now), NOBODYS), organisation, now)
    if verdict.assign_by is None:
        return ""
    return next_agent(tx, team, verdict.assign_by, organisation, skill=verdict.skill or "", now=now)


def next_agent(tx: Tx, team: str, by: str, organisation: Organisation, *, skill: str = "", now: datetime) -> str:
    """The agent of the team who gets a ticket now, by one of the methods of `organisation.assignment`; '' where the team keeps it.

    Other transactions of the same kind wait until this one ends, so that two workers never choose the same turn.
    """
    name = lands_with(team, organisation, now)
    if name not in organisation.teams:
        return ""
    key = turn(name, by, skill)
    last = tx.state.take(key, now) or ""  # before the counts, so that they include the work of the last holder of the lock
    chosen = choose(organisation.teams[name], by, organisation, load=tx.tickets.load(), last=last, skill=skill, now=now)
    if chosen:
        tx.state.set(key, chosen, now)
    return chosen
