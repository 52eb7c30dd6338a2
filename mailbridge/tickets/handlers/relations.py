"""What tickets are to each other: linked, one of them taken in by another, one made of a message of another; and contents erased.

A merge is a redirect: the ticket that ends keeps its number, its history and its tokens, and points to the one that goes on.  Whoever
follows the pointers always comes to an end, because a ticket is never merged into one that leads back to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailbridge.organisation import transitions
from mailbridge.tickets.command_context import CommandContext, Judgement, MailRef, Refusal, nearest, on
from mailbridge.tickets.commands import Erase, Link, Merge, Split
from mailbridge.tickets.events import (
    Actor,
    ActorKind,
    ContentErased,
    Event,
    FieldSet,
    Linked,
    MailMoved,
    MergedFrom,
    MergedInto,
    MessageAdded,
    SnoozeEnded,
    TicketEvent,
    TicketOpened,
    TypeChanged,
)
from mailbridge.tickets.handlers.approvals import decided
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.model import Activity, Participant, Role, Ticket

SPLIT_FROM, SPLIT_INTO = "split-from", "split-into"
# What the other ticket is, where this one is …; people may write either side.
INVERSE: Mapping[str, str] = {
    "related": "related",
    "blocks": "blocked-by",
    "blocked-by": "blocks",
    "duplicates": "duplicated-by",
    "duplicated-by": "duplicates",
    "task-of": "has-task",
    "has-task": "task-of",
}


def link(ticket: Ticket, command: Link, about: CommandContext) -> Judgement:
    """Both tickets know of each other; a ticket that was merged stands for the one that goes on."""
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


def merge(ticket: Ticket, command: Merge, about: CommandContext) -> Judgement:
    """This ticket ends and points to the other, which takes in its people, tags and work.

    Into a ticket that was itself merged: into the one that goes on.  Into a closed one: it is open again where this one still was, because
    somebody waits; two closed ones stay closed.
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
    open_ = transitions.is_open(ticket.status, about.organisation)
    happened: list[TicketEvent | Event] = []
    if open_:
        happened += moved(ticket, transitions.CLOSED, about.organisation)
    if ticket.snoozed_until is not None:
        happened.append(SnoozeEnded())
    happened += [decided(approval, granted=False, expired=True) for approval in ticket.approvals]  # can be answered nowhere any more
    happened.append(MergedInto(survivor=survivor.id, mails=about.mails_of(ticket.id)))
    happened.append(on(survivor.id, _taken_in(ticket, survivor), about))
    if open_ and not transitions.is_open(survivor.status, about.organisation):
        happened += [on(survivor.id, what, about) for what in moved(survivor, transitions.OPEN, about.organisation)]
    return happened


def split(ticket: Ticket, command: Split, about: CommandContext) -> Judgement:
    """The message opens a ticket of its own: its writer asks, from the moment it came; team, type and urgency are those of this one."""
    letter = about.letters.get(command.mail)
    if letter is None or letter.ticket != ticket.id:
        return Refusal(reason="unknown-mail")
    if not letter.by_customer or not letter.author.address:
        return Refusal(reason="not-customers-mail")
    if sum(each.by_customer for each in about.letters_of(ticket.id)) < 2:
        return Refusal(reason="only-mail")
    if not command.ticket:  # nobody reserved a number: this came past execution.load_context
        return Refusal(reason="unknown-mail")
    new = command.ticket
    happened: list[TicketEvent | Event] = [MailMoved(mail=letter.id, to=new), Linked(relation=SPLIT_INTO, ticket=new)]
    happened += _born(ticket, command, letter, about)
    happened += [on(new, what, about) for what in _chosen(ticket)]
    happened.append(on(new, MailMoved(mail=letter.id, came_from=ticket.id), about))
    happened.append(on(new, Linked(relation=SPLIT_FROM, ticket=ticket.id), about))
    return happened


def erase(ticket: Ticket, command: Erase, about: CommandContext) -> Judgement:
    """Managers only, and after their yes (`judges.risks`); there is no way back."""
    if not manages(about.actor, ticket, about):
        return Refusal(reason="managers-only")
    mails = about.mails_of(ticket.id)
    return [ContentErased(mails=mails)] if mails else []


def manages(actor: Actor, ticket: Ticket, about: CommandContext) -> bool:
    """Whether the actor is a manager of the desk or of the ticket's team, or sits at the desk's own machine."""
    if actor.kind is ActorKind.ADMIN:
        return True
    agent, team = about.organisation.agents.get(actor.name), about.organisation.teams.get(ticket.team)
    if actor.kind is not ActorKind.AGENT or agent is None:
        return False
    return agent.manager or (team is not None and agent.name in team.managers)


def _taken_in(ticket: Ticket, survivor: Ticket) -> MergedFrom:
    """People of the ticket that ends hear of the one that goes on; nobody loses who asked, nobody hears more than before."""
    known = {p.address.lower() for p in survivor.participants if p.role is not Role.MENTIONED}
    people = (replace(p, role=Role.PARTICIPANT) if p.role is Role.REQUESTER else p for p in ticket.participants)
    last = max((activity.id for activity in survivor.activities), default=0)
    return MergedFrom(
        ticket=ticket.id,
        participants=tuple(p for p in people if p.address.lower() not in known),
        tags=tuple(tag for tag in ticket.tags if tag not in survivor.tags),
        activities=tuple(_numbered(activity, number) for number, activity in enumerate(ticket.activities, start=last + 1)),
    )


def _numbered(activity: Activity, number: int) -> Activity:
    return replace(activity, id=number)


def _born(ticket: Ticket, command: Split, letter: MailRef, about: CommandContext) -> list[TicketEvent | Event]:
    known = ticket.participant(letter.author.address)
    language = letter.author.language or (known.language if known else "")
    requester = Participant(address=letter.author.address, name=letter.author.name or (known.name if known else ""), language=language)
    opened = TicketOpened(
        subject=command.subject or letter.subject or ticket.subject,
        requester=requester,
        status=transitions.NEW,
        priority=ticket.priority,
        team=ticket.team,
        channel=ticket.channel,
        language=language or ticket.language,
        verified=letter.verified,
        rules_version=ticket.rules_version,
        asked_at=letter.at,
    )
    writer = Actor(kind=ActorKind.CUSTOMER, name=letter.author.address)
    said = MessageAdded(author=letter.author.address)
    return [
        Event(ticket=command.ticket, at=about.now, actor=about.actor, what=opened, mail=letter.id),
        Event(ticket=command.ticket, at=about.now, actor=writer, what=said, mail=letter.id),
    ]


def _chosen(ticket: Ticket) -> list[TicketEvent]:
    """What was chosen for the old ticket and holds for the new one as well."""
    happened: list[TicketEvent] = [TypeChanged(before="", after=ticket.type)] if ticket.type else []
    return happened + [FieldSet(name=name, value=value) for name, value in ticket.fields]
