"""Killed while the hours of an interval are granted and told: the next life does it, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.clock import FixedClock
from mailbridge.daemon.app import App
from mailbridge.execution.execute import execute
from mailbridge.store.engine import Store
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.work import RecordWork
from mailbridge.tickets.model import WorkKind
from mailbridge.tickets.requests import each
from tests.builders import NOW
from tests.forked import killed
from tests.harness import RULES, a_config, a_desk, a_mail

BANK = "{since: 2026-11-01, hours: {every: month, grant: 10h}}"
CUSTOMERS = f"customers:\n  acme:\n    domains: [customer.test]\n    contracts:\n      gold: {BANK}\n"


def one_life(folder: Path, url: str) -> None:
    with App.open(replace(a_config(folder), store_url=url), clock=FixedClock(NOW)) as app:
        app.jobs.keep_hours()


@pytest.mark.servers
def test_killed_there_it_is_granted_and_told_once(tmp_path: Path, store_url: str) -> None:
    with a_desk(tmp_path, rules=RULES | {"customers.yaml": CUSTOMERS}, store_url=store_url) as desk:
        desk.feed(a_mail())
        desk.app.jobs.keep_hours()
        done = RecordWork(kind=WorkKind.WORKED, minutes=9 * 60, day=NOW.date())
        actor = Actor(kind=ActorKind.AGENT, name="bogdan")
        with desk.app.store.write() as tx:
            execute(tx, desk.app.desk(), desk.ticket(), each([done]), actor, NOW)

    assert killed("hours.before_commit", one_life, tmp_path, store_url)
    assert told(store_url) == []
    for _ in range(2):
        assert not killed("", one_life, tmp_path, store_url)

    assert told(store_url) == ["bogdan@desk.test", "clara@desk.test", "mara@desk.test"]


def told(url: str) -> list[str]:
    store = Store(url)
    try:
        with store.read() as tx:
            keys = [entry.key for entry in tx.hours.of_bank("acme", "gold")]
            assert len(keys) == len(set(keys))
            return sorted(one.notification.recipient for one in tx.outbox.list(limit=100) if one.notification.event == "hours")
    finally:
        store.close()
