"""The words of Unicode in patterns of RE2, which knows those of ASCII only."""

from __future__ import annotations

import re

from mailbridge.config.reading import Wrong

# Letters, digits and marks of all scripts as few ranges; general punctuation, symbols, CJK punctuation and private use are left out.
WORD = (
    r"0-9A-Za-z_ªµº\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1FFF}\x{2C00}-\x{2DFF}\x{3005}-\x{3007}\x{3031}-\x{D7FF}"
    r"\x{F900}-\x{FDFF}\x{FE70}-\x{FEFE}\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{FF66}-\x{FFDC}\x{10000}-\x{1EFFF}\x{20000}-\x{3FFFF}"
)
_WORD_BEFORE = rf"(?:^|[^{WORD}])"
_WORD_AFTER = rf"(?:[^{WORD}]|$)"


def unicode_words(pattern: str) -> tuple[str, tuple[bool, bool]]:
    """The pattern with `\\w` for all scripts and `\\b` at its edges as the character there; whether the first and last edge had one.

    RE2 has no look-around, so a `\\b` inside a pattern stays what RE2 knows, ASCII; beside letters it does not know that is a mistake.
    """
    pieces = split_pattern(pattern)
    partner = _partners(pieces)
    foreign = not pattern.isascii()
    made: list[str] = []
    trim = [False, False]
    position = 0
    for number, piece in enumerate(pieces):
        made.append(piece)
        if piece == r"\w":
            made[-1] = f"[{WORD}]"
        elif piece == r"\W":
            made[-1] = f"[^{WORD}]"
        elif piece.startswith("["):
            made[-1] = _class(piece)
        elif piece in (r"\b", r"\B"):
            leading, trailing = _leading(pieces, partner, number), _trailing(pieces, partner, number)
            if piece == r"\b" and (leading or trailing):
                made[-1] = _WORD_BEFORE if leading else _WORD_AFTER
                trim[0 if leading else 1] = True
            elif foreign:
                raise Wrong(
                    f"{piece} inside a pattern knows ASCII letters only",
                    r"\b works for all letters at the beginning and the end of a pattern, outside of a (group)",
                    start=position, length=2,
                )  # fmt: skip
        position += len(piece)
    return "".join(made), (trim[0], trim[1])


_PIECE = re.compile(
    r"""\\Q.*?(?:\\E|$)                      # quoted text
      | \\(?:[pP]\{[^}]*\}|x\{[^}]*\}|.)    # an escape
      | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]   # a class
      | \(\?[a-zA-Z-]+\)                    # flags from here on
      | \((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?     # a group opens
      | \{\d+(?:,\d*)?\}\??|[*+?]\??        # a quantifier
      | .                                    # anything else: | ) ^ $ and ordinary characters
    """,
    re.VERBOSE | re.DOTALL,
)


def split_pattern(pattern: str) -> list[str]:
    return _PIECE.findall(pattern)


def _partners(pieces: list[str]) -> dict[int, int]:
    """Each opening parenthesis with its closing one, and the other way; a `|` with the opening of its group (-1 for none)."""
    partner: dict[int, int] = {}
    stack: list[int] = []
    for number, piece in enumerate(pieces):
        if _opens(piece):
            stack.append(number)
        elif piece == ")" and stack:
            partner[number] = stack.pop()
            partner[partner[number]] = number
        elif piece == "|":
            partner[number] = stack[-1] if stack else -1
    return partner


def _opens(piece: str) -> bool:
    return piece.startswith("(") and not piece.endswith(")")


def _leading(pieces: list[str], partner: dict[int, int], number: int) -> bool:
    """Whether nothing stands before this piece on any way through the pattern."""
    while True:
        number -= 1
        if number < 0:
            return True
        piece = pieces[number]
        if piece == "|":
            number = partner[number]
            if number < 0:
                return True
            piece = pieces[number]
        if _opens(piece):
            if _captures(piece) or _repeated(pieces, partner.get(number, len(pieces))):
                return False
        elif not (piece.startswith("(?") and piece.endswith(")")):
            return False


def _trailing(pieces: list[str], partner: dict[int, int], number: int) -> bool:
    """Whether nothing stands after this piece on any way through the pattern."""
    while True:
        number += 1
        if number >= len(pieces):
            return True
        piece = pieces[number]
        if piece == "|":
            opening = partner[number]
            if opening < 0:
                return True
            number = partner.get(opening, len(pieces))
            piece = ")"
        if piece != ")" or _captures(pieces[partner.get(number, 0)]) or _repeated(pieces, number):
            return False


def _captures(piece: str) -> bool:
    return piece == "(" or piece.startswith(("(?P<", "(?<"))


def _repeated(pieces: list[str], closing: int) -> bool:
    following = pieces[closing + 1] if closing + 1 < len(pieces) else ""
    return following[:1] in ("*", "+", "?", "{") and following != "{"


def _class(piece: str) -> str:
    return piece.replace(r"\w", WORD)
