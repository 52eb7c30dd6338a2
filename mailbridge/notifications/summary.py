"""One summary per event: a key of the catalogues with the values that its sentence shows.  Pure; no sentence is made here.

`delivery.render.sentences` words a summary in a language.  The terminal, mails and webhooks of later releases use the same summaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from mailbridge.ids import ticket_number
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.deadlines import RULE
from mailbridge.tickets.event_types.escalation import (
    AlertRaised,
    ApprovalDecided,
    ApprovalReassigned,
    ApprovalReminded,
    ApprovalRequested,
    Escalated,
)
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import (
    AddressesRevoked,
    CustomerChanged,
    InvitationAnswered,
    MeetingSet,
    ParticipantAdded,
    ParticipantRemoved,
    RequesterChanged,
)
from mailbridge.tickets.event_types.plans import PlanSet, PlanWarning
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto, PlaybookStarted, Undone
from mailbridge.tickets.event_types.values import (
    AssigneeChanged,
    ChannelChanged,
    DueSet,
    FieldSet,
    PriorityChanged,
    Snoozed,
    SnoozeEnded,
    StatusChanged,
    SubjectChanged,
    TagsAdded,
    TagsRemoved,
    TeamChanged,
    TypeChanged,
)
from mailbridge.tickets.event_types.wishes import FollowerSet, MarkedSpam, MuteSet, RatingAsked, TicketRated
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted, HoursRanOut, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Activity, ApprovalKind, Plan, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who reads: an agent's name ('' for nobody in particular), about which ticket, and how tickets are called.

    Without an organisation names are shown as the desk's files write them, as the terminal does.
    """

    me: str = ""
    ticket: int | None = None
    organisation: Organisation | None = None
    prefix: str = "MB"
    language: str = ""  # in which titles of statuses are named; '' as the desk's files do

    def number(self, ticket: int) -> str:
        return ticket_number(self.prefix, ticket)


def summaries(events: Iterable[Event], viewer: Viewer, *, messages: bool = False) -> tuple[Summary, ...]:
    """What these events say, in their order; message events are skipped, unless `messages`."""
    wanted = (event for event in events if messages or not isinstance(event.what, MessageAdded))
    told = [(event, one) for event in wanted for one in _with_rest(event, viewer)]
    return tuple(one if event.ticket == viewer.ticket else replace(one, on=viewer.number(event.ticket)) for event, one in told)


def summary(event: Event, viewer: Viewer) -> Summary:
    """What this event says to this reader."""
    what = event.what
    match what:
        case TicketOpened():
            who = what.requester.address or what.requester.name  # nobody outside asked for a task of a playbook
            values = {"number": viewer.number(event.ticket), "requester": who, "team": _team(what.team, viewer)}
            about = {"priority": what.priority, "status": _status(what.status, viewer)}
            return Summary(key="opened", variant="for" if who else "", values={**values, **about})
        case MessageAdded():
            reply = "encrypted" if what.encrypted else "reply"
            kind = reply if what.to_customer else "note" if what.internal else "automatic" if what.automatic else ""
            return Summary(key="message", variant=kind, values={"author": _agent(what.author, viewer)})
        case AlertRaised():
            values = {"promise": what.promise, "alert": what.alert}
            if what.promise == RULE:
                return Summary(key="alert", variant="rule", values={**values, "why": what.why}, at=what.due_at)
            if what.target_at is None:
                return Summary(key="alert", variant=f"{what.alert}-{what.promise}", values=values, at=what.due_at)
            kind = "overdue" if what.target_at <= event.at else "warning"
            return Summary(key="alert", variant=f"{kind}-{what.promise}", values=values, at=what.target_at)
        case DeliveryFailed():
            values = {"address": what.recipient, "what": what.what, "reason": what.reason}
            return Summary(key="waits-encrypted" if what.waits else "undelivered", variant="what" if what.what else "", values=values)
        case StatusChanged() | TeamChanged() | PriorityChanged() | TypeChanged() | SubjectChanged() | ChannelChanged() | AssigneeChanged():
            return _of_change(what, event.ticket, viewer)
        case TagsAdded() | TagsRemoved() | FieldSet() | DueSet() | Snoozed() | SnoozeEnded():
            return _of_field(what)
        case CustomerChanged():
            return _of_customer(what)
        case ParticipantAdded() | ParticipantRemoved() | AddressesRevoked() | RequesterChanged() | MeetingSet() | InvitationAnswered():
            return _of_people(what)
        case PlanSet():
            return _of_plan(what, viewer)
        case WorkRecorded() | WorkCorrected() | EstimateSet() | HoursAlerted() | HoursRanOut():
            return _of_work(what, event, viewer)
        case Escalated() | ApprovalRequested() | ApprovalReminded() | ApprovalReassigned() | ApprovalDecided():
            return _of_approval(what, viewer)
        case FollowerSet() | MuteSet() | MarkedSpam() | RatingAsked() | TicketRated():
            return _of_wish(what, viewer)
        case MergedInto() | MergedFrom() | MailMoved() | Linked() | PlaybookStarted() | Undone() | ContentErased():
            return _of_tickets(what, viewer)
    assert_never(what)


def length(minutes: int) -> str:
    """`45 min`, `2 h`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part)


def _with_rest(event: Event, viewer: Viewer) -> tuple[Summary, ...]:
    """The summary of the event; of an undo also what could not be undone, of a plan what speaks against it."""
    what, first = event.what, summary(event, viewer)
    if isinstance(what, PlanSet):
        return (first, *(_warning(one, what.after, viewer) for one in what.warnings))
    if not isinstance(what, Undone):
        return (first,)
    fields = ", ".join(name.replace("_", " ") for name in what.kept)
    kept = (Summary(key="kept", values={"fields": fields}),) if what.kept else ()
    return (first, *kept, *(Summary(key=f"stays-{key}", values={}) for key in what.stays))


Changed = StatusChanged | TeamChanged | PriorityChanged | TypeChanged | SubjectChanged | ChannelChanged | AssigneeChanged


def _of_change(what: Changed, ticket: int, viewer: Viewer) -> Summary:
    """One value became another."""
    variant = "change" if what.before else ""
    match what:
        case StatusChanged():
            ended = what.closes and what.after == transitions.CLOSED  # another end has a name of its own
            values = {"before": _status(what.before, viewer), "status": _status(what.after, viewer)}
            if ended or what.reopens:
                return Summary(key="closed" if ended else "reopened", values=values)
            return Summary(key="status", variant=variant, values=values)
        case TeamChanged():
            return Summary(key="team", variant=variant, values={"before": _team(what.before, viewer), "team": _team(what.after, viewer)})
        case PriorityChanged():
            return Summary(key="priority", variant=variant, values={"before": what.before, "priority": what.after})
        case TypeChanged():
            return Summary(key="type", variant=variant, values={"before": what.before, "type": what.after})
        case SubjectChanged():
            return Summary(key="subject", variant=variant, values={"before": what.before, "subject": what.after})
        case ChannelChanged():
            return Summary(key="channel", variant=variant, values={"before": what.before, "channel": what.after})
        case AssigneeChanged():
            key = "given-back" if not what.after else "yours" if what.after == viewer.me else "assigned"
            return Summary(key=key, values={"number": viewer.number(ticket), "agent": _agent(what.after, viewer)})
    assert_never(what)


FieldChanged = TagsAdded | TagsRemoved | FieldSet | DueSet | Snoozed | SnoozeEnded


def _of_field(what: FieldChanged) -> Summary:
    match what:
        case TagsAdded():
            return Summary(key="tagged", values={"tags": ", ".join(what.tags)})
        case TagsRemoved():
            return Summary(key="untagged", values={"tags": ", ".join(what.tags)})
        case FieldSet():
            return Summary(key="field" if what.value else "field-none", values={"name": what.name, "value": what.value})
        case DueSet():
            return Summary(key="due", values={}, at=what.after) if what.after else Summary(key="due-none", values={})
        case Snoozed():
            return Summary(key="snoozed", values={}, at=what.until)
        case SnoozeEnded():
            return Summary(key="woken", variant="mail" if what.by_mail else "", values={})
    assert_never(what)


def _of_customer(what: CustomerChanged) -> Summary:
    """What became of an entry, with the keys that changed."""
    verb = "removed" if what.after is None else "added" if what.before is None else "changed"
    was, now = dict(what.before or ()), dict(what.after or ())
    keys = [key for key in dict.fromkeys((*was, *now)) if was.get(key) != now.get(key)] if what.after is not None else []
    said = ", ".join(f"{key}={now.get(key) or 'none'}" for key in keys)
    values = {"customer": what.customer, "name": what.name, "what": said or verb}
    if not what.key:
        return Summary(key="customer-changed", values=values)
    return Summary(key=f"entry-{verb}", variant="with" if verb == "added" and said else "", values=values)


People = ParticipantAdded | ParticipantRemoved | AddressesRevoked | RequesterChanged | MeetingSet | InvitationAnswered


def _of_people(what: People) -> Summary:
    match what:
        case ParticipantAdded():
            return Summary(key="joined", variant=what.participant.role, values={"address": what.participant.address})
        case ParticipantRemoved():
            return Summary(key="left", values={"address": what.address})
        case AddressesRevoked():
            return Summary(key="revoked", values={"address": what.address})
        case RequesterChanged():
            values = {"before": what.before, "address": what.after.address}
            return Summary(key="requester", variant="change" if what.before else "", values=values)
        case InvitationAnswered():
            return Summary(key="invitation", variant=what.answer, values={"address": what.author, "answer": what.answer})
        case MeetingSet():
            meeting = what.meeting
            key = "meeting-off" if meeting.cancelled else "meeting-at" if meeting.place else "meeting"
            return Summary(key=key, values={"length": length(meeting.minutes), "place": meeting.place}, at=meeting.at)
    assert_never(what)


Worked = WorkRecorded | WorkCorrected | EstimateSet | HoursAlerted | HoursRanOut


def _of_work(what: Worked, event: Event, viewer: Viewer) -> Summary:
    match what:
        case WorkRecorded():
            return _activity(what.activity, event, viewer)
        case WorkCorrected():
            was, values = length(what.before.minutes), {"id": str(what.before.id)}
            if what.after is None:
                return Summary(key="taken-back", values={**values, "length": was})
            return Summary(key="corrected", values={**values, "length": length(what.after.minutes), "was": was})
        case EstimateSet():
            return Summary(key="estimated", values={"length": length(what.after)})
        case HoursAlerted():
            values = {"bank": what.bank, "left": length(what.left), "granted": length(what.granted), "over": length(what.over)}
            return Summary(key="hours", variant="over" if what.level == "over" else "", values=values)
        case HoursRanOut():
            return Summary(key="hours-empty", variant="" if what.bank else "again", values={"bank": what.bank})
    assert_never(what)


def _activity(done: Activity, event: Event, viewer: Viewer) -> Summary:
    """The agent and the day are said where they are not those of the event."""
    far = f"{done.km:g} km" if done.km else ""
    about = ", ".join(filter(None, (far, done.place, done.text)))
    key = "travelled" if done.kind is WorkKind.TRAVELLED else "worked"
    own = done.agent == event.actor.name and done.day == event.at.date()
    values = {"id": str(done.id), "length": length(done.minutes), "what": about, "agent": _agent(done.agent, viewer), "day": _day(done.day)}
    return Summary(key=f"{key}-on" if about else key, variant="" if own else "by", values=values)


def _of_plan(what: PlanSet, viewer: Viewer) -> Summary:
    before, plan = what.before, what.after
    values = {"id": str(plan.id), "agent": _agent(plan.agent, viewer), "length": length(plan.minutes), "what": plan.text}
    if plan.cancelled:
        return Summary(key="plan-off", values=values, at=plan.at)
    if before is not None and before.done != plan.done:
        return Summary(key="plan-open" if plan.done is None else "plan-done", values=values, at=plan.at)
    key = "planned" if before is None or before.cancelled else "plan-moved"
    return Summary(key=key, variant="text" if plan.text else "", values=values, at=plan.at)


def _warning(warning: PlanWarning, plan: Plan, viewer: Viewer) -> Summary:
    values = {"agent": _agent(plan.agent, viewer), "planned": length(warning.minutes), "hours": length(warning.of)}
    number = viewer.number(warning.ticket) if warning.ticket else ""
    return Summary(key=f"plan-{warning.problem}", values={**values, "number": number}, at=plan.at)


Wished = FollowerSet | MuteSet | MarkedSpam | RatingAsked | TicketRated


def _of_wish(what: Wished, viewer: Viewer) -> Summary:
    match what:
        case FollowerSet():
            return Summary(key="follows" if what.follows else "follows-not", values={"agent": _agent(what.agent, viewer)})
        case MuteSet():
            return Summary(key="muted" if what.muted else "muted-not", values={"agent": _agent(what.agent, viewer)})
        case MarkedSpam():
            return Summary(key="spam", values={"address": what.sender})
        case RatingAsked():
            return Summary(key="rating-asked", values={})
        case TicketRated():
            variant = "change" if what.before is not None else ""
            return Summary(key="rated", variant=variant, values={"grade": str(what.grade), "before": str(what.before or "")})
    assert_never(what)


Asked = Escalated | ApprovalRequested | ApprovalReminded | ApprovalReassigned | ApprovalDecided


def _of_approval(what: Asked, viewer: Viewer) -> Summary:
    match what:
        case Escalated():
            values = {"to": _place(what.to, viewer), "level": str(what.after), "chain": what.chain}
            return Summary(key="escalated", variant="chain" if what.chain else "", values=values)
        case ApprovalRequested():
            values = {"line": what.approval.line, "who": _agents(what.approval.approvers, viewer), "id": str(what.approval.id)}
            if what.approval.kind is ApprovalKind.DELAY:
                return Summary(key="delayed", values=values)
            return Summary(key=_of_what("waits", what.approval.line), values=values)
        case ApprovalReminded():
            return Summary(key="reminded", values={"id": str(what.approval)})
        case ApprovalReassigned():
            variant = "" if what.after else "less"
            who = {"before": _agent(what.before, viewer), "who": _agents(what.after, viewer)}
            return Summary(key="reassigned", variant=variant, values={"id": str(what.approval), **who})
        case ApprovalDecided(delayed=True):
            key = "delay-refused" if what.refused else "delay-over" if what.granted else "stopped"
            return Summary(key=key, values={"who": _agent(what.asker, viewer)})
        case ApprovalDecided():
            key = "expired" if what.expired else "agreed" if what.granted and not what.refused else "rejected"
            variant = "number" if not what.line else "refused" if what.granted and what.refused else "reason" if what.reason else ""
            values = {"line": what.line, "who": _agent(what.asker, viewer), "reason": what.reason, "id": str(what.approval)}
            return Summary(key=_of_what(key, what.line), variant=variant, values=values)
    assert_never(what)


def _of_what(key: str, line: str) -> str:
    """An agent's whole text waits under the line "#public"; people are told of the answer, not of that line."""
    return f"{key}-answer" if line == "#public" else key


Related = MergedInto | MergedFrom | MailMoved | Linked | PlaybookStarted | Undone | ContentErased


def _of_tickets(what: Related, viewer: Viewer) -> Summary:
    match what:
        case MergedInto():
            return Summary(key="merged", values={"number": viewer.number(what.survivor)})
        case MergedFrom():
            return Summary(key="absorbed", values={"number": viewer.number(what.ticket)})
        case MailMoved():
            other = what.to or what.came_from or 0
            return Summary(key="mail-went" if what.to else "mail-came", values={"number": viewer.number(other)})
        case Linked():
            relation = what.relation.replace("-", " ")
            return Summary(key="linked", variant=what.relation, values={"relation": relation, "number": viewer.number(what.ticket)})
        case PlaybookStarted():
            playbook = viewer.organisation.playbooks.get(what.name) if viewer.organisation else None
            numbers = ", ".join(viewer.number(task) for task in what.tasks)
            return Summary(key="playbook", values={"name": playbook.title if playbook else what.name, "numbers": numbers})
        case Undone():
            return _counted("undone", len(what.undone))
        case ContentErased():
            return _counted("erased", len(what.mails))
    assert_never(what)


def _counted(key: str, count: int) -> Summary:
    return Summary(key=key, values={"count": str(count)}, count=count)


def _status(name: str, viewer: Viewer) -> str:
    return transitions.status(name, viewer.organisation).title_in(viewer.language) if viewer.organisation else name


def _team(name: str, viewer: Viewer) -> str:
    team = viewer.organisation.teams.get(name) if viewer.organisation else None
    return team.title if team else name


def _agent(name: str, viewer: Viewer) -> str:
    agent = viewer.organisation.agents.get(name) if viewer.organisation else None
    return agent.title if agent else name


def _agents(names: Sequence[str], viewer: Viewer) -> str:
    return ", ".join(_agent(name, viewer) for name in names)


def _place(name: str, viewer: Viewer) -> str:
    """Where a ticket is escalated to: a team, a consultant or an agent."""
    consultant = viewer.organisation.consultants.get(name) if viewer.organisation else None
    return consultant.title if consultant else _team(name, viewer) if name != _team(name, viewer) else _agent(name, viewer)


def _day(day: date) -> str:
    return day.isoformat()


