"""What Inbox promises: durable when acknowledged, commits shared, every waiting one told (mailbridge.intake.inbox)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import UTC, datetime

import pytest

from mailbridge.errors import StoreAway
from mailbridge.intake.inbox import Inbox
from mailbridge.message.envelope import Envelope, Source
from tests.fakes.memory_store import MemoryStore

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def an_envelope() -> Envelope:
    return Envelope(source=Source.SMTP, received_at=NOW, mail_from="ann@customer.example", rcpt_to=("help@desk.example",))


def a_mail(text: str = "hello") -> bytes:
    return f"From: ann@customer.example\r\nSubject: {text}\r\n\r\n{text}\r\n".encode()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def inbox(store: MemoryStore) -> Iterator[Inbox]:
    inbox = Inbox(store)  # type: ignore[arg-type]
    yield inbox
    store.gate.set()
    inbox.close()


def while_a_commit_hangs(store: MemoryStore, inbox: Inbox) -> Future[int]:
    """A first mail is in the middle of its commit; what comes now has to wait."""
    store.gate.clear()
    store.entered.clear()
    first = inbox.submit(a_mail("first"), an_envelope())
    assert store.entered.wait(10)
    return first


def test_accepted_mail_is_in_the_store(store: MemoryStore, inbox: Inbox) -> None:
    assert inbox.accept(a_mail(), an_envelope()) == 1
    assert store.rows == [(a_mail(), an_envelope())]


def test_future_is_not_done_before_the_commit(store: MemoryStore, inbox: Inbox) -> None:
    future = while_a_commit_hangs(store, inbox)
    assert not future.done()
    store.gate.set()
    assert future.result(10) == 1


def test_mails_that_arrive_during_a_commit_share_the_next_one(store: MemoryStore, inbox: Inbox) -> None:
    first = while_a_commit_hangs(store, inbox)
    others = [inbox.submit(a_mail(f"mail {number}"), an_envelope()) for number in range(10)]
    store.gate.set()
    wait([first, *others], 10)
    assert store.commits == [1, 10]
    assert [future.result() for future in others] == list(range(2, 12))


def test_store_away_is_told_to_every_mail_of_the_batch_and_nothing_is_kept(store: MemoryStore, inbox: Inbox) -> None:
    first = while_a_commit_hangs(store, inbox)
    others = [inbox.submit(a_mail(), an_envelope()) for _ in range(3)]
    store.away = True
    store.gate.set()
    for future in (first, *others):
        with pytest.raises(StoreAway, match="disk is full"):
            future.result(10)
    assert store.rows == []


def test_inbox_works_again_when_the_store_is_back(store: MemoryStore, inbox: Inbox) -> None:
    store.away = True
    with pytest.raises(StoreAway):
        inbox.accept(a_mail(), an_envelope())
    store.away = False
    assert inbox.accept(a_mail(), an_envelope()) == 1


def test_mail_that_the_store_cannot_hold_does_not_take_its_neighbours_along(store: MemoryStore, inbox: Inbox) -> None:
    store.poison = lambda raw: b"poison" in raw
    first = while_a_commit_hangs(store, inbox)
    futures = [inbox.submit(a_mail(text), an_envelope()) for text in ("before", "poison", "after")]
    store.gate.set()
    with pytest.raises(ValueError, match="cannot be held"):
        futures[1].result(10)
    assert [first.result(10), futures[0].result(10), futures[2].result(10)] == [1, 2, 3]
    assert [b"poison" in raw for raw, _ in store.rows] == [False, False, False]


def test_full_inbox_refuses_without_waiting(store: MemoryStore) -> None:
    inbox = Inbox(store, capacity=100)  # type: ignore[arg-type]
    first = while_a_commit_hangs(store, inbox)
    refused = inbox.submit(b"x" * 101, an_envelope())
    with pytest.raises(StoreAway, match="full"):
        refused.result(0)
    store.gate.set()
    assert first.result(10) == 1
    inbox.close()


def test_patient_sender_gets_in_as_soon_as_there_is_room(store: MemoryStore) -> None:
    inbox = Inbox(store, capacity=len(a_mail("first")))  # type: ignore[arg-type]
    first = while_a_commit_hangs(store, inbox)
    store.gate.set()
    assert inbox.submit(a_mail("other"), an_envelope(), patience=10).result(10) == 2
    assert first.result(10) == 1
    inbox.close()


def test_mail_larger_than_the_whole_inbox_is_taken_alone(store: MemoryStore) -> None:
    inbox = Inbox(store, capacity=10)  # type: ignore[arg-type]
    assert inbox.accept(b"x" * 1000, an_envelope()) == 1
    inbox.close()


def test_close_commits_what_waits_and_refuses_what_comes_later(store: MemoryStore) -> None:
    inbox = Inbox(store)  # type: ignore[arg-type]
    futures = [inbox.submit(a_mail(), an_envelope()) for _ in range(5)]
    inbox.close()
    assert [future.result(0) for future in futures] == [1, 2, 3, 4, 5]
    with pytest.raises(StoreAway, match="closed"):
        inbox.submit(a_mail(), an_envelope()).result(0)


def test_worker_is_woken_after_the_commit(store: MemoryStore) -> None:
    seen: list[int] = []
    inbox = Inbox(store, on_accepted=lambda: seen.append(len(store.commits)))  # type: ignore[arg-type]
    inbox.accept(a_mail(), an_envelope())
    inbox.close()
    assert seen == [1]
