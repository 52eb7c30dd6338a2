"""Nobody but the agent is the agent: forged From fields and verdicts in every combination below our own MX's line."""

from __future__ import annotations

import authres
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.conversation.model import Reason, Reference, Standing
from mailbridge.conversation.place import Evidence, TokenClaim, Writer, place
from mailbridge.conversation.tokens import Life, Purpose
from mailbridge.message.profiles import Expected, Profile
from mailbridge.message.results import AmbiguousField, read_results
from tests.builders import BOGDAN, CAROL, NOW, a_signer, a_ticket, an_organisation
from tests.raw_mails import judged_sender

AGENT = "ann@firm.test"
DESK = Expected(profile=Profile.OWN, authserv_ids=("mx.desk.test",))
OURS = "Received: from evil.test (evil.test [203.0.113.6]) by mx.desk.test with ESMTPS id 1; Mon, 2 Nov 2026 10:00:00 +0000"

# What our MX may truthfully say of a mail that evil.test sent: nothing, a failure, or a pass for evil.test.
TRUTHS = (
    (),
    ("Authentication-Results: mx.desk.test; spf=pass smtp.mailfrom=evil.test; dmarc=fail header.from=firm.test",),
    ("Authentication-Results: mx.desk.test; spf=pass smtp.mailfrom=evil.test; dmarc=none header.from=firm.test",),
    ("Authentication-Results: mx.desk.test; dkim=pass header.d=evil.test; dmarc=pass header.from=evil.test",),
    ('Authentication-Results: mx.desk.test; spf=pass smtp.mailfrom="; dmarc=pass header.from=firm.test"@evil.test; dmarc=none',),
)
FROMS = (
    "From: {agent}", "From: Ann <{agent}>", "From: {agent} <mallory@evil.test>", 'From: "{agent}" <mallory@evil.test>',
    "From: mallory@evil.test", "From: mallory@evil.test, {agent}", "From: {agent}, mallory@evil.test",
    "From: <{agent}> <mallory@evil.test>",
    "From: mallory@evil.test <{agent}>", "From: ({agent}) mallory@evil.test", "From: mallory@evil.test ({agent})",
    "From: =?utf-8?q?ann=40firm.test?= <mallory@evil.test>", "From: =?utf-8?q?ann=40firm=2etest=3e=00?=mallory@evil.test",
    "From : {agent}", " From: {agent}", "From\t: {agent}", "from: {agent}", "FROM: {agent}", "From: <@evil.test:{agent}>",
    "From: group: {agent};", "From: ann@firm.test@evil.test", "From: ann@evil.test@firm.test", "From: ann\\@firm.test@evil.test",
    "From: ann@[192.0.2.1]", "From: ann@firm.test.", "From: ann@FIRM.test", "From: ann@firm\u2024test", "From:\r\n {agent}",
    "From: {agent}\r\n\t, mallory@evil.test", "Sender: {agent}", "Reply-To: {agent}", "Resent-From: {agent}", "X-From: {agent}", "From:",
)  # fmt: skip
FORGERIES = (
    "Authentication-Results: mx.desk.test; dmarc=pass header.from=firm.test",
    "Authentication-Results: (x) MX.DESK.TEST 1; dmarc=pass header.from=firm.test",
    "Authentication-Results : mx.desk.test; dmarc=pass header.from=firm.test",
    " Authentication-Results: mx.desk.test; dmarc=pass header.from=firm.test",
    "Authentication-Results: mx.desk.test.evil.test; dmarc=pass header.from=firm.test",
    "ARC-Authentication-Results: i=1; mx.desk.test; dmarc=pass header.from=firm.test",
    "Received: from firm.test by mx.desk.test with ESMTPS id 2; Mon, 2 Nov 2026 09:59:00 +0000",
    "Received: from mx.desk.test by mx.desk.test with LMTP id 3; Mon, 2 Nov 2026 10:00:01 +0000",
    "X-Mailbridge-Trust: agent",
    "Return-Path: <{agent}>",
    "DKIM-Signature: v=1; d=firm.test; s=s; h=from; b=x",
    "no field at all",
)
# The desk's store may stand behind its MX.
ABOVE = ((), ("Return-Path: <x@evil.test>", "Received: from mx.desk.test (localhost) by store.desk.test with LMTP id 9; x"))


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(ABOVE),
    st.sampled_from(TRUTHS),
    st.lists(st.sampled_from(FROMS + FORGERIES), min_size=1, max_size=6),
)
def test_no_combination_of_forgeries_makes_the_agent(above: tuple[str, ...], truth: tuple[str, ...], forged: list[str]) -> None:
    lines = (*above, *truth, OURS, *(line.replace("{agent}", AGENT) for line in forged))
    sender = judged_sender(("\r\n".join(lines) + "\r\n\r\nHello\r\n").encode(), DESK)
    assert not (sender.verified and sender.address.lower().endswith("firm.test"))
    assert sender.reasons


WORD = st.text(alphabet="abcdef0123456789.-", min_size=1, max_size=12).filter(lambda word: word[0].isalnum() and word[-1].isalnum())
COMMENT = st.sampled_from(("", " (ok)", " (p=reject dis=none)", " (a \\) b)", " (x (y) z)"))


@st.composite
def results_fields(draw: st.DrawFn) -> tuple[str, str, str]:
    """A field as an honest MX writes it, with the DMARC result and domain in it."""
    result, domain = draw(st.sampled_from(("pass", "fail", "none"))), draw(WORD)
    spf = f"spf=pass{draw(COMMENT)} smtp.mailfrom={draw(WORD)}@{draw(WORD)}"
    dmarc = f"dmarc={result}{draw(COMMENT)} header.from={domain}"
    clauses = draw(st.permutations((spf, dmarc, f"dkim=pass header.d={draw(WORD)} header.s={draw(WORD)}")))
    return f"mx.desk.test;{draw(st.sampled_from((' ', '')))}" + "; ".join(clauses), result, domain


@settings(deadline=None)
@given(results_fields())
def test_we_read_what_the_authres_package_reads(field: tuple[str, str, str]) -> None:
    text, result, domain = field
    server, verdicts = read_results(text.encode())
    [ours] = [verdict for verdict in verdicts if verdict.method == "dmarc"]
    theirs = authres.AuthenticationResultsHeader.parse_value(text)
    [their] = [one for one in theirs.results if one.method == "dmarc"]
    [their_domain] = [one.value for one in their.properties if (one.type, one.name) == ("header", "from")]
    assert (server, ours.result, ours.get("header.from")) == ("mx.desk.test", result, domain)
    assert (theirs.authserv_id, their.result, their_domain) == ("mx.desk.test", result, domain)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='mx;=()"\\ dmarcpsheo.fit1', max_size=60))
def test_where_both_read_a_dmarc_pass_it_is_the_same(junk: str) -> None:
    text = f"mx.desk.test; {junk}; dmarc=pass header.from=firm.test"
    try:
        ours = {(one.method, one.result) for one in read_results(text.encode())[1] if one.method == "dmarc"}
        theirs = {
            (one.method, one.result) for one in authres.AuthenticationResultsHeader.parse_value(text).results if one.method == "dmarc"
        }
    except (AmbiguousField, authres.AuthResError):
        return
    assert ours <= theirs


PEOPLE = (CAROL.address, BOGDAN.address, "clara@desk.test", "mallory@attacker.test", "carol@freemail.test")
FIELDS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")


@st.composite
def writers(draw: st.DrawFn) -> Writer:
    """Anybody, with any verdict; an agent only as an agent."""
    address, verdict = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(("pass", "none", "fail", "")))
    agent = "bogdan" if address == BOGDAN.address and verdict == "pass" else ""
    return Writer(
        address=address, agent=agent, mailboxes=frozenset({address}), verified=verdict == "pass", dmarc_failed=verdict == "fail",
        policy=draw(st.sampled_from(("", "none", "quarantine", "reject"))), signed_fields=tuple(draw(st.sets(st.sampled_from(FIELDS)))),
    )  # fmt: skip


@st.composite
def claims(draw: st.DrawFn) -> TokenClaim:
    """A genuine token of ours for anybody, as it looks after any time."""
    signer, purpose = a_signer(), draw(st.sampled_from((Purpose.CUSTOMER, Purpose.AGENT)))
    holder = draw(st.sampled_from((*PEOPLE, None)))
    token = signer.in_address(signer.reply_address(1, holder or "nobody@else.test", purpose))
    assert token is not None
    life = Life.ACTS if purpose is Purpose.CUSTOMER else draw(st.sampled_from(Life))
    return TokenClaim(text="x", token=token, ticket=a_ticket(), holder=holder, life=life)


@st.composite
def found(draw: st.DrawFn) -> Evidence:
    reasons = draw(st.lists(st.sampled_from((Reason.KNOWN_REFERENCE, Reason.SUBJECT_NUMBER, Reason.LATE_ORIGINAL)), max_size=2))
    return Evidence(
        claims=tuple(draw(st.lists(claims(), max_size=2))), known=tuple(Reference(reason=one, ticket=a_ticket()) for one in reasons),
        addressed=frozenset(draw(st.sets(st.sampled_from(("to", "cc"))))), new_id=draw(st.booleans()),
        written_at=draw(st.sampled_from((NOW, None))),
    )  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(writers(), found())
def test_nobody_writes_on_a_ticket_without_a_proof_that_is_theirs(writer: Writer, evidence: Evidence) -> None:
    placement = place(writer, evidence, an_organisation(), NOW)
    own = [one for one in evidence.claims if one.holder == writer.address and one.life is not Life.ENDED]
    if placement.ticket is None:
        return
    if writer.agent:
        acts = any(one.token.purpose is Purpose.AGENT and one.life is Life.ACTS for one in own)
        assert placement.standing is not Standing.ACTS or acts
        signed = {"message-id", "date"} <= set(writer.signed_fields) and bool({"to", "cc"} & set(writer.signed_fields)) and evidence.new_id
        assert placement.standing is not Standing.ANSWERS or own or signed
        return
    by_token = any(one.token.purpose is Purpose.CUSTOMER for one in own) and not (writer.dmarc_failed and writer.policy != "none")
    assert writer.address == CAROL.address
    assert by_token or writer.verified
