"""Nodes -> YAML text that reads back as the same nodes: blocks, two blanks a level, short mappings on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mailbridge.config.nodes import Mapping, Node, Scalar, Sequence

WIDTH = 120
_PLAIN = re.compile(r"[\w+/][\w@+/.\-() ]*(?<! )")
_NOT_SHOWN = re.compile("[\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\ufeff\ufffe\uffff]")  # not allowed in YAML, or not seen
_MEANS_NOTHING = frozenset({"null", "Null", "NULL"})


def text(node: Node) -> str:
    """The document with a line end."""
    return "\n".join(_block(node, 0)) + "\n"


def _block(node: Node, depth: int) -> Iterator[str]:
    blanks = "  " * depth
    match node:
        case Mapping(entries=entries) if entries:
            for key, value in entries:
                short = _short(value, len(blanks) + len(_scalar(key)) + 2, flow=depth > 1)
                yield f"{blanks}{_scalar(key)}:" + (f" {short}" if short is not None else "")
                if short is None:
                    yield from _block(value, depth + 1)
        case Sequence(items=items) if items:
            for item in items:
                short = _short(item, len(blanks) + 2, flow=True)
                if short is not None:
                    yield f"{blanks}- {short}"
                else:
                    first, *rest = _block(item, depth + 1)
                    yield f"{blanks}- {first.removeprefix(blanks + '  ')}"
                    yield from rest
        case _:
            yield blanks + _flow(node)


def _short(node: Node, before: int, *, flow: bool) -> str | None:
    """The node on the line of its key; None where it needs lines of its own."""
    if isinstance(node, Scalar):
        return _flow(node)
    if not flow and isinstance(node, Mapping) and node.entries:
        return None
    line = _flow(node)
    nested = isinstance(node, Mapping) and any(isinstance(value, Mapping) and value.entries for _, value in node.entries)
    listed = isinstance(node, Sequence) and any(not isinstance(item, Scalar) for item in node.items)
    return None if nested or listed or before + len(line) > WIDTH else line


def _flow(node: Node) -> str:
    match node:
        case Mapping(entries=entries):
            return "{" + ", ".join(f"{_scalar(key)}: {_flow(value)}" for key, value in entries) + "}"
        case Sequence(items=items):
            return "[" + ", ".join(map(_flow, items)) + "]"
        case Scalar():
            return _scalar(node)


def _scalar(node: Scalar) -> str:
    if node.value is None and not node.quote:
        return "null"
    if isinstance(node.value, bool):
        return node.text
    plain = _PLAIN.fullmatch(node.text) is not None and node.text not in _MEANS_NOTHING and not (node.quote and _looks_like_more(node.text))
    return node.text if plain else _NOT_SHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(node.text, ensure_ascii=False))


def _looks_like_more(text: str) -> bool:
    """Whether a text that stood in quotes would mean something else without them."""
    return text.lower() in {"true", "false"} or text[:1].isdigit()
