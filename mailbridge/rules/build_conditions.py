"""Builds conditions from the validated values of `when`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from mailbridge.config.reading import Wrong
from mailbridge.rules import dates
from mailbridge.rules.texts import Counted, Tested
from mailbridge.rules.tree import AllOf, AnyOf, Condition, Fact, MatchType, NotOf, Number, Same, ValueSource
from mailbridge.rules.tree import TextTest as TextCondition
from mailbridge.tickets.times import WORKING


def all_of(conditions: Iterable[Condition]) -> Condition:
    made = tuple(conditions)
    return made[0] if len(made) == 1 else AllOf(children=made)


def any_of(conditions: Iterable[Condition]) -> Condition:
    made = tuple(conditions)
    return made[0] if len(made) == 1 else AnyOf(children=made)


def headers(table: Mapping[tuple[str, ...], Tested | Counted]) -> Condition:
    return all_of(_fields("header", "", names, tested) for names, tested in table.items())


def addresses(table: Mapping[tuple[str, ...], Mapping[str, Tested | Counted]]) -> Condition:
    return all_of(_fields("address", part, names, tested) for names, parts in table.items() for part, tested in parts.items())


def _fields(kind: str, part: str, names: tuple[str, ...], tested: Tested | Counted) -> Condition:
    if isinstance(tested, Counted):
        return count(ValueSource(kind="count", name=kind, part=", ".join(names)), tested)
    return TextCondition(
        sources=tuple(ValueSource(kind=kind, name=name, part=part, index=tested.index) for name in names), test=tested.test
    )


def count(source: ValueSource, counted: Counted) -> Condition:
    """RFC 5231 4.2, with Number's strict limits: counts are whole numbers."""
    return all_of(_related(source, relation, number) for relation, number in counted.relations)


def _related(source: ValueSource, relation: MatchType, number: int) -> Condition:
    match relation:
        case MatchType.GE:
            return Number(source=source, over=number - 1)
        case MatchType.GT:
            return Number(source=source, over=number)
        case MatchType.LE:
            return Number(source=source, under=number + 1)
        case MatchType.LT:
            return Number(source=source, under=number)
        case MatchType.NE:
            return NotOf(child=_related(source, MatchType.EQ, number))
    return Number(source=source, over=number - 1, under=number + 1)


def envelope(table: Mapping[str, Mapping[str, Tested]]) -> Condition:
    tests = [(name, part, tested) for name, parts in table.items() for part, tested in parts.items()]
    return all_of(text(ValueSource(kind="envelope", name=name, part=part), tested) for name, part, tested in tests)


def text(source: ValueSource, tested: Tested) -> Condition:
    return TextCondition(sources=(source,), test=tested.test)


def body(values: Mapping[str, Any]) -> Condition:
    plain = [text(ValueSource(kind="body", name=name), values[name]) for name in ("fresh", "text", "raw") if name in values]
    content = values.get("content", {}).items()
    return all_of([*plain, *(text(ValueSource(kind="body", name="content", part=type_), tested) for type_, tested in content)])


def number(source: ValueSource, bounds: Mapping[str, float]) -> Number:
    return Number(source=source, over=bounds.get("over"), under=bounds.get("under"))


def things(kind: str, values: Mapping[str, Any]) -> Condition:
    """A single text field of a thing is a plain text condition, which an index finds.  Several fields must match the same thing."""
    (name, only), *others = values.items()
    if isinstance(only, Tested) and not others:
        return text(ValueSource(kind=kind, name=name), only)
    tests = ((name, v.test if isinstance(v, Tested) else number(ValueSource(kind=name), v)) for name, v in values.items())
    return Same(kind=kind, tests=tuple(tests))


def date(kind: str, values: Mapping[str, Any]) -> Condition:
    name, zone, index = values.get("header", "date" if kind == "date" else ""), values.get("zone", ""), values.get("index", 0)
    parts = {part: tested for part, tested in values.items() if part in dates.PARTS}
    if not parts:
        raise Wrong(f"a {kind} condition needs a part of the date", f"one of {', '.join(dates.PARTS)}")
    return all_of(text(ValueSource(kind=kind, name=name, part=part, index=index, zone=zone), tested) for part, tested in parts.items())


def hours(values: Mapping[str, str]) -> Condition:
    (word, team), *_ = values.items()
    return Fact(source=ValueSource(kind="hours", name=team), expected=word == "open")


def load(values: Mapping[str, Any]) -> Condition:
    if "over" not in values and "under" not in values:
        raise Wrong('a load condition needs "over" or "under"')
    return number(ValueSource(kind="load", name=values["team"]), values)


def lasting(kind: str, length: tuple[timedelta, bool]) -> Condition:
    """It has been so for at least that long; the flag: in working time."""
    span, working = length
    return Number(source=ValueSource(kind=kind, name=WORKING if working else ""), over=span.total_seconds() - 1)


def due(values: Mapping[str, Any]) -> Condition:
    return Number(source=ValueSource(kind="due", name=values.get("of", "")), under=values["within"].total_seconds() + 1)


def ticket(values: Mapping[str, Any]) -> Condition:
    made: list[Condition] = []
    if "age" in values:
        bounds = {word: length.total_seconds() for word, length in values["age"].items()}
        made.append(number(ValueSource(kind="age"), bounds))
    return all_of([*made, *([values["status"]] if "status" in values else [])])


def reply(word: str) -> Condition:
    fact = Fact(source=ValueSource(kind="reply"))
    made: dict[str, Condition] = {"true": fact, "false": NotOf(child=fact), "any": AnyOf(children=(fact, NotOf(child=fact)))}
    return made[word]


def entitled(expected: bool) -> Condition:
    return Fact(source=ValueSource(kind="entitled"), expected=expected)


def custom_fields(table: Mapping[str, Tested]) -> Condition:
    return all_of(text(ValueSource(kind="field", name=name), tested) for name, tested in table.items())


def spamtest(values: Mapping[str, Any]) -> Condition:
    """RFC 5235 2: the value from 0 to 10, `percent` of it, or whether it was tested at all."""
    made = [
        text(ValueSource(kind="spamtest", name=name), values[word])
        for word, name in (("value", ""), ("percent", "percent"))
        if word in values
    ]
    return all_of([*made, *([count(ValueSource(kind="count", name="spamtest"), values["count"])] if "count" in values else [])])


def attachment(values: Mapping[str, Any]) -> Condition:
    count = values.get("count")
    rest = {name: value for name, value in values.items() if name != "count"}
    return all_of(([number(ValueSource(kind="attachments"), count)] if count else []) + ([things("attachment", rest)] if rest else []))
