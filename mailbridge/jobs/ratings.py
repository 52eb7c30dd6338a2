"""Asks customers for a rating where their team does so some time after the end of a request.

The state row has the moment up to which closed tickets were looked at.  It is written in the transaction of the questions, so a restart or
a second daemon asks nobody twice; `RatingAsked` on the ticket holds that as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.store.engine import Store
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.wishes import AskRating
from mailbridge.tickets.requests import Request

STATE_KEY = "ratings"
EVERY = timedelta(minutes=1)
FIRST = timedelta(hours=1)  # how far the first look goes back


def ask_ratings(store: Store, desk: Desk, now: datetime) -> int:
    """Asks the requesters of the tickets whose time has come; how many.  A desk whose teams ask at once, or never, reads nothing."""
    delays = {team.ratings.after for team in desk.organisation.teams.values() if team.ratings and team.ratings.after}
    if not delays:
        return 0
    with store.read() as tx:
        if (last := _last(tx.state.get(STATE_KEY), now)) + EVERY > now:
            return 0
    with store.write() as tx:
        last = _last(tx.state.take(STATE_KEY, now), now)
        due = {number for delay in delays for number in tx.tickets.closed_between(last - delay, now - delay)}
        asked = 0
        for ticket in tx.tickets.get_many(sorted(due)):
            actor, telling = Actor(kind=ActorKind.CLOCK), Telling(answerable=True, in_working_hours=True)
            done = execute(tx, desk, ticket, [Request(commands=(AskRating(),))], actor, now, telling=telling)
            asked += bool(done.decision.events)
        tx.state.set(STATE_KEY, now.isoformat(), now)
    return asked


def _last(state: object, now: datetime) -> datetime:
    return datetime.fromisoformat(state) if isinstance(state, str) else now - FIRST
