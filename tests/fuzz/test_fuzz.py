"""The reader is total: a few seconds of mails that nobody sent, bytes of any kind, and everything that was ever found."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import running
from tests.fuzz.mutate import CHANGES, MOST, mutated
from tests.fuzz.running import Find, run, shrunk, trouble
from tests.fuzz.seeds import seeds

FINDS = sorted(Path(__file__).with_name("finds").glob("*.eml"))
SEEDS = seeds()


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_each_seed_is_read(number: int) -> None:
    assert trouble(SEEDS[number]) == ""


def test_what_was_found_once_is_read_now() -> None:
    assert {path.name: found for path in FINDS if (found := trouble(path.read_bytes()))} == {}


def test_five_seconds_of_mutated_mails_are_read() -> None:
    end = time.monotonic() + 5
    seed = int(time.time())

    done = run(seed, SEEDS, until=lambda count: time.monotonic() > end)

    assert [(f"--seed {seed} --first {find.number} --count 1", find.what) for find in done.finds] == []
    assert done.count > 20


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=60)
def test_any_bytes_are_read(raw: bytes) -> None:
    assert trouble(raw) == ""


@given(st.integers(), st.sampled_from(CHANGES), st.binary(max_size=200))
def test_every_change_can_be_made_to_every_mail(seed: int, change: object, raw: bytes) -> None:
    assert isinstance(change(random.Random(seed), raw, SEEDS), bytes)


def test_a_mail_is_told_by_seed_and_number_alone() -> None:
    assert [running.numbered(1, n, SEEDS) for n in range(20)] == [running.numbered(1, n, SEEDS) for n in range(20)]
    assert len({running.numbered(1, n, SEEDS) for n in range(20)}) > 15
    assert all(len(mutated(random.Random(n), SEEDS)) <= MOST for n in range(50))


def test_trouble_is_seen_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that cannot stand one word is caught, and the mail is shortened to that word."""
    good = running.read

    def read(raw: bytes, policy: object) -> object:
        if b"fatal" in raw:
            raise KeyError("fatal")
        if b"slow" in raw:
            while True:
                pass
        return good(raw, policy)

    monkeypatch.setattr(running, "read", read)
    monkeypatch.setattr(running, "SECONDS", 0.2)
    what = trouble(b"Subject: x\r\n\r\n" + b"a fatal mail " * 3)

    assert what.startswith("KeyError at test_fuzz.py")
    assert shrunk(Find(0, b"Subject: x\r\n\r\na fatal mail", what)) == b"fatal"
    assert trouble(b"slow") == "too slow"
