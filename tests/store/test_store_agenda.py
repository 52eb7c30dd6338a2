"""Rows of planned work and appointments."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.store.engine import Store
from mailbridge.store.tables.tickets import tickets
from mailbridge.tickets.agenda import BusyTime

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
AT = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
MEETING = {"at": "2026-12-03T10:00:00+02:00", "minutes": 90, "place": "Iași", "cancelled": False}


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_appointments_of_a_database_of_before_are_in_the_agenda(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    """Of open tickets that somebody has, and only those that are not cancelled."""
    store = Store(f"sqlite:///{tmp_path / 'old.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url"))
    store.upgrade("0019")
    documents: list[tuple[bool, dict[str, object]]] = [
        (True, {"assignee": "bogdan", "meeting": MEETING}),
        (True, {"assignee": "", "meeting": MEETING}),
        (True, {"assignee": "bogdan", "meeting": {**MEETING, "cancelled": True}}),
        (True, {"assignee": "bogdan", "meeting": None}),
        (False, {"assignee": "bogdan", "meeting": MEETING}),
    ]
    with store.write() as tx:
        for number, (is_open, document) in enumerate(documents, start=1):
            row = {"id": number, "version": 1, "status": "open", "open": is_open, "priority": "normal", "team": "support",
                   "assignee": document["assignee"], "requester": "ana@x.test", "subject": "Printer", "created_at": NOW, "updated_at": NOW,
                   "data": json.dumps(document, separators=(",", ":"))}  # fmt: skip
            tx._sql.connection.execute(tickets.insert().values(**row))
    store.upgrade()

    with store.read() as tx:
        found = tx.agenda.between(NOW, NOW + timedelta(days=7))
    assert found == [BusyTime(ticket=1, plan=0, agent="bogdan", begins=AT, ends=AT + timedelta(minutes=90), done=False)]
    store.close()
