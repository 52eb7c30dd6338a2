"""A ticket's history in words: every mail and every happening, in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from mailbridge.cli.show import safe, safe_lines, when
from mailbridge.reply.showing import ShownText
from mailbridge.store.mails import StoredAttachment, StoredMail
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
from mailbridge.tickets.model import Activity

Worked = (
    MergedInto
    | MergedFrom
    | MailMoved
    | WorkRecorded
    | WorkCorrected
    | EstimateSet
    | Escalated
    | ApprovalRequested
    | ApprovalReminded
    | ApprovalDecided
    | PlaybookStarted
    | Undone
    | ContentErased
)


def story(
    mails: Iterable[StoredMail],
    events: Iterable[Event],
    files: Mapping[int, Sequence[StoredAttachment]],
    number: Callable[[int], str],
    *,
    parts: Mapping[int, ShownText],
) -> str:
    """The text; `files` are those of each mail by its id, `number` gives a ticket's id its name.  A mail is shown as its `parts` say, one
    without parts whole."""
    bodies = {mail.id: mail for mail in mails}
    told: list[tuple[datetime, str]] = []
    messages = 0
    for event in events:
        who = f"  by {event.actor.kind}{f' {safe(event.actor.name)}' if event.actor.name else ''}"
        line = safe(sentence(event.what, number)) + who
        if isinstance(event.what, MessageAdded):
            messages += 1
            line = f"{safe(sentence(event.what, number))}  {number(event.ticket)}/{messages}"
        told.append((event.at, line + body(event, bodies, files, parts)))
    return "\n".join(f"{when(moment)}  {line}" for moment, line in told)


def body(
    event: Event, mails: Mapping[int, StoredMail], files: Mapping[int, Sequence[StoredAttachment]], parts: Mapping[int, ShownText]
) -> str:
    """What the person wrote and sent along, below the line that says so."""
    mail = mails.get(event.mail or 0) if isinstance(event.what, MessageAdded) else None
    if mail is None:
        return ""
    hung = files.get(mail.id, ())
    lines = told_text(parts[mail.id]) if mail.id in parts else safe_lines(mail.text).splitlines()
    for file in hung:
        lines += ["", *safe_lines(file.summary).splitlines()] if file.summary and file.summary not in mail.text else []
    lines += ["", enclosed(hung)] if hung else []
    return "".join(f"\n    {line}".rstrip(" ") for line in ["", *lines, ""]) if lines else ""


def told_text(parts: ShownText) -> list[str]:
    """The text as lines: what was written now, what is folded below it, and how much is left out."""
    lines = safe_lines(parts.text).strip().splitlines()
    for part in parts.folded:
        name = part.kind if part.sure else f"probably {part.kind}"
        lines += [*([""] if lines else []), f"{name}:", *(f"> {line}" for line in safe_lines(part.text).splitlines())]
    if parts.text and parts.left_out:
        count = ", ".join(f"{one.lines} line{'s' if one.lines > 1 else ''} of {one.kind or 'other text'}" for one in parts.left_out)
        lines += ["", f"left out: {count}; --full shows all"]
    return lines


def enclosed(files: Sequence[StoredAttachment]) -> str:
    """The files by name; of pictures in a signature only how many there are."""
    hidden = sum(file.hidden for file in files)
    names = ", ".join(safe(file.name) for file in files if not file.hidden)
    pictures = f"{hidden} picture{'s' if hidden > 1 else ''} of the signature" if hidden else ""
    return "; ".join(filter(None, (f"files: {names}" if names else "", pictures)))


def sentence(what: TicketEvent, number: Callable[[int], str]) -> str:
    match what:
        case TicketOpened():
            whom = what.requester.address or what.requester.name  # nobody outside asked for a task of a playbook
            return f"opened for {whom}: {what.team}, {what.priority}, {what.status}"
        case MessageAdded(to_customer=True):
            return f"{what.author} answers the customer"
        case MessageAdded(internal=True):
            return f"{what.author} notes"
        case MessageAdded(automatic=True):
            return f"{what.author} sends by a robot"
        case MessageAdded():
            return f"{what.author} writes"
        case StatusChanged():
            return f"status {what.before} → {what.after}"
        case TeamChanged():
            return f"team {what.before} → {what.after}"
        case AssigneeChanged():
            return f"taken by {what.after}" if what.after else f"given back by {what.before}"
        case PriorityChanged():
            return f"priority {what.before} → {what.after}"
        case TypeChanged():
            return f"type {what.after}"
        case TagsAdded():
            return f"tagged {', '.join(what.tags)}"
        case FieldSet():
            return f"{what.name} = {what.value}"
        case ParticipantAdded():
            return f"{what.participant.address} takes part as {what.participant.role}"
        case AddressesRevoked():
            return f"signed addresses of {what.address} revoked"
        case ParticipantRemoved():
            return f"{what.address} takes part no more"
        case TagsRemoved():
            return f"no longer tagged {', '.join(what.tags)}"
        case SubjectChanged():
            return f"subject {what.after!r}, was {what.before!r}"
        case RequesterChanged():
            return f"asked by {what.after.address}, before by {what.before}"
        case ChannelChanged():
            return f"channel {what.before} → {what.after}"
        case DueSet():
            return f"due {when(what.after)}" if what.after else "no date of its own any more"
        case Snoozed():
            return f"sleeps until {when(what.until)}"
        case SnoozeEnded():
            return "woken by a mail" if what.by_mail else "woken"
        case MeetingSet() if what.meeting.cancelled:
            return f"appointment {when(what.meeting.at)} called off"
        case MeetingSet():
            place = f", {what.meeting.place}" if what.meeting.place else ""
            return f"appointment {when(what.meeting.at)}, {what.meeting.minutes} min{place}"
        case InvitationAnswered():
            return f"{what.author} answers the invitation: {what.answer}"
        case Linked():
            return f"{what.relation.replace('-', ' ')}: {number(what.ticket)}"
        case AlertRaised():
            return f"alert: {what.promise} {what.alert}, due {when(what.due_at)}"
        case DeliveryFailed():
            return f"{what.recipient} did not get {what.what}: {what.reason}"
        case _:
            return _of_work(what, number)


def _of_work(what: Worked, number: Callable[[int], str]) -> str:
    """Work, approvals, escalation, and tickets that become one or two."""
    match what:
        case MergedInto():
            return f"merged into {number(what.survivor)}"
        case MergedFrom():
            return f"took in {number(what.ticket)}"
        case MailMoved():
            return f"a mail went to {number(what.to)}" if what.to else f"a mail came from {number(what.came_from or 0)}"
        case WorkRecorded():
            return f"{worked(what.activity)} recorded"
        case WorkCorrected():
            return f"{worked(what.before)} corrected to {worked(what.after)}" if what.after else f"{worked(what.before)} taken back"
        case EstimateSet():
            return f"estimated at {what.after} min ({what.by})"
        case Escalated():
            return f"escalated on {what.chain} to level {what.after}: {what.to}"
        case ApprovalRequested():
            return f"{what.approval.line!r} of {what.approval.asker} waits for {' or '.join(what.approval.approvers)} ({what.why})"
        case ApprovalReminded():
            return f"reminded of approval {what.approval}"
        case ApprovalDecided():
            verdict = "granted" if what.granted else "expired" if what.expired else "refused"
            return f"approval {what.approval} {verdict}{f': {what.reason}' if what.reason else ''}"
        case PlaybookStarted():
            return f"playbook {what.name}: {', '.join(number(task) for task in what.tasks)}"
        case Undone():
            return f"{len(what.undone)} event{'s' if len(what.undone) > 1 else ''} undone"
        case ContentErased():
            return f"the contents of {len(what.mails)} mail{'s' if len(what.mails) > 1 else ''} erased"
    assert_never(what)


def worked(activity: Activity) -> str:
    """An activity in a few words."""
    km = f", {activity.km:g} km" if activity.km else ""
    place = f", {activity.place}" if activity.place else ""
    return f"{activity.kind} {activity.minutes} min{km}{place} by {activity.agent} on {activity.day:%Y-%m-%d}"
