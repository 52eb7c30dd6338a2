"""The keys of reports.yaml: reports that come by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from mailbridge.config import names, times
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Many, Record, Table
from mailbridge.organisation.report_schedules import Group, ReportSchedule

KINDS = ("week", "queue", "me", "customers")
RECIPIENT = "agent or group"
DIGEST = "digest"
REPORT = Record(
    what="a report",
    keys={
        "report": Key(
            schema=Choice(what="report", words=KINDS),
            required=True,
            about="week: what came, was promised and worked; queue: what is open; me: one's own; customers: those one is responsible for",
        ),
        "to": Key(
            schema=Many(of=Name(kind=RECIPIENT), what="agents or groups", least=1),
            required=True,
            about="agents, or leads (managers of the teams), managers, members, responsible (for customers)",
        ),
        "teams": Key(
            schema=Many(of=Name(kind="team"), what="a team or a list"), about="what it is about; without it the teams of the recipient"
        ),
        "at": Key(
            schema=Text(what="a time such as 07:30", parse=times.hour), about="when, by the clock of the recipient; 08:00 without it"
        ),
        "days": Key(schema=Text(what="days such as mon-fri", parse=times.weekdays), about="on which days of the week; mon without it"),
        "csv": Key(schema=Flag(), about="true: the numbers are attached as a CSV file"),
    },
)


def _name(text: str) -> str:
    if text == DIGEST:
        raise Wrong(f'a report cannot be called "{text}"', "that is the morning digest of teams.yaml")
    return names.name(text)


REPORTS_FILE = Record(
    what="reports.yaml",
    keys={"reports": Key(schema=Table(what="reports", key=Text(what="a name", parse=_name), of=REPORT), about="reports by name")},
)
AT, MONDAY = time(8), frozenset({0})


def schedules(values: Mapping[str, Any]) -> Mapping[str, ReportSchedule]:
    """The reports of the file by name."""
    return {name: _schedule(name, one) for name, one in values.get("reports", {}).items()}


def _schedule(name: str, values: Mapping[str, Any]) -> ReportSchedule:
    return ReportSchedule(
        name=name,
        kind=values["report"],
        to=values["to"],
        at=values.get("at", AT),
        days=frozenset(values.get("days", MONDAY)),
        teams=values.get("teams", ()),
        csv=values.get("csv", False),
    )


def groups() -> tuple[str, ...]:
    """The names of groups, which a file need not define."""
    return tuple(Group)
