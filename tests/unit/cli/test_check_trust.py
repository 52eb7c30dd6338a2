"""`mailbridge check` says which agents are not proven, and proposes; it never makes anything count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.cli.check_trust import trust_problems
from mailbridge.config import Mailbox, Trust
from mailbridge.intake.envelope import Envelope, Source
from mailbridge.message.profiles import Profile
from tests.harness import TestDesk, a_config, a_desk, a_mail

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
    assert [one.message for one in found] == ["1 mail from agent bogdan by imap:main not proven: mailbox main names no profile"]
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
