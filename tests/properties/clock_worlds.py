"""Random pasts of tickets for the clocks: as the events that a desk records, and as facts for the oracle.

What is recorded and what counts differ as in life: mails are read late and out of order, answers do not arrive, what was done is taken
back, agents pass on what was asked days before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random

from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import CountsFrom, Targets, WhileSolved
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.event_types.values import AssigneeChanged, FieldSet, PriorityChanged, StatusChanged, TeamChanged, TypeChanged
from mailbridge.tickets.event_types.work import WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Activity, Participant, Ticket, WorkKind
from tests.builders import a_ticket
from tests.properties.clock_oracle import Facts, utc

# Moments at which the wall clocks of these zones jump; a past begins some days before one of them, or anywhere.
ZONES: dict[str, tuple[str, ...]] = {
    "Europe/Bucharest": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/St_Johns": ("2026-03-08T05:30", "2026-11-01T04:30"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
    "Asia/Kathmandu": ("2026-06-01T00:00",),
    "UTC": ("2026-12-31T00:00",),
}
TEAMS = ("north", "south")
CAROL = Participant(address="carol@customer.test")
CUSTOMER = Actor(kind=ActorKind.CUSTOMER, name=CAROL.address)
AGENT = Actor(kind=ActorKind.AGENT, name="ana")
ALSO_LATE = 0.3  # of the mails


@dataclass(frozen=True, kw_only=True)
class World:
    """A past, the rules under which it is looked at, those to which they change in the end, and the same past as facts."""

    events: list[Event]
    received: dict[int, datetime]
    ticket: Ticket
    organisation: Organisation
    changed: Organisation
    facts: Facts
    now: datetime


class Maker:
    """Makes one world.  `unit`: all moments and budgets are so many of these."""

    def __init__(self, chance: Random, *, unit: timedelta, days: float) -> None:
        self.chance, self.unit, self.length = chance, unit, int(timedelta(days=days) / unit)
        zone = chance.choice(list(ZONES))
        jump = utc(chance.choice(ZONES[zone]))
        self.zone, self.start = zone, jump - chance.randrange(self.length) * unit
        self.events: list[tuple[datetime, Event]] = []
        self.received: dict[int, datetime] = {}

    def world(self) -> World:
        start, chance = self.start, self.chance
        some = [start + chance.randrange(1, self.length) * self.unit for _ in range(chance.randrange(1, 14))]
        moments = sorted(chance.choice(some) if chance.random() < 0.2 else moment for moment in some)  # several things at once
        early = start - chance.randrange(1, 600) * self.unit if chance.random() < 0.15 else None
        opening = TicketOpened(
            subject="", requester=CAROL, status="new", priority=Priority.NORMAL, team=chance.choice(TEAMS), asked_at=early
        )
        self._add(start, opening, CUSTOMER, mail=1)
        self.received[1] = start
        what = [self._something(at, number) for number, at in enumerate(moments, start=2)]
        history = self._recorded(what)
        return self._looked_at(history, opening, early)

    def _something(self, at: datetime, mail: int) -> tuple[datetime, datetime, TicketEvent, Actor, int | None]:
        """(counts from, recorded at, what, whose, its mail)"""
        chance = self.chance
        late = chance.randrange(1, 200) * self.unit if chance.random() < ALSO_LATE else timedelta(0)
        match chance.randrange(10):
            case 0 | 1:
                return at, at + late, MessageAdded(author=CAROL.address), CUSTOMER, mail
            case 2 | 3:
                return at, at + late, MessageAdded(author="ana", to_customer=True), AGENT, mail
            case 4:
                who = CAROL.address if chance.random() < 0.8 else "other@customer.test"
                return at, at, DeliveryFailed(recipient=who, what="answered", reason=""), AGENT, None
            case 5:
                return at, at, TeamChanged(before="", after=chance.choice(TEAMS)), AGENT, None
            case 6 | 9:
                return at, at, self._oddity(), AGENT, None
            case _:
                kind = chance.choice(("runs", "waits", "solved", "reopened"))
                change = StatusChanged(
                    before="", after=kind, closes=kind == "solved", waits=kind == "waits", reopens=kind == "reopened"
                )
                return at, at + late, change, AGENT, mail

    def _oddity(self) -> TicketEvent:
        """What moves no clock, or another one."""
        travelled = Activity(id=self.chance.randrange(99), agent="ana", kind=WorkKind.TRAVELLED, day=self.start.date(), minutes=5)
        return self.chance.choice(
            (
                MessageAdded(author="ana", internal=True),
                MessageAdded(author="robot@customer.test", automatic=True),
                PriorityChanged(before=Priority.NORMAL, after=Priority.URGENT),
                TypeChanged(before="", after="incident"),
                FieldSet(name="equipment", value="LF-2231"),
                FieldSet(name="contract", value="acme"),
                FieldSet(name="sla", value=self.chance.choice(("gold", ""))),
                FieldSet(name="calendar", value=self.chance.choice(("site", f"site {self.chance.choice(list(ZONES))}", ""))),
                WorkRecorded(activity=travelled),
                AssigneeChanged(before="", after="ana"),
            )
        )

    def _recorded(self, what: list[tuple[datetime, datetime, TicketEvent, Actor, int | None]]) -> list[Event]:
        """In the order in which the desk heard of it; some changes of status are taken back at the end."""
        for counts, recorded, happened, actor, mail in sorted(what, key=lambda one: one[1]):
            self._add(recorded, happened, actor, mail)
            if mail is not None:
                self.received[mail] = counts
        history = [event for _, event in self.events]
        moved = [n for n, event in enumerate(history, start=1) if isinstance(event.what, StatusChanged)]
        if moved and self.chance.random() < 0.15:
            end = history[-1].at
            history.append(Event(ticket=1, at=end, actor=AGENT, what=Undone(undone=(self.chance.choice(moved),), restored=a_ticket())))
        return history

    def _add(self, at: datetime, what: TicketEvent, actor: Actor, mail: int | None = None) -> None:
        self.events.append((at, Event(ticket=1, at=at, actor=actor, what=what, mail=mail)))

    def _looked_at(self, history: list[Event], opening: TicketOpened, early: datetime | None) -> World:
        gone = {number for event in history if isinstance(event.what, Undone) for number in event.what.undone}
        counted = (event for number, event in enumerate(history, start=1) if number not in gone and not isinstance(event.what, Undone))
        ticket = rebuild(counted)
        assert ticket is not None
        facts = replace(facts_of(history, self.received, opening, early, ticket), empty=self._empty())
        last = max(event.at for event in history)
        return World(
            events=history, received=self.received, ticket=ticket, organisation=self._organisation(), changed=self._organisation(),
            facts=facts, now=last + self.chance.randrange(0, 3000) * self.unit,
        )  # fmt: skip

    def _empty(self) -> list[tuple[datetime, datetime | None]]:
        """Now and then the bank of the contract has no hours, one time after the other; perhaps it still has none."""
        moments = sorted(self.start + self.chance.randrange(self.length) * self.unit for _ in range(self.chance.choice((0, 0, 0, 2, 3, 4))))
        later: list[datetime | None] = [*moments[1::2], None]
        return list(zip(moments[::2], later, strict=False))

    def _organisation(self) -> Organisation:
        targets, gold = ({priority: self._targets() for priority in Priority} for _ in range(2))
        after = self._budget()
        teams = {name: Team(name=name, title=name, calendar=self._calendar(name), unclaimed_after=after) for name in TEAMS}
        return Organisation(teams=teams, targets=targets, levels={"gold": gold}, calendars={"site": self._calendar("site")})

    def _targets(self) -> Targets:
        chance = self.chance
        return Targets(
            response=self._budget(), next_response=self._budget(), resolution=self._budget(), arrival=self._budget(), team=self._budget(),
            counts_from=chance.choice(list(CountsFrom)), while_solved=chance.choice(list(WhileSolved)), warn_at=0.5,
        )  # fmt: skip

    def _budget(self) -> timedelta | None:
        """An even number of units, so that half of it is a moment of the grid."""
        return None if self.chance.random() < 0.1 else 2 * self.chance.randrange(1, self.length // 12) * self.unit

    def _calendar(self, name: str) -> Calendar:
        chance = self.chance
        if chance.random() < 0.15:
            return Calendar(name=name, zone=self.zone)
        hours = tuple(self._windows() if day < 5 or chance.random() < 0.4 else () for day in range(7))
        free, own = ([(self.start + timedelta(days=chance.randrange(20))).date() for _ in range(chance.randrange(3))] for _ in range(2))
        special = tuple((day, self._windows() if chance.random() < 0.6 else ()) for day in sorted(set(own)))
        zone = self.zone if chance.random() < 0.8 else chance.choice(list(ZONES))
        return Calendar(name=name, zone=zone, hours=hours, holidays=frozenset(free), special=special)

    def _windows(self) -> tuple[tuple[time, time], ...]:
        """One or two, perhaps over the hour of the night in which clocks jump, perhaps overlapping, perhaps to midnight."""
        marks = [time(0), time(2), time(2, 15), time(3), time(8), time(9, 30), time(12), time(13), time(17), time(22, 45), time.max]
        found = []
        for _ in range(self.chance.randrange(1, 3)):
            opens, closes = sorted(self.chance.sample(marks, 2))
            found.append((opens, closes))
        return tuple(sorted(found))


def facts_of(
    history: list[Event], received: dict[int, datetime], opening: TicketOpened, early: datetime | None, ticket: Ticket
) -> Facts:
    """The same past by what counts: when mails came, and without what was taken back."""
    gone = {number for event in history if isinstance(event.what, Undone) for number in event.what.undone}
    kept = [event for number, event in enumerate(history, start=1) if number not in gone]
    dated = sorted(((received.get(event.mail or 0, event.at), n, event.what) for n, event in enumerate(kept)), key=lambda one: one[:2])
    happened = [(at, what) for at, _, what in dated]
    asked = [at for at, what in happened if isinstance(what, MessageAdded) and what.author == CAROL.address]
    heard = min([received[1], *asked])
    opened = min(early or heard, heard)
    statuses, status = list[tuple[datetime, str]](), "runs"
    teams = [(opened, opening.team)]
    for event in kept:  # the desk changed them one after the other, whenever it heard of it
        at, what = received.get(event.mail or 0, event.at), event.what
        if isinstance(what, StatusChanged):
            status = status if status == "solved" and what.after != "reopened" else "runs" if what.after == "reopened" else what.after
            statuses.append((max([at, *(earlier for earlier, _ in statuses)]), status))
        if isinstance(what, TeamChanged):
            teams.append((max([at, *(earlier for earlier, _ in teams)]), what.after))
    return Facts(
        opened=opened,
        heard=heard,
        asked=asked,
        deliveries=[
            (at, isinstance(what, MessageAdded))
            for at, what in happened
            if (isinstance(what, MessageAdded) and what.to_customer)
            or (isinstance(what, DeliveryFailed) and what.recipient == CAROL.address)
        ],
        statuses=statuses,
        teams=teams,
        empty=[],
        arrived=min((at for at, what in happened if isinstance(what, WorkRecorded)), default=None),
        claimed=ticket.claimed_at,
        team=teams[-1][1],
        priority=([opening.priority] + [event.what.after for event in kept if isinstance(event.what, PriorityChanged)])[-1],
        fields={event.what.name: event.what.value for event in kept if isinstance(event.what, FieldSet)},
    )
