"""DKIM: which signatures of a mail are valid (RFC 6376, 8301).  `arc` uses the same limits.

Signatures and keys are untrusted: fields, numbers and key sizes are limited before the library reads them.  Runs of blanks are shortened
first, because the library's canonicalisation takes quadratic time on them.
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

SIGNATURES = 10  # most signatures that are checked; RFC 6376 6.1 allows a limit
SIGNATURE_BYTES = 4096
KEY_BYTES = 1024  # most bytes of a key record: RSA with 4096 bits takes 760, and the cost of a key grows with the cube of its size
MOST_EMPTY_LINES = b"\r\n" * 4096
ALGORITHMS = {b"rsa-sha256", b"ed25519-sha256"}  # RFC 8301 3.1: rsa-sha1 must not be believed

# Outside the tree of loggers, because dkimpy's messages quote the mail.
SILENT = logging.Logger("dkim", level=logging.CRITICAL + 1)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_NEXT_FIELD = re.compile(rb"\r?\n(?![ \t])")
_BLANKS = re.compile(rb"\s+")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")

Fields = list[list[bytes]]


class Unsound(Exception):
    """The header is ambiguous: it cannot be read for sure as the signer read it."""


def check(raw: bytes, resolver: Resolver, *, until: float) -> tuple[Signature, ...]:
    """The results of the first SIGNATURES signatures, top to bottom.  Never raises because of the content."""
    try:
        fields, start = header(raw)
    except Unsound as error:
        return (Signature(domain="", selector="", result="permerror", reason=str(error)),)
    mine = [value for name, value in fields if name.lower() == b"dkim-signature"][:SIGNATURES]
    body = with_crlf(raw[start:]) if mine else b""
    return tuple(_one(value, index, fields, body, resolver, until) for index, value in enumerate(mine))


def header(raw: bytes) -> tuple[Fields, int]:
    """The fields, folded as received but with CRLF, and the offset of the body.  Raises Unsound."""
    end = _HEADER_END.search(raw, 0, limits.HEADER_BYTES + 4)
    if end is None and len(raw) > limits.HEADER_BYTES:
        raise Unsound("the header is too large")
    lines = _NEXT_FIELD.split(raw[: end.start()] if end else raw)
    if lines[0].startswith(b"From "):  # the separator line of an mbox
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
    """The text with CRLF line ends, as it was signed: a program on the way may have changed them to LF."""
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
    """The names whose fields are all signed.  A name is left out if a further field of it was added later."""
    signed = [name for name in _BLANKS.sub(b"", tags[b"h"]).decode("ascii", "replace").lower().split(":") if name]
    there = [name.decode("ascii", "replace").lower() for name, _ in fields]
    return tuple(name for name in dict.fromkeys(signed) if there.count(name) <= signed.count(name))


def _refused(tags: dict[bytes, bytes]) -> tuple[str, str] | None:
    """The result and reason of a signature that is refused without verification; None if it is to be verified."""
    if tags.get(b"a") not in ALGORITHMS:
        return "permerror", "the algorithm is not believed"
    if b"from" not in re.split(rb"\s*:\s*", tags.get(b"h", b"").strip().lower()):
        return "permerror", "From is not signed"  # RFC 6376 5.4
    if b"l" in tags:
        # RFC 6376 8.2: anybody can append text to the signed part, and a reader cannot see the difference.
        return "policy", "l= leaves the end of the body unsigned"
    return None


def _verified(index: int, tags: dict[bytes, bytes], fields: Fields, body: bytes, resolver: Resolver, until: float) -> tuple[str, str]:
    key = KeyQuery(resolver, until, tags)
    signed = dkim.DKIM(logger=SILENT)
    signed.headers, signed.body = fields, canonical_body(body, relaxed=b"/relaxed" in tags.get(b"c", b""))
    try:
        holds = signed.verify(index, dnsfunc=key)
    except Unanswered as error:
        return "temperror", str(error)
    except dkim.ValidationError as error:
        return ("fail", "the body was changed") if "body hash" in str(error) else ("permerror", "a tag of the signature is wrong")
    except Exception as error:  # signature and key are untrusted and dkimpy may raise anything: it must not stop the mail
        return "permerror", f"cannot be evaluated: {type(error).__name__}"
    if key.refused:
        return key.refused
    return ("pass", "") if holds else ("fail", "the signed fields were changed, or another key signed")


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """A body with the same canonical form (RFC 6376 3.4.3, 3.4.4), without the runs on which dkimpy takes quadratic time."""
    end = len(body)
    while body.endswith(MOST_EMPTY_LINES, 0, end):
        end -= len(MOST_EMPTY_LINES)
    if end < len(body):
        body = body[:end] + b"\r\n"
    return re.sub(rb"[\t ]+", b" ", body) if relaxed else body


class KeyQuery:
    """Looks up the key of one signature and checks the tags of its record that dkimpy ignores (RFC 6376 3.6.1)."""

    def __init__(self, resolver: Resolver, until: float, tags: dict[bytes, bytes]) -> None:
        self._resolver, self._until, self._tags = resolver, until, tags
        self.refused: tuple[str, str] | None = None

    def __call__(self, name: bytes, timeout: float = 5) -> bytes | None:
        """The key record; None if there is no usable one, then `refused` is set to the reason."""
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
