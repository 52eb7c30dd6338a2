"""Authenticity of a mail: the strict From, and what the trusted header lines say about its domain.

Verified means: DMARC passed for the domain in From; or that domain publishes no DMARC record and SPF or DKIM passed for a domain aligned
with it.  A signature over part of the body (l=, RFC 6376 8.2) proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailbridge.message.addresses import answerable, strict_mailbox
from mailbridge.message.model import Sender
from mailbridge.message.profiles import Believed
from mailbridge.message.replacing import replace
from mailbridge.message.results import MethodResult, same_domain
from mailbridge.message.tree import Field

_BLANKS = re.compile(r"\s+")

Organizational = Callable[[str], str]  # maps a name to its registered domain


def claimed_sender(headers: Sequence[Field]) -> Sender:
    """The sender that a header names, unverified, and the address for answers.  `reasons` names each defect."""
    found = _strict_sender(headers)
    if found.address:
        return replace(found, answer_to=found.address)
    mailbox = answerable([one.raw for one in headers if one.key == "from"], [one.raw for one in headers if one.key == "sender"])
    return replace(found, answer_to=mailbox.address, name=mailbox.name) if mailbox else found


def _strict_sender(headers: Sequence[Field]) -> Sender:
    fields = [field for field in headers if field.key == "from"]
    if len(fields) != 1:
        return Sender(reasons=("two From fields" if fields else "no From field",))
    mailbox = strict_mailbox(fields[0].raw)
    if mailbox.address is None:
        return Sender(reasons=(mailbox.reason,))
    if misleading := _misleading_names(headers):
        return Sender(reasons=(misleading,))
    return Sender(address=mailbox.address.address, name=mailbox.address.name, strict=True)


def _misleading_names(headers: Sequence[Field]) -> str:
    """A field that another program may read as From and we do not: ' From:', 'From :', 'From\\0:'."""
    for field in headers:
        if field.key != "from" and re.sub(r"[^a-z]", "", field.key) == "from":
            return "a field looks like From"
    return ""


def judged(claimed: Sender, said: Believed, headers: Sequence[Field], organizational: Organizational, tenant: Sequence[str]) -> Sender:
    """`claimed` with what the trusted lines prove.  `proof` is '' here: the caller adds the name of the profile.

    A From that is not strict is never verified, but it can fail: a comment in From does not hide a DMARC failure.
    """
    if not claimed.strict:
        return _refuted(claimed, said, organizational)
    domain = domain_of(claimed)
    if said.internal and any(same_domain(domain, one) for one in tenant):
        return replace(claimed, verified=True, reasons=("a signed-in user of the same Exchange tenant",))
    if said.why:
        return replace(claimed, reasons=(said.why,))
    dmarc = [verdict for verdict in said.verdicts if verdict.method == "dmarc"]
    if len(dmarc) != 1:
        return replace(claimed, reasons=("more than one DMARC verdict" if dmarc else "no DMARC verdict",))
    signatures = signatures_of(headers)
    return _by_dmarc(claimed, dmarc[0], said, _Alignment(domain, said.verdicts, signatures, organizational), headers)


def _by_dmarc(claimed: Sender, dmarc: MethodResult, said: Believed, aligned: _Alignment, headers: Sequence[Field]) -> Sender:
    # Microsoft's bestguesspass: the domain has no record, and the mail would pass a usual one.
    result = "none" if dmarc.result == "bestguesspass" else dmarc.result[:20]
    domain = aligned.domain
    if result == "pass" and not same_domain(dmarc.get("header.from") or "", domain):
        return replace(claimed, reasons=("DMARC passed for another domain",))
    if result == "pass":
        if aligned.only_partly_signed():
            return replace(claimed, dmarc="", reasons=("DKIM signature covers part of the body",))
        fields = _covered(aligned.signature(), headers)
        return replace(claimed, verified=True, dmarc="pass", signed_fields=fields, reasons=(f"dmarc=pass by {said.server}",))
    if result == "none" and (by := aligned.proof()):
        fields = _covered(aligned.signature(), headers)
        why = f"dmarc=none by {said.server}, {by} is aligned with From"
        return replace(claimed, verified=True, dmarc="none", signed_fields=fields, reasons=(why,))
    policy = _policy(dmarc, organizational=aligned.organizational, domain=domain) if result == "fail" else ""
    asks = f", the domain asks for {policy}" if policy else ""
    return replace(claimed, dmarc=result, policy=policy, reasons=(f"dmarc={result} by {said.server}{asks}",))


def _refuted(claimed: Sender, said: Believed, organizational: Organizational) -> Sender:
    """`claimed`, whose From is not strict, with DMARC fail and the domain's policy where the one trusted verdict says fail."""
    dmarc = [verdict for verdict in said.verdicts if verdict.method == "dmarc"]
    if said.why or len(dmarc) != 1 or dmarc[0].result != "fail":
        return claimed
    return failed(claimed, _policy(dmarc[0], organizational=organizational, domain=domain_of(claimed)), f"dmarc=fail by {said.server}")


def failed(claimed: Sender, policy: str, why: str) -> Sender:
    """`claimed` with the verdict fail.  Other fields are unchanged."""
    return replace(claimed, verified=False, dmarc="fail", policy=policy, reasons=(*claimed.reasons, why))


def _policy(dmarc: MethodResult, *, organizational: Organizational, domain: str) -> str:
    """The policy that the domain publishes for mail that fails; '' where the line does not name it."""
    action = (dmarc.get("action") or "").lower()
    if action:  # Microsoft: none, quarantine, reject, oreject (override of a reject)
        return {"oreject": "reject", "oquarantine": "quarantine"}.get(action, action if action in _POLICIES else "")
    said = dmarc.policies()
    if "policy" in said:
        return said["policy"]
    below = not same_domain(organizational(domain), domain)
    # sp= applies to a subdomain without its own record.  The line does not name the record, so the stricter policy counts.
    asks = [said[key] for key in (("p", "sp") if below else ("p",)) if key in said]
    return max(asks, key=_POLICIES.index, default="")


_POLICIES = ("none", "quarantine", "reject")


def domain_of(sender: Sender) -> str:
    """The domain in From, in lower case: of the strict address, else of the address for answers.  '' without either."""
    return (sender.address or sender.answer_to).rpartition("@")[2].lower()


# --- signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureField:
    """The tags of a DKIM-Signature field, not verified."""

    domain: str
    selector: str
    partly: bool  # l= leaves the end of the body unsigned
    fields: tuple[str, ...]  # h=, lower case, with repetitions
    value: str  # b=, without blanks


def signatures_of(headers: Sequence[Field]) -> tuple[SignatureField, ...]:
    """All readable DKIM signatures of a header, so that one with l= cannot hide behind others."""
    return tuple(found for field in headers if field.key == "dkim-signature" and (found := read_signature(field.raw)) is not None)


def read_signature(raw: bytes) -> SignatureField | None:
    """The tags of a DKIM-Signature (RFC 6376 3.5); None where domain or fields are missing."""
    tags: dict[str, str] = {}
    for part in raw.decode("latin-1").split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), _BLANKS.sub("", value))
    if not tags.get("d") or not tags.get("h"):
        return None
    fields = tuple(name for name in tags["h"].lower().split(":") if name)
    return SignatureField(
        domain=tags["d"].lower(), selector=tags.get("s", "").lower(), partly="l" in tags, fields=fields, value=tags.get("b", "")
    )


def covered(signed: Sequence[str], headers: Sequence[Field]) -> tuple[str, ...]:
    """The names in `signed` (an h= list) for which all fields are signed.  A field that was added later is not signed."""
    return tuple(
        name for name in dict.fromkeys(signed) if sum(field.key == name for field in headers) <= sum(one == name for one in signed)
    )


def _covered(signature: SignatureField | None, headers: Sequence[Field]) -> tuple[str, ...]:
    return () if signature is None or signature.partly else covered(signature.fields, headers)


@dataclass(frozen=True, slots=True)
class _Alignment:
    """The results of SPF and DKIM that are aligned with the domain in From (relaxed alignment, RFC 7489 3.1)."""

    domain: str
    verdicts: tuple[MethodResult, ...]
    signatures: tuple[SignatureField, ...]
    organizational: Organizational

    def fits(self, domain: str) -> bool:
        return bool(domain) and (
            same_domain(domain, self.domain) or same_domain(self.organizational(domain), self.organizational(self.domain))
        )

    def proof(self) -> str:
        """The aligned pass: 'spf', 'dkim'; '' for none."""
        if self.spf():
            return "SPF"
        passed = any(self.fits(_signer(one)) for one in self._passed())
        return "DKIM" if passed and not self.only_partly_signed() else ""

    def spf(self) -> bool:
        return any(one.method == "spf" and one.result == "pass" and self.fits(_mail_from(one)) for one in self.verdicts)

    def _passed(self) -> list[MethodResult]:
        return [one for one in self.verdicts if one.method == "dkim" and one.result == "pass"]

    def _speaking(self) -> list[SignatureField]:
        return [one for one in self.signatures if self.fits(one.domain)]

    def signature(self) -> SignatureField | None:
        """The aligned signature that passed; None where it cannot be identified."""
        passed = [one for one in self._passed() if self.fits(_signer(one))]
        named = [found for one in passed if (found := _named(one, self._speaking())) is not None]
        return next((one for one in named if not one.partly), named[0] if named else None)

    def only_partly_signed(self) -> bool:
        """Whether the pass may depend only on a signature with l=."""
        if self.spf() or not any(one.partly for one in self._speaking()):
            return False
        found = self.signature()
        return found is None or found.partly


def _named(verdict: MethodResult, signatures: Sequence[SignatureField]) -> SignatureField | None:
    """The one signature that the verdict is about; None where there is none or several."""
    value = (verdict.get("header.b") or "").strip('"')
    selector = (verdict.get("header.s") or "").lower()
    domain = _signer(verdict)
    fitting = [
        one
        for one in signatures
        if (not value or (len(value) >= 4 and one.value.startswith(value)))
        and (not selector or one.selector == selector)
        and (same_domain(one.domain, domain) or domain.endswith(f".{one.domain}"))  # header.i may name a subdomain of d=
    ]
    return fitting[0] if len(fitting) == 1 else None


def _signer(verdict: MethodResult) -> str:
    """The domain that signed: header.d, else the one in header.i."""
    return (verdict.get("header.d") or (verdict.get("header.i") or "").rpartition("@")[2]).lower()


def _mail_from(verdict: MethodResult) -> str:
    return (verdict.get("smtp.mailfrom") or verdict.get("smtp.mail") or "").rpartition("@")[2].lower()
