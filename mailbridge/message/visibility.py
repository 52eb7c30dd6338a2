"""Removes hidden content of an HTML body by computed style: rules of style elements and attributes, cascaded and inherited.

An attacker can use hidden text to make a person quote words that they never saw.  The assumed screen is wide, in light colours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from resiliparse.parse.html import CSSParserException, DocumentNode, ElementNode, NodeType

from mailbridge.message.colours import Colour, colour_of, look_alike, over
from mailbridge.message.stylesheet import Declared, StyleRule, declared, key_of, rules_of

_MOST_NODES = 20_000  # limit of nodes that are examined
_MOST_SHEETS = 20
_DEEPEST = 400
_FONT_SIZE = 16.0  # px
_TINY = 2.0  # px: smaller letters count as invisible
_SMALL = 1.5  # px: a clipped box of this size shows nothing
_FAR = 400.0  # px: content moved or indented so far is off the screen
_FAINT = 0.1  # opacity

_WHITE: Colour = (255.0, 255.0, 255.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
_LINK: Colour = (0.0, 0.0, 238.0, 1.0)
_UNSEEN = frozenset({"script", "style", "title", "template", "head"})

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A style that may hide something, in lower case with single spaces.  Nearly all mails have none and are not examined further.  Each
# alternative begins with a different letter, so that the search skips quickly, and no repetition is unbounded.
_OFF = r" ?:[^;\"'>]{0,30}?- ?\d{3}"  # moved that far to the left or up
_FLAT = r" ?: ?[01](?:\.\d{1,9})? ?(?:px|pt|em|%)? ?[;!\"'}]"
_LIGHT = r" ?[:=] ?[\"']? ?(?:#?[c-f][0-9a-f]{2,7}\b|rgb|hsl|transparent|[a-z]{0,20}white|snow|ivory|azure)"
_MAY_HIDE = re.compile(
    r"hidden\b|display ?: ?none|visibility ?:|mso-hide|opacity ?:|clip(?:-path)? ?:|transform ?:|text-indent ?: ?-"
    r"|font(?:-size)? ?:[^;\"'>]{0,40}?(?<![\d.#a-z])(?:[0-2]?\.\d{1,9}|[0-2]) ?(?:px|pt|em|rem|%|[;\"'}!/])|size ?= ?[\"']?[-0]"
    rf"|left{_OFF}|top{_OFF}|right{_OFF}|bottom{_OFF}|margin[a-z-]{{0,15}}{_OFF}|height{_FLAT}|width{_FLAT}"
    r"|background(?:-color)? ?: ?(?!transparent|none|white|#fff)|bgcolor ?= ?[\"']?(?!#?fff|white)|\\[0-9a-f]"
    rf"|text-fill-color{_LIGHT}|c(?<!\wc)olor{_LIGHT}|t(?<!\wt)ext{_LIGHT}"
)
_LENGTH = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(px|pt|em|rem|ex|%|cm|mm|in|vw|vh|pc)?$")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "cm": 37.8, "mm": 3.78, "in": 96.0, "pc": 16.0, "vw": 10.24, "vh": 7.68, "rem": _FONT_SIZE}
_NAMED_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0,
}  # fmt: skip
_RECTANGLE = re.compile(r"rect\(([^)]*)\)")
_MOVED = re.compile(r"translate[xy3d]*\(\s*(-?[\d.]+)(px|pt|em|%|vw)?(?:\s*,\s*(-?[\d.]+)(px|pt|em|%|vw)?)?")


def may_hide(html: str) -> bool:
    """Whether any style in `html` could hide text.  Fast; errs on the side of true."""
    html = html.lower()
    return _MAY_HIDE.search(_plain(html)) is not None or ("&#" in html and _MAY_HIDE.search(_plain(unescape(html))) is not None)


def _plain(html: str) -> str:
    """`html` in lower case, without comments of styles, and with single spaces."""
    html = html.lower()
    # No comment is closed after the last end of a comment, and a search for an end from each beginning takes quadratic time.
    end = html.rfind("*/") + 2
    if end > 1 and "/*" in html:
        html = _COMMENT.sub("", html[:end]) + html[end:]
    return " ".join(html.split())


def remove_hidden(document: DocumentNode) -> None:
    """Removes hidden content from the document in place, up to the limit of nodes."""
    sheet = _Sheet.of(document)
    root = document.document_element
    if root is not None:
        _Walk(sheet).into(root, _ROOT, 0)


class _Sheet(NamedTuple):
    """All rules of the page, by the id or class in the last part of their selectors."""

    rules: dict[str, list[StyleRule]]

    @classmethod
    def of(cls, document: DocumentNode) -> _Sheet:
        rules: dict[str, list[StyleRule]] = defaultdict(list)
        elements = document.get_elements_by_tag_name("style") if document.query_selector("style") is not None else ()
        texts = [str(element.text) for element, _ in zip(elements, range(_MOST_SHEETS), strict=False)]
        for rule in rules_of("\n".join(texts)) if texts else ():
            rules[key_of(rule)].append(rule)
        return cls(rules)

    def computed(self, element: ElementNode) -> dict[str, str]:
        """The winning declarations for this element: important ones, then its own style, then the most specific, then the last."""
        found: list[tuple[tuple[bool, bool, tuple[int, int, int], int], Declared]] = []
        for rule in self._candidates(element):
            if _matches(element, rule.selector):
                found += [((important, False, rule.specificity, rule.order), {name: (value, important)})
                          for name, (value, important) in rule.declared.items()]  # fmt: skip
        style = element.getattr("style")
        for name, (value, important) in declared(str(style)).items() if style else ():
            found.append(((important, True, (0, 0, 0), 0), {name: (value, important)}))
        found.sort(key=lambda item: item[0])
        return {name: value for _, one in found for name, (value, _) in one.items()}

    def _candidates(self, element: ElementNode) -> Iterator[StyleRule]:
        if not self.rules:
            return
        yield from self.rules.get("", ())
        if name := element.getattr("id"):
            yield from self.rules.get(f"#{name}", ())
        for one in str(element.getattr("class") or "").split():
            yield from self.rules.get(f".{one}", ())


def _matches(element: ElementNode, selector: str) -> bool:
    try:
        return bool(element.matches(selector))
    except (CSSParserException, ValueError):  # a selector that the library does not support selects nothing
        return False


class _Style(NamedTuple):
    """The style that an element's children inherit."""

    colour: Colour
    background: Colour | None  # None where a background image lies behind the text
    size: float  # of letters, px
    visible: bool
    indent: float  # px
    opacity: float

    @property
    def hides_text(self) -> bool:
        if not self.visible or self.indent <= -_FAR or self.size < _TINY or self.colour[3] < _FAINT:
            return True
        return self.background is not None and look_alike(over(self.colour, self.background), self.background)


_ROOT = _Style(_BLACK, _WHITE, _FONT_SIZE, visible=True, indent=0.0, opacity=1.0)


class _Walk:
    """One pass through the document."""

    def __init__(self, sheet: _Sheet) -> None:
        self._sheet = sheet
        self._left = _MOST_NODES

    def into(self, element: ElementNode, around: _Style, depth: int) -> None:
        """Removes hidden elements and texts from `element`."""
        hides = around.hides_text
        child = element.first_child
        while child is not None and self._left > 0:
            self._left -= 1
            after = child.next_sibling
            if child.type is NodeType.TEXT:
                if hides and str(child.value or "").strip():
                    element.remove_child(child)
            elif child.type is NodeType.ELEMENT and isinstance(child, ElementNode):
                self._element(child, around, depth)
            child = after

    def _element(self, element: ElementNode, around: _Style, depth: int) -> None:
        tag = str(element.tag or "").lower()
        if tag in _UNSEEN:
            if tag == "title":
                element.decompose()
            return
        own = self._sheet.computed(element)
        style = _inherited(element, tag, own, around)
        if _is_gone(element, own, style) or (tag == "img" and not style.visible):
            element.decompose()
        elif depth < _DEEPEST:
            self.into(element, style, depth + 1)


def _inherited(element: ElementNode, tag: str, own: dict[str, str], around: _Style) -> _Style:
    size = _size(own, around.size)
    visibility = own.get("visibility", "")
    indent = own.get("text-indent", "")
    return _Style(
        colour=_colour(element, tag, own, around.colour),
        background=_background(element, own, around.background),
        size=size,
        visible=around.visible if visibility in {"", "inherit"} else visibility not in {"hidden", "collapse"},
        indent=_pixels(indent, size, 0.0) if indent else around.indent,
        opacity=around.opacity * _share(own.get("opacity", "")),
    )


def _colour(element: ElementNode, tag: str, own: dict[str, str], around: Colour) -> Colour:
    value = own.get("-webkit-text-fill-color") or own.get("color") or str(element.getattr("color" if tag == "font" else "text") or "")
    if tag not in {"font", "body"} and not ("color" in own or "-webkit-text-fill-color" in own):
        return _LINK if tag == "a" and element.getattr("href") else around
    if value in {"initial", "unset", "revert"}:
        return _BLACK
    return colour_of(value) or around


def _background(element: ElementNode, own: dict[str, str], around: Colour | None) -> Colour | None:
    """The colour behind the element's text; None where it is unknown, as over an image."""
    told = f"{own.get('background', '')} {own.get('background-image', '')}"
    if "url(" in told or "gradient" in told or element.getattr("background"):
        return None
    value = own.get("background-color") or own.get("background") or str(element.getattr("bgcolor") or "")
    words = re.findall(r"[^\s(]+\([^)]*\)|\S+", value)
    colour = next((found for word in words if (found := colour_of(word)) is not None), None)
    if colour is None:
        return around
    return over(colour, around) if around is not None else (colour if colour[3] >= 1 else None)


def _size(own: dict[str, str], around: float) -> float:
    told = own.get("font-size", "")
    if not told and "font" in own:
        told = next((size for word in own["font"].split() if _LENGTH.match(size := word.partition("/")[0])), "")
    if told in _NAMED_SIZES:
        return _NAMED_SIZES[told]
    return _pixels(told, around, around, whole=around) if told else around


def _pixels(value: str, em: float, otherwise: float, *, whole: float = 1000.0) -> float:
    """A length in pixels.  `em` is the font size, `whole` the base of a percentage."""
    found = _LENGTH.match(value.strip())
    if found is None:
        return otherwise
    number, unit = float(found[1]), found[2] or "px"
    if unit == "%":
        return number / 100 * whole
    return number * (em if unit in {"em", "ex"} else _PIXELS[unit])


def _share(value: str) -> float:
    found = _LENGTH.match(value.strip())
    if found is None:
        return 1.0
    return min(max(float(found[1]) / (100 if found[2] == "%" else 1), 0.0), 1.0)


def _is_gone(element: ElementNode, own: dict[str, str], style: _Style) -> bool:
    """Whether nothing of the element is visible, whatever it contains."""
    display = own.get("display", "")
    if display == "none" or (not display and element.hasattr("hidden")) or own.get("mso-hide") == "all":
        return True
    if own.get("content-visibility") == "hidden" or style.opacity < _FAINT:
        return True
    return _is_cut_off(own, style.size) or _is_elsewhere(own, style.size)


def _is_cut_off(own: dict[str, str], size: float) -> bool:
    """Whether the box clips all of its content."""
    if "absolute" in own.get("position", "") or "fixed" in own.get("position", ""):
        edges = _RECTANGLE.search(own.get("clip", ""))
        lengths = [_pixels(edge, size, 1000.0) for edge in re.split(r"[\s,]+", edges[1].strip())] if edges else []
        if len(lengths) == 4 and (lengths[2] - lengths[0] <= _SMALL or lengths[1] - lengths[3] <= _SMALL):
            return True
    path = own.get("clip-path", "").replace(" ", "")
    if path.startswith(("inset(50%", "inset(100%", "circle(0", "polygon(00,00", "ellipse(0")):
        return True
    overflow = f"{own.get('overflow', '')} {own.get('overflow-x', '')} {own.get('overflow-y', '')}"
    if "hidden" not in overflow and "clip" not in overflow:
        return False
    sides = (own.get(name, "") for name in ("height", "max-height", "width", "max-width"))
    return any(side and _pixels(side, size, 1000.0) <= _SMALL for side in sides)


def _is_elsewhere(own: dict[str, str], size: float) -> bool:
    """Whether the box is off the screen, or scaled to nothing."""
    moved = [own.get(name, "") for name in ("left", "right", "top", "bottom")] if own.get("position", "static") != "static" else []
    margins = [own.get(name, "") for name in ("margin-left", "margin-right", "margin-top")] + own.get("margin", "").split()
    if any(value and _pixels(value, size, 0.0) <= -_FAR for value in (*moved, *margins)):
        return True
    transform = own.get("transform", "").replace(" ", "")
    if "scale(0" in transform and not transform.partition("scale(0")[2].startswith("."):
        return True
    found = _MOVED.search(own.get("transform", ""))
    ways = (found.group(1, 2), found.group(3, 4)) if found else ()
    return any(number and abs(_pixels(f"{number}{unit or 'px'}", size, 0.0)) >= _FAR for number, unit in ways)
