"""How long the work on a ticket will probably take (DK13): what the admin says of its type, else what the desk's own past says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailbridge.organisation.model import Organisation
from mailbridge.tickets.model import Activity, WorkKind

LEAST = 3  # finished tickets without which the past says nothing
BY_TYPE, BY_HISTORY = "type", "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Minutes of work.  `most`: what four of five such tickets did not exceed; None where no past was asked.  `by`: the type, the
    history, or who said it."""

    minutes: int
    by: str
    most: int | None = None


def worked(activities: Iterable[Activity]) -> int:
    """Minutes of work in all; the road is none of it."""
    return sum(activity.minutes for activity in activities if activity.kind is WorkKind.WORKED)


def by_type(type: str, organisation: Organisation) -> Estimate | None:
    minutes = organisation.estimates.get(type)
    return Estimate(minutes=minutes, by=BY_TYPE) if minutes else None


def by_history(of_customer: Sequence[int], of_all: Sequence[int]) -> Estimate | None:
    """From the minutes that finished tickets of the type took: this customer's where they are enough to tell, else everybody's."""
    past = next((minutes for minutes in (of_customer, of_all) if len(minutes) >= LEAST), None)
    if past is None:
        return None
    return Estimate(minutes=max(1, median(past)), most=max(1, percentile(past, 80)), by=BY_HISTORY)


def median(values: Sequence[int]) -> int:
    """The middle one; of two middle ones their mean, halves up.  Raises ValueError where there are none."""
    if not values:
        raise ValueError("no values have no median")
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return (low + high + 1) // 2


def percentile(values: Sequence[int], share: int) -> int:
    """The smallest of the values that at least `share` percent of them do not exceed (nearest rank).  Raises ValueError for none."""
    if not values:
        raise ValueError("no values have no percentile")
    rank = -(-share * len(values) // 100)
    return sorted(values)[max(rank, 1) - 1]
