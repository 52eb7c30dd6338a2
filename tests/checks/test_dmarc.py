"""The verdict from what SPF and DKIM proved; no server, no DNS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.checks.dmarc import DmarcPolicy, DmarcResult, Signature, SpfIdentity, evaluate, read_policy
from mailbridge.checks.suffixes import Suffixes

RELAXED = DmarcPolicy(domain="customer.test", asks="reject")
STRICT = DmarcPolicy(domain="customer.test", asks="reject", strict_dkim=True, strict_spf=True)
SUFFIXES = Suffixes()


def a_signature(domain: str = "customer.test", result: str = "pass") -> Signature:
    return Signature(domain=domain, selector="one", result=result)


def a_route(domain: str = "customer.test", result: str = "pass") -> SpfIdentity:
    return SpfIdentity(domain=domain, result=result)


FAILED = a_route("elsewhere.test", "fail")


def verdict(
    spf: SpfIdentity | None, *signatures: Signature, policy: DmarcPolicy | None = RELAXED, domain: str = "customer.test"
) -> DmarcResult:
    return evaluate(domain, spf, signatures, policy, SUFFIXES.organizational)


@pytest.mark.parametrize(
    ("spf", "signatures", "policy", "result"),
    [
        (FAILED, [a_signature()], RELAXED, "pass"),
        (FAILED, [a_signature("mail.customer.test")], RELAXED, "pass"),
        (FAILED, [a_signature("mail.customer.test")], STRICT, "fail"),
        (FAILED, [a_signature("notcustomer.test")], RELAXED, "fail"),
        (FAILED, [a_signature("customer.test.attacker.test")], RELAXED, "fail"),
        (FAILED, [a_signature("test")], RELAXED, "fail"),
        (FAILED, [a_signature(result="fail"), a_signature()], RELAXED, "pass"),
        *[(FAILED, [a_signature(result=r)], RELAXED, "fail") for r in ("fail", "policy", "neutral", "permerror")],
        (FAILED, [a_signature(result="temperror")], RELAXED, "temperror"),
        (FAILED, [a_signature("attacker.test", "temperror")], RELAXED, "fail"),
        (a_route(), [], RELAXED, "pass"),
        (a_route("bounces.customer.test"), [], RELAXED, "pass"),
        (a_route("bounces.customer.test"), [], STRICT, "fail"),
        (a_route("attacker.test"), [], RELAXED, "fail"),
        *[(a_route(result=r), [], RELAXED, "fail") for r in ("fail", "softfail", "neutral", "none", "permerror")],
        (a_route(result="temperror"), [], RELAXED, "temperror"),
        (None, [a_signature()], RELAXED, "pass"),
        (None, [a_signature(result="fail")], RELAXED, ""),
        (a_route(), [a_signature()], None, "none"),
    ],
)
def test_the_verdict_is_that_of_rfc_7489(
    spf: SpfIdentity | None, signatures: list[Signature], policy: DmarcPolicy | None, result: str
) -> None:
    assert verdict(spf, *signatures, policy=policy).result == result


def test_two_customers_of_one_registry_are_not_aligned() -> None:
    policy = DmarcPolicy(domain="one.co.uk", asks="reject")

    assert verdict(FAILED, a_signature("two.co.uk"), policy=policy, domain="one.co.uk").result == "fail"
    assert verdict(FAILED, a_signature("mail.one.co.uk"), policy=policy, domain="one.co.uk").result == "pass"


def test_a_pass_for_others_is_told_with_the_fail() -> None:
    found = verdict(a_route("attacker.test"), a_signature("list.test"))

    assert found.reasons == ("dmarc=fail by our own check, policy.dmarc=reject of customer.test; passed for list.test, attacker.test only",)


@given(st.sampled_from(["pass", "fail", "softfail", "none", "permerror", "temperror"]), st.booleans())
def test_nothing_unaligned_ever_makes_a_pass(result: str, strict: bool) -> None:
    policy = STRICT if strict else RELAXED

    assert verdict(a_route("attacker.test", result), a_signature("attacker.test", result), policy=policy).result != "pass"


@pytest.mark.parametrize(
    ("records", "asks"),
    [
        ([b"v=DMARC1; p=reject"], "reject"),
        ([b"v=DMARC1;p=QUARANTINE;"], "quarantine"),
        ([b"v = DMARC1 ; p = none"], "none"),
        ([b"google-site-verification=x", b"v=DMARC1; p=reject"], "reject"),
        ([b"v=DMARC1; p=reject", b"v=DMARC1; p=none"], None),
        ([b"p=reject; v=DMARC1"], None),
        ([b"v=DMARC10; p=reject"], None),
        ([b"v=DMARC1; p=oops"], None),
        ([b"v=DMARC1; p=oops; rua=mailto:a@customer.test"], "none"),
        ([b"v=DMARC1"], None),
        ([b"v=spf1 -all"], None),
        ([b"\xff\xfe"], None),
        ([b""], None),
        ([], None),
    ],
)
def test_one_valid_policy_counts(records: list[bytes], asks: str | None) -> None:
    found = read_policy(records, "customer.test")

    assert (found.asks if found else None) == asks


def test_subdomains_have_their_own_policy_or_the_common_one() -> None:
    assert read_policy([b"v=DMARC1; p=reject; sp=none"], "customer.test", inherited=True) == DmarcPolicy(
        domain="customer.test", asks="none"
    )
    assert read_policy([b"v=DMARC1; p=reject"], "customer.test", inherited=True) == DmarcPolicy(domain="customer.test", asks="reject")


@given(st.binary(max_size=300))
def test_any_record_is_read_or_refused(record: bytes) -> None:
    found = read_policy([b"v=DMARC1;" + record], "customer.test")

    assert found is None or found.asks in ("none", "quarantine", "reject")


@pytest.mark.parametrize(
    ("name", "organization"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.com.", "example.com"),
        ("co.uk", "co.uk"),
        ("test", "test"),
        ("x.customer.github.io", "customer.github.io"),
        ("MAIL.Example.COM", "example.com"),
    ],
)
def test_the_organization_is_what_was_registered(name: str, organization: str) -> None:
    assert SUFFIXES.organizational(name) == organization
