"""Markdown of the desk's own articles as HTML and as plain text.  The only importer of mistune.

HTML inside of the Markdown is shown as text, and what comes out passes the sanitiser of mails: an article is shown like a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import mistune

from mailbridge.message.html import sanitise, tidy

MOST_MARKDOWN = 256 << 10  # characters of one text
_PLUGINS = ("table", "strikethrough", "url")

Token = Mapping[str, Any]


@cache
def _to_html() -> mistune.Markdown:
    return mistune.create_markdown(escape=True, plugins=[*_PLUGINS])


@cache
def _to_tokens() -> mistune.Markdown:
    return mistune.create_markdown(renderer=None, plugins=[*_PLUGINS])


def to_html(markdown: str) -> str:
    """Sanitised HTML, without images and scripts."""
    made = _to_html()(markdown[:MOST_MARKDOWN])
    return sanitise(made) if isinstance(made, str) else ""


def to_plain(markdown: str) -> str:
    """The text as a reader of plain mail gets it: bullets, numbers, and links with their addresses."""
    made = _to_tokens()(markdown[:MOST_MARKDOWN])
    return tidy("\n".join(_blocks(made))) if isinstance(made, list) else ""


def first_paragraph(markdown: str, most: int) -> str:
    """The first paragraph as plain text in one line of at most so many characters."""
    made = _to_tokens()(markdown[:MOST_MARKDOWN])
    tokens = made if isinstance(made, list) else []
    found = (" ".join(_inline(token).split()) for token in tokens if token["type"] == "paragraph")
    text = next(filter(None, found), "") or " ".join(to_plain(markdown).split())
    return text if len(text) <= most else f"{text[: most - 1].rsplit(' ', 1)[0]}…"


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """The lines of these blocks, an empty one between two."""
    for token in tokens:
        match token["type"]:
            case "blank_line":
                continue
            case "list":
                yield from _list(token)
            case "block_quote":
                yield from (f"> {line}".rstrip() for line in tidy("\n".join(_blocks(token["children"]))).split("\n"))
            case "block_code":
                yield from (f"    {line}" for line in token["raw"].rstrip("\n").split("\n"))
            case "table":
                yield from _table(token)
            case "thematic_break":
                yield "---"
            case _:
                yield from _inline(token).strip("\n").split("\n")
        yield ""


def _list(token: Token) -> Iterator[str]:
    ordered, first = token["attrs"].get("ordered", False), token["attrs"].get("start", 1)
    for number, item in enumerate(token["children"], start=first):
        mark = f"{number}." if ordered else "-"
        lines = [line for line in _blocks(item["children"]) if line]
        yield f"{mark} {lines[0]}" if lines else mark
        yield from (f"{' ' * (len(mark) + 1)}{line}" for line in lines[1:])


def _table(token: Token) -> Iterator[str]:
    for part in token["children"]:
        rows = [part] if part["type"] == "table_head" else part["children"]
        yield from (" | ".join(_inline(cell) for cell in row["children"]) for row in rows)


def _inline(token: Token) -> str:
    match token["type"]:
        case "softbreak":
            return " "
        case "linebreak":
            return "\n"
        case "image":
            return f"[{text}]" if (text := _children(token)) else ""
        case "link":
            text, address = _children(token), str(token["attrs"]["url"])
            return text if text in (address, address.removeprefix("mailto:")) else f"{text} ({address})"
    return str(token["raw"]) if "raw" in token else _children(token)


def _children(token: Token) -> str:
    return "".join(_inline(child) for child in token.get("children", ()))
