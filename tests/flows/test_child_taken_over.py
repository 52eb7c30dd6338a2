"""A reading child that a mail has taken over lies: about who wrote it, and about the mails it reads afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.pool import Readers
from tests.harness import TestDesk, a_mail, proven


@pytest.fixture
def taken_over(desk: TestDesk) -> Iterator[TestDesk]:
    """A desk whose reading children a mail with the word OVERFLOW takes over."""
    readers = Readers(ReadingPolicy(), processes=1, reader="tests.fakes.liar:read")
    desk.app.worker._readers = readers
    yield desk
    readers.close()


def titles(desk: TestDesk) -> list[str]:
    return [ticket.subject for ticket in desk.tickets()]


def test_a_stranger_s_mail_cannot_write_in_a_colleague_s(taken_over: TestDesk) -> None:
    # given: a backlog in which both are claimed together, the stranger's first
    taken_over.accept(a_mail("OVERFLOW", subject="Hello", message_id="<1@evil.test>"))
    taken_over.accept(proven(a_mail(subject="From Bogdan", from_="bogdan@desk.test", message_id="<2@desk.test>")))
    taken_over.accept(a_mail(subject="From Dora", from_="dora@customer.test", message_id="<3@customer.test>"))

    taken_over.work()

    # then: the one that shares the child may be changed, so the test can fail; the colleague's is whole
    assert "From Bogdan" in titles(taken_over)
    assert "changed" in titles(taken_over)


def test_mails_that_come_one_by_one_share_nothing(taken_over: TestDesk) -> None:
    taken_over.feed(a_mail("OVERFLOW", subject="Hello", message_id="<1@evil.test>"))
    taken_over.feed(a_mail(subject="From Dora", from_="dora@customer.test", message_id="<3@customer.test>"))
    assert "From Dora" in titles(taken_over)


def test_a_child_that_vouches_for_its_sender_gets_nothing(taken_over: TestDesk) -> None:
    """It answers with an agent's address, verified, every field signed; the desk reads the header and the envelope itself."""
    taken_over.feed(a_mail("The printer is broken.", subject="Printer", message_id="<0@customer.test>"))
    taken_over.feed(a_mail("#close\n\nVOUCH", subject="[MB-1] Printer", from_="mallory@evil.test", message_id="<1@evil.test>"))

    first, second = sorted(taken_over.tickets(), key=lambda ticket: ticket.id)
    assert first.status == "new"
    assert second.requester is not None
    assert second.requester.address == "mallory@evil.test"
