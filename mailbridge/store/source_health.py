"""The health of one source, and its state.  Pure.

A source is healthy because something was seen to work, with its time; not because no error was reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class HealthState(StrEnum):
    OK = "ok"
    FAILING = "failing"
    STALE = "no sign of life"  # no failure, but no proof for too long
    SILENT = "silent"  # it works, but no mail came for an unlikely time
    UNKNOWN = "not tried yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """The health of a source or a way out, as stored.  `failing_since` None: the last try succeeded.  `silence` '': normal."""

    name: str
    watched_since: datetime
    proven_at: datetime | None = None
    proof: str = ""
    mail_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str = ""
    failing_since: datetime | None = None
    next_at: datetime | None = None
    silence: str = ""
    told: str = ""
    told_at: datetime | None = None

    def state(self, now: datetime, proof_within: timedelta | None) -> HealthState:
        """The state at `now`, where a proof is expected at least every `proof_within` (None: it is not tested without a reason)."""
        if self.failing_since is not None:
            return HealthState.FAILING
        seen = max(filter(None, (self.proven_at, self.watched_since)))
        if proof_within is not None and now - seen > proof_within:
            return HealthState.STALE
        if self.silence:
            return HealthState.SILENT
        return HealthState.OK if self.proven_at is not None or proof_within is None else HealthState.UNKNOWN

    def why(self, state: HealthState) -> str:
        """What is wrong, as text; '' where nothing is."""
        match state:
            case HealthState.FAILING:
                return self.reason
            case HealthState.STALE:
                return f"nothing has been heard of it since {self.proven_at or self.watched_since:%Y-%m-%d %H:%MZ}"
            case HealthState.SILENT:
                return self.silence
            case HealthState.OK | HealthState.UNKNOWN:
                return ""
