"""What happened as keys and values that templates word (`happened` in words.j2).  Pure; no sentence is made here.

A saying is a key with values that are ready to be shown: titles, numbers of tickets, lengths of time; those whose name ends in `at` are
moments, for the reader's wall clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from mailbridge.ids import ticket_number
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.events import (
    AddressesRevoked,
    AlertRaised,
    ApprovalDecided,
    ApprovalReminded,
    ApprovalRequested,
    AssigneeChanged,
    ChannelChanged,
    ContentErased,
    DeliveryFailed,
    DueSet,
    Escalated,
    EstimateSet,
    Event,
    FieldSet,
    InvitationAnswered,
    Linked,
    MailMoved,
    MeetingSet,
    MergedFrom,
    MergedInto,
    MessageAdded,
    ParticipantAdded,
    ParticipantRemoved,
    PlaybookStarted,
    PriorityChanged,
    RequesterChanged,
    Snoozed,
    SnoozeEnded,
    StatusChanged,
    SubjectChanged,
    TagsAdded,
    TagsRemoved,
    TeamChanged,
    TicketEvent,
    TicketOpened,
    TypeChanged,
    Undone,
    WorkCorrected,
    WorkRecorded,
)
from mailbridge.tickets.model import Activity, WorkKind

Saying = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is told: an agent's name, about which ticket ('on' says which where an event is another's), and how tickets are called."""

    me: str
    ticket: int | None
    organisation: Organisation
    prefix: str


def sayings(events: Iterable[Event], to: Reader) -> tuple[Saying, ...]:
    """What these events say, in their order; messages say nothing, because they speak for themselves."""
    said: list[Saying] = []
    for event in events:
        saying = _saying(event.what, event.ticket, to)
        if saying is not None:
            elsewhere = {"on": ticket_number(to.prefix, event.ticket)} if event.ticket != to.ticket else {}
            said += [(key, {**values, **elsewhere}) for key, values in (saying, *_but(event.what))]
    return tuple(said)


def _but(what: TicketEvent) -> tuple[Saying, ...]:
    """What was not taken back with the rest: what others changed since, what has left the house."""
    if not isinstance(what, Undone):
        return ()
    kept = (("kept", {"fields": ", ".join(name.replace("_", " ") for name in what.kept)}),) if what.kept else ()
    return (*kept, *((f"stays-{key}", {}) for key in what.stays))


def packed(said: Sequence[Saying]) -> str:
    """Sayings as one cell of a notification's values; '' for none.  The filter `told` unpacks and words them."""
    return json.dumps([[key, dict(values)] for key, values in said], ensure_ascii=False) if said else ""


def length(minutes: int) -> str:
    """`45 min`, `2 h`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part)


def _saying(what: TicketEvent, ticket: int, to: Reader) -> Saying | None:
    match what:
        case MessageAdded():
            return None
        case StatusChanged():
            title = transitions.status(what.after, to.organisation).title
            ended = what.closes and what.after == transitions.CLOSED  # another end has a name of its own
            return "closed" if ended else "reopened" if what.reopens else "status", {"status": title}
        case TeamChanged():
            team = to.organisation.teams.get(what.after)
            return "team", {"team": team.title if team else what.after}
        case AssigneeChanged():
            key = "yours" if what.after == to.me else "assigned" if what.after else "given-back"
            return key, {"number": ticket_number(to.prefix, ticket), "agent": _titles((what.after,), to)}
        case PriorityChanged():
            return "priority", {"priority": what.after}
        case TypeChanged():
            return "type", {"type": what.after}
        case TagsAdded():
            return "tagged", {"tags": ", ".join(what.tags)}
        case TagsRemoved():
            return "untagged", {"tags": ", ".join(what.tags)}
        case FieldSet():
            return "field", {"name": what.name, "value": what.value}
        case SubjectChanged():
            return "subject", {"subject": what.after}
        case TicketOpened():
            return "opened", {"number": ticket_number(to.prefix, ticket)}
        case DueSet():
            return ("due", {"at": what.after.isoformat()}) if what.after else ("due-none", {})
        case Snoozed():
            return "snoozed", {"at": what.until.isoformat()}
        case SnoozeEnded():
            return "woken", {}
        case AlertRaised():
            return "alert", {"promise": what.promise, "alert": what.alert, "at": what.due_at.isoformat()}
        case DeliveryFailed():
            return "undelivered", {"address": what.recipient, "reason": what.reason}
        case AddressesRevoked():
            return "revoked", {"address": what.address}
        case ParticipantAdded() | ParticipantRemoved() | RequesterChanged() | ChannelChanged() | MeetingSet() | InvitationAnswered():
            return _of_people(what)
        case WorkRecorded() | WorkCorrected() | EstimateSet() | Escalated() | ApprovalRequested() | ApprovalReminded() | ApprovalDecided():
            return _of_work(what, to)
        case MergedInto() | MergedFrom() | MailMoved() | Linked() | PlaybookStarted() | Undone() | ContentErased():
            return _of_tickets(what, to)
    assert_never(what)


People = ParticipantAdded | ParticipantRemoved | RequesterChanged | ChannelChanged | MeetingSet | InvitationAnswered


def _of_people(what: People) -> Saying:
    match what:
        case ParticipantAdded():
            return "joined", {"address": what.participant.address}
        case ParticipantRemoved():
            return "left", {"address": what.address}
        case RequesterChanged():
            return "requester", {"address": what.after.address}
        case ChannelChanged():
            return "channel", {"channel": what.after}
        case InvitationAnswered():
            return "invitation", {"address": what.author, "answer": what.answer}
        case MeetingSet():
            meeting = what.meeting
            values = {"at": meeting.at.isoformat(), "length": length(meeting.minutes), "place": meeting.place}
            return "meeting-off" if meeting.cancelled else "meeting-at" if meeting.place else "meeting", values
    assert_never(what)


Worked = WorkRecorded | WorkCorrected | EstimateSet | Escalated | ApprovalRequested | ApprovalReminded | ApprovalDecided


def _of_work(what: Worked, to: Reader) -> Saying:
    match what:
        case WorkRecorded():
            return _activity(what.activity)
        case WorkCorrected():
            if what.after is None:
                return "taken-back", {"id": str(what.before.id), "length": length(what.before.minutes)}
            return "corrected", {"id": str(what.after.id), "length": length(what.after.minutes), "was": length(what.before.minutes)}
        case EstimateSet():
            return "estimated", {"length": length(what.after)}
        case Escalated():
            places: dict[str, str] = {name: team.title for name, team in to.organisation.teams.items()}
            places |= {name: one.title for name, one in to.organisation.consultants.items()}
            return "escalated", {"to": places.get(what.to) or _titles((what.to,), to), "level": str(what.after)}
        case ApprovalRequested():
            return _of_what("waits", what.approval.line), {"line": what.approval.line, "who": _titles(what.approval.approvers, to)}
        case ApprovalReminded():
            return "reminded", {"id": str(what.approval)}
        case ApprovalDecided():
            key = "expired" if what.expired else "agreed" if what.granted and not what.refused else "rejected"
            return _of_what(key, what.line), {"line": what.line, "who": _titles((what.asker,), to), "reason": what.reason}
    assert_never(what)


def _of_what(key: str, line: str) -> str:
    """An agent's whole text waits under the line "#public"; people are told of the answer, not of that line."""
    return f"{key}-answer" if line == "#public" else key


def _activity(done: Activity) -> Saying:
    far = f"{done.km:g} km" if done.km else ""
    values = {"id": str(done.id), "length": length(done.minutes), "what": ", ".join(filter(None, (far, done.place, done.text)))}
    key = "travelled" if done.kind is WorkKind.TRAVELLED else "worked"
    return f"{key}-on" if values["what"] else key, values


Related = MergedInto | MergedFrom | MailMoved | Linked | PlaybookStarted | Undone | ContentErased


def _of_tickets(what: Related, to: Reader) -> Saying:
    match what:
        case MergedInto():
            return "merged", {"number": ticket_number(to.prefix, what.survivor)}
        case MergedFrom():
            return "absorbed", {"number": ticket_number(to.prefix, what.ticket)}
        case MailMoved():
            other = what.to or what.came_from or 0
            return "mail-went" if what.to else "mail-came", {"number": ticket_number(to.prefix, other)}
        case Linked():
            return "linked", {"relation": what.relation, "number": ticket_number(to.prefix, what.ticket)}
        case PlaybookStarted():
            playbook = to.organisation.playbooks.get(what.name)
            name = playbook.title if playbook else what.name
            return "playbook", {"name": name, "numbers": ", ".join(ticket_number(to.prefix, task) for task in what.tasks)}
        case Undone():
            return "undone", {"count": str(len(what.undone))}
        case ContentErased():
            return "erased", {"count": str(len(what.mails))}
    assert_never(what)


def _titles(names: Iterable[str], to: Reader) -> str:
    agents = to.organisation.agents
    return ", ".join(agents[name].title if name in agents else name for name in names)
