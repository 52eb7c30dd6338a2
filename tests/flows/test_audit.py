"""The audit of the store: every accepted mail has exactly one outcome, and each row that is lost is missed, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailbridge.cli.status import audit_troubles
from mailbridge.doctor.audit import audit, withdraw
from mailbridge.doctor.audit_model import AuditOutcome, AuditReport, Loss
from mailbridge.doctor.audit_store import audit_store
from mailbridge.notifications.model import Audience
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.tables.mails import blobs, mails
from mailbridge.store.tables.receipts import receipt_counts, receipts
from mailbridge.store.tables.tickets import tickets
from tests.harness import TestDesk, a_mail, proven, table

VACATION = {"auto_submitted": "auto-replied", "subject": "Out of office", "message_id": "<away@customer.test>"}
MAILS = 12


def look(desk: TestDesk, *, repair: bool = False) -> AuditReport:
    return audit(desk.app.store, desk.app.config, lambda _name: None, desk.clock.now(), repair=repair)


def change(desk: TestDesk, *statements: sa.Executable) -> None:
    desk.mails_may_be_lost = True
    with desk.app.store.write() as tx:
        for statement in statements:
            tx._sql.connection.execute(statement)


def test_each_mail_has_one_outcome_and_the_numbers_add_up(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.feed(a_mail())
    desk.feed(a_mail(**VACATION))
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    answer = a_mail("Please wait.", from_="bogdan@desk.test", to=to, message_id="<answer@desk.test>")
    desk.feed(proven(answer), mail_from="bogdan@desk.test", rcpt_to=(to,))
    lines = a_mail("#priority high", from_="bogdan@desk.test", to=to, message_id="<lines@desk.test>")
    desk.feed(proven(lines), mail_from="bogdan@desk.test", rcpt_to=(to,))
    desk.accept(a_mail(message_id="<waits@customer.test>"))

    report = look(desk)

    (source,) = report.sources
    assert report.is_sound
    assert (source.accepted, source.in_progress, source.missing) == (6, 1, 0)
    assert source.outcomes == {
        AuditOutcome.TICKET: 1, AuditOutcome.REPLY: 1, AuditOutcome.COMMAND: 1, AuditOutcome.AUTOMATIC: 1, AuditOutcome.DUPLICATE: 1,
    }  # fmt: skip


def test_an_erased_mail_keeps_its_outcome(desk: TestDesk) -> None:
    desk.feed(a_mail())
    with desk.app.store.write() as tx:
        tx.erasure.erase(1, [1])
    report = look(desk)
    assert (report.is_sound, report.erased, report.outcomes) == (True, (1,), {AuditOutcome.TICKET: 1})


def plant(desk: TestDesk, chance: random.Random) -> list[tuple[Loss, str]]:
    """One of each loss at a random mail; why -> its Message-ID, '' where nobody can know it."""
    numbers = chance.sample(range(1, MAILS + 1), 6)
    row, both, mail, ticket, content, receipt = numbers
    id = [f"m{number}@customer.test" for number in range(MAILS + 1)]
    with desk.app.store.read() as tx:
        sha = {number: found.sha256 for number in numbers if (found := tx.inbox.get(number))}
    change(
        desk,
        inbox.delete().where(inbox.c.id == row),
        inbox.delete().where(inbox.c.id == both),
        receipts.delete().where(receipts.c.inbox == both),
        mails.delete().where(mails.c.inbox == mail),
        tickets.delete().where(tickets.c.id == ticket),
        blobs.delete().where(blobs.c.sha256 == sha[content]),
        receipts.delete().where(receipts.c.inbox == receipt),  # the mail has its outcome: this is no loss
    )
    return [
        (Loss.ROW_LOST, id[row]),
        (Loss.RECEIPT_LOST, ""),
        (Loss.MAIL_LOST, id[mail]),
        (Loss.TICKET_LOST, id[ticket]),
        (Loss.CONTENT_LOST, id[content]),
    ]


@pytest.mark.parametrize("round", range(3))
def test_each_planted_loss_is_found_and_no_other(desk: TestDesk, round: int) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    for number in range(1, MAILS + 1):
        desk.accept(a_mail(message_id=f"<m{number}@customer.test>", from_=f"c{number}@customer.test"))
    desk.work()
    assert look(desk).is_sound
    planted = plant(desk, random.Random(seed))

    report = look(desk, repair=True)

    assert sorted((one.why, one.message_id) for one in report.missing) == sorted(planted)
    assert all(one.adds_up for one in report.sources)
    assert report.missing[0].subject == "Printer broken"
    desk.work()
    left = look(desk)
    assert Counter(one.why for one in left.missing) == Counter((Loss.RECEIPT_LOST, Loss.TICKET_LOST, Loss.CONTENT_LOST))
    assert withdraw(desk.app.store, left, [one.id for one in left.missing], "spam", desk.clock.now()) == []
    assert look(desk).is_sound
    assert withdraw(desk.app.store, left, ["smtp#99"], "spam", desk.clock.now()) == ["smtp#99"]


def test_the_last_mails_are_missed_too(desk: TestDesk) -> None:
    """Their numbers are below the last one, which stands apart."""
    for number in range(3):
        desk.feed(a_mail(message_id=f"<m{number}@customer.test>"))
    change(desk, inbox.delete().where(inbox.c.id > 1), receipts.delete().where(receipts.c.inbox > 1))
    assert [one.id for one in look(desk).missing] == ["smtp#2", "smtp#3"]


def test_a_lost_count_refuses_no_mail_and_uses_no_number_twice(desk: TestDesk) -> None:
    desk.feed(a_mail())
    change(desk, receipt_counts.delete())
    desk.feed(a_mail(message_id="<two@customer.test>"))
    report = look(desk)
    assert (report.is_sound, report.sources[0].accepted) == (True, 2)


def test_the_admins_hear_of_what_is_missing_once_a_day(desk: TestDesk) -> None:
    desk.feed(a_mail())
    assert desk.app.audit() == 0  # the first one waits a little
    change(desk, mails.delete(), tickets.delete(), blobs.delete())
    found = []
    for hours in (1, 2, 24):
        desk.pass_time(hours=hours)
        found.append(desk.app.audit())
    assert found == [1, 1, 1]
    first, second = desk.promises(Audience.ADMIN, "audit")
    assert (table(first), table(second)) == ("smtp#1\tthe stored mail is gone\t",) * 2
    with desk.app.store.read() as tx:
        said = tx.state.get("audit")
    assert audit_troubles(said) == ("1 accepted mail is missing: mailbridge audit",)
    desk.pass_time(minutes=59)
    assert desk.app.audit() == 0  # not due


def test_a_sound_desk_is_looked_at_once_a_day(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.app.audit()
    desk.pass_time(hours=1)
    desk.app.audit()
    with desk.app.store.read() as tx:
        assert tx.state.get("audit")["missing"] == 0
        assert tx.state.set_at("audit") == desk.clock.now()
    desk.pass_time(hours=23)
    desk.app.audit()
    with desk.app.store.read() as tx:
        assert tx.state.set_at("audit") == desk.clock.now() - timedelta(hours=23)
    assert desk.promises(Audience.ADMIN, "audit") == []


def test_an_empty_desk_is_sound(desk: TestDesk) -> None:
    with desk.app.store.read() as tx:
        assert audit_store(tx).sources == ()
