"""Whatever a stranger writes into a mail or publishes in the DNS, the checks give a result, and never a pass that nobody earned."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbridge.checks import arc, dkim_check, spf_check
from mailbridge.checks.resolver import Records, Resolver
from tests.checks.domains import BAD, mail_from, public, signed

RESULTS = {"pass", "fail", "softfail", "neutral", "none", "policy", "permerror", "temperror"}
TAGS = st.lists(
    st.tuples(
        st.sampled_from(["v", "a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "x", "z", "", "k", "p", "n"]),
        st.sampled_from(
            ["1", "rsa-sha256", "relaxed/relaxed", "simple", "x/y", "customer.test", "from", "from:to", "@", "", "AAAA", "=", "-1", "é"]
        ),
    ),
    max_size=15,
).map(lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs).encode())
TERMS = st.lists(
    st.sampled_from(
        [
            *("all", "-all", "+a", "mx/99", "ptr", "exists:%{i}.%{h}", "include:", "include:x.test", "redirect=x.test", "exp=%{"),
            *("ip4:1.2.3.4/33", "ip4:", "ip6:::1/129", "a:%{d1r+-}.x", "=", "?", "é", "a//", "moo", "%", "include:%{z}", "a" * 300),
        ]
    ),
    max_size=12,
).map(lambda terms: ("v=spf1 " + " ".join(terms)).encode())


class Publishing(Resolver):
    """The DNS of somebody who answers every question with the same records."""

    def __init__(self, *records: bytes) -> None:
        self.records = records

    def ask(self, name: str, kind: str, *, until: float) -> Records:
        return self.records if kind == "TXT" else ()


@given(st.one_of(TAGS, st.binary(max_size=300)), st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_signature_gives_a_result_and_no_pass(signature: bytes, body: bytes) -> None:
    raw = b"DKIM-Signature: " + signature + b"\r\nFrom: carol@customer.test\r\n\r\n" + body

    found = dkim_check.check(raw, Publishing(f"v=DKIM1; p={public()}".encode()), until=1e12)

    assert {one.result for one in found} <= RESULTS - {"pass"}
    assert all(one.domain.isprintable() and one.selector.isprintable() for one in found)


@given(st.one_of(TAGS, st.binary(max_size=300)))
@settings(max_examples=300, deadline=None)
def test_any_key_gives_a_result_and_no_pass(record: bytes) -> None:
    found = dkim_check.check(signed(mail_from()), Publishing(record), until=1e12)

    assert [one.result for one in found if one.result not in RESULTS or one.result == "pass"] == []


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes_are_looked_at(raw: bytes) -> None:
    assert all(one.result in RESULTS for one in dkim_check.check(raw, Publishing(), until=1e12))
    assert arc.check(raw, Publishing(), until=1e12).result in {"none", "fail"}


@given(TAGS, TAGS, st.one_of(TAGS, st.binary(max_size=100)), st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_chain_gives_a_result_and_no_pass(seal: bytes, signature: bytes, results: bytes, body: bytes) -> None:
    fields = b"".join(
        b"ARC-%s: i=1; %s\r\n" % (name, value.replace(b"\n", b""))
        for name, value in ((b"Seal", b"cv=none; " + seal), (b"Message-Signature", signature), (b"Authentication-Results", results))
    )
    raw = fields + b"From: carol@customer.test\r\n\r\n" + body

    found = arc.check(raw, Publishing(f"v=DKIM1; p={public()}".encode()), until=1e12)

    assert found.result == "fail"
    assert found.voucher("customer.test", ("customer.test",)) == ""


@given(st.one_of(TERMS, st.binary(max_size=300).map(lambda rest: b"v=spf1 " + rest)))
@settings(max_examples=300, deadline=None)
def test_any_record_of_a_route_gives_a_result(record: bytes) -> None:
    route = spf_check.check(Publishing(record), peer=BAD, mail_from="carol@customer.test", helo="host.customer.test", until=1e12)

    assert route.result in RESULTS
    assert route.reason.isprintable()


@given(st.text(max_size=80), st.text(max_size=80))
@settings(deadline=None)
def test_any_envelope_gives_a_result(sender: str, helo: str) -> None:
    route = spf_check.check(Publishing(b"v=spf1 -all"), peer=BAD, mail_from=sender, helo=helo, until=1e12)

    assert route.result in RESULTS - {"pass"}


@pytest.mark.parametrize("peer", ["", "nonsense", "1.2.3.4.5"])
def test_an_address_that_is_none_gives_no_pass(peer: str) -> None:
    route = spf_check.check(Publishing(b"v=spf1 +all"), peer=peer, mail_from="carol@customer.test", helo="x.test", until=1e12)

    assert route.result == "permerror"
