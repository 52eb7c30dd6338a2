"""What to do with a folder next (mailbridge.intake.imap_plan)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.intake.imap_plan import (
    BATCH,
    LOGIN_CAP,
    NETWORK_CAP,
    SERVERS,
    WINDOW,
    Acknowledge,
    Fetch,
    Index,
    Older,
    Position,
    Resync,
    Selected,
    at_select,
    batches,
    news,
    packed,
    plan,
    unpacked,
    wait_after,
    windows,
)


def known(last_uid: int, uid_epoch: int = 7) -> Position:
    return Position(uid_epoch=uid_epoch, last_uid=last_uid)


def selected(uidvalidity: int = 7, uidnext: int = 100, *, fresh: bool = True) -> Selected:
    return Selected(uidvalidity=uidvalidity, uidnext=uidnext, fresh=fresh)


def test_first_time_reading_begins_at_the_start() -> None:
    assert at_select(None, selected()) == Resync(position=known(0), reason="first time")


def test_later_only_what_is_new_is_fetched() -> None:
    assert plan(known(2), [3, 4], unsettled=()) == [Fetch(uids=(3, 4)), Acknowledge()]


def test_nothing_new_means_nothing_to_do() -> None:
    # RFC 9051: 3:* names the last mail of the folder, be its UID below 3
    assert plan(known(2), [2], unsettled=()) == []
    assert plan(known(2), [], unsettled=()) == []


def test_what_was_left_unsettled_comes_first() -> None:
    assert plan(known(2), [3], unsettled=[1]) == [Acknowledge(), Fetch(uids=(3,)), Acknowledge()]


def test_changed_uidvalidity_starts_again_in_a_new_epoch() -> None:
    assert at_select(known(50), selected(uidvalidity=8)) == Resync(position=known(0, uid_epoch=1 << 32 | 8), reason="UIDVALIDITY changed")


@pytest.mark.parametrize(("uidnext", "resync"), [(51, False), (50, True), (1, True), (0, False), (10_000, False)])
def test_uids_are_given_twice_when_the_next_one_is_one_we_know(uidnext: int, resync: bool) -> None:
    assert isinstance(at_select(known(50), selected(uidnext=uidnext)), Resync) is resync


def test_open_folder_is_not_doubted() -> None:
    # UIDNEXT was told when the folder was opened; by now we know more mails than that
    assert at_select(known(50), selected(uidnext=20, fresh=False)) == known(50)
    assert at_select(known(50, uid_epoch=3 << 32), selected(uidvalidity=0, fresh=False)) == known(50, uid_epoch=3 << 32)


@given(st.lists(st.tuples(st.integers(0, SERVERS), st.integers(0, 200)), max_size=20))
def test_no_epoch_is_ever_used_for_two_meanings_of_a_uid(story: list[tuple[int, int]]) -> None:
    position, epochs = None, []
    for uidvalidity, uidnext in story:
        step = at_select(position, selected(uidvalidity=uidvalidity, uidnext=uidnext))
        if isinstance(step, Resync):
            position = step.position
            epochs.append(position.uid_epoch)
            assert position.last_uid == 0
            assert position.uid_epoch & SERVERS == uidvalidity
        position = known(100, position.uid_epoch) if position else None
    assert len(epochs) == len(set(epochs))
    assert all(uid_epoch < 1 << 63 for uid_epoch in epochs)


@given(st.integers(0, 5 * WINDOW), st.integers(0, 6 * WINDOW))
def test_windows_cover_every_new_uid_once_and_the_last_is_open(last_uid: int, uidnext: int) -> None:
    parts = list(windows(last_uid, uidnext))
    assert parts[0][0] == last_uid + 1
    assert parts[-1][1] is None
    for (first, last), (following, _) in pairwise(parts):
        assert last is not None
        assert following == last + 1
        assert last - first + 1 == WINDOW


@given(st.sets(st.integers(1, 500)), st.integers(0, 500), st.sets(st.integers(1, 500)))
def test_every_new_mail_is_fetched_once_in_order_and_suspects_alone(found: set[int], last_uid: int, suspects: set[int]) -> None:
    fetches = [action.uids for action in plan(known(last_uid), found, unsettled=(), suspects=suspects) if isinstance(action, Fetch)]
    assert [uid for uids in fetches for uid in uids] == sorted(uid for uid in found if uid > last_uid)
    assert all(len(uids) <= BATCH for uids in fetches)
    assert all(len(uids) == 1 for uids in fetches if suspects.intersection(uids))


def test_news_are_in_order_and_each_once() -> None:
    assert news([9, 3, 9, 2, 5], 2) == (3, 5, 9)


def test_full_batches_are_full() -> None:
    assert [len(batch) for batch in batches(range(1, 121), frozenset())] == [50, 50, 20]


@pytest.mark.parametrize(
    ("failures", "refused", "longest"),
    [
        (1, False, 1),
        (2, False, 2),
        (4, False, 8),
        (7, False, NETWORK_CAP),
        (10_000, False, NETWORK_CAP),
        (1, True, 15),
        (3, True, 60),
        (9, True, LOGIN_CAP),
    ],
)
def test_waits_double_up_to_a_cap_and_spread_over_the_upper_half(failures: int, refused: bool, longest: float) -> None:
    assert wait_after(failures, refused=refused, chance=0.0) == longest / 2
    assert longest / 2 < wait_after(failures, refused=refused, chance=0.999) < longest


def test_wrong_password_is_tried_five_times_at_most_in_the_first_three_minutes() -> None:
    assert sum(wait_after(number, refused=True, chance=0.0) for number in range(1, 6)) > 180


def test_older_mails_are_indexed_in_their_order_among_those_that_are_taken() -> None:
    older = Older(below=6, first=True, wanted=frozenset({3}))
    steps = plan(known(0), [1, 2, 3, 4, 5, 6, 7], unsettled=(), older=older)
    assert steps == [Index(uids=(1, 2)), Fetch(uids=(3,)), Acknowledge(), Index(uids=(4, 5)), Fetch(uids=(6, 7)), Acknowledge()]
    assert [older.finished(known(uid)) for uid in (4, 5, 6)] == [False, True, True]


@given(st.sets(st.integers(1, 60)))
def test_set_of_uids_is_read_as_it_was_written(uids: set[int]) -> None:
    assert unpacked(packed(uids)) == uids


def test_set_of_uids_is_written_as_rfc_9051_has_it() -> None:
    assert packed([7, 1, 3, 2]) == "1:3,7"
