"""Text of header fields: encoded words (RFC 2047) decoded, control characters removed."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable

from mailbridge.message import charsets, limits

# The text of an encoded word may hold spaces and single question marks, as some mailers write them; bounded, so linear.
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]*)?\?([bBqQ])\?((?:[^?]*(?:\?(?!=)[^?]*){0,3}?))\?=")
# Controls and the separators of lines and paragraphs; in a header each of them is a forged line waiting for its chance.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates (UAX 9): in a text they make another order of letters than the one that is stored.
_TURNERS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Marks that change the direction of what follows (UTS 55), and the invisible ones: in a name they only ever deceive.
_DECEIVERS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


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
