"""Killed at moments that nobody has chosen, again and again: what holds at the named places holds between them."""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path
from secrets import randbelow
from time import monotonic

import pytest

from mailbridge.store.engine import Store
from tests.crash import test_killed_anywhere as named
from tests.crash.victim import live
from tests.forked import killed
from tests.harness import RULES, write_rules

SECONDS = float(os.environ.get("TESTS_CRASH_SECONDS", "0"))  # at least one kill; `make nightly PART=crash` takes 40 minutes
SEED = int(os.environ.get("TESTS_CRASH_SEED", randbelow(1 << 31)))


@pytest.mark.timeout(240 + 2 * SECONDS)
def test_killed_at_any_moment_everything_is_there_once(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance, end, rounds, kills = random.Random(SEED), monotonic() + SECONDS, 0, 0
    whole = seconds_of_a_life(tmp_path / "whole")
    while not kills or monotonic() < end:
        rounds += 1
        kills += one_round(tmp_path / str(rounds), [chance.uniform(0.1, 1.0) * whole for _ in range(3)])
    print(f"{rounds} rounds, {kills} lives killed")


def seconds_of_a_life(folder: Path) -> float:
    """How long it takes now."""
    fed(folder)
    begun = monotonic()
    assert not killed("", live, folder, f"sqlite:///{folder}/desk.db", 0)
    return monotonic() - begun


def fed(folder: Path) -> Path:
    """A desk's folder with rules, and mails that wait in the folder that is returned."""
    write_rules(folder, RULES | {"routing/20-calls.yaml": named.CALLS})
    feed = folder / "feed"
    feed.mkdir()
    for name, raw in named.MAILS.items():
        (feed / name).write_bytes(raw)
    return feed


def one_round(folder: Path, moments: list[float]) -> int:
    """A desk with new mails lives until each of these moments, then in peace; how many lives were killed.  All its mails are there once."""
    feed, url = fed(folder), f"sqlite:///{folder}/desk.db"
    kills = sum([killed("", live, folder, url, number * named.LONG, after=after) for number, after in enumerate(moments)])
    for number in (0, 1):  # the second one gives a mail whose outcome nobody knows its one repetition
        assert not killed("", live, folder, url, (len(moments) + number) * named.LONG)
    with closing(Store(url)) as store:
        named.assert_nothing_lost_or_doubled(store, feed, kills=kills)
        named.assert_sent_once(store, folder / "outgoing", may_repeat=kills > 0, kills=kills)
        assert named.calls_made(store, folder / "called").total() <= sum(named.TICKETS.values()) + kills
    return kills
