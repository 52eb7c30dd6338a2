"""Explains which part of a condition matched, and what was missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from mailbridge.rules.captures import tidied
from mailbridge.rules.fact_values import BY_TIME, FactView
from mailbridge.rules.matchers import found
from mailbridge.rules.patterns import PatternMatch
from mailbridge.rules.rule_set import All, Any, Atoms, CompiledRule, Node, Not, Related
from mailbridge.rules.trace import ConditionTrace, Miss
from mailbridge.rules.tree import Exists, Fact, MatchType, Number, Same, Test, TextTest, ValueSource

SHOWN = 80  # characters of a text in a trace
SHOWN_KEYS = 4


class MatchView(Protocol):
    """The state of a run (`match.MatchState`)."""

    @property
    def view(self) -> FactView: ...

    def holds(self, node: Node) -> bool: ...

    def hits(self, source: int) -> set[int]: ...

    def texts(self, source: ValueSource) -> tuple[str, ...]: ...


def hits_of(node: Node, state: MatchView) -> Iterator[ConditionTrace]:
    """All parts of a condition that matched, with the found texts and captures."""
    match node:
        case All(children=children) | Any(children=children):
            for child in children:
                if state.holds(child):
                    yield from hits_of(child, state)
        case Atoms():
            yield from _atom_hits(node, state)
        case Related(leaf=leaf):
            yield from _text_hits(leaf.sources, leaf.test, None, state)
        case Same(kind=kind, tests=tests):
            yield from _same_hits(kind, tests, state)
        case Number():
            yield ConditionTrace(source=node_text(node), found=_value(node, state))
        case Fact():
            yield ConditionTrace(source=node_text(node))
        case Not(child=child):
            yield ConditionTrace(source=f"not {node_text(child)}")


def _atom_hits(node: Atoms, state: MatchView) -> Iterator[ConditionTrace]:
    """Searches again only the keys that hit, because a list may have thousands."""
    test = node.leaf.test
    for (number, atoms), by_key, source in zip(node.of, node.by_key, node.leaf.sources, strict=True):
        if hit := atoms & state.hits(number):
            keys = test.keys if len(by_key) == 1 else [key for key, atom in zip(test.keys, by_key, strict=True) if atom in hit]
            yield from _text_hits((source,), test, keys, state)


def _text_hits(sources: Sequence[ValueSource], test: Test, keys: Sequence[str] | None, state: MatchView) -> Iterator[ConditionTrace]:
    for source in sources:
        for text in state.texts(source):
            if (hit := found(test, text, keys)) is not None:
                yield _hit(_place(source, state), test, *hit)
                break


_label = lru_cache(maxsize=1_024)(str)  # the same few sources in every mail


def _place(source: ValueSource, state: MatchView) -> str:
    """The source; for a device also where in the mail it was named."""
    if source.kind != "equipment":
        return _label(source)
    return f"{source} of {', '.join(f'{device.serial} (found in the {where})' for device, where in state.view.equipment)}"


def _same_hits(kind: str, tests: Sequence[tuple[str, Test | Number]], state: MatchView) -> Iterator[ConditionTrace]:
    for thing in state.view.things(kind):
        texts = [(name, test, thing[name]) for name, test in tests]
        hits = [(name, test, _first(test, value)) for name, test, value in texts if isinstance(test, Test) and isinstance(value, tuple)]
        if state.holds(Same(kind=kind, tests=tuple(tests))) and all(hit is not None for _, _, hit in hits):
            places = {name: _place(ValueSource(kind=kind, name=name), state) for name, _, _ in hits}
            yield from (_hit(places[name], test, *hit) for name, test, hit in hits if hit is not None)
            return


def _first(test: Test, texts: tuple[str, ...]) -> tuple[str, PatternMatch] | None:
    return next((hit for text in texts if (hit := found(test, text)) is not None), None)


def _hit(source: str, test: Test, key: str, what: PatternMatch) -> ConditionTrace:
    return ConditionTrace(
        source=source, match=test.match, key=shown(key), found=shown(what.text), captures=tuple(_captures(test, key, what))
    )


def _captures(test: Test, key: str, what: PatternMatch) -> Iterator[tuple[str, str]]:
    if test.whole:
        yield test.whole, tidied(what.text)
    yield from zip(test.captures, map(tidied, what.groups), strict=False)
    yield from ((name, tidied(value)) for name, value in what.named)


def misses_of(compiled: CompiledRule, state: MatchView) -> Miss:
    """Why a rule did not match."""
    reasons, held = _missing(compiled.when, state)
    if compiled.opening and state.view.facts.reply:
        reasons.append("only for mail that opens a ticket")
    rule = compiled.rule
    return Miss(rule=rule.name, label=rule.label, line=rule.place.line, held=held, reasons=tuple(dict.fromkeys(reasons)))


def _missing(node: Node, state: MatchView) -> tuple[list[str], int]:
    """What was missing, and how many other conditions matched."""
    if state.holds(node):
        return [], 0 if isinstance(node, Not) else 1
    match node:
        case All(children=children):
            parts = [_missing(child, state) for child in children]
            return [reason for reasons, _ in parts for reason in reasons], sum(held for _, held in parts)
        case Any(children=children):
            return [" nor ".join(reason for child in children for reason in _missing(child, state)[0])], 0
        case Not(child=child):
            return [f"it is so that {node_text(child)}"], 0
    return [_not_so(node, state)], 0


def _not_so(node: Node, state: MatchView) -> str:
    match node:
        case Number():
            return f"{node_text(node)}: it is {_value(node, state)}"
        case Fact(source=source, expected=expected):
            return node_text(Fact(source=source, expected=not expected))
        case Atoms(leaf=TextTest(sources=(source,), test=test)) if test.match is MatchType.IS and source.kind in _SAID:
            return f"{source} is {shown(', '.join(state.texts(source))) or 'not set'}, not {_keys(test)}"
    return f"no {node_text(node)}"


# Sources with few values: the explanation names the actual value.
_SAID = frozenset(
    {"kind", "channel", "language", "authenticity", "writer", "team", "type", "status", "priority", "assignee", "spamtest", "virustest"}
)


def node_text(node: Node) -> str:
    """The condition as text.  The conditions of the rules in force are the same objects for every mail: each is worded once."""
    known = _TEXTS.get(id(node))
    if known is not None and known[0] is node:
        return known[1]
    if len(_TEXTS) >= MOST_TEXTS:
        _TEXTS.clear()
    text = _text_of(node)
    _TEXTS[id(node)] = (node, text)
    return text


MOST_TEXTS = 4_096
_TEXTS: dict[int, tuple[Node, str]] = {}  # by identity; the node is kept, so that no other object has its identity


def _text_of(node: Node) -> str:
    match node:
        case All(children=children):
            return " and ".join(map(node_text, children))
        case Any(children=children):
            return " or ".join(map(node_text, children))
        case Not(child=child):
            return f"not {node_text(child)}"
        case Atoms(leaf=leaf) | Related(leaf=leaf):
            return f"{' or '.join(map(str, leaf.sources))} {_test(leaf.test)}"
        case Same(kind=kind, tests=tests):
            return f"{kind} with {' and '.join(f'{name} {_test(t) if isinstance(t, Test) else _range(t)}' for name, t in tests)}"
        case Number(source=source) if source.kind in BY_TIME:
            return _by_time(node)
        case Number(source=source):
            return f"{source} {_range(node)}".replace("age", "age in seconds")
        case Fact(source=source, expected=expected):
            return _FACTS[source.kind][expected].format(source.name)
        case Exists(headers=headers):
            return f"header {', '.join(headers)}"


_SIGNS = {MatchType.IS: "is", MatchType.CONTAINS: "with", MatchType.MATCHES: "like", MatchType.REGEX: "~"}


# Text of each fact when it is false, and when it is true.
_FACTS = {
    "reply": ("it opens a ticket", "it belongs on a ticket"),
    "attachment": ("no attachment", "an attachment"),
    "customer": ("no known customer", "a known customer"),
    "entitled": ("the writer may not ask", "the writer may ask"),
    "contract": ("no valid contract", "a valid contract"),
    "equipment": ("no known device", "a known device"),
    "hours": ("{} does not work now", "{} works now"),
}


def _test(test: Test) -> str:
    return f"{_SIGNS.get(test.match, test.match)} {_keys(test)}"


def _keys(test: Test) -> str:
    keys = [shown(key) or '""' for key in test.keys[:SHOWN_KEYS]] + (["…"] if len(test.keys) > SHOWN_KEYS else [])
    return keys[0] if len(keys) == 1 else f"[{', '.join(keys)}]"


def _range(test: Number) -> str:
    words = [f"{word} {bound:g}" for word, bound in (("over", test.over), ("under", test.under)) if bound is not None]
    return " and ".join(words)


def _value(node: Number, state: MatchView) -> str:
    value = state.view.number(node.source)
    if node.source.kind in BY_TIME:
        return "not so" if value is None else _hours(value)
    return "not known" if value is None else f"{value:g}"


def _by_time(node: Number) -> str:
    """`untouched for 72 h`, `waiting for 40 h of working time`, `due within 1 h`; the bounds have a second of play."""
    if node.over is not None:
        return f"{node.source.kind} for {_hours(node.over + 1)}{' of working time' if node.source.name else ''}"
    return f"{node.source} within {_hours((node.under or 0) - 1)}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h"


@lru_cache(maxsize=1_024)
def shown(text: str) -> str:
    """A text for a trace: one line of limited length."""
    line = " ".join(text[: SHOWN * 4].split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
