"""Pairing, end to end: the word is mailed, the answer shows the way, and from then on the way counts for this agent alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.config.model import Mailbox
from mailbridge.handling.outcome import MailOutcome
from mailbridge.handling.pairing import request
from mailbridge.ids import system_chance
from mailbridge.message.envelope import Envelope, Source
from tests.harness import TestDesk, a_config, a_desk, a_mail

MX = "Received: from mail.desk.test (unknown [198.51.100.9]) by in.provider.test with ESMTPS id 4x; Mon, 23 Nov 2026 09:00:00 +0000"
RESULTS = "Authentication-Results: mx.provider.test; dmarc={} header.from=desk.test"
TRUE, FALSE = f"{MX}\r\n{RESULTS.format('pass')}\r\n", f"{MX}\r\n{RESULTS.format('fail')}\r\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    boxes = (Mailbox(name="main", host="imap.test"), Mailbox(name="other", host="imap.test"))
    config = replace(a_config(tmp_path).desk, authserv_ids=())
    with a_desk(tmp_path, mailboxes=boxes, desk=config) as desk:
        yield desk


def asked(desk: TestDesk, name: str = "bogdan") -> str:
    """The word that was mailed to this agent."""
    agent = desk.app.policy().organisation.agents[name]
    with desk.app.store.write() as tx:
        request(tx, agent, agent.address, desk_address="support@desk.test", now=desk.clock.now(), chance=system_chance)
    mail = desk.deliver()[-1]
    assert (mail["To"].addresses[0].addr_spec, "confirm your mail address" in mail["Subject"]) == (agent.address, True)
    return str(mail["Subject"])


def came(desk: TestDesk, top: str, *, account: str = "main", **headers: str) -> MailOutcome:
    """What became of a mail that our mailbox's server gave these lines."""
    headers = {"from_": "Bogdan <bogdan@desk.test>", "message_id": f"<{len(top)}-{len(headers)}-{came.number}@x.test>", **headers}
    came.number += 1
    envelope = Envelope(source=Source.IMAP, received_at=desk.clock.now(), account=account, folder="INBOX", uidvalidity=1, uid=came.number)
    inbox = desk.app.inbox.accept(top.encode() + a_mail("Yes.", **headers), envelope)
    return next(one.result.outcome for one in reversed(desk.work()) if one.inbox == inbox)


came.number = 0  # type: ignore[attr-defined]


def is_proven(desk: TestDesk, top: str, *, account: str = "main", from_: str = "Bogdan <bogdan@desk.test>") -> bool:
    """Whether a mail with these lines is an agent's now."""
    if came(desk, top, account=account, from_=from_, subject="Printer") is MailOutcome.HELD:
        return False
    with desk.app.store.read() as tx:
        mail = tx.inbox.list(limit=1)[0].mail
        assert mail is not None
        said = tx.mails.explanation(mail)["sender"]
    return bool(said["verified"])


def test_the_answer_proves_the_way_for_this_agent_and_this_mailbox(desk: TestDesk) -> None:
    subject = asked(desk)
    assert not is_proven(desk, TRUE)

    assert came(desk, TRUE, subject=f"Re: {subject}") is MailOutcome.KEPT

    assert is_proven(desk, TRUE)
    assert not is_proven(desk, TRUE, account="other")
    assert not is_proven(desk, TRUE, from_="Clara <clara@desk.test>")
    assert {n.recipient for n in desk.promises(event="paired")} == {"bogdan@desk.test", "admin@desk.test"}
    with desk.app.store.read() as tx:
        (pairing,) = tx.pairings.proven()
    assert (pairing.agent, pairing.source) == ("bogdan", "imap:main")
    desk.assert_sound()


def test_the_line_counts_at_its_place_only(desk: TestDesk) -> None:
    came(desk, TRUE, subject=asked(desk))

    assert is_proven(desk, TRUE)
    # The same provider, another sender: its server says so, whatever stands below.
    assert not is_proven(desk, FALSE + RESULTS.format("pass") + "\r\n")
    assert not is_proven(desk, f"{FALSE}{MX}\r\n{RESULTS.format('pass')}\r\n")
    assert not is_proven(desk, f"{MX}\r\nX-Mailer: x\r\n{RESULTS.format('pass')}\r\n")
    assert not is_proven(desk, f"{RESULTS.format('pass')}\r\n{MX}\r\n")
    assert not is_proven(desk, TRUE.replace("header.from=desk.test", "header.from=evil.test"))


def test_what_was_taken_back_counts_no_more(desk: TestDesk) -> None:
    came(desk, TRUE, subject=asked(desk))
    with desk.app.store.write() as tx:
        assert tx.pairings.end("bogdan", desk.clock.now()) == 1
    assert not is_proven(desk, TRUE)


@pytest.mark.parametrize(
    ("top", "changed"),
    [
        (FALSE, {}),  # somebody who saw the word, but writes by another way
        (FALSE + RESULTS.format("pass") + "\r\n", {}),
        ("", {}),
        (TRUE, {"from_": "Clara <clara@desk.test>"}),
        (TRUE, {"from_": "Kim <kim@desk.test>"}),
        (TRUE, {"subject": "Re: please confirm your mail address [pair-aaaaaaaaaaaaaaaaaaaaaaaaaa]"}),
        (TRUE, {"auto_submitted": "auto-replied"}),
    ],
)
def test_no_other_mail_pairs_the_agent(desk: TestDesk, top: str, changed: dict[str, str]) -> None:
    subject = asked(desk)
    came(desk, top, **{"subject": f"Re: {subject}", **changed})
    with desk.app.store.read() as tx:
        assert tx.pairings.proven() == []
    # The true answer still pairs: nobody can use up the word.
    came(desk, TRUE, subject=f"Re: {subject}")
    assert is_proven(desk, TRUE)


def test_a_word_counts_once_and_not_for_ever(desk: TestDesk) -> None:
    first, late = asked(desk), asked(desk, "clara")
    came(desk, TRUE, subject=first)
    assert came(desk, TRUE.replace("in.provider", "in.other"), subject=first) is MailOutcome.HELD
    desk.pass_time(days=4)
    assert came(desk, TRUE, subject=late, from_="Clara <clara@desk.test>") is MailOutcome.HELD
    with desk.app.store.read() as tx:
        assert [one.agent for one in tx.pairings.proven()] == ["bogdan"]


def test_an_agent_who_left_is_nobody_by_a_pairing(desk: TestDesk) -> None:
    came(desk, TRUE, subject=asked(desk))
    teams = desk.app.config.folder / "rules" / "teams.yaml"
    text = teams.read_text().replace("members: [bogdan, clara]", "members: [clara]")
    teams.write_text("\n".join(line for line in text.splitlines() if "bogdan:" not in line))
    desk.app.rules.refresh(at_once=True)
    assert not is_proven(desk, TRUE)


def test_an_answer_by_another_way_is_told_where_to_go(desk: TestDesk) -> None:
    subject = asked(desk)
    desk.feed(a_mail("Yes.", from_="Bogdan <bogdan@desk.test>", subject=f"Re: {subject}"), mail_from="bogdan@desk.test")
    assert dict(desk.promise_to("bogdan@desk.test", "paired").values)["result"] == "elsewhere"
