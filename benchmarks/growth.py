"""What a mail costs in a desk with many tickets beside one in an empty desk, on SQLite.

    python -m benchmarks.growth [--tickets 100000] [--mails 200] [--rounds 5] [--seed 42] [--json]

Both desks take the same made-up mails, in turns: into the inbox, read by a child process, worked off, committed.  Only the number of
tickets differs.  The times of all rounds and their ratio are told.  Target: at most 1.2.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import desks, generator
from benchmarks.store import CUSTOMER, TARGETS, a_notification, a_ticket, envelope
from mailbridge.config.load import load
from mailbridge.daemon.app import App
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience
from mailbridge.ops import log
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.events import Event

AT_ONCE = 500


def fill(store: Store, tickets: int, seed: int) -> None:
    """That many tickets are there with all that belongs to them: mail, references, events, clocks, promises, a finished inbox row."""
    chance = random.Random(seed)
    for _ in range(tickets // AT_ONCE):
        with store.write() as tx:
            raws = [b"Message-ID: <%x@old.example>\r\n\r\nold" % chance.getrandbits(80) for _ in range(AT_ONCE)]
            ids = tx.inbox.add_many([(raw, envelope(chance)) for raw in raws])
            tx.inbox.claim("fill", AT_ONCE, timedelta(minutes=5), datetime.now(UTC))
            for inbox in ids:
                _one(tx, inbox, chance)
    store.checkpoint()


def _one(tx: Tx, inbox: int, chance: random.Random) -> None:
    name, now = f"{chance.getrandbits(80):x}", datetime.now(UTC)
    id = tx.tickets.reserve()
    ticket = a_ticket(id, chance)
    person = ticket.participants[0]
    stored = StoredMail(
        direction=Direction.IN,
        received_at=now,
        inbox=inbox,
        ticket=id,
        message_id=f"{name}@old.example",
        fingerprint=name,
        references=(f"{name}.before@old.example",),
        sender=person.address,
        text="The printer does not print. " * 20,
        fresh="The printer does not print. " * 20,
        subject=ticket.subject,
    )
    mail = tx.mails.add(stored, explanation={"version": 1})
    tx.tickets.save(ticket, expected_version=0)
    opened = TicketOpened(subject=ticket.subject, requester=person, status="new", priority=Priority.NORMAL, team="first")
    events = [Event(ticket=id, at=now, actor=CUSTOMER, what=what, mail=mail) for what in (opened, MessageAdded(author=person.address))]
    tx.events.append(events, 1)
    later = timedelta(days=1 + 30 * chance.random())
    tx.clocks.set(id, [Deadline(promise=promise, step=step, due_at=now + later) for promise, step in TARGETS], now, new=True)
    tx.outbox.add_many([a_notification(id, Audience.CUSTOMER, person.address), a_notification(id, Audience.AGENT, "ana@desk.example")], now)
    tx.inbox.finish(inbox, "ticket", now, mail, id)


def take_in(app: App, mails: list[bytes], first: int) -> float:
    """Seconds until all of them are worked off."""
    now = datetime.now(UTC)
    from_imap = {"source": Source.IMAP, "received_at": now, "account": "a", "folder": "INBOX", "uidvalidity": 7}
    places = [Envelope(**from_imap, uid=first + number) for number in range(len(mails))]
    began = time.perf_counter()
    app.inbox.accept_all(list(zip(mails, places, strict=True)), lambda _tx: None)
    worked = 0
    while worked < len(mails):
        turn = app.worker.one_turn()
        worked += sum(one.result.outcome != "wait" for one in turn)
        if not turn:
            time.sleep(0.05)
    return time.perf_counter() - began


def measure(tickets: int, mails: int, rounds: int, seed: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    stream = generator.Stream(seed)
    with ExitStack() as stack:
        apps = {}
        for name, count in (("empty", 0), ("filled", tickets)):
            desk = desks.make_desk(folder / name, address=generator.DESK, sections=[])
            apps[name] = stack.enter_context(App.open(load(desk)))
            fill(apps[name].store, count, seed)
            take_in(apps[name], [generator.Stream(seed + 1).next().raw], 1)  # children and caches are warm
        seconds: dict[str, list[float]] = {name: [] for name in apps}
        for number in range(rounds):
            raws = [stream.next().raw for _ in range(mails)]
            for name, app in apps.items() if number % 2 else reversed(apps.items()):
                seconds[name].append(take_in(app, raws, 2 + number * mails))
            print(f"round {number + 1}: " + ", ".join(f"{name} {took[-1]:.2f} s" for name, took in seconds.items()), file=sys.stderr)
    cost = {name: sum(took) * 1000 / (rounds * mails) for name, took in seconds.items()}
    return {
        "tickets": tickets,
        "mails": rounds * mails,
        "ms_a_mail_empty": round(cost["empty"], 3),
        "ms_a_mail_filled": round(cost["filled"], 3),
        "ratio": round(cost["filled"] / cost["empty"], 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--mails", type=int, default=200, help="a round (default: 200)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    log.configure(style="json", level="warning")
    with TemporaryDirectory(prefix="mailbridge-growth-") as folder:
        desks.report(measure(asked.tickets, asked.mails, asked.rounds, asked.seed, Path(folder)), as_json=asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
