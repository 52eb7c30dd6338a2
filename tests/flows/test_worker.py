"""The worker: poison goes aside after three tries and its neighbours do not wait for it, broken turns are repeated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mailbridge import pipeline, worker
from mailbridge.checks import build
from mailbridge.errors import StoreAway
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.pool import Readers
from mailbridge.store.tx import Tx
from mailbridge.worker import Worker
from tests.harness import TestDesk, a_mail


@pytest.fixture
def poisoned(desk: TestDesk) -> Iterator[TestDesk]:
    """A desk whose readers do what a mail's first word says: hang, abort, eat all memory."""
    readers = Readers(
        ReadingPolicy(), processes=2, time_limit=timedelta(seconds=1), memory_limit=256 << 20, reader="tests.fakes.readers:read"
    )
    app = desk.app
    channels = build.channels(app.config)
    app.__dict__["worker"] = Worker(app.store, readers, app.desk, app.clock, channels=channels, on_quarantine=app.faults.quarantined)
    yield desk
    readers.close()


@pytest.mark.parametrize("poison", [b"hang", b"abort", b"eat", b"exit"])
def test_poison_is_quarantined_after_three_tries_and_the_others_go_on(poisoned: TestDesk, poison: bytes) -> None:
    bad = poisoned.accept(poison + b" please")
    good = [poisoned.accept(f"mail {number}".encode()) for number in range(3)]
    first = poisoned.app.worker.one_turn()
    poisoned.pass_time(seconds=31)
    done = [*first, *poisoned.work()]
    outcomes = {one.inbox: one.result.outcome for one in done}
    with poisoned.app.store.read() as tx:
        row = tx.inbox.get(bad)
    assert row is not None
    assert {outcomes[number] for number in good} == {MailOutcome.TICKET}
    assert (outcomes[bad], row.attempts) == (MailOutcome.QUARANTINED, 3)
    assert row.reason.startswith("it could not be read: ")
    # Those behind it were done in the turn in which it failed for the first time.
    assert {one.inbox for one in first if one.result.outcome is MailOutcome.TICKET} == set(good)
    assert poisoned.promise_to("admin@desk.test").event == "quarantined"


def test_bug_of_ours_quarantines_one_mail_and_not_its_neighbours(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(tx: object, message: object, *rest: object) -> object:
        if "boom" in message.subject:  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug")
        return pipeline.process(tx, message, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "process", buggy)
    bad = desk.accept(a_mail(subject="boom", message_id="<boom@customer.test>"))
    good = desk.accept(a_mail())
    outcomes = {one.inbox: one.result.outcome for one in desk.work()}
    assert outcomes == {bad: MailOutcome.QUARANTINED, good: MailOutcome.TICKET}


def test_turn_that_the_store_ended_is_repeated_and_counts_nothing_twice(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> object:
        raise StoreAway("the disk is gone")

    desk.accept(a_mail())
    with monkeypatch.context() as patch:
        patch.setattr(worker, "process", away)
        with pytest.raises(StoreAway):
            desk.app.worker.one_turn()
    assert [one.result.outcome for one in desk.work()] == [MailOutcome.TICKET]
    assert len(desk.tickets()) == 1


def test_answer_waits_for_an_earlier_mail_that_another_worker_has_in_hand(desk: TestDesk) -> None:
    desk.accept(a_mail("the original"))
    desk.accept(a_mail("the answer", message_id="<2@customer.test>", in_reply_to="<one@customer.test>", from_="x@elsewhere.test"))
    with desk.app.store.write() as tx:
        tx.inbox.claim("another worker", 1, timedelta(minutes=1), desk.clock.now())
    (postponed,) = desk.app.worker.one_turn()
    assert postponed.result.outcome is MailOutcome.WAIT
    desk.pass_time(minutes=2)
    assert [one.result.ticket for one in desk.work()] == [1, 2]


def test_mail_that_another_worker_has_now_is_left_to_it(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was suspended past its lease records nothing, and the mail is no poison for that."""

    def slow(tx: Tx, *rest: Any) -> object:
        desk.pass_time(minutes=6)
        assert tx.inbox.claim("another worker", 1, timedelta(minutes=5), desk.clock.now())
        return pipeline.process(tx, *rest)

    desk.accept(a_mail())
    with monkeypatch.context() as patch:
        patch.setattr(worker, "process", slow)
        (done,) = desk.app.worker.one_turn()
    assert (done.result.outcome, desk.tickets()) == (MailOutcome.WAIT, [])


def test_unreadable_mail_that_another_worker_has_now_is_left_to_it(poisoned: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = poisoned.accept(b"abort please")
    examine = poisoned.app.worker._examine

    def slow(*given: Any) -> object:
        poisoned.pass_time(minutes=6)
        with poisoned.app.store.write() as tx:
            assert tx.inbox.claim("another worker", 1, timedelta(minutes=5), poisoned.clock.now())
        return examine(*given)

    monkeypatch.setattr(poisoned.app.worker, "_examine", slow)
    (done,) = poisoned.app.worker.one_turn()
    with poisoned.app.store.read() as tx:
        row = tx.inbox.get(bad)
    assert row is not None
    assert (done.result.outcome, row.state, row.lease_owner) == (MailOutcome.WAIT, "claimed", "another worker")
