"""Who and what the desk is about: teams, agents, tickets, and the organisation that the admin's YAML describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from mailbridge.organisation.approval_policy import Consent
from mailbridge.organisation.billing import WorkPolicy
from mailbridge.organisation.people import Absence as Absence
from mailbridge.organisation.people import Chain as Chain
from mailbridge.organisation.people import Consultant as Consultant
from mailbridge.organisation.people import Rota as Rota
from mailbridge.organisation.people import Step as Step
from mailbridge.organisation.people import Swap as Swap
from mailbridge.organisation.playbooks import Playbook as Playbook
from mailbridge.organisation.status import HIDDEN as HIDDEN
from mailbridge.organisation.status import Mover as Mover
from mailbridge.organisation.status import Status as Status
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Targets as Targets  # the desk's word too

FOLLOW = "follow-the-sun"  # the field that holds the team of a ticket which its regions hand round
CHANNELS = ("mail", "phone", "walk-in", "chat", "web")  # how a customer may reach the desk
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


class Copied(StrEnum):
    """What people in To and Cc of a customer's mail become (TH6).  The desk's own addresses never become anything."""

    PARTICIPANT = "participant"  # where the writer is proven, else mentioned: nobody makes the desk write to strangers
    MENTIONED = "mentioned"
    IGNORED = "ignored"


class Outsiders(StrEnum):
    """What agents of other teams may do on a team's tickets."""

    MAY_WORK = "may-work"
    MAY_NOTE = "may-note"
    NOTHING = "nothing"


class UnknownLines(StrEnum):
    """What becomes of an agent's answer with a line for the desk in it that was not understood."""

    HOLD = "hold"  # until the agent confirms that the text is for the customer
    SEND = "send"


class Told(StrEnum):
    """Which members hear of what concerns the whole team, where it has no group address."""

    EVERYBODY = "everybody"  # but for those who are away
    ON_DUTY = "on-duty"  # who has the turn of the rota, else who works at that hour


class ClosedPolicy(StrEnum):
    """What mail to a closed ticket does (TH5)."""

    REOPEN = "reopen"
    REOPEN_WITHIN = "reopen-within"
    NEW = "new"


AGENTS_OWN = "agent"


class AnswersAs(StrEnum):
    """Whose name stands beside the desk's address in an answer."""

    AGENT = "agent"  # "Ana at Acme Support"
    TEAM = "team"  # "Network at Acme Support"
    DESK = "desk"  # "Acme Support"
LIST_FIELD = "mailing_list"  # of a ticket: an address at which everybody on a list reads what is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody who works on tickets.  `name` is the short word used in commands (`#assign ana`)."""

    name: str
    title: str
    address: str
    addresses: tuple[str, ...] = ()  # further addresses of the same agent
    manager: bool = False
    observer: bool = False  # reads and notes; works on nothing
    active: bool = True
    language: str = "en"
    skills: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)  # of those skills that are above level 1
    calendar: Calendar | None = None  # own working hours; None: those of the team
    zone: str = ""  # whose clock the hours and the days of absence go by; empty: that of the hours
    absences: tuple[Absence, ...] = ()

    def level_of(self, skill: str) -> int:
        """How much of the skill the agent has; 0: nothing."""
        return self.levels.get(skill, 1) if skill in self.skills else 0


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
    answers_as: AnswersAs = AnswersAs.AGENT
    signature: str = ""  # below answers: a text of the team's, AGENTS_OWN for the one the agent's mail ends with, '' for none
    tells: frozenset[str] = frozenset({"received", "answered", "closed", "reopened", "added"})  # customer steps that are on (NO1)
    unclaimed_after: timedelta | None = timedelta(hours=1)  # working time until managers hear of an unclaimed ticket
    language: str = ""  # of what customers get where theirs is unknown; empty: the desk's
    told: Told = Told.EVERYBODY
    copied: Copied = Copied.MENTIONED
    outsiders: Outsiders = Outsiders.MAY_WORK
    unknown_lines: UnknownLines = UnknownLines.HOLD
    rota: Rota | None = None
    follow: tuple[str, ...] = ()  # the regional teams that hand its tickets round with the sun; it has no people of its own then


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
    chains: Mapping[str, Chain] = field(default_factory=dict)  # of escalation, by name
    consultants: Mapping[str, Consultant] = field(default_factory=dict)
    consent: Consent = field(default_factory=Consent)  # what waits for a yes
    work: Mapping[str, WorkPolicy] = field(default_factory=dict)  # by team; '' is the desk's
    estimates: Mapping[str, int] = field(default_factory=dict)  # minutes by type of request
    playbooks: Mapping[str, Playbook] = field(default_factory=dict)  # lists of tasks by name
    freemail: frozenset[str] = frozenset()  # domains whose users are no colleagues of each other
    colleagues: bool = True  # TH2: a colleague of the requester (same domain, no freemail) may write on the ticket
    # Active agents by each of their addresses in small letters: every mail asks, and a desk may have a thousand agents.
    _by_address: Mapping[str, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, Agent] = {}
        for agent in self.agents.values():
            for address in (agent.address, *agent.addresses) if agent.active else ():
                found.setdefault(address.lower(), agent)
        object.__setattr__(self, "_by_address", found)

    def agent_of(self, address: str) -> Agent | None:
        """The active agent who writes from this address."""
        return self._by_address.get(address.lower())

    def teams_of(self, agent: str) -> tuple[str, ...]:
        """Names of the teams this agent is a member or manager of."""
        return tuple(t.name for t in self.teams.values() if agent in t.members or agent in t.managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    address: str
    name: str = ""
    role: Role = Role.REQUESTER
    language: str = ""


class Work(StrEnum):
    """What an activity was (DK6)."""

    WORKED = "worked"
    TRAVELLED = "travelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Work done on a ticket.  `id` counts the ticket's activities from 1; a correction replaces the figures and keeps the id."""

    id: int
    agent: str
    kind: Work
    day: date  # the day it was done, in the agent's zone
    minutes: int  # as told
    charged: int = 0  # minutes after the policy's rounding; 0 where it is not billable
    km: float = 0.0
    place: str = ""
    billable: bool = True
    text: str = ""


class Asks(StrEnum):
    """Whose yes a held command waits for."""

    CONFIRMATION = "confirmation"  # of the one who asked for it: it cannot be taken back, or touches much
    APPROVAL = "approval"  # of a manager (DK7)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A command as JSON: the name and version of its entry in `desk.stored_commands`, and its fields as plain values."""

    name: str
    version: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request that waits for a yes to one matter, on this ticket or on those it names.

    Approvals that older programs stored have no `commands`: what waits there is `line`, understood as on the day it was written.
    """

    id: int  # counts the approvals of the ticket from 1
    kind: Asks
    line: str  # the words, for showing
    asker: str  # the agent who wants it
    approvers: tuple[str, ...]  # agents; any one of them decides
    asked_at: datetime
    expires_at: datetime
    remind_at: datetime | None = None
    deputies: tuple[str, ...] = ()  # hear of it, and may decide, from the reminder on
    mail: int | None = None  # the mail the line stood in
    commands: tuple[StoredCommand, ...] = ()
    tickets: tuple[int, ...] = ()  # for which tickets; empty: the one it waits on
    why: str = ""  # the matter or risk that the yes is about, as in ApprovalRequested
    agreed: tuple[str, ...] = ()  # matters of the same request to which the yes is there already


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    at: datetime
    minutes: int = 60
    place: str = ""
    sequence: int = 0  # RFC 5545 SEQUENCE: how often it was moved
    number: int = 1  # counts the appointments of the ticket: after one was cancelled the next is another one
    cancelled: bool = False
    answers: tuple[tuple[str, str], ...] = ()  # (address, 'accepted', 'declined', 'tentative', …), of this SEQUENCE


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
    answered_at: datetime | None = None  # the latest answer, and which agent's
    answered_by: str = ""
    claimed_at: datetime | None = None
    waits: tuple[tuple[datetime, datetime | None], ...] = ()  # when it waited for others and its clocks stood; None: still does
    closed_at: datetime | None = None
    links: tuple[tuple[str, int], ...] = ()  # ("possible-follow-up", ticket id)
    fields: tuple[tuple[str, str], ...] = ()  # custom fields from named captures
    rules_version: str = ""
    due_at: datetime | None = None  # what an agent set by hand, beside the promised times
    due_since: datetime | None = None  # when that was set: the warning comes in the last part of the time between
    snoozed_until: datetime | None = None  # out of the lists until then; the clocks go on
    merged_into: int | None = None  # the survivor; mail for this ticket lands there
    absorbed: tuple[int, ...] = ()  # tickets that were merged into this one
    activities: tuple[Activity, ...] = ()
    approvals: tuple[Approval, ...] = ()  # those still waiting for a yes
    approvals_asked: int = 0  # how many were ever asked for: the last id given
    estimate: int | None = None  # minutes
    estimate_most: int | None = None  # minutes that four of five such tickets did not exceed
    estimated_by: str = ""  # an agent, 'type', 'history' or a rule: where the estimate comes from
    chain: str = ""  # the escalation chain it is on
    level: int = 0  # how far up that chain; 0: not escalated
    meeting: Meeting | None = None
    playbooks: tuple[str, ...] = ()  # started on this ticket
    revoked: tuple[tuple[str, int], ...] = ()  # (address in small letters, how often its reply addresses here were revoked)

    @property
    def sla(self) -> str:
        """The level of service a rule chose, a name in `Organisation.levels`; empty: the desk's usual targets."""
        return dict(self.fields).get("sla", "")

    @property
    def follow(self) -> str:
        """The team whose regions hand this ticket round with the sun; empty: it stays where it is."""
        return dict(self.fields).get(FOLLOW, "")

    @property
    def requester(self) -> Participant | None:
        return next((p for p in self.participants if p.role is Role.REQUESTER), None)

    def participant(self, address: str) -> Participant | None:
        key = address.lower()
        return next((p for p in self.participants if p.address.lower() == key), None)
