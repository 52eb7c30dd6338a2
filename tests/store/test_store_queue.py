"""What inbox, outbox and webhooks promise as lease queues, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailbridge.errors import LeaseLost
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.webhook_model import Call
from mailbridge.store.engine import Store
from mailbridge.store.lease_holders import owner_name
from mailbridge.store.queue import LeaseQueue
from mailbridge.store.tx import Tx

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE, HOUR, TICK = timedelta(minutes=5), timedelta(hours=1), timedelta(microseconds=1)
MAIL = Envelope(source=Source.SMTP, received_at=NOW, mail_from="jo@customer.test", rcpt_to=("support@desk.test",))
NOTIFICATION = Notification(ticket=7, audience=Audience.CUSTOMER, event="received", recipient="jo@customer.test", key="")
CALL = Call(key="", ticket=7, rule="r", event="ticket.opened", url="https://hooks.test/", body="{}")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One of the queues: how a row gets in, and how a worker ends its claim."""

    name: str
    add: Callable[[Tx, str, datetime], object]
    finish: Callable[[Tx, int, str, datetime], object]
    defer: Callable[[Tx, int, str, datetime], object]
    ready: str
    leased: str
    finished: str
    deferred: str
    release_counts: bool  # whether an attempt that was released stays counted

    def of(self, tx: Tx) -> LeaseQueue[Any, Any]:
        queue = getattr(tx, self.name)
        assert isinstance(queue, LeaseQueue)
        return queue


KINDS = (
    Kind(
        name="inbox",
        add=lambda tx, key, at: tx.inbox.add_many([(key.encode(), replace(MAIL, received_at=at))]),
        finish=lambda tx, id, owner, now: tx.inbox.finish(id, "kept", now, owner=owner),
        defer=lambda tx, id, owner, at: tx.inbox.defer(id, at, forget_attempt=False, owner=owner),
        ready="new",
        leased="claimed",
        finished="done",
        deferred="new",
        release_counts=True,
    ),
    Kind(
        name="outbox",
        add=lambda tx, key, at: tx.outbox.add_many([replace(NOTIFICATION, key=key)], at),
        finish=lambda tx, id, owner, now: tx.outbox.sent(id, now, owner=owner),
        defer=lambda tx, id, owner, at: tx.outbox.defer(id, at, "451 busy", owner=owner),
        ready="queued",
        leased="sending",
        finished="sent",
        deferred="deferred",
        release_counts=False,
    ),
    Kind(
        name="webhooks",
        add=lambda tx, key, at: tx.webhooks.add_many([replace(CALL, key=key)], at),
        finish=lambda tx, id, owner, now: tx.webhooks.done(id, owner, now, status=204, answer=""),
        defer=lambda tx, id, owner, at: tx.webhooks.defer(id, owner, at, status=503, answer="busy"),
        ready="queued",
        leased="calling",
        finished="done",
        deferred="deferred",
        release_counts=True,
    ),
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    made: Kind = request.param
    return made


def add(store: Store, kind: Kind, *ages: timedelta) -> None:
    with store.write() as tx:
        for number, age in enumerate(ages):
            kind.add(tx, f"key {number}", NOW - age)


def claim(store: Store, kind: Kind, owner: str = "one", now: datetime = NOW, limit: int = 10) -> list[int]:
    with store.write() as tx:
        return [row.id for row in kind.of(tx).claim(owner, limit, LEASE, now)]


def states(store: Store, kind: Kind) -> list[tuple[str, int]]:
    with store.read() as tx:
        return [(row.state, row.attempts) for row in reversed(kind.of(tx).list())]


def test_rows_are_claimed_oldest_first_and_once(store: Store, kind: Kind) -> None:
    add(store, kind, 3 * HOUR, 2 * HOUR, HOUR)

    first = claim(store, kind, limit=2)
    assert first == sorted(first)
    assert states(store, kind) == [(kind.leased, 1), (kind.leased, 1), (kind.ready, 0)]
    [third] = claim(store, kind, "two")
    assert third > max(first)
    assert claim(store, kind) == []


@pytest.mark.servers
def test_two_transactions_at_once_never_claim_one_row_twice(postgres_store_url: str, kind: Kind) -> None:
    store = Store(postgres_store_url)
    add(store, kind, HOUR, HOUR, HOUR)
    with store.write() as tx, store.write() as other:
        first = [row.id for row in kind.of(tx).claim("one", 2, LEASE, NOW)]
        second = [row.id for row in kind.of(other).claim("two", 10, LEASE, NOW)]
    store.close()

    assert (len(first), len(second)) == (2, 1)
    assert set(first).isdisjoint(second)


def test_a_row_whose_lease_ended_is_claimed_by_the_next_worker_and_lost_to_the_first(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    [id] = claim(store, kind)
    assert claim(store, kind, "two", NOW + LEASE - TICK) == []
    assert claim(store, kind, "two", NOW + LEASE) == [id]

    later = NOW + LEASE
    for change in (
        lambda tx: kind.finish(tx, id, "one", later),
        lambda tx: kind.defer(tx, id, "one", later),
        lambda tx: kind.of(tx).renew(id, "one", later, LEASE),
    ):
        with pytest.raises(LeaseLost), store.write() as tx:
            change(tx)
    assert states(store, kind) == [(kind.leased, 2)]
    with store.write() as tx:
        kind.finish(tx, id, "two", later)
    assert states(store, kind) == [(kind.finished, 2)]


def test_a_renewed_lease_keeps_the_row_from_others(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    [id] = claim(store, kind)
    almost = NOW + LEASE - TICK
    with store.write() as tx:
        kind.of(tx).renew(id, "one", almost, LEASE)

    assert claim(store, kind, "two", NOW + LEASE) == []
    with pytest.raises(LeaseLost), store.write() as tx:
        kind.of(tx).renew(id, "one", almost + LEASE, LEASE)
    assert claim(store, kind, "two", almost + LEASE) == [id]


def test_a_finished_row_is_never_claimed_and_ends_once(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    [id] = claim(store, kind)
    with store.write() as tx:
        kind.finish(tx, id, "one", NOW)
    with pytest.raises(LeaseLost), store.write() as tx:
        kind.finish(tx, id, "one", NOW)

    assert claim(store, kind, now=NOW + timedelta(days=90)) == []


def test_a_deferred_row_waits_for_its_time(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    [id] = claim(store, kind)
    with store.write() as tx:
        kind.defer(tx, id, "one", NOW + HOUR)
        assert not kind.of(tx).is_due(NOW + HOUR - TICK)
        assert kind.of(tx).is_due(NOW + HOUR)
        assert kind.of(tx).next_due() == NOW + HOUR
    assert states(store, kind) == [(kind.deferred, 1)]

    assert claim(store, kind, now=NOW + HOUR - TICK) == []
    assert claim(store, kind, now=NOW + HOUR) == [id]
    assert states(store, kind) == [(kind.leased, 2)]


def test_release_frees_the_claims_of_one_owner_or_of_all(store: Store, kind: Kind) -> None:
    add(store, kind, 3 * HOUR, 2 * HOUR, HOUR)
    mine, others = claim(store, kind, limit=1), claim(store, kind, "two", limit=1)
    with store.write() as tx:
        assert kind.of(tx).release("nobody") == 0
        assert kind.of(tx).release("one") == 1
        [freed] = [row for row in kind.of(tx).list() if row.id in mine]
    assert (freed.state, freed.attempts) == (kind.ready, 1 if kind.release_counts else 0)
    assert others[0] not in claim(store, kind, limit=1)
    with store.write() as tx:
        assert kind.of(tx).release() == 2


def test_counts_the_oldest_and_the_next_look(store: Store, kind: Kind) -> None:
    with store.read() as tx:
        assert (kind.of(tx).oldest(), kind.of(tx).next_due(), kind.of(tx).is_due(NOW)) == (None, None, False)
    add(store, kind, 3 * HOUR, 2 * HOUR, HOUR)
    [id] = claim(store, kind, limit=1)
    with store.write() as tx:
        assert kind.of(tx).oldest() == NOW - 3 * HOUR
        kind.finish(tx, id, "one", NOW)
        queue = kind.of(tx)
        assert (queue.oldest(), queue.next_due(), queue.is_due(NOW)) == (NOW - 2 * HOUR, NOW - 2 * HOUR, True)
        left = queue.counts(finished=False)
        assert left[kind.ready] == 2
        assert kind.finished not in left
        assert sum(left.values()) == 2
        assert queue.counts().get(kind.finished, 1) == 1


def test_lists_are_newest_first_by_state_and_since(store: Store, kind: Kind) -> None:
    add(store, kind, 3 * HOUR, 2 * HOUR, HOUR)
    [id] = claim(store, kind, limit=1)
    with store.read() as tx:
        queue = kind.of(tx)
        ids = [row.id for row in queue.list()]
        assert ids == sorted(ids, reverse=True)
        assert [row.id for row in queue.list(limit=2)] == ids[:2]
        assert [row.id for row in queue.list(kind.leased)] == [id]
        assert [row.id for row in queue.list(kind.ready)] == ids[:2]
        assert [row.id for row in queue.list(since=NOW - 2 * HOUR)] == ids[:2]
        assert [row.id for row in queue.list(kind.ready, since=NOW - HOUR)] == ids[:1]
        assert queue.get(id) == queue.list(kind.leased)[0]
        assert queue.get(id + 99) is None
        with pytest.raises(ValueError, match="no-such-state"):
            queue.list("no-such-state")


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.name)
def test_a_row_that_is_done_with_is_worked_once_more_as_if_new(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    [id] = claim(store, kind)
    with store.write() as tx:
        assert not kind.of(tx).requeue(id, NOW), "it is leased"
        kind.finish(tx, id, "one", NOW)
        assert kind.of(tx).requeue(id, NOW)
        assert not kind.of(tx).requeue(id, NOW)
    assert states(store, kind) == [(kind.ready, 0)]
    assert claim(store, kind, now=NOW) == [id]


# processes


def registered(store: Store) -> int:
    with store.write() as tx:
        return tx.lease_holders.register("host:1", "1.0", NOW)


def bury(store: Store, kind: Kind, holder: int) -> int:
    """The process counts as dead; how many of its claims were released."""
    with store.write() as tx:
        [row] = [row for row in tx.lease_holders.all() if row.id == holder]
        assert tx.lease_holders.bury(holder, row.renewals)
        return kind.of(tx).release_held(holder)


def test_what_a_dead_process_has_claimed_is_free_long_before_its_lease_ends(store: Store, kind: Kind) -> None:
    dead, living = registered(store), registered(store)
    add(store, kind, 3 * HOUR, 2 * HOUR, HOUR)
    first = claim(store, kind, f"{owner_name(dead)}:1", limit=1)
    second = claim(store, kind, f"{owner_name(living)}:1", limit=1)

    assert bury(store, kind, dead) == 1

    with store.read() as tx:
        assert (kind.of(tx).has_held(dead), kind.of(tx).has_held(living)) == (False, True)
    assert second[0] not in (again := claim(store, kind, f"{owner_name(living)}:2"))
    assert first[0] in again


def test_a_process_that_counts_as_dead_claims_nothing_and_records_nothing(store: Store, kind: Kind) -> None:
    stopped, living = registered(store), registered(store)
    late = f"{owner_name(stopped)}:1"
    add(store, kind, HOUR)
    [id] = claim(store, kind, late)
    bury(store, kind, stopped)

    assert claim(store, kind, late) == claim(store, kind, f"{owner_name(stopped)}:2") == []
    assert claim(store, kind, f"{owner_name(living)}:1") == [id]
    for change in (kind.finish, kind.defer):
        with pytest.raises(LeaseLost), store.write() as tx:
            change(tx, id, late, NOW)
    assert states(store, kind)[0][0] == kind.leased


def test_a_holder_of_a_shorter_number_is_not_taken_for_one_of_a_longer(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    claim_of_twelve = f"{owner_name(12)}:1"
    with store.write() as tx:
        for _ in range(12):
            tx.lease_holders.register("host:1", "1.0", NOW)
    assert claim(store, kind, claim_of_twelve)

    assert bury(store, kind, 1) == 0


def test_a_renewal_comes_before_a_burial_that_did_not_see_it(store: Store) -> None:
    holder = registered(store)
    with store.write() as tx:
        assert tx.lease_holders.renew(holder, NOW + HOUR)
        assert not tx.lease_holders.bury(holder, 0)
        assert tx.lease_holders.bury(holder, 1)
        assert not tx.lease_holders.bury(holder, 1)
        assert not tx.lease_holders.renew(holder, NOW + HOUR)
        [row] = tx.lease_holders.all()
        assert (row.name, row.version, row.dead, row.seen_at) == ("host:1", "1.0", True, NOW + HOUR)
        tx.lease_holders.remove(holder)
    assert registered(store) > holder, "a number is never used again"


def test_an_owner_without_a_process_claims_as_before(store: Store, kind: Kind) -> None:
    add(store, kind, HOUR)
    assert claim(store, kind, "host:17:1")


def test_an_outgoing_mail_is_changed_by_its_owner_only(store: Store) -> None:
    with store.write() as tx:
        tx.outbox.add_many([replace(NOTIFICATION, key="a")], NOW)
        [queued] = tx.outbox.claim("one", 1, LEASE, NOW)
    for change in (
        lambda tx: tx.outbox.mark_rendered(queued.id, b"", owner="two"),
        lambda tx: tx.outbox.suppress(queued.id, "", NOW, owner="two"),
        lambda tx: tx.outbox.keep_back(queued.id, "", owner="two"),
    ):
        with pytest.raises(LeaseLost), store.write() as tx:
            change(tx)
    with store.write() as tx:
        tx.outbox.mark_rendered(queued.id, b"x", owner="one")
        assert tx.outbox.suppress(queued.id, "", NOW, owner="one")


def test_a_dot_that_was_not_sent_is_taken_back_by_its_owner_only(store: Store) -> None:
    with store.write() as tx:
        tx.outbox.add_many([replace(NOTIFICATION, key="a")], NOW)
        [queued] = tx.outbox.claim("one", 1, LEASE, NOW)
        tx.outbox.mark_dot(queued.id, "one", NOW)
        assert not tx.outbox.not_dotted(queued.id, NOW, owner="two")
        assert tx.outbox.not_dotted(queued.id, NOW, owner="one")
        [again] = tx.outbox.claim("two", 1, LEASE, NOW)
    assert (again.id, again.repeated) == (queued.id, False)
