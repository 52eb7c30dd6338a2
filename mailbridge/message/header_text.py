"""Text of header fields: encoded words (RFC 2047) decoded, control characters removed."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable

from mailbridge.message import charsets, limits

# The text of an encoded word may hold spaces and single question marks, as some mailers write them.  Bounded, so linear.
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]*)?\?([bBqQ])\?((?:[^?]*(?:\?(?!=)[^?]*){0,3}?))\?=")
# Control characters and the separators of lines and paragraphs.  In a header each of them can forge a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates (UAX 9): they show letters in another order than the stored one.
_TURNERS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Marks that change the direction of the following text (UTS 55), and invisible characters: in a name they serve only to deceive.
_DECEIVERS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


def decode_value(raw: bytes) -> str:
    """The displayed text of an unstructured field: encoded words decoded, no control characters, no lone surrogates."""
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
    """A display name or file name for display: printable, and without marks that reorder or hide text."""
    return " ".join(_DECEIVERS.sub("", printable(text)).split())


def without_turns(text: str) -> str:
    """`text` without the controls that change the displayed order.  Marks for single letters stay."""
    if text.isascii() or not any(turner in text for turner in _TURNERS):
        return text
    return text.translate(dict.fromkeys(map(ord, _TURNERS)))


def decode_words(text: str) -> str:
    """`text` with its RFC 2047 encoded words decoded.  Unreadable words stay as they are.

    Adjacent words of one charset are joined as bytes first, because mailers split characters (RFC 2047 section 5 forbids it).
    """
    pieces: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    at = 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[at : match.start()]
        charset = match[1].lower()
        if match[2] in "bB" and not match[3].isascii():
            # Labelled base64, but the text is not encoded.
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
    """The first charset in the encoded words of these fields that is neither a UTF nor US-ASCII, as written; '' where there is none."""
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
    """Base64 as mail clients decode it: other characters skipped, missing padding accepted, nothing after the padding."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = bytes(data).translate(None, _NOT_BASE64).split(b"=", 1)[0]
    # A rest of one letter holds no whole byte.
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
