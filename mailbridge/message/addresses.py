"""Address fields: a lenient reading for display and answers, a strict one for authentication (RFC 5322 3.4, RFC 6532)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from typing import NamedTuple

from mailbridge.message import charsets, header_parsing, limits
from mailbridge.message.header_text import decode_words, shown_name
from mailbridge.message.headers import unfold
from mailbridge.message.model import Address

# Fields that mail-parser reads as we do: no groups, comments, encoded words or quoted specials.
_WORD = r"[^\s<>()@,:;\"\x00-\x1f\x7f-\x9f]+"
_SIMPLE = re.compile(rf'[^():;\\"=<>,@]*(?:"[^"\\=@<>]*"\s*)?(?:<{_WORD}@{_WORD}>|{_WORD}@{_WORD})')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>?|=\?[^?\s]*\?[bBqQ]\?[^?]*\?=|[(),;:]|[^"<>(),;:=]+|.', re.DOTALL)
_COMMENT_MARK = re.compile(r"[()\\]")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_SPACED_SPECIAL = re.compile(r" ?([@.]) ?")
_SPACE = re.compile(r"[ \t\r\n]+")
_COMMENT = re.compile(r"\([^()]*\)")
_SHORT = 1000  # characters; matching the pattern above may take quadratic time


class Strict(NamedTuple):
    """A mailbox that may be authenticated, or the reason why there is none (a fixed phrase)."""

    address: Address | None
    reason: str = ""


def read_addresses(raw: bytes) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """The mailboxes of an address field, read leniently, at most 1,000, and the defects found.  Never raises."""
    text = raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text
    if len(text) <= _SHORT and _SIMPLE.fullmatch(text):
        reading = header_parsing.mailboxes(text)
        if not reading.doubts:
            return tuple(_address(name, address) for name, address in reading.mailboxes), ()
    return _Scanner(text).read()


def _address(name: str, address: str, group: str | None = None) -> Address:
    local, at, domain = shown_name(address).rpartition("@")
    written = f"{local}{at}{domain.lower()}" if at else domain
    shown = shown_name(decode_words(name) if "=?" in name else name)
    repeats = shown.strip(_NAME_QUOTES).lower() == written.lower()
    return Address(address=written, name="" if repeats else shown, group=group)


_NAME_QUOTES = "'\"<> "  # characters in which mail programs put an address that they repeat as its display name


@dataclass(slots=True)
class _Item:
    """The parts of a mailbox that were read up to the next separator."""

    phrase: str = ""
    angle: str | None = None
    comment: str = ""
    quoted: bool = False  # the phrase holds a quoted string, so an @ in it is text
    begin: int = 0


class _Scanner:
    """One pass over an address field, token by token.  Each token is visited a bounded number of times."""

    __slots__ = ("addresses", "at", "doubts", "group", "item", "separator", "surname", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.item = _Item()
        self.group: str | None = None
        self.surname = ""  # the surname in `Doe, John <j@d.example>`, a name that should be quoted but is not
        self.separator = ", "  # the separator after the surname
        self.addresses: list[Address] = []
        self.doubts: list[str] = []

    def read(self) -> tuple[tuple[Address, ...], tuple[str, ...]]:
        while self.at < len(self.text):
            if len(self.addresses) >= limits.ADDRESSES:
                self.doubts.append(f"more than {limits.ADDRESSES} addresses")
                break
            match = _TOKEN.match(self.text, self.at)
            if match is None:  # unreachable: the last alternative matches any character
                break
            self.at = match.end()
            self._take(match[0])
        else:
            self._emit(self.at)
            self._forget_surname()
        return tuple(self.addresses), tuple(dict.fromkeys(self.doubts))

    def _take(self, token: str) -> None:
        match token[0]:
            case '"':
                self.item.phrase += _unquoted(token)
                self.item.quoted = True
            case "<" if len(token) > 1:
                self._angle(token)
            case "(":
                self._comment()
            case ",":
                self._emit(self.at - 1)
                self.separator = ", "
            case ";":
                self._end_of_group()
            case ":":
                self._colon()
            case _:
                self.item.phrase += token

    def _end_of_group(self) -> None:
        """A semicolon ends a group (RFC 5322 3.4); elsewhere it separates as a comma does, in Outlook's lists and in names."""
        self._emit(self.at - 1)
        if self.group is not None:
            self._forget_surname()
            self.group = None
        self.separator = ";"

    def _angle(self, token: str) -> None:
        if not token.endswith(">") and "@" not in token:
            self.item.phrase += token  # a symbol in a name, as a heart or an arrow
            return
        if self.item.angle is not None:
            self.doubts.append(_TWO_ANGLES)
        # Most mail programs send to the last address in angle brackets.
        self.item.angle = token.strip("<>")

    def _comment(self) -> None:
        depth = 1
        start = self.at
        for match in _COMMENT_MARK.finditer(self.text, start):
            if match[0] == "\\" or self.text[match.start() - 1] == "\\":
                continue
            depth += 1 if match[0] == "(" else -1
            if depth == 0:
                self.item.comment = self.text[start : match.start()]
                self.item.phrase += " "
                self.at = match.end()
                return
        self.doubts.append("comment is not closed")
        self.at = len(self.text)

    def _colon(self) -> None:
        word = self.item.phrase.strip()
        if self.item.angle is not None or "@" in word or self.group is not None:
            self.item.phrase += ":"
        elif word.lower() == "mailto":
            self.item = _Item(begin=self.at)
        else:
            self.group = shown_name(decode_words(word))
            self.item = _Item(begin=self.at)

    def _emit(self, end: int) -> None:
        item, self.item = self.item, _Item(begin=self.at)
        phrase = item.phrase.strip()
        if item.angle is not None:
            phrase = phrase.strip("<> ")
            name = f"{self.surname}{self.separator}{phrase}" if self.surname and phrase else self.surname or phrase
            self.surname = ""
            self._add(name or item.comment, _addr_spec(item.angle))
            return
        if not phrase:
            return
        self._forget_surname()
        name, address = self._quoted_local(item, end) if item.quoted else _bare(phrase)
        if address:
            self._add(name or item.comment, address)
        else:
            self.surname = phrase

    def _quoted_local(self, item: _Item, end: int) -> tuple[str, str]:
        source = self.text[item.begin : end].strip()
        if match := _QUOTED_NAME.fullmatch(source):
            return _unquoted(match[1]), match[2]
        return ("", source) if _QUOTED_LOCAL.fullmatch(source) else ("", "")

    def _forget_surname(self) -> None:
        if self.surname:
            self.doubts.append("no address")
            self._add(self.surname, "")
            self.surname = ""

    def _add(self, name: str, address: str) -> None:
        if address and not _PLAUSIBLE.fullmatch(address):
            self.doubts.append("odd address")
        if name.strip() or address:
            self.addresses.append(_address(name, address, self.group))


_QUOTED_LOCAL = re.compile(r'"(?:[^"\\]|\\.)*"@[^\s@<>()\[\],;:\\"]+')
_QUOTED_NAME = re.compile(r'("(?:[^"\\]|\\.)*")\s+([^\s@<>()\[\],;:\\"]+@[^\s@<>()\[\],;:\\"]+)')
_PLAUSIBLE = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")


def _unquoted(token: str) -> str:
    inner = token[1:-1] if len(token) > 1 and token.endswith('"') else token[1:]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def _addr_spec(inside: str) -> str:
    """The content of angle brackets without comments, folding and an obsolete route (RFC 5322 4.4)."""
    text = _without_comments(inside).strip()
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    return _tidied(text.removeprefix("mailto:"))


def _without_comments(text: str) -> str:
    if "(" not in text:
        return text
    # Comments nested deeper than this do not occur in real addresses, so the rest is cut off.
    return _COMMENT.sub(" ", _COMMENT.sub(" ", text)).partition("(")[0]


def _tidied(text: str) -> str:
    return shown_name(_together(text)).rstrip(".")


def _together(text: str) -> str:
    """An address without the white space that RFC 5322 4.4 allows around dots and @."""
    return _SPACED_SPECIAL.sub(r"\1", _SPACE.sub(" ", text)).strip(" ")


def _bare(phrase: str) -> tuple[str, str]:
    """Name and address of an item without angle brackets.  The address is the only word with an @."""
    words = _together(phrase).split(" ") if "@" in phrase else []
    with_at = [word for word in words if "@" in word and not word.startswith("=?")]
    if len(with_at) != 1:
        return phrase, ""
    rest = " ".join(word for word in words if word != with_at[0])
    return rest, _tidied(with_at[0].strip("'"))


def answerable(fields: Sequence[bytes], sender: Sequence[bytes] = ()) -> Address | None:
    """The one mailbox to which an answer to these From fields goes, read leniently.  None where they name no mailbox or several.

    The result is not authenticated; `strict_mailbox` reads the mailbox that may be.  Of several authors the one in the Sender fields is
    taken (RFC 5322 3.6.2).  An address that contains an encoded word, or that is one of two in angle brackets, does not count.
    """
    found = _mailboxes(fields)
    if len(found) > 1:
        named = _mailboxes(sender)
        found = {key: address for key, address in found.items() if key in named}
    return next(iter(found.values())) if len(found) == 1 else None


def _mailboxes(fields: Iterable[bytes]) -> dict[str, Address]:
    """The mailboxes to which mail can be sent, by key.  A field in which one address hides another is skipped."""
    found: dict[str, Address] = {}
    for raw in [*fields][:_MOST_FIELDS]:
        addresses, doubts = read_addresses(raw)
        if _TWO_ANGLES not in doubts:
            found |= {one.key: one for one in addresses if _can_be_answered(one.address) and one.key not in found}
    return found


def _can_be_answered(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    quoted = _QUOTED_LOCAL.fullmatch(address) is not None and any(map(str.isalnum, local))
    return len(address) <= _LONGEST and "=?" not in address and "." in domain and (quoted or _PLAUSIBLE.fullmatch(address) is not None)


_TWO_ANGLES = "two angle addresses"
_MOST_FIELDS = 10  # From fields of one mail that are read


# dot-atom of RFC 5322.  Non-ASCII characters (RFC 6532) only in the local part; a domain is labels of letters, digits and hyphens.
_LOCAL = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PHRASE = r'(?:"[^"\\\x00-\x1f]*"|[^\s"(),:;<>@\[\]\\][^"(),:;<>@\[\]\\\x00-\x1f]*)'
_ADDR_SPEC = rf"{_LOCAL}@{_DOMAIN}"
_STRICT = re.compile(rf"(?:(?P<name>{_PHRASE})[ \t]*<(?P<angle>{_ADDR_SPEC})>|<(?P<only>{_ADDR_SPEC})>|(?P<bare>{_ADDR_SPEC}))")
_STRICT_BY_DEFAULT = "strict" in inspect.signature(getaddresses).parameters
_LONGEST = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_LONGEST_FIELD = 2000  # bytes of a field that names one mailbox


def strict_mailbox(raw: bytes | str) -> Strict:
    """The one mailbox of a From field, if the field is exactly one plain addr-spec and three parsers agree on it.

    Groups, routes, comments, quoted pairs, encoded addresses, domain literals and non-ASCII domains are refused: mail programs disagree
    about the sender of such fields.
    """
    text = _strict_text(raw)
    if text is None or len(text) > _LONGEST_FIELD:
        return Strict(None, "From field is not plain text")
    match = _STRICT.fullmatch(text)
    if match is None:
        return Strict(None, "From field is not exactly one plain address")
    address = match["angle"] or match["only"] or match["bare"]
    if len(address) > _LONGEST or len(address.partition("@")[0].encode()) > 64:
        return Strict(None, "From address is too long")
    if "=?" in address:
        return Strict(None, "From address holds an encoded word")
    if _standard(text) != [address] or _front(text) != [address]:
        return Strict(None, "parsers differ on the From field")
    return Strict(_address((match["name"] or "").strip().strip('"'), address))


def _strict_text(raw: bytes | str) -> str | None:
    data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    try:
        text = unfold(data).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.replace("\t", " ").isprintable() else None


def _standard(text: str) -> list[str]:
    pairs = getaddresses([text], strict=True) if _STRICT_BY_DEFAULT else getaddresses([text])
    return [address for _, address in pairs]


def _front(text: str) -> list[str]:
    reading = header_parsing.mailboxes(text)
    return [] if reading.doubts else [address for _, address in reading.mailboxes]
