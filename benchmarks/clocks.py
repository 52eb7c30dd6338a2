"""What the clocks cost: `python -m benchmarks.clocks`.  Prints the figures with their limits and leaves 1 where one is missed.

a sweep with 100,000 open deadlines of which none is due: at most 5 ms
an alert that fires, with its event, the ticket's clocks and its part of the manager's list: at most 1 ms of processor time
the due times of a ticket with 100 events: at most 1 ms of processor time
a change of a ticket with 10,000 events, read from the store with its finished runs: at most 400 ms of processor time
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.rules import Figure
from mailbridge.cli.init import write_desk
from mailbridge.clock import FixedClock
from mailbridge.config.load import load
from mailbridge.daemon.app import App
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.record import set_clocks
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Targets
from mailbridge.store.engine import Store
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.clock_history import clock_history
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.deadlines import ticket_deadlines
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.values import StatusChanged
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Participant, Ticket
from mailbridge.tickets.requests import each

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CAROL = Participant(address="carol@customer.example")
OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=(((time(9), time(18)),),) * 5 + ((), ()))
ROUNDS = 200
LADDER = """
targets: {normal: {response: 3h, ladder: [{at: 30%, tell: managers}, {at: 60%, tell: managers}, {at: breach, tell: managers}]}}
levels: {four-hours: {normal: {response: 4h}}}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deadlines", type=int, default=100_000)
    parser.add_argument("--alerts", type=int, default=1_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = [
            idle_sweep(Path(folder), asked.deadlines),
            fired_alerts(Path(folder) / "fired", asked.alerts),
            due_times(),
            long_ticket(Path(folder)),
        ]
    for figure in figures:
        print(figure)
    return 0 if all(figure.met for figure in figures) else 1


def idle_sweep(folder: Path, many: int) -> Figure:
    """The question that a sweep asks where nothing is due."""
    store = Store(f"sqlite:///{folder / 'desk.db'}")
    store.upgrade()
    try:
        for first in range(0, many // 5, 1000):
            with store.write() as tx:
                for ticket in range(first + 1, first + 1001):
                    later = NOW + DAY + HOUR * (ticket % 500)
                    steps = ("warning", "overdue", "a", "b", "c")
                    tx.clocks.set(ticket, [Deadline(promise="response", step=step, due_at=later) for step in steps], NOW, new=True)

        def ask() -> None:
            with store.read() as tx:
                assert tx.clocks.due(NOW, 100) == []

        return Figure(f"a sweep with {many} open deadlines, none due", timed(ask, perf_counter), "ms", 5)
    finally:
        store.close()


def fired_alerts(folder: Path, many: int) -> Figure:
    """Tickets that become overdue at the same moment, swept by the real jobs on a desk of its own."""
    write_desk(folder, name="Benchmark", address="support@acme.example")
    (folder / "rules" / "sla.yaml").write_text(LADDER, encoding="utf-8")
    clock = FixedClock(NOW)
    with App.open(load(folder), clock=clock) as app:
        desk, actor = app.desk(), Actor(kind=ActorKind.CUSTOMER, name=CAROL.address)
        asks = Open(subject="Printer", requester=CAROL, team=desk.organisation.default_team)
        for _ in range(0, many, 100):
            with app.store.write() as tx:
                for _ in range(100):
                    execute(tx, desk, tx.tickets.reserve(), each([asks]), actor, NOW, telling=Telling(silent=True))
        app.jobs.sweep()
        fired, began = 0, process_time()
        for hours in range(1, 8):  # 30 %, 60 % and the breach of three working hours, at one moment each for all tickets
            clock.time = NOW + hours * HOUR
            fired += app.jobs.sweep()
        spent = (process_time() - began) * 1000
    return Figure(f"an alert of {fired}", spent / max(fired, 1), "ms", 1)


def due_times() -> Figure:
    """A ticket of a month with 100 events: messages, answers, pauses."""
    ticket, events, organisation = a_past(100, 7 * HOUR)
    received = {number: event.at for number, event in enumerate(events)}
    numbered, now = [(number, replace(event, mail=number - 1)) for number, event in enumerate(events, start=1)], events[-1].at

    def compute() -> None:
        assert ticket_deadlines(ticket, clock_history(numbered, received), organisation, now)

    return Figure("the due times of a ticket with 100 events", timed(compute, process_time), "ms", 1)


def long_ticket(folder: Path) -> Figure:
    """What every change of a ticket costs that has gone to and fro 2,500 times."""
    ticket, events, organisation = a_past(10_000, HOUR / 2)
    store, now = Store(f"sqlite:///{folder / 'long.db'}"), events[-1].at
    store.upgrade()
    try:
        with store.write() as tx:
            tx.events.append(events, first_version=1)
            set_clocks(tx, ticket, organisation, now)

        def change() -> None:
            with store.write() as tx:
                set_clocks(tx, ticket, organisation, now)

        return Figure("a change of a ticket with 10,000 events", timed(change, process_time, rounds=5), "ms", 400)
    finally:
        store.close()


def a_past(many: int, step: timedelta) -> tuple[Ticket, list[Event], Organisation]:
    """A ticket with so many events, one after each step: messages, answers, pauses."""
    opening = TicketOpened(subject="", requester=CAROL, status="open", priority=Priority.NORMAL, team="support")
    turn: tuple[TicketEvent, ...] = (
        MessageAdded(author=CAROL.address),
        MessageAdded(author="ana", to_customer=True),
        StatusChanged(before="open", after="waiting", waits=True),
        StatusChanged(before="waiting", after="open"),
    )
    actor = Actor(kind=ActorKind.AGENT, name="ana")
    happened = [opening, *(turn[number % 4] for number in range(many - 1))]
    events = [Event(ticket=1, at=NOW + number * step, actor=actor, what=what) for number, what in enumerate(happened)]
    ticket = rebuild(events)
    assert ticket is not None
    targets = Targets(response=4 * HOUR, next_response=2 * HOUR, resolution=80 * HOUR, team=40 * HOUR)
    team = Team(name="support", title="Support", calendar=OFFICE)
    return ticket, events, Organisation(teams={"support": team}, targets=dict.fromkeys(Priority, targets))


def timed(run: Callable[[], None], clock: Callable[[], float], *, rounds: int = ROUNDS) -> float:
    """The median in milliseconds."""
    run()
    took = []
    for _ in range(rounds):
        began = clock()
        run()
        took.append((clock() - began) * 1000)
    return median(took)


if __name__ == "__main__":
    sys.exit(main())
