"""Promises to send, on both databases: the table of states is the contract (docs: what a crash in each state means)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.errors import LeaseLost
from mailbridge.notifications.model import Audience, Class, Notification, OutboxState, Queued
from mailbridge.store.documents import dump, load_any
from mailbridge.store.engine import Store
from mailbridge.store.outbox import OUTCOME_UNKNOWN, UNKNOWN_REST
from mailbridge.store.restoring import KEPT_BACK
from mailbridge.store.stored_notifications import VERSION, dump_notification
from mailbridge.store.tables.outgoing import FOR_RELEASE, outbox

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=2)
TICK = timedelta(microseconds=1)
LETTER = Notification(
    ticket=7,
    audience=Audience.CUSTOMER,
    event="received",
    recipient="Jo@Customer.test",
    key="7:1:jo",
    name="Jo Café",
    language="de",
    mail=3,
    message_id="mb.7.abc@desk.test",
    reply_to="support+7.abc@desk.test",
    from_name="Support",
    in_reply_to="x@customer.test",
    references=("x@customer.test", "y@customer.test"),
)
REMINDER = replace(
    LETTER, class_=Class.REMINDER, event="overdue", audience=Audience.AGENT, recipient="ana@desk.test", key="r", message_id="r@d"
)


def add(store: Store, *notifications: Notification, now: datetime = NOW) -> int:
    with store.write() as tx:
        return tx.outbox.add_many(notifications, now)


def claim(store: Store, now: datetime = NOW, *, owner: str = "sender", limit: int = 10) -> list[Queued]:
    with store.write() as tx:
        return tx.outbox.claim(owner, limit, LEASE, now)


def claim_one(store: Store, now: datetime = NOW, *, owner: str = "sender") -> Queued:
    [queued] = claim(store, now, owner=owner)
    return queued


def look(store: Store, id: int) -> Queued:
    with store.read() as tx:
        return tx.outbox.get(id)


def up_to(state: OutboxState, store: Store, notification: Notification = LETTER) -> int:
    """A promise that stands in this state; its id."""
    add(store, notification)
    with store.write() as tx:
        [queued] = tx.outbox.claim("sender", 1, LEASE, NOW)
        match state:
            case OutboxState.QUEUED:
                tx.outbox.release("sender")
            case OutboxState.DOT:
                tx.outbox.mark_dot(queued.id, "sender", NOW)
            case OutboxState.SENT:
                assert tx.outbox.sent(queued.id, NOW, "250 ok")
            case OutboxState.DEFERRED:
                assert tx.outbox.defer(queued.id, NOW + timedelta(minutes=5), "451 busy")
            case OutboxState.FAILED:
                assert tx.outbox.fail(queued.id, "550 no such user", NOW)
            case OutboxState.SUPPRESSED:
                assert tx.outbox.suppress(queued.id, "a robot", NOW)
    assert look(store, queued.id).state is state
    return queued.id


def test_a_promise_comes_back_as_it_was_made(store: Store) -> None:
    assert add(store, LETTER) == 1

    queued = claim_one(store)

    assert queued.notification == LETTER
    assert (queued.state, queued.attempts, queued.created_at, queued.rendered, queued.repeated) == (
        OutboxState.SENDING,
        1,
        NOW,
        None,
        False,
    )


def test_the_same_key_makes_one_promise(store: Store) -> None:
    assert add(store, LETTER, REMINDER) == 2
    assert add(store, replace(LETTER, name="Other", message_id="other@d"), replace(LETTER, key="new", message_id="new@d")) == 1

    assert [queued.notification.name for queued in claim(store)] == ["Jo Café", "Jo Café", "Jo Café"]


def test_nothing_to_add_is_fine(store: Store) -> None:
    assert add(store) == 0


def test_promises_are_claimed_in_order_and_once(store: Store) -> None:
    add(store, *(replace(LETTER, key=str(n), message_id=f"{n}@d") for n in range(5)))

    assert [queued.notification.key for queued in claim(store, limit=3)] == ["0", "1", "2"]
    assert [queued.notification.key for queued in claim(store, limit=3)] == ["3", "4"]
    assert claim(store) == []


def to(domain: str, count: int = 1) -> list[Notification]:
    made = (f"{domain}-{n}" for n in range(count))
    return [replace(LETTER, key=key, message_id=f"{key}@d", recipient=f"jo@{domain}") for key in made]


def domains(claimed: list[Queued]) -> list[str]:
    return [queued.notification.recipient.partition("@")[2] for queued in claimed]


def test_a_domain_under_delivery_is_left_to_its_worker_while_mail_for_others_waits(store: Store) -> None:
    add(store, *to("slow.test", 3), *to("quick.test"))

    assert domains(claim(store, owner="first", limit=1)) == ["slow.test"]
    assert domains(claim(store, owner="second")) == ["quick.test"]


def test_a_domain_under_delivery_gets_a_second_worker_where_nothing_else_waits(store: Store) -> None:
    add(store, *to("slow.test", 3))

    claim(store, owner="first", limit=1)
    assert domains(claim(store, owner="second")) == ["slow.test", "slow.test"]


def test_mail_for_others_is_found_behind_a_long_queue_for_one_domain(store: Store) -> None:
    add(store, *to("slow.test", 250), *to("quick.test"))

    claim(store, owner="first", limit=1)
    assert domains(claim(store, owner="second", limit=5)) == ["quick.test"]


def test_a_domain_is_free_again_when_the_lease_of_its_worker_is_over(store: Store) -> None:
    add(store, *to("slow.test", 2), *to("quick.test"))

    claim(store, owner="first", limit=1)
    assert domains(claim(store, NOW + LEASE, owner="second")) == ["slow.test", "quick.test", "slow.test"]


def test_a_worker_goes_on_with_its_own_domain(store: Store) -> None:
    add(store, *to("slow.test", 3), *to("quick.test"))

    claim(store, owner="first", limit=1)
    assert domains(claim(store, owner="first")) == ["slow.test", "slow.test", "quick.test"]


def test_what_a_sender_died_over_before_the_dot_is_sent_again_after_its_lease(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)

    assert claim(store, NOW + LEASE - TICK) == []
    again = claim_one(store, NOW + LEASE)

    assert (again.id, again.attempts, again.repeated) == (id, 2, False)


def test_a_letter_of_unknown_outcome_is_repeated_once_and_says_so(store: Store) -> None:
    id = up_to(OutboxState.DOT, store)
    rest = NOW + LEASE + UNKNOWN_REST

    assert claim(store, rest - TICK) == []
    again = claim_one(store, rest)
    assert (again.id, again.repeated, again.notification.message_id) == (id, True, LETTER.message_id)

    with store.write() as tx:
        tx.outbox.mark_dot(id, "sender", rest)
    after = rest + LEASE + UNKNOWN_REST
    assert claim(store, after) == []
    with store.read() as tx:
        assert tx.outbox.lost(after - TICK) == []
        (lost,) = tx.outbox.lost(after)
    assert (lost.id, lost.state, lost.repeated) == (id, OutboxState.DOT, True)


def test_a_reminder_of_unknown_outcome_is_not_repeated(store: Store) -> None:
    id = up_to(OutboxState.DOT, store, REMINDER)
    rest = NOW + LEASE + UNKNOWN_REST

    assert claim(store, rest - TICK) == []
    assert look(store, id).state is OutboxState.DOT
    assert claim(store, rest) == []
    closed = look(store, id)
    assert (closed.state, closed.error, closed.sent_at) == (OutboxState.SENT, OUTCOME_UNKNOWN, rest)


def test_a_repeated_letter_that_died_before_its_dot_is_still_marked_as_repeated(store: Store) -> None:
    up_to(OutboxState.DOT, store)
    rest = NOW + LEASE + UNKNOWN_REST
    claim_one(store, rest)

    assert claim_one(store, rest + LEASE).repeated


def test_a_deferred_mail_waits_for_its_time(store: Store) -> None:
    id = up_to(OutboxState.DEFERRED, store)
    later = NOW + timedelta(minutes=5)

    assert look(store, id).error == "451 busy"
    assert claim(store, later - TICK) == []
    assert (claim_one(store, later).attempts, look(store, id).state) == (2, OutboxState.SENDING)


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED])
def test_what_is_done_with_is_never_claimed(store: Store, state: OutboxState) -> None:
    up_to(state, store)

    assert claim(store, NOW + timedelta(days=30)) == []


def test_the_dot_needs_a_claim_that_is_alive_and_ours(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)
    with store.write() as tx:
        with pytest.raises(LeaseLost):
            tx.outbox.mark_dot(id, "somebody else", NOW)
        with pytest.raises(LeaseLost):
            tx.outbox.mark_dot(id, "sender", NOW + LEASE)
        tx.outbox.mark_dot(id, "sender", NOW + LEASE - TICK)
        with pytest.raises(LeaseLost):
            tx.outbox.mark_dot(id, "sender", NOW)
        with pytest.raises(LeaseLost):
            tx.outbox.mark_dot(99, "sender", NOW)


def test_the_dot_may_take_a_longer_lease(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)
    with store.write() as tx:
        tx.outbox.mark_dot(id, "sender", NOW, lease=timedelta(minutes=11))

    assert look(store, id).next_at == NOW + timedelta(minutes=11) + UNKNOWN_REST


def test_a_slow_sender_whose_mail_was_taken_over_cannot_send_its_dot(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)
    claim_one(store, NOW + LEASE, owner="second")

    with store.write() as tx:
        with pytest.raises(LeaseLost):
            tx.outbox.mark_dot(id, "sender", NOW + LEASE)
        tx.outbox.mark_dot(id, "second", NOW + LEASE)


def test_a_sender_who_lost_its_claim_changes_nothing_any_more(store: Store) -> None:
    """Put back by the slow one while the quick one is past its dot, a reminder would go out twice."""
    id = up_to(OutboxState.SENDING, store, REMINDER)
    claim_one(store, NOW + LEASE, owner="quick")
    with store.write() as tx:
        tx.outbox.mark_dot(id, "quick", NOW + LEASE)
        with pytest.raises(LeaseLost):
            tx.outbox.defer(id, NOW + LEASE, "connection lost", owner="sender")
        with pytest.raises(LeaseLost):
            tx.outbox.fail(id, "gave up", NOW, owner="sender")
        with pytest.raises(LeaseLost):
            tx.outbox.sent(id, NOW, owner="sender")
        assert tx.outbox.sent(id, NOW, owner="quick")


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.DOT])
def test_the_servers_answer_ends_the_try(store: Store, state: OutboxState) -> None:
    id = up_to(state, store)
    with store.write() as tx:
        assert tx.outbox.sent(id, NOW, "250 2.0.0 queued as 4711")
        assert not tx.outbox.sent(id, NOW)
        assert not tx.outbox.defer(id, NOW, "late")
        assert not tx.outbox.fail(id, "late", NOW)
        assert not tx.outbox.suppress(id, "late", NOW)

    row = look(store, id)
    assert (row.state, row.reply, row.sent_at, row.error) == (OutboxState.SENT, "250 2.0.0 queued as 4711", NOW, "")


def test_a_refusal_after_the_dot_is_no_unknown_outcome(store: Store) -> None:
    id = up_to(OutboxState.DOT, store)
    with store.write() as tx:
        assert tx.outbox.defer(id, NOW + timedelta(hours=1), "451 try later")

    assert not claim_one(store, NOW + timedelta(hours=1)).repeated


def test_a_promise_can_fail_before_it_is_ever_claimed(store: Store) -> None:
    id = up_to(OutboxState.QUEUED, store)
    with store.write() as tx:
        assert tx.outbox.fail(id, "too old", NOW)
        assert not tx.outbox.fail(id, "too old", NOW)

    assert look(store, id).error == "too old"


@pytest.mark.parametrize("state", [OutboxState.DOT, OutboxState.SENT, OutboxState.FAILED])
def test_what_may_have_left_cannot_be_suppressed(store: Store, state: OutboxState) -> None:
    id = up_to(state, store)
    with store.write() as tx:
        assert not tx.outbox.suppress(id, "too late", NOW)


def test_released_mails_can_be_claimed_at_once_and_the_try_does_not_count(store: Store) -> None:
    up_to(OutboxState.SENDING, store)
    dot = replace(LETTER, key="dot", message_id="dot@d")
    add(store, dot)
    claimed = claim_one(store)
    with store.write() as tx:
        tx.outbox.mark_dot(claimed.id, "sender", NOW)
        assert tx.outbox.release("somebody else") == 0
        assert tx.outbox.release("sender") == 1

    again = claim_one(store)
    assert (again.notification, again.attempts) == (LETTER, 1)
    with store.write() as tx:
        assert tx.outbox.release() == 1


def test_the_wording_is_kept_for_all_tries(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)
    with store.write() as tx:
        tx.outbox.mark_rendered(id, b"From: x\r\n\r\n\xe2\x82\xac")

    assert claim_one(store, NOW + LEASE).rendered == b"From: x\r\n\r\n\xe2\x82\xac"


def test_what_is_kept_back_waits_for_a_release_and_holds_no_other_mail(store: Store) -> None:
    id = up_to(OutboxState.SENDING, store)
    with store.write() as tx:
        assert tx.outbox.keep_back(id, f"{KEPT_BACK} (b)")
        assert not tx.outbox.keep_back(id, "again")
        assert [one.id for one in tx.outbox.kept_back()] == [id]
        assert tx.outbox.of_first_connect() == []
        assert not tx.outbox.waits_for_release(LETTER.ticket or 0), "alerts of its ticket are no mail of a first connect"
        assert tx.outbox.next_due() is None
        tx.outbox.hold(replace(LETTER, key="other", message_id="other@d"), NOW, FOR_RELEASE)
        assert tx.outbox.waits_for_release(LETTER.ticket or 0)
        assert len(tx.outbox.of_first_connect()) == 1
        assert tx.outbox.requeue(id, NOW)
        assert tx.outbox.kept_back() == []


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED])
def test_a_person_may_have_it_sent_again(store: Store, state: OutboxState) -> None:
    id = up_to(state, store)
    later = NOW + timedelta(days=1)
    with store.write() as tx:
        assert tx.outbox.requeue(id, later)
        assert not tx.outbox.requeue(id, later)

    again = claim_one(store, later)
    assert (again.id, again.attempts, again.error, again.notification.message_id) == (id, 1, "", LETTER.message_id)


def test_a_mail_is_found_by_its_message_id(store: Store) -> None:
    id = up_to(OutboxState.SENT, store)
    with store.read() as tx:
        assert tx.outbox.by_message_id(LETTER.message_id).id == id
        assert tx.outbox.by_message_id("unknown@desk.test") is None
        assert tx.outbox.by_message_id("") is None


def test_promises_without_a_message_id_do_not_clash(store: Store) -> None:
    assert add(store, replace(LETTER, message_id=""), replace(LETTER, key="2", message_id="")) == 2


def test_lists_and_counts(store: Store) -> None:
    add(store, LETTER, REMINDER)
    with store.write() as tx:
        [first, _] = tx.outbox.claim("sender", 2, LEASE, NOW)
        tx.outbox.sent(first.id, NOW)

        assert tx.outbox.counts() == {
            "queued": 0, "sending": 1, "dot": 0, "sent": 1, "deferred": 0, "held": 0, "failed": 0, "suppressed": 0
        }  # fmt: skip
        assert [queued.notification.key for queued in tx.outbox.list()] == ["r", LETTER.key]
        assert [queued.id for queued in tx.outbox.list("sent", 5)] == [first.id]
        assert [queued.id for queued in tx.outbox.list(limit=1)] == [first.id + 1]
        assert len(tx.outbox.of_ticket(7)) == 2


def test_the_next_look_is_known(store: Store) -> None:
    with store.read() as tx:
        assert tx.outbox.next_due() is None
    up_to(OutboxState.DEFERRED, store)
    with store.read() as tx:
        assert tx.outbox.next_due() == NOW + timedelta(minutes=5)


def test_caps_count_what_a_recipient_was_promised(store: Store) -> None:
    own_answer = replace(LETTER, key="answer", message_id="answer@d", event="answer", automatic=False)
    add(store, replace(LETTER, key="old", message_id="old@d"), now=NOW - timedelta(hours=2))
    add(store, LETTER, REMINDER, own_answer, replace(LETTER, key="no", message_id="no@d"))
    with store.write() as tx:
        refused = tx.outbox.by_message_id("no@d")
        tx.outbox.suppress(refused.id, "cap", NOW)
        hour_ago = NOW - timedelta(hours=1)

        assert tx.outbox.count_since("JO@customer.TEST", hour_ago) == 1
        assert tx.outbox.count_since("jo@customer.test", hour_ago, automatic_only=False) == 2
        assert tx.outbox.count_since("jo@customer.test", hour_ago, event="received") == 1
        assert tx.outbox.count_since("jo@customer.test", hour_ago, event="closed") == 0
        assert tx.outbox.count_since("jo@customer.test", NOW - timedelta(hours=2)) == 2
        assert tx.outbox.count_since("jo@customer.test", NOW - timedelta(hours=2), limit=1) == 1


def test_the_breaker_counts_automatic_mail_to_customers(store: Store) -> None:
    add(store, replace(LETTER, key="old", message_id="old@d"), now=NOW - timedelta(hours=1, seconds=1))
    add(store, LETTER, replace(LETTER, key="2", message_id="2@d"), REMINDER, replace(LETTER, key="3", message_id="3@d", automatic=False))

    with store.read() as tx:
        assert tx.outbox.count_all_since(NOW - timedelta(hours=1)) == 2
        assert tx.outbox.count_all_since(NOW - timedelta(hours=1), limit=1) == 1


def make_newer(store: Store, id: int) -> None:
    """The row's payload as a program of the next version would store it."""
    newer = dump({**load_any(dump_notification(LETTER)), "payload": {"version": VERSION + 1, "values": {}}})
    with store.write() as tx:
        assert tx._sql.change(outbox.update().where(outbox.c.id == id).values(payload=newer)) == 1


def test_a_row_that_cannot_be_read_holds_up_no_other(store: Store) -> None:
    add(store, LETTER, REMINDER)
    first, second = (queued.id for queued in claim(store))
    with store.write() as tx:
        tx.outbox.release()
    make_newer(store, first)

    assert [(queued.id, bool(queued.unreadable)) for queued in claim(store)] == [(first, True), (second, False)]
    with store.read() as tx:
        assert {queued.id for queued in tx.outbox.list()} == {first, second}
        found = tx.outbox.by_message_id(LETTER.message_id)
    assert found is not None
    assert "newer" in found.unreadable
    assert found.notification.recipient == LETTER.recipient
