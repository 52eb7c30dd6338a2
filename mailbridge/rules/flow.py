"""Who is told what, as data: the entries of notifications.yaml, and the events and audiences that they may name.  Pure.

`notifications.routing` applies the entries.  Without entries everybody is told as the program and teams.yaml say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailbridge.config.nodes import Place
from mailbridge.rules.rule_set import RuleSet

FILE = "rules/notifications.yaml"
MAIL = "mail"  # the channel that needs no address


class Party(StrEnum):
    """Why a person is told of a ticket.  A person may be several of them."""

    REQUESTER = "requester"
    PARTICIPANTS = "participants"  # further customers on the ticket
    ASSIGNEE = "assignee"  # or the deputy of one who is away
    TEAM = "team"  # the team's group address or its members
    LEAD = "lead"  # the managers whom teams.yaml names for the team
    RESPONSIBLE = "responsible"  # for the customer, the contract or the project, by customers.yaml
    MANAGER = "manager"  # agents with the role manager
    OPERATOR = "operator"  # `admins` of mailbridge.toml


CUSTOMERS = (Party.REQUESTER, Party.PARTICIPANTS)

CUSTOMER_EVENTS = (
    "received", "taken", "answered", "waiting", "changed", "closed", "reopened", "added", "escalated", "merged", "split", "estimate",
    "hours",
)  # fmt: skip
"""The steps of the customer's flow, by the names of their templates."""
STAFF_EVENTS = (
    "new", "customer_replied", "colleague_answered", "assigned", "awake", "merged", "split", "undone", "bounced", "over_estimate",
    "hours", "warning", "due", "level", "overdue", "unclaimed", "silent",
)  # fmt: skip
"""The events that agents and managers are told of."""
FIXED_EVENTS: Mapping[str, str] = {
    **dict.fromkeys(("approval", "approval_reminded", "confirm"), "the command would wait for ever"),
    **dict.fromkeys(("approval_decided", "approval_expired"), "the agent waits for it"),
    "consulted": "it is the question to the consultant",
    **dict.fromkeys(("planned", "meeting", "meeting_answered"), "it carries the entry of a calendar"),
    "rule": "the rule by time names who is told",
    "may_ask": "it is the question to the contact",
    "not_entitled": "it is the answer to a person who may not ask",
    "article": "the customer asked for it",
    "article_news": "it tells its writer what became of an article",
    "statement": "`statement` of the hours in customers.yaml says whether it is sent",
    "unreadable": "the customer has to send the mail again",
    **dict.fromkeys(("opted_out", "opted_in"), "it is the answer to the customer's #quiet"),
    "rating": "`ratings` of the team in teams.yaml says whether customers are asked",
    "rated": "it is the customer's answer to the question for a rating",
}
"""Events that the file cannot change, with the reason."""
MEANT: Mapping[str, str] = {
    "solved": "closed", "resolved": "closed", "opened": "new", "replied": "customer-replied", "reply": "customer-replied",
    "note": "colleague-answered", "breach": "overdue", "bounce": "bounced", "taken-over": "taken", "snooze-ended": "awake",
}  # fmt: skip
"""Words that people write for an event."""
AT_ONCE_ONLY: Mapping[str, str] = {
    "answered": "it is the agent's own answer",
    "customer_replied": "it is the customer's answer",
    "bounced": "the customer did not get a mail",
    "overdue": "a target was missed",
}
"""Events that are never collected with others."""
ALWAYS_TOLD: Mapping[str, str] = {
    "bounced": "nobody would learn that the customer did not get a mail",
    "overdue": "nobody would learn that a target was missed",
}
"""Events that somebody has to be told of by mail."""


USUAL: Mapping[str, frozenset[Party]] = {
    **dict.fromkeys(("received", "taken", "estimate"), frozenset({Party.REQUESTER})),
    **dict.fromkeys(("answered", "waiting", "changed", "closed", "reopened", "added", "escalated"), frozenset(CUSTOMERS)),
    "split": frozenset({Party.REQUESTER, Party.ASSIGNEE, Party.TEAM}),
    "merged": frozenset({*CUSTOMERS, Party.ASSIGNEE, Party.TEAM}),
    "hours": frozenset({*CUSTOMERS, Party.ASSIGNEE, Party.TEAM, Party.LEAD, Party.MANAGER}),
    "new": frozenset({Party.TEAM}),
    **dict.fromkeys(
        ("customer_replied", "colleague_answered", "assigned", "awake", "undone", "bounced", "over_estimate", "warning", "due", "level"),
        frozenset({Party.ASSIGNEE, Party.TEAM, Party.LEAD, Party.MANAGER}),
    ),
    **dict.fromkeys(("overdue", "unclaimed", "silent"), frozenset({Party.LEAD, Party.MANAGER, Party.TEAM})),
}
"""Who is told of an event without the file.  The team is told where it has no managers, and managers where a ladder names them."""
MANAGER_EVENTS = frozenset({"overdue", "unclaimed", "silent"})
"""Events whose templates are named `manager.…`."""


def takes(event: str, party: Party) -> bool:
    """Whether the party can be told of the event."""
    return event in (CUSTOMER_EVENTS if party in CUSTOMERS else STAFF_EVENTS)


def word(event: str) -> str:
    """The event as people write it: `customer-replied`."""
    return event.replace("_", "-")


class Timing(StrEnum):
    AT_ONCE = "at-once"
    QUIET = "quiet"  # with what else happens on the ticket for the same person within some time
    DIGEST = "digest"  # at the hour of the agent's morning digest
    WHILE_OPEN = "while-open"  # when the working hours of the person begin


class Shape(StrEnum):
    """The form of the body of a call."""

    JSON = "json"  # as of webhooks that rules name
    SLACK = "slack"
    TEAMS = "teams"
    MATRIX = "matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationChannel:
    """A web address that is told, or where it is found (config.found_elsewhere)."""

    name: str
    url: str
    shape: Shape
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEntry:
    """One entry.  `team`, `customer`: the only ones it is for.  `condition`: the number of its condition; None: it has none."""

    name: str
    place: Place
    events: tuple[str, ...]
    to: tuple[Party, ...]
    send: bool = True
    channels: tuple[str, ...] = (MAIL,)
    template: str = ""
    timing: Timing = Timing.AT_ONCE
    wait: timedelta = timedelta(0)
    condition: int | None = None
    team: str = ""
    customer: str = ""

    @property
    def label(self) -> str:
        """Where it stands, and its name: what explanations show."""
        return f'{self.place.file}:{self.place.line} "{self.name}"'

    @property
    def mails(self) -> bool:
        return self.send and MAIL in self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFlow:
    """All entries, in the order of the file.  `conditions`: their conditions as rules, by number."""

    entries: tuple[FlowEntry, ...] = ()
    channels: Mapping[str, NotificationChannel] = field(default_factory=dict)
    conditions: RuleSet = field(default_factory=RuleSet)

    def of(self, team: str, customer: str) -> Iterator[FlowEntry]:
        """The entries for tickets of the team and the customer, in the order in which they are asked: those of the customer, of the team,
        of the desk."""
        yield from (one for one in self.entries if one.customer and one.customer == customer)
        yield from (one for one in self.entries if one.team and one.team == team)
        yield from (one for one in self.entries if not one.customer and not one.team)
