"""The keys of work.yaml: how recorded time becomes charged time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mailbridge.config import durations
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Many, Record, Table
from mailbridge.organisation.billing import Rounding, WorkPolicy


def _minutes(text: str) -> int:
    """'15m' as 15; whole minutes of at most a day.  Raises Wrong."""
    time = durations.duration(text)
    minutes, rest = divmod(time, timedelta(minutes=1))
    if rest or not 0 < minutes <= 24 * 60:
        raise Wrong(f'"{text}" are no whole minutes of a day', 'write it like "15m" or "1h"')
    return minutes


MINUTES = Text(what="minutes such as 15m", parse=_minutes)
POLICY = Record(
    what="a policy for work",
    keys={
        "round": Key(schema=Choice(what="way to round", words=tuple(Rounding)), about="up, or to the nearest unit"),
        "unit": Key(schema=MINUTES, about="charged time is a multiple of this"),
        "minimum": Key(schema=MINUTES, about="the least that is charged for an activity"),
        "billable": Key(schema=Flag(), about="true: work is charged"),
        "travel": Key(schema=Flag(), about="true: the time on the road is charged where the work is"),
        "except": Key(
            schema=Record(
                what="exceptions",
                keys={
                    "types": Key(schema=Many(of=Name(kind="type"), what="a type or a list"), about="types of request"),
                    "contracts": Key(schema=Many(of=Name(kind="contract type"), what="a kind or a list"), about="kinds of contract"),
                },
                least_one=True,
            ),
            about="for tickets of these it is the other way round",
        ),
    },
)
WORK_FILE = Record(
    what="work.yaml",
    keys={
        "work": Key(schema=POLICY, about="the desk's policy"),
        "teams": Key(schema=Table(what="teams", key=Name(kind="team"), of=POLICY), about="what is different for tickets of these teams"),
    },
)


def policies(values: Mapping[str, Any]) -> Mapping[str, WorkPolicy]:
    """The desk's policy under '', and those of teams, with the desk's values as defaults."""
    desk: Mapping[str, Any] = values.get("work", {})
    return {"": _policy(desk)} | {team: _policy({**desk, **own}) for team, own in values.get("teams", {}).items()}


def _policy(values: Mapping[str, Any]) -> WorkPolicy:
    usual = WorkPolicy()
    others: Mapping[str, tuple[str, ...]] = values.get("except", {})
    return WorkPolicy(
        rounding=Rounding(values.get("round", usual.rounding)),
        unit=values.get("unit", usual.unit),
        minimum=values.get("minimum", usual.minimum),
        billable=values.get("billable", usual.billable),
        travel=values.get("travel", usual.travel),
        other_types=frozenset(others.get("types", ())),
        other_contracts=frozenset(others.get("contracts", ())),
    )
