"""Whose turn it is: the counts and the last turn are fetched, an agent is chosen, and the turn is remembered in the same transaction."""

from __future__ import annotations

from datetime import datetime

from mailbridge.desk.assignment import choose, turn
from mailbridge.desk.model import Organisation
from mailbridge.desk.regions import lands_with
from mailbridge.store.tx import Tx


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
