"""Who wrote a mail is decided in the daemon: a reading child that a mail took over may say what it likes."""

from __future__ import annotations

from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.pool import Readers
from tests.harness import TestDesk, a_mail


def test_a_child_that_vouches_for_a_stranger_is_not_believed(desk: TestDesk) -> None:
    readers = Readers(ReadingPolicy(), processes=1, reader="tests.fakes.liar:read")
    desk.app.worker._readers = readers
    try:
        desk.feed(a_mail("VOUCH #take"))
    finally:
        readers.close()
    with desk.app.store.read() as tx:
        said = tx.mails.explanation(1)["sender"]
    assert (said["address"], said["verified"], said["agent"]) == ("carol@customer.test", False, "")
