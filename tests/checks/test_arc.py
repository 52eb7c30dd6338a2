"""Chains of seals by dkimpy, with keys in a real nsd: what holds, whom it proves, and what a stranger can make of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mailbridge.checks import arc
from mailbridge.checks.authenticity import AuthenticityChecker
from mailbridge.checks.resolver import Resolver
from mailbridge.message.model import ReadingPolicy, Sender
from mailbridge.message.parse import parse
from tests.checks.domains import BAD, envelope, mail_from, sealed, signed

pytestmark = pytest.mark.servers

PASSED = "dmarc=pass header.from=customer.test"
ROUTE = envelope(BAD, "bounces@list.test")
Believing = Callable[..., Sender]


@pytest.fixture
def believing(resolver: Resolver) -> Believing:
    """The sender of a mail that came from elsewhere, by a desk that trusts these sealers."""

    def sender(raw: bytes, *trusted: str) -> Sender:
        checks = AuthenticityChecker(resolver, seconds=10, now=time.monotonic, trusted_sealers=trusted)
        return checks.sender(parse(raw, ReadingPolicy()).sender, raw, ROUTE)

    return sender


def changed(raw: bytes) -> bytes:
    """As a list passes it on: its mark in the subject and below the text, so that the author's signature holds no more."""
    return raw.replace(b"Subject: ", b"Subject: [list] ", 1) + b"-- \r\nA list\r\n"


def listed(results: str = PASSED, by: str = "list.test") -> bytes:
    return sealed(changed(signed(mail_from())), by, results)


def chain(raw: bytes, resolver: Resolver) -> arc.ArcResult:
    return arc.check(raw, resolver, until=time.monotonic() + 10)


def test_a_mail_nobody_sealed_has_no_chain(resolver: Resolver) -> None:
    assert chain(mail_from(), resolver) == arc.ArcResult(result="none")


def test_a_chain_that_holds_is_told_and_proves_nothing_by_itself(believing: Believing) -> None:
    sender = believing(listed())

    assert (sender.verified, sender.dmarc) == (False, "fail")
    assert "arc=pass, sealed by list.test" in sender.reasons


def test_what_a_trusted_sealer_saw_pass_is_believed(believing: Believing) -> None:
    sender = believing(listed(), "list.test")

    assert (sender.verified, sender.dmarc) == (True, "pass")
    assert sender.reasons[0] == "dmarc=pass by ARC: list.test, a trusted sealer, saw it pass for customer.test"
    assert any(reason.startswith("dmarc=fail by our own check") for reason in sender.reasons)


@pytest.mark.parametrize(
    "results",
    ["dmarc=fail header.from=customer.test", "dmarc=pass header.from=attacker.test", "spf=pass smtp.mailfrom=customer.test",
     "dmarc=pass header.from=customer.test; dmarc=fail header.from=customer.test", "dmarc=pass", "none"],
)  # fmt: skip
def test_a_trusted_sealer_that_saw_no_pass_for_this_domain_proves_nothing(believing: Believing, results: str) -> None:
    assert not believing(listed(results), "list.test").verified


def test_names_are_compared_by_labels_only(believing: Believing) -> None:
    for trusted in ("test", "ist.test", "evil-list.test", "sub.list.test", ""):
        assert not believing(listed(), trusted).verified
    assert believing(listed(), "LIST.test").verified


def test_a_second_sealer_needs_trust_too_because_it_may_have_changed_the_mail(believing: Believing) -> None:
    raw = sealed(listed(), "forwarder.test", "arc=pass")

    assert not believing(raw, "list.test").verified
    assert not believing(raw, "forwarder.test").verified
    sender = believing(raw, "list.test", "forwarder.test")
    assert sender.verified
    assert "arc=pass, sealed by list.test, forwarder.test" in sender.reasons


def test_a_trusted_sealer_behind_a_stranger_vouches_for_what_it_saw_itself(believing: Believing) -> None:
    raw = sealed(listed("dmarc=fail header.from=customer.test"), "forwarder.test", f"arc=pass; {PASSED}")

    assert believing(raw, "forwarder.test").verified


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda raw: raw + b"More.\r\n", "the mail was changed behind the last seal"),
        (lambda raw: raw.replace(b"Carol <carol@", b"Carol <mallory@", 1), "the mail was changed behind the last seal"),
        (lambda raw: raw.replace(b"dmarc=3Dpass", b"dmarc=fail").replace(b"dmarc=pass", b"dmarc=none", 1), "does not hold"),
        (lambda raw: raw.replace(b"cv=none", b"cv=fail", 1), "says that the chain was broken"),
        (lambda raw: raw.replace(b"cv=none", b"cv=pass", 1), "says that the chain was broken"),
        (lambda raw: raw.replace(b"d=list.test", b"d=forwarder.test"), "does not hold"),
        (lambda raw: raw.replace(b"ARC-Authentication-Results:", b"X-Gone:", 1), "the chain has a gap"),
        (lambda raw: b"ARC-Seal: i=1; cv=none; d=list.test; s=one; a=rsa-sha256; b=x\r\n" + raw, "is there twice"),
        (lambda raw: b"ARC-Seal: i=7; cv=none; d=list.test; s=one; a=rsa-sha256; b=x\r\n" + raw, "the chain has a gap"),
        (lambda raw: b"ARC-Seal: i=x\r\n" + raw, "a field of the chain cannot be read"),
        (lambda raw: b"ARC-Seal: i=2;" + b"x" * 5000 + b"\r\n" + raw, "a field of the chain cannot be read"),
        (lambda raw: raw.replace(b"a=rsa-sha256", b"a=rsa-sha1  "), "is not believed"),
    ],
    ids=["body", "from", "results", "cv-fail", "cv-pass", "domain", "no-results", "twice", "gap", "no-number", "too-long", "sha1"],
)
def test_a_chain_that_somebody_touched_does_not_hold(
    resolver: Resolver, believing: Believing, spoil: Callable[[bytes], bytes], why: str
) -> None:
    raw = spoil(listed())

    found = chain(raw, resolver)

    assert found.result == "fail", found
    assert why in found.reason or "the mail was changed" in found.reason
    assert not believing(raw, "list.test", "forwarder.test").verified


def test_a_chain_is_as_long_as_work_allows(resolver: Resolver) -> None:
    raw = b"".join(
        b"ARC-Seal: i=%d; cv=pass\r\nARC-Message-Signature: i=%d; x=1\r\nARC-Authentication-Results: i=%d; x\r\n" % (n, n, n)
        for n in range(1, arc.SETS + 2)
    )

    assert chain(raw + mail_from(), resolver).reason == "the chain is too long"


def test_a_key_that_is_gone_and_one_that_nobody_tells_are_different(resolver: Resolver) -> None:
    gone = sealed(mail_from(), "attacker.test", PASSED).replace(b"s=one", b"s=gone")

    assert chain(gone, resolver).result == "fail"
    assert arc.check(listed(), Resolver([("127.0.0.1", 9)]), until=time.monotonic() + 0.2).result == "temperror"


def test_of_several_trusted_sealers_the_first_that_saw_it_is_named() -> None:
    seals = (arc.Seal(domain="a.test", proved="x.test"), arc.Seal(domain="b.test", proved="x.test"), arc.Seal(domain="c.test"))
    held = arc.ArcResult(result="pass", seals=seals)

    assert held.voucher("x.test", ("a.test", "b.test", "c.test")) == "a.test"
    assert held.voucher("x.test", ("b.test", "c.test")) == "b.test"
    assert held.voucher("x.test", ("a.test", "b.test")) == ""
    assert arc.ArcResult(result="fail", seals=seals).voucher("x.test", ("a.test", "b.test", "c.test")) == ""
