"""DKIM: which signatures of a mail hold (RFC 6376, 8301).  `arc` shares its bounds.

A signature is a stranger's text, its key another's: fields, numbers and key sizes are bounded before the library works on them, and
its quadratic canonicalisation of blanks never sees a run of them.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from mailbridge.checks.dmarc import Signature
from mailbridge.checks.resolver import Resolver, Unanswered
from mailbridge.message import limits

SIGNATURES = 10  # that are looked at; RFC 6376 6.1 leaves the number to us
SIGNATURE_BYTES = 4096
KEY_BYTES = 1024  # of a key record: RSA with 4096 bits takes 760; what an attacker's larger key costs grows with its cube
MOST_EMPTY_LINES = b"\r\n" * 4096
ALGORITHMS = {b"rsa-sha256", b"ed25519-sha256"}  # RFC 8301 3.1: rsa-sha1 must not be believed

# Outside the tree of loggers: what dkimpy says quotes the mail.
SILENT = logging.Logger("dkim", level=logging.CRITICAL + 1)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_NEXT_FIELD = re.compile(rb"\r?\n(?![ \t])")
_BLANKS = re.compile(rb"\s+")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")

Fields = list[list[bytes]]


class Unsound(Exception):
    """The header cannot be read in the one way that the signer read it."""


def check(raw: bytes, resolver: Resolver, *, until: float) -> tuple[Signature, ...]:
    """What each of the first signatures is worth, top to bottom."""
    try:
        fields, start = header(raw)
    except Unsound as error:
        return (Signature(domain="", selector="", result="permerror", reason=str(error)),)
    mine = [value for name, value in fields if name.lower() == b"dkim-signature"][:SIGNATURES]
    body = with_crlf(raw[start:]) if mine else b""
    return tuple(_one(value, index, fields, body, resolver, until) for index, value in enumerate(mine))


def header(raw: bytes) -> tuple[Fields, int]:
    """The fields, folded as they came but with CRLF, and where the body starts.  Raises Unsound."""
    end = _HEADER_END.search(raw, 0, limits.HEADER_BYTES + 4)
    if end is None and len(raw) > limits.HEADER_BYTES:
        raise Unsound("the header is too large")
    lines = _NEXT_FIELD.split(raw[: end.start()] if end else raw)
    if lines[0].startswith(b"From "):  # an mbox's line between mails
        del lines[0]
    if len(lines) > limits.FIELDS:
        raise Unsound("too many fields")
    fields: Fields = []
    for line in filter(None, lines):
        name = _FIELD.match(line)
        if name is None:
            raise Unsound("a line of the header is no field")
        fields.append([line[: name.end() - 1], with_crlf(line[name.end() :]) + b"\r\n"])
    return fields, end.end() if end else len(raw)


def with_crlf(text: bytes) -> bytes:
    """A mail whose line ends a program took away was signed with them."""
    return text if text.count(b"\n") == text.count(b"\r\n") else re.sub(rb"\r?\n", b"\r\n", text)


def _one(value: bytes, index: int, fields: Fields, body: bytes, resolver: Resolver, until: float) -> Signature:
    if len(value) > SIGNATURE_BYTES:
        return Signature(domain="", selector="", result="permerror", reason="the signature is too long")
    try:
        tags = parse_tag_value(value)
        domain, selector = (tags[name].decode("ascii").lower() for name in (b"d", b"s"))
    except (InvalidTagValueList, KeyError, UnicodeDecodeError, IndexError):
        return Signature(domain="", selector="", result="permerror", reason="the signature cannot be read")
    result, reason = _refused(tags) or _verified(index, tags, fields, body, resolver, until)
    signed = _covered(tags, fields) if result == "pass" else ()
    return Signature(domain=shown(domain), selector=shown(selector), result=result, reason=reason, fields=signed)


def _covered(tags: dict[bytes, bytes], fields: Fields) -> tuple[str, ...]:
    """The names of the fields that a signature covers, all of each name: a second one added later is not signed."""
    signed = [name for name in _BLANKS.sub(b"", tags[b"h"]).decode("ascii", "replace").lower().split(":") if name]
    there = [name.decode("ascii", "replace").lower() for name, _ in fields]
    return tuple(name for name in dict.fromkeys(signed) if there.count(name) <= signed.count(name))


def _refused(tags: dict[bytes, bytes]) -> tuple[str, str] | None:
    """What is wrong with a signature before any mathematics."""
    if tags.get(b"a") not in ALGORITHMS:
        return "permerror", "the algorithm is not believed"
    if b"from" not in re.split(rb"\s*:\s*", tags.get(b"h", b"").strip().lower()):
        return "permerror", "From is not signed"  # RFC 6376 5.4
    if b"l" in tags:
        # RFC 6376 8.2: anybody may write on below the signed part, and whoever reads the mail sees one text.
        return "policy", "l= leaves the end of the body unsigned"
    return None


def _verified(index: int, tags: dict[bytes, bytes], fields: Fields, body: bytes, resolver: Resolver, until: float) -> tuple[str, str]:
    key = KeyQuery(resolver, until, tags)
    signed = dkim.DKIM(logger=SILENT)
    signed.headers, signed.body = fields, gentle(body, relaxed=b"/relaxed" in tags.get(b"c", b""))
    try:
        holds = signed.verify(index, dnsfunc=key)
    except Unanswered as error:
        return "temperror", str(error)
    except dkim.ValidationError as error:
        return ("fail", "the body was changed") if "body hash" in str(error) else ("permerror", "a tag of the signature is wrong")
    except Exception as error:  # signature and key are strangers', dkimpy is not total: it must not stop the mail
        return "permerror", f"cannot be evaluated: {type(error).__name__}"
    if key.refused:
        return key.refused
    return ("pass", "") if holds else ("fail", "the signed fields were changed, or another key signed")


def gentle(body: bytes, *, relaxed: bool) -> bytes:
    """A body that canonicalises to the same (RFC 6376 3.4.3, 3.4.4), without the runs that cost dkimpy their square."""
    end = len(body)
    while body.endswith(MOST_EMPTY_LINES, 0, end):
        end -= len(MOST_EMPTY_LINES)
    if end < len(body):
        body = body[:end] + b"\r\n"
    return re.sub(rb"[\t ]+", b" ", body) if relaxed else body


class KeyQuery:
    """Asks for the key of one signature, and reads of its record what dkimpy does not (RFC 6376 3.6.1)."""

    def __init__(self, resolver: Resolver, until: float, tags: dict[bytes, bytes]) -> None:
        self._resolver, self._until, self._tags = resolver, until, tags
        self.refused: tuple[str, str] | None = None

    def __call__(self, name: bytes, timeout: float = 5) -> bytes | None:
        """The key record, None where there is none to be believed; `refused` says why then."""
        records = [r for r in self._resolver.ask(name.decode("ascii"), "TXT", until=self._until) if isinstance(r, bytes)]
        self.refused = self._refuse(records)
        return None if self.refused else records[0]

    def _refuse(self, records: list[bytes]) -> tuple[str, str] | None:
        if len(records) != 1:
            return "permerror", "there are several keys" if records else "there is no key"
        if len(records[0]) > KEY_BYTES:
            return "permerror", "the key is too large"
        try:
            key: dict[bytes, Any] = parse_tag_value(records[0])
        except (InvalidTagValueList, IndexError):
            return "permerror", "the key cannot be read"
        flags = [flag.strip() for flag in key.get(b"t", b"").split(b":")]
        identity = self._tags.get(b"i", b"@" + self._tags[b"d"]).rpartition(b"@")[2]
        if not key.get(b"p"):
            return "permerror", "the key was revoked"
        if not {b"*", b"email"} & {service.strip() for service in key.get(b"s", b"*").split(b":")}:
            return "permerror", "the key is not for mail"
        if b"sha256" not in [name.strip() for name in key.get(b"h", b"sha256").split(b":")]:
            return "permerror", "the key is for other algorithms"
        if b"s" in flags and identity.lower() != self._tags[b"d"].lower():
            return "permerror", "the key does not speak for subdomains"
        if b"y" in flags:
            return "neutral", "the domain only tests DKIM"
        return None


def shown(text: str) -> str:
    return "".join(c if c.isprintable() and not c.isspace() else "?" for c in text)[:253]
