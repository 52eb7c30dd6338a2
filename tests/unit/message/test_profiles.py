"""Where each kind of mail server writes what it found out, and where a sender may write the same words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.checks.build import organizational
from mailbridge.handling.pairing import from_json, learned, to_json
from mailbridge.message.headers import read_block
from mailbridge.message.model import Sender
from mailbridge.message.profiles import Expected, Profile, shapes
from mailbridge.message.trace import read_hop
from tests.examples import examples
from tests.raw_mails import judged_sender

FROM = "From: Ann Agent <ann@firm.test>"
PASS, FAIL = "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=firm.test", "dmarc=fail (p=NONE) header.from=firm.test"

# Google: inner hop, its ARC copy, the border, and its results directly below.
G_TOP = "Received: by 2002:a05:7300:8a1c:b0:1a2:3b4c:5d6e with SMTP id xy28csp1; Mon, 30 Nov 2026 01:02:10 -0800 (PST)"
G_ARC = "ARC-Authentication-Results: i=1; mx.google.com; dkim=pass header.i=@firm.test header.s=s1 header.b=AbCdEfGh; {}"
G_PATH = "Return-Path: <ann@firm.test>"
G_BORDER = (
    "Received: from mail.firm.test (mail.firm.test. [198.51.100.41]) by mx.google.com with ESMTPS id 4fb4d7 for <help@desk.test>"
    " (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); Mon, 30 Nov 2026 01:02:10 -0800 (PST)"
)
G_SPF = "Received-SPF: pass (google.com: domain of ann@firm.test designates 198.51.100.41) client-ip=198.51.100.41;"
G_RESULTS = 'Authentication-Results: mx.google.com; dkim=pass header.i=@firm.test header.s=s1 header.b="AbC/EfGh"; {}'
GOOGLE = Expected(profile=Profile.GOOGLE)

# Exchange Online: inner hops, results without an authserv-id, the edge.
M_TOP = "Received: from AM0PR05MB1.eurprd05.prod.outlook.com (2603:10a6:208:1::1) by DB7PR05MB5.eurprd05.prod.outlook.com with HTTPS; x"
M_INNER = (
    "Received: from AMS0EPF01.eurprd05.prod.outlook.com (2603:10a6:20b:468:cafe::aa) by AS9PR0301CA1.outlook.office365.com"
    " (2603:10a6:20b:468::34) with Microsoft SMTP Server id 15.20.9366.9 via Frontend Transport; x"
)
M_RESULTS = "Authentication-Results: spf=pass (sender IP is 209.85.220.41) smtp.mailfrom=firm.test; dkim=pass header.d=firm.test;{}"
M_PASS, M_FAIL = "dmarc=pass action=none header.from=firm.test;compauth=pass", "dmarc=fail action=oreject header.from=firm.test"
M_EDGE = (
    "Received: from {} (209.85.220.41) by AMS0EPF01.mail.protection.outlook.com (10.167.16.151) with Microsoft SMTP Server"
    " (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9388.8 via Frontend Transport; x"
)
M_MAPI = (
    "Received: from VI1PR05MB4.eurprd05.prod.outlook.com ([fe80::1111:2222:3333:4444]) by VI1PR05MB4.eurprd05.prod.outlook.com"
    " ([fe80::1111:2222:3333:4444%4]) with mapi id 15.20.9366.012; x"
)
M_AUTHAS = "X-MS-Exchange-Organization-AuthAs: Internal"
M_SOURCE = "X-MS-Exchange-Organization-AuthSource: VI1PR05MB4.eurprd05.prod.outlook.com"
MICROSOFT = Expected(profile=Profile.MICROSOFT)
TENANT = replace(MICROSOFT, tenant=("firm.test",))

# Our own MX, with a store behind it.
STORE = "Received: from mx.desk.test (localhost [127.0.0.1]) by store.desk.test with LMTP id 2 for <help@desk.test>; x"
MX = "Received: from {} (unknown [198.51.100.9]) by mx.desk.test (Postfix) with ESMTPS id 4x for <help@desk.test>; x"
TRUE_MX = MX.format("mail.firm.test")
OURS = "Authentication-Results: mx.desk.test; {}"
OWN = Expected(profile=Profile.OWN, authserv_ids=("mx.desk.test",))
MILTER_0 = replace(OWN, profile=Profile.POSTFIX_MILTER, index=0)
MILTER_1 = replace(OWN, profile=Profile.POSTFIX_MILTER, index=1)
RSPAMD = replace(OWN, profile=Profile.RSPAMD)


def sender(expected: Expected, *lines: str) -> Sender:
    return judged_sender("\r\n".join((*lines, FROM, "", "Hello")).encode(), expected)


TRUE = {
    "google": (GOOGLE, (G_TOP, G_ARC.format(PASS), G_PATH, G_BORDER, G_SPF, G_RESULTS.format(PASS))),
    "google without its copy": (GOOGLE, (G_TOP, G_PATH, G_BORDER, G_SPF, G_RESULTS.format(PASS))),
    "microsoft": (MICROSOFT, (M_TOP, M_INNER, M_RESULTS.format(M_PASS), "Received-SPF: Pass", M_EDGE.format("mail.firm.test"))),
    "microsoft, same tenant": (TENANT, (M_TOP, M_MAPI, M_AUTHAS, M_SOURCE)),
    "own": (OWN, (OURS.format(PASS), TRUE_MX)),
    "own with a store": (OWN, (STORE, OURS.format(PASS), TRUE_MX)),
    "milter at 0": (MILTER_0, (OURS.format(PASS), OURS.format("dkim=none"), TRUE_MX)),
    "milter at 1": (MILTER_1, (TRUE_MX, OURS.format(PASS), OURS.format("dkim=none"))),
    "milter at 1 with a store": (MILTER_1, (STORE, TRUE_MX, "DMARC-Filter: OpenDMARC Filter v1.4.2 mx.desk.test x", OURS.format(PASS))),
    "rspamd": (RSPAMD, (TRUE_MX, "X-Rspamd-Server: mx", "X-Spamd-Bar: /", OURS.format("spf=fail; " + PASS))),
}


@pytest.mark.parametrize("name", TRUE)
def test_the_servers_own_line_is_believed(name: str) -> None:
    expected, lines = TRUE[name]
    assert sender(expected, *lines).verified, sender(expected, *lines).reasons


@pytest.mark.parametrize("name", TRUE)
def test_it_is_believed_for_no_other_domain(name: str) -> None:
    expected, lines = TRUE[name]
    found = judged_sender("\r\n".join((*lines, "From: ann@other.test", "", "x")).encode(), expected)
    assert (found.address, found.verified) == ("ann@other.test", False)


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("profile", [GOOGLE, MICROSOFT, TENANT, OWN, MILTER_0, MILTER_1, RSPAMD])
def test_another_profile_believes_none_of_it(name: str, profile: Expected) -> None:
    expected, lines = TRUE[name]
    same = {MILTER_0: OWN, RSPAMD: MILTER_1}
    if same.get(profile, profile) == same.get(expected, expected) or (expected, profile) == (MICROSOFT, TENANT):
        return
    assert not sender(profile, *lines).verified


EVIL_EDGE = M_EDGE.format("AMS0EPF01.eurprd05.prod.outlook.com")  # a HELO that looks like a hop within Exchange
FORGED = {
    "google: results of the sender below true ones": (GOOGLE, (G_TOP, G_BORDER, G_SPF, G_RESULTS.format(FAIL), G_RESULTS.format(PASS))),
    "google: behind a forged hop": (GOOGLE, (G_TOP, G_BORDER, G_SPF, G_RESULTS.format(FAIL), G_BORDER, G_RESULTS.format(PASS))),
    "google: no results, the sender's further down": (GOOGLE, (G_TOP, G_BORDER, G_SPF, "X: y", G_RESULTS.format(PASS))),
    "google: none of Google's, the copy says so": (GOOGLE, (G_TOP, G_ARC.format(FAIL), G_BORDER, G_RESULTS.format(PASS))),
    "google: broken results stay the topmost": (
        GOOGLE,
        (G_TOP, G_BORDER, "Authentication-Results: mx.google.com; (", G_RESULTS.format(PASS)),
    ),
    "google: the border is another server": (GOOGLE, (G_TOP, TRUE_MX, G_BORDER, G_SPF, G_RESULTS.format(PASS))),
    "google: another name": (GOOGLE, (G_TOP, G_BORDER, G_RESULTS.replace("mx.google.com", "mx.google.com.evil.test").format(PASS))),
    "google: a HELO that names Google": (GOOGLE, (MX.format("x by mx.google.com with ESMTPS id 1"), G_SPF, G_RESULTS.format(PASS))),
    "microsoft: below the edge": (MICROSOFT, (M_TOP, M_INNER, M_RESULTS.format(M_FAIL), EVIL_EDGE, M_RESULTS.format(M_PASS))),
    "microsoft: none above the edge": (MICROSOFT, (M_TOP, M_INNER, EVIL_EDGE, M_RESULTS.format(M_PASS), M_EDGE.format("x"))),
    "microsoft: two above the edge": (MICROSOFT, (M_TOP, M_RESULTS.format(M_PASS), M_RESULTS.format(M_FAIL), M_EDGE.format("x"))),
    "microsoft: with an authserv-id": (MICROSOFT, (M_TOP, "Authentication-Results: x.test; " + M_PASS, M_EDGE.format("x"))),
    "microsoft: a client that signed in": (
        MICROSOFT,
        (M_TOP, M_INNER.replace("2603:10a6:20b:468:cafe::aa", "198.51.100.9"), M_RESULTS.format(M_PASS), M_EDGE.format("x")),
    ),
    "same tenant: through the edge": (TENANT, (M_TOP, EVIL_EDGE, M_MAPI, M_AUTHAS, M_SOURCE)),
    "same tenant: from another server": (TENANT, (M_TOP, TRUE_MX, M_MAPI, M_AUTHAS, M_SOURCE)),
    "same tenant: the administrator said nothing": (MICROSOFT, (M_TOP, M_MAPI, M_AUTHAS, M_SOURCE)),
    "same tenant: not internal": (TENANT, (M_TOP, M_MAPI, M_AUTHAS.replace("Internal", "Anonymous"), M_SOURCE)),
    "same tenant: another source": (TENANT, (M_TOP, M_MAPI, M_AUTHAS, M_SOURCE.replace("prod.outlook.com", "evil.test"))),
    "same tenant: the source is an own server": (
        TENANT,
        (M_TOP, M_MAPI, M_AUTHAS, "X-MS-Exchange-Organization-AuthSource: mail.firm.test"),
    ),
    "same tenant: two words": (TENANT, (M_TOP, M_MAPI, M_AUTHAS, M_AUTHAS, M_SOURCE)),
    "same tenant: no hop at all": (TENANT, (M_AUTHAS, M_SOURCE)),
    "own: below the border": (OWN, (TRUE_MX, OURS.format(PASS))),
    "own: below the true one": (OWN, (OURS.format(FAIL), TRUE_MX, OURS.format(PASS), TRUE_MX)),
    "own: no hop": (OWN, (OURS.format(PASS),)),
    "own: HELO of ours": (OWN, (MX.format("mx.desk.test"), OURS.format(PASS), TRUE_MX)),
    "own: HELO with a hop in it": (OWN, (MX.format("mx.desk.test by mx.desk.test with LMTP id 1"), OURS.format(PASS), TRUE_MX)),
    "own: HELO with an open comment": (OWN, (MX.format("mx.desk.test by mx.desk.test with LMTP id ("), OURS.format(PASS), TRUE_MX)),
    "own: HELO with an address of ours": (OWN, (MX.format("[127.0.0.1]"), OURS.format(PASS), TRUE_MX)),
    "own: an open comment closed by the recipient": (
        OWN,
        (
            "Received: from mx.desk.test by x with LMTP id ( (unknown [198.51.100.9])"
            ' by mx.desk.test (Postfix) with ESMTP id 1 for <"a)"@desk.test>; x',
            OURS.format(PASS),
            TRUE_MX,
        ),
    ),
    "milter at 1: adjacent": (MILTER_1, (TRUE_MX, OURS.format(FAIL), OURS.format(PASS))),
    "milter at 1: behind OpenDKIM's": (MILTER_1, (TRUE_MX, OURS.format("dkim=none"), OURS.format(PASS))),
    "milter at 1: behind a forged hop": (MILTER_1, (TRUE_MX, OURS.format(FAIL), TRUE_MX, OURS.format(PASS))),
    "milter at 1: none, then a forged hop": (MILTER_1, (TRUE_MX, TRUE_MX, OURS.format(PASS))),
    "milter at 1: none, then another field": (MILTER_1, (TRUE_MX, "X: y", OURS.format(PASS))),
    "milter at 1: broken stays the first": (MILTER_1, (TRUE_MX, "Authentication-Results: mx.desk.test; dmarc=pass (", OURS.format(PASS))),
    "milter at 1: another server, with our name in the HELO": (
        MILTER_1,
        ("Received: from x by mx.desk.test with ESMTPS id 1 (x [198.51.100.9]) by in.provider.test with ESMTPS id 2; x", OURS.format(PASS)),
    ),
    "rspamd: adjacent": (RSPAMD, (TRUE_MX, "X-Spamd-Bar: /", OURS.format(FAIL), OURS.format(PASS))),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_line_is_not_believed(name: str) -> None:
    expected, lines = FORGED[name]
    assert not sender(expected, *lines).verified


JUNK = (*(line for _, lines in TRUE.values() for line in lines), *(line for _, lines in FORGED.values() for line in lines))


@settings(max_examples=examples(400), deadline=None)
@given(
    st.sampled_from(
        [
            (GOOGLE, (G_TOP, G_ARC.format(FAIL), G_PATH, G_BORDER, G_SPF, G_RESULTS.format(FAIL))),
            (MICROSOFT, (M_TOP, M_INNER, M_RESULTS.format(M_FAIL), M_EDGE.format("x"))),
            (TENANT, (M_TOP, M_INNER, M_RESULTS.format(M_FAIL), M_EDGE.format("x"))),
            (TENANT, (M_TOP, M_EDGE.format("x"))),
            (OWN, (STORE, OURS.format(FAIL), TRUE_MX)),
            (OWN, (TRUE_MX,)),
            (MILTER_0, (TRUE_MX,)),
            (MILTER_1, (TRUE_MX, OURS.format(FAIL))),
            (RSPAMD, (TRUE_MX, "X-Spamd-Bar: /", OURS.format(FAIL))),
        ]
    ),
    st.lists(st.sampled_from(JUNK), max_size=6),
)
def test_nothing_below_what_the_server_wrote_makes_the_agent(true: tuple[Expected, tuple[str, ...]], junk: list[str]) -> None:
    expected, top = true
    assert not sender(expected, *top, *junk).verified


@given(st.binary(max_size=300))
def test_any_bytes_are_a_hop_or_none(raw: bytes) -> None:
    read_hop(raw)


def test_hops_are_read_as_servers_write_them() -> None:
    for raw, wanted in (
        (G_BORDER, ("mail.firm.test", "198.51.100.41", "mx.google.com", "esmtps")),
        (G_TOP, ("", "", "2002:a05:7300:8a1c:b0:1a2:3b4c:5d6e", "smtp")),
        (TRUE_MX, ("mail.firm.test", "198.51.100.9", "mx.desk.test", "esmtps")),
        (STORE, ("mx.desk.test", "127.0.0.1", "store.desk.test", "lmtp")),
        (M_MAPI, ("vi1pr05mb4.eurprd05.prod.outlook.com", "fe80::1111:2222:3333:4444", "vi1pr05mb4.eurprd05.prod.outlook.com", "mapi")),
    ):
        hop = read_hop(raw.removeprefix("Received: ").encode())
        assert hop is not None, raw
        assert (hop.helo, hop.client, hop.by, hop.protocol) == wanted


# --- pairing


def answer(*lines: str) -> tuple[str, str, Expected | None]:
    fields = read_block("\r\n".join((*lines, FROM, "", "Hello")).encode()).fields
    shown = learned(fields, organizational)
    return shown.code, shown.detail, shown.believes


@pytest.mark.parametrize(
    ("lines", "profile"),
    [
        (TRUE["google"][1], Profile.GOOGLE),
        (TRUE["microsoft"][1], Profile.MICROSOFT),
        (TRUE["own"][1], Profile.OWN),
        (TRUE["own with a store"][1], Profile.OWN),
        (TRUE["milter at 1"][1], Profile.POSTFIX_MILTER),
        (TRUE["milter at 1 with a store"][1], Profile.POSTFIX_MILTER),
    ],
)
def test_an_answer_shows_where_the_server_writes(lines: tuple[str, ...], profile: Profile) -> None:
    code, _, believes = answer(*lines)
    assert (code, believes.profile if believes else None) == ("paired", profile)
    assert believes is not None
    assert from_json(to_json(believes)) == believes
    assert sender(believes, *lines).verified


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        # Whoever holds the word but not the agent's mailbox is refused by the line that the answer would teach.
        ((TRUE_MX, OURS.format(FAIL), OURS.format(PASS)), "failed"),
        ((OURS.format(FAIL), TRUE_MX, OURS.format(PASS)), "failed"),
        ((G_TOP, G_ARC.format(FAIL), G_BORDER, G_SPF, G_RESULTS.format(FAIL), G_RESULTS.format(PASS)), "failed"),
        # The source's server writes nothing: what stands there is the word of the sender's server, or of the sender.
        ((TRUE_MX, "Authentication-Results: out.firm.test; " + PASS, "Received: from pc by out.firm.test with ESMTPSA id 1; x"), "unseen"),
        ((TRUE_MX,), "unseen"),
        ((), "unseen"),
        # The same tenant of Exchange: only the administrator's word opens that.
        ((M_TOP, M_MAPI, M_AUTHAS, M_SOURCE), "unseen"),
        ((M_TOP, M_EDGE.format("x"), M_RESULTS.format(M_PASS)), "unseen"),
        # Results that say nothing of the domain in From.
        ((OURS.format("spf=pass smtp.mailfrom=x@firm.test"), TRUE_MX), "unseen"),
        ((OURS.format("dmarc=pass header.from=other.test"), TRUE_MX), "unseen"),
    ],
)
def test_an_answer_that_proves_nothing_teaches_nothing(lines: tuple[str, ...], code: str) -> None:
    found, _, believes = answer(*lines)
    assert (found, believes) == (code, None)


def test_other_servers_of_the_same_pool_count_and_no_others() -> None:
    in1 = TRUE_MX.replace("mx.desk.test", "in1.mx.provider.example")
    results = OURS.replace("mx.desk.test", "mx.provider.example").format(PASS)
    _, _, believes = answer(results, in1)
    assert believes is not None
    assert sender(believes, results, in1.replace("in1.", "in2.")).verified
    assert not sender(believes, results, in1.replace("in1.mx.provider.example", "in1.mx.provider.test")).verified
    assert not sender(believes, results, in1.replace("in1.mx.provider.example", "evilmx.provider.example")).verified


def test_one_registered_name_is_a_pool_of_its_own() -> None:
    fields = read_block("\r\n".join((OURS.format(PASS), TRUE_MX.replace("mx.desk.test", "desk.test"), FROM, "", "")).encode()).fields
    assert [one.hosts for one in shapes(fields, organizational)] == [("desk.test",)]


@pytest.mark.parametrize(
    ("source", "client"),
    [
        ("[198.51.100.9] (helo=[10.0.0.1])", ""),  # Exim, of a client without a name
        ("a.test ([198.51.100.9] helo=[10.0.0.1])", "198.51.100.9"),
        ("a.test ([198.51.100.9] ident=[10.0.0.1])", "198.51.100.9"),
        ("unknown (HELO [10.0.0.1]) (198.51.100.9)", "198.51.100.9"),  # qmail
        ("[10.0.0.1] (unknown [198.51.100.9])", "198.51.100.9"),  # Postfix
    ],
)
def test_the_address_that_a_client_gives_itself_is_not_the_one_that_the_server_saw(source: str, client: str) -> None:
    """It decides which hops are our own, and whom SPF asks about."""
    hop = read_hop(f"from {source} by mx.desk.test with esmtp id 1; x".encode())
    assert hop is not None
    assert hop.client == client
