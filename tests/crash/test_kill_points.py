"""Killed at system calls: before each write, each lock and each wait for the disk or for PostgreSQL that a desk's life has.

`make nightly PART=kill-points` takes one point after the other for TESTS_KILLS_SECONDS, in an order by TESTS_KILLS_SEED.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from secrets import randbelow

import pytest

from tests.crash.rounds import DATABASES, a_fed_desk, assert_all_once, lives_in_peace, try_each
from tests.crash.test_killed_anywhere import LONG
from tests.crash.traced import Point, killed_at, points_of
from tests.crash.victim import live

SECONDS = float(os.environ.get("TESTS_KILLS_SECONDS", "0"))  # of both databases together
SEED = int(os.environ.get("TESTS_KILLS_SEED", randbelow(1 << 31)))

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300 + 2 * SECONDS)]


@pytest.mark.parametrize("database", DATABASES)
def test_killed_at_a_system_call_everything_is_there_once(request: pytest.FixtureRequest, database: str) -> None:
    print(f"seed {SEED}, {database}")
    with a_fed_desk(request, database) as (folder, url):
        points = points_of(live, folder, url, 0)

    def attempt(point: Point, chance: Random) -> int:
        """Killed there; in one of two rounds killed again while the next life works off what the first one left."""
        with a_fed_desk(request, database) as (folder, url):
            kills = [killed_at(point, live, folder, url, 0)]
            if SECONDS and chance.random() < 0.5:
                kills.append(killed_at(chance.choice(points), live, folder, url, LONG))
            lives_in_peace(folder, url, len(kills))
            assert_all_once(folder, url, faults=sum(kills))
        return sum(kills)

    tried = try_each(points, SEED, SECONDS / len(DATABASES), 1, attempt)
    print(f"{database}: {tried}, {tried.sum} kills: 0 lost, 0 doubled")
    assert tried.sum


def test_a_mail_that_is_acknowledged_too_early_is_found(request: pytest.FixtureRequest) -> None:
    """The fault that the test above is for: the sender forgets its mail before it is stored."""
    with a_fed_desk(request, "sqlite") as (folder, url):
        assert killed_at(Point("unlink", 2), acknowledge_first, folder, url)
        lives_in_peace(folder, url, 1)
        with pytest.raises(AssertionError):
            assert_all_once(folder, url, faults=1)


def acknowledge_first(folder: Path, url: str) -> None:
    (folder / "feed" / "4-other.eml").unlink()
    live(folder, url, 0)
