"""Structured header fields: parameters (RFC 2045, RFC 2231) and message IDs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailbridge.message import charsets, limits
from mailbridge.message.header_text import decode_words, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A field of the form `value; name=value; ...`.  All is lower case except for the parameters' values."""

    value: str
    params: tuple[tuple[str, str], ...] = ()

    def param(self, name: str) -> str:
        return next((value for key, value in self.params if key == name), "")


# A bounded name without a leading space: the cost of each start is at most 80 times what follows it.
_PARAM = re.compile(r"""([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*(?:"|$)|[^;]*)""", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Their control characters are handled when a name is made safe to show.
_FILE_NAMES = frozenset({"name", "filename"})
_CONTINUED = re.compile(r"(.+?)(?:\*(\d{1,4}))?(\*)?", re.DOTALL)


def typed(raw: bytes) -> Typed:
    """A Content-Type or Content-Disposition field, read as leniently as mail clients do.  Never raises."""
    text = raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text
    if text.startswith("=?"):
        text = decode_words(text)  # some gateways encode the whole field
    return Typed(value=_token(text[:400].partition(";")[0]), params=_params(text) if "=" in text else ())


def _token(value: str) -> str:
    words = value.split("(", 1)[0].strip().strip("\"'").lower().split()
    if not words or "=" in words[0]:
        return ""  # 'name=x' without the value itself
    return printable("".join(words if len(words) == 3 and words[1] == "/" else words[:1]))[:127]


def _params(text: str) -> tuple[tuple[str, str], ...]:
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, match in enumerate(_PARAM.finditer(text)):
        if count >= limits.PARAMS:
            break
        name, value = match[1].lower(), _unquoted(match[2])
        if "*" in name:
            base, number, extended = _continued(name)
            parts.setdefault(base, {}).setdefault(number, (extended, value))
        else:
            # The first of duplicate parameters counts, as in most clients.
            plain.setdefault(name, value)
    read = {name: _plain_param(name, value) for name, value in plain.items()}
    # RFC 6266 4.3, RFC 2231: the extended form has priority over the plain one.
    read.update({name: _joined_param(name, pieces) for name, pieces in parts.items()})
    return tuple(read.items())


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def _continued(name: str) -> tuple[str, int, bool]:
    match = _CONTINUED.fullmatch(name)
    if not match:
        return name, 0, False
    return match[1], int(match[2] or 0), bool(match[3])


def _plain_param(name: str, value: str) -> str:
    if "=?" in value:
        # RFC 2047 section 5 forbids encoded words here, but mail programs write and read them.
        value = decode_words(value)
    elif name in _FILE_NAMES and "''" in value and "%" in value:
        value = _percent_decoded(value)
    return value if name in _FILE_NAMES else printable(value)


def _joined_param(name: str, pieces: dict[int, tuple[bool, str]]) -> str:
    """Joins the numbered pieces of a parameter up to the first gap; percent-encoded ones are decoded together (RFC 2231)."""
    charset = ""
    data = b""
    first = min(pieces)  # some mailers count from 1
    for expected, number in enumerate(sorted(pieces), start=first):
        extended, value = pieces[number]
        if expected != number or first > 1:
            break
        if extended and number == first and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if extended else value.encode("utf-8", "replace")
    text = charsets.decode(data, charset).text
    text = decode_words(text) if "=?" in text else text
    return text if name in _FILE_NAMES else printable(text)


def _percent_decoded(value: str) -> str:
    charset, _, rest = value.split("'", 2)
    return charsets.decode(unquote_to_bytes(rest), charset).text


_ID = re.compile(r"<([^<>]*)>")
_SPACE = re.compile(r"\s+")


def message_ids(value: str) -> tuple[str, ...]:
    """The IDs of a Message-ID, In-Reply-To or References field without angle brackets, in order, without duplicates."""
    bracketed = [_SPACE.sub("", match) for match in _ID.findall(value)]
    found = bracketed or [word.strip("<>,;") for word in value.split() if "@" in word]
    return tuple(dict.fromkeys(one for one in found if one))[: limits.IDS]


def message_id(value: str) -> str:
    """The one ID of a Message-ID field; the whole value where it has no angle brackets."""
    found = message_ids(value)
    return found[0] if found else _SPACE.sub("", value).strip("<>")
