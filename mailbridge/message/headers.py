"""Header blocks to fields, and fields to what they mean: RFC 5322 lines, RFC 2047 words, RFC 2231 parameters, ids."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailbridge.message import charsets, limits
from mailbridge.message.tree import Field

_FIELD_BREAK = re.compile(rb"\r?\n(?![ \t])")
_BLOCK_END = re.compile(rb"\n\r?\n")
_NAME = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t\r\n]*:")
# The text of an encoded word may hold spaces and single question marks, as some mailers write them; bounded, so linear.
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]*)?\?([bBqQ])\?((?:[^?]*(?:\?(?!=)[^?]*){0,3}?))\?=")
# Controls and the separators of lines and paragraphs; in a header each of them is a forged line waiting for its chance.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates (UAX 9): in a text they make another order of letters than the one that is stored.
_TURNERS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Marks that change the direction of what follows (UTS 55), and the invisible ones: in a name they only ever deceive.
_DECEIVERS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """The fields of a header block; `size` is where the body begins, `block` the bytes before it."""

    fields: tuple[Field, ...]
    size: int
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A field of the form `value; name=value; ...`, both in lower case but for the parameters' values."""

    value: str
    params: tuple[tuple[str, str], ...] = ()

    def param(self, name: str) -> str:
        return next((value for key, value in self.params if key == name), "")


def read_block(data: bytes, *, start: int = 0, end: int | None = None, whole: bool = False) -> HeaderBlock:
    """The header fields at `data[start:end]`; never raises.  `size` counts from `start`.

    `whole`: it is the header of a mail, not of a part, so lines without a field name before its first known field are junk, not a body.
    """
    stop = len(data) if end is None else end
    head, size = _head(data, start, stop)
    defects = ["header block cut at 1 MB"] if size > limits.HEADER_BYTES else []
    lines = _FIELD_BREAK.split(head) if head else []
    found: list[str] = []
    fields, ends_at = _fields(lines, found)
    if whole and found and (junk := _junk_lines(lines)):
        found = ["lines above the header"]
        fields, ends_at = _fields(lines, found, junk=junk)
    defects += found
    if ends_at is not None:
        size = _offset(head, ends_at)
    return HeaderBlock(fields=fields, size=size, defects=tuple(defects))


def header_block(data: bytes) -> bytes:
    """The header block of a mail as it came, with its empty line, cut at the limit; `mail_fields` reads it."""
    if b"\n" not in data and b"\r" in data:
        data = data[: limits.HEADER_BYTES].replace(b"\r", b"\n")
    at = header_at(data)
    return data[at : at + min(_head(data, at, len(data))[1], limits.HEADER_BYTES)]


def mail_fields(header: bytes) -> tuple[Field, ...]:
    """The fields of a mail's header block."""
    return read_block(header, whole=True).fields


def header_at(raw: bytes) -> int:
    """Where the header of a mail begins: behind empty lines that some hand-over put above it."""
    if not raw.startswith((b"\n", b"\r")):
        return 0
    at = len(raw[:_MOST_EMPTY]) - len(raw[:_MOST_EMPTY].lstrip(b"\r\n"))
    return at if begins_like_a_mail(raw, at) else 0


_MOST_EMPTY = 100  # bytes of empty lines above a header


def _head(data: bytes, start: int, stop: int) -> tuple[bytes, int]:
    """The header block without its empty line, cut at the limit, and its whole size with that line."""
    if data.startswith(b"\r\n", start):
        return b"", 2
    if data.startswith(b"\n", start):
        return b"", 1
    end = _BLOCK_END.search(data, start, stop)
    if end is None:
        return data[start : min(stop, start + limits.HEADER_BYTES)], stop - start
    return data[start : min(end.start(), start + limits.HEADER_BYTES)].removesuffix(b"\r"), end.end() - start


def _offset(head: bytes, line: int) -> int:
    """Where logical line number `line` begins."""
    for count, match in enumerate(_FIELD_BREAK.finditer(head), start=1):
        if count == line:
            return match.end()
    return 0


def _junk_lines(lines: list[bytes]) -> range:
    """The lines that a program wrote above the fields of the sender, as '---- Original message ----'; empty where there are none.

    Trace fields of servers may stand above them.
    """
    junk = next((number for number, line in enumerate(lines[:_MOST_ABOVE]) if not _NAME.match(line)), None)
    if junk is None or lines[junk].startswith((b"From ", b">From ")):
        return range(0)
    above, below = lines[:junk], lines[junk + 1 : junk + _MOST_JUNK]
    first = next((junk + 1 + number for number, line in enumerate(below) if _KNOWN.match(line)), 0)
    if not first or any(line[:5].lower() == b"from:" for line in above):
        return range(0)
    # " From: x" is no junk: some programs take it for the sender.
    if any(_LIKE_FROM.match(line) for line in lines[junk:first]):
        return range(0)
    return range(junk, first) if sum(_KNOWN.match(line) is not None for line in lines[first : first + 30]) > 1 else range(0)


_MOST_ABOVE = 50  # trace fields above such a line
_MOST_JUNK = 5
_LIKE_FROM = re.compile(rb"\W*from\W*:", re.IGNORECASE)
# Fields that every mail has some of.
_KNOWN = re.compile(
    rb"(?:from|to|subject|date|message-id|received|return-path|mime-version|delivered-to|reply-to|content-type)[ \t]*:", re.IGNORECASE
)


def begins_like_a_mail(data: bytes, start: int) -> bool:
    """Whether a field that every mail has stands at `start`."""
    return _KNOWN.match(data, start) is not None


def _fields(lines: list[bytes], defects: list[str], *, junk: range = range(0)) -> tuple[tuple[Field, ...], int | None]:
    """The fields of the logical lines without the `junk` ones, and the number of the line with which the body begins without an empty
    line."""
    fields: list[Field] = []
    for number, line in enumerate(lines):
        if number in junk or not line or (number == 0 and line.startswith((b"From ", b">From "))):
            continue
        if len(fields) >= limits.FIELDS:
            defects.append(f"more than {limits.FIELDS} header fields")
            break
        if number == 0 and line[:1] in b" \t":
            # RFC 5322 2.2.3: nothing is there to continue.  Some readers take it for a field, so it counts as one.
            defects.append("first header field begins with a space")
            line = line.lstrip()
        if not _NAME.match(line):
            if line.startswith(b"--") or not any(map(_NAME.match, lines[number + 1 : number + 50])):
                defects.append("no empty line between header and body")
                return tuple(fields), number
            defects.append("header line without a field name")
            continue
        fields.append(_field(line, defects))
    return tuple(fields), None


def _field(line: bytes, defects: list[str]) -> Field:
    raw_name, _, raw = line.partition(b":")
    if b"\n" in raw_name:
        defects.append("header field name is folded")
    name = raw_name.strip().decode("ascii")
    if len(raw) > limits.FIELD_BYTES:
        defects.append(f"header field {name[:40]} cut at 64 kB")
        raw = raw[: limits.FIELD_BYTES]
    raw = unfold(raw)
    return Field(name, name.lower(), raw, decode_value(raw))


def unfold(raw: bytes) -> bytes:
    """A field's value on one line (RFC 5322 2.2.3), without the space around it."""
    if b"\n" in raw:
        raw = raw.replace(b"\r\n", b"").replace(b"\n", b"")
    return raw.strip(b" \t\r")


def decode_value(raw: bytes) -> str:
    """What a person reads in an unstructured field: encoded words decoded, no control characters, no lone surrogates."""
    text = raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text
    if "=?" in text:
        text = decode_words(text)
    return printable(without_turns(text))


def printable(text: str) -> str:
    """`text` on one line: every control character becomes a space, lone surrogates become U+FFFD."""
    if text.isprintable():
        return text
    return charsets.clean(_CONTROLS.sub(" ", text)).strip()


def shown_name(text: str) -> str:
    """A display name or file name that shows what it holds: printable, and without marks that turn or hide text."""
    return " ".join(_DECEIVERS.sub("", printable(text)).split())


def without_turns(text: str) -> str:
    """`text` without the controls that show it in another order than it is written; marks for single letters stay."""
    if text.isascii() or not any(turner in text for turner in _TURNERS):
        return text
    return text.translate(dict.fromkeys(map(ord, _TURNERS)))


def decode_words(text: str) -> str:
    """`text` with its RFC 2047 encoded words decoded.  Words that cannot be read stay as they are.

    Neighbouring words of one charset are joined as bytes first: mailers cut characters in two (RFC 2047 section 5 forbids it).
    """
    pieces: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    at = 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[at : match.start()]
        charset = match[1].lower()
        if match[2] in "bB" and not match[3].isascii():
            # Called base64, but the text itself was put there.
            if run:
                pieces.append(_joined(run, run_charset))
                run, between = [], between if between.strip() else ""
            pieces += [between, match[3]]
            at = match.end()
            continue
        if run and (between.strip() or charset != run_charset):
            pieces.append(_joined(run, run_charset))
            run = []
            between = between if between.strip() else ""
        if not run and between and (between.strip() or not pieces):
            pieces.append(between)
        run.append(_word_bytes(match[2], match[3]))
        run_charset = charset
        at = match.end()
    if run:
        pieces.append(_joined(run, run_charset))
    pieces.append(text[at:])
    return "".join(pieces)


def charset_of_words(fields: Iterable[bytes]) -> str:
    """The charset in which the mail's header fields are encoded, where it is none of everybody's; '' where they tell nothing."""
    for raw in fields:
        for match in _ENCODED_WORD.finditer(raw[: limits.FIELD_BYTES].decode("latin-1")) if b"=?" in raw else ():
            codec = charsets.codec_of(match[1])
            if codec and not codec.startswith(("utf", "us-ascii")):
                return match[1]
    return ""


def _joined(run: list[bytes], charset: str) -> str:
    return charsets.decode(b"".join(run), charset).text


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return lenient_base64(data)


def lenient_base64(data: bytes | memoryview) -> bytes:
    """Base64 as mail clients read it: foreign characters skipped, a missing end forgiven, nothing after the padding."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = bytes(data).translate(None, _NOT_BASE64).split(b"=", 1)[0]
    # One letter over four carries no whole byte.
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))

# A name of bounded length and no space before it: each start costs what follows it at most 80 times.
_PARAM = re.compile(r"""([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*(?:"|$)|[^;]*)""", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Their control characters are told apart from spaces when a name is made safe to show.
_FILE_NAMES = frozenset({"name", "filename"})
_CONTINUED = re.compile(r"(.+?)(?:\*(\d{1,4}))?(\*)?", re.DOTALL)


def typed(raw: bytes) -> Typed:
    """A Content-Type or Content-Disposition, read as leniently as mail clients do; never raises."""
    text = raw.decode("ascii") if raw.isascii() else charsets.decode(raw).text
    if text.startswith("=?"):
        text = decode_words(text)  # some gateways encode the whole field
    return Typed(value=_token(text[:400].partition(";")[0]), params=_params(text) if "=" in text else ())


def _token(value: str) -> str:
    words = value.split("(", 1)[0].strip().strip("\"'").lower().split()
    if not words or "=" in words[0]:
        return ""  # 'name=x' where the value itself was left out
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
            # The first of two same ones counts, as in most clients.
            plain.setdefault(name, value)
    read = {name: _plain_param(name, value) for name, value in plain.items()}
    # RFC 6266 4.3, RFC 2231: the extended form is meant where both are given.
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
        # RFC 2047 section 5 forbids encoded words here; everybody writes and reads them.
        value = decode_words(value)
    elif name in _FILE_NAMES and "''" in value and "%" in value:
        value = _percent_decoded(value)
    return value if name in _FILE_NAMES else printable(value)


def _joined_param(name: str, pieces: dict[int, tuple[bool, str]]) -> str:
    """RFC 2231: numbered pieces in order up to the first hole, the percent-encoded ones decoded together."""
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
    """The ids of a Message-ID, In-Reply-To or References field without their angle brackets, each once, in order."""
    bracketed = [_SPACE.sub("", match) for match in _ID.findall(value)]
    found = bracketed or [word.strip("<>,;") for word in value.split() if "@" in word]
    return tuple(dict.fromkeys(one for one in found if one))[: limits.IDS]


def message_id(value: str) -> str:
    """The one id of a Message-ID field; what stands there, where it is not in angle brackets."""
    found = message_ids(value)
    return found[0] if found else _SPACE.sub("", value).strip("<>")
