"""Changes that keep a mail looking like a mail for long enough to get deep into the reader.  All chance comes from one Random."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Sequence

MOST = 120_000  # bytes; what is larger takes time without finding more

TOKENS = tuple(
    token.encode("latin-1")
    for token in (
        "\r\n", "\n", "\r", "\r\n\r\n", " \r\n", "\t", "\0", "\xff", "\xfe\xff", "\x80", "--", "--edge", "--edge--\r\n", ";", ":",
        "=", "=?utf-8?b?", "=?utf-8?q?=", "?=", "=?x-unknown?Q?=FF?=", "=?utf-7?q?+2AA-?=", '"', "\\", "<", ">", "<>", "@", "(((((", ")",
        "[", "]", "begin 644 x\r\n", "\r\nend\r\n", "%ff", "*0*=", "''", "=\r\n", "=4", "\x1b$B", "\x1b(B", "+ADw-", "&#x0;",
        "&#xD800;", "<div>", "</div>", "<blockquote>", "<!--", "<![CDATA[", "<script>", "<style>", "<table><tr><td>",
        "<a href='javascript:x'>", "> ", "> > >", "-- \r\n", "________________________________\r\n", "On Mon wrote:\r\n",
        "From: a\r\nSent: b\r\nTo: c\r\nSubject: d\r\n", "{\\rtf1", "{\\*\\htmltag", "\\u-1?", "BEGIN:VCALENDAR\r\n",
        "DTSTART:99999999T999999Z\r\n", "RRULE:FREQ=SECONDLY\r\n", "0\x80", "\xa0\x80", "\x78\x9f\x3e\x22",
    )
)  # fmt: skip
MORE = tuple(
    token.encode() for token in ("\u202e", "\u2028", "\ufdfa", "e\u0301\u0316", "打印", "\U0001f600", "\u200b", "Ａ", "\u0000x", "ﬁ")
)
TYPES = (
    "text/plain", "text/html", "text/calendar", "text/enriched", "text/rtf", "message/rfc822", "message/global", "message/delivery-status",
    "message/feedback-report", "message/disposition-notification", "message/partial", "multipart/mixed", "multipart/alternative",
    "multipart/digest", "multipart/report", "multipart/signed", "multipart/encrypted", "application/ms-tnef", "application/pkcs7-mime",
    "application/octet-stream", "image/png", "text", "/", "", "a/b/c",
)  # fmt: skip
CHARSETS = (
    "utf-8", "utf-7", "utf-16", "utf-32", "us-ascii", "latin1", "windows-1252", "iso-2022-jp", "iso-2022-kr", "gb18030", "big5", "euc-kr",
    "koi8-r", "hz", "cp437", "idna", "punycode", "rot13", "hex", "unicode_escape", "undefined", "mbcs", "x" * 200, "\xfc",
)  # fmt: skip
ENCODINGS = ("7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-yenc", "", "base64, base64")
FIELDS = (
    "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type", "Content-Disposition",
    "Content-Transfer-Encoding", "Return-Path", "Received", "Authentication-Results", "Auto-Submitted", "List-Id", "Precedence",
    "X-Failed-Recipients", "X-Mailbridge-Mark", "ARC-Seal", "DKIM-Signature",
)  # fmt: skip

_FIELD = re.compile(rb"^[!-9;-~]+:[^\n]*(?:\n[ \t][^\n]*)*\n?", re.MULTILINE)
_BASE64_RUN = re.compile(rb"^(?:[A-Za-z0-9+/]{20,200}={0,2}\r?\n)+", re.MULTILINE)

Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A mail made of one of the seeds by one to eight changes."""
    mail = chance.choice(seeds)
    for _ in range(min(8, 1 + int(chance.expovariate(0.5)))):
        mail = chance.choice(CHANGES)(chance, mail, seeds)[:MOST]
    return mail


def _range(chance: random.Random, mail: bytes, longest: int = 400) -> tuple[int, int]:
    start = chance.randrange(len(mail) + 1)
    return start, min(len(mail), start + 1 + int(chance.expovariate(8 / longest)))


def _flip(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    changed = bytearray(mail)
    for _ in range(chance.choice((1, 2, 5, 50))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _delete(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _range(chance, mail)
    return mail[:start] + mail[end:]


def _cut_off(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    return mail[: chance.randrange(len(mail) + 1)]


def _insert(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    start = chance.randrange(len(mail) + 1)
    return mail[:start] + chance.choice(TOKENS + MORE) * chance.choice((1, 1, 1, 2, 10, 1000)) + mail[start:]


def _repeat(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _range(chance, mail)
    return mail[:start] + mail[start:end] * chance.choice((2, 3, 20, 500, 5000)) + mail[end:]


def _splice(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    other = chance.choice(seeds)
    start, end = _range(chance, other, 4000)
    at = chance.randrange(len(mail) + 1)
    return mail[:at] + other[start:end] + mail[at:]


def _field(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    """One header field of the mail or of a part dropped, doubled, moved, folded anew or with another value."""
    found = list(_FIELD.finditer(mail))
    if not found:
        return mail
    one = chance.choice(found)
    name, _, value = one[0].partition(b":")
    new = {
        "drop": b"",
        "double": one[0] * chance.choice((2, 3, 3000)),
        "fold": name + b":" + value.replace(b" ", b"\r\n "),
        "name": name * chance.choice((1, 400)) + b" :" + value,
        "value": name + b": " + _value(chance) + b"\r\n",
        "other": chance.choice(FIELDS).encode() + b":" + value,
        "added": one[0] + chance.choice(FIELDS).encode() + b": " + _value(chance) + b"\r\n",
    }[chance.choice(("drop", "double", "fold", "name", "value", "other", "added"))]
    return mail[: one.start()] + new + mail[one.end() :]


def _value(chance: random.Random) -> bytes:
    kind = chance.choice(TYPES)
    values = (
        f'{kind}; charset="{chance.choice(CHARSETS)}"',
        f"{kind}; boundary=\"{chance.choice(('edge', '', 'x' * 300, '--', ' '))}\"; name*=utf-8''%ff%00",
        f"attachment; filename*{chance.randrange(99999)}*=x; filename={'a/' * 50}..\\con",
        chance.choice(ENCODINGS),
        "<" * chance.choice((1, 5000)) + "a@b" + ">" * chance.randrange(3),
        "a@b.test, " * chance.choice((1, 300)),
        "=?utf-8?q?" + "=C3" * chance.randrange(60) + "?= " * chance.choice((1, 200)),
        "Mon, 23 Nov 2026 09:00:00 " + chance.choice(("+0000", "-9999", "(" * 3000, "EST", "")),
        "".join(chr(chance.randrange(256)) for _ in range(chance.choice((3, 30, 300)))),
    )
    return chance.choice(values).encode("latin-1", "replace")


def _nest(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    """The mail as a part of another one, once or many times."""
    for number in range(chance.choice((1, 2, 30))):
        kind = chance.choice(("message/rfc822", "multipart/mixed", "text/plain"))
        edge = f"n{number}".encode()
        part = mail if kind == "multipart/mixed" else b"Content-Type: " + kind.encode() + b"\r\n\r\n" + mail
        mail = b"Content-Type: multipart/mixed; boundary=" + edge + b"\r\n\r\n--" + edge + b"\r\n" + part + b"\r\n--" + edge + b"--\r\n"
    return mail


def _inside_base64(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    """A change within what is encoded, so that winmail.dat and S/MIME are broken and not their base64."""
    found = list(_BASE64_RUN.finditer(mail))
    if not found:
        return mail
    one = chance.choice(found)
    try:
        content = base64.b64decode(one[0])
    except ValueError:
        return mail
    changed = chance.choice((_flip, _delete, _insert, _repeat, _cut_off))(chance, content, seeds)[:MOST]
    return mail[: one.start()] + base64.encodebytes(changed) + mail[one.end() :]


def _deep(chance: random.Random, mail: bytes, seeds: Sequence[bytes]) -> bytes:
    """Something that opens again and again and never closes."""
    token = chance.choice(
        (b"<div>", b"<blockquote>", b"(", b"{\\b ", b"> ", b"[", b"<table><tr><td>", b"BEGIN:VEVENT\r\n", b"\x30\x80", b"'\"", b"<a ")
    )
    at = chance.randrange(len(mail) + 1)
    return mail[:at] + token * chance.choice((50, 2000, 20_000)) + mail[at:]


CHANGES: tuple[Change, ...] = (
    _flip, _delete, _cut_off, _insert, _insert, _repeat, _splice, _field, _field, _field, _nest, _inside_base64, _inside_base64, _deep,
)  # fmt: skip
