"""The clocks of a running desk: the next response, answers that are not delivered, mails that are read late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.conversation.marks import loop_mark
from mailbridge.execution.execute import execute
from mailbridge.message.envelope import Envelope, Source
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import ReportFailure
from mailbridge.tickets.requests import each
from tests.builders import NOW
from tests.flows.test_sweep import OFFICE, alerts
from tests.flows.test_way_of_a_mail import a_report
from tests.harness import MX, TestDesk, a_desk, a_mail, proven

HOUR = timedelta(hours=1)
SLA = "targets:\n  normal: {response: 2h, next-response: 1h, resolution: 3d, team: 5h}\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules={**OFFICE, "sla.yaml": SLA}) as desk:
        yield desk


def answer(desk: TestDesk, id: str) -> None:
    address = desk.promise_to("bogdan@desk.test").reply_to
    desk.feed(proven(a_mail("Off and on.", from_="bogdan@desk.test", to=address, message_id=f"<{id}@desk.test>")))


def sweep(desk: TestDesk, after: timedelta) -> None:
    desk.clock.time = NOW + after
    desk.app.jobs.sweep()


def test_each_unanswered_message_is_told_once(office: TestDesk) -> None:
    office.feed(a_mail())
    customers = office.promise_to("carol@customer.test").reply_to
    office.clock.time = NOW + HOUR / 2
    answer(office, "1")
    office.clock.time = NOW + HOUR
    office.feed(a_mail("Still broken.", to=customers, message_id="<2@customer.test>"))
    sweep(office, 2 * HOUR)
    sweep(office, 3 * HOUR)
    assert alerts(office)["manager.overdue:next-response"] == 1
    assert alerts(office)["manager.overdue:response"] == 0
    answer(office, "2")
    office.clock.time = NOW + 4 * HOUR
    office.feed(a_mail("And again.", to=customers, message_id="<3@customer.test>"))
    sweep(office, 5 * HOUR)
    assert alerts(office)["manager.overdue:next-response"] == 2
    assert alerts(office)["manager.overdue:team"] == 1
    office.assert_sound()


def test_an_answer_that_did_not_arrive_is_owed_again(office: TestDesk) -> None:
    office.feed(a_mail())
    answer(office, "1")
    sweep(office, 3 * HOUR)
    assert alerts(office)["manager.overdue:response"] == 0
    command = ReportFailure(recipient="carol@customer.test", what="answered", reason="550 no such user")
    with office.app.store.write() as tx:
        ticket = tx.tickets.get(1)
        assert ticket is not None
        execute(tx, office.app.desk(), ticket, each([command]), Actor(kind=ActorKind.SYSTEM, name="outbox"), NOW + 3 * HOUR)
    sweep(office, 5 * HOUR - timedelta(seconds=1))
    assert alerts(office)["manager.overdue:response"] == 0
    sweep(office, 5 * HOUR)
    assert alerts(office)["manager.overdue:response"] == 1


@pytest.mark.parametrize("proven_report", [False, True])
def test_a_delivery_report_restarts_a_clock_only_where_nobody_else_can_have_written_it(office: TestDesk, proven_report: bool) -> None:
    """Whoever was sent a copy of the answer knows its Message-ID, and could make the desk break its promise."""
    office.feed(a_mail())
    answer(office, "1")
    ours = next(one for one in office.promises(event="answered") if one.recipient == "carol@customer.test")
    office.clock.time = NOW + HOUR
    mark = loop_mark(office.app.signer, ours.key) if proven_report else ""
    assert office.feed(a_report(ours.message_id, ours.recipient, mark), mail_from="").result.ticket == 1
    assert office.promises(event="bounced")  # agents are notified of both
    sweep(office, 8 * HOUR)
    assert alerts(office)["manager.overdue:response"] == int(proven_report)


def test_a_mail_that_is_read_late_counts_from_its_arrival(office: TestDesk) -> None:
    came = Envelope(source=Source.SMTP, received_at=NOW, mail_from="carol@customer.test", rcpt_to=("support@desk.test",), peer=MX)
    office.clock.time = NOW + HOUR
    office.app.inbox.accept(a_mail(), came)
    office.work()
    sweep(office, 2 * HOUR - timedelta(seconds=1))
    assert alerts(office)["manager.overdue:response"] == 0
    sweep(office, 2 * HOUR)
    assert alerts(office)["manager.overdue:response"] == 1


@pytest.mark.parametrize("on_a_ticket", [False, True])
def test_an_old_mail_that_is_moved_into_the_folder_counts_from_when_it_was_read(office: TestDesk, on_a_ticket: bool) -> None:
    """An agent drags a mail of years ago into the inbox: the server keeps its INTERNALDATE."""
    to = "support@desk.test"
    if on_a_ticket:
        office.feed(a_mail())
        to = office.promise_to("carol@customer.test").reply_to
    came = Envelope(source=Source.IMAP, account="support", folder="INBOX", uidvalidity=1, uid=1, received_at=NOW - timedelta(days=2000))
    office.app.inbox.accept(a_mail("From the archive.", to=to, message_id="<old@customer.test>"), came)
    office.work()
    sweep(office, timedelta(seconds=5))
    assert [kind for kind, count in alerts(office).items() if count and "overdue" in kind] == []
