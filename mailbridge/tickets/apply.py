"""Computes a ticket from its events: `apply` adds one event, `rebuild` all of them.  Nothing else changes a Ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from mailbridge.message.replacing import replace
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
from mailbridge.tickets.event_types.plans import PlanSet
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
from mailbridge.tickets.model import Approval, Meeting, Participant, Plan, Role, Ticket


def rebuild(events: Iterable[Event]) -> Ticket | None:
    """The ticket after these events, in order; None where there are none."""
    ticket: Ticket | None = None
    for event in events:
        ticket = apply(ticket, event)
    return ticket


def apply(ticket: Ticket | None, event: Event) -> Ticket:
    """The ticket after this event.  Raises ValueError for a history that does not begin with its opening."""
    if ticket is None:
        if not isinstance(event.what, TicketOpened):
            raise ValueError(f"ticket {event.ticket}: its history begins with {type(event.what).__name__}")
        return _opened(event.what, event)
    return replace(_base(ticket, event), **_changes(ticket, event), version=ticket.version + 1, updated_at=event.at)


def _opened(what: TicketOpened, event: Event) -> Ticket:
    return Ticket(
        id=event.ticket,
        subject=what.subject,
        status=what.status,
        priority=what.priority,
        team=what.team,
        created_at=what.asked_at or event.at,
        updated_at=event.at,
        version=1,
        participants=(what.requester,),
        channel=what.channel,
        language=what.language,
        verified=what.verified,
        rules_version=what.rules_version,
        identity=what.identity,
    )


def _base(ticket: Ticket, event: Event) -> Ticket:
    """The ticket that is changed: the current one, or the one that an undo restores."""
    return event.what.restored if isinstance(event.what, Undone) else ticket


def _changes(ticket: Ticket, event: Event) -> dict[str, Any]:
    """The fields of the ticket that this event changes, with their new values."""
    match event.what:
        case MessageAdded(to_customer=True, author=author):
            first = ticket.first_answered_at or event.at
            return {"first_answered_at": first, "answered_at": event.at, "answered_by": author}
        case StatusChanged() as change:
            return _moved(ticket, change, event.at)
        case TeamChanged(after=team):
            return {"team": team}
        case AssigneeChanged(after=agent):
            return {"assignee": agent, "claimed_at": (ticket.claimed_at or event.at) if agent else None}
        case PriorityChanged(after=priority):
            return {"priority": priority}
        case TypeChanged(after=type_):
            return {"type": type_}
        case TagsAdded(tags=tags):
            return {"tags": ticket.tags + tuple(tag for tag in tags if tag not in ticket.tags)}
        case FieldSet(name=name, value=value, rules_version=version):
            promised = {"promised_under": version} if version else {}
            return {"fields": (*(field for field in ticket.fields if field[0] != name), (name, value)), **promised}
        case ParticipantAdded(participant=somebody):
            return {"participants": _with(ticket.participants, somebody)}
        case ParticipantRemoved(address=address):
            return {"participants": tuple(p for p in ticket.participants if p.address.lower() != address.lower())}
        case AddressesRevoked(address=address):
            times = {**dict(ticket.revoked), address.lower(): dict(ticket.revoked).get(address.lower(), 0) + 1}
            return {"revoked": tuple(times.items())}
        case TagsRemoved(tags=tags):
            return {"tags": tuple(tag for tag in ticket.tags if tag not in tags)}
        case SubjectChanged(after=subject):
            return {"subject": subject}
        case RequesterChanged(after=somebody):
            return {"participants": _asked_by(ticket.participants, somebody)}
        case ChannelChanged(after=channel):
            return {"channel": channel}
        case DueSet(after=due):
            return {"due_at": due, "due_since": event.at if due else None}
        case Snoozed(until=until):
            return {"snoozed_until": until}
        case SnoozeEnded():
            return {"snoozed_until": None}
        case MeetingSet(meeting=meeting):
            return {"meeting": meeting}
        case InvitationAnswered():
            return {"meeting": _answered(ticket.meeting, event.what)}
        case Linked(relation=relation, ticket=other):
            return {"links": (*ticket.links, (relation, other))}
        case MergedInto(survivor=survivor):
            return {"merged_into": survivor}
        case MergedFrom():
            return _absorbing(ticket, event.what)
        case EstimateSet(after=estimate, by=by, most=most):
            return {"estimate": estimate, "estimated_by": by, "estimate_most": most}
        case HoursRanOut(bank=bank):
            return {"empty_bank": bank}
        case WorkRecorded(activity=activity):
            return {"activities": (*ticket.activities, activity)}
        case WorkCorrected(before=before, after=after):
            return {"activities": tuple(kept for a in ticket.activities if (kept := after if a.id == before.id else a))}
        case PlanSet(after=plan):
            return {"plans": _planned(ticket.plans, plan)}
        case Escalated(chain=chain, after=level):
            return {"chain": chain, "level": level}
        case ApprovalRequested(approval=approval):
            return {"approvals": (*ticket.approvals, approval), "approvals_asked": approval.id}
        case ApprovalReminded(approval=id):
            return {"approvals": tuple(_reminded(a) if a.id == id else a for a in ticket.approvals)}
        case ApprovalReassigned(approval=id):
            return {"approvals": tuple(_reassigned(a, event.what) if a.id == id else a for a in ticket.approvals)}
        case ApprovalDecided(approval=id):
            return {"approvals": tuple(a for a in ticket.approvals if a.id != id)}
        case ContentErased():
            return {"subject": ""}
        case PlaybookStarted(name=name):
            return {"playbooks": (*ticket.playbooks, name)}
        case FollowerSet(agent=agent, follows=on):
            return {"followers": _switched(ticket.followers, agent, on=on)}
        case MuteSet(agent=agent, muted=on):
            return {"muted": _switched(ticket.muted, agent, on=on)}
        case MarkedSpam():
            return {"spam": True}
        case RatingAsked():
            return {"rating_asked_at": event.at}
        case TicketRated(grade=grade):
            return {"rating": grade, "rated_at": ticket.rated_at or event.at}
        case HoursAlerted():
            return {}
        case MessageAdded() | AlertRaised() | DeliveryFailed() | TicketOpened() | MailMoved() | Undone() | CustomerChanged():
            return {}
        case _:
            assert_never(event.what)


def _switched(names: tuple[str, ...], name: str, *, on: bool) -> tuple[str, ...]:
    """The names with this one, or without it."""
    return (*(one for one in names if one != name), *((name,) if on else ()))


def _moved(ticket: Ticket, change: StatusChanged, at: datetime) -> dict[str, Any]:
    if ticket.closed_at is not None and not change.reopens:
        return {"status": change.after}  # closed -> closed: the clocks stay paused
    waits: tuple[tuple[datetime, datetime | None], ...] = tuple((start, end or at) for start, end in ticket.waits)
    if change.waits or change.closes:  # the clocks of a closed ticket are paused, too
        waits = (*waits, (at, None))
    closed_at = at if change.closes else None if change.reopens else ticket.closed_at
    return {"status": change.after, "waits": waits, "closed_at": closed_at}


def _planned(plans: tuple[Plan, ...], plan: Plan) -> tuple[Plan, ...]:
    """Puts the plan in the place of the one with its number, else last."""
    known = any(one.id == plan.id for one in plans)
    return tuple(plan if one.id == plan.id else one for one in plans) if known else (*plans, plan)


def _with(participants: tuple[Participant, ...], somebody: Participant) -> tuple[Participant, ...]:
    """Adds a participant, one entry per address.  A second mention can raise MENTIONED to PARTICIPANT.  The requester never changes here.
    """
    kept = tuple(p for p in participants if p.address.lower() != somebody.address.lower())
    known = next((p for p in participants if p.address.lower() == somebody.address.lower()), None)
    if known is not None and (known.role is not Role.MENTIONED or somebody.role is Role.MENTIONED):
        return participants
    return (*kept, somebody)


def _asked_by(participants: tuple[Participant, ...], somebody: Participant) -> tuple[Participant, ...]:
    """Puts the new requester first.  The former requester stays a participant and is still notified."""
    others = (p for p in participants if p.address.lower() != somebody.address.lower())
    kept = (replace(p, role=Role.PARTICIPANT) if p.role is Role.REQUESTER else p for p in others)
    return (replace(somebody, role=Role.REQUESTER), *kept)


def _absorbing(ticket: Ticket, what: MergedFrom) -> dict[str, Any]:
    participants = ticket.participants
    for somebody in what.participants:
        participants = _with(participants, somebody)
    return {
        "participants": participants,
        "tags": ticket.tags + tuple(tag for tag in what.tags if tag not in ticket.tags),
        "activities": (*ticket.activities, *what.activities),
        "plans": (*ticket.plans, *what.plans),
        "absorbed": (*ticket.absorbed, what.ticket),
    }


def _answered(meeting: Meeting | None, what: InvitationAnswered) -> Meeting | None:
    """Keeps the latest answer of each person."""
    if meeting is None:
        return None
    others = tuple(answer for answer in meeting.answers if answer[0] != what.author)
    return replace(meeting, answers=(*others, (what.author, what.answer)))


def _reassigned(approval: Approval, what: ApprovalReassigned) -> Approval:
    """With the new approvers in place of the one who leaves, who is no deputy either."""
    stay = tuple(name for name in approval.approvers if name != what.before)
    return replace(
        approval,
        approvers=tuple(dict.fromkeys((*stay, *what.after))),
        deputies=tuple(name for name in approval.deputies if name != what.before),
    )


def _reminded(approval: Approval) -> Approval:
    """Marks the approval as reminded.  From now on the deputies may decide, too."""
    more = tuple(name for name in approval.deputies if name not in approval.approvers)
    return replace(approval, remind_at=None, approvers=approval.approvers + more)
