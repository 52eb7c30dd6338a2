"""`mailbridge check` says which agents are not proven, and proposes; it never makes anything count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.cli.check_trust import _next_step, trust_problems
from mailbridge.config.model import Mailbox, Trust
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.profiles import Profile
from tests.harness import TestDesk, a_config, a_desk, a_mail, proven

GOOGLE = (
    b"Received: by 2002:a05:7300:8a1c::1 with SMTP id x; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"Received: from out.desk.test (out.desk.test. [198.51.100.41]) by mx.google.com with ESMTPS id 1; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"Authentication-Results: mx.google.com; dmarc=pass (p=NONE) header.from=desk.test\r\n"
)


def came(desk: TestDesk, raw: bytes, number: int) -> None:
    envelope = Envelope(source=Source.IMAP, received_at=desk.clock.now(), account="main", folder="INBOX", uidvalidity=1, uid=number)
    desk.app.inbox.accept(raw, envelope)
    desk.work()


@pytest.mark.parametrize("profile", [None, Profile.GOOGLE])
def test_a_profile_is_proposed_from_mails_that_came(tmp_path: Path, profile: Profile | None) -> None:
    mailbox = Mailbox(name="main", host="imap.test", trust=Trust(profile=profile))
    with a_desk(tmp_path, mailboxes=(mailbox,), desk=replace(a_config(tmp_path).desk, authserv_ids=()), listeners=()) as desk:
        came(desk, GOOGLE + a_mail(from_="Bogdan <bogdan@desk.test>"), 1)
        config = replace(desk.app.config, store_url=f"sqlite:///{tmp_path}/mailbridge.db")
        found = list(trust_problems(config, desk.app.policy().organisation))
        again = list(trust_problems(config, desk.app.policy().organisation))

    if profile is not None:
        assert found == []
        return
    assert [one.message for one in found] == ["1 mail from agent bogdan by imap:main not authenticated: mailbox main names no profile"]
    assert found[0].hint == 'if this is the server behind the mailbox, write at mailbox "main": profile = "google"'
    assert found[0].warning
    # Having been proposed, it still counts for nothing.
    assert again == found


def test_an_agent_without_results_is_told_the_next_step(tmp_path: Path) -> None:
    mailbox = Mailbox(name="main", host="imap.test")
    with a_desk(tmp_path, mailboxes=(mailbox,), desk=replace(a_config(tmp_path).desk, authserv_ids=()), listeners=()) as desk:
        came(desk, a_mail(from_="Bogdan <bogdan@desk.test>"), 1)
        came(desk, a_mail(message_id="<2@customer.test>"), 2)
        config = replace(desk.app.config, store_url=f"sqlite:///{tmp_path}/mailbridge.db")
        (found,) = trust_problems(config, desk.app.policy().organisation)
    assert found.hint == "sign the agents' mail with DKIM, or run: mailbridge agents pair bogdan"


HOP = b"Received: from mx.desk.test (mx.desk.test [%s]) by store.desk.test with ESMTP id 2; Mon, 23 Nov 2026 09:00:01 +0000\r\n"


@pytest.mark.parametrize(
    ("client", "hint"),
    [
        (
            b"10.0.0.5",
            "if store.desk.test took the mail from a server of yours, 10.0.0.5, "
            'write at mailbox "main": relays = ["10.0.0.5"]; if from outside: own_hosts = ["store.desk.test"]',
        ),
        (
            b"198.51.100.9",
            'if store.desk.test is the server that takes your mail from outside, write at mailbox "main": own_hosts = ["store.desk.test"]',
        ),
    ],
)
def test_a_hop_that_is_not_known_as_ours_is_named_with_its_key(tmp_path: Path, client: bytes, hint: str) -> None:
    """A desk of an earlier release believed its MX behind any hop; its agents must not become strangers without a word."""
    mailbox = Mailbox(name="main", host="imap.test", trust=Trust(profile=Profile.OWN, authserv_ids=("mx.desk.test",)))
    with a_desk(tmp_path, mailboxes=(mailbox,), listeners=()) as desk:
        came(desk, HOP % client + proven(a_mail(from_="Bogdan <bogdan@desk.test>")), 1)
        config = replace(desk.app.config, store_url=f"sqlite:///{tmp_path}/mailbridge.db")
        (found,) = trust_problems(config, desk.app.policy().organisation)
        assert "the topmost Received line is not by a server of ours, but by store.desk.test" in found.message
        assert found.hint == hint
        cured = replace(mailbox, trust=replace(mailbox.trust, relays=("10.0.0.5",)))
        after = list(trust_problems(replace(config, mailboxes=(cured,)), desk.app.policy().organisation))
    assert bool(after) is (client != b"10.0.0.5")


def test_a_forged_mail_asks_for_no_other_configuration() -> None:
    assert "forged" in _next_step("ana", "lmtp:127.0.0.1", "dmarc=fail by mx.acme.example")
    assert "trusted_peers" in _next_step("ana", "lmtp:127.0.0.1", "no trusted Authentication-Results")
