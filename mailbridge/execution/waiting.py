"""The waiting times that acknowledgements say: measured by a job, stored in one row, read once a minute by each process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mailbridge.notifications.payloads.tickets import Received
from mailbridge.notifications.recipients import team_of
from mailbridge.organisation.model import Organisation
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.waiting import WaitingTimes, said
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_KEY = "waiting-times"
READ_EVERY = timedelta(minutes=1)
OLDEST = timedelta(hours=6)  # older results are not said: the job does not run


class KnownWaitingTimes:
    """What was measured last, as far as this process knows.  A mail costs no statement for it but once in READ_EVERY."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._read: tuple[datetime, WaitingTimes] | None = None

    def __call__(self, tx: Tx) -> WaitingTimes:
        now, known = self._now(), self._read
        if known is None or not timedelta(0) <= now - known[0] < READ_EVERY:
            known = self._read = now, stored(tx, now)
        return known[1]


def stored(tx: Tx, now: datetime) -> WaitingTimes:
    """What was measured last; nothing where that was too long ago."""
    found: Any = tx.state.get(STATE_KEY)
    if not isinstance(found, dict) or abs(now - datetime.fromisoformat(found["at"])) > OLDEST:
        return WaitingTimes()
    groups = {(team, type, priority): minutes for team, type, priority, minutes in found["groups"]}
    return WaitingTimes(groups=groups, behind=frozenset(found["behind"]))


def store(tx: Tx, measured: WaitingTimes, now: datetime) -> None:
    groups = [[*key, minutes] for key, minutes in sorted(measured.groups.items())]
    tx.state.set(STATE_KEY, {"at": now.isoformat(), "groups": groups, "behind": sorted(measured.behind)}, now)


def waits(known: WaitingTimes, ticket: Ticket, organisation: Organisation) -> Received:
    """What the acknowledgement of the ticket says of waiting: nothing, a time, or that the team is behind."""
    team = team_of(ticket, organisation)
    if not team.waiting_time:
        return Received()
    if team.name in known.behind:
        return Received(behind=True)
    minutes = known.of(team.name, ticket.type, ticket.priority)
    if minutes is None:
        return Received()
    time = said(minutes, team.calendar)
    return Received(within=time.count, unit=time.unit, working=time.working)


def calendars_of(organisation: Organisation) -> Mapping[str, Calendar]:
    """The calendars of the teams that say a waiting time."""
    return {team.name: team.calendar for team in organisation.teams.values() if team.waiting_time}
