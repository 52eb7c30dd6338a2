"""Finds the lines of an HTML body that make up the shown text.

The text is the reply: without quotes, signatures, commands and hidden text.  The HTML is the whole message.  Both are compared by their
letters and digits, line by line of the HTML, so that blanks, wrapped lines and list signs do not matter.  The HTML is used only if the
lines that are found are exactly the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.delivery.render.rich.tree import Break, Element, Line, LinkEnd, Ordinal, Part, Picture, Words, lines_of

MOST_WAYS = 16  # most candidate positions in the text for one line; usual lines have two
_BRACKETED = re.compile(r"[^\w#\[<(]{0,200}[\[<(]([^\]\n>)]{1,300})[\]>)]")
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """A link address or a picture that the text lacks at `start`.  It replaces the text from `start` to `stop` (offsets in characters)."""

    start: int
    stop: int
    link: str = ""
    picture: Picture | None = None
    alone: bool = False  # the picture is a line by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """`kept`: the `id()` of each leaf that is shown.  `marks`: in the order of the text."""

    kept: frozenset[int]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a text: its letters, digits and number signs in lower case, with the offset of each in the text."""

    text: str
    at: Sequence[int]
    source: str

    def behind(self, place: int) -> int:
        """The offset in the text behind the key before `place`."""
        return self.at[place - 1] + 1 if place else 0

    def line_end(self, place: int) -> int:
        """The offset in the text of the end of the line with the key before `place`."""
        end = self.source.find("\n", self.behind(place)) if place else 0
        return end if end >= 0 else len(self.source)

    def parted(self, place: int) -> bool:
        """Whether the keys before and at `place` are separated in the text, so that a word ends there."""
        return place in (0, len(self.text)) or self.at[place] > self.at[place - 1] + 1


def keys_of(text: str) -> Keys:
    found = [(char.lower(), place) for place, char in enumerate(text) if _counts(char)]
    return Keys(text="".join(key[:1] for key, _ in found), at=[place for _, place in found], source=text)


@lru_cache(maxsize=16)
def _key_of(text: str) -> str:
    """The keys as a string.  Cached, because each candidate position of a line needs them."""
    return keys_of(text).text


def _counts(char: str) -> bool:
    return char.isalnum() or char == "#" or (char > "\u00ff" and unicodedata.category(char) == "So")


def aligned(root: Element, text: str) -> Alignment | None:
    """The lines of the tree that together are exactly `text`; None if there are none."""
    keys, place = keys_of(text), 0
    kept: set[int] = set()
    marks: list[Mark] = []
    waiting: list[Line] = []  # lines without a key after the last line that has one
    after_kept = True
    for line in lines_of(root):
        found = _match(line, keys, place)
        if not _key(line) and (found is None or found[0] == place):
            waiting.append(line)
            continue
        for between, added in _between(waiting, keys, place, before=after_kept, behind=found is not None, first=not kept):
            kept |= between
            marks += added
        waiting, after_kept = [], found is not None
        if found is not None:
            place, added = found
            kept |= {id(part) for part in line}
            marks += added
    for between, added in _between(waiting, keys, place, before=after_kept, behind=not keys.text, first=not kept):
        kept |= between
        marks += added
    return Alignment(kept=frozenset(kept), marks=tuple(marks)) if place == len(keys.text) and kept else None


def _between(
    lines: Sequence[Line], keys: Keys, place: int, *, before: bool, behind: bool, first: bool
) -> Iterator[tuple[set[int], list[Mark]]]:
    """The shown lines among lines without a key: all between two shown lines, and pictures after a shown line."""
    for line in lines:
        pictures = [part for part in line if isinstance(part, Picture)]
        if (before and behind) or (before and pictures and not first) or (first and behind):
            at = keys.line_end(place)
            yield {id(part) for part in line}, [Mark(start=at, stop=at, picture=picture, alone=True) for picture in pictures]


def _key(line: Line) -> str:
    return "".join(keys_of(part.text).text for part in line if isinstance(part, Words))


def _match(line: Line, keys: Keys, start: int) -> tuple[int, list[Mark]] | None:
    """The position among the keys where the line ends, and the marks it needs; None if it does not match at `start`."""
    ends: dict[int, list[Mark]] = {start: []}
    for part in line:
        ends = _step(part, keys, ends)
    whole = [place for place in ends if keys.parted(place)]
    return (max(whole), ends[max(whole)]) if whole else None


def _step(part: Part, keys: Keys, ends: dict[int, list[Mark]]) -> dict[int, list[Mark]]:
    """The positions after this part.  A match in the text has priority over a mark.  Empty if there are more than MOST_WAYS."""
    reached: dict[int, list[Mark]] = {}
    for place, marks in ends.items():
        for end, mark in _ways(part, keys, place):
            reached.setdefault(end, [*marks, mark] if mark else marks)
    return reached if len(reached) <= MOST_WAYS else {}


def _ways(part: Part, keys: Keys, place: int) -> Iterator[tuple[int, Mark | None]]:
    match part:
        case Words(text=text):
            key = _key_of(text)
            if keys.text.startswith(key, place):
                yield place + len(key), None
        case Ordinal(number=number):
            if keys.text.startswith(str(number), place):
                yield place + len(str(number)), None
            yield place, None
        case LinkEnd():
            yield from _of_link(part, keys, place)
        case Picture():
            yield _of_picture(part, keys, place)
        case Break():
            yield place, None


def _of_link(link: LinkEnd, keys: Keys, place: int) -> Iterator[tuple[int, Mark | None]]:
    told = [_key_of(link.href), _key_of(_SCHEME.sub("", link.href))]
    yield from ((place + len(key), None) for key in told if key and keys.text.startswith(key, place))
    at, shown = keys.behind(place), _key_of(link.shown)
    if not shown or told[1].removeprefix("www") in shown or shown in (told[1], told[1].removeprefix("www")):
        yield place, None
    else:
        yield place, Mark(start=at, stop=at, link=link.href)


def _of_picture(picture: Picture, keys: Keys, place: int) -> tuple[int, Mark | None]:
    """Many programs put a placeholder for the picture into the text: "[image: plan.png]", "[cid:image001.png@01D9]"."""
    start = keys.behind(place)
    bracket = _BRACKETED.match(keys.source, start)
    if bracket and _stands_for(bracket[1], picture):
        inside = bisect_left(keys.at, bracket.end())
        named = "cid:" in bracket[1].lower()
        return inside, Mark(start=bracket.start(1) - 1, stop=bracket.end(), picture=picture) if named else None
    return place, Mark(start=start, stop=start, picture=picture)


def _stands_for(inside: str, picture: Picture) -> bool:
    said = _key_of(inside)
    names = [_key_of(name) for name in (picture.alt, picture.cid, picture.cid.partition("@")[0])]
    return inside.lower().startswith("cid:") or said in ("image", "inlineimage") or any(name and name in said for name in names)
