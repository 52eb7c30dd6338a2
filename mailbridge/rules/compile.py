"""Compiles rules to a rule set whose matching time hardly grows with the number of rules.

Each comparison of a text with a key is an atom.  All atoms of one source are searched in one pass over its text (`SourceIndex`).  Each rule
is filed under its trigger: atoms of which one must hit before the rule can match.  A mail only looks at the rules that it triggers, and at
the few without a trigger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any as Any_

from mailbridge.customers.model import Customers
from mailbridge.rules.comparators import fold
from mailbridge.rules.fact_values import BY_TIME, CHANGING
from mailbridge.rules.rule_set import All, Any, AtomKey, Atoms, CompiledRule, Node, Not, Related, RuleSet, SourceIndex
from mailbridge.rules.tree import (
    RELATIONS,
    Actions,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    Fact,
    MatchType,
    NotOf,
    Number,
    Rule,
    Same,
    Test,
    TextTest,
    ValueSource,
)

OF_TICKETS = BY_TIME | CHANGING | {"age", "status", "customer", "contract", "hours", "load", "currentdate"}
"""What rules by time may ask: there is no mail."""


def atom_key(test: Test, key: str) -> AtomKey:
    """The identity of a comparison.  Equal and contained texts are compared in folded form, so the key is folded."""
    folded = key if test.match in (MatchType.MATCHES, MatchType.REGEX) else fold(key, test.comparator)
    return test.match, test.comparator, folded


def compile_rules(
    rules: Sequence[Rule],
    *,
    version: str = "",
    customers: Customers | None = None,
    tags: Iterable[str] = (),
    names: Mapping[str, Iterable[str]] | None = None,
) -> RuleSet:
    """The rule set of these rules, in order.  `names`: the existing names that a capture may give."""
    builder = _Builder()
    compiled = tuple(_compiled(rule, builder) for rule in rules)
    triggered: dict[int, list[int]] = defaultdict(list)
    sources: set[int] = set()
    always: list[int] = []
    for number, each in enumerate(compiled):
        trigger = _trigger(each.when, tuple(builder.sources))
        if trigger is None:
            always.append(number)
            continue
        for source, atoms in trigger.of:
            sources.add(source)
            for atom in atoms:
                triggered[atom].append(number)
    return RuleSet(
        version=version,
        rules=compiled,
        sources=tuple(builder.sources),
        indexes=tuple(map(SourceIndex, builder.atoms)),
        changing=frozenset(number for source, number in builder.sources.items() if source.kind in CHANGING),
        triggered={atom: tuple(numbers) for atom, numbers in triggered.items()},
        trigger_sources=tuple(sorted(sources)),
        always=tuple(always),
        customers=customers or Customers(),
        tags=frozenset(tags),
        names={what: {name.casefold(): name for name in known} for what, known in (names or {}).items()},
        about_replies=any(_about_ticket(leaf) for rule in rules for leaf in leaves(rule.when)),
        asks=frozenset(word for rule in rules for leaf in leaves(rule.when) for source in _sources(leaf) for word in _asked(source)),
    )


def compile_timed(rule: Rule, **about: Any_) -> RuleSet:
    """A rule by time as a rule set of its own, which looks at tickets and not at mails that open one."""
    about_ticket = AllOf(children=(rule.when, Fact(source=ValueSource(kind="reply"))))
    return compile_rules([replace(rule, when=about_ticket)], **about)


def kinds_of(when: Condition) -> frozenset[str]:
    """The kinds of all sources that the condition reads."""
    return frozenset(source.kind for leaf in leaves(when) for source in _sources(leaf))


def scoped(when: Condition) -> Condition:
    """The condition for the matcher: with "and the mail opens a ticket" where the rule is only for such mails."""
    return AllOf(children=(when, NotOf(child=Fact(source=ValueSource(kind="reply"))))) if for_openings(when) else when


def for_openings(when: Condition) -> bool:
    """Whether a rule is only for mails that open a ticket: unless its condition is about replies or the ticket.

    Otherwise "subject contains invoice" would move a ticket to another team with each reply.
    """
    return not any(_about_ticket(leaf) for leaf in leaves(when))


def leaves(condition: Condition) -> Iterable[Condition]:
    """All conditions without children."""
    match condition:
        case AllOf(children=children) | AnyOf(children=children):
            for child in children:
                yield from leaves(child)
        case NotOf(child=child):
            yield from leaves(child)
        case _:
            yield condition


def _compiled(rule: Rule, builder: _Builder) -> CompiledRule:
    return CompiledRule(
        rule=rule,
        when=builder.node(rule.when),
        opening=for_openings(rule.when),
        changing=_changing(rule.when),
        sets=sets(rule.then),
        adds=adds(rule.then),
    )


def sets(then: Actions) -> tuple[tuple[str, str], ...]:
    """The actions that set one value each, by their names in a trace."""
    values = {
        "team": then.team,
        "type": then.type,
        "priority": then.priority,
        "status": then.status,
        "assignee": then.assignee,
        "assign by": then.assign_by,
        "skill": then.skill,
        "subject": then.subject,
        "sla": then.sla,
        "equipment": then.equipment,
        "location": then.location,
        "project": then.project,
        "estimate": str(then.estimate.total_seconds()) if then.estimate else None,
        "playbook": then.playbook,
        "reply": then.reply,
        "no-ack": "yes" if then.no_ack else None,
        "drop": "yes" if then.drop else None,
        "quarantine": then.quarantine,
    }
    fields = ((f"field {name}", value) for name, value in then.fields)
    return (*((what, value) for what, value in values.items() if value is not None), *fields)


def adds(then: Actions) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The actions that add to a list."""
    lists = (("tags", then.tags), ("suggest", then.suggest), ("notify", then.notify), ("cc", then.cc), ("webhook", then.webhook))
    return tuple((what, values) for what, values in lists if values)


def _sources(leaf: Condition) -> tuple[ValueSource, ...]:
    match leaf:
        case TextTest(sources=sources):
            return sources
        case Number(source=source) | Fact(source=source):
            return (source,)
        case Same(kind=kind):
            return (ValueSource(kind=kind),)
    return ()


def _asked(source: ValueSource) -> tuple[str, ...]:
    """The kind of the source, which tells the caller what to load: `load` and the raw body are not in the parsed mail."""
    return (source.kind, "body raw") if source == ValueSource(kind="body", name="raw") else (source.kind,)


def _changing(when: Condition) -> bool:
    return any(source.kind in CHANGING for leaf in leaves(when) for source in _sources(leaf))


def _about_ticket(leaf: Condition) -> bool:
    match leaf:
        case Fact(source=source) | Number(source=source):
            return source.kind in ("reply", "age", *BY_TIME)
        case TextTest(sources=sources):
            return any(source.kind == "status" for source in sources)
    return False


class _Builder:
    """Numbers the atoms of all conditions."""

    def __init__(self) -> None:
        self.sources: dict[ValueSource, int] = {}
        self.atoms: list[dict[AtomKey, int]] = []  # by number of the source
        self.count = 0

    def node(self, condition: Condition) -> Node:
        match condition:
            case AllOf(children=children):
                return All(tuple(self.node(child) for child in children))
            case AnyOf(children=children):
                return Any(tuple(self.node(child) for child in children))
            case NotOf(child=child):
                return Not(self.node(child))
            case Exists(headers=headers):
                present = ValueSource(kind="present")
                return All(tuple(self.text(TextTest(sources=(present,), test=Test(match=MatchType.IS, keys=(name,)))) for name in headers))
            case TextTest(test=test) if test.match in RELATIONS:
                return Related(condition)
            case TextTest():
                return self.text(condition)
        return condition

    def text(self, leaf: TextTest) -> Atoms:
        test = leaf.test
        numbers = [self.source(source) for source in leaf.sources]
        by_key = tuple(tuple(self.atom(number, test, key) for key in test.keys) for number in numbers)
        return Atoms(tuple((number, frozenset(atoms)) for number, atoms in zip(numbers, by_key, strict=True)), leaf, by_key)

    def source(self, source: ValueSource) -> int:
        if source not in self.sources:
            self.sources[source] = len(self.atoms)
            self.atoms.append({})
        return self.sources[source]

    def atom(self, source: int, test: Test, key: str) -> int:
        atoms = self.atoms[source]
        made = atom_key(test, key)
        if made not in atoms:
            atoms[made] = self.count
            self.count += 1
        return atoms[made]


@dataclass(frozen=True, slots=True)
class _Trigger:
    """Atoms of which at least one must hit.  `cost` estimates how often they hit."""

    cost: int
    of: tuple[tuple[int, frozenset[int]], ...]


# Nearly every mail has one of few values here, so such an atom triggers its rules much more often than a word.
_COMMON = {
    "kind": 1_000, "channel": 1_000, "language": 1_000, "authenticity": 2_000, "writer": 1_000, "present": 500, "envelope": 5, "address": 3,
}  # fmt: skip


def _trigger(node: Node, sources: Sequence[ValueSource]) -> _Trigger | None:
    """The atoms of which one must hit before the node can be true; None where there are none."""
    match node:
        case Atoms(of=of):
            kinds = [(sources[number].kind, atoms) for number, atoms in of]
            if any(kind in CHANGING for kind, _ in kinds):
                return None
            return _Trigger(sum(len(atoms) * _COMMON.get(kind, 10) for kind, atoms in kinds), of)
        case All(children=children):
            some = [t for child in children if (t := _trigger(child, sources)) is not None]
            return min(some, key=lambda t: t.cost, default=None)
        case Any(children=children):
            triggers = [_trigger(child, sources) for child in children]
            found = [t for t in triggers if t is not None]
            if len(found) < len(triggers):
                return None
            return _Trigger(sum(t.cost for t in found), tuple(pair for t in found for pair in t.of))
    return None
