"""Promises counted: how many were kept and how many broken, by promise and by anything else.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailbridge.sla.why import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`broken` holds those that are overdue and still open, `open` those that are not due yet."""

    kept: int = 0
    broken: int = 0
    open: int = 0

    @property
    def rate(self) -> float | None:
        """The share of the decided promises that were broken, 0..1; None: none is decided."""
        decided = self.kept + self.broken
        return self.broken / decided if decided else None


def tallied(outcomes: Iterable[tuple[tuple[str, ...], Outcome]]) -> Mapping[tuple[str, ...], Tally]:
    """The tally of each key, in the order of the keys."""
    counts: dict[tuple[str, ...], list[int]] = {}
    for key, outcome in outcomes:
        row = counts.setdefault(key, [0, 0, 0])
        match outcome:
            case Outcome.KEPT:
                row[0] += 1
            case Outcome.BROKEN | Outcome.OVERDUE:
                row[1] += 1
            case Outcome.RUNNING | Outcome.STANDS:
                row[2] += 1
    return {key: Tally(kept=kept, broken=broken, open=running) for key, (kept, broken, running) in sorted(counts.items())}
