"""Reports that come by themselves: what rules/reports.yaml says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Group(StrEnum):
    """Recipients that a schedule names together."""

    LEADS = "leads"  # managers of the teams that the report is about
    MANAGERS = "managers"  # agents with the role manager
    MEMBERS = "members"  # of the teams
    RESPONSIBLE = "responsible"  # for a customer, a contract or a project


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSchedule:
    """A report and when it comes.  `teams` empty: all teams of the recipient.  `to`: groups and names of agents.  `at`: by the clock of the
    recipient, on these `days` of the week, 0 is Monday.  `csv`: the numbers are attached as a file."""

    name: str
    kind: str
    to: tuple[str, ...]
    at: time
    days: frozenset[int]
    teams: tuple[str, ...] = ()
    csv: bool = False
