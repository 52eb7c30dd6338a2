"""text/enriched (RFC 1896) and text/richtext (RFC 1341) as plain text."""

from __future__ import annotations

import re

TYPES = frozenset({"text/enriched", "text/richtext"})

_HIDDEN = re.compile(r"<(param|comment)>.{0,2000}?</\1>", re.IGNORECASE | re.DOTALL)
_COMMAND = re.compile(r"<(/?)([A-Za-z0-9-]{1,60})>")
_BREAKS = re.compile(r"\n+")
_NOFILL = re.compile(r"(<nofill>.*?</nofill>)", re.IGNORECASE | re.DOTALL)


def to_text(text: str, content_type: str) -> str:
    """`text` without its markup, as a reader sees it.  Line ends are '\\n'."""
    shown = _HIDDEN.sub("", text)
    return _richtext(shown) if content_type == "text/richtext" else _enriched(shown)


def _enriched(text: str) -> str:
    """One line break is a space; of several, the first is dropped (RFC 1896, 'Formatting').  '<<' is a '<'."""
    filled = [piece if number % 2 else _BREAKS.sub(_fewer, piece) for number, piece in enumerate(_NOFILL.split(text))]
    return "<".join(_COMMAND.sub("", piece) for piece in "".join(filled).split("<<"))


def _fewer(breaks: re.Match[str]) -> str:
    return "\n" * (len(breaks[0]) - 1) or " "


def _richtext(text: str) -> str:
    """Line breaks are spaces, <nl> breaks a line, <lt> is a '<' (RFC 1341, 7.1.3)."""
    return _COMMAND.sub(_richtext_command, _BREAKS.sub(" ", text))


def _richtext_command(command: re.Match[str]) -> str:
    name = command[2].lower()
    if name == "lt":
        return "<"
    return "\n" if name in {"nl", "np"} or (command[1] and name == "paragraph") else ""
