"""How a condition compares a text: match types, comparators, captures, counts.  All text conditions use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.config import quantities
from mailbridge.config.reading import Schema, Wrong
from mailbridge.config.scalars import Choice, Text
from mailbridge.config.schema import Either, Key, Later, Made, Many, Record
from mailbridge.rules.captures import is_name
from mailbridge.rules.comparators import Comparator
from mailbridge.rules.rule_set import pattern_of
from mailbridge.rules.tree import RELATIONS, AllOf, AnyOf, Condition, MatchType, Same, Test
from mailbridge.rules.tree import TextTest as TextCondition


def pattern(text: str) -> str:
    """The text, if RE2 takes it as a pattern."""
    pattern_of(MatchType.REGEX, Comparator.UNICODE, text)
    return text


def wildcards(text: str) -> str:
    """The text, if it is a pattern of `*` and `?`."""
    pattern_of(MatchType.MATCHES, Comparator.UNICODE, text)
    return text


def capture_name(text: str) -> str:
    if not is_name(text):
        raise Wrong(f'"{text}" cannot name what was caught', "a name has letters, digits and _ and begins with no digit")
    return text


_TEXTS = Many(of=Text(), what="a text or a list of texts", least=1)
MATCHES: dict[str, Key] = {
    "is": Key(schema=_TEXTS, about="the whole text is one of these"),
    "contains": Key(schema=_TEXTS, about="one of these stands in the text"),
    "matches": Key(
        schema=Many(of=Text(parse=wildcards), what="a pattern or a list", least=1),
        about="the whole text is like one of these; * is any run of characters, ? is one",
    ),
    "regex": Key(
        schema=Many(of=Text(parse=pattern, what="a regular expression"), what="a regular expression or a list", least=1),
        about="one of these regular expressions (RE2) is found in the text",
    ),
}
_RELATIONS: dict[str, Key] = {
    word: Key(schema=_TEXTS, about=about)
    for word, about in {
        "ge": "greater or equal", "gt": "greater", "le": "less or equal", "lt": "less", "eq": "equal", "ne": "not equal",
    }.items()
}  # fmt: skip
_COMPARATOR = Key(
    schema=Made(of=Choice(what="comparator", words=tuple(Comparator)), make=Comparator),
    about="when two texts are the same; without it, upper and lower case of all scripts are",
)
_AS = Key(
    schema=Either(
        what="a name or a list of names",
        scalar=Text(what="a name", parse=capture_name),
        sequence=Many(of=Text(what="a name", parse=capture_name), what="a list of names", strict=True, least=1),
    ),
    about="a name for what was found; a list names the wildcards or groups in order",
)
INDEX = Key(schema=Text(what="a position", parse=quantities.index), about="only the n-th field of that name, -1 for the last (RFC 5260)")


@dataclass(frozen=True, slots=True)
class Tested:
    """A test and its field: `index` 0 for all."""

    test: Test
    index: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """RFC 5231 4.2: the number of values, compared with numbers; all comparisons must be true."""

    relations: tuple[tuple[MatchType, int], ...]


def _counted(values: Mapping[str, int]) -> Counted:
    return Counted(tuple((MatchType(word), number) for word, number in values.items()))


COUNT = Record(
    what="a count",
    keys={word: Key(schema=Text(what="a number", parse=quantities.count), about=key.about) for word, key in _RELATIONS.items()},
    least_one=True,
    make=_counted,
)
_COUNT = Key(schema=COUNT, about="how many there are, compared by ge, gt, le, lt, eq, ne (RFC 5231)")


def text_test(*, index: bool = False, relations: bool = False, numeric: bool = False, words: Callable[[str], str] | None = None) -> Schema:
    """What compares a text: 'x' and [x, y] are `is`, a mapping names the match type.  `index`: of header fields, which are counted too."""
    made = text_shape(index, relations, Comparator.NUMERIC if numeric else Comparator.UNICODE, words)
    return Later(name="compared-text" if relations else "indexed-text" if index else "text", schema=lambda: made)


def text_shape(index: bool, relations: bool, comparator: Comparator, words: Callable[[str], str] | None) -> Schema:
    def short(values: tuple[str, ...]) -> Tested:
        return _tested({"is": values}, comparator, words)

    def long(values: dict[str, Any]) -> Tested | Counted:
        return _count_alone(values) if "count" in values else _tested(values, comparator, words)

    matches = MATCHES | (_RELATIONS if relations or index else {}) | ({"count": _COUNT} if index else {})
    more = {"comparator": _COMPARATOR, "as": _AS} | ({"index": INDEX} if index else {})
    return Either(
        what="a text, a list of texts or a match type",
        scalar=Made(of=_TEXTS, make=short),
        sequence=Made(of=_TEXTS, make=short),
        mapping=Record(what="a text condition", keys=matches | more, one_of=tuple(matches), make=long),
    )


def _count_alone(values: dict[str, Any]) -> Counted:
    others = [word for word in values if word != "count"]
    if others:
        raise Wrong(f'"{others[0]}" beside "count"', "all fields of the name are counted, whatever they say")
    counted: Counted = values["count"]
    return counted


def _tested(values: Mapping[str, Any], comparator: Comparator, words: Callable[[str], str] | None) -> Tested:
    match = MatchType(next(word for word in values if word in (*MATCHES, *_RELATIONS)))
    texts = tuple(map(words, values[match])) if words else values[match]
    chosen = values.get("comparator", comparator)
    if chosen is Comparator.NUMERIC and match not in (MatchType.IS, *RELATIONS):
        raise Wrong(f'"{match}" with the comparator {chosen}: numbers are equal or not', 'use "is"')
    named = values.get("as", ())
    captures, whole = (named, "") if isinstance(named, tuple) else ((), named)
    _enough_groups(match, chosen, texts, captures)
    return Tested(Test(match=match, keys=texts, comparator=chosen, captures=captures, whole=whole), values.get("index", 0))


def _enough_groups(match: MatchType, comparator: Comparator, texts: Iterable[str], captures: tuple[str, ...]) -> None:
    if not captures:
        return
    if match not in (MatchType.MATCHES, MatchType.REGEX):
        raise Wrong(f'"{match}" has no wildcards or groups to name', "`as: name` without brackets names the text that was found")
    for text in texts:
        groups = pattern_of(match, comparator, text).groups
        if groups < len(captures):
            raise Wrong(f'more names ({len(captures)}) than wildcards or groups ({groups}) in "{text}"')


def captures_of(condition: Condition) -> frozenset[str]:
    """The names that a condition may capture.  Conditions below `not` capture nothing."""
    match condition:
        case AllOf(children=children) | AnyOf(children=children):
            return frozenset().union(*map(captures_of, children))
        case TextCondition(test=test):
            return _captures(test)
        case Same(tests=tests):
            return frozenset().union(*(_captures(test) for _, test in tests if isinstance(test, Test)))
    return frozenset()


def _captures(test: Test) -> frozenset[str]:
    named = {name for key in test.keys if test.match is MatchType.REGEX for name in pattern_of(test.match, test.comparator, key).names}
    return frozenset(named | set(test.captures) | ({test.whole} if test.whole else set()))
