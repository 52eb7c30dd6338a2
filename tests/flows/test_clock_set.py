"""What a wrong clock has written into the database holds nothing up once the clock is right."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge import worker
from mailbridge.delivery import deliver as delivery
from mailbridge.delivery.webhooks import deliver as webhooks
from mailbridge.handling import retry
from mailbridge.jobs.clock_jump import after_step, clip_times
from mailbridge.jobs.leases import LeaseKeeper
from mailbridge.notifications.model import Audience
from mailbridge.oauth import source as oauth
from mailbridge.store import grants
from mailbridge.store.inbox import InboxTable
from mailbridge.store.outbox import Outbox
from mailbridge.store.webhooks import WebhookTable
from tests.builders import NOW
from tests.harness import TestDesk, a_mail

YEARS_AHEAD = datetime(2038, 1, 19, 3, 14, tzinfo=UTC)


def set_clock(desk: TestDesk, to: datetime) -> None:
    step, desk.clock.time = to - desk.clock.now(), to
    after_step(desk.app.store, step, to, desk.app.faults.clock_set)


def test_a_mail_that_was_deferred_while_the_clock_was_ahead_is_due_at_once(desk: TestDesk) -> None:
    desk.clock.time = YEARS_AHEAD
    desk.feed(a_mail())
    with desk.app.store.write() as tx:
        for one in tx.outbox.claim("courier", 10, timedelta(minutes=15), YEARS_AHEAD):
            tx.outbox.defer(one.id, YEARS_AHEAD + timedelta(hours=1), "the relay is away", owner="courier")
    set_clock(desk, NOW)
    with desk.app.store.read() as tx:
        rows = [one for one in tx.outbox.list() if one.notification.event != "clock_set"]
    assert rows
    assert {one.created_at for one in rows} == {NOW}, "they are given up five days from now"
    with desk.app.store.write() as tx:
        assert {one.id for one in rows} <= {one.id for one in tx.outbox.claim("courier", 10, timedelta(minutes=15), NOW)}


def test_a_clock_that_runs_ahead_by_years_gives_up_no_mail(desk: TestDesk) -> None:
    desk.feed(a_mail())
    set_clock(desk, YEARS_AHEAD)
    with desk.app.store.read() as tx:
        assert all(YEARS_AHEAD - one.created_at < timedelta(days=3) for one in tx.outbox.list())


def test_leases_of_the_wrong_time_end(desk: TestDesk) -> None:
    desk.feed(a_mail())
    with desk.app.store.write() as tx:
        claimed = tx.outbox.claim("gone", 10, timedelta(minutes=15), YEARS_AHEAD)
    assert claimed
    assert clip_times(desk.app.store, NOW) > 0
    later = NOW + timedelta(minutes=16)
    with desk.app.store.write() as tx:
        assert len(tx.outbox.claim("courier", 10, timedelta(minutes=15), later)) == len(claimed)
    assert clip_times(desk.app.store, later) == 0, "what is right stays as it is"


def test_a_lease_outlives_a_step_ahead(desk: TestDesk) -> None:
    desk.feed(a_mail())
    with desk.app.store.write() as tx:
        assert tx.outbox.claim("courier", 10, timedelta(minutes=15), NOW)
    set_clock(desk, NOW + timedelta(days=1))
    with desk.app.store.write() as tx:
        others = tx.outbox.claim("another", 10, timedelta(minutes=15), desk.clock.now())
    assert [one.notification.event for one in others] == ["clock_set"]


@pytest.mark.parametrize("to", [YEARS_AHEAD, datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_step_makes_no_living_process_count_as_dead(desk: TestDesk, to: datetime) -> None:
    """On PostgreSQL several processes have leases; who lives is counted by the monotonic clock of the one who looks."""
    desk.feed(a_mail())
    store = desk.app.store
    with closing(LeaseKeeper(store, desk.clock, every=3600)) as living, closing(LeaseKeeper(store, desk.clock, every=3600)) as other:
        mine, others = f"{living.owner()}:1", f"{other.owner()}:1"
        with store.write() as tx:
            claimed = tx.outbox.claim(mine, 10, timedelta(minutes=15), NOW)
        assert claimed
        other.look()
        set_clock(desk, to)
        for _ in range(3):
            other.look()
        with store.read() as tx:
            assert [one.name for one in tx.lease_holders.all() if one.dead] == []
        with store.write() as tx:
            taken = {one.id for one in tx.outbox.claim(others, 10, timedelta(minutes=15), desk.clock.now())}
            assert not taken & {one.id for one in claimed}
        living.look()
        with store.write() as tx:
            for one in claimed:
                tx.outbox.defer(one.id, desk.clock.now(), "the owner still has its lease", owner=mine)


def test_no_last_run_of_a_job_lies_in_the_future(desk: TestDesk) -> None:
    ahead = {
        "digests": {"bogdan": {"day": "2038-01-19", "at": YEARS_AHEAD.isoformat()}},
        "kept-list": YEARS_AHEAD.isoformat(),
        "statements": {"acme/support": "2037-12"},
        "timed-rules": {"began": {"r": YEARS_AHEAD.isoformat()}, "looking": [], "after": 0},
        "unfetched-told": {"inbox": 7, "at": YEARS_AHEAD.isoformat()},
    }
    with desk.app.store.write() as tx:
        for key, said in ahead.items():
            tx.state.set(key, said, NOW)
    clip_times(desk.app.store, NOW)
    with desk.app.store.read() as tx:
        assert {key: tx.state.get(key) for key in ahead} == {
            "digests": {"bogdan": {"day": NOW.date().isoformat(), "at": NOW.isoformat()}},
            "kept-list": NOW.isoformat(),
            "statements": {"acme/support": "2026-11"},
            "timed-rules": {"began": {"r": NOW.isoformat()}, "looking": [], "after": 0},
            "unfetched-told": {"inbox": 7, "at": NOW.isoformat()},
        }


def test_the_admins_get_one_mail_an_hour_and_every_step_is_counted(desk: TestDesk) -> None:
    for step in range(3):
        set_clock(desk, NOW + timedelta(minutes=10 * step))
    assert len(desk.promises(Audience.ADMIN, "clock_set")) == 1
    set_clock(desk, NOW + timedelta(hours=2))
    assert len(desk.promises(Audience.ADMIN, "clock_set")) == 2
    with desk.app.store.read() as tx:
        assert tx.state.get("clock-set")["steps"] == 4


def test_the_store_knows_the_longest_waits_and_leases() -> None:
    inbox, outbox, calls = (table._statements.queue for table in (InboxTable, Outbox, WebhookTable))
    assert (outbox.given_up, calls.given_up) == (delivery.GIVE_UP, webhooks.GIVE_UP)
    assert max(delivery.LEASE, delivery.DOT_LEASE) <= outbox.longest_lease
    assert inbox.longest_lease >= worker.LEASE
    assert outbox.longest_wait >= delivery.LONGEST_WAIT * 1.2
    assert inbox.longest_wait >= retry.LONGEST
    assert calls.longest_wait >= webhooks.LONGEST_WAIT * 2
    assert oauth.LEASE <= grants.LONGEST_LEASE
