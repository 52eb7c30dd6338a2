"""Commands are judged here and only here: what a command means on this ticket, for this actor, now.

`decide` returns the events that come of it, or the reason why not; it changes nothing.  Rules, mails, clocks and the command line go
through the same door, so a permission or a state is checked once.  The judges, one a command, stand in `desk.judges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mailbridge.desk import states
from mailbridge.desk.circumstances import Circumstances as Circumstances  # whoever decides needs both
from mailbridge.desk.circumstances import Judge, Judgement, Refusal
from mailbridge.desk.commands import (
    AddParticipant,
    AddTags,
    Answer,
    AnswerInvitation,
    Approve,
    Assign,
    Close,
    Command,
    CorrectWork,
    Erase,
    Escalate,
    ExpireApproval,
    Link,
    Meet,
    Merge,
    Note,
    Open,
    RaiseAlert,
    RecordWork,
    Reject,
    RemindApproval,
    RemoveParticipant,
    RemoveTags,
    Reopen,
    ReportFailure,
    SetChannel,
    SetContract,
    SetDue,
    SetEquipment,
    SetEstimate,
    SetField,
    SetPriority,
    SetRequester,
    SetStatus,
    SetSubject,
    SetTeam,
    SetType,
    Snooze,
    Split,
    StartPlaybook,
    Undo,
    Wake,
    Write,
)
from mailbridge.desk.events import (
    Actor,
    ActorKind,
    ApprovalDecided,
    ApprovalRequested,
    AssigneeChanged,
    Event,
    FieldSet,
    Happening,
    Linked,
    MessageAdded,
    ParticipantAdded,
    TagsAdded,
    TicketOpened,
    TypeChanged,
)
from mailbridge.desk.evolve import evolve
from mailbridge.desk.judges import approvals, contracts, escalation, facts, mail, meetings, people, playbooks, relations, state, work
from mailbridge.desk.judges.undo import undo
from mailbridge.desk.model import FOLLOW, Approval, Asks, Ticket
from mailbridge.desk.past import brought
from mailbridge.desk.permissions import may
from mailbridge.desk.regions import lands_with


def _approve(ticket: Ticket, command: Approve, about: Circumstances) -> Judgement:
    """The yes, and what it was asked for, done by the asker on the ticket as it is now."""
    held = approvals.held(ticket, command.approval, about)
    if isinstance(held, Refusal):
        return held
    done = _as_held(ticket, held, approvals.as_the_asker(held, about))
    if isinstance(done, str):
        return [approvals.decided(held, granted=True, reason=command.reason, refused=done)]
    return [approvals.decided(held, granted=True, reason=command.reason), *done]


def _as_held(ticket: Ticket, held: Approval, about: Circumstances) -> list[Event] | str:
    """The events of the line that waited, on this ticket or on those it names; the key of the reason where one of them refuses."""
    asker = about.organisation.agents.get(held.asker)
    if asker is None or not asker.active:
        return "asker-left"
    line = approvals.line_of(held, about.organisation)
    if not line.commands:
        return "not-understood-now"
    tickets, events = {**about.tickets, ticket.id: ticket}, list[Event]()
    for number in line.tickets or (ticket.id,):
        of = relations.surviving(number, tickets)
        if of is None:
            return "unknown-ticket"
        done, (one,) = decide_lines(of, [(line.commands, held.line)], replace(about, tickets=tickets))
        if one.refused:
            return one.refused
        events += [*done.events, *(event for change in done.elsewhere for event in change.events)]
        tickets |= {change.ticket.id: change.ticket for change in done.elsewhere} | {of.id: done.ticket or of}
    return events


JUDGES: Mapping[type[Command], Judge] = {
    Write: mail.write,
    Answer: mail.answer,
    Note: mail.note,
    RaiseAlert: mail.raise_alert,
    ReportFailure: mail.report_failure,
    SetStatus: state.set_status,
    Close: state.close,
    Reopen: state.reopen,
    SetDue: state.set_due,
    Snooze: state.snooze,
    Wake: state.wake,
    Assign: people.assign,
    SetTeam: people.set_team,
    AddParticipant: people.add_participant,
    RemoveParticipant: people.remove_participant,
    SetRequester: people.set_requester,
    SetChannel: people.set_channel,
    SetPriority: facts.set_priority,
    SetType: facts.set_type,
    AddTags: facts.add_tags,
    RemoveTags: facts.remove_tags,
    SetSubject: facts.set_subject,
    SetContract: contracts.set_contract,
    SetEquipment: contracts.set_equipment,
    Meet: meetings.meet,
    AnswerInvitation: meetings.answer_invitation,
    SetField: facts.set_field,
    Link: relations.link,
    Merge: relations.merge,
    Split: relations.split,
    Undo: undo,
    Erase: relations.erase,
    StartPlaybook: playbooks.start,
    RecordWork: work.record_work,
    CorrectWork: work.correct_work,
    SetEstimate: work.set_estimate,
    Escalate: escalation.escalate,
    Approve: _approve,
    Reject: approvals.reject,
    RemindApproval: approvals.remind,
    ExpireApproval: approvals.expire,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one ticket: its state after, and the events that led there."""

    ticket: Ticket
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What comes of a command.  `refused` is '' or the key of a reason ('agents-only', 'unknown-status', …) that templates word;
    `nearest` a word that was perhaps meant.  A command that changes nothing (closing what is closed) is no refusal: no events.  Only a yes
    to what cannot be done any more is both: what waited is decided, and nothing else happened.
    `elsewhere`: what it did to other tickets, which are recorded in the same transaction."""

    ticket: Ticket | None
    events: tuple[Event, ...] = ()
    elsewhere: tuple[Change, ...] = ()
    refused: str = ""
    nearest: str = ""
    detail: str = ""


def open_ticket(ticket_id: int, command: Open, about: Circumstances) -> Decision:
    """The events of a new ticket: opened, then one event for each thing that was chosen for it."""
    wanted = command.team or about.organisation.default_team
    team = lands_with(wanted, about.organisation, about.now)
    wished = states.status(command.status or states.NEW, about.organisation)
    at_once = wished.open and not wished.waiting  # else it is moved there by an event of its own: its clocks stand, or its work is done
    opened = TicketOpened(
        subject=command.subject,
        requester=command.requester,
        status=wished.name if at_once else states.NEW,
        priority=command.priority,
        team=team,
        channel=command.channel,
        language=command.language,
        verified=command.verified,
        rules_version=command.rules_version,
        asked_at=command.asked_at,
    )
    chosen: list[Happening] = [MessageAdded(author=command.requester.address)]
    if command.type:
        chosen.append(TypeChanged(before="", after=command.type))
    if command.tags:
        chosen.append(TagsAdded(tags=command.tags))
    handed_round = ((FOLLOW, wanted),) if team != wanted else ()
    chosen += [FieldSet(name=name, value=value) for name, value in (*command.fields, *handed_round)]
    if command.assignee:
        chosen.append(AssigneeChanged(before="", after=command.assignee))
    chosen += [ParticipantAdded(participant=other) for other in command.others]
    if command.follows:
        chosen.append(Linked(relation="possible-follow-up", ticket=command.follows))
    if not at_once:
        chosen.append(state.change(states.NEW, wished.name, about.organisation))
    rule = Actor(kind=ActorKind.RULE, name=command.rule) if command.rule else _chooser(about.actor)
    first = Event(ticket=ticket_id, at=about.now, actor=about.actor, what=opened, mail=about.mail)
    ticket, events = evolve(None, first), [first]
    for what in chosen:
        by = about.actor if isinstance(what, (MessageAdded, ParticipantAdded, Linked)) else rule
        events.append(Event(ticket=ticket_id, at=about.now, actor=by, what=what, mail=about.mail))
        ticket = evolve(ticket, events[-1])
    return Decision(ticket=ticket, events=tuple(events))


def _chooser(actor: Actor) -> Actor:
    """Who chose what no rule did: at the command line whoever sits there; else the desk itself, from its customers and teams.  Whoever
    wrote a mail asked for none of it."""
    return actor if actor.kind is ActorKind.ADMIN else Actor(kind=ActorKind.SYSTEM, name="desk")


def decide(ticket: Ticket, command: Command, about: Circumstances) -> Decision:
    """What `command` does to `ticket`; the ticket after it and the events, or the reason why not."""
    reason = may(about.actor, command, ticket, about.organisation)
    if reason:
        return Decision(ticket=ticket, refused=reason)
    judge = JUDGES.get(type(command))
    if judge is None:
        raise ValueError(f"{type(command).__name__} is not for a ticket that exists")
    judged = judge(ticket, command, about)
    if not isinstance(judged, Refusal) and (need := approvals.needed(ticket, command, about, judged)):
        judged = approvals.ask(ticket, need, about)
    if isinstance(judged, Refusal):
        return Decision(ticket=ticket, refused=judged.reason, nearest=judged.nearest, detail=judged.detail)
    done = _folded(ticket, [_event(what, ticket, about) for what in judged], about.tickets)
    refused = next((what.refused for what in judged if isinstance(what, ApprovalDecided)), "")
    return replace(done, refused=refused) if refused else done


def decide_all(ticket: Ticket, asked: Sequence[tuple[Command, str]], about: Circumstances) -> tuple[Decision, tuple[Decision, ...]]:
    """All commands, each with the line it was written as, one after the other on the ticket as the one before left it: the whole, and
    the decision of each."""
    each: list[Decision] = []
    whole = Decision(ticket=ticket)
    for command, line in asked:
        each.append(decide(whole.ticket or ticket, command, replace(about, line=line)))
        whole = together(whole, each[-1])
        about = _after(about, ticket.id, each[-1])
    return whole, tuple(each)


def decide_lines(
    ticket: Ticket, lines: Sequence[tuple[Sequence[Command], str]], about: Circumstances
) -> tuple[Decision, tuple[Decision, ...]]:
    """Lines of a mail, one after the other, each done as a whole or not at all: the whole, and the decision of each."""
    each: list[Decision] = []
    whole = Decision(ticket=ticket)
    for commands, line in lines:
        each.append(_line(whole.ticket or ticket, commands, replace(about, line=line)))
        whole = together(whole, each[-1])
        about = _after(about, ticket.id, each[-1])
    return whole, tuple(each)


def _line(ticket: Ticket, commands: Sequence[Command], about: Circumstances) -> Decision:
    done, at = Decision(ticket=ticket), about
    for command in commands:
        one = decide(done.ticket or ticket, command, at)
        if one.refused:
            return replace(one, ticket=ticket) if not one.events else one
        if any(isinstance(event.what, ApprovalRequested) for event in one.events):
            return decide(ticket, command, about)  # the line waits as a whole
        done, at = together(done, one), _after(at, ticket.id, one)
    return done


def hold(ticket: Ticket, why: str, about: Circumstances) -> Decision:
    """`about.line` waits for its writer's own yes, for this reason."""
    expires = about.now + about.organisation.consent.confirm_within
    need = approvals.Need(kind=Asks.CONFIRMATION, why=why, approvers=(about.actor.name,), expires_at=expires)
    judged = approvals.ask(ticket, need, about)
    if isinstance(judged, Refusal):
        return Decision(ticket=ticket, refused=judged.reason, detail=judged.detail)
    return _folded(ticket, [_event(what, ticket, about) for what in judged], about.tickets)


def _after(about: Circumstances, ticket: int, decision: Decision) -> Circumstances:
    """The circumstances for the next command: other tickets, mails and pasts as this decision left them."""
    if not (decision.elsewhere or about.tickets or about.mails or about.letters or about.history or about.histories):
        return about  # nothing was looked up beyond this ticket, so nothing of it has changed
    events = (*decision.events, *(event for change in decision.elsewhere for event in change.events))
    gone = {mail: to for event in events for mail, to in brought(event.what)}
    letters = {id: replace(letter, ticket=gone.get(id, letter.ticket)) for id, letter in about.letters.items()}
    changed = {change.ticket.id: change for change in decision.elsewhere}
    histories = {id: (*past, *(changed[id].events if id in changed else ())) for id, past in about.histories.items()}
    return replace(
        about,
        tickets={**about.tickets, **{id: change.ticket for id, change in changed.items()}},
        mails=tuple(mail for mail in about.mails if gone.get(mail, ticket) == ticket),
        letters=letters,
        history=(*about.history, *decision.events) if about.history else (),
        histories=histories,
    )


def together(first: Decision, second: Decision) -> Decision:
    """Two decisions about the same ticket, one after the other, as one."""
    changes = {change.ticket.id: change for change in first.elsewhere}
    for change in second.elsewhere:
        before = changes.get(change.ticket.id)
        changes[change.ticket.id] = Change(ticket=change.ticket, events=(*(before.events if before else ()), *change.events))
    return Decision(
        ticket=second.ticket or first.ticket, events=(*first.events, *second.events), elsewhere=tuple(changes.values())
    )


def _event(what: Happening | Event, ticket: Ticket, about: Circumstances) -> Event:
    if isinstance(what, Event):
        return what
    return Event(ticket=ticket.id, at=about.now, actor=about.actor, what=what, mail=about.mail)


def _folded(ticket: Ticket, events: Iterable[Event], others: Mapping[int, Ticket]) -> Decision:
    """The events sorted by their tickets, and each ticket after them."""
    after: dict[int, Ticket] = {ticket.id: ticket}
    said: dict[int, list[Event]] = {ticket.id: []}
    for event in events:
        after[event.ticket] = evolve(after.get(event.ticket) or others.get(event.ticket), event)
        said.setdefault(event.ticket, []).append(event)
    elsewhere = tuple(Change(ticket=after[id], events=tuple(events)) for id, events in said.items() if id != ticket.id)
    return Decision(ticket=after[ticket.id], events=tuple(said[ticket.id]), elsewhere=elsewhere)
