"""Events about work: activities and estimates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.model import Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecorded:
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCorrected:
    before: Activity
    after: Activity | None  # None: deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    before: int | None
    after: int
    by: str
    most: int | None = None  # 80th percentile of such tickets, where the history was used


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursAlerted:
    """The hour bank of the ticket has passed a level: '80' or '100' percent, 'over'.  Minutes.  `until`: the last day of the hours that
    expire first.  `customer`: who hears of it at the customer's; '*': the people of the ticket, '': nobody."""

    bank: str
    level: str
    left: int
    granted: int
    over: int = 0
    until: date | None = None
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRanOut:
    """The clocks of the ticket stand because this hour bank is empty; '': they go on."""

    bank: str


WorkEvent = WorkRecorded | WorkCorrected | EstimateSet | HoursAlerted | HoursRanOut

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("work_recorded", "WorkRecorded", WorkRecorded),
    stored_event("work_corrected", "WorkCorrected", WorkCorrected),
    stored_event("estimate_set", "EstimateSet", EstimateSet),
    stored_event("hours_alerted", "HoursAlerted", HoursAlerted),
    stored_event("hours_ran_out", "HoursRanOut", HoursRanOut),
)
