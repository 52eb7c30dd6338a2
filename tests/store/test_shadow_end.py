"""The end of shadow mode in the store: nothing that was not sent is ever sent, and numbers go on where wished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbridge.notifications.model import Audience, Notification
from mailbridge.store.engine import Store
from mailbridge.store.tables.outgoing import FOR_RELEASE, SHADOWED

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


def letter(key: str) -> Notification:
    return Notification(
        ticket=1, audience=Audience.CUSTOMER, event="received", recipient="jo@customer.test", key=key, message_id=f"{key}@desk.test"
    )


def test_the_end_suppresses_what_is_queued_claimed_held_and_withheld(store: Store) -> None:
    with store.write() as tx:
        tx.outbox.add_many([letter("withheld"), letter("claimed")], NOW)
        owned = tx.outbox.claim("w", 2, timedelta(minutes=5), NOW)
        assert tx.outbox.keep_in_shadow(owned[0].id, owner="w")
        tx.outbox.add_many([letter("queued")], NOW)
        tx.outbox.hold(letter("held"), NOW, FOR_RELEASE)
    with store.read() as tx:
        assert [one.notification.key for one in tx.outbox.of_first_connect()] == ["held"]  # what shadow mode withheld is not for release
    with store.write() as tx:
        assert tx.outbox.end_shadow(NOW) == 4
    with store.read() as tx:
        assert {(one.state, one.error) for one in tx.outbox.of_ticket(1)} == {("suppressed", SHADOWED)}
        assert not tx.outbox.is_due(NOW + timedelta(days=30))


def test_numbers_go_on_where_wished_and_never_twice(store: Store) -> None:
    with store.write() as tx:
        first = tx.tickets.reserve()
        assert not tx.tickets.continue_at(first)
        assert tx.tickets.continue_at(500)
    with store.write() as tx:
        assert tx.tickets.reserve() == 500
        assert not tx.tickets.continue_at(500)
        assert tx.tickets.reserve() == 501
