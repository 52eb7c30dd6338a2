"""Each system call fails once, with EIO or ENOSPC: no mail is acknowledged that is not stored, and the next life does the rest.

`make nightly PART=failing-calls` takes one call after the other for TESTS_FAILING_SECONDS, in an order by TESTS_FAILING_SEED.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from secrets import randbelow

import pytest

from tests.crash.rounds import DATABASES, a_fed_desk, assert_all_once, lives_in_peace, try_each
from tests.crash.traced import Point, failed_at, points_of
from tests.crash.victim import live

SECONDS = float(os.environ.get("TESTS_FAILING_SECONDS", "0"))  # of both databases together
SEED = int(os.environ.get("TESTS_FAILING_SEED", randbelow(1 << 31)))
ERRORS = ("EIO", "ENOSPC")

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300 + 2 * SECONDS)]


@pytest.mark.parametrize("database", DATABASES)
def test_a_call_fails_and_everything_is_there_once(request: pytest.FixtureRequest, database: str) -> None:
    print(f"seed {SEED}, {database}")
    with a_fed_desk(request, database) as (folder, url):
        points = points_of(live, folder, url, 0)

    def attempt(point: Point, chance: Random) -> int:
        with a_fed_desk(request, database) as (folder, url):
            ended = failed_at(point, chance.choice(ERRORS), live, folder, url, 0)
            lives_in_peace(folder, url, 1)
            assert_all_once(folder, url, faults=1)
        return ended

    tried = try_each(points, SEED, SECONDS / len(DATABASES), 1, attempt)
    print(f"{database}: {tried} failed, {tried.sum} ended the process: 0 lost, 0 doubled")


def test_an_acknowledgement_in_spite_of_an_error_is_found(request: pytest.FixtureRequest) -> None:
    """The fault that the test above is for: the sender forgets its mail although the desk could not store it."""
    with a_fed_desk(request, "sqlite") as (folder, url):
        failed_at(Point("fdatasync", 3), "EIO", acknowledge_anyway, folder, url)
        lives_in_peace(folder, url, 1)
        with pytest.raises(AssertionError):
            assert_all_once(folder, url, faults=1)


def acknowledge_anyway(folder: Path, url: str) -> None:
    try:
        live(folder, url, 0)
    finally:
        for file in (folder / "feed").iterdir():
            file.unlink()
