"""Answers to mails that are older than the desk: one thread, one ticket; nobody gets onto a ticket by it who may not."""

from __future__ import annotations

from mailbridge.store.old_mails import OldMail
from tests.harness import TestDesk, a_mail, proven

OLD = "2024@customer.test"


def answer(number: int, who: str = "carol") -> bytes:
    return a_mail(
        from_=f"{who}@customer.test",
        message_id=f"<{who}{number}@customer.test>",
        in_reply_to=f"<{OLD}>",
        references=f"<{OLD}>",
        subject=f"Re: {number}",
    )


def test_two_answers_to_one_old_mail_are_on_one_ticket(desk: TestDesk) -> None:
    with desk.app.store.write() as tx:
        tx.old_mails.add([OldMail(key="k", message_id=OLD, thread=OLD), OldMail(key="l", message_id="later@x", thread=OLD)])
    first = desk.feed(proven(answer(1), "customer.test")).result
    second = desk.feed(proven(answer(2), "customer.test")).result
    stranger = desk.feed(proven(answer(3, "eve").replace(b"customer.test", b"other.test"), "other.test")).result
    assert first.ticket == second.ticket is not None
    assert stranger.ticket != first.ticket
    assert first.mail is not None
    with desk.app.store.read() as tx:
        assert tx.mails.explanation(first.mail)["answers_older"] == [OLD]
