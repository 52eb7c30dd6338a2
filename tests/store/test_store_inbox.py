"""The durable inbox on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.errors import LeaseLost
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import ClaimedMail, InboxOutcome, InboxState, hint_message_id

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=5)
BY_SMTP = Envelope(
    source=Source.SMTP,
    received_at=NOW,
    mail_from="jo@customer.test",
    rcpt_to=("support@desk.test", "sales@desk.test"),
    peer="192.0.2.7",
    helo="mx.customer.test",
)


def by_imap(uid: int, *, uidvalidity: int = 77, folder: str = "INBOX") -> Envelope:
    return Envelope(source=Source.IMAP, received_at=NOW, account="support", folder=folder, uidvalidity=uidvalidity, uid=uid)


def add(store: Store, *mails: tuple[bytes, Envelope]) -> list[int]:
    with store.write() as tx:
        return tx.inbox.add_many(mails)


def claim(store: Store, *, owner: str = "worker-1", limit: int = 10, now: datetime = NOW) -> list[ClaimedMail]:
    with store.write() as tx:
        return tx.inbox.claim(owner, limit, LEASE, now)


def test_an_accepted_mail_comes_back_as_it_came(store: Store) -> None:
    raw = b"Message-ID: <one@customer.test>\r\n\r\nline\r\n\x00\xff\r\n"

    [id] = add(store, (raw, BY_SMTP))
    [waiting] = claim(store)

    assert (waiting.id, waiting.envelope, waiting.size, waiting.attempts) == (id, BY_SMTP, len(raw), 1)
    with store.read() as tx:
        assert tx.blobs.get(waiting.sha256) == raw
        assert tx.inbox.get(id).message_id == "one@customer.test"


def test_the_null_sender_and_an_unknown_sender_stay_apart(store: Store) -> None:
    add(store, (b"a", replace(BY_SMTP, mail_from="")), (b"b", replace(BY_SMTP, mail_from=None)))

    assert [waiting.envelope.mail_from for waiting in claim(store)] == ["", None]


def test_ids_come_in_the_order_of_the_mails_whatever_their_source(store: Store) -> None:
    ids = add(store, (b"a", by_imap(2)), (b"b", BY_SMTP), (b"c", by_imap(1)), (b"d", BY_SMTP), (b"e", by_imap(1, folder="Other")))

    with store.read() as tx:
        contents = [tx.blobs.get(tx.inbox.get(id).sha256) for id in ids]
    assert contents == [b"a", b"b", b"c", b"d", b"e"]
    assert len(set(ids)) == 5


def test_a_mail_fetched_again_keeps_its_row(store: Store) -> None:
    first = add(store, (b"a", by_imap(1)), (b"b", by_imap(2)))
    with store.write() as tx:
        [done, _] = tx.inbox.claim("w", 2, LEASE, NOW)
        tx.inbox.finish(done.id, "ticket", NOW, ticket=9)

    again = add(store, (b"a", by_imap(1)), (b"c", by_imap(3)), (b"b", by_imap(2)))

    assert [again[0], again[2]] == first
    with store.read() as tx:
        assert tx.inbox.counts() == {"new": 1, "claimed": 1, "done": 1, "quarantined": 0, "dropped": 0}


def test_the_same_uid_under_a_new_uidvalidity_is_another_mail(store: Store) -> None:
    [old] = add(store, (b"a", by_imap(1)))
    [new] = add(store, (b"a", by_imap(1, uidvalidity=78)))

    assert old != new


def test_the_same_mail_twice_in_one_batch_from_smtp_makes_two_rows_and_one_content(store: Store) -> None:
    ids = add(store, (b"same", BY_SMTP), (b"same", BY_SMTP))

    assert len(set(ids)) == 2
    assert len({waiting.sha256 for waiting in claim(store)}) == 1


def test_mails_are_claimed_oldest_first_and_once(store: Store) -> None:
    ids = add(store, *((b"%d" % n, BY_SMTP) for n in range(5)))

    assert [waiting.id for waiting in claim(store, limit=3)] == ids[:3]
    assert [waiting.id for waiting in claim(store, limit=3)] == ids[3:]
    assert claim(store) == []


def test_mailboxes_and_sources_take_turns(store: Store) -> None:
    # given a backlog of one mailbox, then one mail each of another mailbox and of the listener
    backlog = add(store, *((b"old %d" % uid, by_imap(uid)) for uid in range(1, 13)))
    [urgent, handed_over] = add(store, (b"urgent", replace(by_imap(1), account="urgent")), (b"by smtp", BY_SMTP))

    # then both are in the first batch, which is filled from the backlog and in order
    assert [waiting.id for waiting in claim(store, limit=6)] == [*backlog[:4], *sorted([urgent, handed_over])]
    assert [waiting.id for waiting in claim(store, limit=6)] == backlog[4:10]


def test_more_mailboxes_than_a_portion_holds_lose_no_mail(store: Store) -> None:
    ids = add(store, *((b"mail %d" % n, replace(by_imap(1), account=f"box{n}")) for n in range(5)))

    claimed = [waiting.id for _ in range(3) for waiting in claim(store, limit=2)]
    assert sorted(claimed) == ids


def test_another_process_at_work_is_seen_while_its_lease_runs(store: Store) -> None:
    add(store, (b"a", BY_SMTP))
    claim(store, owner="host:7:1")

    with store.read() as tx:
        assert tx.inbox.others_at_work("host:8:", NOW)
        assert not tx.inbox.others_at_work("host:7:", NOW)
        assert not tx.inbox.others_at_work("host:8:", NOW + LEASE)


def test_a_claim_is_free_again_when_its_lease_ends(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store)

    assert claim(store, now=NOW + LEASE - timedelta(microseconds=1)) == []
    [again] = claim(store, owner="worker-2", now=NOW + LEASE)
    assert (again.id, again.attempts) == (id, 2)


def test_a_mail_that_was_tried_before_is_given_alone(store: Store) -> None:
    ids = add(store, *((b"%d" % n, BY_SMTP) for n in range(4)))
    claim(store, limit=2)  # the process dies
    with store.write() as tx:
        tx.inbox.release("worker-1")

    batches = [[waiting.id for waiting in claim(store)] for _ in range(4)]

    assert batches == [[ids[0]], [ids[1]], [ids[2], ids[3]], []]


def test_healthy_mails_before_a_tried_one_come_without_it(store: Store) -> None:
    ids = add(store, *((b"%d" % n, BY_SMTP) for n in range(3)))
    claimed = claim(store)
    with store.write() as tx:
        for waiting in claimed:
            tx.inbox.defer(waiting.id, NOW, forget_attempt=waiting.id != ids[1])

    assert [waiting.id for waiting in claim(store)] == [ids[0]]
    assert [(waiting.id, waiting.attempts) for waiting in claim(store)] == [(ids[1], 2)]
    assert [waiting.id for waiting in claim(store)] == [ids[2]]


@pytest.mark.parametrize(("forget", "attempts"), [(True, 1), (False, 2)])
def test_a_released_mail_waits_for_its_time(store: Store, forget: bool, attempts: int) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store)
    later = NOW + timedelta(minutes=1)
    with store.write() as tx:
        assert tx.inbox.defer(id, later, forget_attempt=forget)
        assert not tx.inbox.defer(id, later, forget_attempt=forget)

    assert claim(store, now=later - timedelta(microseconds=1)) == []
    assert [waiting.attempts for waiting in claim(store, now=later)] == [attempts]


def test_abandoning_all_frees_every_claim_and_nothing_else(store: Store) -> None:
    add(store, *((b"%d" % n, BY_SMTP) for n in range(4)))
    [done, *_] = claim(store, owner="a", limit=2)
    claim(store, owner="b", limit=1)
    with store.write() as tx:
        tx.inbox.finish(done.id, "ticket", NOW)
        assert tx.inbox.release() == 2
        assert tx.inbox.counts() == {"new": 3, "claimed": 0, "done": 1, "quarantined": 0, "dropped": 0}


def test_only_one_finish_wins(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store)
    with store.write() as tx:
        assert tx.inbox.finish(id, "append", NOW, mail=3, ticket=7, reason="signed reply address")
        assert not tx.inbox.finish(id, "ticket", NOW, mail=4, ticket=8)

    with store.read() as tx:
        row = tx.inbox.get(id)
    assert (row.state, row.outcome, row.mail, row.ticket, row.reason, row.done_at) == (
        InboxState.DONE,
        InboxOutcome.APPEND,
        3,
        7,
        "signed reply address",
        NOW,
    )
    assert (row.lease_owner, row.lease_until) == ("", None)


def test_a_finish_with_an_owner_counts_for_that_claim_alone(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store, owner="slow")
    claim(store, owner="quick", now=NOW + LEASE)

    with store.write() as tx:
        with pytest.raises(LeaseLost):
            tx.inbox.finish(id, "ticket", NOW, owner="slow")
        assert tx.inbox.finish(id, "ticket", NOW, owner="quick")


def test_who_lost_a_claim_cannot_take_the_mail_from_the_next_one(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store, owner="slow")
    claim(store, owner="quick", now=NOW + LEASE)

    with store.write() as tx:
        with pytest.raises(LeaseLost):
            tx.inbox.defer(id, NOW, forget_attempt=True, owner="slow")
        with pytest.raises(LeaseLost):
            tx.inbox.quarantine(id, "too slow", NOW, owner="slow")
        assert tx.inbox.defer(id, NOW, forget_attempt=True, owner="quick")


def test_a_mail_nobody_claimed_cannot_be_finished(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    with store.write() as tx:
        assert not tx.inbox.finish(id, "ticket", NOW)


def test_an_unknown_outcome_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="lost"), store.write() as tx:
        tx.inbox.finish(1, "lost", NOW)


def test_a_quarantined_mail_keeps_its_content_and_its_reason(store: Store) -> None:
    [id] = add(store, (b"poison", BY_SMTP))
    claim(store)
    with store.write() as tx:
        assert tx.inbox.quarantine(id, "the reader died three times", NOW)

    assert claim(store, now=NOW + timedelta(days=9)) == []
    with store.read() as tx:
        [row] = tx.inbox.quarantined()
        assert (row.id, row.reason, tx.blobs.get(row.sha256)) == (id, "the reader died three times", b"poison")


@pytest.mark.parametrize("aside", ["quarantine", "drop"])
def test_a_mail_put_aside_can_be_tried_again_as_if_new(store: Store, aside: str) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store)
    with store.write() as tx:
        getattr(tx.inbox, aside)(id, "why", NOW)
        assert tx.inbox.requeue(id, NOW)
        assert not tx.inbox.requeue(id, NOW)

    assert [(waiting.id, waiting.attempts) for waiting in claim(store)] == [(id, 1)]


def test_a_done_mail_cannot_be_put_aside(store: Store) -> None:
    [id] = add(store, (b"a", BY_SMTP))
    claim(store)
    with store.write() as tx:
        tx.inbox.finish(id, "ticket", NOW)
        assert not tx.inbox.quarantine(id, "late", NOW)
        assert not tx.inbox.drop(id, "late")
        assert not tx.inbox.requeue(id, NOW)


def test_a_reply_sees_that_its_original_still_waits(store: Store) -> None:
    original, reply = add(store, (b"Message-ID: <first@c.test>\r\n\r\n", BY_SMTP), (b"Message-ID: <second@c.test>\r\n\r\n", BY_SMTP))

    with store.read() as tx:
        assert tx.inbox.earlier_waiting(["gone@c.test", "first@c.test"], reply)
        assert not tx.inbox.earlier_waiting(["second@c.test"], original)
        assert not tx.inbox.earlier_waiting([], reply)

    claim(store)
    with store.write() as tx:
        assert tx.inbox.earlier_waiting(["first@c.test"], reply)
        tx.inbox.finish(original, "ticket", NOW)
        assert not tx.inbox.earlier_waiting(["first@c.test"], reply)


def test_lists_show_the_newest_first(store: Store) -> None:
    ids = add(store, *((b"%d" % n, BY_SMTP) for n in range(3)))
    claim(store, limit=1)

    with store.read() as tx:
        assert [row.id for row in tx.inbox.list(limit=2)] == [ids[2], ids[1]]
        assert [row.id for row in tx.inbox.list(state="claimed")] == [ids[0]]
        assert tx.inbox.get(10_000) is None


def test_the_oldest_waiting_mail_says_how_far_behind_we_are(store: Store) -> None:
    with store.read() as tx:
        assert tx.inbox.oldest() is None
    add(store, (b"a", BY_SMTP), (b"b", replace(BY_SMTP, received_at=NOW + timedelta(hours=1))))

    with store.read() as tx:
        assert tx.inbox.oldest() == NOW


@pytest.mark.parametrize(
    ("raw", "id"),
    [
        (b"Message-ID: <a@b.test>\r\n\r\n", "a@b.test"),
        (b"Received: x\nmessage-id:<a@b.test>\n\nbody", "a@b.test"),
        (b"Subject: x\r\nMessage-Id:\r\n  <folded@b.test>\r\n\r\n", "folded@b.test"),
        (b"MESSAGE-ID:   bare@b.test\r\n\r\n", "bare@b.test"),
        (b"Subject: none\r\n\r\nMessage-ID: <in-the-body@b.test>\r\n", ""),
        (b"X-Message-ID: <other@b.test>\r\n\r\n", ""),
        (b"Message-ID: <>\r\n\r\n", ""),
        (b"Message-ID: \xff\xfe\r\n\r\n", ""),
        (b"Message-ID:\r\nSubject: not-me\r\n\r\n", ""),
        (b"", ""),
        (b"x" * 70_000 + b"\nMessage-ID: <too-far@b.test>\n\n", ""),
    ],
)
def test_the_hint_of_a_message_id(raw: bytes, id: str) -> None:
    assert hint_message_id(raw) == id
