"""Handlers for subject, type, priority, tags and fields."""

from __future__ import annotations

from mailbridge.config.suggest import nearest
from mailbridge.tickets.command_context import CommandContext, HandlerResult, unknown
from mailbridge.tickets.command_types.values import AddTags, RemoveTags, SetField, SetPriority, SetSubject, SetType
from mailbridge.tickets.estimates import BY_HISTORY, BY_TYPE
from mailbridge.tickets.event_types.values import FieldSet, PriorityChanged, SubjectChanged, TagsAdded, TagsRemoved, TypeChanged
from mailbridge.tickets.event_types.work import EstimateSet
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.model import Ticket


def set_priority(ticket: Ticket, command: SetPriority, about: CommandContext) -> HandlerResult:
    return [] if command.priority is ticket.priority else [PriorityChanged(before=ticket.priority, after=command.priority)]


def set_type(ticket: Ticket, command: SetType, about: CommandContext) -> HandlerResult:
    known = about.organisation.types
    if known and command.type not in known:
        return unknown("unknown-type", nearest(command.type, known), known)
    if command.type == ticket.type:
        return []
    happened: list[TicketEvent] = [TypeChanged(before=ticket.type, after=command.type)]
    usual = about.estimates.get((ticket.id, command.type))
    if usual is not None and ticket.estimated_by in ("", BY_TYPE, BY_HISTORY):  # an estimate by a person stays
        happened.append(EstimateSet(before=ticket.estimate, after=usual.minutes, by=usual.by, most=usual.most))
    return happened


def add_tags(ticket: Ticket, command: AddTags, about: CommandContext) -> HandlerResult:
    known = about.organisation.tags
    new = [tag for tag in command.tags if known and tag not in known and tag != "virus"]
    if new:
        return unknown("unknown-tag", nearest(new[0], known), known)
    added = tuple(tag for tag in command.tags if tag not in ticket.tags)
    return [TagsAdded(tags=added)] if added else []


def remove_tags(ticket: Ticket, command: RemoveTags, about: CommandContext) -> HandlerResult:
    there = tuple(tag for tag in command.tags if tag in ticket.tags)
    return [TagsRemoved(tags=there)] if there else []


def set_subject(ticket: Ticket, command: SetSubject, about: CommandContext) -> HandlerResult:
    return [] if command.subject == ticket.subject else [SubjectChanged(before=ticket.subject, after=command.subject)]


def set_field(ticket: Ticket, command: SetField, about: CommandContext) -> HandlerResult:
    return [] if (command.name, command.value) in ticket.fields else [FieldSet(name=command.name, value=command.value)]
