"""The ladder of a target: levels at shares of its time, or so much working time before or after its end.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

OVERDUE = "overdue"  # the step of the moment at which the promise is due
_STEP = re.compile(r"(?P<share>\d{1,4})%(?: #\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A moment of a run: `share` of the time of the target, plus `offset` of working time, which is negative before the end."""

    share: float = 1.0
    offset: timedelta = timedelta(0)

    @property
    def is_end(self) -> bool:
        return self.share == 1.0 and not self.offset

    def budget(self, promised: timedelta) -> timedelta | None:
        """The working time from the start of the run to this moment; None where it would lie before the start."""
        wanted = promised * self.share + self.offset
        return wanted if wanted > timedelta(0) else None

    def __str__(self) -> str:
        if self.offset:
            minutes = abs(self.offset) / timedelta(minutes=1)
            length = f"{minutes:g}m" if minutes % 60 else f"{minutes / 60:g}h"
            return f"{length} {'before' if self.offset < timedelta(0) else 'after'}"
        return f"{self.share * 100:.0f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCondition:
    """What a ticket must be like when the moment comes.  Empty: anything.  `unclaimed`: whether nobody has it."""

    teams: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    unclaimed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One rung.  `of`: the targets it belongs to; empty: all.  `tell`: words and names of who is told.  `webhook`: addresses to call.

    `escalate`: the chain on which the ticket goes a step up.  `priority`: what it becomes.  `in_hours`: nobody is told before the team
    works.
    """

    at: At
    of: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    escalate: str = ""
    priority: str = ""
    when: LevelCondition = field(default_factory=LevelCondition)
    in_hours: bool = True


def steps_of(ladder: Sequence[Level], promise: str) -> Iterator[tuple[str, Level]]:
    """The levels of this promise with the names of their steps, which the stored clocks have.

    The first level at the end of the time is the step of the breach.  Of several levels at the same moment the later ones are numbered.
    """
    seen: dict[str, int] = {}
    for level in ladder:
        if level.of and promise not in level.of:
            continue
        name = str(level.at)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            yield f"{name} #{seen[name]}", level
        else:
            yield OVERDUE if level.at.is_end else name, level


def level_of(ladder: Sequence[Level], promise: str, step: str) -> Level | None:
    """The level whose step this is; None where the ladder has none."""
    return next((level for name, level in steps_of(ladder, promise) if name == step), None)


def share_of(step: str) -> int | None:
    """The percentage in the name of a step; None where it has none."""
    found = _STEP.fullmatch(step)
    return int(found["share"]) if found else None
