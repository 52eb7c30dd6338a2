"""Rounds of a desk on a folder and a database of its own, on which faults are tried; and what must be true of it afterwards.

Everything is counted twice: by the test, which knows what it sent, and by the desk's own audit.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
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

FROM = int(os.environ.get("TESTS_FROM", "0"))  # the first place that is tried: an earlier run with the same seed came to here
AT_ONCE = int(os.environ.get("TESTS_AT_ONCE", "2"))
DATABASES = os.environ.get("TESTS_DATABASES", "sqlite postgresql").split()
IN_MEMORY = Path("/dev/shm")  # a wait for this disk takes no time


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """So many cases from the place `first` on, of how many there are; the sum of what the attempts returned."""

    first: int
    count: int
    of: int
    sum: int

    def __str__(self) -> str:
        return f"{self.count} of {self.of} cases (places {self.first} to {self.first + self.count - 1})"


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
    """A life that nobody disturbs; one more where mail is still owed, for the one repetition of a mail whose outcome nobody knows."""
    assert not killed("", live, folder, url, first * named.LONG)
    if owes(url):
        assert not killed("", live, folder, url, (first + 1) * named.LONG)


def owes(url: str) -> bool:
    with closing(Store(url)) as store, store.read() as tx:
        return any(queued.state not in ("sent", "failed", "suppressed") for queued in tx.outbox.list(limit=1000))


def assert_all_once(folder: Path, url: str, *, faults: int) -> None:
    """Every mail has one outcome; what was promised was sent and called once, and at most once more for each fault."""
    with closing(Store(url)) as store:
        named.assert_nothing_lost_or_doubled(store, folder / "feed", kills=faults)
        named.assert_sent_once(store, folder / "outgoing", may_repeat=faults > 0, kills=faults)
        assert named.calls_made(store, folder / "called").total() <= sum(named.TICKETS.values()) + faults
        with store.read() as tx:
            audited = audit_store(tx)
            assert audited.missing == ()
            assert all(one.adds_up for one in audited.sources), audited.sources
            for ticket in tx.tickets.find(limit=100):
                assert rebuild(tx.events.of_ticket(ticket.id)) == ticket


def try_each(cases: Sequence[Point], seed: int, seconds: float, least: int, attempt: Callable[[Point, Random], int]) -> Tried:
    """Tries case by case in an order by the seed, from the place TESTS_FROM on and TESTS_AT_ONCE at a time.

    Ends with the cases or with the time, but not before `least` cases.  A failure names its case, which the same seed comes to again.
    """
    begun, sums = monotonic(), list[int]()
    # By the seed and the case alone: a run with a few cases more or less, which a desk's lives differ by, has the same order.
    order = sorted(cases, key=lambda case: Random(f"{seed} {case}").random())

    def one(place: int) -> int | None:
        if place >= FROM + least and monotonic() > begun + seconds:
            return None
        try:
            return attempt(order[place], Random(f"{seed} {order[place]} again"))
        except Exception as error:
            raise AssertionError(f"seed {seed}, case {place}, {order[place]}: {error}") from error

    def tried() -> Tried:
        return Tried(first=FROM, count=len(sums), of=len(order), sum=sum(sums))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(one, range(FROM, len(order))):
            if result is not None:
                sums.append(result)
                if len(sums) % 50 == 0:
                    print(f"{tried()}, {monotonic() - begun:.0f} s", flush=True)
    return tried()
