"""Whose turn it is: the counts and the last turn are fetched, an agent is chosen, and the turn is remembered in the same transaction."""

from __future__ import annotations

from datetime import datetime

from mailbridge.organisation.assignment import choose, turn
from mailbridge.organisation.availability import stand_in
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.organisation.model import Organisation, Team
from mailbridge.rules.match import Verdict
from mailbridge.store.tx import Tx

NOBODYS = Team(name="", title="")  # for a ticket whose team was taken out of the YAML: around the clock, in UTC


def wanted_agent(tx: Tx, verdict: Verdict, team: str, organisation: Organisation, now: datetime) -> str:
    """The agent that the rules want for a ticket of this team: the one they name, the deputy of one who is away, or whose turn it is.

    '' where they want nobody, and where nobody of those is there: the team keeps the ticket.
    """
    if verdict.assignee:
        return stand_in(verdict.assignee, organisation.teams.get(lands_with(team, organisation, now), NOBODYS), organisation, now)
    if verdict.assign_by is None:
        return ""
    return next_agent(tx, team, verdict.assign_by, organisation, skill=verdict.skill or "", now=now)


def next_agent(tx: Tx, team: str, by: str, organisation: Organisation, *, skill: str = "", now: datetime) -> str:
    """The agent of the team who gets a ticket now, chosen `by` one of the ways of `desk.assignment`; '' where the team keeps it.

    Other transactions that want a turn of the same kind wait until this one ends, so that two workers never give the same turn twice.
    """
    name = lands_with(team, organisation, now)
    if name not in organisation.teams:
        return ""
    key = turn(name, by, skill)
    last = tx.state.take(key, now) or ""  # before the counts: what whoever held it did is seen then
    chosen = choose(organisation.teams[name], by, organisation, load=tx.tickets.load(), last=last, skill=skill, now=now)
    if chosen:
        tx.state.set(key, chosen, now)
    return chosen
