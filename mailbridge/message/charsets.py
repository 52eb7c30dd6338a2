"""Decode bytes: by the declared charset, then its usual superset, then the likeliest guess.  A guess is reported as a guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

import cchardet

# A larger sample does not improve the guess.
_SAMPLE = 64 << 10

# Each declared charset with the codecs to try, strictest superset first.
_MEANT: dict[str, tuple[str, ...]] = {
    "": ("utf-8",),
    "us-ascii": ("utf-8",),
    "utf-8": ("utf-8",),
    "iso8859-1": ("utf-8", "cp1252"),
    "cp1252": ("utf-8", "cp1252"),
    "iso8859-9": ("iso8859-9", "cp1254"),
    "iso8859-11": ("cp874", "iso8859-11"),
    "tis-620": ("cp874", "tis-620"),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "hz": ("hz",),
    "big5": ("cp950", "big5hkscs"),
    "euc_kr": ("cp949",),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "cp932": ("cp932", "shift_jis_2004"),
    "euc_jp": ("euc_jis_2004", "euc_jp"),
    "iso2022_jp": ("iso2022_jp_ext", "iso2022_jp_2004"),
    "iso2022_jp_1": ("iso2022_jp_ext", "iso2022_jp_2004"),
    "iso2022_jp_2": ("iso2022_jp_2", "iso2022_jp_ext"),
}

# Names that Python does not know, or maps to another codec.
_ALIASES = {
    "utf-8-strict": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "",
    "unknown": "",
    "unknown-8bit": "",
    "x-user-defined": "",
    "x-unicode": "",
    "default": "",
    "default_charset": "",
    "none": "",
    "binary": "",
    "8bit": "",
    "_autodetect": "",
    "_autodetect_all": "",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-2-windows-latin-2": "cp1250",
    "win-1251": "cp1251",
    "cp-850": "cp850",
    "cp-1251": "cp1251",
    "cp-1252": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-12": "iso8859-1",
    "visual": "iso8859-8",
    "logical": "iso8859-8",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "windows-936": "gbk",
    "windows-950": "big5",
    "windows-932": "cp932",
    "x-windows-949": "cp949",
    "x-gbk": "gbk",
    "x-euc-cn": "gb2312",
    "x-euc-jp": "euc_jp",
    "x-euc-kr": "euc_kr",
    "x-euc-tw": "big5",
    "x-sjis": "shift_jis",
    "x-ms-cp932": "cp932",
    "sjis-win": "cp932",
    "eucjp-win": "euc_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "iso-2022-jp-ms": "iso2022_jp",
    "x-big5": "big5",
    "big5-hkscs": "big5hkscs",
    "cn-big5": "big5",
    "cn-gb": "gb2312",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ce": "mac-latin2",
    "macintosh": "mac-roman",
    "ansi_x3.110-1983": "iso8859-1",
    "iso_8859-1": "iso8859-1",
    "ebcdic-us": "cp037",
    "ucs-2": "utf-16",
    "unicode": "utf-16",
    "ucs-4": "utf-32",
}

# Codecs of the standard library that are not text encodings, or that take quadratic time.
_FORBIDDEN = frozenset(
    {
        "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "rot13", "rot_13", "mbcs", "oem", "charmap",
        "base64", "bz2", "hex", "quopri", "uu", "zlib", "unicode_internal", "string_escape", "palmos",
    }
)  # fmt: skip

# Codecs in which a byte below 0x80 may not be ASCII.
_NOT_ASCII = ("utf-7", "utf-16", "utf-32", "hz", "iso2022", "iso-2022", "cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the codec that decoded it.  `guess` is '' if the codec was declared, else it names how the codec was found."""

    text: str
    charset: str
    guess: str = ""


def decode(content: bytes, declared: str = "", *, hint: str = "") -> Decoded:
    """`content` as text without NUL and lone surrogates.  Never raises, also not for an unknown or wrong charset.

    `hint`: a charset that the mail uses elsewhere, tried first where none is declared and the text is not UTF-8.
    """
    if not content:
        return Decoded("", declared)
    codec = codec_of(declared)
    if codec is not None and content.isascii() and not _needs_decoder(codec, content):
        return Decoded(clean(content.decode("ascii")), codec or "us-ascii")
    return _decode(content, codec, hint)


def is_text(content: bytes) -> bool:
    """Whether these bytes look like text: no control characters, and UTF-8 or mostly ASCII letters."""
    if not content.strip() or _NO_TEXT.search(content):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(content) and error.reason == "unexpected end of data":
            return True
        foreign = sum(1 for byte in content[:_SAMPLE] if byte > 0x7F)
        return 3 * foreign < len(content[:_SAMPLE])
    return True


_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def clean(text: str) -> str:
    """`text` for a database: NUL and lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@lru_cache(maxsize=512)
def codec_of(declared: str) -> str | None:
    """Python's name of the declared text codec, '' where nothing is declared, None where the name is unknown."""
    name = declared.strip().strip("\"'").strip().lower()
    if len(name) > 64 or not name.isascii():
        return None
    name = _ALIASES.get(name, name)
    if not name:
        return ""
    if name.replace("-", "_") in _FORBIDDEN:
        return None
    return _known(name)


def _known(name: str) -> str | None:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    # codecs.lookup also finds bytes-to-bytes codecs; only text codecs have this mark.
    if info.name.replace("-", "_") in _FORBIDDEN or not getattr(info, "_is_text_encoding", True):
        return None
    return "us-ascii" if info.name == "ascii" else info.name


def _needs_decoder(codec: str, content: bytes) -> bool:
    if codec.startswith(_NOT_ASCII):
        return True
    # Japanese mail with a wrong charset or none is mostly ISO-2022-JP.
    return b"\x1b" in content and codec in {"", "us-ascii", "utf-8", "iso8859-1"}


def _decode(content: bytes, codec: str | None, hint: str) -> Decoded:
    if b"\x1b$" in content and codec in {None, "", "us-ascii", "utf-8", "iso8859-1"}:
        japanese = _strictly(content, _MEANT["iso2022_jp"])
        if japanese:
            return Decoded(japanese.text, japanese.charset, f"{japanese.charset} by its escape sequences")
    meant = _MEANT.get(codec or "", (codec or "",))
    found = _strictly(content, meant)
    if found is None:
        return _guess(content, codec, meant[0], hint)
    if codec in {None, ""} or (found.charset == "utf-8" and codec in {"iso8859-1", "cp1252"}):
        return Decoded(found.text, found.charset, f"{found.charset} by its form")
    return found


def _strictly(content: bytes, names: tuple[str, ...]) -> Decoded | None:
    for name in names:
        try:
            text = content.decode(name)
        except (UnicodeError, LookupError):
            continue
        return Decoded(clean(text.removeprefix("\ufeff")), name)
    return None


def _guess(content: bytes, codec: str | None, meant: str, hint: str) -> Decoded:
    if codec in {"cp1252", "iso8859-1"}:
        # Other software reads the bytes that cp1252 leaves undefined as C1 controls.
        return Decoded(clean(_lenient_western(content)), "cp1252", "cp1252 with undefined bytes")
    if codec in {None, "", "us-ascii", "utf-8"}:
        return _detect(content, declared_utf8=codec == "utf-8", hint=hint)
    if codec == "iso2022_jp":
        # Some mailers use this name for any Japanese charset, so the bytes decide.
        plain = None if content.isascii() else _strictly(content, ("utf-8", "cp932"))
        if plain:
            return Decoded(plain.text, plain.charset, f"{plain.charset} by its bytes")
        return Decoded(clean(_jis_by_euc(content)), "iso2022_jp", "iso2022_jp with vendor characters")
    as_utf8 = _strictly(content, ("utf-8",))
    if as_utf8 and not content.isascii():
        return Decoded(as_utf8.text, "utf-8", "utf-8 by its form")
    return Decoded(clean(content.decode(meant, "replace").removeprefix("\ufeff")), meant, f"{meant} with broken bytes")


def _detect(content: bytes, *, declared_utf8: bool, hint: str) -> Decoded:
    """The likeliest text of bytes that are declared as UTF-8 and are not, or that declare no charset."""
    as_utf8 = content.decode("utf-8", "replace")
    broken = as_utf8.count("\ufffd")
    if 2 * broken <= sum(1 for char in as_utf8[:_SAMPLE] if char > "\x7f" and char != "\ufffd"):
        return Decoded(clean(as_utf8.removeprefix("\ufeff")), "utf-8", "utf-8 with broken bytes")
    hinted = _hinted(content, hint)
    if hinted:
        return hinted
    # Text wrongly labelled as UTF-8 is mostly Latin, and the detector is unreliable for short Latin text.
    name = None if declared_utf8 and broken < 24 else _detected(content)
    found = _strictly(content, (name,)) if name else None
    if found and not _looks_western(content, found):
        return Decoded(found.text, found.charset, f"{found.charset} by its bytes")
    return Decoded(clean(_lenient_western(content)), "cp1252", "cp1252 by default")


def _hinted(content: bytes, hint: str) -> Decoded | None:
    """The text in the charset of the mail's header fields, or None if it does not decode to plausible text."""
    codec = codec_of(hint) if hint else None
    found = _strictly(content, tuple(name for name in _MEANT.get(codec, (codec,)) if name != "utf-8")) if codec else None
    if found is None or any("\x80" <= char < "\xa0" for char in found.text):
        return None
    return Decoded(found.text, found.charset, f"{found.charset} as in the header")


def _looks_western(content: bytes, found: Decoded) -> bool:
    """Whether a text that was detected as another script is Western: its letters stand inside Latin words."""
    if found.charset not in _OTHER_SCRIPTS:
        return False
    words = _WORDS.findall(content[:_SAMPLE])
    foreign = [word for word in words if not word.isascii()]
    mixed = [word for word in foreign if any(65 <= (byte & 0xDF) <= 90 for byte in word if byte < 0x80)]
    return bool(mixed) and 2 * len(mixed) >= len(foreign)


_WORDS = re.compile(rb"[A-Za-z\x80-\xff]+")
# Single-byte codecs for scripts other than Latin.
_OTHER_SCRIPTS = frozenset(
    {"cp1251", "cp1253", "cp1255", "cp1256", "cp866", "cp855", "cp874", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "koi8-r",
     "koi8-u", "mac-cyrillic", "tis-620", "iso8859-11"}
)  # fmt: skip


def _detected(content: bytes) -> str | None:
    verdict = cchardet.detect(content[:_SAMPLE])
    name = verdict.get("encoding")
    if not name or (verdict.get("confidence") or 0) < 0.5:
        return None
    codec = codec_of(name)
    return _MEANT.get(codec, (codec,))[-1] if codec else None


def _lenient_western(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(_WESTERN[byte] for byte in content)


_WESTERN = tuple(
    (bytes([byte]).decode("cp1252", "replace") if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "\ufffd") for byte in range(256)
)


def _jis_by_euc(content: bytes) -> str:
    """Decodes ISO-2022-JP with NEC's row 13 and similar extensions: each two-byte run is decoded as EUC, which includes them."""
    first, *runs = content.split(b"\x1b")
    pieces = [first.decode("ascii", "replace")]
    two_bytes = False
    for run in runs:
        if run[:2] in _ESCAPES:
            two_bytes, run = _ESCAPES[run[:2]], run[2:]
        pieces.append(_euc(run) if two_bytes else run.decode("ascii", "replace"))
    return "".join(pieces)


# Bytes after the escape character, and whether two-byte characters follow (RFC 1468).
_ESCAPES = {b"$B": True, b"$@": True, b"(B": False, b"(J": False}


def _euc(run: bytes) -> str:
    return bytes(byte | 0x80 if 0x20 < byte < 0x7F else byte for byte in run).decode("euc_jis_2004", "replace")
