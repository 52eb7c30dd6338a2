"""Rules by time that undo each other, where that can be decided from the words alone.

Each sets a value that makes its own condition false and may make that of the other one true.  The desk lets each act once on a ticket until
a person or a mail changes it, so they do not act for ever, but one of them is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from mailbridge.errors import Problem
from mailbridge.rules.matchers import passes
from mailbridge.rules.tree import Actions, AllOf, AnyOf, Condition, NotOf, Rule, TextTest, ValueSource

Values = Mapping[str, str]  # what a rule sets -> the value


def opposed(rules: Sequence[Rule]) -> list[Problem]:
    """A warning for each pair of rules by time of which each undoes what the other one does."""
    found = []
    for one, other in combinations(rules, 2):
        if undone := _undone(one, other):
            what = ", ".join(f"{name} {value!r} and {against!r}" for name, value, against in undone).replace("'", '"')
            told = f'the rules by time "{one.name}" and "{other.name}" undo each other: they set {what} in turn'
            hint = f"change the condition of one of them; the other one is at {other.place.file}:{other.place.line}"
            found.append(one.place.problem(told, hint, warning=True))
    return found


def _undone(one: Rule, other: Rule) -> list[tuple[str, str, str]]:
    """What the rules set in turn: the name and both values; empty where they do not undo each other."""
    first, second = _values(one.then), _values(other.then)
    turned = [(name, value, second[name]) for name, value in first.items() if second.get(name, value) != value]
    return turned if turned and _follows(one, other, first, second) and _follows(other, one, second, first) else []


def _follows(one: Rule, other: Rule, first: Values, second: Values) -> bool:
    """Whether the other rule may hold after this one acted, and certainly not after its own action."""
    return decided(other.when, first) is not False and decided(other.when, second) is False


def _values(then: Actions) -> Values:
    """The values that the actions set; texts with ${captures} are left out."""
    named = {name: getattr(then, name) for name in ("team", "type", "priority", "assignee")}
    named |= {f"field {name}": value for name, value in then.fields}
    return {name: str(value) for name, value in named.items() if value is not None and "${" not in value}


def decided(when: Condition, known: Values) -> bool | None:
    """Whether the condition holds where the ticket has these values; None where that depends on something else."""
    match when:
        case AllOf(children=children):
            return _all([decided(child, known) for child in children])
        case AnyOf(children=children):
            held = _all([_opposite(decided(child, known)) for child in children])
            return _opposite(held)
        case NotOf(child=child):
            return _opposite(decided(child, known))
        case TextTest(sources=sources, test=test):
            texts = [_known(source, known) for source in sources]
            held = any(passes(test, text) for text in texts if text is not None)
            return held if held or None not in texts else None
    return None


def _known(source: ValueSource, known: Values) -> str | None:
    return known.get(f"field {source.name}" if source.kind == "field" else source.kind)


def _all(decisions: Sequence[bool | None]) -> bool | None:
    if False in decisions:
        return False
    return None if None in decisions else True


def _opposite(decision: bool | None) -> bool | None:
    return None if decision is None else not decision
