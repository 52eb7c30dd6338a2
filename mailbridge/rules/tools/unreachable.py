"""Rules that can never fire, where that can be decided from the words alone.

Two reasons are looked for: the condition contradicts itself, or an earlier rule that ends the run holds whenever this one does.
What cannot be decided is taken as possible, so a warning is always right and silence proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from mailbridge.errors import Problem
from mailbridge.rules.comparators import fold
from mailbridge.rules.compile import leaves, scoped
from mailbridge.rules.fact_values import CHANGING
from mailbridge.rules.matchers import passes
from mailbridge.rules.tree import AllOf, AnyOf, Condition, Exists, Fact, MatchType, NotOf, Number, Rule, Test, TextTest, ValueSource

MAX_PAIRS = 500_000  # comparisons of two rules; about ten seconds
SINGLE = frozenset({"kind", "channel", "language", "writer"})  # sources with one value at most


def unreachable(rules: Sequence[Rule]) -> list[Problem]:
    """A warning for each rule that can never fire."""
    problems: list[Problem] = []
    ending: list[tuple[Rule, Condition]] = []
    pairs = 0
    for rule in rules:
        when = scoped(rule.when)
        if never(when):
            problems.append(_warning(rule, "its condition contradicts itself"))
            continue
        pairs += len(ending)
        if pairs > MAX_PAIRS:
            told = "too many rules to compare each with each; from here on none is looked at that an earlier one may hide"
            return [*problems, rule.place.problem(told, warning=True)]
        first = next((earlier for earlier, wider in ending if implies(when, wider)), None)
        if first is not None:
            problems.append(_warning(rule, f'"{first.name}" ({first.place.file}:{first.place.line}) holds first and ends it'))
        elif rule.stop or rule.then.drop or rule.then.quarantine is not None:
            ending.append((rule, when))
    return problems


def _warning(rule: Rule, why: str) -> Problem:
    return rule.place.problem(f'the rule "{rule.name}" can never fire: {why}', "put it before, or narrow one of them", warning=True)


def implies(one: Condition, other: Condition) -> bool:
    """Whether `other` certainly holds whenever `one` does; both are asked about the same mail at different moments of a run."""
    match other:
        case AllOf(children=children):
            return all(implies(one, child) for child in children)
    match one:
        case AnyOf(children=children):
            return bool(children) and all(implies(child, other) for child in children)
        case AllOf(children=children) if any(implies(child, other) for child in children):
            return True
    match other:
        case AnyOf(children=children):
            return any(implies(one, child) for child in children)
        case NotOf(child=child):
            return isinstance(one, NotOf) and implies(child, one.child)
    return _leaf_implies(one, other)


def _leaf_implies(one: Condition, other: Condition) -> bool:
    if any(source.kind in CHANGING for leaf in (one, other) for source in _sources(leaf)):
        return False  # an earlier rule may have chosen otherwise in between
    match one, other:
        case TextTest(), TextTest():
            return set(one.sources) <= set(other.sources) and all(_key_implies(one.test, key, other.test) for key in one.test.keys)
        case Number(), Number():
            return one.source == other.source and _above(one.over, other.over) and _above(other.under, one.under)
        case Exists(headers=more), Exists(headers=fewer):
            return set(fewer) <= set(more)
        case TextTest(sources=sources), Exists(headers=(name,)):
            return all(source.kind == "header" and source.name == name for source in sources)
    return one == other


def _sources(condition: Condition) -> Iterable[ValueSource]:
    return condition.sources if isinstance(condition, TextTest) else ()


def _above(bound: float | None, least: float | None) -> bool:
    """Whether being over `bound` means being over `least`."""
    return least is None or (bound is not None and bound >= least)


def _key_implies(one: Test, key: str, other: Test) -> bool:
    """Whether a text that `key` of the first test takes is taken by the second."""
    if one.match is MatchType.IS and one.comparator is other.comparator:
        return passes(other, key)
    if one.comparator is not other.comparator:
        return False
    if one.match is MatchType.CONTAINS and other.match is MatchType.CONTAINS:
        return any(fold(wanted, other.comparator) in fold(key, one.comparator) for wanted in other.keys)
    if other.match is MatchType.CONTAINS and "" in other.keys:
        return True
    return (one.match is other.match and key in other.keys) or (other.match is MatchType.MATCHES and "*" in other.keys)


def never(condition: Condition) -> bool:
    """Whether the condition certainly holds for no mail."""
    match condition:
        case AnyOf(children=children):
            return all(map(never, children))
        case AllOf():
            parts = list(_parts(condition))
            return any(never(p) for p in parts if not isinstance(p, AllOf)) or any(_exclude(a, b) for a, b in combinations(parts[:100], 2))
        case Number(over=over, under=under):
            return over is not None and under is not None and over >= under
    return False


def _parts(condition: Condition) -> Iterable[Condition]:
    """Everything that must hold at once."""
    if isinstance(condition, AllOf):
        for child in condition.children:
            yield from _parts(child)
    else:
        yield condition


def _exclude(one: Condition, other: Condition) -> bool:
    """Whether the two cannot hold together."""
    if isinstance(one, NotOf) or isinstance(other, NotOf):
        denied, said = (one, other) if isinstance(one, NotOf) else (other, one)
        return isinstance(denied, NotOf) and not _changing(said) and implies(said, denied.child)
    match one, other:
        case TextTest(sources=(a,), test=x), TextTest(sources=(b,), test=y) if a == b and a.kind in SINGLE:
            both_is = x.match is MatchType.IS and y.match is MatchType.IS
            return both_is and not {fold(k, x.comparator) for k in x.keys} & {fold(k, y.comparator) for k in y.keys}
        case Number(), Number() if one.source == other.source:
            return never(Number(source=one.source, over=_most(one.over, other.over), under=_least(one.under, other.under)))
        case Fact(), Fact() if one.source == other.source:
            return one.expected is not other.expected
    return False


def _changing(condition: Condition) -> bool:
    return any(source.kind in CHANGING for leaf in leaves(condition) for source in _sources(leaf))


def _most(one: float | None, other: float | None) -> float | None:
    return max((bound for bound in (one, other) if bound is not None), default=None)


def _least(one: float | None, other: float | None) -> float | None:
    return min((bound for bound in (one, other) if bound is not None), default=None)
