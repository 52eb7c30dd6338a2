"""The envelope says whose words in a header count; the header never does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailbridge.checks.advice import advice
from mailbridge.checks.build import asks_dns, organizational
from mailbridge.checks.channels import Channels, source_name
from mailbridge.config.model import AuthenticitySettings, Config, DeskSettings, ListenerSettings, Mailbox, Pipe, SenderCheck, Trust
from mailbridge.errors import Permanent
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.profiles import Profile
from mailbridge.message.received import received

HEADER = (
    b"Authentication-Results: mx.desk.test; dmarc=pass header.from=desk.test\r\n"
    b"Received: from out.desk.test (unknown [198.51.100.9]) by mx.desk.test (Postfix) with ESMTP id 1; x\r\n"
    b"From: bogdan@desk.test\r\n\r\n"
)


def config(*, ids: tuple[str, ...] = ("mx.desk.test",), **different: Any) -> Config:
    return Config(folder=Path(), desk=DeskSettings(name="Desk", address="help@desk.test", authserv_ids=ids), **different)


def envelope(source: Source, **different: Any) -> Envelope:
    return Envelope(source=source, received_at=datetime(2026, 11, 30, tzinfo=UTC), **different)


def verified(config: Config, envelope: Envelope, header: bytes = HEADER) -> bool:
    return Channels(config, organizational).sender(header, envelope, {}).verified


LISTENER = ListenerSettings(protocol="lmtp", port=24, trusted_peers=("10.0.0.2", "172.18.0.0/16", "2001:db8::/64"))


@pytest.mark.parametrize(
    ("peer", "believed"),
    [
        ("10.0.0.2", True),
        ("::ffff:10.0.0.2", True),
        ("172.18.5.6", True),
        ("2001:db8::7", True),
        ("10.0.0.3", False),
        ("172.19.0.1", False),
        ("127.0.0.1", False),
        ("", False),
        ("10.0.0.2.evil.test", False),
    ],
)
def test_a_peers_words_count_where_it_is_named(peer: str, believed: bool) -> None:
    desk = config(listeners=(LISTENER,))
    assert verified(desk, envelope(Source.LMTP, peer=peer, account="127.0.0.1:24")) is believed
    # A mail that an earlier release took does not name its listener.
    assert verified(desk, envelope(Source.LMTP, peer=peer)) is believed


def test_the_name_that_the_peer_gives_itself_says_nothing() -> None:
    assert not verified(config(listeners=(LISTENER,)), envelope(Source.LMTP, peer="192.0.2.66", helo="10.0.0.2"))


def test_the_listeners_own_line_on_top_is_not_the_peers() -> None:
    mine = envelope(Source.LMTP, peer="10.0.0.2", helo="mx.desk.test", rcpt_to=("help@desk.test",))
    line = received(mine, "desk.test", tls=False)
    assert verified(config(listeners=(LISTENER,)), mine, line + HEADER)
    strange = envelope(Source.LMTP, peer="10.0.0.2", helo="x\r\nFrom: evil@x.test", rcpt_to=('"a)"@desk.test',))
    wanted = b"Received: from unknown ([10.0.0.2])\r\n\tby desk.test (mailbridge) with LMTPS; "
    assert received(strange, "desk.test", tls=True).startswith(wanted)


def test_listeners_do_not_lend_each_other_their_peers() -> None:
    other = ListenerSettings(protocol="lmtp", port=25)
    desk = config(listeners=(other, LISTENER))
    assert not verified(desk, envelope(Source.LMTP, peer="10.0.0.2", account="127.0.0.1:25"))
    assert verified(desk, envelope(Source.LMTP, peer="10.0.0.2", account="127.0.0.1:24"))
    assert not verified(desk, envelope(Source.SMTP, peer="10.0.0.2", account="127.0.0.1:24"))


@pytest.mark.parametrize(
    ("pipe", "believed"), [(Pipe(), False), (Pipe(trusted=True), True), (Pipe(trust=Trust(profile=Profile.OWN)), False)]
)
def test_a_pipe_counts_where_it_is_declared_trusted(pipe: Pipe, believed: bool) -> None:
    assert verified(config(pipe=pipe), envelope(Source.PIPE)) is believed


def test_a_mailbox_counts_with_a_profile_or_the_desks_names() -> None:
    def at(account: str) -> Envelope:
        return envelope(Source.IMAP, account=account)

    boxes = (Mailbox(name="plain", host="x"), Mailbox(name="google", host="x", trust=Trust(profile=Profile.GOOGLE)))
    assert verified(config(mailboxes=boxes), at("plain"))
    assert not verified(config(mailboxes=boxes, ids=()), at("plain"))
    assert not verified(config(mailboxes=boxes), at("google"))
    assert not verified(config(mailboxes=boxes), at("gone"))


@pytest.mark.parametrize("source", [Source.IMPORT, Source.COMMAND])
def test_no_header_counts_of_what_did_not_come_by_mail(source: Source) -> None:
    assert not verified(config(pipe=Pipe(trusted=True), listeners=(LISTENER,)), envelope(source))


@pytest.mark.parametrize(
    ("check", "asked"),
    [(SenderCheck.AUTO, {Source.IMAP}), (SenderCheck.HEADERS, set()), (SenderCheck.DNS, set(Source))],
)
def test_which_mails_are_checked_by_ourselves(check: SenderCheck, asked: set[Source]) -> None:
    desk = config(authenticity=AuthenticitySettings(check=check), mailboxes=(Mailbox(name="main", host="x"),))
    channels = Channels(desk, organizational)
    assert {source for source in Source if channels.asks(envelope(source))} == asked
    assert asks_dns(desk) is bool(asked)


def test_a_trusted_line_names_the_client_for_spf() -> None:
    channels = Channels(config(listeners=(LISTENER,), authenticity=AuthenticitySettings(check=SenderCheck.DNS)), organizational)
    route, _ = channels.route(HEADER, envelope(Source.LMTP, peer="10.0.0.2", mail_from="bogdan@desk.test"))
    assert route is not None
    assert (route.client, route.mail_from) == ("198.51.100.9", "bogdan@desk.test")
    route, why = channels.route(HEADER, envelope(Source.LMTP, peer="10.0.0.3", mail_from="bogdan@desk.test"))
    assert (route, why) == (None, "spf: not checked, it came by LMTP")
    inside = HEADER.replace(b"198.51.100.9", b"10.1.1.1")
    assert channels.route(inside, envelope(Source.LMTP, peer="10.0.0.2", mail_from="a@desk.test"))[0] is None


def test_sources_have_names_that_stay() -> None:
    assert source_name(envelope(Source.IMAP, account="main")) == "imap:main"
    assert source_name(envelope(Source.LMTP, peer="10.0.0.2", account="127.0.0.1:24")) == "lmtp:10.0.0.2"
    assert source_name(envelope(Source.PIPE)) == "pipe"


def test_settings_without_effect_are_told() -> None:
    local = ListenerSettings(protocol="lmtp", port=24)
    assert [one.hint for one in advice(config(listeners=(local,)))] == [
        'name the addresses of your mail server at this listener: trusted_peers = ["127.0.0.1"]'
    ]
    assert next(iter(advice(config()))).message.startswith("authserv_ids has no effect")
    for fine in (
        config(listeners=(LISTENER,)),
        config(ids=(), listeners=(local,)),
        config(mailboxes=(Mailbox(name="main", host="x"),), authenticity=AuthenticitySettings(dns_servers=(("127.0.0.1", 53),))),
        config(pipe=Pipe(trusted=True)),
    ):
        assert advice(fine) == ()


def test_a_desk_without_dns_servers_is_told_that_it_checks_nobody_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise Permanent("this system names no DNS servers; give some: [authenticity] dns_servers")

    monkeypatch.setattr("mailbridge.checks.resolver.Resolver", nothing)
    mailbox = (Mailbox(name="main", host="x"),)
    [one] = advice(config(mailboxes=mailbox))
    assert one.message == "senders are not checked by the desk itself: this system names no DNS servers (/etc/resolv.conf)"
    assert "[authenticity] dns_servers" in one.hint
    assert advice(config(mailboxes=mailbox, authenticity=AuthenticitySettings(check=SenderCheck.HEADERS))) == ()
    assert advice(config(pipe=Pipe(trusted=True))) == ()
