"""Handlers for relations of tickets (link, merge, split) and for erasing contents.

A merge is a redirect: the merged ticket keeps its number, history and tokens, and points to the survivor.  Following these pointers always
ends, because a ticket is never merged into one that points back to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailbridge.config.suggest import nearest
from mailbridge.organisation import transitions
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, MailRef, Refusal, on
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto
from mailbridge.tickets.event_types.values import SnoozeEnded, TypeChanged, field_set
from mailbridge.tickets.event_types.wishes import FollowerSet
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers.approvals import decided
from mailbridge.tickets.handlers.plans import brought_along
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.model import Activity, ApprovalKind, Participant, Role, Ticket

SPLIT_FROM, SPLIT_INTO = "split-from", "split-into"
# Each relation with its inverse. Agents may write both.
INVERSE: Mapping[str, str] = {
    "related": "related",
    "blocks": "blocked-by",
    "blocked-by": "blocks",
    "duplicates": "duplicated-by",
    "duplicated-by": "duplicates",
    "task-of": "has-task",
    "has-task": "task-of",
}


def link(ticket: Ticket, command: Link, about: CommandContext) -> HandlerResult:
    """Links the two tickets.  Where one was merged, its survivor is linked."""
    if command.relation not in INVERSE:
        return Refusal(reason="unknown-relation", nearest=nearest(command.relation, INVERSE), detail=command.relation)
    other = surviving(command.ticket, about.tickets)
    if other is None and command.ticket != ticket.id:
        return Refusal(reason="unknown-ticket", detail=str(command.ticket))
    if other is None or other.id == ticket.id:
        return Refusal(reason="link-self")
    here, there = (command.relation, other.id), (INVERSE[command.relation], ticket.id)
    happened: list[TicketEvent | Event] = [] if here in ticket.links else [Linked(relation=here[0], ticket=here[1])]
    if there not in other.links:
        happened.append(on(other.id, Linked(relation=there[0], ticket=there[1]), about))
    return happened


def merge(ticket: Ticket, command: Merge, about: CommandContext) -> HandlerResult:
    """Merges this ticket into the other, which gets its people, tags and work.

    Where the other was merged itself, its survivor is used.  A closed survivor is reopened where this ticket is open, because a customer
    waits.  Two closed tickets stay closed.
    """
    if command.into == ticket.id:
        return Refusal(reason="merge-self")
    if ticket.merged_into is not None:
        return Refusal(reason="merged-already", detail=str(ticket.merged_into))
    survivor = surviving(command.into, {**about.tickets, ticket.id: ticket})
    if survivor is None:
        return Refusal(reason="unknown-ticket", detail=str(command.into))
    if survivor.id == ticket.id:
        return Refusal(reason="merge-cycle", detail=str(command.into))
    if any(approval.kind is ApprovalKind.DELAY for approval in ticket.approvals):
        return Refusal(reason="answer-waits")
    open_ = transitions.is_open(ticket.status, about.organisation)
    happened: list[TicketEvent | Event] = []
    if open_:
        happened += moved(ticket, transitions.CLOSED, about.organisation)
    if ticket.snoozed_until is not None:
        happened.append(SnoozeEnded())
    happened += [decided(approval, granted=False, expired=True) for approval in ticket.approvals]  # nobody can decide it any more
    happened.append(MergedInto(survivor=survivor.id, mails=about.mails_of(ticket.id)))
    happened.append(on(survivor.id, _taken_in(ticket, survivor), about))
    follow = (name for name in ticket.followers if name not in survivor.followers)
    happened += [on(survivor.id, FollowerSet(agent=name, follows=True), about) for name in follow]
    if open_ and not transitions.is_open(survivor.status, about.organisation):
        happened += [on(survivor.id, what, about) for what in moved(survivor, transitions.OPEN, about.organisation)]
    return happened


def split(ticket: Ticket, command: Split, about: CommandContext) -> HandlerResult:
    """Moves the message to a new ticket.  Its author is the requester from the time of the message.  Team, type and priority are those of
    this ticket."""
    ref = about.mails.get(command.mail)
    if ref is None or ref.ticket != ticket.id:
        return Refusal(reason="unknown-mail")
    if not ref.by_customer or not ref.author.address:
        return Refusal(reason="not-customers-mail")
    if sum(each.by_customer for each in about.mail_refs_of(ticket.id)) < 2:
        return Refusal(reason="only-mail")
    if not command.ticket:  # no number was reserved: execution.load_context was skipped
        return Refusal(reason="unknown-mail")
    new = command.ticket
    happened: list[TicketEvent | Event] = [MailMoved(mail=ref.id, to=new), Linked(relation=SPLIT_INTO, ticket=new)]
    happened += _born(ticket, command, ref, about)
    happened += [on(new, what, about) for what in _chosen(ticket)]
    happened.append(on(new, MailMoved(mail=ref.id, came_from=ticket.id), about))
    happened.append(on(new, Linked(relation=SPLIT_FROM, ticket=ticket.id), about))
    return happened


def erase(ticket: Ticket, command: Erase, about: CommandContext) -> HandlerResult:
    """Erases the contents of the ticket.  For managers, after a confirmation (`handlers.risks`).  It cannot be undone."""
    if not manages(about.actor, ticket, about):
        return Refusal(reason="managers-only")
    mails = about.mails_of(ticket.id)
    return [ContentErased(mails=mails)] if mails else []


def manages(actor: Actor, ticket: Ticket, about: CommandContext) -> bool:
    """Whether the actor is a manager of the desk or of the ticket's team, or the administrator."""
    if actor.kind is ActorKind.ADMIN:
        return True
    agent, team = about.organisation.agents.get(actor.name), about.organisation.teams.get(ticket.team)
    if actor.kind is not ActorKind.AGENT or agent is None:
        return False
    return agent.manager or (team is not None and agent.name in team.managers)


def _taken_in(ticket: Ticket, survivor: Ticket) -> MergedFrom:
    """The people of the merged ticket, as participants of the survivor.  Nobody is lost, and nobody gets more notifications than before."""
    known = {p.address.lower() for p in survivor.participants if p.role is not Role.MENTIONED}
    people = (replace(p, role=Role.PARTICIPANT) if p.role is Role.REQUESTER else p for p in ticket.participants)
    last = max((activity.id for activity in survivor.activities), default=0)
    return MergedFrom(
        ticket=ticket.id,
        participants=tuple(p for p in people if p.address.lower() not in known),
        tags=tuple(tag for tag in ticket.tags if tag not in survivor.tags),
        activities=tuple(_numbered(activity, number) for number, activity in enumerate(ticket.activities, start=last + 1)),
        plans=brought_along(ticket, survivor, first_activity=last + 1),
    )


def _numbered(activity: Activity, number: int) -> Activity:
    return replace(activity, id=number)


def _born(ticket: Ticket, command: Split, ref: MailRef, about: CommandContext) -> list[TicketEvent | Event]:
    known = ticket.participant(ref.author.address)
    language = ref.author.language or (known.language if known else "")
    requester = Participant(address=ref.author.address, name=ref.author.name or (known.name if known else ""), language=language)
    opened = TicketOpened(
        subject=command.subject or ref.subject or ticket.subject,
        requester=requester,
        status=transitions.NEW,
        priority=ticket.priority,
        team=ticket.team,
        channel=ticket.channel,
        language=language or ticket.language,
        verified=ref.verified,
        rules_version=ticket.rules_version,
        asked_at=ref.at,
        identity=ticket.identity,
    )
    writer = Actor(kind=ActorKind.CUSTOMER, name=ref.author.address)
    said = MessageAdded(author=ref.author.address)
    return [
        Event(ticket=command.ticket, at=about.now, actor=about.actor, what=opened, mail=ref.id),
        Event(ticket=command.ticket, at=about.now, actor=writer, what=said, mail=ref.id),
    ]


def _chosen(ticket: Ticket) -> list[TicketEvent]:
    """The values of the old ticket that also apply to the new one."""
    happened: list[TicketEvent] = [TypeChanged(before="", after=ticket.type)] if ticket.type else []
    return happened + [field_set(name, value, ticket.promised_under) for name, value in ticket.fields]
