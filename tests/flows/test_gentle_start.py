"""A first connect, a backlog and a burst: who is told, when, and in how many mails.  Nothing is lost."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mailbridge.cli.release import release
from mailbridge.jobs import release as waits
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification, OutboxState
from mailbridge.store.cursors import Start
from mailbridge.store.tables.outgoing import FOR_RELEASE
from tests.harness import TestDesk, a_mail, proven, table

URGENT = "URGENT server down"


def customer(number: int, subject: str = "") -> bytes:
    raw = a_mail(from_=f"c{number}@customer.test", message_id=f"<m{number}@customer.test>", subject=subject or f"Request {number}")
    return proven(raw, "customer.test")


def feed(desk: TestDesk, first: int, count: int) -> None:
    for number in range(first, first + count):
        desk.accept(customer(number), mail_from=f"c{number}@customer.test")


def states(desk: TestDesk, event: str) -> list[OutboxState]:
    with desk.app.store.read() as tx:
        return [one.state for one in reversed(tx.outbox.list(limit=1000)) if one.notification.event == event]


def rows(desk: TestDesk, recipient: str) -> list[str]:
    """The tickets of each bundle to this agent."""
    return [table(one) for one in desk.promises(Audience.AGENT, "bundle") if one.recipient == recipient]


def test_a_burst_is_told_in_one_mail_and_customers_have_their_acknowledgements(desk: TestDesk) -> None:
    feed(desk, 1, 25)
    desk.work()
    assert states(desk, "new") == [OutboxState.QUEUED] * 20 + [OutboxState.HELD] * 30  # to two agents each
    assert states(desk, "received") == [OutboxState.QUEUED] * 25
    desk.pass_time(minutes=4)
    desk.app.jobs.sweep()
    assert desk.promises(Audience.AGENT, "bundle") == []
    desk.pass_time(minutes=2)
    desk.app.jobs.sweep()
    for agent in ("bogdan@desk.test", "clara@desk.test"):
        (listed,) = rows(desk, agent)
        assert [line.split("\t")[0] for line in listed.splitlines()] == [f"MB-{number}" for number in range(11, 26)]
    mails = [mail for mail in desk.deliver() if mail["Subject"] == "Acme Support: 15 tickets for Support"]
    assert len(mails) == 2
    text = mails[0].get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert text.count(">Take it</a>") == 15
    desk.pass_time(minutes=11)  # it is quiet: back to single mails
    feed(desk, 30, 1)
    desk.work()
    assert states(desk, "new")[-2:] == [OutboxState.QUEUED] * 2
    desk.assert_sound()


def test_what_is_urgent_is_told_at_once(desk: TestDesk) -> None:
    rule = desk.app.config.rules_folder / "routing" / "20-urgent.yaml"
    rule.write_text("- name: urgent\n  when: {header: {subject: {contains: URGENT}}}\n  then: {priority: urgent}\n")
    assert desk.app.rules.refresh(at_once=True) is not False
    desk.accept(customer(1))
    desk.accept(customer(2, URGENT))
    desk.accept(customer(3))
    desk.pass_time(hours=2)  # the desk was away
    desk.work()
    told = {one.ticket for one in desk.promises(Audience.AGENT, "new") if desk.ticket(one.ticket or 0).priority == "urgent"}
    with desk.app.store.read() as tx:
        held = {one.notification.ticket for one in tx.outbox.list(OutboxState.HELD)}
    assert told == {2}
    assert held == {1, 3}


def test_a_backlog_is_told_at_once_in_one_mail(desk: TestDesk) -> None:
    feed(desk, 1, 3)
    desk.pass_time(hours=2)
    desk.work()
    desk.pass_time(seconds=31)
    desk.app.jobs.sweep()
    assert len(rows(desk, "bogdan@desk.test")) == 1
    assert states(desk, "received") == [OutboxState.QUEUED] * 3
    assert desk.app.jobs.sweep() == 0


def test_a_late_mail_that_is_alone_is_told_as_it_is(desk: TestDesk) -> None:
    feed(desk, 1, 1)
    desk.pass_time(hours=2)
    desk.work()
    desk.pass_time(seconds=31)
    desk.app.jobs.sweep()
    assert states(desk, "new") == [OutboxState.QUEUED] * 2
    assert desk.promises(Audience.AGENT, "bundle") == []


def first_connect(desk: TestDesk, count: int) -> None:
    with desk.app.store.write() as tx:
        tx.cursors.set_start("main", "INBOX", 7, Start(below=count + 1, first=True, anew=False, wanted="*"))
    for number in range(1, count + 2):  # the last one came after it
        place = {"account": "main", "folder": "INBOX", "uidvalidity": 7, "uid": number}
        envelope = Envelope(source=Source.IMAP, received_at=desk.clock.now(), **place)  # type: ignore[arg-type]
        desk.app.inbox.accept(customer(number), envelope)
    desk.work()


def test_nobody_is_mailed_after_a_first_connect_until_somebody_looked(desk: TestDesk) -> None:
    first_connect(desk, 3)
    assert len(desk.tickets()) == 4
    assert states(desk, "new") == [OutboxState.HELD] * 6 + [OutboxState.QUEUED] * 2
    desk.pass_time(days=1)
    desk.app.jobs.sweep()  # promises that are broken meanwhile wait too
    sent = [mail["Subject"] for mail in desk.deliver()]
    assert sent
    assert all("MB-4" in subject for subject in sent)
    with desk.app.store.write() as tx:
        waits.release(tx, desk.clock.now())
    desk.app.jobs.sweep()
    (listed,) = rows(desk, "clara@desk.test")
    assert [line.split("\t")[0] for line in listed.splitlines()] == ["MB-1", "MB-2", "MB-3"]
    with desk.app.store.read() as tx:
        assert tx.outbox.counts()["held"] == 0


def test_what_a_bundle_could_not_tell_goes_out_as_it_is(desk: TestDesk) -> None:
    """A mail to an agent that is about no ticket, or says more than that there is one, has no row in a list of tickets."""
    first_connect(desk, 2)
    clara = {"audience": Audience.AGENT, "recipient": "clara@desk.test", "language": "en"}
    other = Notification(ticket=None, event="lines", key="own", message_id="own@desk.test", **clara)  # type: ignore[arg-type]
    with desk.app.store.write() as tx:
        tx.outbox.hold(other, desk.clock.now(), FOR_RELEASE)
        waits.release(tx, desk.clock.now())
    desk.app.jobs.sweep()
    with desk.app.store.read() as tx:
        (row,) = [one for one in tx.outbox.list(limit=100) if one.notification.key == "own"]
    assert row.state is OutboxState.QUEUED


def test_what_waits_can_be_shown_and_discarded(desk: TestDesk) -> None:
    if not desk.app.store.is_sqlite:
        pytest.skip("the command opens the desk's own database")
    first_connect(desk, 2)
    with desk.app.store.read() as tx:
        assert waits.waiting(tx).mails[waits.Why.FIRST_CONNECT, "agent.new"] == 4
        assert not waits.waiting(tx, (waits.Why.RESTORE,)).mails
    with desk.app.store.write() as tx:
        assert not waits.discard(tx, desk.clock.now(), (waits.Why.RESTORE,)).mails
    with desk.app.store.write() as tx:
        assert len(waits.discard(tx, desk.clock.now()).tickets) == 2
    assert states(desk, "new")[:4] == [OutboxState.SUPPRESSED] * 4
    assert CliRunner().invoke(release, ["--help"]).exit_code == 0
