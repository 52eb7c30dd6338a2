"""Senders as we find them to be: mails signed by dkimpy, policies and keys in a real nsd."""

from __future__ import annotations

import time

import dkim
import pytest

from mailbridge.checks.authenticity import AuthenticityChecker
from mailbridge.checks.resolver import Resolver
from mailbridge.message.envelope import Source
from mailbridge.message.model import ReadingPolicy
from mailbridge.message.parse import parse
from tests.checks.conftest import Check
from tests.checks.domains import BAD, GOOD, curve_private, envelope, mail_from, private, signed
from tests.harness import proven

pytestmark = pytest.mark.servers

MAIL = mail_from()
FORGED = envelope(BAD, "mallory@attacker.test")  # a route that passes SPF, for another domain
BY_IMAP = envelope("", None, helo="", source=Source.IMAP)
RELAXED = {"canonicalize": (b"relaxed", b"relaxed")}


def test_a_signature_of_the_senders_domain_proves_it_whatever_the_route(check: Check) -> None:
    for route in (envelope(GOOD), envelope(BAD), FORGED, BY_IMAP):
        sender = check(signed(MAIL), route)

        assert (sender.verified, sender.dmarc) == (True, "pass")
        assert sender.reasons[0] == "dmarc=pass by our own check: DKIM of customer.test, policy.dmarc=reject of customer.test"


@pytest.mark.parametrize(
    ("sent_from", "peer", "dmarc", "spf"),
    [
        ("carol@customer.test", GOOD, "pass", "pass"),
        ("carol@customer.test", BAD, "fail", "fail"),
        ("carol@customer.test", f"::ffff:{GOOD}", "pass", "pass"),
        ("carol@soft.customer.test", GOOD, "pass", "pass"),
        ("carol@soft.customer.test", BAD, "fail", "softfail"),
        ("carol@wrong.customer.test", GOOD, "fail", "permerror"),
        ("carol@loop.customer.test", GOOD, "fail", "permerror"),
        ("carol@void.customer.test", GOOD, "fail", "permerror"),
        ("carol@through.customer.test", GOOD, "pass", "pass"),
        ("carol@through.customer.test", BAD, "fail", "fail"),
        ("carol@missing.customer.test", GOOD, "fail", "none"),
        ("carol@slow.customer.test", GOOD, "temperror", "temperror"),
        ("mallory@attacker.test", BAD, "fail", "pass"),
        ("mallory@[203.0.113.66]", BAD, "fail", "none"),
        ("mallory@x..customer.test", BAD, "fail", "none"),
        ("mallory@" + "x" * 70 + ".test", BAD, "fail", "none"),
    ],
)
def test_the_route_counts_where_it_is_the_senders(check: Check, sent_from: str, peer: str, dmarc: str, spf: str) -> None:
    sender = check(MAIL, envelope(peer, sent_from))

    assert (sender.dmarc, sender.verified) == (dmarc, dmarc == "pass")
    assert [reason.split()[0] for reason in sender.reasons if reason.startswith("spf=")] == [f"spf={spf}"]


def test_the_null_sender_is_judged_by_its_helo(check: Check) -> None:
    raw = mail_from("postmaster@quiet.test")

    assert "spf=pass smtp.mailfrom=quiet.test" in check(raw, envelope(GOOD, "", helo="quiet.test")).reasons
    assert "spf=fail smtp.mailfrom=quiet.test" in check(raw, envelope(BAD, "", helo="quiet.test")).reasons[-1]


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (BY_IMAP, "spf: not checked, it came by IMAP"),
        (envelope(GOOD, source=Source.LMTP), "spf: not checked, it came by LMTP"),
        (envelope("127.0.0.1"), "spf: not checked, 127.0.0.1 is inside"),
        (envelope("::1"), "spf: not checked, ::1 is inside"),
        (envelope("10.1.2.3"), "spf: not checked, 10.1.2.3 is inside"),
        (envelope(""), "spf: not checked, no address is known that it came from"),
    ],
)
def test_a_route_that_says_nothing_makes_no_forgery(check: Check, route: object, why: str) -> None:
    sender = check(MAIL, route)  # type: ignore[arg-type]

    assert (sender.verified, sender.dmarc, sender.reasons[-1]) == (False, "", why)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("testing", "dkim=neutral header.d=customer.test header.s=testing (the domain only tests DKIM)"),
        ("other", "dkim=permerror header.d=customer.test header.s=other (the key is not for mail)"),
        ("oldhash", "dkim=permerror header.d=customer.test header.s=oldhash (the key is for other algorithms)"),
        ("revoked", "dkim=permerror header.d=customer.test header.s=revoked (the key was revoked)"),
        ("huge", "dkim=permerror header.d=customer.test header.s=huge (the key is too large)"),
        ("twice", "dkim=permerror header.d=customer.test header.s=twice (there are several keys)"),
        ("missing", "dkim=permerror header.d=customer.test header.s=missing (there is no key)"),
        ("small", "dkim=fail header.d=customer.test header.s=small (the signed fields were changed, or another key signed)"),
    ],
)
def test_a_key_that_is_not_to_be_believed_proves_nothing(check: Check, name: str, result: str) -> None:
    sender = check(signed(MAIL, name=name), FORGED)

    assert (sender.dmarc, sender.reasons[1]) == ("fail", result)


def test_a_key_can_be_for_its_own_domain_only(check: Check) -> None:
    own = signed(MAIL, name="narrow", identity=b"@customer.test")
    below = signed(MAIL, name="narrow", identity=b"@mail.customer.test")

    assert check(own, FORGED).dmarc == "pass"
    assert (check(below, FORGED).dmarc, "does not speak for subdomains" in check(below, FORGED).reasons[1]) == ("fail", True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b"It does not work.", b"Pay to account 4711."), "the body was changed"),
        ((b"Printer broken", b"Invoice overdue"), "the signed fields were changed"),
        ((b"carol@customer.test", b"mara@customer.test"), "the signed fields were changed"),
        ((b"a=rsa-sha256", b"a=rsa-sha1"), "the algorithm is not believed"),
        ((b"d=customer.test", b"d=attacker.test"), "a tag of the signature is wrong"),
        ((b"v=1;", b"v=2;"), "a tag of the signature is wrong"),
        ((b"b=", b"b=!"), "a tag of the signature is wrong"),
        ((b"v=1;", b"v=1; v=1;"), "the signature cannot be read"),
        ((b"s=one;", b""), "the signature cannot be read"),
        ((b"h=from", b"h=xfrom"), "From is not signed"),
        ((b"v=1;", b"v=1; x=1;"), "a tag of the signature is wrong"),
        ((b"v=1;", b"v=1; n=" + b"x" * 5000 + b";"), "the signature is too long"),
    ],
)
def test_a_changed_mail_is_not_the_senders(check: Check, change: tuple[bytes, bytes], why: str) -> None:
    raw = signed(MAIL, include_headers=[b"from", b"subject", b"to", b"date"])
    assert check(raw, FORGED).verified

    changed = raw.replace(*change, 1) if change[0] in raw.split(b"\r\n\r\n")[0] else raw.replace(*change)

    sender = check(changed, FORGED)
    assert (sender.verified, sender.dmarc) == (False, "fail")
    assert why in sender.reasons[1]


def test_a_signature_that_leaves_the_end_open_is_noted_and_not_believed(check: Check) -> None:
    raw = signed(MAIL, length=True)

    for mail in (raw, raw + b"Pay to account 4711.\r\n"):
        sender = check(mail, FORGED)
        assert (sender.verified, sender.dmarc) == (False, "fail")
        assert sender.reasons[1] == "dkim=policy header.d=customer.test header.s=one (l= leaves the end of the body unsigned)"


def test_a_stranger_signs_for_himself_only(check: Check) -> None:
    sender = check(signed(MAIL, "attacker.test"), FORGED)

    assert (sender.verified, sender.dmarc) == (False, "fail")
    assert "dkim=pass header.d=attacker.test header.s=one" in sender.reasons


@pytest.mark.parametrize(
    ("address", "signer", "dmarc"),
    [
        ("carol@strict.test", "strict.test", "pass"),
        ("carol@strict.test", "mail.strict.test", "fail"),  # adkim=s
        ("carol@mail.strict.test", "mail.strict.test", "pass"),
        ("carol@mail.strict.test", "strict.test", "fail"),
        ("carol@mail.customer.test", "customer.test", "pass"),
        ("carol@watching.test", "watching.test", "pass"),
        ("carol@watching.test", "attacker.test", "fail"),
        ("carol@quiet.test", "quiet.test", "none"),  # no policy: something aligned has to pass
        ("carol@quiet.test", "attacker.test", "none"),
    ],
)
def test_how_close_the_domains_must_be_says_their_owner(check: Check, address: str, signer: str, dmarc: str) -> None:
    sender = check(signed(mail_from(address), signer), FORGED)

    assert (sender.dmarc, sender.verified) == (dmarc, dmarc == "pass" or signer == "quiet.test")
    assert sender.proof == ("own check" if sender.verified else "")


def test_without_a_policy_the_senders_own_server_is_proof(check: Check) -> None:
    raw = mail_from("carol@quiet.test")
    assert check(raw, envelope(GOOD, "carol@quiet.test")).verified
    assert not check(raw, envelope(BAD, "carol@quiet.test")).verified
    assert not check(raw, FORGED).verified


@pytest.mark.parametrize(("domain", "policy"), [("customer.test", "reject"), ("watching.test", "none"), ("quiet.test", "")])
def test_what_the_domain_asks_for_is_kept(check: Check, domain: str, policy: str) -> None:
    assert check(mail_from(f"carol@{domain}"), FORGED).policy == policy
    assert check(signed(mail_from(f"carol@{domain}"), domain), FORGED).policy == ""


def test_the_signed_fields_are_those_with_no_unsigned_one_beside_them(check: Check) -> None:
    raw = signed(MAIL)
    found = check(raw, FORGED).signed_fields
    assert {"from", "to", "subject"} <= set(found)
    assert "to" not in check(b"To: somebody@else.test\r\n" + raw, FORGED).signed_fields
    assert check(MAIL, envelope(GOOD)).signed_fields == ()


def test_strict_alignment_holds_for_the_route_too(check: Check) -> None:
    raw = mail_from("carol@strict.test")

    assert check(raw, envelope(GOOD, "carol@strict.test")).dmarc == "pass"
    assert check(raw, envelope(GOOD, "carol@mail.strict.test")).dmarc == "fail"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: Mara <mara@desk.test>\r\n" + signed(MAIL),
        signed(MAIL).replace(b"From: Carol <carol@customer.test>", b"From: Carol <carol@customer.test>, x@attacker.test"),
        b" From: mara@desk.test\r\n" + signed(MAIL),
        b"X: y\r\nFrom : mara@desk.test\r\n" + signed(MAIL),
        signed(MAIL).replace(b"From: Carol <carol@customer.test>", b"X-From: Carol <carol@customer.test>"),
    ],
)
def test_a_sender_that_cannot_be_told_is_never_verified(check: Check, raw: bytes) -> None:
    sender = check(raw, envelope(GOOD))

    assert (sender.strict, sender.verified, sender.dmarc) == (False, False, "")


def test_verdicts_that_came_with_the_mail_do_not_count(resolver: Resolver) -> None:
    raw = proven(MAIL, "customer.test")
    claimed = parse(raw, ReadingPolicy()).sender

    sender = AuthenticityChecker(resolver, seconds=10, now=time.monotonic).sender(claimed, raw, FORGED)

    assert (sender.verified, sender.dmarc) == (False, "fail")


def test_a_signature_on_the_curve_counts_like_the_others(check: Check) -> None:
    """RFC 8463: Ed25519, with dkimpy and PyNaCl."""
    field = dkim.sign(MAIL, b"curve", b"customer.test", curve_private(), signature_algorithm=b"ed25519-sha256")

    assert check(field + MAIL, FORGED).dmarc == "pass"
    changed = check(field + MAIL.replace(b"does not", b"does"), FORGED)
    assert (changed.dmarc, changed.verified) == ("fail", False)
    assert "dkim=fail header.d=customer.test header.s=curve (the body was changed)" in changed.reasons


@pytest.mark.parametrize("body", ["a\r\n", "a  b \t c  \r\nd\t\r\n", "\r\n" * 10_000, "", "x" + "\r\n" * 9000, " \r\n \r\n"])
@pytest.mark.parametrize("options", [{}, RELAXED], ids=["simple", "relaxed"])
def test_what_other_programs_signed_verifies(check: Check, body: str, options: dict[str, object]) -> None:
    """Our gentle way with blanks and empty lines is the one of RFC 6376 3.4."""
    raw = MAIL.split(b"\r\n\r\n")[0] + b"\r\n\r\n" + body.encode()

    assert check(signed(raw, **options), FORGED).dmarc == "pass"


def test_a_mail_that_lost_its_carriage_returns_verifies(check: Check) -> None:
    assert check(signed(MAIL).replace(b"\r\n", b"\n"), FORGED).dmarc == "pass"


def test_ten_signatures_are_looked_at(check: Check) -> None:
    stranger = signed(MAIL, "attacker.test").removesuffix(MAIL)

    assert check(stranger * 9 + signed(MAIL), FORGED).dmarc == "pass"
    assert check(stranger * 10 + signed(MAIL), FORGED).dmarc == "fail"


@pytest.mark.parametrize(
    "raw",
    [
        signed(MAIL, **RELAXED) + b" " * 5_000_000,
        signed(MAIL, **RELAXED) + b" \t" * 1_000_000 + b"x",
        signed(MAIL) + b"\r\n" * 5_000_000,
        signed(MAIL).replace(b"; b=", b"; b=" + b"\r\n " * 1100),
        signed(MAIL).replace(b"h=", b"h=" + b"x : " * 800),
        b"X: a\r\n" + b" a\r\n" * 200_000 + signed(MAIL),
        signed(MAIL) * 200,
    ],
    ids=["blanks", "blanks and tabs", "empty lines", "folded value", "many fields", "folded field", "many signatures"],
)
def test_no_mail_takes_long(check: Check, raw: bytes) -> None:
    start = time.process_time()

    check(raw, BY_IMAP)

    assert time.process_time() - start < 3


def test_a_dns_that_is_away_is_no_proof_of_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.checks.resolver.LIFETIME", 0.2)
    nobody = Resolver([("127.0.0.1", 1)])

    sender = AuthenticityChecker(nobody, seconds=1, now=time.monotonic).sender(
        parse(MAIL, ReadingPolicy()).sender, signed(MAIL), envelope()
    )

    assert (sender.address, sender.strict) == ("carol@customer.test", True)
    assert (sender.verified, sender.dmarc) == (False, "temperror")


def test_our_key_and_dkimpys_agree() -> None:
    """The signer of these tests is the library's own; a mail of it verifies by itself."""
    assert dkim.sign(MAIL, b"one", b"customer.test", private()).startswith(b"DKIM-Signature: v=1;")


FORMS = ["Carol (ACME) <carol@customer.test>", "carol@customer.test (Carol)"]


@pytest.mark.parametrize("form", FORMS)
def test_a_comment_in_from_does_not_hide_that_dmarc_failed(check: Check, form: str) -> None:
    raw = MAIL.replace(b"From: Carol <carol@customer.test>", f"From: {form}".encode())
    assert form.encode() in raw
    sender = check(raw, FORGED)

    assert (sender.strict, sender.verified, sender.dmarc, sender.policy) == (False, False, "fail", "reject")
    assert sender.reasons[0] == "From field is not exactly one plain address"


@pytest.mark.parametrize("form", FORMS)
def test_a_signature_proves_no_from_that_is_not_strict(check: Check, form: str) -> None:
    sender = check(signed(MAIL.replace(b"From: Carol <carol@customer.test>", f"From: {form}".encode())), envelope(GOOD))

    assert (sender.strict, sender.verified, sender.dmarc, sender.proof, sender.signed_fields) == (False, False, "", "", ())
