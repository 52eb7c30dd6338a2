"""The overlay over the files of customers: versions without gaps, in the order of the commits, on both databases."""

from __future__ import annotations

from threading import Thread

from mailbridge.customers.change import EntryChanged
from mailbridge.customers.entry import EntryId, EntryPart
from mailbridge.store.engine import Store
from mailbridge.tickets.actor import Actor, ActorKind
from tests.builders import NOW

ANA = Actor(kind=ActorKind.AGENT, name="ana")
VALUES = (("role", "buyer"), ("phones", "+40 232 123 456"))


def a_change(address: str, after: tuple[tuple[str, str], ...] | None = VALUES) -> EntryChanged:
    id = EntryId(customer="acme", part=EntryPart.PERSON, key=address.lower())
    return EntryChanged(id=id, name=address, before=None, after=after)


def test_changes_are_read_back_after_a_version_and_by_customer(store: Store) -> None:
    with store.read() as tx:
        assert (tx.customers.version(), tx.customers.since(0)) == (0, [])
    with store.write() as tx:
        tx.customers.add([a_change("Eva@x.test"), a_change("dan@x.test", ())], ANA, 7, NOW)
    with store.write() as tx:
        tx.customers.add([a_change("Eva@x.test", None)], Actor(kind=ActorKind.ADMIN), None, NOW)

    with store.read() as tx:
        assert tx.customers.version() == 3
        assert [(one.version, one.name, one.after, one.ticket, one.actor) for one in tx.customers.since(1)] == [
            (2, "dan@x.test", (), 7, ANA),
            (3, "Eva@x.test", None, None, Actor(kind=ActorKind.ADMIN)),
        ]
        assert [one.version for one in tx.customers.of("acme", 2)] == [3, 2]
        assert tx.customers.since(0)[0].after == VALUES


def test_a_transaction_that_is_rolled_back_leaves_no_gap(store: Store) -> None:
    class Broken(Exception):
        pass

    try:
        with store.write() as tx:
            tx.customers.add([a_change("lost@x.test")], ANA, None, NOW)
            raise Broken
    except Broken:
        pass
    with store.write() as tx:
        tx.customers.add([a_change("kept@x.test")], ANA, None, NOW)
    with store.read() as tx:
        assert [(one.version, one.name) for one in tx.customers.since(0)] == [(1, "kept@x.test")]


def test_writers_at_once_wait_for_each_other(store: Store) -> None:
    """Who has read up to a version has read everything before it: a lower version is never committed later."""

    def add(writer: int) -> None:
        for number in range(5):
            with store.write() as tx:
                tx.customers.add([a_change(f"p{writer}.{number}@x.test")], ANA, None, NOW)

    writers = [Thread(target=add, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with store.read() as tx:
        assert [one.version for one in tx.customers.since(0)] == list(range(1, 21))
        assert len({one.id for one in tx.customers.since(0)}) == 20
