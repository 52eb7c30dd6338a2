"""Every question that is asked for each mail, each mail sent and each turn of a loop finds its rows by an index.

What grows with the years must not be walked through; PostgreSQL is told to avoid that even on a small table, so that its plan shows
whether it could.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailbridge.desk.events import Actor, ActorKind, Event, MessageAdded
from mailbridge.desk.model import Activity, Participant, Priority, Ticket, Work
from mailbridge.intake.envelope import Envelope, Source
from mailbridge.message.model import Attachment
from mailbridge.outbox.model import Audience, Notification
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.webhooks.model import Call

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=5)
BY_IMAP = Envelope(source=Source.IMAP, received_at=NOW, account="support", folder="INBOX", uidvalidity=7, uid=1)
MAIL = StoredMail(direction=Direction.IN, received_at=NOW, message_id="m@x", fingerprint="f", ticket=1, references=("r@x",))
FILE = Attachment(part="2", name="a", content_type="text/plain", size=1, sha256="", content=b"a")
LETTER = Notification(ticket=1, audience=Audience.CUSTOMER, event="received", recipient="jo@customer.test", key="k", message_id="o@d")
TICKET = Ticket(
    id=1,
    subject="s",
    status="new",
    priority=Priority.LOW,
    team="t",
    created_at=NOW,
    updated_at=NOW,
    version=1,
    participants=(Participant(address="jo@customer.test"),),
)
CALL = Call(key="k", ticket=1, rule="r", event="ticket.opened", url="https://hooks.test/x", body="{}")
WORK = Activity(id=1, agent="bogdan", kind=Work.WORKED, day=NOW.date(), minutes=5)
HAPPENED = Event(ticket=1, at=NOW, actor=Actor(kind=ActorKind.RULE), what=MessageAdded(author="jo"))

QUESTIONS: dict[str, Callable[[Tx], object]] = {
    "inbox.add_many": lambda tx: tx.inbox.add_many([(b"a", BY_IMAP)]),
    "inbox.claim": lambda tx: tx.inbox.claim("w", 10, LEASE, NOW),
    "inbox.finish": lambda tx: tx.inbox.finish(1, "ticket", NOW, owner="w"),
    "inbox.release": lambda tx: tx.inbox.release(1, NOW, forget_attempt=False),
    "inbox.abandon": lambda tx: tx.inbox.abandon("w"),
    "inbox.earlier_waiting": lambda tx: tx.inbox.earlier_waiting(["a@x", "b@x"], 9),
    "inbox.oldest_waiting": lambda tx: tx.inbox.oldest_waiting(),
    "inbox.quarantined": lambda tx: tx.inbox.quarantined(),
    "inbox.counts": lambda tx: tx.inbox.counts(),
    "webhooks.add_many": lambda tx: tx.webhooks.add_many([CALL], NOW),
    "webhooks.waits": lambda tx: tx.webhooks.waits(NOW),
    "webhooks.claim": lambda tx: tx.webhooks.claim("w", 10, LEASE, NOW),
    "webhooks.done": lambda tx: tx.webhooks.done(1, "w", NOW, status=204, answer=""),
    "webhooks.release": lambda tx: tx.webhooks.release(),
    "webhooks.of_ticket": lambda tx: tx.webhooks.of_ticket(1),
    "webhooks.counts": lambda tx: tx.webhooks.counts(),
    "webhooks.list, failed": lambda tx: tx.webhooks.list("failed"),
    "activities.set": lambda tx: tx.activities.set(replace(TICKET, activities=(WORK,))),
    "activities.spent": lambda tx: tx.activities.spent("incident"),
    "activities.between, of one": lambda tx: tx.activities.between(WORK.day, WORK.day, "bogdan"),
    "activities.between, of all": lambda tx: tx.activities.between(WORK.day, WORK.day),
    "blobs.get": lambda tx: tx.blobs.has("0"),
    "mails.add": lambda tx: tx.mails.add(MAIL),
    "mails.add_attachments": lambda tx: tx.mails.add_attachments(tx.mails.add(MAIL), 1, [FILE]),
    "mails.by_fingerprint": lambda tx: tx.mails.by_fingerprint("f"),
    "mails.of_ticket": lambda tx: tx.mails.of_ticket(1),
    "mails.tickets_knowing": lambda tx: tx.mails.tickets_knowing(["a@x", "b@x"]),
    "mails.tickets_referring_to": lambda tx: tx.mails.tickets_referring_to("a@x"),
    "mails.thread_of": lambda tx: tx.mails.thread_of(1, ["jo@customer.test"]),
    "mails.attachments": lambda tx: tx.mails.attachments(1),
    "mails.set_ticket": lambda tx: tx.mails.set_ticket(1, 1),
    "tickets.save": lambda tx: (tx.tickets.save(TICKET, expected_version=0), tx.tickets.save(TICKET, expected_version=1)),
    "tickets.get_many": lambda tx: tx.tickets.get_many([1, 2]),
    "tickets.of_address": lambda tx: tx.tickets.of_address("jo@customer.test"),
    "tickets.load": lambda tx: tx.tickets.load(),
    "tickets.team_load": lambda tx: tx.tickets.team_load(),
    "tickets.find open": lambda tx: tx.tickets.find(open=True, team="t"),
    "tickets.find assignee": lambda tx: tx.tickets.find(open=True, assignee="ana"),
    "tickets.find requester": lambda tx: tx.tickets.find(requester="jo@customer.test"),
    "events": lambda tx: (tx.events.append([HAPPENED], 1), tx.events.of_ticket(1), tx.events.last_version(1)),
    "clocks.set": lambda tx: tx.clocks.set(1, [Deadline(promise="p", step="s", due_at=NOW)]),
    "clocks.due": lambda tx: tx.clocks.due(NOW, 10),
    "clocks.fire": lambda tx: tx.clocks.fire(1, NOW),
    "clocks.stop": lambda tx: (tx.clocks.stop(1), tx.clocks.stop(1, "p")),
    "clocks.next_due": lambda tx: tx.clocks.next_due(),
    "outbox.add_many": lambda tx: tx.outbox.add_many([LETTER], NOW),
    "outbox.claim": lambda tx: tx.outbox.claim("s", 10, LEASE, NOW),
    "outbox.mark_dot": lambda tx: tx.outbox.mark_dot(1, "s", NOW),
    "outbox.sent": lambda tx: tx.outbox.sent(1, NOW),
    "outbox.release": lambda tx: tx.outbox.release("s"),
    "outbox.list": lambda tx: (tx.outbox.list("queued"), tx.outbox.list("failed")),
    "outbox.counts": lambda tx: tx.outbox.counts(),
    "outbox.next_due": lambda tx: tx.outbox.next_due(),
    "outbox.by_message_id": lambda tx: tx.outbox.by_message_id("o@d"),
    "outbox.count_since": lambda tx: tx.outbox.count_since("jo@customer.test", NOW, event="received"),
    "outbox.count_all_since": lambda tx: tx.outbox.count_all_since(NOW),
    "cursors": lambda tx: (tx.cursors.set("support", "INBOX", 7, 1), tx.cursors.to_settle("support", "INBOX")),
    "cursors.settled": lambda tx: tx.cursors.settled("support", "INBOX", 7, [1]),
    "addresses.suspended": lambda tx: tx.addresses.suspended("jo@customer.test", NOW),
    "search.add": lambda tx: tx.search.add(1, subject="Printer", fresh="It hums.", names=["hum.mp3"]),
    "search.find": lambda tx: tx.search.find("prin hum"),
    "search.find of customer": lambda tx: tx.search.find("prin hum", customer="jo@customer.test"),
    "pictures": lambda tx: tx.mails.add_attachments(tx.mails.add(MAIL), 1, [FILE], sender="jo@customer.test", pictures=[FILE]),
    "state": lambda tx: (tx.state.set("k", 1, NOW), tx.state.get("k")),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_is_walked_through(store: Store, name: str) -> None:
    assert walks_of(store, QUESTIONS[name]) == []


def test_a_walk_is_seen(store: Store) -> None:
    assert walks_of(store, lambda tx: tx.tickets.find(team="t", text="printer")) != []


def walks_of(store: Store, question: Callable[[Tx], object]) -> list[str]:
    asked: list[tuple[str, object]] = []

    def remember(connection: object, cursor: object, statement: str, parameters: object, context: object, many: bool) -> None:
        asked.append((statement, parameters[0] if many else parameters))

    with store.write() as tx:
        connection = tx._sql.connection
        tx.inbox.add_many([(b"raw", BY_IMAP)])
        tx.outbox.add_many([LETTER], NOW)
        sa.event.listen(connection, "before_cursor_execute", remember)
        tx._sql.driver = tx._sql.driver and Remembering(tx._sql.driver, asked)
        question(tx)
        sa.event.remove(connection, "before_cursor_execute", remember)
        assert asked
        return [walk for statement, parameters in asked for walk in walked(connection, statement, parameters)]


class Remembering:
    """SQLite's driver, which also writes down what it is told past SQLAlchemy."""

    def __init__(self, driver: Any, asked: list[tuple[str, object]]) -> None:
        self._driver, self._asked = driver, asked

    def execute(self, statement: str, parameters: object) -> Any:
        self._asked.append((statement, parameters))
        return self._driver.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Any:
        self._asked.append((statement, parameters[0]))
        return self._driver.executemany(statement, parameters)


# An index that holds only the rows wanted may be walked: that is what partial ones are for.
PARTIAL = (
    "ix_inbox_waiting",
    "ix_inbox_waiting_message_id",
    "ix_inbox_aside",
    "ix_inbox_done",
    "ix_clocks_running",
    "ix_outbox_pending",
    "ix_outbox_sent",
    "ix_outbox_unsent",
    "ix_webhooks_owed",
    "ix_webhooks_given_up",
    "ix_tickets_open_team",
    "ix_tickets_open_assignee",
)


# SQLite calls every look into FTS5 a scan; those with M in their plan are asked for a MATCH.
MATCHED = re.compile(r"SCAN mail_search VIRTUAL TABLE INDEX \d+:M")


def walked(connection: sa.Connection, statement: str, parameters: object) -> list[str]:
    """The steps of the statement's plan that walk through a table or a whole index."""
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        walks = [step for step in plan if step.startswith("SCAN") and not MATCHED.match(step)]
        return [step for step in walks if not any(name in step for name in (*PARTIAL, "anon_1"))]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    [[[top]]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return [f"{step['Node Type']} {step}" for step in steps(top["Plan"]) if is_walk(step)]


def steps(step: dict) -> Iterator[dict]:
    yield step
    for below in step.get("Plans", ()):
        yield from steps(below)


def is_walk(step: dict) -> bool:
    by_index = step["Node Type"].endswith(("Index Scan", "Index Only Scan"))
    return step["Node Type"] == "Seq Scan" or (by_index and "Index Cond" not in step and step["Index Name"] not in PARTIAL)
