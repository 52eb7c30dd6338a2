"""Events about work: activities and estimates."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.tickets.model import Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecorded:
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCorrected:
    before: Activity
    after: Activity | None  # None: deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    before: int | None
    after: int
    by: str
    most: int | None = None  # 80th percentile of such tickets, where the history was used


WorkEvent = WorkRecorded | WorkCorrected | EstimateSet
