"""Who and what the desk is about: teams, agents, tickets, and the organisation that the admin's YAML describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Targets as Targets  # the desk's word too

IMPORTED = "import"  # the channel of tickets from an archive: nothing is promised on them and nobody is told of them


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Role(StrEnum):
    """What somebody is on a ticket."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"  # hears about it and may write
    MENTIONED = "mentioned"  # stood in To or Cc: may write, hears nothing until somebody with rights agrees


class ClosedPolicy(StrEnum):
    """What mail to a closed ticket does (TH5)."""

    REOPEN = "reopen"
    REOPEN_WITHIN = "reopen-within"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who works on tickets.  `name` is the short word used in commands (`#assign ana`)."""

    name: str
    title: str
    address: str
    addresses: tuple[str, ...] = ()  # further addresses of the same agent
    manager: bool = False
    active: bool = True
    language: str = "en"
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    title: str
    members: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    address: str = ""  # group address; empty: each member is told
    calendar: Calendar = field(default_factory=Calendar)
    closed: ClosedPolicy = ClosedPolicy.REOPEN
    reopen_within: timedelta = timedelta(days=30)
    answer_owns: bool = True  # the first agent to answer an unclaimed ticket owns it
    tells: frozenset[str] = frozenset({"received", "answered", "closed", "reopened"})  # customer steps that are on (NO1)
    unclaimed_after: timedelta | None = timedelta(hours=1)  # working time until managers hear of an unclaimed ticket
    language: str = ""  # of what customers get where theirs is unknown; empty: the desk's


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A state of a ticket.  `open` false ends the work; `waiting` true stops the clocks (a customer's mail wakes the ticket)."""

    name: str
    title: str
    open: bool = True
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """What `rules/*.yaml` says of the desk, besides the routing rules."""

    teams: Mapping[str, Team] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # empty: any tag
    targets: Mapping[Priority, Targets] = field(default_factory=dict)
    levels: Mapping[str, Mapping[Priority, Targets]] = field(default_factory=dict)  # other sets of targets, chosen by rules
    default_team: str = ""
    freemail: frozenset[str] = frozenset()  # domains whose users are no colleagues of each other
    colleagues: bool = True  # TH2: a colleague of the requester (same domain, no freemail) may write on the ticket

    def agent_of(self, address: str) -> Agent | None:
        """The active agent who writes from this address."""
        key = address.lower()
        for agent in self.agents.values():
            if agent.active and key in (agent.address.lower(), *(a.lower() for a in agent.addresses)):
                return agent
        return None

    def teams_of(self, agent: str) -> tuple[str, ...]:
        """Names of the teams this agent is a member or manager of."""
        return tuple(t.name for t in self.teams.values() if agent in t.members or agent in t.managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    address: str
    name: str = ""
    role: Role = Role.REQUESTER
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The state of a ticket now.  Rebuildable from its events by `desk.evolve`; `version` counts them."""

    id: int
    subject: str
    status: str
    priority: Priority
    team: str
    created_at: datetime
    updated_at: datetime
    version: int = 0
    type: str = ""
    assignee: str = ""  # an agent's name; empty: nobody has taken it
    tags: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    channel: str = "mail"
    language: str = ""
    verified: bool = False  # its first mail came from an authenticated address
    first_answered_at: datetime | None = None
    claimed_at: datetime | None = None
    waits: tuple[tuple[datetime, datetime | None], ...] = ()  # when it waited for others and its clocks stood; None: still does
    closed_at: datetime | None = None
    links: tuple[tuple[str, int], ...] = ()  # ("possible-follow-up", ticket id)
    fields: tuple[tuple[str, str], ...] = ()  # custom fields from named captures
    rules_version: str = ""

    @property
    def sla(self) -> str:
        """The level of service a rule chose, a name in `Organisation.levels`; empty: the desk's usual targets."""
        return dict(self.fields).get("sla", "")

    @property
    def requester(self) -> Participant | None:
        return next((p for p in self.participants if p.role is Role.REQUESTER), None)

    def participant(self, address: str) -> Participant | None:
        key = address.lower()
        return next((p for p in self.participants if p.address.lower() == key), None)
