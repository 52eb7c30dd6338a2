"""What the store costs: the statements of a mail that opens a ticket, one by one, in an empty and in a filled database.

    python -m benchmarks.store [--db URL] [--mails 2000] [--fill 100000]

Without --db a SQLite file in a temporary folder.  The mails are made up; fifty share a transaction, as when a backlog is worked off.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Participant, Role, Ticket

BATCH = 50
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = "Hello, the printer on the second floor does not print any more. " * 30
VOCABULARY = [f"{word:x}" for word in random.Random(7).choices(range(1 << 20, 1 << 28), k=30_000)]
USUAL = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))  # a few words often and most of them seldom
CUSTOMER = Actor(kind=ActorKind.CUSTOMER)
TARGETS = (("response", "warning"), ("response", "overdue"), ("resolution", "warning"), ("resolution", "overdue"), ("claim", "unclaimed"))
Answer = TypeVar("Answer")


class Meter:
    """Adds up wall time by the name of what was done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def run(self, name: str, act: Callable[[], Answer]) -> Answer:
        start = time.perf_counter()
        answer = act()
        self.seconds[name] += time.perf_counter() - start
        return answer


def work(store: Store, mails: int, seed: int) -> Meter:
    """Takes in and works off this many mails; the time of each step."""
    meter, chance = Meter(), random.Random(seed)
    for _ in range(mails // BATCH):
        items = [(raw(chance), envelope(chance)) for _ in range(BATCH)]
        meter.run("intake, with commit", lambda items=items: take_in(store, items))
        waiting = meter.run("inbox.claim, with commit", lambda: claim(store))
        start = time.perf_counter()
        with store.write() as tx:
            for mail in waiting:
                with tx.savepoint():
                    one(tx, mail.id, meter, chance)
            middle = time.perf_counter()
        meter.seconds["ALL STATEMENTS"] += middle - start
        meter.seconds["commit"] += time.perf_counter() - middle
    return meter


def take_in(store: Store, items: list[tuple[bytes, Envelope]]) -> None:
    with store.write() as tx:
        tx.inbox.add_many(items)


def claim(store: Store) -> list:
    with store.write() as tx:
        return tx.inbox.claim("benchmark", BATCH, timedelta(minutes=5), NOW)


def one(tx: Tx, inbox: int, meter: Meter, chance: random.Random) -> None:
    """What the pipeline asks and writes for a mail that opens a ticket and is acknowledged."""
    name = f"{chance.getrandbits(64):x}"
    seen = [f"{chance.getrandbits(64):x}@customer.test" for _ in range(2)]
    meter.run("mails.by_fingerprint", lambda: tx.mails.by_fingerprint(name))
    meter.run("inbox.earlier_waiting", lambda: tx.inbox.earlier_waiting(seen, inbox))
    meter.run("mails.tickets_knowing", lambda: tx.mails.tickets_knowing(seen))
    meter.run("mails.tickets_referring_to", lambda: tx.mails.tickets_referring_to(f"{name}@customer.test"))
    id = meter.run("tickets.reserve", tx.tickets.reserve)
    ticket = a_ticket(id, chance)
    stored = StoredMail(
        direction=Direction.IN,
        received_at=NOW,
        inbox=inbox,
        ticket=id,
        message_id=f"{name}@customer.test",
        fingerprint=name,
        references=tuple(seen),
        text=TEXT,
        fresh=" ".join(chance.choices(VOCABULARY, cum_weights=USUAL, k=100)),
        html=TEXT,
        subject=ticket.subject,
        sha256=name,
    )
    mail = meter.run("mails.add", lambda: tx.mails.add(stored, explanation={"trace": ["rule"] * 20}))
    meter.run("search.add", lambda: tx.search.add(mail, subject=stored.subject, fresh=stored.fresh, names=("screenshot.png",)))
    person = ticket.participants[0]
    opened = TicketOpened(subject=ticket.subject, requester=person, status="new", priority=Priority.NORMAL, team="first")
    events = [Event(ticket=id, at=NOW, actor=CUSTOMER, what=what, mail=mail) for what in (opened, MessageAdded(author=person.address))]
    meter.run("tickets.save", lambda: tx.tickets.save(ticket, expected_version=0))
    meter.run("events.append", lambda: tx.events.append(events, 1))
    deadlines = [Deadline(promise=promise, step=step, due_at=NOW + HOUR * chance.random() * 40) for promise, step in TARGETS]
    meter.run("clocks.set", lambda: tx.clocks.set(id, deadlines, NOW))
    meter.run("outbox.count_since", lambda: tx.outbox.count_since(person.address, NOW - HOUR, event="received", limit=1))
    meter.run("outbox.count_all_since", lambda: tx.outbox.count_all_since(NOW - HOUR, limit=500))
    notifications = [
        a_notification(id, audience, to) for audience, to in ((Audience.CUSTOMER, person.address), (Audience.AGENT, "ana@desk.test"))
    ]
    meter.run("outbox.add_many", lambda: tx.outbox.add_many(notifications, NOW))
    meter.run("inbox.finish", lambda: tx.inbox.finish(inbox, "ticket", NOW, mail, id))


def raw(chance: random.Random) -> bytes:
    return b"Message-ID: <%x@customer.test>\r\nSubject: Printer\r\n\r\n" % chance.getrandbits(64) + chance.randbytes(5000)


def envelope(chance: random.Random) -> Envelope:
    uid = chance.getrandbits(32)
    return Envelope(source=Source.IMAP, received_at=NOW, account="support", folder="INBOX", uidvalidity=chance.getrandbits(32), uid=uid)


def a_ticket(id: int, chance: random.Random) -> Ticket:
    requester = Participant(address=f"user{chance.randrange(100_000)}@customer.test")
    people = (requester, Participant(address="boss@customer.test", role=Role.MENTIONED))
    return Ticket(
        id=id,
        subject=f"Printer {chance.getrandbits(32):x} broken",
        status="new",
        priority=Priority.NORMAL,
        team="first",
        created_at=NOW,
        updated_at=NOW,
        version=2,
        participants=people,
    )


def a_notification(ticket: int, audience: Audience, to: str) -> Notification:
    key = f"{ticket}:{to}"
    return Notification(ticket=ticket, audience=audience, event="received", recipient=to, key=key, message_id=f"{key}@desk.test")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", help="URL of an empty database")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--fill", type=int, default=100_000, help="tickets in the filled database; 0: only the empty one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(asked.db or f"sqlite:///{folder}/desk.db")
        store.upgrade()
        work(store, BATCH, seed=0)  # the first of everything
        empty = work(store, asked.mails, seed=1)
        if asked.fill:
            work(store, asked.fill - asked.mails, seed=2)
        filled = work(store, asked.mails, seed=3) if asked.fill else empty
        store.close()
    print(f"microseconds a mail      empty   {asked.fill or 0:>6} tickets")
    for name in empty.seconds:
        print(f"{name:28}{empty.seconds[name] / asked.mails * 1e6:6.0f}{filled.seconds[name] / asked.mails * 1e6:12.0f}")


if __name__ == "__main__":
    main()
