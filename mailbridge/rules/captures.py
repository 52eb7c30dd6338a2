"""Named pieces of a mail's text in the actions of a rule: `${serial}`, `${serial:upper}` (RFC 5229)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_USE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::(lower|upper))?\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_VALUE = 1_000


def is_name(text: str) -> bool:
    """Whether this is a valid name of a capture."""
    return _NAME.fullmatch(text) is not None


def used(text: str) -> list[tuple[str, int]]:
    """The captures in a text, each with its position."""
    return [(found[1], found.start()) for found in _USE.finditer(text)]


def filled(text: str, captures: Mapping[str, str]) -> str | None:
    """The text with the values of its captures; None where one of them is empty."""
    if "${" not in text:
        return text
    if any(not captures.get(name) for name, _ in used(text)):
        return None
    return _USE.sub(lambda found: _cased(captures[found[1]], found[2]), text)


def _cased(value: str, modifier: str | None) -> str:
    """RFC 5229 4.1: `:lower` and `:upper`."""
    return value.lower() if modifier == "lower" else value.upper() if modifier == "upper" else value


def tidied(value: str) -> str:
    """A captured value as one line of limited length."""
    return " ".join(value[:MAX_VALUE].split())


def as_tag(value: str) -> str:
    """A captured value as a tag: lower case, one word."""
    return "-".join(value.lower().split())[:50]
