"""How work is counted: values of `rules/work.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rounding(StrEnum):
    UP = "up"
    NEAREST = "nearest"  # half a unit goes up


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPolicy:
    """What of the told time is charged.

    `unit`: charged time is a multiple of so many minutes; `minimum`: and at least so much, where anything was done at all.  `billable`:
    whether work is charged, the other way round for tickets of `other_types` and under `other_contracts` (kinds of contract).  `travel`:
    the time on the road is charged where the work is.
    """

    rounding: Rounding = Rounding.UP
    unit: int = 1
    minimum: int = 0
    billable: bool = True
    travel: bool = False
    other_types: frozenset[str] = frozenset()
    other_contracts: frozenset[str] = frozenset()


def charged(minutes: int, policy: WorkPolicy) -> int:
    """The minutes that are charged for `minutes` of work: rounded to the unit, at least the minimum; nothing for nothing."""
    if minutes <= 0:
        return 0
    half = policy.unit - 1 if policy.rounding is Rounding.UP else policy.unit // 2
    rounded = (minutes + half) // policy.unit * policy.unit
    return max(rounded, policy.minimum)
