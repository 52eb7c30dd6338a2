"""Whose mail it is: a verdict counts only where our own MX put it, and only for exactly the domain in From."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.message.model import Sender
from mailbridge.message.profiles import Expected, Profile
from mailbridge.message.results import AmbiguousField, MethodResult, read_results
from tests.raw_mails import judged_sender

DESK = Expected(profile=Profile.OWN, authserv_ids=("mx.desk.test",))
PASS = "Authentication-Results: mx.desk.test; spf=pass smtp.mailfrom=a@firm.test; dmarc=pass header.from=firm.test"
OURS = "Received: from mail.firm.test (mail.firm.test [192.0.2.7]) by mx.desk.test with ESMTPS id 1; Mon, 2 Nov 2026 10:00:00 +0000"
STORE = "Received: from mx.desk.test (localhost [127.0.0.1]) by store.desk.test with LMTP id 2; Mon, 2 Nov 2026 10:00:01 +0000"
FOREIGN = "Received: from laptop (unknown [198.51.100.9]) by mail.firm.test with ESMTPSA id 3; Mon, 2 Nov 2026 09:59:59 +0000"
FROM = "From: Ann Agent <ann@firm.test>"


def sender(*lines: str, expected: Expected = DESK) -> Sender:
    return judged_sender("\r\n".join((*lines, "Subject: x", "", "Hello")).encode(), expected)


def test_a_pass_above_our_own_received_line_verifies_the_sender() -> None:
    found = sender(PASS, OURS, FROM)
    assert (found.address, found.name, found.strict, found.verified) == ("ann@firm.test", "Ann Agent", True, True)
    assert (found.dmarc, found.reasons) == ("pass", ("dmarc=pass by mx.desk.test",))


def test_a_hop_behind_our_mx_does_not_hide_its_verdict() -> None:
    assert sender(STORE, PASS, OURS, FOREIGN, FROM).verified


@pytest.mark.parametrize(
    "lines",
    [
        (OURS, PASS, FROM),
        (OURS, FOREIGN, FROM, PASS),
        (PASS, FROM),
        (PASS, FOREIGN, FROM),
        ("Received: from evil.test by store.desk.test with SMTP; x", PASS, OURS, FROM),
        (PASS.replace("mx.desk.test", "mx.desk.test.evil.test"), OURS, FROM),
        (PASS.replace("mx.desk.test", "evil-mx.desk.test"), OURS, FROM),
        (PASS.replace("mx.desk.test", "mx"), OURS, FROM),
        (PASS.replace("Authentication-Results", "X-Authentication-Results"), OURS, FROM),
        (PASS.replace("Authentication-Results", "ARC-Authentication-Results"), OURS, FROM),
        (PASS.replace("Authentication-Results: ", "Authentication-Results: i=1; "), OURS, FROM),
    ],
)
def test_a_verdict_of_unknown_origin_is_none(lines: tuple[str, ...]) -> None:
    found = sender(*lines)
    assert (found.verified, found.address, found.strict) == (False, "ann@firm.test", True)
    assert found.reasons


def test_a_trusted_failure_is_told_apart_from_no_verdict() -> None:
    assert sender("Authentication-Results: mx.desk.test; dmarc=fail header.from=firm.test", OURS, FROM).dmarc == "fail"
    assert sender(OURS, FROM).dmarc == ""


def test_only_the_topmost_of_our_verdicts_counts() -> None:
    fail = "Authentication-Results: mx.desk.test; dmarc=fail header.from=firm.test"
    assert sender(fail, PASS, OURS, FROM).reasons == ("dmarc=fail by mx.desk.test",)
    assert sender("Authentication-Results: mx.desk.test; spf=pass", OURS, FROM).reasons == ("no DMARC verdict",)


def test_two_milters_write_a_line_each() -> None:
    dkim = "Authentication-Results: mx.desk.test; dkim=pass header.d=firm.test header.s=b"
    assert sender(dkim, PASS, OURS, WHOLE, FROM).signed_fields == ("from", "to", "subject")


def test_a_broken_verdict_of_ours_is_not_replaced_by_the_next() -> None:
    found = sender('Authentication-Results: mx.desk.test; dmarc="fail', PASS, OURS, FROM)
    assert (found.verified, found.reasons[0][:38]) == (False, "Authentication-Results cannot be read:")


def test_a_forged_received_of_our_mx_ends_what_is_trusted_even_inside_a_comment() -> None:
    hello = "Received: from mail.firm.test (HELO ((by mx.desk.test) by mx.desk.test; x"
    assert not sender(hello, PASS, OURS, FROM).verified


@pytest.mark.parametrize(
    "verdict",
    [
        "dmarc=fail header.from=firm.test",
        "dmarc=none header.from=firm.test",
        "dmarc=passed header.from=firm.test",
        "dmarc=pass",
        "dmarc=pass header.from=evil.test",
        "dmarc=pass header.from=notfirm.test",
        "dmarc=pass header.from=firm.test.evil.test",
        "dmarc=pass header.from=mail.firm.test",
        "dmarc=pass header.from=test",
        'dmarc=pass header.from="firm.test"',
        "dmarc=pass smtp.from=firm.test",
        "dmarc=pass header.from=evil.test header.from=firm.test",
        "dmarc=fail (dmarc=pass header.from=firm.test) header.from=firm.test",
        'spf=pass smtp.mailfrom="; dmarc=pass header.from=firm.test"@evil.test; dmarc=fail header.from=firm.test',
        'spf=pass reason="dmarc=pass" smtp.mailfrom=evil.test',
        "dmarc=pass header.from=firm.test; dmarc=fail header.from=evil.test",
        "x-dmarc=pass header.from=firm.test",
        "dmarc=fail=pass header.from=firm.test",
        "dkim=pass header.d=firm.test",
    ],
)
def test_anything_but_one_plain_pass_for_the_very_domain_is_unverified(verdict: str) -> None:
    found = sender(f"Authentication-Results: mx.desk.test; {verdict}", OURS, FROM)
    assert not found.verified
    assert found.reasons


@pytest.mark.parametrize(
    "verdict",
    [
        "mx.desk.test; dmarc=pass (p=reject dis=none) header.from=firm.test",
        "MX.Desk.Test 1; DMARC/1 = Pass header.from=FIRM.test",
        "(by (us)) mx.desk.test (really); (comment;)dmarc=pass (a\\) b) header.from=firm.test;",
        "mx.desk.test; spf=pass smtp.mailfrom=prvs=1234=a@firm.test; dkim=pass header.b=a/c=; dmarc=pass action=none header.from=firm.test",
        "mx.desk.test;\r\n\tspf=fail;\r\n\tdmarc=pass header.from=firm.test.",
    ],
)
def test_what_the_grammar_allows_is_read(verdict: str) -> None:
    assert sender(f"Authentication-Results: {verdict}", OURS, FROM).verified


def test_own_hosts_tell_our_received_line_where_the_verdicts_name_is_another() -> None:
    policy = Expected(profile=Profile.OWN, authserv_ids=("auth.desk.test",), hosts=("mx.desk.test",))
    verdict = PASS.replace("mx.desk.test", "auth.desk.test")
    assert sender(verdict, OURS, FROM, expected=policy).verified
    assert not sender(verdict, OURS.replace("by mx.desk.test", "by other.test"), FROM, expected=policy).verified


def test_a_desk_that_names_no_server_believes_nobody() -> None:
    assert not sender(PASS, OURS, FROM, expected=Expected(profile=Profile.OWN)).verified


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "no From field"),
        ((FROM, "From: b@firm.test"), "two From fields"),
        ((FROM, "From : b@firm.test"), "two From fields"),
        (("From: a@firm.test, b@firm.test",), "From field is not exactly one plain address"),
        (("From: =?utf-8?q?ann=40firm.test?= <mallory@evil.test>", "X-From: a@b.test"), "no Received line of ours"),
    ],
)
def test_every_doubt_about_from_has_its_words(lines: tuple[str, ...], reason: str) -> None:
    found = sender(*lines)
    assert (found.verified, found.reasons) == (False, (reason,))


def test_two_from_fields_are_nobody_whatever_the_verdict_says() -> None:
    found = sender(PASS, OURS, FROM, "From: mallory@evil.test")
    assert (found.address, found.strict, found.verified) == ("", False, False)


PARTLY = "DKIM-Signature: v=1; d=firm.test; s=a; h=from:to; l=10; bh=x; b=QWxsIG"
WHOLE = "DKIM-Signature: v=1; d=firm.test; s=b; h=from:to:subject; bh=x; b=Zm9vYm"


@pytest.mark.parametrize(
    ("verdict", "signatures", "verified"),
    [
        ("dmarc=pass header.from=firm.test", (PARTLY,), False),
        ("dmarc=pass header.from=firm.test", (PARTLY, WHOLE), False),
        ("dmarc=pass header.from=firm.test", (WHOLE,), True),
        ("dkim=pass header.d=firm.test header.s=a; dmarc=pass header.from=firm.test", (PARTLY, WHOLE), False),
        ("dkim=pass header.d=firm.test header.s=b; dmarc=pass header.from=firm.test", (PARTLY, WHOLE), True),
        ("dkim=pass header.d=firm.test header.b=Zm9vYm; dmarc=pass header.from=firm.test", (PARTLY, WHOLE), True),
        ("dkim=pass header.d=firm.test; dmarc=pass header.from=firm.test", (PARTLY, WHOLE), False),
        ("spf=pass smtp.mailfrom=a@firm.test; dmarc=pass header.from=firm.test", (PARTLY,), True),
        ("spf=pass smtp.mailfrom=a@evil.test; dmarc=pass header.from=firm.test", (PARTLY,), False),
        ("dkim=pass header.d=firm.test header.s=a; dmarc=none header.from=firm.test", (PARTLY,), False),
        ("dmarc=pass header.from=firm.test", (PARTLY.replace("firm.test", "evil.test"),), True),
        ("dmarc=pass header.from=firm.test", (*[WHOLE] * 12, PARTLY), False),
        ("dmarc=pass header.from=firm.test", (PARTLY.replace("l=10", "L =\r\n 10"),), False),
    ],
)
def test_a_signature_over_part_of_the_body_proves_nobody(verdict: str, signatures: tuple[str, ...], verified: bool) -> None:
    found = sender(f"Authentication-Results: mx.desk.test; {verdict}", OURS, *signatures, FROM)
    assert found.verified is verified


@pytest.mark.parametrize(
    ("verdict", "verified"),
    [
        ("dmarc=none header.from=firm.test", False),
        ("dkim=pass header.d=firm.test; dmarc=none header.from=firm.test", True),
        ("dkim=pass header.i=@mail.firm.test; dmarc=none header.from=firm.test", True),
        ("dkim=pass header.d=evil.test; dmarc=none header.from=firm.test", False),
        ("dkim=fail header.d=firm.test; dmarc=none header.from=firm.test", False),
        ("spf=pass smtp.mailfrom=ann@firm.test; dmarc=none header.from=firm.test", True),
        ("spf=pass smtp.mailfrom=firm.test; dmarc=none header.from=firm.test", True),
        ("spf=softfail smtp.mailfrom=firm.test; dmarc=none header.from=firm.test", False),
        ("spf=pass smtp.mailfrom=firm.test", False),
        ("spf=pass smtp.mailfrom=firm.test; dmarc=temperror header.from=firm.test", False),
    ],
)
def test_without_a_dmarc_record_something_aligned_has_to_pass(verdict: str, verified: bool) -> None:
    assert sender(f"Authentication-Results: mx.desk.test; {verdict}", OURS, FROM).verified is verified


@pytest.mark.parametrize(
    ("verdict", "policy"),
    [
        ("dmarc=fail (p=reject dis=none) header.from=firm.test", "reject"),
        ("dmarc=fail (p=NONE sp=REJECT dis=NONE) header.from=firm.test", "none"),
        ("dmarc=fail (policy=quarantine) header.from=firm.test", "quarantine"),
        ("dmarc=fail action=oreject header.from=firm.test", "reject"),
        ("dmarc=fail header.from=firm.test", ""),
        ("dmarc=pass (p=reject) header.from=firm.test", ""),
    ],
)
def test_what_the_domain_asks_for_is_kept_where_the_mail_failed(verdict: str, policy: str) -> None:
    assert sender(f"Authentication-Results: mx.desk.test; {verdict}", OURS, FROM).policy == policy


def test_a_subdomain_is_under_the_stricter_of_two_policies() -> None:
    line = "Authentication-Results: mx.desk.test; dmarc=fail (p=NONE sp=REJECT) header.from=x.firm.test"
    assert sender(line, OURS, "From: ann@x.firm.test").policy == "reject"


def test_the_signed_fields_are_those_of_the_signature_that_passed() -> None:
    verdict = "Authentication-Results: mx.desk.test; dkim=pass header.d=firm.test header.s=b; dmarc=pass header.from=firm.test"
    assert sender(verdict, OURS, WHOLE, FROM).signed_fields == ("from", "to", "subject")
    # A second To was added behind the signature: no To is signed then.
    assert sender(verdict, OURS, WHOLE, FROM, "To: a@x.test", "To: b@x.test").signed_fields == ("from", "subject")
    assert sender(verdict.replace(" header.s=b", ""), OURS, WHOLE, WHOLE.replace("s=b", "s=c"), FROM).signed_fields == ()
    assert sender(PASS, OURS, WHOLE, FROM).signed_fields == ()


def test_idn_domains_are_equal_in_either_spelling() -> None:
    verdict = "Authentication-Results: mx.desk.test; dmarc=pass header.from=bücher.test"
    assert sender(verdict, OURS, "From: a@xn--bcher-kva.test").verified


def test_results_come_apart_as_the_grammar_says() -> None:
    server, verdicts = read_results(b'mx.desk.test 1; none; spf=pass (ok) smtp.mailfrom="a b"@x.test reason="why; not"')
    assert server == "mx.desk.test"
    assert verdicts == [MethodResult(method="spf", result="pass", properties=(("smtp.mailfrom", '"a b"@x.test'), ("reason", '"why; not"')))]


@given(st.binary(max_size=300))
def test_any_bytes_are_results_or_broken(raw: bytes) -> None:
    try:
        read_results(raw)
    except AmbiguousField:
        return


@given(st.text(alphabet=' ;=()"\\ \tmx.desktdarcpashefirvl@1', max_size=120))
def test_nothing_put_below_our_received_line_verifies(junk: str) -> None:
    assert not sender(OURS, f"Authentication-Results: {junk.strip()}", PASS, FROM).verified


@given(st.text(alphabet='()"\\ xyz;=@.', max_size=80))
def test_no_mailbox_in_the_envelope_smuggles_a_verdict_out_of_its_quotes(local: str) -> None:
    quoted = local.replace("\\", "\\\\").replace('"', '\\"')
    line = (
        f'Authentication-Results: mx.desk.test; spf=pass smtp.mailfrom="{quoted}; dmarc=pass header.from=firm.test"@evil.test; dmarc=fail'
    )
    assert not sender(line, OURS, FROM).verified


LENIENT = ["From: Carol (ACME) <carol@firm.test>", "From: carol@firm.test (Carol Lee)", 'From: [Desk] "C" <carol@firm.test>']


@pytest.mark.parametrize("from_", LENIENT)
@pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
def test_a_comment_in_from_does_not_hide_that_dmarc_failed(from_: str, policy: str) -> None:
    verdict = f"Authentication-Results: mx.desk.test; dmarc=fail (p={policy}) header.from=firm.test"
    found = sender(verdict, OURS, from_)
    assert (found.address, found.answer_to, found.strict, found.verified) == ("", "carol@firm.test", False, False)
    assert (found.dmarc, found.policy, found.reasons[-1]) == ("fail", policy, "dmarc=fail by mx.desk.test")


@pytest.mark.parametrize("from_", [*LENIENT, "From: ann@firm.test, bob@firm.test"])
def test_nothing_proves_a_from_that_is_not_strict(from_: str) -> None:
    found = sender(PASS, OURS, from_)
    assert (found.strict, found.verified, found.dmarc) == (False, False, "")


def test_a_failure_below_our_border_refutes_nobody_either() -> None:
    assert sender(OURS, "Authentication-Results: mx.desk.test; dmarc=fail", LENIENT[0]).dmarc == ""
