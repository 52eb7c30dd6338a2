"""The admins hear of mails that an IMAP server does not give: in one mail, at most once an hour, each of them once."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience
from tests.harness import TestDesk, a_mail, table


def set_aside(desk: TestDesk, *uids: int) -> None:
    with desk.app.store.write() as tx:
        for uid in uids:
            envelope = Envelope(
                source=Source.IMAP, received_at=desk.clock.now(), account="support", folder="INBOX", uidvalidity=1, uid=uid
            )
            (number,) = tx.inbox.add_many([(b"", envelope)])
            tx.inbox.quarantine(number, "the mail cannot be fetched", desk.clock.now())


def told(desk: TestDesk) -> list[str]:
    """The rows of each mail to the admin."""
    return [table(one) for one in desk.promises(Audience.ADMIN, "unfetched")]


def test_the_admins_hear_of_all_in_one_mail(desk: TestDesk) -> None:
    assert desk.app.jobs.notify_unfetched() == 0
    set_aside(desk, 17, 18)
    assert (desk.app.jobs.notify_unfetched(), desk.app.jobs.notify_unfetched()) == (2, 0)
    (rows,) = told(desk)
    assert [row.split("\t")[0] for row in rows.splitlines()] == ["support/INBOX, UID 17", "support/INBOX, UID 18"]


def test_later_ones_wait_for_the_next_hour(desk: TestDesk) -> None:
    set_aside(desk, 17)
    desk.app.jobs.notify_unfetched()
    set_aside(desk, 18)
    desk.pass_time(minutes=59)
    assert desk.app.jobs.notify_unfetched() == 0
    set_aside(desk, 19)
    desk.pass_time(minutes=1)
    assert desk.app.jobs.notify_unfetched() == 2
    assert len(told(desk)) == 2


def test_mails_that_could_not_be_worked_are_told_elsewhere(desk: TestDesk) -> None:
    number = desk.accept(a_mail())
    with desk.app.store.write() as tx:
        tx.inbox.claim("x", 1, timedelta(minutes=1), desk.clock.now())
        tx.inbox.quarantine(number, "a bug", desk.clock.now())
    assert desk.app.jobs.notify_unfetched() == 0
