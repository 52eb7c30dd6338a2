"""Rules in the form in which they are matched, in a time that hardly grows with their number; `compile` makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from mailbridge.customers.model import Customers
from mailbridge.rules.comparators import Comparator, fold, ignores_case
from mailbridge.rules.patterns import Automaton, Pattern, PatternSet, glob
from mailbridge.rules.tree import Exists, Fact, MatchType, Number, Rule, Same, TextTest, ValueSource

Names = Mapping[str, Mapping[str, str]]  # action -> name in one case -> name
AtomKey = tuple[MatchType, Comparator, str]


@dataclass(frozen=True, slots=True)
class Atoms:
    """A text condition: true when one of these atoms hit in its source (by number).

    `leaf` is what the admin wrote; `by_key` has for each source the atoms in the order of the leaf's keys.
    """

    of: tuple[tuple[int, frozenset[int]], ...]
    leaf: TextTest
    by_key: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class All:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: Node


@dataclass(frozen=True, slots=True)
class Related:
    """A text compared by order (RFC 5231); read for each mail, since no index helps."""

    leaf: TextTest


Node = Atoms | All | Any | Not | Related | Exists | Number | Fact | Same


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`opening`: it is only for a mail that opens a ticket.  `changing`: its condition asks for something that earlier rules may choose.
    `sets` and `adds` are its actions by their names."""

    rule: Rule
    when: Node
    opening: bool = False
    changing: bool = False
    sets: tuple[tuple[str, str], ...] = ()
    adds: tuple[tuple[str, tuple[str, ...]], ...] = ()


class SourceIndex:
    """All atoms of one source."""

    __slots__ = ("_any_text", "_exact", "_pattern_ids", "_patterns", "_words")

    def __init__(self, atoms: Mapping[AtomKey, int]) -> None:
        self._exact: dict[Comparator, dict[str, int]] = {}
        self._any_text: list[int] = []
        words: dict[Comparator, dict[str, int]] = {}
        patterns: list[Pattern] = []
        self._pattern_ids: list[int] = []
        for (match, comparator, key), atom in atoms.items():
            if match is MatchType.IS:
                self._exact.setdefault(comparator, {})[key] = atom
            elif match is MatchType.CONTAINS and key:
                words.setdefault(comparator, {})[key] = atom
            elif match is MatchType.CONTAINS:
                self._any_text.append(atom)  # RFC 5228 2.7.1: every value contains the empty text
            else:
                patterns.append(pattern_of(match, comparator, key))
                self._pattern_ids.append(atom)
        self._words = [(comparator, Automaton(tuple(w)), tuple(w.values())) for comparator, w in words.items()]
        self._patterns = PatternSet(patterns) if patterns else None

    def hits(self, texts: Iterable[str]) -> set[int]:
        """The atoms that hit in any of the texts."""
        found: set[int] = set()
        for text in texts:
            found.update(self._any_text)
            for comparator, exact in self._exact.items():
                if (atom := exact.get(fold(text, comparator))) is not None:
                    found.add(atom)
            for comparator, automaton, ids in self._words:
                found.update(ids[number] for number in automaton.found(encoded(fold(text, comparator))))
            if self._patterns is not None:
                found.update(self._pattern_ids[number] for number in self._patterns.found(encoded(text)))
        return found


def encoded(text: str) -> bytes:
    """UTF-8 for RE2; a lone surrogate, which no message holds but an envelope might, becomes '?'."""
    return text.encode("utf-8", "replace")


@lru_cache(maxsize=16_384)
def pattern_of(match: MatchType, comparator: Comparator, key: str) -> Pattern:
    """The compiled pattern of a `matches` or `regex` key.  Raises Wrong.

    Kept: checking, compiling and explaining ask for the same ones, and a reload finds most of its patterns again.
    """
    return Pattern(glob(key) if match is MatchType.MATCHES else key, ignore_case=ignores_case(comparator))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Immutable.  `sources` and `indexes` go by the number of a source.

    `triggered` gives for an atom the numbers of the rules it wakes; `always` are looked at for every mail.
    """

    version: str = ""
    rules: tuple[CompiledRule, ...] = ()
    sources: tuple[ValueSource, ...] = ()
    indexes: tuple[SourceIndex, ...] = ()
    changing: frozenset[int] = frozenset()  # sources whose texts rules change
    triggered: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    trigger_sources: tuple[int, ...] = ()
    always: tuple[int, ...] = ()
    customers: Customers = field(default_factory=Customers)
    tags: frozenset[str] = frozenset()  # the only ones there are; empty: any
    names: Names = field(default_factory=dict)
    about_replies: bool = False  # some rule may hold for a mail on a ticket that is there already
    asks: frozenset[str] = frozenset()  # sources that some condition looks at: without "load" nobody has to count tickets
