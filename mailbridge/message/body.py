"""The body of a mail and its text: the plain part where it has content, else the HTML as text.  Flowed lines (RFC 3676) are joined."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from mailbridge.message import alternatives, charsets, enriched, html, limits
from mailbridge.message.header_text import charset_of_words, without_turns
from mailbridge.message.transfer import InlineFile, inline_files
from mailbridge.message.tree import Container, Leaf, Tree

_PLAIN = frozenset({"text/plain", "text"} | enriched.TYPES)
# Types that programs give to a text whose charset they do not know (mailx: text that is not ASCII).
_BYTES = frozenset({"application/octet-stream", "application/unknown", "application/x-unknown"})


@dataclass(frozen=True, slots=True)
class BodyPiece:
    """A section of the body: plain text, HTML, or both as alternatives."""

    plain: tuple[Leaf, ...] = ()
    html: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body of a mail.  `parts` are the paths of the leaves that it was made of; they are not attachments."""

    text: str = ""
    html: str = ""
    from_html: bool = False  # `text`, or part of it, was made from the HTML
    first_text: str = ""  # the text of the first part, where several make up `text`
    parts: frozenset[str] = frozenset()
    files: tuple[tuple[Leaf, InlineFile], ...] = ()  # uuencoded files, removed from the text
    guesses: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()


def read_body(tree: Tree) -> Body:
    """The text and the HTML that a mail program would show for the whole mail."""
    pieces = _pieces(tree)
    reader = _BodyReader(hint=charset_of_words(field.raw for key in ("subject", "from", "to") for field in tree.fields(key)[:1]))
    texts = [reader.text_of(piece) for piece in pieces]
    shown = [text for text in texts if text.strip()]
    return Body(
        text="\n".join(shown),
        html=_joined_html(pieces, texts, reader),
        from_html=reader.from_html,
        first_text=shown[0] if len(shown) > 1 else "",
        parts=frozenset(leaf.path for piece in pieces for leaf in piece.plain + piece.html),
        files=tuple(reader.files),
        guesses=tuple(reader.guesses),
        defects=tuple(reader.defects),
    )


def _joined(texts: Iterable[str]) -> str:
    shown = [text for text in texts if text.strip()]
    return "\n".join(shown)


def _joined_html(pieces: list[BodyPiece], texts: list[str], reader: _BodyReader) -> str:
    if not any(piece.html for piece in pieces):
        return ""
    if len(pieces) == 1:
        return reader.html_of(pieces[0])
    return "\n".join(
        reader.html_of(piece) if piece.html else f"<pre>{escape(text)}</pre>" for piece, text in zip(pieces, texts, strict=True)
    )


class _BodyReader:
    """Decodes each body leaf once and collects charset guesses and inline files."""

    __slots__ = ("decoded", "defects", "files", "from_html", "guesses", "hint", "room")

    def __init__(self, hint: str = "") -> None:
        self.hint = hint  # the charset of the mail's encoded words, for texts without a declared charset
        self.decoded: dict[str, str] = {}
        self.files: list[tuple[Leaf, InlineFile]] = []
        self.guesses: list[str] = []
        self.defects: list[str] = []
        self.room = limits.TEXT_BYTES
        self.from_html = False

    def text_of(self, piece: BodyPiece) -> str:
        plain = _joined(dict.fromkeys(self._plain(leaf) for leaf in _best_of(piece.plain)))
        if not piece.html:
            return plain
        if alternatives.is_blank(plain):
            self.from_html = True
            return html.to_text(self.html_of(piece))
        if alternatives.may_stand_for_html(plain):
            shown = html.to_text(self.html_of(piece))
            if alternatives.stands_for(plain, shown):
                self.defects.append("plain text only says that there is HTML")
                self.from_html = True
                return shown
        return plain

    def html_of(self, piece: BodyPiece) -> str:
        return html.without_turns("\n".join(self._decoded(leaf) for leaf in piece.html))

    def _plain(self, leaf: Leaf) -> str:
        text = without_turns(self._decoded(leaf)).replace("\r\n", "\n").replace("\r", "\n")
        if leaf.content_type in enriched.TYPES:
            return enriched.to_text(text, leaf.content_type)
        if leaf.param("format").lower() == "flowed":
            return unflowed(text, delsp=leaf.param("delsp").lower() == "yes")
        return text

    def _decoded(self, leaf: Leaf) -> str:
        if leaf.path not in self.decoded:
            content = self._without_files(leaf)
            if len(content) > self.room:
                self.defects.append(f"part {leaf.path}: text cut at 2 MB")
            decoded = charsets.decode(content[: self.room], leaf.charset, hint=_own_charset(leaf) or self.hint)
            self.room -= min(len(content), self.room)
            if decoded.guess:
                self.guesses.append(f"part {leaf.path}: {decoded.guess}")
            self.decoded[leaf.path] = decoded.text
        return self.decoded[leaf.path]

    def _without_files(self, leaf: Leaf) -> bytes:
        files = inline_files(leaf.content) if leaf.content_type in _PLAIN else ()
        if not files:
            return leaf.content
        self.files += [(leaf, file) for file in files]
        kept = [leaf.content[: files[0].start]]
        kept += [leaf.content[file.end : after.start] for file, after in pairwise(files)]
        return b"".join([*kept, leaf.content[files[-1].end :]])


def _own_charset(leaf: Leaf) -> str:
    """The charset that an HTML page declares, if its part declares none.  '' without one."""
    if leaf.charset or leaf.content_type != "text/html":
        return ""
    named = _META_CHARSET.search(leaf.content[:_PAGE_HEAD])
    return named[1].decode("ascii") if named else ""


_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_PAGE_HEAD = 4096  # bytes at the start of a page in which its charset is searched


def _best_of(plain: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
    """The plain one of equivalent texts, rather than the enriched one (RFC 1896)."""
    if len(plain) < 2 or not any(leaf.content_type in enriched.TYPES for leaf in plain):
        return plain
    unadorned = {leaf.inside for leaf in plain if leaf.content_type not in enriched.TYPES and leaf.content.strip()}
    return tuple(leaf for leaf in plain if leaf.content_type not in enriched.TYPES or leaf.inside not in unadorned)


def unflowed(text: str, *, delsp: bool) -> str:
    """Flowed lines joined to paragraphs and space-stuffing removed (RFC 3676 section 4).  Quotes keep their depth marks."""
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")
        # Section 4.3: a signature separator never flows.
        if paragraph and (level != depth or content == "-- "):
            lines.append(_quoted(paragraph, depth))
            paragraph = []
        depth = level
        flows = content.endswith(" ") and content != "-- "
        paragraph.append(content[:-1] if flows and delsp else content)
        if not flows:
            lines.append(_quoted(paragraph, depth))
            paragraph = []
    if paragraph:
        lines.append(_quoted(paragraph, depth))
    return "\n".join(lines)


def _quoted(paragraph: list[str], depth: int) -> str:
    text = "".join(paragraph)
    return f"{'>' * depth} {text}" if depth else text


def _pieces(tree: Tree) -> list[BodyPiece]:
    """The pieces of the body in the order of the mail; each alternative is one piece."""
    containers = {container.path: container for container in tree.containers}
    pieces: list[BodyPiece] = []
    alternatives: dict[str, int] = {}
    for leaf in tree.leaves:
        form = _form(leaf) or ("plain" if not pieces and is_unnamed_text(leaf) else "")
        if not form or not _is_shown(leaf, containers, first=not pieces):
            continue
        alternative = _alternative(leaf, containers)
        at = len(pieces) if alternative is None else alternatives.setdefault(alternative, len(pieces))
        if at == len(pieces):
            pieces.append(BodyPiece())
        pieces[at] = _with(pieces[at], form, leaf)
    return pieces


def is_unnamed_text(leaf: Leaf) -> bool:
    """Whether a part of a byte type, without a name, is text that a person wrote."""
    if leaf.content_type not in _BYTES or leaf.filename or leaf.disposition == "attachment" or leaf.path not in {"1", "1.1"}:
        return False
    return len(leaf.content[: limits.PART_TEXT_BYTES].split(None, 2)) > 1 and charsets.is_text(leaf.content[: limits.PART_TEXT_BYTES])


def _form(leaf: Leaf) -> str:
    if leaf.content_type in _PLAIN or (leaf.content_type.startswith("multipart/") and leaf.content.strip()):
        return "plain"
    return "html" if leaf.content_type == "text/html" else ""


def _with(piece: BodyPiece, form: str, leaf: Leaf) -> BodyPiece:
    if form == "plain":
        return replace(piece, plain=(*piece.plain, leaf))
    return replace(piece, html=(*piece.html, leaf))


def _is_shown(leaf: Leaf, containers: dict[str, Container], *, first: bool) -> bool:
    """Whether a text leaf is part of the body (RFC 8621 4.1.4, which describes what mail programs do)."""
    if leaf.disposition == "attachment" and (leaf.path != "1" or leaf.filename):
        return False
    if _in_attachment(leaf, containers):
        return False
    parent = containers.get(leaf.inside)
    if parent is None or parent.content_type == "multipart/alternative":
        return True
    if parent.content_type in _FIRST_ONLY:
        return leaf.path.rpartition(".")[2] == "1"
    return first or not leaf.filename


# Only the first part of these is the body.  The others are pictures, a signature, or the subject of a report.
_FIRST_ONLY = frozenset({"multipart/related", "multipart/signed", "multipart/report"})


def _in_attachment(leaf: Leaf, containers: dict[str, Container]) -> bool:
    """Whether the leaf is inside an attached container: a disposition applies to the whole container (RFC 2183 2.9)."""
    container = containers.get(leaf.inside)
    while container is not None and container.path:
        if container.disposition == "attachment":
            return True
        container = containers.get(container.path.rpartition(".")[0])
    return False


def _alternative(leaf: Leaf, containers: dict[str, Container]) -> str | None:
    """The path of the outermost alternative that contains the leaf, else None."""
    found: str | None = None
    path = leaf.path
    while path:
        path = path.rpartition(".")[0]
        container = containers.get(path)
        if container is not None and container.content_type == "multipart/alternative":
            found = path
    return found
