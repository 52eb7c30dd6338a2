"""Rules of style elements and style attributes that can hide content (CSS 2.2, 4 and 6.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MOST_RULES = 500
_LONGEST_SHEET = 200_000  # characters
_LONGEST_SELECTOR = 300
_SCREEN = 1024  # px: the width used for media queries

# The properties that affect whether text is visible.
PROPERTIES = frozenset({
    "display", "visibility", "opacity", "font", "font-size", "color", "background", "background-color", "background-image", "height",
    "max-height", "width", "max-width", "overflow", "overflow-x", "overflow-y", "clip", "clip-path", "position", "left", "right", "top",
    "bottom", "text-indent", "margin", "margin-left", "margin-right", "margin-top", "transform", "mso-hide", "content-visibility",
    "-webkit-text-fill-color", "line-height",
})  # fmt: skip
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
_PSEUDO = re.compile(r":(?:hover|active|focus|visited|target|before|after|first-letter|first-line|checked|-)|::")
_FEATURE = re.compile(r"\((min|max)-(?:device-)?width\s*:\s*(\d+)(?:px)?\)")
_PARTS = re.compile(r"(#[\w-]+)|(\.[\w-]+|\[[^\]]*\]|:[\w-]+(?:\([^)]*\))?)|([\w-]+)")
_LAST_KEY = re.compile(r"(?:^|[\s>+~])(?:[\w*-]*)(#[\w-]+|\.[\w-]+)?[^\s>+~]*$")

Declared = dict[str, tuple[str, bool]]  # property -> (value in lower case, whether it is important)


class StyleRule(NamedTuple):
    """A selector, its specificity (ids, classes, elements), its declarations, and its position among the rules."""

    selector: str
    specificity: tuple[int, int, int]
    declared: Declared
    order: int


def declared(text: str) -> Declared:
    """The declarations of a style attribute or of a rule's block, without properties that cannot hide content."""
    found: Declared = {}
    if "/*" in text:
        text = _COMMENT.sub("", text)
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)) if match[1] else match[2], text)
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip().lower()
        if not colon or name not in PROPERTIES:
            continue
        value = value.strip().lower()
        important = value.endswith("important") and value[: -len("important")].rstrip().endswith("!")
        if important:
            value = value[: value.rindex("!")].rstrip()
        if important or not found.get(name, ("", False))[1]:
            found[name] = (value, important)
    return found


def rules_of(sheet: str) -> list[StyleRule]:
    """The rules of a style element that may hide content on a wide screen."""
    rules: list[StyleRule] = []
    for selectors, block in _blocks(_COMMENT.sub("", sheet[:_LONGEST_SHEET])):
        what = declared(block)
        if not what:
            continue
        for selector in selectors.split(","):
            selector = selector.strip()
            if selector and len(selector) <= _LONGEST_SELECTOR and not _PSEUDO.search(selector) and len(rules) < _MOST_RULES:
                rules.append(StyleRule(selector, _specificity(selector), what, len(rules)))
    return rules


def key_of(rule: StyleRule) -> str:
    """The id ('#x') or class ('.x') in the last part of a selector, '' without either."""
    found = _LAST_KEY.search(rule.selector)
    return found[1] or "" if found else ""


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of each rule, including rules inside media queries that match a wide screen."""
    place = 0
    while (opening := sheet.find("{", place)) >= 0:
        head = sheet[place:opening].rpartition(";")[2].rpartition("}")[2].strip()
        if head.startswith("@"):
            if head.lower().startswith("@media") and _holds(head):
                place = opening + 1  # its rules are read like any others, and its closing bracket is skipped
                continue
            place = _end_of_block(sheet, opening)
            continue
        closing = sheet.find("}", opening)
        closing = len(sheet) if closing < 0 else closing
        yield head, sheet[opening + 1 : closing]
        place = closing + 1


def _end_of_block(sheet: str, opening: int) -> int:
    depth = 0
    for place in range(opening, len(sheet)):
        if sheet[place] == "{":
            depth += 1
        elif sheet[place] == "}":
            depth -= 1
            if depth == 0:
                return place + 1
    return len(sheet)


def _holds(query: str) -> bool:
    """Whether a media query matches a wide screen in light colours."""
    return any(_holds_alone(one) for one in query[len("@media") :].lower().split(","))


def _holds_alone(query: str) -> bool:
    if "print" in query or "not " in query or "dark" in query:
        return False
    widths = [(bound, int(width)) for bound, width in _FEATURE.findall(query)]
    if query.count("(") > len(widths):
        return False
    return all(width <= _SCREEN if bound == "min" else width >= _SCREEN for bound, width in widths)


def _specificity(selector: str) -> tuple[int, int, int]:
    ids = classes = elements = 0
    for found in _PARTS.finditer(selector):
        ids, classes, elements = ids + bool(found[1]), classes + bool(found[2]), elements + bool(found[3])
    return ids, classes, elements
