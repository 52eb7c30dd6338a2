"""What rules by time may ask of a ticket: since when nobody touched it, since when it waits, how soon it is due.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mailbridge.organisation.model import Organisation
from mailbridge.sla.calendar import worked
from mailbridge.sla.history import ClockHistory, Mode
from mailbridge.sla.ladder import OVERDUE
from mailbridge.tickets.deadlines import DUE, hours_of, ticket_deadlines
from mailbridge.tickets.model import Ticket

WORKING = "working"  # after the name of a measure: in working time of the ticket's hours, else by the clock


def ticket_times(ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime) -> Mapping[str, float]:
    """By name in seconds; what the ticket does not have is missing.

    `untouched`, `waiting`: how long; `untouched working`, `waiting working`: the same in working time.  `due`: how long until the first
    target that is open, or the date set by hand, negative where it has passed; `due response` and so on: of one target.
    """
    found: dict[str, float] = {}
    calendar = hours_of(ticket, organisation)
    for name, since in (("untouched", history.touched_at), ("waiting", _waits_since(history))):
        if since is not None:
            found[name] = (now - since).total_seconds()
            found[f"{name} {WORKING}"] = worked(since, now, calendar).total_seconds()
    for promise, at in _due(ticket, history, organisation, now):
        left = (at - now).total_seconds()
        found[f"due {promise}"] = left
        found["due"] = min(left, found.get("due", left))
    return found


def _waits_since(history: ClockHistory) -> datetime | None:
    """When the wait began in which the ticket is; None where it does not wait."""
    since = None
    for change in history.modes:
        since = (since or change.at) if change.mode is Mode.WAITS else None
    return since


def _due(ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime) -> Iterator[tuple[str, datetime]]:
    for one in ticket_deadlines(ticket, history, organisation, now):
        if one.step == OVERDUE or (one.promise == DUE and one.step == DUE):
            yield one.promise, one.due_at
