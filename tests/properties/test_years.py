"""Years of a desk in five zones, simulated, with restarts and downtimes at random moments: every alert exactly once.

The real jobs run on SQLite by a clock that the test moves.  The expected alerts come from a model that knows when things happened and when
somebody swept, and nothing of stored clocks.  TESTS_YEARS says how many years, TESTS_YEARS_SEED repeats a run, TESTS_YEARS_WITHIN says in
how many seconds.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from time import monotonic
from zoneinfo import ZoneInfo

import pytest

from mailbridge.execution.execute import execute
from mailbridge.jobs.bundles import TOLD
from mailbridge.notifications.model import OutboxState
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import due_with_pauses
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, Open
from mailbridge.tickets.command_types.values import Assign, Close, SetStatus
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.model import Participant
from mailbridge.tickets.requests import each
from tests.harness import TestDesk, a_desk

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
USUAL = "0.04"  # of a year: about two weeks
A_WEEK = 8  # new tickets
AGENT, CAROL = Actor(kind=ActorKind.AGENT, name="bogdan"), "carol@customer.test"
ZONES = {
    "iasi": ("Europe/Bucharest", "09:00", "17:00"),
    "johns": ("America/St_Johns", "08:30", "16:30"),
    "howe": ("Australia/Lord_Howe", "01:00", "09:00"),  # over the hour in which clocks jump
    "casa": ("Africa/Casablanca", "02:30", "11:00"),
    "nepal": ("Asia/Kathmandu", "10:15", "18:45"),
}
LADDER = {"50%": 0.5, "90%": 0.9, "overdue": 1.0, "150%": 1.5, "300%": 3.0}
UNCLAIMED_ONLY, CALLS, RAISES = "50%", "90%", "300%"  # the level with a condition, with a webhook, and with a new priority
FURTHER = {
    UNCLAIMED_ONLY: ", when: {unclaimed: true}",
    CALLS: ', webhook: "https://hooks.desk.test/late"',
    RAISES: ", priority: high",
}
PROMISES = {"response": 4 * HOUR, "next-response": 3 * HOUR, "resolution": 24 * HOUR}
UNCLAIMED_AFTER = 2 * HOUR
HOLIDAYS = {"iasi": [date(2026, 3, 4), date(2026, 12, 25)], "howe": [date(2026, 4, 6)]}


def rules() -> dict[str, str]:
    teams, hours = "", ""
    for name, (zone, opens, closes) in ZONES.items():
        free = f", holidays: {{dates: [{', '.join(map(str, HOLIDAYS[name]))}]}}" if name in HOLIDAYS else ""
        people = "members: [bogdan], managers: [mara], answer-owns: false"
        teams += f"  {name}: {{title: {name}, {people}, unclaimed-after: 2h, hours: {name}}}\n"
        hours += f'  {name}: {{zone: {zone}, week: {{mon-fri: "{opens}-{closes}"}}{free}}}\n'
    agents = (
        "  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}\n  mara: {title: Mara Lind, address: mara@desk.test, manager: true}\n"
    )
    levels = (f"{{at: {'breach' if step == 'overdue' else step}, tell: managers{FURTHER.get(step, '')}}}" for step in LADDER)
    targets = f"{{response: 4h, next-response: 3h, resolution: 24h, ladder: [{', '.join(levels)}]}}"
    sla = f"targets: {{normal: {targets}, high: {targets}}}\n"  # the same, so that a new priority tells nothing again
    return {"teams.yaml": f"teams:\n{teams}hours:\n{hours}agents:\n{agents}default: iasi\n", "sla.yaml": sla}


def calendar_of(name: str) -> Calendar:
    zone, opens, closes = ZONES[name]
    hours = ((time.fromisoformat(opens), time.fromisoformat(closes)),)
    return Calendar(name=name, zone=zone, hours=(hours,) * 5 + ((), ()), holidays=frozenset(HOLIDAYS.get(name, ())))


@dataclass(kw_only=True)
class Modelled:
    """What happened on one ticket, and what has been told of it."""

    calendar: Calendar
    opened: datetime
    runs: dict[str, datetime] = field(default_factory=dict)  # the promises that are open, with their starts
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    reminded: datetime | None = None  # when managers heard of it last as unclaimed
    answered: datetime | None = None  # the last time
    open: bool = True
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.runs = {"response": self.opened, "resolution": self.opened, "claim": self.opened}

    def swept(self, now: datetime) -> None:
        """Everything whose moment has come is told once."""
        for promise, start in self.runs.items() if self.open else ():
            if promise == "claim":
                self._claim(start, now)
                continue
            for step, share in LADDER.items():
                moment = due_with_pauses(start, self.calendar, PROMISES[promise] * share, self.pauses)
                if moment is not None and moment <= now and (promise, step) not in self.told:
                    self.told.add((promise, step))
                    self.expected[promise, step] += step != UNCLAIMED_ONLY or "claim" in self.runs

    def _claim(self, start: datetime, now: datetime) -> None:
        first = due_with_pauses(start, self.calendar, UNCLAIMED_AFTER, self.pauses)
        if first is None or first > now:
            return
        begins = [moment for moment in self._mornings(first, now) if not self._stood(moment)]
        if self.reminded is None or (begins and begins[-1] > self.reminded):
            self.reminded = now
            self.expected["claim", "unclaimed"] += 1

    def _mornings(self, first: datetime, now: datetime) -> Iterator[datetime]:
        """When the team began to work on the days after `first`, up to now."""
        zone, (opens, _) = ZoneInfo(self.calendar.zone), self.calendar.hours[0][0]
        day = first.astimezone(zone).date() + DAY
        while day <= now.astimezone(zone).date():
            at = datetime.combine(day, opens, zone).astimezone(UTC)
            if day.weekday() < 5 and day not in self.calendar.holidays and at <= now:
                yield at
            day += DAY

    def _stood(self, moment: datetime) -> bool:
        return any(begin <= moment and (end is None or moment < end) for begin, end in self.pauses)

    def ends(self, *promises: str) -> None:
        for promise in promises:
            self.runs.pop(promise, None)

    def begins(self, promise: str, now: datetime) -> None:
        self.runs[promise] = now
        self.told = {(other, step) for other, step in self.told if other != promise}


class Simulation:
    def __init__(self, desk: TestDesk, chance: Random, years: float) -> None:
        self.desk, self.chance, self.years = desk, chance, years
        self.model: dict[int, Modelled] = {}
        self.live: list[Modelled] = []
        self.coming: list[tuple[datetime, int, str, int]] = []
        self.count = self.restarts = self.sweeps = 0

    def run(self, within: float) -> None:
        end, began = START + self.years * 365 * DAY, monotonic()
        self.desk.clock.time = START
        for _ in range(int(self.years * 52 * A_WEEK)):
            self.plan(START + self.chance.random() * (end - START), "open", 0)
        while self.coming:
            assert monotonic() - began < within, f"the desk came to {self.desk.clock.time:%Y-%m-%d} in the time that there was"
            self.step()
        self.desk.clock.time = max(end, self.desk.clock.time) + 30 * DAY
        self.sweep()

    def plan(self, at: datetime, what: str, ticket: int) -> None:
        self.count += 1
        heappush(self.coming, (at.replace(microsecond=0), self.count, what, ticket))

    def step(self) -> None:
        """Goes to what comes next, an action or a deadline; at times the desk is down until later, and starts anew."""
        with self.desk.app.store.read() as tx:
            due = tx.clocks.next_due()
        coming = self.coming[0][0]
        now = max(self.desk.clock.time, min(coming, due) if due else coming)
        if self.chance.random() < 0.04:
            now += self.chance.choice((MINUTE, HOUR, 14 * HOUR, 3 * DAY, 9 * DAY)) * self.chance.random()
            now = now.replace(microsecond=0)
            self.restart()
        self.desk.clock.time = now
        if self.chance.random() < 0.5:
            self.sweep()
        if coming <= now:
            _, _, what, ticket = heappop(self.coming)
            self.act(what, ticket, now)
        self.sweep()

    def restart(self) -> None:
        """The process ends and begins anew: nothing but the database is known."""
        self.restarts += 1
        app = self.desk.app
        app.store.close()
        fresh = type(app)(app.config, clock=self.desk.clock)
        self.desk.app = fresh

    def sweep(self) -> None:
        now = self.desk.clock.time
        self.desk.app.jobs.sweep()
        self.sweeps += 1
        self.live = [ticket for ticket in self.live if ticket.open]
        for ticket in self.live:
            ticket.swept(now)

    def execute(self, ticket: int, command: Command, actor: Actor) -> bool:
        now, desk = self.desk.clock.time, self.desk.app.desk()
        with self.desk.app.store.write() as tx:
            known = tx.tickets.get(ticket) if ticket else None
            executed = execute(tx, desk, known or tx.tickets.reserve(), each([command]), actor, now)
            assert executed.refused is None, executed.refused
            assert executed.decision.ticket is not None
            self.latest = executed.decision.ticket.id
        return bool(executed.decision.events)

    def act(self, what: str, ticket: int, now: datetime) -> None:
        if what == "open":
            team = self.chance.choice(list(ZONES))
            asks = Open(subject="Printer", requester=Participant(address=CAROL), team=team)
            self.execute(0, asks, Actor(kind=ActorKind.CUSTOMER, name=CAROL))
            self.model[self.latest] = Modelled(calendar=calendar_of(team), opened=now)
            self.live.append(self.model[self.latest])
            self.plan_life(self.latest, now)
            return
        about = self.model[ticket]
        if not about.open:
            return
        waits = bool(about.pauses) and about.pauses[-1][1] is None
        match what:
            case "take":
                self.execute(ticket, Assign(agent="bogdan"), AGENT)
                about.ends("claim")
            case "wait" if not waits:
                self.execute(ticket, SetStatus(status="waiting"), AGENT)
                about.pauses.append((now, None))
            case "resume" if waits:
                self.execute(ticket, SetStatus(status="open"), AGENT)
                about.pauses[-1] = (about.pauses[-1][0], now)
            case "answer":
                self.execute(ticket, AgentReply(), AGENT)
                about.ends("response", "next-response")
                about.answered = now
            case "ask" if not waits:
                self.execute(ticket, CustomerMessage(author=CAROL), Actor(kind=ActorKind.CUSTOMER, name=CAROL))
                # A message of the same moment as an answer counts as answered by it.
                if about.answered is not None and about.answered < now and "next-response" not in about.runs:
                    about.begins("next-response", now)
            case "close":
                self.execute(ticket, Close(), AGENT)
                about.open = False

    def plan_life(self, ticket: int, now: datetime) -> None:
        chance = self.chance
        for what in chance.choices(("take", "wait", "resume", "answer", "ask", "answer", "ask"), k=chance.randrange(1, 9)):
            self.plan(now + chance.choice((HOUR, 8 * HOUR, 3 * DAY, 9 * DAY)) * chance.random() + MINUTE, what, ticket)
        self.plan(now + chance.choice((4 * HOUR, 2 * DAY, 14 * DAY)) * (0.1 + chance.random()), "close", ticket)


@pytest.mark.timeout(3600)  # of `make nightly`
def test_every_alert_comes_exactly_once(tmp_path: Path) -> None:
    years, within = float(os.environ.get("TESTS_YEARS", USUAL)), float(os.environ.get("TESTS_YEARS_WITHIN", "inf"))
    seed = int(os.environ.get("TESTS_YEARS_SEED", secrets.randbelow(1 << 31)))
    print(f"TESTS_YEARS={years} TESTS_YEARS_SEED={seed}")
    with a_desk(tmp_path, rules=rules()) as desk:
        simulation = Simulation(desk, Random(seed), years)
        simulation.run(within)
        told = 0
        with desk.app.store.read() as tx:
            for ticket, about in simulation.model.items():
                raised = [event.what for event in tx.events.of_ticket(ticket) if isinstance(event.what, AlertRaised)]
                found = Counter((one.promise, one.alert) for one in raised)
                which = f"TESTS_YEARS_SEED={seed}: ticket {ticket}, opened {about.opened}"
                assert found == +about.expected, which
                assert len(tx.webhooks.of_ticket(ticket)) == sum(found[promise, CALLS] for promise in PROMISES), which
                known = tx.tickets.get(ticket)
                assert known is not None
                raised_to = Priority.HIGH if any(found[promise, RAISES] for promise in PROMISES) else Priority.NORMAL
                assert known.priority is raised_to, which
                told += found.total()
                assert_each_is_one_mail(tx.outbox.of_ticket(ticket), found.total(), f"TESTS_YEARS_SEED={seed}: ticket {ticket}")
        print(f"{len(simulation.model)} tickets, {told} alerts, {simulation.restarts} restarts, {simulation.sweeps} sweeps")
        assert told > 0


def assert_each_is_one_mail(mails, alerts: int, which: str) -> None:  # type: ignore[no-untyped-def]
    """Each alert is one notification to the manager, which went out alone or is in a list, or which nobody needed any more."""
    mine = [one for one in mails if one.notification.event in ("level", "unclaimed") and one.notification.recipient == "mara@desk.test"]
    assert len(mine) == alerts, which
    for one in mine:
        left_out = one.state is OutboxState.SUPPRESSED and (one.error.startswith(TOLD) or "needs this alert" in one.error)
        assert one.state is OutboxState.QUEUED or left_out, f"{which}: {one.state} {one.error}"
