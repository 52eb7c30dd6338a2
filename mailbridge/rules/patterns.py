"""Patterns that take linear time whatever the mail says.  The only importer of RE2.

RE2 has no backtracking, so a search costs a fixed amount a byte.  Four more bounds make the amount small: a pattern's program has a
size limit, a search for "is it there" never asks for groups (that keeps RE2 on its automaton), groups are looked for
only inside the match, and only in one of bounded length, and a pattern with large repeat counts looks at a shorter text, see `window`.

RE2 knows words of ASCII letters only: `\\bпринтер\\b` would never match.  `\\w` is therefore written out for the letters of every
script, and a `\\b` at the edge of a pattern becomes the character that stands there; see the module `unicode_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import re2

from mailbridge.config.reading import Wrong
from mailbridge.rules.unicode_words import WORD, split_pattern, unicode_words

MAX_PATTERN = 2_000  # characters
MAX_PROGRAM = 6_000  # RE2 instructions: what one pattern may cost a byte in the worst case
MAX_CAPTURED = 8_192  # bytes of a match that groups are looked for in, fewer for a pattern with many instructions
LEAST_CAPTURED, CAPTURE_WORK = 1_024, 500_000
HARMLESS = 16  # repeats that the automaton takes without trouble
WORK = 2_500_000  # about a nanosecond each: what one search of a pattern with large repeats may cost at worst
MEMORY = 8 << 20
SET_MEMORY = 64 << 20
FILTER_SIZE = 1_100  # patterns a filter: its automaton has 8 MiB and starts anew when they are full
SET_SIZE = 5_000  # words an automaton


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A match: the text itself and its groups, '' for one that took no part."""

    text: str
    groups: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()


class Pattern:
    """A compiled pattern.  Raises Wrong, with the place in the pattern, for one that RE2 does not take."""

    __slots__ = ("_ignore_case", "_known_groups", "_plain", "_trim", "source", "translated", "window")

    def __init__(self, source: str, *, ignore_case: bool = True) -> None:
        if len(source) > MAX_PATTERN:
            raise Wrong(f"a pattern of {len(source)} characters", f"at most {MAX_PATTERN}; a list of patterns costs no more")
        self.source = source
        self._ignore_case = ignore_case
        self.translated, self._trim = unicode_words(source)
        self._plain = _compile(source, self.translated, _options(ignore_case=ignore_case, groups=False))
        if self._plain.programsize > MAX_PROGRAM:
            raise Wrong("a pattern that is too costly", "use smaller repeat counts such as {1,50}, or several patterns")
        self.window = window(source, self._plain.programsize)
        self._known_groups: re2._Regexp | None = None

    @property
    def _grouped(self) -> re2._Regexp:
        """The same with its groups.  Most patterns are only ever searched, so it is made when somebody asks."""
        if self._known_groups is None:
            self._known_groups = _compile(self.source, self.translated, _options(ignore_case=self._ignore_case))
        return self._known_groups

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._grouped.groups)

    @property
    def names(self) -> dict[str, int]:
        """Its named groups with their numbers."""
        return dict(self._grouped.groupindex) if "(?" in self.source else {}

    def search(self, data: bytes) -> tuple[int, int] | None:
        """Where it matches first, in bytes."""
        # What lies behind the window still counts as what stands there: `$` does not match at the window's end.
        start, end = self._plain._regexp.Match(re2._Anchor.UNANCHORED, data, 0, min(len(data), self.window))[0]
        return None if start < 0 else (start, end)

    def find(self, data: bytes, *, groups: bool = True) -> PatternMatch | None:
        """The first match with its groups; none are looked for in a match that is too long, or where nobody wants them."""
        span = self.search(data)
        if span is None:
            return None
        start, end = span
        if not groups:
            return PatternMatch(text=self._trimmed(_text(data[start : min(end, start + MAX_CAPTURED)])), groups=())
        if end - start > max(LEAST_CAPTURED, min(MAX_CAPTURED, CAPTURE_WORK // self._plain.programsize)):
            return PatternMatch(text=_text(data[start : start + MAX_CAPTURED]), groups=("",) * self.groups)
        # Anchored at a known match and bounded by its end: the cost is that of the match, however long the text.
        spans = self._grouped._regexp.Match(re2._Anchor.ANCHOR_START, data, start, end)
        caught = tuple("" if s < 0 else _text(data[s:e]) for s, e in spans[1:])
        named = tuple((name, caught[number - 1]) for name, number in self.names.items())
        return PatternMatch(text=self._trimmed(_text(data[start:end])), groups=caught, named=named)

    def _trimmed(self, text: str) -> str:
        """The match without the characters that an outer \\b took."""
        before, after = self._trim
        if before and text and not is_word(text[0]):
            text = text[1:]
        return text[:-1] if after and text and not is_word(text[-1]) else text

    def filter_arguments(self) -> tuple[bytes, re2.Options]:
        """What RE2's filter wants to know of it."""
        return self.translated.encode(), _options(ignore_case=self._ignore_case)


def window(pattern: str, program: int) -> int:
    """How many bytes of a text a pattern looks at.

    `a.{200}z` has to remember for each of the last 200 characters whether it was an a: more states than any memory holds, so RE2
    leaves its automaton and takes 200 steps a byte.  Such a search is kept to WORK: some 4,600 bytes for {60}, 800 for .{200}.
    """
    counts = [max(map(int, re.findall(r"\d+", piece))) for piece in split_pattern(pattern) if _COUNT.fullmatch(piece)]
    single = sum(piece in (".", r"\C") or piece[:1] == "[" for piece in split_pattern(pattern))
    repeats = max(min(prod(counts), program), single)
    return MAX_BYTES if repeats <= HARMLESS else WORK // max(9 * repeats, min(2 * program, 20 * repeats))


@lru_cache(maxsize=1_024)
def is_word(character: str) -> bool:
    """Whether \\w takes this character."""
    return re2.search(f"^[{WORD}]", character) is not None


def glob(pattern: str) -> str:
    """The regular expression for Sieve's wildcards (RFC 5228 2.7.1): `*` any run, `?` one character, a backslash the next as it is."""
    made: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            made.append("(.*?)")  # RFC 5229 3.2: the shortest
        elif character == "?":
            made.append("(.)")
        else:
            made.append(re2.escape(next(characters, "\\") if character == "\\" else character))
    return rf"(?s)\A{''.join(made)}\z"


class Automaton:
    """Literal words searched together: which of them stand in a text, in one pass whatever their number."""

    __slots__ = ("_ids", "_sets")

    def __init__(self, words: Sequence[str]) -> None:
        self._sets: list[tuple[re2.Set, tuple[int, ...]]] = []
        for chunk in _chunks(range(len(words)), SET_SIZE):
            self._add(words, tuple(chunk))

    def _add(self, words: Sequence[str], ids: tuple[int, ...]) -> None:
        made = re2.Set.SearchSet(_options(literal=True, memory=SET_MEMORY))
        for number in ids:
            made.Add(words[number].encode())
        if not _compiles(made) or (len(ids) > 1 and not _works(made, words[ids[-1]])):
            half = len(ids) // 2
            self._add(words, ids[:half])
            self._add(words, ids[half:])
            return
        self._sets.append((made, ids))

    def found(self, data: bytes) -> list[int]:
        """Numbers of the words in the text."""
        return [ids[number] for made, ids in self._sets for number in (made.Match(data) or ())]


class PatternSet:
    """Patterns searched together: RE2's filter finds the literal words that each needs, and only candidates are tried one by one."""

    __slots__ = ("_filters", "_patterns")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._filters: list[tuple[re2.Filter, tuple[int, ...]]] = []
        # As few filters as may be, for each is a pass over the text, and all of them about as large.
        parts = -(-len(patterns) // FILTER_SIZE)
        for chunk in _chunks(range(len(patterns)), -(-len(patterns) // parts)):
            self._add(tuple(chunk))

    def _add(self, ids: tuple[int, ...]) -> None:
        made = re2.Filter()
        for number in ids:
            made.Add(*self._patterns[number].filter_arguments())
        try:
            made.Compile()
        except re2.error:
            if len(ids) == 1:
                raise Wrong("a pattern whose words are too many to search for") from None
            half = len(ids) // 2
            self._add(ids[:half])
            self._add(ids[half:])
            return
        self._filters.append((made, ids))

    def found(self, data: bytes) -> list[int]:
        """Numbers of the patterns that match the text."""
        candidates = (ids[number] for made, ids in self._filters for number in (made.Match(data, potential=True) or ()))
        return [number for number in candidates if self._patterns[number].search(data) is not None]


_COUNT = re.compile(r"\{\d+(?:,\d*)?\}\??")
MAX_BYTES = 1 << 30


def _compile(source: str, translated: str, options: re2.Options) -> re2._Regexp:
    try:
        return re2._Regexp(translated, options)
    except re2.error as err:
        raise _wrong(source, translated, err) from None


# What RE2 says -> what to do.  RE2's own words are short and exact, so they stay in the message.
_ADVICE = {
    "invalid perl operator": "RE2 has no look-around: state the other half as a further condition under all: or not:",
    "invalid escape sequence": "RE2 knows no back-references and no \\Z; \\z is the end of the text",
    "bad repetition operator": "possessive and doubled repeats are not in RE2, and not needed: nothing backtracks",
    "invalid repetition size": "a repeat count is at most 1000, multiplied with those around it",
    "missing ]": "put a backslash before a [ that is meant as itself",
    "missing )": "put a backslash before a ( that is meant as itself",
    "unexpected )": "put a backslash before a ) that is meant as itself",
    "no argument for repetition operator": "put a backslash before a * + or ? that is meant as itself",
    "invalid named capture group": "a name has letters, digits and _ and is used once",
    "pattern too large": "use smaller repeat counts such as {1,50}, or several patterns",
}


def _wrong(source: str, translated: str, err: re2.error) -> Wrong:
    said = err.args[0].decode("utf-8", "replace") if isinstance(err.args[0], bytes) else str(err.args[0])
    what, _, argument = said.partition(": ")
    advice = next((advice for words, advice in _ADVICE.items() if said.startswith(words)), "see the syntax of RE2")
    start = source.find(argument) if argument and argument != translated else -1
    message = f"not a pattern: {what}" + (f" {argument}" if start >= 0 else "")
    return Wrong(message, advice, start=max(start, 0), length=len(argument) if start >= 0 else 0)


@lru_cache(maxsize=16)
def _options(*, ignore_case: bool = False, groups: bool = True, literal: bool = False, memory: int = MEMORY) -> re2.Options:
    made = re2.Options()
    made.case_sensitive = not ignore_case
    made.never_capture = not groups
    made.literal = literal
    made.max_mem = memory
    made.log_errors = False
    return made


def _compiles(made: re2.Set) -> bool:
    try:
        made.Compile()
    except re2.error:
        return False
    return True


def _works(made: re2.Set, word: str) -> bool:
    # A set whose automaton does not fit into its memory finds nothing and says nothing, so it has to find a word of its own.
    return bool(made.Match(word.encode()))


def _chunks(numbers: range, size: int) -> Iterable[range]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
