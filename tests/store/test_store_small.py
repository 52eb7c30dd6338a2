"""Contents, cursors, suspended addresses, keys, versions of rules and small facts, on both databases."""

# ruff: noqa: PT012  (a transaction that fails is one thing that happens)

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from mailbridge.errors import Permanent
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.addresses import Suspension
from mailbridge.store.dialects import BIG
from mailbridge.store.engine import Store
from mailbridge.store.policies import PolicyVersion

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


# contents


@pytest.mark.parametrize("size", [0, 1, BIG - 1, BIG, BIG + 1, 3 * BIG + 7])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_content_comes_back_as_it_was(store: Store, size: int, kind: type) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    with store.write() as tx:
        name = tx.blobs.put(kind(data))
        assert tx.blobs.put(data) == name == sha256(data).hexdigest()
    with store.read() as tx:
        assert tx.blobs.get(name) == data
        assert tx.blobs.has(name)


def test_names_come_in_the_order_of_the_contents_each_stored_once(store: Store) -> None:
    with store.write() as tx:
        assert tx.blobs.put_many([]) == []
        known = tx.blobs.put(b"b")
        assert tx.blobs.put_many([b"c", b"b", b"a", b"c"]) == [sha256(data).hexdigest() for data in (b"c", b"b", b"a", b"c")]
        assert tx.blobs.has(known)


def test_an_unknown_content_is_an_error(store: Store) -> None:
    with store.read() as tx:
        assert not tx.blobs.has("0" * 64)
        with pytest.raises(Permanent, match="no such content"):
            tx.blobs.get("0" * 64)


def test_an_undone_content_is_gone(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(ZeroDivisionError), tx.savepoint():
            name = tx.blobs.put(bytes(2 * BIG))
            raise ZeroDivisionError
        assert not tx.blobs.has(name)


def test_a_big_mail_is_taken_without_copies(store: Store) -> None:
    """What Python allocates; the memory of the database client stands in the figures of the benchmark."""
    raw = bytes(24 << 20)
    with store.write() as tx:
        tx.blobs.put(b"warm up")
        tracemalloc.start()
        tx.blobs.put(raw)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < (4 << 20 if store.is_sqlite else 1.5 * len(raw))


# cursors


def fetched(uid: int, uidvalidity: int = 7) -> tuple[bytes, Envelope]:
    place = {"account": "support", "folder": "INBOX", "uidvalidity": uidvalidity, "uid": uid}
    return b"mail %d" % uid, Envelope(source=Source.IMAP, received_at=NOW, **place)


def test_a_cursor_stands_where_it_was_set(store: Store) -> None:
    with store.write() as tx:
        assert tx.cursors.get("support", "INBOX") is None
        tx.cursors.set("support", "INBOX", 7, 10)
        tx.cursors.set("support", "INBOX", 7, 12)
        tx.cursors.set("support", "Søppel", 4_294_967_295, 4_294_967_295)

        assert tx.cursors.get("support", "INBOX") == (7, 12)
        assert tx.cursors.get("support", "Søppel") == (4_294_967_295, 4_294_967_295)


def test_mails_wait_for_their_after_action_until_it_is_done(store: Store) -> None:
    with store.write() as tx:
        tx.inbox.add_many([fetched(3), fetched(1), fetched(2)])
        assert tx.cursors.to_acknowledge("support", "INBOX") == []
        tx.cursors.set("support", "INBOX", 7, 3)

        assert tx.cursors.to_acknowledge("support", "INBOX") == [1, 2, 3]
        tx.cursors.acknowledged("support", "INBOX", 7, [1, 3, 99])
        assert tx.cursors.to_acknowledge("support", "INBOX") == [2]
        assert tx.cursors.to_acknowledge("other", "INBOX") == []


def test_a_mail_fetched_again_after_it_was_settled_stays_settled(store: Store) -> None:
    with store.write() as tx:
        tx.inbox.add_many([fetched(1)])
        tx.cursors.acknowledged("support", "INBOX", 7, [1])
        tx.inbox.add_many([fetched(1)])

        assert tx.cursors.to_acknowledge("support", "INBOX", 7) == []


def test_a_new_uidvalidity_ends_the_waiting_of_the_old_one(store: Store) -> None:
    with store.write() as tx:
        tx.cursors.set("support", "INBOX", 7, 1)
        tx.inbox.add_many([fetched(1)])
        tx.cursors.set("support", "INBOX", 8, 0)
        tx.inbox.add_many([fetched(1, uidvalidity=8)])

        assert tx.cursors.to_acknowledge("support", "INBOX", 7) == []
        assert tx.cursors.to_acknowledge("support", "INBOX") == [1]


# suspended addresses


def test_a_suspended_address_gets_nothing_until_the_time_is_over(store: Store) -> None:
    until = NOW + timedelta(days=1)
    with store.write() as tx:
        tx.addresses.suspend("Jo@Customer.test", until, "bounced")
        tx.addresses.suspend("robot@customer.test", None, "answers itself")

        assert tx.addresses.suspended("jo@customer.TEST", until - timedelta(microseconds=1)) == "bounced"
        assert tx.addresses.suspended("jo@customer.test", until) is None
        assert tx.addresses.suspended("robot@customer.test", NOW + timedelta(days=9999)) == "answers itself"
        assert tx.addresses.suspended("kim@customer.test", NOW) is None


def test_the_last_word_about_an_address_counts(store: Store) -> None:
    with store.write() as tx:
        tx.addresses.suspend("jo@customer.test", NOW, "one")
        tx.addresses.suspend("JO@customer.test", None, "two")

        assert tx.addresses.list() == [Suspension(address="jo@customer.test", until=None, reason="two")]
        assert tx.addresses.lift("Jo@customer.test")
        assert not tx.addresses.lift("jo@customer.test")
        assert tx.addresses.list() == []


# keys


def counting() -> object:
    numbers = iter(range(256))
    return lambda size: bytes([next(numbers)]) * size


def test_the_first_key_is_made_once(store: Store) -> None:
    chance = counting()
    with store.write() as tx:
        assert tx.keys.live() == []
        [made] = tx.keys.ensure(NOW, chance)
        assert tx.keys.ensure(NOW + timedelta(days=1), chance) == [made]

    assert (made.secret, made.created_at) == (bytes(32), NOW)
    assert "secret" not in repr(made)


def test_two_keys_are_live_after_any_number_of_rotations(store: Store) -> None:
    chance = counting()
    with store.write() as tx:
        for day in range(4):
            live = tx.keys.rotate(NOW + timedelta(days=day), chance)

        assert live == tx.keys.live()
        assert [key.secret[0] for key in live] == [3, 2]


# versions of rules


def test_a_version_of_the_rules_is_kept_as_it_was_first(store: Store) -> None:
    with store.write() as tx:
        tx.policies.remember("aaa", {"rules/teams.yaml": "teams: {}\n", "ü": "\t"}, NOW)
        tx.policies.remember("bbb", {}, NOW + timedelta(hours=1))
        tx.policies.remember("aaa", {"other": "x"}, NOW + timedelta(hours=2))

        assert tx.policies.get("aaa") == {"rules/teams.yaml": "teams: {}\n", "ü": "\t"}
        assert tx.policies.get("ccc") is None
        assert tx.policies.history() == [
            PolicyVersion(version="bbb", first_used=NOW + timedelta(hours=1)),
            PolicyVersion(version="aaa", first_used=NOW),
        ]
        assert [found.version for found in tx.policies.history(1)] == ["bbb"]


# small facts


def test_a_fact_is_the_last_one_set(store: Store) -> None:
    with store.write() as tx:
        assert (tx.state.get("heartbeat"), tx.state.set_at("heartbeat")) == (None, None)
        tx.state.set("heartbeat", {"at": "x"}, NOW)
        tx.state.set("heartbeat", [1, None, "ü"], NOW + timedelta(hours=1))
        tx.state.set("off", False, NOW)

        assert tx.state.get("heartbeat") == [1, None, "ü"]
        assert tx.state.set_at("heartbeat") == NOW + timedelta(hours=1)
        assert tx.state.get("off") is False
