"""What is known of one source, and how it is judged.  Pure.

A source is good because something was seen to work, with the moment at which it was seen; not because nothing was reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class HealthState(StrEnum):
    OK = "ok"
    FAILING = "failing"
    STALE = "no sign of life"  # nothing failed, and nothing was seen to work for too long
    SILENT = "silent"  # it works, and no mail came for longer than is likely
    UNKNOWN = "not tried yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """A way in or out as the store keeps it.  `failing_since` None: the last try went well.  `silence` '': it is usual."""

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
        """How it is at `now`, where a proof is expected at least every `proof_within` (None: it is not asked without cause)."""
        if self.failing_since is not None:
            return HealthState.FAILING
        seen = max(filter(None, (self.proven_at, self.watched_since)))
        if proof_within is not None and now - seen > proof_within:
            return HealthState.STALE
        if self.silence:
            return HealthState.SILENT
        return HealthState.OK if self.proven_at is not None or proof_within is None else HealthState.UNKNOWN

    def why(self, state: HealthState) -> str:
        """What is wrong, in words; '' where nothing is."""
        match state:
            case HealthState.FAILING:
                return self.reason
            case HealthState.STALE:
                return f"nothing has been heard of it since {self.proven_at or self.watched_since:%Y-%m-%d %H:%MZ}"
            case HealthState.SILENT:
                return self.silence
            case HealthState.OK | HealthState.UNKNOWN:
                return ""
