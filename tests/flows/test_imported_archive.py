"""An archive that is moved in: its dates stay, its answers are where they belong, nothing is moved and nobody is mailed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbridge.cli.importing import by_date
from mailbridge.cli.mail_files import mails_in
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.mails import Direction
from tests.harness import TestDesk, a_mail

ASKED, ANSWERED, AGAIN = (datetime(2024, 5, day, 9, tzinfo=UTC) for day in (1, 2, 3))


def mail(number: int, sender: str, body: str = "It does not work.", **headers: str) -> bytes:
    return a_mail(
        body,
        from_=sender,
        message_id=f"<{number}@x.test>",
        date=f"0{number} May 2024 09:00:00 +0000",
        subject="Re: Printer" if headers else "Printer",
        **headers,
    )


QUESTION = mail(1, "carol@customer.test")
MORE = mail(3, "carol@customer.test", in_reply_to="<2@x.test>", references="<1@x.test> <2@x.test>")


def answer(sender: str) -> bytes:
    return mail(2, sender, "#close\n\nTry again.", to="carol@customer.test", in_reply_to="<1@x.test>", references="<1@x.test>")


def take(desk: TestDesk, raw: bytes, came: datetime) -> None:
    desk.app.inbox.accept(raw, Envelope(source=Source.IMPORT, received_at=came))
    desk.work()


def test_dates_are_kept_and_answers_are_on_their_tickets(desk: TestDesk) -> None:
    for number, sender in enumerate(("support@desk.test", "bogdan@desk.test"), start=1):
        for raw, came in ((QUESTION, ASKED), (answer(sender), ANSWERED), (MORE, AGAIN)):
            take(desk, raw.replace(b"@x.test", b"@%d.test" % number), came)
    for ticket in desk.tickets():
        assert (ticket.created_at, ticket.first_answered_at, ticket.updated_at) == (ASKED, ANSWERED, AGAIN)
        with desk.app.store.read() as tx:
            assert [one.direction for one in tx.mails.of_ticket(ticket.id)] == [Direction.IN, Direction.OUT, Direction.IN]
    assert [ticket.id for ticket in desk.tickets()] == [1, 2]
    with desk.app.store.read() as tx:
        assert [past.received_at for past in tx.history.openings(ASKED)] == [ASKED, ASKED]
    desk.pass_time(days=30)
    desk.app.jobs.sweep()
    assert desk.promises() == []
    desk.assert_sound()


def test_a_closed_ticket_stays_closed(desk: TestDesk) -> None:
    rule = desk.app.config.rules_folder / "routing" / "20-old.yaml"
    rule.write_text("- name: old\n  when: {header: {subject: {contains: Printer}}}\n  then: {status: closed}\n")
    desk.app.rules.refresh(at_once=True)
    take(desk, QUESTION, ASKED)
    closed = desk.ticket()
    take(desk, answer("support@desk.test"), ANSWERED)
    take(desk, MORE, AGAIN)
    assert closed.status == "closed"
    assert {ticket.status for ticket in desk.tickets()} == {"closed"}
    assert desk.promises() == []


def test_lines_of_an_agents_old_mail_are_neither_done_nor_answered(desk: TestDesk) -> None:
    desk.feed(a_mail())
    before, promised = desk.ticket(), len(desk.promises())
    take(desk, mail(2, "bogdan@desk.test", "#close MB-1\n"), ANSWERED)
    assert (desk.ticket(), len(desk.promises())) == (before, promised)


def test_mails_are_taken_in_the_order_of_their_dates(tmp_path: Path) -> None:
    for name, raw in (("a", MORE), ("b", answer("support@desk.test")), ("c", QUESTION), ("d", b"Subject: no date\r\n\r\nx")):
        (tmp_path / f"{name}.eml").write_bytes(raw)
    os.utime(tmp_path / "d.eml", (AGAIN.timestamp() + 1, AGAIN.timestamp() + 1))
    found = by_date(mails_in((tmp_path,)))
    assert [(file.path.stem, came.day) for came, file in found[:3]] == [("c", 1), ("b", 2), ("a", 3)]
    assert found[3][0] == AGAIN + timedelta(seconds=1)
