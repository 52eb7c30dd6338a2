"""Removes what mail programs add to a line."""

from __future__ import annotations

import re
import unicodedata

HASHES = "#＃﹟♯"
_LONGEST_WITH_LINKS = 2_000  # characters; a longer line is a text, and these patterns take quadratic time
_QUOTES = "\"'“”„«»‘’`"
LONGEST_SHOWN = 60  # characters of a text that stands for the whole
_TWICE = re.compile(r"(?P<address>[^\s<>]+@[^\s<>]+)\s*<(?:mailto:)?(?P=address)>", re.IGNORECASE)
_MAILTO = re.compile(r"<mailto:([^<>\s]+)>", re.IGNORECASE)
_LINK = re.compile(r"(?<=\S)\s*<https?://[^<>\s]*>", re.IGNORECASE)
_URL = re.compile(r"https?://([^/\s]+)/?", re.IGNORECASE)
_MARK = re.compile(r"(?<=\S)\s?\[[0-9]{1,2}\](?=\s|$)")


def cleaned(line: str) -> str:
    """The line with plain blanks, a plain # and without links that a program added.  Invisible characters are removed at its ends, but stay
    inside words, so that a word with a zero-width character matches no command."""
    plain = line.isascii() and line.isprintable()
    text = line.strip() if plain else _trimmed("".join(" " if unicodedata.category(char) in ("Zs", "Cc") else char for char in line))
    if text[:1] in "*_" and text[1:2] and text[1] in HASHES and text[-1:] == text[0]:  # bold in a plain-text part
        text = _trimmed(text[1:-1])
    if text[:1] and text[0] in HASHES:
        text = "#" + text[1:].lstrip("\u200b\u200c\u200d\u2060\ufeff")
        if "<" in text and len(text) <= _LONGEST_WITH_LINKS:
            text = _LINK.sub("", _MAILTO.sub(r"<\1>", _TWICE.sub(lambda found: found["address"], text)))
    return " ".join(text.split())


def bare(argument: str) -> str:
    """A name in an argument, without quotes, link marks and a full stop."""
    text = _MARK.sub("", argument).strip()
    text = text.rstrip(".,;:!").strip(f" {_QUOTES}").rstrip(".,;:!")
    url = _URL.fullmatch(text)
    return url[1] if url else text


def unquoted(argument: str) -> str:
    """A text without the quotes around it, where both are present."""
    text = argument.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES else text


def _trimmed(text: str) -> str:
    """The text without blanks and invisible characters at both ends."""
    start, end = 0, len(text)
    while start < end and (text[start] == " " or unicodedata.category(text[start]) == "Cf"):
        start += 1
    while end > start and (text[end - 1] == " " or unicodedata.category(text[end - 1]) == "Cf"):
        end -= 1
    return text[start:end]


def shortened(text: str) -> str:
    """The text in one line, with an ellipsis where it is longer than LONGEST_SHOWN characters."""
    first = " ".join(text.split())
    return first if len(first) <= LONGEST_SHOWN else f"{first[: LONGEST_SHOWN - 1]}…"
