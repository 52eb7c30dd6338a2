"""How long the work on a ticket will probably take (DK13): from the estimate of its type, else from finished tickets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailbridge.organisation.model import Organisation
from mailbridge.tickets.model import Activity, WorkKind

LEAST = 3  # fewer finished tickets give no estimate
BY_TYPE, BY_HISTORY = "type", "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate in minutes of work.  `most`: the 80th percentile of such tickets; None where the history was not used.  `by`: 'type',
    'history' or the agent who set it."""

    minutes: int
    by: str
    most: int | None = None


def worked(activities: Iterable[Activity]) -> int:
    """Minutes of work in all; travel time is not included."""
    return sum(activity.minutes for activity in activities if activity.kind is WorkKind.WORKED)


def by_type(type: str, organisation: Organisation) -> Estimate | None:
    minutes = organisation.estimates.get(type)
    return Estimate(minutes=minutes, by=BY_TYPE) if minutes else None


def by_history(of_customer: Sequence[int], of_all: Sequence[int]) -> Estimate | None:
    """The estimate from finished tickets of the type: of this customer where there are enough, else of all customers."""
    past = next((minutes for minutes in (of_customer, of_all) if len(minutes) >= LEAST), None)
    if past is None:
        return None
    return Estimate(minutes=max(1, median(past)), most=max(1, percentile(past, 80)), by=BY_HISTORY)


def median(values: Sequence[int]) -> int:
    """The median; of two middle values their mean, halves rounded up.  Raises ValueError for no values."""
    if not values:
        raise ValueError("no values have no median")
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return (low + high + 1) // 2


def percentile(values: Sequence[int], share: int) -> int:
    """The smallest value that at least `share` percent of the values do not exceed (nearest rank).  Raises ValueError for no values."""
    if not values:
        raise ValueError("no values have no percentile")
    rank = -(-share * len(values) // 100)
    return sorted(values)[max(rank, 1) - 1]
