"""Who counts as dead: a process that nobody saw renewing, by the clock of the one who looks."""

from __future__ import annotations

from datetime import UTC, datetime

from mailbridge.jobs.leases import EVERY, LASTS, SeenHolders
from mailbridge.store.lease_holders import LeaseHolder, holder_of, owner_name

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def holder(id: int, renewals: int) -> LeaseHolder:
    return LeaseHolder(id=id, name="host:1", version="1.0", renewals=renewals, dead=False, seen_at=NOW)


def test_who_is_not_renewed_for_long_enough_is_silent() -> None:
    seen = SeenHolders(15)
    for moment in range(0, 15, 4):
        assert seen.silent([holder(1, 7), holder(2, moment)], moment) == {}
    assert seen.silent([holder(1, 7), holder(2, 16)], 16) == {1: 16}
    assert seen.silent([holder(1, 8), holder(2, 20)], 20) == {}, "it only stood still"


def test_the_time_in_which_one_could_not_look_does_not_count() -> None:
    """Perhaps nobody could renew: the database was away from all."""
    seen = SeenHolders(15)
    for moment in (0, 4, 8, 60, 64, 68, 72):
        assert seen.silent([holder(1, 7)], moment) == {}
    assert seen.silent([holder(1, 7)], 76) == {1: 16}


def test_a_holder_that_is_gone_and_comes_again_is_new() -> None:
    seen = SeenHolders(15)
    assert seen.silent([holder(1, 7)], 0) == seen.silent([], 6) == seen.silent([holder(1, 7)], 12) == seen.silent([holder(1, 7)], 18) == {}


def test_the_dead_are_found_within_half_a_minute() -> None:
    assert 2 * EVERY + LASTS < 25


def test_the_process_of_an_owner_is_in_its_name() -> None:
    assert holder_of(f"{owner_name(12)}:7") == 12
    assert [holder_of(name) for name in ("host:12:7", "12:7", "#:7", "#x:7", "")] == [None] * 5
