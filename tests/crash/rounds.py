"""Rounds of a desk on a folder and a database of its own, on which faults are tried; and what must be true of it afterwards.

Everything is counted twice: by the test, which knows what it sent, and by the desk's own audit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from mailbridge.doctor.audit_store import audit_store
from mailbridge.store.engine import Store
from mailbridge.tickets.apply import rebuild
from tests.crash import test_killed_anywhere as named
from tests.crash.traced import Point
from tests.crash.victim import live
from tests.forked import killed
from tests.harness import RULES, put_new_database, write_rules

IN_MEMORY = Path("/dev/shm")  # a wait for this disk takes no time


@contextmanager
def a_fed_desk(request: pytest.FixtureRequest, database: str) -> Iterator[tuple[Path, str]]:
    """A folder with rules and waiting mails, and the URL of a new database (`sqlite` or `postgresql`)."""
    with tempfile.TemporaryDirectory(prefix="mb-round-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name:
        folder = Path(name)
        fed(folder)
        if database == "sqlite":
            put_new_database(folder / "desk.db")
            yield folder, f"sqlite:///{folder}/desk.db"
            return
        template = request.getfixturevalue("postgres_template")
        with request.getfixturevalue("postgres").database(template) as url:
            yield folder, url


def fed(folder: Path) -> None:
    write_rules(folder, RULES | {"routing/20-calls.yaml": named.CALLS})
    (folder / "feed").mkdir()
    for name, raw in named.MAILS.items():
        (folder / "feed" / name).write_bytes(raw)


def lives_in_peace(folder: Path, url: str, first: int) -> None:
    """Two lives that nobody disturbs: the second one gives a mail whose outcome nobody knows its one repetition."""
    for number in (first, first + 1):
        assert not killed("", live, folder, url, number * named.LONG)


def assert_all_once(folder: Path, url: str, *, faults: int, given_up: int = 0) -> None:
    """Every mail has one outcome; what was promised was sent and called once, and at most once more for each fault."""
    with closing(Store(url)) as store:
        named.assert_nothing_lost_or_doubled(store, folder / "feed", kills=faults)
        named.assert_sent_once(store, folder / "outgoing", may_repeat=faults > 0, kills=faults, given_up=given_up)
        assert named.calls_made(store, folder / "called").total() <= sum(named.TICKETS.values()) + faults
        with store.read() as tx:
            audited = audit_store(tx)
            assert audited.missing == ()
            assert all(one.adds_up for one in audited.sources), audited.sources
            for ticket in tx.tickets.find(limit=100):
                assert rebuild(tx.events.of_ticket(ticket.id)) == ticket


def try_each(cases: Sequence[Point], seed: int, seconds: float, least: int, attempt: Callable[[Point, Random], int]) -> tuple[int, int]:
    """How many cases were tried, in an order by the seed and two at a time, and the sum of what `attempt` returned.

    Ends with the cases or with the time, but not before `least` cases.  A failure names its case, which the same seed comes to again.
    """
    order, end = list(cases), monotonic() + seconds
    Random(seed).shuffle(order)

    def one(place: int) -> int | None:
        if place >= least and monotonic() > end:
            return None
        try:
            return attempt(order[place], Random(f"{seed} {place}"))
        except Exception as error:
            raise AssertionError(f"seed {seed}, case {place}, {order[place]}: {error}") from error

    with ThreadPoolExecutor(2) as pool:
        done = [result for result in pool.map(one, range(len(order))) if result is not None]
    return len(done), sum(done)
