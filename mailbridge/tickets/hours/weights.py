"""The cost of an activity: its charged minutes in parts, each with its weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailbridge.customers.hour_terms import Weights

WHOLE = 100  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStretch:
    """Consecutive minutes of work, inside or outside the working hours."""

    minutes: int
    after_hours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedPart:
    """Minutes that cost `percent` of themselves.  `why`: the applied weight: after-hours, travel, urgent, a type of request, or ''."""

    minutes: int
    percent: int = WHOLE
    why: str = ""

    @property
    def seconds(self) -> int:
        return self.minutes * self.percent * 60 // 100


def weighted(
    charged: int, stretches: Iterable[WorkStretch], weights: Weights, *, type: str, travel: bool, urgent: bool
) -> tuple[WeightedPart, ...]:
    """Splits the charged minutes of an activity into parts with their weights.

    `charged` is already rounded.  Minutes added by rounding have the weight of the end of the activity; minutes removed are cut off there.
    """
    parts: list[WeightedPart] = []
    for stretch in _fitted(tuple(stretches), charged):
        percent, why = _heaviest(weights, type, travel=travel, urgent=urgent, after_hours=stretch.after_hours)
        if parts and (parts[-1].percent, parts[-1].why) == (percent, why):
            parts[-1] = WeightedPart(minutes=parts[-1].minutes + stretch.minutes, percent=percent, why=why)
        else:
            parts.append(WeightedPart(minutes=stretch.minutes, percent=percent, why=why))
    return tuple(parts)


def cost(parts: Iterable[WeightedPart]) -> int:
    """The seconds that these parts take from a bank."""
    return sum(part.seconds for part in parts)


def _fitted(stretches: Sequence[WorkStretch], charged: int) -> Iterator[WorkStretch]:
    """The stretches, cut or extended at the end to `charged` minutes in all."""
    left, last = charged, len(stretches) - 1
    for number, stretch in enumerate(stretches):
        minutes = left if number == last else min(left, stretch.minutes)
        left -= minutes
        if minutes:
            yield WorkStretch(minutes=minutes, after_hours=stretch.after_hours)


def _heaviest(weights: Weights, type: str, *, travel: bool, urgent: bool, after_hours: bool) -> tuple[int, str]:
    """The largest applicable weight in percent and its name; (100, '') if none applies."""
    applying = (
        (weights.after_hours if after_hours else None, "after-hours"),
        (weights.urgent if urgent else None, "urgent"),
        (weights.travel if travel else None, "travel"),
        (weights.types.get(type), type),
    )
    found = [(percent, why) for percent, why in applying if percent is not None]
    return max(found, key=lambda one: one[0]) if found else (WHOLE, "")
