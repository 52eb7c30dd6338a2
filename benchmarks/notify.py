"""What it costs to tell people: notifications into Postfix's real queue beside a bare smtplib loop, and the digests of a large desk.

    python -m benchmarks.notify [--notifications 10000] [--tickets 100000] [--agents 200] [--seed 42] [--json]

Notifications: one delivery worker claims, renders, sends and records; the bare loop sends the same bytes to the same recipients over one
connection of its own.  Both take turns, batch by batch, into one Postfix that keeps what it gets (needs root).  Digests: one job
makes the digest of each agent over all tickets, one in ten of them open.  Target: at most 10 s.
"""

from __future__ import annotations

import argparse
import random
import smtplib
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import desks
from mailbridge.clock import FixedClock
from mailbridge.config.load import load
from mailbridge.daemon.app import App
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.render.ticket_context import view_of
from mailbridge.delivery.transport import Outcome, Transport
from mailbridge.delivery.transports import transport
from mailbridge.jobs.digests import notify_digests
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Notification
from mailbridge.ops import log
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.values import AssigneeChanged, StatusChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Participant, Ticket
from tests.servers import postfix

ADDRESS = "help@desk.example"
REQUESTS = 200  # mails of customers whose notifications are sent again and again under keys of their own
BATCH = 500
AT_ONCE = 500
OPEN_SHARE = 10  # one ticket in ten is open
CUSTOMERS = 500


class Noted:
    """A transport that keeps what it was given."""

    def __init__(self, below: Transport) -> None:
        self._below, self.given = below, list[tuple[str, str, bytes]]()

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        self.given.append((mail_from, recipient, raw))
        return self._below.send(mail_from, recipient, raw, before_dot)

    def close(self) -> None:
        self._below.close()


# -- notifications -----------------------------------------------------------------------------------------------------------------------


def notifications(count: int, folder: Path, server: postfix.Postfix) -> dict[str, Any]:
    """Seconds and processor time of both ways for as many notifications."""
    outgoing = f'[outgoing]\nurl = "smtp://127.0.0.1:{server.port}"\ntls = "none"'
    desk = desks.make_desk(folder, address=ADDRESS, sections=[outgoing])
    with App.open(load(desk)) as app:
        promised = _promised(app)
        noted = Noted(transport(app.config.outgoing, app.config.folder, hostname="bench.example"))
        worker = DeliveryWorker(
            app.store, noted, app.renderer, app.clock, desk=app.desk_of_files, failed=_failed,
            view=lambda tx, one, about: view_of(tx, one, about.at(tx), app.clock.now()),
        )  # fmt: skip
        ours, bare, ours_cpu, bare_cpu, sent = 0.0, 0.0, 0.0, 0.0, 0
        while sent < count:
            _queue(app.store, promised, sent, min(BATCH, count - sent))
            noted.given.clear()
            seconds, cpu = _timed(lambda: _delivered(worker))
            ours, ours_cpu = ours + seconds, ours_cpu + cpu
            seconds, cpu = _timed(lambda: _looped(server.port, noted.given))
            bare, bare_cpu, sent = bare + seconds, bare_cpu + cpu, sent + len(noted.given)
            print(f"{sent} sent: ours {ours:.1f} s, bare {bare:.1f} s", file=sys.stderr)
        noted.close()
    _wait_for(server, 2 * count)
    return {
        "notifications": count,
        "notifications_per_s": round(count / ours, 1),
        "bare_per_s": round(count / bare, 1),
        "ratio": round(ours / bare, 2),
        "cpu_ms_a_notification": round(1000 * ours_cpu / count, 2),
        "bare_cpu_ms_a_mail": round(1000 * bare_cpu / count, 2),
    }


def _wait_for(server: postfix.Postfix, mails: int) -> None:
    """Postfix holds all of them; its listing leaves out what it moves between two queues at that moment."""
    ends = time.monotonic() + 60
    while (held := server.queued()) < mails:
        if time.monotonic() > ends:
            raise SystemExit(f"Postfix has {held} mails, {mails} were sent")
        time.sleep(2)


def _promised(app: App) -> list[Notification]:
    """What the desk promises because of some customers' mails: receipts, and news to the team."""
    now = datetime.now(UTC)
    for number in range(REQUESTS):
        text = "The printer on the second floor does not print since this morning. " * 6
        head = f"From: Ann <ann{number}@held.test>\r\nTo: {ADDRESS}\r\nSubject: Printer {number}\r\nMessage-ID: <{number}@held.test>\r\n"
        envelope = Envelope(source=Source.SMTP, received_at=now, mail_from=f"ann{number}@held.test", rcpt_to=(ADDRESS,))
        app.inbox.accept(f"{head}\r\n{text}\r\n".encode(), envelope)
    while app.worker.one_turn():
        pass
    with app.store.write() as tx:
        found = [one.notification for one in tx.outbox.list(limit=10_000)]
        for one in tx.outbox.list(limit=10_000):
            tx.outbox.suppress(one.id, "it is measured under keys of its own", now)
    return [one for one in found if one.ticket]


def _queue(store: Store, promised: list[Notification], first: int, count: int) -> None:
    now = datetime.now(UTC)
    rows = []
    for number in range(first, first + count):
        one = promised[number % len(promised)]
        key, message_id = f"{one.key}.{number}", f"{number}.{one.message_id}"
        rows.append(replace(one, key=key, message_id=message_id, recipient=f"n{number}@held.test"))
    with store.write() as tx:
        tx.outbox.add_many(rows, now)


def _delivered(worker: DeliveryWorker) -> None:
    while worker.one_turn():
        pass


def _failed(_tx: Tx, queued: object, reason: str) -> None:
    raise SystemExit(f"a notification failed: {reason}")


def _looped(port: int, mails: list[tuple[str, str, bytes]]) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example") as client:
        for mail_from, recipient, raw in mails:
            client.sendmail(mail_from, [recipient], raw)


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of this process's processor time."""
    began, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - began, time.process_time() - cpu


# -- digests -----------------------------------------------------------------------------------------------------------------------------


def digests(tickets: int, agents: int, seed: int, folder: Path) -> dict[str, Any]:
    """Seconds until the digest of each agent is queued, on a working day after the hour of all digests."""
    desk = desks.make_desk(folder, address=ADDRESS, sections=[])
    _write_people(desk, agents)
    now = datetime.now(UTC).replace(hour=9, minute=0)
    now += timedelta(days=(7 - now.weekday()) % 7)  # a Monday
    with App.open(load(desk), clock=FixedClock(now)) as app:
        _fill(app.store, tickets, agents, now, random.Random(seed))
        found = list[int]()
        seconds, cpu = _timed(lambda: found.append(notify_digests(app.store, app.desk(), now)))
        again, _ = _timed(lambda: found.append(notify_digests(app.store, app.desk(), now)))
    if found[1]:
        raise SystemExit(f"{found[1]} digests were sent twice")
    return {
        "tickets": tickets,
        "open_tickets": tickets // OPEN_SHARE,
        "agents": agents,
        "digests": found[0],
        "digests_seconds": round(seconds, 2),
        "digests_cpu_seconds": round(cpu, 2),
        "no_digest_due_seconds": round(again, 3),
    }


def _write_people(desk: Path, agents: int) -> None:
    """Each agent wants a digest and is responsible for some customers."""
    people = "\n".join(f'  a{one}: {{title: Agent {one}, address: a{one}@desk.example, digest: "07:30"}}' for one in range(agents))
    members = ", ".join(f"a{one}" for one in range(agents))
    teams = f"default: support\nteams: {{support: {{title: Support, members: [{members}], unclaimed-after: never}}}}\nagents:\n{people}\n"
    customers = "\n".join(f"  c{one}: {{domains: [c{one}.example], responsible: a{one % agents}}}" for one in range(CUSTOMERS))
    for path in (desk / "rules").rglob("*.yaml"):
        path.unlink()
    (desk / "rules" / "teams.yaml").write_text(teams)
    (desk / "rules" / "customers.yaml").write_text(f"customers:\n{customers}\n")
    (desk / "rules" / "sla.yaml").write_text("targets: {normal: {response: 4h, resolution: 3d}}\n")


def _fill(store: Store, tickets: int, agents: int, now: datetime, chance: random.Random) -> None:
    for start in range(0, tickets, AT_ONCE):
        with store.write() as tx:
            for number in range(start, min(start + AT_ONCE, tickets)):
                _ticket(tx, number, agents, now, chance)
    store.checkpoint()


def _ticket(tx: Tx, number: int, agents: int, now: datetime, chance: random.Random) -> None:
    """A ticket of the last year that is closed, or one of the last days that is open and has its clocks."""
    is_open = number % OPEN_SHARE == 0
    age = timedelta(hours=chance.uniform(1, 96) if is_open else chance.uniform(96, 8760))
    agent, person = f"a{chance.randrange(agents)}", Participant(address=f"ann{number}@c{chance.randrange(CUSTOMERS)}.example", name="Ann")
    ticket_id, came = tx.tickets.reserve(), now - age
    closed_at = None if is_open else came + timedelta(hours=20)
    writer, robot = Actor(kind=ActorKind.CUSTOMER, name=person.address), Actor(kind=ActorKind.RULE, name="assign")
    happened: list[tuple[Actor, Any]] = [
        (writer, TicketOpened(subject=f"Printer {number}", requester=person, status="new", priority=Priority.NORMAL, team="support")),
        (writer, MessageAdded(author=person.address)),
        (robot, AssigneeChanged(before="", after=agent)),
    ]
    if closed_at is not None:
        done = StatusChanged(before="new", after="closed", closes=True)
        happened.append((Actor(kind=ActorKind.AGENT, name=agent), done))
    events = [Event(ticket=ticket_id, at=closed_at if closed_at and step == 3 else came, actor=actor, what=what)
              for step, (actor, what) in enumerate(happened)]  # fmt: skip
    ticket = Ticket(
        id=ticket_id, version=len(events), subject=f"Printer {number}", status="closed" if closed_at else "new", priority=Priority.NORMAL,
        team="support", assignee=agent, participants=(person,), created_at=came, updated_at=closed_at or came, closed_at=closed_at,
    )  # fmt: skip
    tx.tickets.save(ticket, expected_version=0)
    tx.events.append(events, 1)
    if is_open:
        due = (("response", came + timedelta(hours=4)), ("resolution", came + timedelta(days=3)))
        tx.clocks.set(ticket_id, [Deadline(promise=promise, step="overdue", due_at=at) for promise, at in due], now, new=True)
        for promise, at in due:
            if at <= now:
                _fire(tx, ticket_id, promise, at)


def _fire(tx: Tx, ticket: int, promise: str, at: datetime) -> None:
    for one in tx.clocks.of_ticket(ticket):
        if one.deadline.promise == promise:
            tx.clocks.fire(one.id, at)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notifications", type=int, default=10_000, help="0: none (default: 10000)")
    parser.add_argument("--tickets", type=int, default=100_000, help="of the digests; 0: no digests (default: 100000)")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    log.configure(style="json", level="warning")
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailbridge-notify-")))
        if asked.notifications:
            server = stack.enter_context(postfix.running())
            found |= notifications(asked.notifications, folder / "notifications", server)
        if asked.tickets:
            found |= digests(asked.tickets, asked.agents, asked.seed, folder / "digests")
    desks.report(found, as_json=asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
