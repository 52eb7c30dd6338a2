"""A desk of some years in a few seconds: rows of every table that grows, most of them done with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.priority import Priority
from mailbridge.store.documents import dump
from mailbridge.store.schema import metadata
from mailbridge.store.tx import Tx
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.model import Participant, Ticket

ROWS = 4_000
BEGAN = datetime(2023, 1, 2, 8, tzinfo=UTC)


def _at(n: int) -> datetime:
    return BEGAN + timedelta(hours=n)


def _seldom(n: int, rare: str, usual: str) -> str:
    return rare if n % 400 == 399 else usual


SAID = dump(MessageAdded(author="jo"))
LETTER = dump(Notification(ticket=1, audience=Audience.CUSTOMER, event="received", recipient="jo@x.test", key="k", message_id="o@d"))


def _ticket(n: int) -> str:
    people = (Participant(address=f"c{n % 900}@x.test"),)
    return dump(
        Ticket(
            **{
                "id": n,
                "subject": f"Printer {n}",
                "status": "closed",
                "priority": Priority.NORMAL,
                "team": f"t{n % 5}",
                "created_at": _at(n),
            },
            **{"updated_at": _at(n), "version": 3, "participants": people},
        )
    )


# Table -> the n-th of its rows, n from 1.
MANY: dict[str, Callable[[int], dict[str, Any]]] = {
    "blobs": lambda n: {"sha256": f"{n:064x}", "size": 40, "content": b"x" * 40},
    "arrivals": lambda n: {"source": f"imap:support/F{n % 10}", "hour": 480_000 + n, "mails": 1, "bytes": 100},
    "inbox": lambda n: {
        **{
            "source": "imap",
            "account": "support",
            "folder": "INBOX",
            "uidvalidity": 7,
            "uid": 10_000 + n,
            "mail_from": f"c{n % 900}@x.test",
        },
        **{"rcpt_to": "[]", "peer": "", "helo": "", "received_at": _at(n), "sha256": f"{n:064x}", "size": 40, "message_id": f"m{n}@x.test"},
        **{"state": _seldom(n, "quarantined", "done"), "attempts": 1, "outcome": "ticket", "reason": "", "mail": n, "ticket": n // 3 + 1},
        **{"done_at": _at(n), "settled": True},
    },
    "receipts": lambda n: {
        **{"source": "imap", "account": "support", "folder": "INBOX", "number": n, "inbox": n, "uidvalidity": 7, "uid": 10_000 + n},
        **{"sha256": f"{n:064x}", "message_id": f"m{n}@x.test", "at": _at(n)},
    },
    "passed_uids": lambda n: {
        **{"account": "support", "folder": f"F{n % 10}", "epoch": 7, "first": 10 * n, "last": 10 * n + 3},
        **{"why": "older", "at": _at(n), "reason": ""},
    },
    "mails": lambda n: {
        **{"inbox": n, "ticket": n // 3 + 1, "direction": "in", "message_id": f"m{n}@x.test", "fingerprint": f"f{n}"},
        **{"sender": f"c{n % 900}@x.test", "sender_name": "", "verified": True, "subject": f"Printer {n}", "received_at": _at(n)},
        **{"kind": "human", "language": "en", "text": "It hums.", "fresh": "It hums.", "html": "", "sha256": f"{n:064x}", "size": 40},
        **{"internal": False},
    },
    "mail_refs": lambda n: {"message_id": f"m{n - 1}@x.test", "mail": n},
    "attachments": lambda n: {
        **{"mail": n, "ticket": n // 3 + 1, "part": "2", "name": f"photo {n}.png", "content_type": "image/png", "size": 40},
        **{"sha256": f"{n:064x}", "disposition": "attachment", "content_id": "", "inside": "", "summary": "", "hidden": False},
    },
    "old_mails": lambda n: {"key": f"{n:064x}", "message_id": f"old{n}@x", "thread": f"old{n // 4}@x", "ticket": None},
    "openings": lambda n: {
        **{"sender": f"unproven:c{n % 900}@x.test", "form": f"form:www{n % 7}@x.test" if n % 10 == 0 else "", "at": _at(n)},
        **{"ticket": n + 1, "bytes": 1000, "receipt": n % 2 == 0, "grouped": 0},
    },
    "held": lambda n: {
        **{"inbox": n, "agent": f"a{n % 20}", "what": "mail", "why": "unproven", "subject": "Re: Printer", "lines": "", "ticket": None},
        **{"came_at": _at(n), "state": _seldom(n, "waiting", ("agreed", "refused")[n % 2]), "notice": n - n % 3},
    },
    "seen_pictures": lambda n: {"sender": f"c{n % 900}@x.test", "sha256": f"{n:064x}", "times": 1},
    "tickets": lambda n: {
        **{"id": n, "version": 3, "status": _seldom(n, "new", "closed"), "open": n % 400 == 399, "priority": "normal", "team": f"t{n % 5}"},
        **{
            "assignee": f"a{n % 20}",
            "requester": f"c{n % 900}@x.test",
            "subject": f"Printer {n}",
            "created_at": _at(n),
            "updated_at": _at(n),
        },
        **{"closed_at": None if n % 400 == 399 else _at(n), "data": _ticket(n)},
    },
    "solved_requests": lambda n: {
        **{"ticket": n, "team": f"t{n % 5}", "language": "en", "answer": n, "title": f"printer e{n % 100}", "body": "hum loud"},
    },
    "solved_terms": lambda n: {"team": f"t{n % 5}", "language": "en", "term": f"e{n % 100}", "ticket": n},
    "participants": lambda n: {"address": f"c{n % 900}@x.test", "ticket": n, "role": "requester"},
    "events": lambda n: {
        **{"ticket": n // 3 + 1, "seq": n % 3 + 1, "at": _at(n), "actor_kind": "customer", "actor": f"c{n % 900}@x.test"},
        **{"kind": "message_added", "data": SAID, "mail": n},
    },
    "activities": lambda n: {
        **{"ticket": n, "activity": 1, "type": f"type{n % 7}", "agent": f"a{n % 20}", "kind": "worked", "day": _at(n).date().isoformat()},
        **{"minutes": 5, "charged": 5, "km": 0.0, "place": "", "billable": True, "text": ""},
    },
    "hour_entries": lambda n: {
        **{"customer": f"c{n % 300}", "bank": "gold", "key": f"work:{n}.1:0", "kind": "burn", "source": "work", "day": "2026-03-02"},
        **{"seconds": -900, "at": _at(n), "subject": "", "closing": "", "contract": "gold", "ticket": n, "activity": 1, "basis": ""},
        **{"parts": "", "reason": "", "link": "", "actor": f"a{n % 20}"},
    },
    "hour_alerts": lambda n: {"customer": f"c{n % 300}", "bank": "gold", "period": f"p{n}", "level": "80", "at": _at(n)},
    "agenda": lambda n: {
        **{"ticket": n, "plan": 1, "agent": f"a{n % 20}", "begins_at": _at(n), "ends_at": _at(n) + timedelta(hours=1), "done": n % 9 > 0},
    },
    "clocks": lambda n: {
        **{
            "ticket": n,
            "promise": "response",
            "step": "overdue",
            "due_at": _at(n),
            "state": _seldom(n, "running", ("fired", "stopped")[n % 2]),
        },
    },
    "calendars": lambda n: {"version": f"{n:016x}", "document": "{}", "at": _at(n)},
    "finished_runs": lambda n: {
        **{"ticket": n, "promise": "response", "team": "", "started_at": _at(n), "ended_at": _at(n), "due_at": _at(n)},
        **{"budget": 3600, "calendar": f"{n:016x}", "standing": "[]"},
    },
    "outbox": lambda n: {
        **{"key": f"k{n}", "ticket": n // 3 + 1, "mail": n, "audience": "customer", "event": "received", "recipient": f"c{n % 900}@x.test"},
        **{"name": "", "language": "en", "class": ("letter", "reminder")[n % 2], "automatic": True, "message_id": f"o{n}@d.test"},
        **{
            "payload": LETTER,
            "state": _seldom(n, ("queued", "failed")[n // 400 % 2], "sent"),
            "attempts": 1,
            "next_at": _at(n),
            "error": "",
        },
        **{"reply": "", "created_at": _at(n), "sent_at": _at(n), "repeated": n % 2 == 0},
    },
    "webhooks": lambda n: {
        **{"key": f"k{n}", "ticket": n, "rule": "r", "event": "ticket.opened", "url": "https://hooks.test/x", "body": "{}"},
        **{"state": _seldom(n, "failed", "done"), "attempts": 1, "next_at": _at(n), "answer": "", "created_at": _at(n), "done_at": _at(n)},
    },
    "addresses": lambda n: {"address": f"c{n}@x.test", "until": _at(n), "reason": "bounced"},
    "mail_search": lambda n: {},
}


def fill(tx: Tx) -> None:
    """Every growing table holds ROWS rows and the search finds the mails."""
    connection = tx._sql.connection
    for name, row in MANY.items():
        if name != "mail_search":
            connection.execute(metadata.tables[name].insert(), [row(n) for n in range(1, ROWS + 1)])
    for n in range(1, ROWS + 1):
        tx.search.add(n, subject=f"Printer {n}", fresh=" ".join(f"word{(n * 7 + k) % 5_000}" for k in range(60)))
    for _ in range(3):  # numbers of tickets go on after those that are there
        tx.tickets.reserve()
