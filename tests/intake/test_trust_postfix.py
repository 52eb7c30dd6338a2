"""Mail as a real Postfix hands it over, with milters at both indexes: who is believed, and who only says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from mailbridge.checks.build import organizational
from mailbridge.checks.channels import Channels
from mailbridge.config.model import Config, ListenerSettings, Trust
from mailbridge.config.model import DeskSettings as DeskConfig
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.message.headers import header_block
from mailbridge.message.model import Sender
from mailbridge.message.profiles import Profile
from mailbridge.store.engine import Store
from tests.servers import milter
from tests.servers.milter import Milter
from tests.servers.postfix import Postfix
from tests.servers.processes import wait_until

pytestmark = pytest.mark.servers

RESULTS = "Authentication-Results"
PASS = "mx.test; dmarc=pass (p=reject dis=none) header.from=desk.test"
FAIL = "mx.test; dmarc=fail (p=reject dis=none) header.from=desk.test"
OPENDKIM = "mx.test; dkim=none (message not signed)"
RSPAMD = "mx.test;\n\tdkim=none;\n\tspf=softfail smtp.mailfrom=a@evil.test;\n\tdmarc={} (policy=reject) header.from=desk.test"


class Way:
    """Postfix, its milter and our LMTP listener; `sender` judges the mail that came last."""

    def __init__(self, postfix: Postfix, filter: Milter, store: Store) -> None:
        self.postfix, self.milter, self.store = postfix, filter, store

    def config(self, profile: Profile, index: int, *, peers: tuple[str, ...] = ("127.0.0.1",)) -> Config:
        trust = Trust(profile=profile, milter_index=index)
        listener = ListenerSettings(protocol="lmtp", port=self.postfix.lmtp_port, hostname="desk.test", trusted_peers=peers, trust=trust)
        desk = DeskConfig(name="Desk", address="help@lmtp.test", authserv_ids=("mx.test",))
        return Config(folder=self.postfix.folder, desk=desk, listeners=(listener,))

    def pass_on(self, lines: list[str], *, index: int, written: list[tuple[str, str]], helo: str = "client.test") -> None:
        """A mail from bogdan's address with these lines on top goes through the milter, which writes `written`, and arrives."""
        before = self.count()
        self.milter.index, self.milter.lines = index, written
        raw = "\r\n".join([*lines, "From: bogdan@desk.test", "Subject: x", "", "#take", ""]).encode()
        self.postfix.send(raw, ["help@lmtp.test"], sender="a@evil.test", filtered=True, helo=helo)
        wait_until(lambda: self.count() > before, "the mail arrives")

    def count(self) -> int:
        with self.store.read() as tx:
            return len(tx.inbox.list(limit=1000))

    def sender(self, profile: Profile, index: int, *, peers: tuple[str, ...] = ("127.0.0.1",)) -> Sender:
        with self.store.read() as tx:
            row = tx.inbox.list(limit=1)[0]
            raw = tx.blobs.get(row.sha256)
        return Channels(self.config(profile, index, peers=peers), organizational).sender(header_block(raw), row.envelope, {})


@pytest.fixture
def way(postfix: Postfix, sqlite_store_url: str) -> Iterator[Way]:
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        inbox = Inbox(store)
        stack.callback(inbox.close)
        way = Way(postfix, stack.enter_context(milter.running(postfix.milter_port)), store)
        listeners = Listeners(way.config(Profile.OWN, 0).listeners, inbox, {"help@lmtp.test"}.__contains__)
        listeners.start()
        stack.callback(listeners.stop, timedelta(seconds=5))
        yield way


PLACES = [(Profile.POSTFIX_MILTER, 0), (Profile.OWN, 0), (Profile.POSTFIX_MILTER, 1)]
FORGED = f"{RESULTS}: {PASS}"
HOP = "Received: from mail.desk.test (mail.desk.test [198.51.100.7]) by mx.test (Postfix) with ESMTPS id 4x; Mon, 2 Nov 2026 10:00:00 +0000"


@pytest.mark.parametrize(("profile", "index"), PLACES)
def test_what_the_milter_wrote_is_believed_at_its_own_index(way: Way, profile: Profile, index: int) -> None:
    # OpenDKIM runs first, OpenDMARC after it: the line of the latter comes to stand above.
    way.pass_on([], index=index, written=[(RESULTS, OPENDKIM), (RESULTS, PASS)])
    found = way.sender(profile, index)
    assert (found.verified, found.proof, found.reasons) == (True, f"profile {profile}", ("dmarc=pass by mx.test",))
    # From another peer, or with the other index, the same mail proves nothing.
    assert not way.sender(profile, index, peers=("192.0.2.1",)).verified
    assert not way.sender(Profile.POSTFIX_MILTER, 1 - index).verified


@pytest.mark.parametrize(("profile", "index"), PLACES)
@pytest.mark.parametrize("helo", ["client.test", "mx.test", "x by mx.test with LMTP id 1"])
@pytest.mark.parametrize("lines", [[FORGED], [FORGED, HOP, FORGED]])
def test_what_the_sender_wrote_is_not(way: Way, profile: Profile, index: int, helo: str, lines: list[str]) -> None:
    way.pass_on(lines, index=index, written=[(RESULTS, OPENDKIM), (RESULTS, FAIL)], helo=helo)
    found = way.sender(profile, index)
    assert (found.verified, found.dmarc, found.policy) == (False, "fail", "reject"), found.reasons


@pytest.mark.parametrize("helo", ["mx.test", "x by mx.test with LMTP id 1"])
def test_above_the_border_nothing_can_be_forged_where_the_milter_wrote_nothing(way: Way, helo: str) -> None:
    way.pass_on([FORGED, HOP, FORGED], index=0, written=[], helo=helo)
    assert not way.sender(Profile.POSTFIX_MILTER, 0).verified
    assert not way.sender(Profile.OWN, 0).verified


def test_rspamd_writes_below_the_border_with_lines_of_its_own_around(way: Way) -> None:
    extras = [("X-Spamd-Bar", "/"), ("X-Rspamd-Server", "mx")]
    way.pass_on([FORGED], index=1, written=[(RESULTS, RSPAMD.format("fail")), *extras])
    assert (way.sender(Profile.RSPAMD, 1).dmarc, way.sender(Profile.RSPAMD, 1).policy) == ("fail", "reject")
    way.pass_on([], index=1, written=[(RESULTS, RSPAMD.format("pass")), *extras])
    assert way.sender(Profile.RSPAMD, 1).verified


def test_the_listener_writes_its_own_line_on_top(way: Way) -> None:
    way.pass_on([], index=0, written=[])
    with way.store.read() as tx:
        raw = tx.blobs.get(tx.inbox.list(limit=1)[0].sha256)
    assert raw.startswith(b"Received: from mx.test ([127.0.0.1])\r\n\tby desk.test (mailbridge) with LMTP\r\n\tfor <help@lmtp.test>; ")
