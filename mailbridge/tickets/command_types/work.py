"""Commands about work: activities and estimates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.tickets.model import WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWork:
    """Records an activity (DK6).  `billable` None: as the billing policy says."""

    kind: WorkKind
    minutes: int
    day: date
    km: float = 0.0
    place: str = ""
    billable: bool | None = None
    text: str = ""
    start: datetime | None = None  # when it began, where that was said


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectWork:
    """Corrects an activity; 0 minutes delete it."""

    activity: int
    minutes: int
    km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEstimate:
    minutes: int
    by: str = ""  # an agent, or 'type' or 'history' where it was computed
    most: int | None = None  # 80th percentile of such tickets, where the history was used


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHours:
    """Tells that the hour bank of the ticket has passed a level; the fields are those of `HoursAlerted`."""

    bank: str
    level: str
    left: int
    granted: int
    over: int = 0
    until: date | None = None
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseForHours:
    """Stops the clocks of the ticket while this hour bank is empty; '' lets them go on."""

    bank: str


WorkCommand = RecordWork | CorrectWork | SetEstimate | AlertHours | PauseForHours
