"""DMARC: whether a domain that SPF or DKIM proved is aligned with From (RFC 7489).  Pure.  `authenticity` queries the DNS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailbridge.message.results import same_domain

POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The result of one DKIM signature (RFC 8601 2.7.1): pass, fail, policy (valid, but not accepted), neutral, permerror or temperror."""

    domain: str
    selector: str
    result: str
    reason: str = ""
    fields: tuple[str, ...] = ()  # signed fields in lower case, if it passed

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"dkim={self.result} header.d={self.domain} header.s={self.selector}{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfIdentity:
    """The SPF result.  `domain`: the one that was checked, of MAIL FROM or else of HELO (RFC 7489 4.1)."""

    domain: str
    result: str  # pass, fail, softfail, neutral, none, permerror, temperror
    reason: str = ""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"spf={self.result} smtp.mailfrom={self.domain}{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcPolicy:
    """A DMARC record: the domain at which it was found, its requested policy, and its alignment modes (RFC 7489 6.3)."""

    domain: str
    asks: str  # none, quarantine, reject
    strict_dkim: bool = False
    strict_spf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcResult:
    """`result`: pass, fail, none (the domain has no policy), temperror, or '' (cannot be determined).

    `verified`: DMARC passed, or there is no policy and an aligned check passed.  `policy`: what the domain requests for a failed mail.
    """

    result: str
    reasons: tuple[str, ...]
    verified: bool = False
    policy: str = ""
    fields: tuple[str, ...] = ()  # signed by the aligned signature


def evaluate(
    from_domain: str,
    spf: SpfIdentity | None,
    signatures: Sequence[Signature],
    policy: DmarcPolicy | None,
    organizational: Callable[[str], str],
) -> DmarcResult:
    """The verdict on a mail's From.  `spf` None: SPF could not be checked, so a missing pass is no failure.

    `organizational` gives the organizational domain of a name (RFC 7489 3.2).
    """

    def aligned(domain: str, *, strict: bool) -> bool:
        return same_domain(domain, from_domain) or (not strict and same_domain(organizational(domain), organizational(from_domain)))

    speaking = [one for one in signatures if aligned(one.domain, strict=policy is not None and policy.strict_dkim)]
    route = spf if spf is not None and aligned(spf.domain, strict=policy is not None and policy.strict_spf) else None
    fields = next((one.fields for one in speaking if one.result == "pass"), ())
    proof = next((f"DKIM of {one.domain}" for one in speaking if one.result == "pass"), "")
    if not proof and route is not None and route.result == "pass":
        proof = f"SPF of {route.domain}"
    if policy is None:
        none = f"dmarc=none: {from_domain} publishes no policy"
        return DmarcResult(result="none", reasons=(f"{none}; {proof} is aligned" if proof else none,), verified=bool(proof), fields=fields)
    if proof:
        return _pass(policy, proof, fields)
    if any(one.result == "temperror" for one in (*speaking, *([route] if route else ()))):
        return DmarcResult(result="temperror", reasons=("dmarc=temperror: the DNS did not answer",))
    if spf is None:
        unknown = "dmarc unknown: no DKIM signature speaks for From, and SPF cannot be checked here"
        return DmarcResult(result="", reasons=(unknown,), policy=policy.asks)
    others = [one.domain for one in signatures if one.result == "pass"] + ([spf.domain] if spf.result == "pass" else [])
    why = f"; passed for {', '.join(others)} only" if others else ""
    said = f"dmarc=fail by our own check, policy.dmarc={policy.asks} of {policy.domain}{why}"
    return DmarcResult(result="fail", reasons=(said,), policy=policy.asks)


def _pass(policy: DmarcPolicy, by: str, fields: tuple[str, ...]) -> DmarcResult:
    said = f"dmarc=pass by our own check: {by}, policy.dmarc={policy.asks} of {policy.domain}"
    return DmarcResult(result="pass", reasons=(said,), verified=True, fields=fields)


def read_policy(records: Iterable[bytes], domain: str, *, inherited: bool = False) -> DmarcPolicy | None:
    """The policy in the TXT records of `_dmarc.domain`; None if there is no valid record or more than one (RFC 7489 6.6.3).

    `inherited`: the mail is from a subdomain of `domain`.
    """
    found = [tags for record in records if (tags := _tags(record)) is not None]
    if len(found) != 1:
        return None
    tags = found[0]
    asks = tags.get("p", "").lower()
    if inherited:
        asks = tags.get("sp", asks).lower()
    if asks not in POLICIES:
        # RFC 7489 6.6.3, 6: an invalid policy with an address for reports counts as p=none.
        if not tags.get("rua", "").lower().startswith("mailto:"):
            return None
        asks = "none"
    strict = {name: tags.get(name, "r").lower() == "s" for name in ("adkim", "aspf")}
    return DmarcPolicy(domain=domain, asks=asks, strict_dkim=strict["adkim"], strict_spf=strict["aspf"])


def _tags(record: bytes) -> dict[str, str] | None:
    """The tags of a DMARC record; None for another kind of record."""
    text = record.decode("ascii", "replace")
    name, _, version = text.partition(";")[0].partition("=")
    # RFC 7489 6.3: v= comes first, and its value is exact.
    if name.strip().lower() != "v" or version.strip() != "DMARC1":
        return None
    pairs = (part.partition("=") for part in text.split(";"))
    return {key.strip().lower(): value.strip() for key, _, value in pairs if key.strip()}
