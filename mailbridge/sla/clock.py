"""The clocks of a ticket: which moments matter, given its promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A moment at which something must be told.  `promise`: response, resolution, claim; `step`: warning, overdue, unclaimed."""

    promise: str
    step: str
    due_at: datetime
