"""What the clocks of a ticket need to know of its past, as values: moments of messages, answers, statuses and teams.  Pure.

All moments are aware UTC, and each tuple is in order of time, whatever the order in which the desk heard of them.  A mail counts from its
arrival at the mail server, so a mail that is read late lies before what was read earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailbridge.sla.calendar import Calendar


class Mode(StrEnum):
    """What the status of a ticket means for its clocks."""

    RUNS = "runs"
    WAITS = "waits"  # for the customer or for others
    SOLVED = "solved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A public answer of the desk.  `failed_at`: when its delivery to the customer finally failed; None: it reached the customer."""

    at: datetime
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChange:
    """From `at` on the ticket has this status."""

    at: datetime
    mode: Mode
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChange:
    """From `at` on the ticket is this team's."""

    at: datetime
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """A run of a clock as it ended, which no later change of rules, contracts or calendars rewrites.

    `promise`: the name of the clock.  `team`: of a team's clock.  `standing`: when the clock stood, each with reason and status.  `due_at`:
    None where the clock stood until the end.  `calendar`: as it was then.
    """

    promise: str
    start: datetime
    end: datetime
    budget: timedelta
    calendar: Calendar
    due_at: datetime | None
    team: str = ""
    standing: tuple[tuple[datetime, datetime | None, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyBank:
    """A time in which the hour bank of the ticket was empty and its contract stops the clocks then.  `end` None: it still is."""

    start: datetime
    end: datetime | None
    bank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockHistory:
    """`opened_at`: when the clocks start.  `heard_at`: when the desk heard of the ticket, later where an agent passed a request on.
    `asked`: the customer's messages.  `modes`: each change of status after the opening.  `teams`: first the team at the opening.
    `arrived_at`: when somebody first travelled to the customer.  `touched_at`: when a person last did something on the ticket.
    `finished`: the runs that are kept as they ended.  `empty`: when an empty hour bank stopped the clocks."""

    opened_at: datetime
    heard_at: datetime
    asked: tuple[datetime, ...] = ()
    answers: tuple[Answer, ...] = ()
    modes: tuple[ModeChange, ...] = ()
    teams: tuple[TeamChange, ...] = ()
    arrived_at: datetime | None = None
    touched_at: datetime | None = None
    finished: tuple[FinishedRun, ...] = ()
    empty: tuple[EmptyBank, ...] = ()

    @property
    def solved_at(self) -> datetime | None:
        """When the ticket was solved the last time; None: it is open."""
        if not self.modes or self.modes[-1].mode is not Mode.SOLVED:
            return None
        since = self.modes[-1].at
        for change in reversed(self.modes):
            if change.mode is not Mode.SOLVED:
                break
            since = change.at
        return since
