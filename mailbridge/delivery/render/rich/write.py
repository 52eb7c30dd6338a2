"""Writes the shown lines as HTML: only elements of a short list, with our own attributes and without the sender's styles.

The sender's colours and sizes are dropped on purpose: they can hide text, and can be unreadable in dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from mailbridge.delivery.render.rich.align import Mark
from mailbridge.delivery.render.rich.tree import BLOCKS, Break, Element, Leaf, Picture, Words, elements, holders, leaves, words_of

WIDEST = 500  # pixels; the column of our mails has 550
_CELL = ' class="bar" style="padding:4px 8px;border:1px solid #dfe3e8;vertical-align:top;"'
_STYLES: Mapping[str, str] = {
    "p": ' style="margin:0 0 12px 0;"',
    "ul": ' style="margin:0 0 12px 0;padding:0 0 0 24px;"',
    "ol": ' style="margin:0 0 12px 0;padding:0 0 0 24px;"',
    "pre": ' style="margin:0 0 12px 0;white-space:pre-wrap;font:14px/1.5 Consolas,Menlo,monospace;"',
    "code": ' style="font-family:Consolas,Menlo,monospace;"',
    "blockquote": ' class="bar" style="margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #c3cad3;"',
    "table": ' cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px 0;border-collapse:collapse;"',
    "td": _CELL,
    "th": f' align="left"{_CELL}',
}
_PLAIN = frozenset(
    {
        "b", "strong", "i", "em", "s", "u", "del", "sub", "sup", "code", "p", "div", "ul", "ol", "li", "pre", "blockquote", "tr", "td",
        "th", "table", "tbody", "thead",
    }
)  # fmt: skip
_SAME = {"strike": "s", "ins": "u", "tfoot": "tbody", "tt": "code", "kbd": "code", "samp": "code", "q": "em", "cite": "em"}
_HEADING = re.compile(r"h[1-6]")
_LINK = re.compile(r"(?:https?|mailto|tel):\S+", re.IGNORECASE)
_LOOKS_LIKE_HOST = re.compile(r"\s*(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}\b(?![@.])\S*\s*", re.IGNORECASE)
_MAILTO = re.compile(r"\A(mailto:[^?]*+)\?.*", re.IGNORECASE | re.DOTALL)  # links must not prefill a mail
_BLANKS = " \t\r\n\f"
_BLANK = re.compile(r"[ \t\r\n\f]+")
_CELLS = frozenset({"td", "th", "tr", "tbody", "thead", "tfoot"})
_EMPHASIS: Mapping[str, re.Pattern[str]] = {
    "strong": re.compile(r"font-weight:\s*(?:bold|[6-9]00)"),
    "em": re.compile(r"font-style:\s*(?:italic|oblique)"),
    "u": re.compile(r"text-decoration[^;:]{0,20}:[^;]{0,100}underline"),
    "s": re.compile(r"text-decoration[^;:]{0,20}:[^;]{0,100}line-through"),
}
_HOLDS_BLOCKS = re.compile(r"<(?:div|p|ul|ol|table|tr|td|th|blockquote|pre)\b")
# The input is untrusted: possessive quantifiers do not backtrack, so that a match takes linear time.
_NOTHING_BEFORE = re.compile(r"(?:\s|&nbsp;|<br>|<(div|p)[^<>]*+>(?:\s|<br>)*+</\1>)*+")
_MANY_BREAKS = re.compile(r"<br>(?:\s*+<br>){2,}+\s*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedPicture:
    """A picture of our mail.  `cid`: our Content-ID; '' if the picture is not attached and its file name is shown instead."""

    cid: str
    name: str


def html_of(root: Element, kept: Collection[int], pictures: Mapping[str, CarriedPicture | None]) -> str:
    """The kept leaves of the tree as HTML.  `pictures`: by the sender's Content-ID; None: not shown."""
    return _trimmed(_Writer(root, kept, pictures).children(root))


def text_of(text: str, marks: Sequence[Mark], pictures: Mapping[str, CarriedPicture | None]) -> str:
    """The text with the addresses of links and the names of pictures inserted at their marks."""
    pieces: list[str] = []
    end = 0
    for mark in sorted(marks, key=lambda mark: mark.start):
        pieces += (text[end : mark.start], _said(mark, pictures, first=mark.start == 0))
        end = max(end, mark.stop)
    return "".join((*pieces, text[end:]))


def _said(mark: Mark, pictures: Mapping[str, CarriedPicture | None], *, first: bool) -> str:
    if mark.picture is None:
        return f" <{mark.link}>"
    carried = pictures.get(mark.picture.cid, CarriedPicture(cid="", name=mark.picture.alt))
    if carried is None or not (carried.name or mark.picture.alt):
        return ""
    name = f"[{carried.name or mark.picture.alt}]"
    if mark.stop > mark.start:
        return name
    if first:
        return f"{name}\n" if mark.alone else f"{name} "
    return f"\n{name}" if mark.alone else f" {name}"


class _Writer:
    def __init__(self, root: Element, kept: Collection[int], pictures: Mapping[str, CarriedPicture | None]) -> None:
        self._kept, self._pictures = kept, pictures
        self._holding = holders(root, kept)
        self._data = [False]  # for each open table: whether it is a data table, not one for layout
        # If empty paragraphs separate paragraphs, the other paragraphs are lines.
        self._paragraph = "div" if any(_is_blank_paragraph(element) for element in elements(root)) else "p"

    def children(self, element: Element) -> str:
        return "".join(self.element(child) if isinstance(child, Element) else self.leaf(child) for child in element.children)

    def leaf(self, leaf: Leaf) -> str:
        if isinstance(leaf, Words) and not leaf.literal and not leaf.text.strip(_BLANKS):
            return " "
        if id(leaf) not in self._kept:
            return ""
        match leaf:
            case Words(text=text, literal=literal):
                return escape(text if literal else _BLANK.sub(" ", text), quote=False)
            case Break(rule=rule, literal=literal):
                return "\n" if literal else '<hr class="bar">' if rule else "<br>"
            case Picture():
                return self._picture(leaf)

    def element(self, element: Element) -> str:
        if id(element) not in self._holding:
            return "" if element.tag in BLOCKS else " "
        if element.tag == "table":
            return self._table(element)
        inner, tag = _emphasised(element, self.children(element)), self._tag(element.tag)
        if element.tag == "a":
            return _link(element, inner)
        if _HEADING.fullmatch(element.tag):
            inner = f"<strong>{inner.strip(_BLANKS)}</strong>"
        if not tag:
            return inner
        if tag in BLOCKS and tag != "pre":
            inner = inner.strip(_BLANKS)
        return f"<{tag}{_STYLES.get(tag, '')}{_numbers(element)}>{inner}</{tag}>"

    def _tag(self, tag: str) -> str:
        """The element that we write for one of the sender's; '' for none."""
        if tag in _CELLS and not self._data[-1]:
            return "div" if tag in ("td", "th") else ""
        if tag == "p" or _HEADING.fullmatch(tag):
            return self._paragraph
        return _SAME.get(tag, tag if tag in _PLAIN else "div" if tag in BLOCKS else "")

    def _table(self, element: Element) -> str:
        self._data.append(_is_data(element))
        inner = self.children(element)
        tag = "table" if self._data.pop() else "div"
        return f"<{tag}{_STYLES.get(tag, '')}>{inner}</{tag}>"

    def _picture(self, picture: Picture) -> str:
        carried = self._pictures.get(picture.cid, CarriedPicture(cid="", name=picture.alt))
        if carried is None:
            return ""
        alt = escape(picture.alt or carried.name)
        if not carried.cid:
            return f"[{alt}]" if alt else ""
        width = f' width="{min(picture.width, WIDEST)}"' if picture.width else ""
        return f'<img src="cid:{carried.cid}" alt="{alt}"{width} style="max-width:100%;height:auto;">'


def _link(element: Element, inner: str) -> str:
    """The link.  If its text looks like another address than its target, the target's host is added."""
    href = _MAILTO.sub(r"\1", element.attributes.get("href", "").strip())
    if not _LINK.fullmatch(href) or "<a " in inner:
        return inner
    shown, host = words_of(element), _host(href)
    says = _LOOKS_LIKE_HOST.fullmatch(shown)
    elsewhere = says and host and _host(shown.strip() if "//" in shown else f"//{shown.strip()}") != host
    return f'<a href="{escape(href)}" rel="noopener noreferrer nofollow">{inner}</a>' + (f" ({escape(host)})" if elsewhere else "")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _numbers(element: Element) -> str:
    """Numeric attributes: colspan and rowspan, and start of a list that does not begin at 1."""
    names = {"td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start",)}.get(element.tag, ())
    return "".join(f' {name}="{value}"' for name in names if re.fullmatch(r"[0-9]{1,3}", value := element.attributes.get(name, "")))


def _is_data(table: Element) -> bool:
    """Whether a table has rows and columns of data.  Layout tables are written as div, because they are too wide for a phone."""
    inside = list(elements(table))
    rows = [element for element in inside if element.tag == "tr"]
    columns = max((sum(isinstance(cell, Element) and cell.tag in ("td", "th") for cell in row.children) for row in rows), default=0)
    return columns > 1 and len(rows) > 1 and not any(element.tag == "table" for element in inside)


def _is_blank_paragraph(element: Element) -> bool:
    return element.tag == "p" and not words_of(element).strip() and not any(isinstance(leaf, Picture) for leaf in leaves(element))


def _emphasised(element: Element, inner: str) -> str:
    """The content in elements for the emphasis that the sender's style sets (bold, underline, …)."""
    style = element.attributes.get("style", "").lower()
    if not style or not inner.strip(_BLANKS) or _HOLDS_BLOCKS.search(inner):
        return inner
    for tag, said in _EMPHASIS.items():
        inner = f"<{tag}>{inner}</{tag}>" if said.search(style) and f"<{tag}>" not in inner else inner
    return inner


def _trimmed(html: str) -> str:
    """The HTML without breaks and blanks at its ends, and with at most one empty line in a row."""
    html = _MANY_BREAKS.sub("<br><br>", html)
    before = _NOTHING_BEFORE.match(html)
    html = html[before.end() if before else 0 :].rstrip()
    while html.endswith("<br>"):
        html = html.removesuffix("<br>").rstrip()
    return html
