"""ARC: the results that forwarding servers sealed, if their chain of seals is valid (RFC 8617).

A forwarder or a list breaks SPF, and often DKIM.  Its seal records the results before that.  Anybody can seal, so a valid chain proves only
who sealed.  The desk configures which sealers it trusts (`trusted_sealers`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from mailbridge.checks.dkim_check import (
    ALGORITHMS,
    SIGNATURE_BYTES,
    SILENT,
    Fields,
    KeyQuery,
    Unsound,
    canonical_body,
    header,
    shown,
    with_crlf,
)
from mailbridge.checks.resolver import Resolver, Unanswered
from mailbridge.message.results import AmbiguousField, read_results, same_domain

SETS = 10  # most sets of three fields; RFC 8617 5.1.1 allows 50, and each costs two signature checks
RESULTS_BYTES = 16 * 1024
_INSTANCE = re.compile(rb"^\s*i\s*=\s*(\d{1,2})\s*;")
_NAMES = (b"arc-seal", b"arc-message-signature", b"arc-authentication-results")

Tags = dict[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The seal of one server.  `proved`: the domain of From for which it saw DMARC pass, '' for none."""

    domain: str
    proved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcResult:
    """`result`: none, pass, fail or temperror.  `seals`: first to last, as far as they can be read."""

    result: str
    seals: tuple[Seal, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        by = f", sealed by {', '.join(seal.domain for seal in self.seals)}" if self.seals else ""
        return f"arc={self.result}{by}" + (f" ({self.reason})" if self.reason else "")

    def voucher(self, domain: str, trusted: Sequence[str]) -> str:
        """The first sealer that saw `domain` in From pass, if it and all later sealers are trusted; '' for none.

        Every later sealer may have changed the mail, so a single untrusted one is enough for ''.
        """
        found = ""
        for seal in reversed(self.seals if self.result == "pass" else ()):
            if not any(same_domain(seal.domain, one) for one in trusted):
                break
            found = seal.domain if same_domain(seal.proved, domain) else found
        return found


class _Broken(Exception):
    """The chain is not valid.  The text says why."""


def check(raw: bytes, resolver: Resolver, *, until: float) -> ArcResult:
    """Evaluates the mail's chain (RFC 8617 5.2).  Never raises because of the content."""
    try:
        fields, start = header(raw)
        sets = _sets(fields)
    except (Unsound, _Broken) as error:
        return ArcResult(result="fail", reason=str(error))
    if not sets:
        return ArcResult(result="none")
    seals = tuple(_seal(one) for one in sets)
    try:
        _hold(sets, fields, with_crlf(raw[start:]), resolver, until)
    except Unanswered as error:
        return ArcResult(result="temperror", seals=seals, reason=str(error))
    except _Broken as error:
        return ArcResult(result="fail", seals=seals, reason=str(error))
    except Exception as error:  # the fields are untrusted and dkimpy may raise anything: it must not stop the mail
        return ArcResult(result="fail", seals=seals, reason=f"cannot be evaluated: {type(error).__name__}")
    return ArcResult(result="pass", seals=seals)


Set = dict[bytes, bytes]  # field name -> value


def _sets(fields: Fields) -> list[Set]:
    """The sets of three fields, first to last.  Raises _Broken if one is incomplete."""
    found: dict[int, Set] = {}
    for name, value in fields:
        key = name.lower()
        if key not in _NAMES:
            continue
        instance = _INSTANCE.match(value[:100])
        if instance is None or len(value) > (RESULTS_BYTES if key == _NAMES[2] else SIGNATURE_BYTES):
            raise _Broken("a field of the chain cannot be read")
        if key in found.setdefault(int(instance[1]), {}):
            raise _Broken("a field of the chain is there twice")
        found[int(instance[1])][key] = value
    if len(found) > SETS:
        raise _Broken("the chain is too long")
    if sorted(found) != list(range(1, len(found) + 1)) or any(len(one) != len(_NAMES) for one in found.values()):
        raise _Broken("the chain has a gap")
    return [found[number] for number in sorted(found)]


def _seal(one: Set) -> Seal:
    try:
        domain = shown(_tags(one[_NAMES[0]]).get(b"d", b"").decode("ascii", "replace").lower())
    except _Broken:
        domain = "?"
    return Seal(domain=domain, proved=_proved(one[_NAMES[2]]))


def _proved(results: bytes) -> str:
    """The domain for which the sealer's ARC-Authentication-Results report a DMARC pass; '' for none."""
    try:
        _server, verdicts = read_results(results.partition(b";")[2])
    except AmbiguousField:
        return ""
    dmarc = [verdict for verdict in verdicts if verdict.method == "dmarc"]
    return dmarc[0].get("header.from") or "" if len(dmarc) == 1 and dmarc[0].result == "pass" else ""


def _tags(value: bytes) -> Tags:
    try:
        tags: Tags = parse_tag_value(value)
    except (InvalidTagValueList, IndexError) as error:
        raise _Broken("a seal cannot be read") from error
    return tags


def _hold(sets: Sequence[Set], fields: Fields, body: bytes, resolver: Resolver, until: float) -> None:
    """Verifies each seal, and the last signature over the mail (RFC 8617 5.2).  Raises _Broken if one is not valid."""
    for number, one in enumerate(sets, start=1):
        seal, signature = _tags(one[_NAMES[0]]), _tags(one[_NAMES[1]])
        if seal.get(b"cv", b"").strip().lower() != (b"none" if number == 1 else b"pass"):
            raise _Broken(f"seal {number} says that the chain was broken")
        if seal.get(b"a") not in ALGORITHMS or signature.get(b"a") not in ALGORITHMS:
            raise _Broken(f"the algorithm of seal {number} is not believed")
    last = _tags(sets[-1][_NAMES[1]])
    if b"l" in last or b"from" not in re.split(rb"\s*:\s*", last.get(b"h", b"").strip().lower()):
        raise _Broken("the last signature leaves From or a part of the body unsigned")
    arc = dkim.ARC(logger=SILENT)
    arc.headers = fields
    highest, known = arc.sorted_arc_headers()
    if highest != len(sets):
        raise _Broken("the chain cannot be read in one way")
    for number in range(len(sets), 0, -1):
        canonical = _tags(sets[number - 1][_NAMES[1]]).get(b"c", b"")
        arc.body = canonical_body(body, relaxed=b"/relaxed" in canonical)
        found = arc.verify_instance(known, number, dnsfunc=_SealKey(resolver, until))
        if number == len(sets) and not found["ams-valid"]:
            raise _Broken("the mail was changed behind the last seal")
        if not found["as-valid"]:
            raise _Broken(f"seal {number} does not hold")


class _SealKey:
    """Looks up the key of the seal or signature that is being verified."""

    def __init__(self, resolver: Resolver, until: float) -> None:
        self._resolver, self._until = resolver, until

    def __call__(self, name: bytes, timeout: float = 5) -> bytes | None:
        domain = name.partition(b"._domainkey.")[2].rstrip(b".")
        return KeyQuery(self._resolver, self._until, {b"d": domain})(name, timeout)
