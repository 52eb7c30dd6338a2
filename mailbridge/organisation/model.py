"""What the desk is about: teams, agents, and the organisation that the admin's YAML describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from mailbridge.organisation.approval_policy import ApprovalPolicy
from mailbridge.organisation.billing import WorkPolicy
from mailbridge.organisation.people import Absence, Consultant, EscalationChain, OnCallSchedule, RatingPolicy
from mailbridge.organisation.playbooks import Playbook
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.report_schedules import ReportSchedule
from mailbridge.organisation.status import Status
from mailbridge.organisation.wishes import NO_WISHES, QuietHours, Wishes
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Targets
from mailbridge.sla.contact_questions import ContactQuestion
from mailbridge.sla.zones import wall

CHANNELS = ("mail", "phone", "walk-in", "chat", "web")  # how a customer may reach the desk


class CopiedPolicy(StrEnum):
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


class TeamAudience(StrEnum):
    """Which members hear of what concerns the whole team, where it has no group address."""

    EVERYBODY = "everybody"  # but for those who are away
    ON_DUTY = "on-duty"  # who has the turn of the rota, else who works at that hour


class ClosedPolicy(StrEnum):
    """What mail to a closed ticket does (TH5)."""

    REOPEN = "reopen"
    REOPEN_WITHIN = "reopen-within"
    NEW = "new"


AGENTS_OWN = "agent"
DIGEST = time(8)  # the hour of the morning digest where none is said


class AnswersAs(StrEnum):
    """Whose name stands beside the desk's address in an answer."""

    AGENT = "agent"  # "Ana at Acme Support"
    TEAM = "team"  # "Network at Acme Support"
    DESK = "desk"  # "Acme Support"


class ReplyMarker(StrEnum):
    """In whose mails a line asks to write above it, so that what a mail program quotes below can be cut for certain."""

    AGENTS = "agents"  # an agent's answer goes to a customer: nothing quoted may go along
    EVERYBODY = "everybody"
    NOBODY = "nobody"


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
    invitations: bool = False  # planned work comes with a calendar file
    digest: time | None = DIGEST  # when the morning digest comes; None: never
    digest_of_own: bool = False  # it comes also where there is nothing but own tickets
    digest_weekly: bool = False  # it comes on the first working day of a week alone
    quiet: QuietHours | None = None  # when the agent wants no mail that can wait
    blocks: bool = False  # may block senders; managers may

    def level_of(self, skill: str) -> int:
        """How much of the skill the agent has; 0: nothing."""
        return self.levels.get(skill, 1) if skill in self.skills else 0


USUALLY_TOLD = frozenset({"received", "answered", "closed", "reopened", "added", "merged", "split"})


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
    waiting_time: bool = True  # acknowledgements say how long answers usually take, where enough is known (NO8)
    number_in_subject: bool = True  # of mails to customers; else the number stands in the text alone (TH1)
    reply_marker: ReplyMarker = ReplyMarker.AGENTS
    signature: str = ""  # below answers: a text of the team's, AGENTS_OWN for the one the agent's mail ends with, '' for none
    tells: frozenset[str] = USUALLY_TOLD  # of which steps the customer is notified (NO1)
    unclaimed_after: timedelta | None = timedelta(hours=1)  # working time until managers hear of an unclaimed ticket
    send_after: timedelta | None = None  # how long an answer waits before it goes; None: as the desk says
    silent_after: timedelta | None = None  # working time until managers hear of a ticket that nobody touches
    language: str = ""  # of what customers get where theirs is unknown; empty: the desk's
    told: TeamAudience = TeamAudience.EVERYBODY
    copied: CopiedPolicy = CopiedPolicy.MENTIONED
    outsiders: Outsiders = Outsiders.MAY_WORK
    unknown_lines: UnknownLines = UnknownLines.HOLD
    on_call: OnCallSchedule | None = None
    ratings: RatingPolicy | None = None  # None: customers are not asked
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
    calendars: Mapping[str, Calendar] = field(default_factory=dict)  # the hours of teams.yaml by name
    default_team: str = ""
    chains: Mapping[str, EscalationChain] = field(default_factory=dict)  # of escalation, by name
    consultants: Mapping[str, Consultant] = field(default_factory=dict)
    approval_policy: ApprovalPolicy = field(default_factory=ApprovalPolicy)  # what waits for a yes
    contact_questions: Mapping[str, ContactQuestion] = field(default_factory=dict)  # by address of the contact, for ask-contact
    work: Mapping[str, WorkPolicy] = field(default_factory=dict)  # by team; '' is the desk's
    reports: Mapping[str, ReportSchedule] = field(default_factory=dict)  # that come by themselves, by name
    estimates: Mapping[str, int] = field(default_factory=dict)  # minutes by type of request
    playbooks: Mapping[str, Playbook] = field(default_factory=dict)  # lists of tasks by name
    freemail: frozenset[str] = frozenset()  # domains whose users are no colleagues of each other
    wishes: Wishes = NO_WISHES  # what people wish beside the files
    files: Organisation | None = field(default=None, repr=False, compare=False)  # without the wishes, where there are any
    colleagues: bool = True  # TH2: a colleague of the requester (same domain, no freemail) may write on the ticket
    # Active agents by each of their addresses in small letters: every mail asks, and a desk may have a thousand agents.
    _by_address: Mapping[str, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, Agent] = {}
        for agent in self.agents.values():
            for address in (agent.address, *agent.addresses) if agent.active else ():
                found.setdefault(address.lower(), agent)
        object.__setattr__(self, "_by_address", found)

    def day_of(self, moment: datetime) -> date:
        """The day by the wall clock of the default team: contracts begin and end by it."""
        team = self.teams.get(self.default_team)
        return wall(moment, team.calendar.zone if team else "UTC").date()

    def agent_of(self, address: str) -> Agent | None:
        """The active agent who writes from this address."""
        return self._by_address.get(address.lower())

    def teams_of(self, agent: str) -> tuple[str, ...]:
        """Names of the teams this agent is a member or manager of."""
        return tuple(t.name for t in self.teams.values() if agent in t.members or agent in t.managers)
