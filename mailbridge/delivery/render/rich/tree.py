"""Parses the sanitised HTML of a message into a tree, and splits it into lines (the parts between two breaks).

The HTML was sanitised when the mail was read, but nothing here relies on that: `write` writes only elements of a short list, with its
own attributes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

MOST_CHARACTERS = 400_000  # of a message's HTML, without embedded pictures
DEEPEST = 60  # most open elements; deeper content belongs to the last one

BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
        "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
_EMPTY = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_UNSEEN = frozenset({"script", "style", "title", "head", "template", "noscript", "object", "iframe"})
_EMBEDDED = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)
_EMBEDDED_CID = "embedded-{number}.{kind}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """Text between two tags.  `literal`: inside of `pre`, where blanks are kept."""

    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """An inline image (RFC 2392).  `cid`: the Content-ID of its part.  `width`: pixels, 0 if unknown."""

    cid: str
    alt: str = ""
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Break:
    """A line break, a horizontal rule (`rule`), or the end of a line in `pre` (`literal`)."""

    rule: bool = False
    literal: bool = False


Leaf = Words | Picture | Break


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Element:
    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element | Leaf] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkEnd:
    """The end of a link.  `href`: its address.  `shown`: its text."""

    href: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ordinal:
    """The number of an item in an ordered list.  HTML text does not contain it."""

    number: int


Part = Leaf | LinkEnd | Ordinal
Line = list[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`embedded`: our Content-ID -> (media subtype, base64) of pictures in `data:` URLs (RFC 2397)."""

    root: Element
    embedded: Mapping[str, tuple[str, str]]


def page_of(html: str) -> Page | None:
    """The body as a tree; None if it is empty or longer than MOST_CHARACTERS."""
    embedded: dict[str, tuple[str, str]] = {}

    def as_part(found: re.Match[str]) -> str:
        kind = found[1].lower()
        cid = _EMBEDDED_CID.format(number=len(embedded) + 1, kind=kind)
        embedded[cid] = (kind, found[2])
        return f"cid:{cid}"

    html = _EMBEDDED.sub(as_part, html)
    if not html.strip() or len(html) > MOST_CHARACTERS:
        return None
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return Page(root=builder.root, embedded=embedded)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element(tag="")
        self._open = [self.root]
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        match tag:
            case "img":
                self._leaf(_picture(attributes))
            case "br" | "hr":
                self._leaf(Break(rule=tag == "hr"))
            case _ if tag in _UNSEEN:
                self._unseen += 1
            case _ if tag not in _EMPTY and len(self._open) < DEEPEST:
                element = Element(tag=tag, attributes=attributes)
                self._open[-1].children.append(element)
                self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _EMPTY:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not any(element.tag == "pre" for element in self._open):
            return self._leaf(Words(text=data))
        for number, line in enumerate(data.replace("\r\n", "\n").split("\n")):
            self._leaf(Break(literal=True) if number else None)
            self._leaf(Words(text=line, literal=True) if line else None)
        return None

    def _leaf(self, leaf: Leaf | None) -> None:
        if leaf is not None and not self._unseen:
            self._open[-1].children.append(leaf)


def _picture(attributes: Mapping[str, str]) -> Picture | None:
    scheme, _, cid = attributes.get("src", "").strip().partition(":")
    if scheme.lower() != "cid" or not cid:
        return None
    width = re.match(r"\d{1,4}", attributes.get("width", ""))
    return Picture(cid=unquote(cid), alt=" ".join(attributes.get("alt", "").split()), width=int(width[0]) if width else 0)


def words_of(element: Element) -> str:
    """All text inside an element."""
    return "".join(leaf.text for leaf in leaves(element) if isinstance(leaf, Words))


def leaves(element: Element) -> Iterator[Leaf]:
    """The leaves inside the element, in the order of the text."""
    return (node for node in _inside(element) if not isinstance(node, Element))


def elements(element: Element) -> Iterator[Element]:
    """The elements inside the element, in the order of the text."""
    return (node for node in _inside(element) if isinstance(node, Element))


def _inside(element: Element) -> Iterator[Element | Leaf]:
    """All elements and leaves inside, in the order of the text.  One walk, so that the time does not grow with the depth."""
    waiting: list[Element | Leaf] = list(reversed(element.children))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Element):
            waiting.extend(reversed(node.children))


def holders(root: Element, kept: Collection[int]) -> frozenset[int]:
    """The `id()` of each element that contains a kept leaf, at any depth."""
    found: set[int] = set()

    def holds(element: Element) -> bool:
        inside = [holds(child) if isinstance(child, Element) else id(child) in kept for child in element.children]
        if any(inside):
            found.add(id(element))
        return any(inside)

    holds(root)
    return frozenset(found)


def lines_of(root: Element) -> list[Line]:
    """The lines in the order of the text.  A line ends at each block and break.  A break is a line by itself."""
    lines: list[Line] = [[]]
    for part in _parts(root):
        if part is None and all(isinstance(before, Ordinal) for before in lines[-1]):
            continue  # the number of an item is in the line of its first block
        if part is None or isinstance(part, Break):
            lines += [[part], []] if part else [[]]
        else:
            lines[-1].append(part)
    return [line for line in lines if line]


def _parts(element: Element) -> list[Part | None]:
    """The parts of the element in order.  None marks the border of a block."""
    parts: list[Part | None] = []
    _add_parts(element, 0, parts)
    return parts


def _add_parts(element: Element, number: int, parts: list[Part | None]) -> None:
    """Appends the parts of the element.  `number`: the number of a list item, 0 for none."""
    block = element.tag in BLOCKS
    if block:
        parts.append(None)
    if number:
        parts.append(Ordinal(number=number))
    item = _first_number(element)
    for child in element.children:
        if isinstance(child, Element):
            ordered = element.tag == "ol" and child.tag == "li"
            _add_parts(child, item if ordered else 0, parts)
            item += ordered
        else:
            parts.append(child)
    if element.tag == "a" and element.attributes.get("href"):
        parts.append(LinkEnd(href=element.attributes["href"].strip(), shown=words_of(element)))
    if block:
        parts.append(None)


def _first_number(element: Element) -> int:
    start = element.attributes.get("start", "")
    return int(start) if element.tag == "ol" and re.fullmatch(r"\d{1,6}", start) else 1
