"""Mails that hang, crash or exhaust their reader, among others: they are put aside after three tries, and the others do not wait long.

`make nightly PART=poison`: ten among 1,000, with the shipped limits of time and memory, at places by TESTS_POISON_SEED, within
TESTS_POISON_WITHIN seconds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from secrets import randbelow
from time import monotonic

import pytest

from mailbridge.checks import build
from mailbridge.config.model import LimitSettings
from mailbridge.handling.outcome import MailOutcome
from mailbridge.sandbox.policy import reading_policy
from mailbridge.sandbox.pool import Readers
from mailbridge.worker import Worker
from tests.fakes.poison import KINDS
from tests.harness import TestDesk, a_desk, a_mail

WITHIN = int(os.environ.get("TESTS_POISON_WITHIN", "0"))
MAILS = 1000 if WITHIN else 0
SEED = int(os.environ.get("TESTS_POISON_SEED", randbelow(1 << 31)))
SHIPPED = LimitSettings()
DELAY = 60.0  # seconds that poison may cost the others

pytestmark = pytest.mark.timeout(WITHIN or 300)


def test_poison_is_put_aside_and_the_others_are_not_held_up(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    count, seconds = (MAILS, SHIPPED.read_seconds) if MAILS else (30, 1)
    kinds = KINDS * (2 if MAILS else 1)
    poisoned = dict(zip(Random(SEED).sample(range(count), len(kinds)), kinds, strict=True))
    without = seconds_until_the_others_are_done(tmp_path / "without", [""] * (count - len(kinds)), seconds)
    with_poison = seconds_until_the_others_are_done(tmp_path / "with", [poisoned.get(number, "") for number in range(count)], seconds)
    print(f"{count} mails, {len(kinds)} of them poison: {with_poison:.1f} s for the others instead of {without:.1f} s")
    assert with_poison - without <= DELAY


def seconds_until_the_others_are_done(folder: Path, kinds: Sequence[str], read_seconds: float) -> float:
    """Each mail with a kind is in quarantine after three tries then, and each other one is a ticket of its own."""
    folder.mkdir()
    with a_desk(folder) as desk, closing(poisonable(desk, read_seconds)):
        mails = {desk.accept(mail(number, kind)): kind for number, kind in enumerate(kinds)}
        waiting = {inbox for inbox, kind in mails.items() if not kind}
        outcomes: dict[int, MailOutcome] = {}
        begun, last = monotonic(), monotonic()
        while len(outcomes) < len(mails):
            turn = {done.inbox: done.result.outcome for done in desk.app.worker.one_turn()}
            outcomes |= {inbox: outcome for inbox, outcome in turn.items() if outcome is not MailOutcome.WAIT}
            if waiting & outcomes.keys():
                waiting -= outcomes.keys()
                last = monotonic()
            desk.pass_time(seconds=31)
        expected = {inbox: MailOutcome.QUARANTINED if kind else MailOutcome.TICKET for inbox, kind in mails.items()}
        assert outcomes == expected
        assert len(desk.tickets()) == sum(not kind for kind in kinds)
        with desk.app.store.read() as tx:
            assert {row.attempts for row in tx.inbox.list(limit=len(mails)) if mails[row.id]} <= {3}
    return last - begun


def poisonable(desk: TestDesk, read_seconds: float) -> Readers:
    """The readers of the desk's worker from now on."""
    app = desk.app
    policy = reading_policy(app.config, app.renderer.markers())
    readers = Readers(
        policy, time_limit=timedelta(seconds=read_seconds), memory_limit=SHIPPED.read_memory, reader="tests.fakes.poison:read"
    )  # fmt: skip
    app.__dict__["worker"] = Worker(
        app.store, readers, app.desk, app.clock, channels=build.channels(app.config), on_quarantine=app.faults.quarantined
    )  # fmt: skip
    return readers


def mail(number: int, kind: str) -> bytes:
    sender = f"c{number}@customer{number}.test"
    return a_mail(subject=f"poison {kind}" if kind else f"no {number}", from_=sender, message_id=f"<{number}@customer{number}.test>")
