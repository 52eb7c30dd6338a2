"""Several new requests of one person within minutes: the first is acknowledged at once, the others in one mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.clock import FixedClock
from mailbridge.config.model import LimitSettings
from mailbridge.daemon.app import App
from mailbridge.execution.desk import Desk
from mailbridge.jobs import receipts
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from tests.forked import killed
from tests.harness import TestDesk, a_config, a_desk, a_mail, proven

CAROL = "carol@customer.test"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path) as made:
        yield made


def ask(desk: TestDesk, topic: str, *, prove: bool = True, sender: str = CAROL) -> None:
    desk.pass_time(seconds=30)
    raw = a_mail(from_=f"Carol <{sender}>", subject=topic, message_id=f"<{topic.lower()}@customer.test>")
    desk.feed(proven(raw, "customer.test") if prove else raw, mail_from=sender)


def received(desk: TestDesk, sender: str = CAROL) -> list[str]:
    """The mails to this person, as text."""
    desk.deliver()
    return [text(mail) for mail in desk.sent() if sender in str(mail["To"])]


def text(mail: Message) -> str:
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    return f"{mail['Subject']} | " + " ".join(body.get_content().split())


def tick(desk: TestDesk, **time: float) -> None:
    desk.pass_time(**time)
    desk.app.jobs.sweep()


def test_the_first_comes_at_once_and_the_others_in_one_mail_with_their_topics(desk: TestDesk) -> None:
    for topic in ("Printer", "Scanner", "Plotter"):
        ask(desk, topic)
    (first,) = received(desk)
    assert first.startswith("Re: Printer [MB-1] | ")

    tick(desk, minutes=4, seconds=-1)  # 5 minutes after the first, the others were 30 seconds apart
    assert len(received(desk)) == 1
    tick(desk, seconds=1)
    _, others = received(desk)
    assert others.startswith("Re: Scanner [MB-2] | ")
    assert "MB-2: Scanner MB-3: Plotter" in others

    tick(desk, hours=1)
    assert len(received(desk)) == 2


def test_the_address_of_each_request_leads_to_it(desk: TestDesk) -> None:
    for topic in ("Printer", "Scanner", "Plotter"):
        ask(desk, topic)
    tick(desk, minutes=5)
    together = desk.promise_to(CAROL, "received_together")
    to = together.payload.rows[1].address  # type: ignore[union-attr]
    assert f"MB-3: {to}" in received(desk)[1]

    for answered, ticket in ((to, 3), (together.reply_to, 2)):
        mail = a_mail("It is the blue one.", from_=CAROL, to=answered, message_id=f"<more{ticket}@customer.test>")
        assert desk.feed(proven(mail, "customer.test"), mail_from=CAROL, rcpt_to=(answered,)).result.ticket == ticket


def test_a_single_further_one_is_acknowledged_as_usual_and_later_ones_at_once(desk: TestDesk) -> None:
    ask(desk, "Printer")
    ask(desk, "Scanner")
    tick(desk, minutes=5)
    _, scanner = received(desk)
    assert "Thank you for your message about “Scanner”" in scanner

    desk.pass_time(minutes=10)
    ask(desk, "Plotter")
    assert len(received(desk)) == 3


def test_a_request_that_was_answered_meanwhile_is_left_out(desk: TestDesk) -> None:
    for topic in ("Printer", "Scanner", "Plotter"):
        ask(desk, topic)
    to = next(one for one in desk.promises(event="new") if one.ticket == 2).reply_to
    answer = a_mail("Restart it.", from_="bogdan@desk.test", to=to, message_id="<a@desk.test>")
    desk.feed(proven(answer), mail_from="bogdan@desk.test", rcpt_to=(to,))
    tick(desk, minutes=5)

    printer, scanner, plotter = received(desk)
    assert [one.partition(" | ")[0] for one in (printer, scanner, plotter)] == [
        "Re: Printer [MB-1]",
        "Re: Scanner [MB-2]",
        "Re: Plotter [MB-3]",
    ]
    assert "Restart it." in scanner


def test_what_an_unproven_writer_says_is_in_no_mail_and_not_beside_a_proven_one(desk: TestDesk) -> None:
    ask(desk, "Printer", prove=False)
    ask(desk, "Scanner")
    ask(desk, "Malware", prove=False)
    ask(desk, "Offer", prove=False)
    ask(desk, "Plotter")
    tick(desk, minutes=10)

    mails = received(desk)
    assert not any("Malware" in one or "Offer" in one or "Printer" in one for one in mails)
    listed = next(one for one in mails if "MB-3" in one)
    assert "MB-3 MB-4" in listed
    assert sum("Plotter" in one for one in mails) == 1


def test_nothing_is_held_where_the_window_is_closed(tmp_path: Path) -> None:
    with a_desk(tmp_path, limits=LimitSettings(receipts_together_minutes=0)) as desk:
        ask(desk, "Printer")
        ask(desk, "Scanner")
        assert len(received(desk)) == 2
    assert LimitSettings().receipts_together_minutes == 5


def one_life(folder: Path, url: str, at: FixedClock) -> None:
    with App.open(replace(a_config(folder), store_url=url), clock=at) as app:
        app.jobs.sweep()


@pytest.mark.servers
def test_killed_while_they_are_combined_each_is_acknowledged_once(tmp_path: Path, store_url: str) -> None:
    with a_desk(tmp_path, store_url=store_url) as desk:
        for topic in ("Printer", "Scanner", "Plotter"):
            ask(desk, topic)
        at = FixedClock(desk.pass_time(minutes=5))

    assert killed("receipts.before_commit", one_life, tmp_path, store_url, at)
    assert combined(store_url) == []
    for _ in range(2):
        assert not killed("", one_life, tmp_path, store_url, at)
    assert combined(store_url) == [["MB-2", "MB-3"]]


def combined(url: str) -> list[list[str]]:
    store = Store(url)
    try:
        with store.read() as tx:
            found = [one.notification for one in tx.outbox.list(limit=100)]
            held = [one for one in tx.outbox.list(limit=100) if one.notification.event == "received" and one.state == "held"]
        lists = [one.payload for one in found if one.event == "received_together"]
        assert len(held) == (0 if lists else 2)
        return [[row.number for row in each.rows] for each in lists]  # type: ignore[union-attr]
    finally:
        store.close()


def test_an_acknowledgement_that_cannot_be_made_holds_up_nobody_elses(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    for topic, sender in (("Printer", CAROL), ("Scanner", CAROL), ("Door", "dana@customer.test"), ("Key", "dana@customer.test")):
        ask(desk, topic, sender=sender)
    whole = receipts._notify

    def broken(tx: Tx, group: receipts.Group, with_desk: Desk, now: datetime) -> int:
        if group[0][0].notification.recipient == CAROL:
            raise KeyError("broken")
        return whole(tx, group, with_desk, now)

    monkeypatch.setattr(receipts, "_notify", broken)
    tick(desk, minutes=5)
    assert len(received(desk)) == 1
    assert len(received(desk, "dana@customer.test")) == 2

    monkeypatch.setattr(receipts, "_notify", whole)
    tick(desk, minutes=5)
    assert len(received(desk)) == 2
