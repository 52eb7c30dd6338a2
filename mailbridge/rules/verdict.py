"""What the rules chose for a mail.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mailbridge.message.replacing import quickly_made
from mailbridge.rules.trace import Trace
from mailbridge.rules.tree import AssignBy


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules chose.  None and empty: no rule chose anything."""

    team: str | None = None
    type: str | None = None
    priority: str | None = None
    status: str | None = None
    assignee: str | None = None
    assign_by: AssignBy | None = None
    skill: str | None = None
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    subject: str | None = None
    sla: str | None = None  # set by a rule, else by the customer's contract
    contract: str | None = None
    calendar: str | None = None  # in which targets count, where it is not the team's
    equipment: str | None = None
    location: str | None = None
    project: str | None = None
    otherwise: str | None = None  # what becomes of the request of somebody who may not ask; None where they may
    contact: str | None = None  # who is asked about it
    estimate: timedelta | None = None
    playbook: str | None = None
    reply_template: str | None = None
    suggest: tuple[str, ...] = ()  # numbers of articles
    notify: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    webhook_rules: tuple[str, ...] = ()  # for each webhook the rule that named it first
    no_ack: bool = False
    drop: bool = False
    quarantine: str | None = None
    rules: tuple[str, ...] = ()  # names of the matching rules, in order
    set_by: tuple[tuple[str, str], ...] = ()  # value ("team", "field NAME", "tag NAME", "cc ADDRESS") -> the rule that set it
    trace: Trace

    def rule_of(self, what: str) -> str:
        """The rule that set this value; '' where none did."""
        return dict(self.set_by).get(what, "")
