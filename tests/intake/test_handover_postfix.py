"""A real Postfix hands mails over to our listeners (mailbridge.intake.listener)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from mailbridge.config.model import ListenerSettings
from mailbridge.errors import StoreAway
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.message.envelope import Source
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import InboxRow
from tests.servers.postfix import Postfix
from tests.servers.processes import wait_until

pytestmark = pytest.mark.servers

OWN = {f"{name}@{domain}" for name in ("help", "billing", "sales") for domain in ("lmtp.test", "smtp.test")}


class Desk:
    """Both listeners on the ports that Postfix delivers to, before a real SQLite store."""

    def __init__(self, postfix: Postfix, store: Store) -> None:
        self.postfix = postfix
        self.store = store
        self.inbox = Inbox(store)
        settings = [
            ListenerSettings(protocol="lmtp", port=postfix.lmtp_port, hostname="desk.test", max_size=1 << 20),
            ListenerSettings(protocol="smtp", port=postfix.smtp_port, hostname="desk.test", max_size=1 << 20),
        ]
        self.listeners = Listeners(settings, self.inbox, OWN.__contains__)

    def rows(self) -> list[InboxRow]:
        with self.store.read() as tx:
            return tx.inbox.list(limit=100)[::-1]

    def mails(self) -> list[bytes]:
        with self.store.read() as tx:
            return [tx.blobs.get(row.sha256) for row in tx.inbox.list(limit=100)[::-1]]

    def wait_for(self, mails: int) -> None:
        """So many mails are here, and Postfix has nothing left."""
        wait_until(lambda: len(self.rows()) >= mails and self.postfix.queued("@lmtp.test", "@smtp.test") == 0, f"{mails} mails arrive")
        assert len(self.rows()) == mails


@pytest.fixture
def desk(postfix: Postfix, sqlite_store_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        desk = Desk(postfix, store)
        stack.callback(desk.inbox.close)
        desk.listeners.start()
        stack.callback(desk.listeners.stop, timedelta(seconds=5))
        yield desk


def a_mail(subject: str, body: str = "It smokes.") -> bytes:
    return f"From: ann@customer.example\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()


def body_of(raw: bytes) -> bytes:
    """What Postfix leaves alone: it adds Received, Message-ID and Date."""
    return raw.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("way", ["lmtp", "smtp"])
def test_mail_for_several_recipients_arrives_once_and_is_answered_for_each(desk: Desk, way: str) -> None:
    recipients = [f"{name}@{way}.test" for name in ("help", "billing", "sales")]
    desk.postfix.send(a_mail("three"), recipients)
    desk.wait_for(1)
    envelope = desk.rows()[0].envelope
    assert (envelope.source, envelope.mail_from, sorted(envelope.rcpt_to)) == (Source(way), "ann@customer.example", sorted(recipients))
    assert body_of(desk.mails()[0]) == body_of(a_mail("three"))


@pytest.mark.parametrize("way", ["lmtp", "smtp"])
def test_unknown_recipient_bounces_and_the_known_one_gets_the_mail(desk: Desk, way: str) -> None:
    desk.postfix.send(a_mail("half"), [f"help@{way}.test", f"nobody-{way}@{way}.test"], sender="")
    desk.wait_for(1)
    assert desk.rows()[0].envelope.rcpt_to == (f"help@{way}.test",)
    assert desk.rows()[0].envelope.mail_from == ""
    assert f"<nobody-{way}@{way}.test>" in desk.postfix.log()
    assert "550 5.1.1" in desk.postfix.log()


def test_stuffed_dots_long_lines_and_eight_bits_arrive_as_they_were(desk: Desk) -> None:
    body = ".\r\n..\r\n.hidden\r\n" + "ü" * 400 + "\r\nпривет"
    desk.postfix.send(a_mail("odd", body), ["help+mb.1.abc@lmtp.test"])
    desk.wait_for(1)
    assert body_of(desk.mails()[0]) == f"{body}\r\n".encode()


def test_one_connection_of_postfix_brings_many_mails(desk: Desk) -> None:
    for number in range(20):
        desk.postfix.send(a_mail(f"mail-{number}"), ["help@lmtp.test" if number % 2 else "help@smtp.test"])
    desk.wait_for(20)
    assert len({raw.split(b"Subject: ")[1][:7] for raw in desk.mails()}) == 20


@pytest.mark.parametrize("way", ["lmtp", "smtp"])
def test_store_that_is_away_makes_postfix_try_again_until_it_is_back(desk: Desk, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise StoreAway("the disk is full")

    before = desk.postfix.log().count("451 4.3.0")
    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "write", away)
        desk.postfix.send(a_mail(f"later-{way}"), [f"help@{way}.test", f"billing@{way}.test"])
        wait_until(lambda: desk.postfix.log().count("451 4.3.0") > before, "Postfix is put off")
        wait_until(lambda: desk.postfix.queued("@lmtp.test", "@smtp.test") == 1, "Postfix keeps the mail")
        assert desk.rows() == []
    desk.wait_for(1)


def test_desk_that_is_down_gets_its_mail_when_it_is_up_again(postfix: Postfix, sqlite_store_url: str) -> None:
    postfix.send(a_mail("early"), ["help@lmtp.test"])
    wait_until(lambda: "Connection refused" in postfix.log(), "Postfix finds nobody")
    store = Store(sqlite_store_url)
    desk = Desk(postfix, store)
    desk.listeners.start()
    try:
        desk.wait_for(1)
    finally:
        desk.listeners.stop(timedelta(seconds=5))
        desk.inbox.close()
        store.close()


def test_mail_over_our_limit_is_returned_and_not_tried_for_ever(desk: Desk) -> None:
    desk.postfix.send(a_mail("huge", "x" * 78 + "\r\n" + ("y" * 78 + "\r\n") * 20_000), ["help@lmtp.test"], sender="")
    wait_until(lambda: desk.postfix.queued("@lmtp.test", "@smtp.test") == 0, "Postfix gives up")
    assert desk.rows() == []
