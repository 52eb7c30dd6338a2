"""Converts an HTML body to lines of text with hints from its structure: quotes, introductions, signatures."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import DocumentNode, ElementNode, HTMLTree

from mailbridge.message import visibility
from mailbridge.message.html import dom, to_text
from mailbridge.reply.clients import HABITS, OWN_CITATION, MarkedPart
from mailbridge.reply.linear import PhraseSet, escaped
from mailbridge.reply.lines import MOST_LINES, Hint, TextLine, lines_of, unmarked

_EXAMINED = 2_000_000  # characters
_MOST_MARKS = 100  # elements marked in one mail
_MOST_ALIKE = 1_000  # elements that one selector may find; with more of them the structure is ignored
_MOST_TITLES = 20

# Marks around elements: Unicode noncharacters (reserved for internal use), then the number of the row in the client table.
_OPEN, _CLOSE, _FIRST_NUMBER = "\ufdd0", "\ufdd1", 0xE000
_MARK = re.compile("[\ufdd0\ufdd1][\ue000-\ue0ff]")
_OWN_MARKS = {ord(_OPEN): None, ord(_CLOSE): None}
_MOST_INTRODUCTION_LINES = 5
_DEEPEST = 40  # nested marked elements; deeper ones count as the one that contains them


class HtmlText(NamedTuple):
    """The body as text, with `> ` before cited lines, and its lines, which cover the text without gaps."""

    text: str
    lines: list[TextLine]


def has_structure(html: str) -> bool:
    """Whether this HTML contains markup of any known mail program for quotes or signatures."""
    return bool(_needles().matches(html[:_EXAMINED].lower()))


@cache
def _needles() -> PhraseSet:
    return PhraseSet([escaped(habit.needle) for habit in HABITS], anywhere=True)


def page_of(html: str) -> HtmlText:
    """The HTML as text, with each block on its own lines, and the structural hint of each line."""
    html = html[:_EXAMINED]
    if not html.isascii():  # the parser reads UTF-8, which cannot encode lone surrogates
        html = html.encode("utf-8", "replace").decode("utf-8")
    if _OPEN in html or _CLOSE in html:
        html = html.translate(_OWN_MARKS)
    lowered = html.lower()
    numbers = _needles().matches(lowered)
    monstrous = any(lowered.count(HABITS[number].needle) > _MOST_ALIKE for number in numbers)
    tree = None if monstrous else dom(html)
    if tree is None or tree.document is None:  # too deep or too malformed for an analysis of its structure
        text = to_text(html)
        return HtmlText(text, lines_of(text))
    if visibility.may_hide(html):
        visibility.remove_hidden(tree.document)
    elif "<title" in lowered:
        _remove_titles(tree.document)
    _mark(tree, tree.document, numbers)
    shown = extract_plain_text(tree, preserve_formatting=True, alt_texts=False, links="<a" in lowered)
    return _read(_without_told_links(shown.replace("\u00a0", " ")))


def _without_told_links(shown: str) -> str:
    """The text without link targets in parentheses that only repeat the words before them."""
    parts = shown.split(" (")
    kept = [parts[0]]
    for before, part in pairwise(parts):
        target, closed, rest = part.partition(")")
        told = target.removeprefix("mailto:").removeprefix("http://").removeprefix("https://").rstrip("/")
        is_link = closed and (target.startswith(("mailto:", "http://", "https://")))
        kept.append(rest if is_link and (told in before[-len(told) - 12 :] or target.startswith("mailto:")) else f" ({part}")
    return "".join(kept)


def _remove_titles(document: DocumentNode) -> None:
    for _ in range(_MOST_TITLES):
        element = document.query_selector("title")
        if element is None:
            return
        element.decompose()


def _mark(tree: HTMLTree, document: DocumentNode, numbers: list[int]) -> None:
    """Puts marks into the tree's text at the start and end of elements that clients use for quotes and signatures.

    Of nested elements of one part only the outermost is marked.  Elements are queried one by one, since each access to an item of the
    library's result list takes time linear in the list.
    """
    left = _MOST_MARKS
    for number in numbers:
        habit = HABITS[number]
        seen = f"data-mailbridge-{habit.part}"
        selector = f":is({habit.selector}):not([{seen}]):not([{seen}] *)"
        while left and (element := document.query_selector(selector)) is not None:
            left -= 1
            element.setattr(seen, "")
            if habit.part is not MarkedPart.HEADERS or _holds_headers(element):
                _surround(tree, element, chr(_FIRST_NUMBER + number))


def _holds_headers(element: ElementNode) -> bool:
    """Whether an element with a top border begins with lines such as 'From: ...', in any language."""
    text = str(element.text)[:1500]
    labels = sum(1 for line in text.split("\n") if 0 < line.find(":") < 40 or 0 < line.find("：") < 20)
    return labels >= 3 or ("@" in text and text.count(":") >= 3)


def _surround(tree: HTMLTree, element: ElementNode, number: str) -> None:
    opening, closing = tree.create_text_node(_OPEN + number), tree.create_text_node(_CLOSE + number)
    first, parent = element.first_child, element.parent
    if opening is None or closing is None:
        return
    if first is not None:
        element.insert_before(opening, first)
        element.append_child(closing)
    elif parent is not None:  # for a rule or an empty block, the element after it is marked
        parent.insert_before(opening, element)
        parent.insert_before(closing, element)


class _Around(NamedTuple):
    """The marked elements around a line: (row number in the client table, element), outermost first, and what follows from them."""

    elements: tuple[tuple[int, int], ...]
    cited: int
    container: int | None  # the outermost one
    clients: dict[MarkedPart, str]

    @classmethod
    def of(cls, elements: list[tuple[int, int]]) -> _Around:
        habits = [HABITS[number] for number, _ in sorted(elements, reverse=True)]
        return cls(
            elements=tuple(elements),
            cited=sum(1 for habit in habits if habit.part is MarkedPart.CITED),
            container=next((opened for number, opened in elements if HABITS[number].part is MarkedPart.CONTAINER), None),
            clients={habit.part: habit.client for habit in habits},  # of several clients the first one in the table counts
        )


_NOTHING_AROUND = _Around((), 0, None, {})


class _Row(NamedTuple):
    """A line of the page, the elements around it, and the number of the table row after which all is quoted."""

    content: str
    around: _Around
    below: int | None


def _read(marked: str) -> HtmlText:
    content, beyond = _parted(marked)
    rows = _rows(content)
    contained = _containers(rows)
    pieces: list[str] = []
    lines: list[TextLine] = []
    start = 0
    for place, row in enumerate(rows):
        written = _marked_as_quoted(row) + ("\n" if place + 1 < len(rows) or beyond else "")
        lines.append(_line(row, start, start + len(written), contained.get(place)))
        pieces.append(written)
        start += len(written)
    return HtmlText("".join(pieces) + beyond, lines or [TextLine(0, 0, "", 0)])


def _marked_as_quoted(row: _Row) -> str:
    """The line as text.  Lines that the HTML shows as quoted get the marks of plain mails, so that questions and answers stay separate."""
    cited = row.around.cited
    return f"{'>' * cited} {row.content}" if cited and row.content.strip() else row.content


def _parted(marked: str) -> tuple[str, str]:
    """(the lines that are examined, the text after them without marks)"""
    contents = marked.split("\n", MOST_LINES)
    if len(contents) <= MOST_LINES:
        return marked, ""
    return "\n".join(contents[:MOST_LINES]), _MARK.sub("", contents[MOST_LINES])


def _rows(marked: str) -> list[_Row]:
    """The page's lines without marks.  A mark in the middle of a line splits it."""
    reader = _Reader()
    for content in marked.split("\n"):
        if _OPEN in content or _CLOSE in content:
            reader.marked_line(content)
        else:
            reader.line(content)
    return reader.rows


class _Reader:
    """Reads the page line by line and tracks the open marked elements."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self._open: list[tuple[int, int]] = []
        self._around = _NOTHING_AROUND
        self._below: int | None = None
        self._opened = 0

    def line(self, content: str) -> None:
        self.rows.append(_Row(content, self._around, self._below))
        self._below = None

    def marked_line(self, content: str) -> None:
        head, *parts = content.replace(_CLOSE, _OPEN + _CLOSE).split(_OPEN)
        if head.strip():
            self.line(head)
        for part in parts:
            closing = part.startswith(_CLOSE)
            number, rest = _number(part.removeprefix(_CLOSE))
            if number is not None:
                self._close(number) if closing else self._begin(number)
            if rest.strip():
                self.line(rest)

    def _begin(self, number: int) -> None:
        if HABITS[number].part in (MarkedPart.BELOW, MarkedPart.HEADERS, MarkedPart.FORWARD):
            self._below = number if self._below is None else self._below
        elif len(self._open) < _DEEPEST:
            self._opened += 1
            self._open.append((number, self._opened))
            self._around = _Around.of(self._open)

    def _close(self, number: int) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == number:
                del self._open[place]
                self._around = _Around.of(self._open) if self._open else _NOTHING_AROUND
                return


def _number(part: str) -> tuple[int | None, str]:
    if not part:
        return None, ""
    number = ord(part[0]) - _FIRST_NUMBER
    return (number, part[1:]) if 0 <= number < len(HABITS) else (None, part)


class _In(StrEnum):
    """The position of a row in a container."""

    QUOTE = "quote"
    INTRODUCTION = "introduction"


def _containers(rows: list[_Row]) -> dict[int, _In]:
    """The rows whose kind follows from containers.

    A container with cited blocks holds the introduction above the first of them, and possibly answers below it, which are not in the
    result. A container without one is a quote as a whole.  So is a container whose cited block belongs to a forwarded mail: much text
    precedes it.
    """
    found: dict[int, _In] = {}
    for members in _members(rows).values():
        cited = next((index for index, place in enumerate(members) if rows[place].around.cited), None)
        above = members[:cited] if cited is not None else []
        if cited is None or sum(1 for place in above if rows[place].content.strip()) > _MOST_INTRODUCTION_LINES:
            found.update(dict.fromkeys(members, _In.QUOTE))
        else:
            found.update(dict.fromkeys(above, _In.INTRODUCTION))
    return found


def _members(rows: list[_Row]) -> dict[int, list[int]]:
    """Outermost container (by opening order) -> the positions of its rows."""
    members: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        if row.around.container is not None:
            members.setdefault(row.around.container, []).append(place)
    return members


def _line(row: _Row, start: int, end: int, contained: _In | None) -> TextLine:
    bare = row.content.strip()
    clients = row.around.clients
    if row.below is not None:
        habit = HABITS[row.below]
        return TextLine(start, end, bare, 0, Hint.FORWARD if habit.part is MarkedPart.FORWARD else Hint.BELOW, f"client:{habit.client}")
    if contained is _In.QUOTE:
        return TextLine(start, end, bare, row.around.cited + 1, Hint.NONE, f"client:{clients[MarkedPart.CONTAINER]}")
    if row.around.cited:
        reason = f"client:{clients[MarkedPart.CITED]}"
        reason = "client:gmail" if reason == OWN_CITATION and row.around.container is not None else reason
        return TextLine(start, end, bare, row.around.cited, Hint.NONE, reason)
    if bare and (contained is _In.INTRODUCTION or MarkedPart.INTRODUCTION in clients):
        client = clients.get(MarkedPart.INTRODUCTION) or clients[MarkedPart.CONTAINER]
        return TextLine(start, end, bare, 0, Hint.INTRODUCTION, f"client:{client}")
    if MarkedPart.SIGNATURE in clients:
        return TextLine(start, end, bare, 0, Hint.SIGNATURE, f"client:{clients[MarkedPart.SIGNATURE]}")
    unquoted, depth = unmarked(bare)
    return TextLine(start, end, unquoted, depth)
