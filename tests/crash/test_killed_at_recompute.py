"""Killed while changed rules reach the tickets: the next life goes on where it was, and each person is told once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.daemon.app import App
from mailbridge.jobs import recompute
from mailbridge.store.engine import Store
from tests.forked import killed
from tests.harness import RULES, a_config, a_desk, a_mail, write_rules

CUSTOMERS = "customers:\n  customer-ltd:\n    domains: [customer.test]\n    contracts: {%s: {}}\n"
TICKETS = 5


def one_life(folder: Path, url: str) -> None:
    recompute.SLICE = 2
    with App.open(replace(a_config(folder), store_url=url)) as app:
        app.jobs.sweep()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("point", "done"), [("recompute.before_commit:2", 2), ("recompute.after_commit:1", 2), ("recompute.after_commit:3", 5)]
)
def test_killed_there_the_rest_is_done_and_told_once(tmp_path: Path, store_url: str, point: str, done: int) -> None:
    rules = RULES | {"customers.yaml": CUSTOMERS % "plain"}
    with a_desk(tmp_path, rules=rules, store_url=store_url) as desk:
        for number in range(TICKETS):
            desk.feed(a_mail(message_id=f"<{number}@customer.test>"))
        desk.app.jobs.sweep()
    write_rules(tmp_path, rules | {"customers.yaml": CUSTOMERS % "other"})

    assert killed(point, one_life, tmp_path, store_url)
    assert contracts(store_url) == ["other"] * done + ["plain"] * (TICKETS - done)
    for _ in range(2):
        assert not killed("", one_life, tmp_path, store_url)

    assert contracts(store_url) == ["other"] * TICKETS
    store = Store(store_url)
    try:
        with store.read() as tx:
            told = [one.notification for one in tx.outbox.list(limit=100) if one.notification.event == "due_times"]
            changes = [event for number in range(1, TICKETS + 1) for event in tx.events.of_ticket(number) if event.actor.name == "rules"]
    finally:
        store.close()
    assert [(one.recipient, getattr(one.payload, "count", 0)) for one in told] == [("mara@desk.test", TICKETS)]
    assert len(changes) == TICKETS


def contracts(url: str) -> list[str]:
    store = Store(url)
    try:
        with store.read() as tx:
            return [dict(ticket.fields)["contract"] for ticket in sorted(tx.tickets.find(limit=100), key=lambda ticket: ticket.id)]
    finally:
        store.close()
