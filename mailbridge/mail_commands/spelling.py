"""Writes commands as text, for those that no line was written for: by a button, by another program."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mailbridge.tickets.command_types.escalation import Approve, Escalate, Reject, StopSending
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.people import (
    AddParticipant,
    ChangeCustomer,
    RemoveParticipant,
    RevokeAddresses,
    ScheduleMeeting,
    SetRequester,
)
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split, StartPlaybook, Undo
from mailbridge.tickets.command_types.values import (
    AddTags,
    Assign,
    Close,
    RemoveTags,
    Reopen,
    SetChannel,
    SetContract,
    SetDue,
    SetEquipment,
    SetField,
    SetPriority,
    SetProject,
    SetStatus,
    SetSubject,
    SetTeam,
    SetType,
    Snooze,
)
from mailbridge.tickets.command_types.wishes import Follow, MarkSpam, Mute
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.model import WorkKind


def spelled(commands: Iterable[Command]) -> str:
    """The line for the commands, with times in UTC and tickets by their bare numbers.

    Raises ValueError for a command that is never held.
    """
    return ", ".join(_one(command) for command in commands)


def _one(command: Command) -> str:
    match command:
        case Assign(agent=agent):
            return f"#assign {agent or 'nobody'}"
        case SetTeam(team=name):
            return f"#team {name}"
        case Escalate(to=to):
            return f"#escalate {to}".rstrip()
        case SetRequester(address=address):
            return f"#requester {address}"
        case AddParticipant(address=address):
            return f"#cc {address}"
        case RemoveParticipant(address=address):
            return f"#cc -{address}"
        case SetStatus(status=name):
            return f"#status {name}"
        case SetPriority(priority=priority):
            return f"#priority {priority}"
        case SetType(type=name):
            return f"#type {name}"
        case AddTags(tags=tags):
            return f"#tag {' '.join(tags)}"
        case RemoveTags(tags=tags):
            return f"#tag {' '.join(f'-{tag}' for tag in tags)}"
        case SetSubject(subject=subject):
            return f"#subject {subject}"
        case SetContract(contract=name):
            return f"#contract {name or 'none'}"
        case SetProject(project=name):
            return f"#project {name or 'none'}"
        case SetEquipment(equipment=name):
            return f"#equipment {name or 'none'}"
        case ChangeCustomer(verb=verb, part=part, name=name, customer=customer, values=values):
            return " ".join([f"#{verb} {part} {_quoted(name)} {customer}".rstrip(), *(f"{key}={value or 'none'}" for key, value in values)])
        case SetChannel(channel=name):
            return f"#channel {name}"
        case SetField(name=name, value=value):
            return f"#set {name} {value}"
        case StartPlaybook(name=name):
            return f"#playbook {name}"
        case Merge(into=number):
            return f"#merge {number}"
        case Link(ticket=number, relation=relation):
            return f"#link {relation} {number}"
        case _:
            return _timed(command)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _timed(command: Command) -> str:
    match command:
        case SetDue(at=at):
            return f"#due {_moment(at)}"
        case Snooze(until=until):
            return f"#snooze {_moment(until)}"
        case ScheduleMeeting(at=at, minutes=minutes, place=place):
            return f"#meet {_moment(at)} {minutes}m {place}".rstrip() if at else "#meet none"
        case RecordWork(kind=kind, minutes=minutes, km=km):
            road = f" {km:g}km" if km else ""
            return f"#{'time' if kind is WorkKind.WORKED else 'travel'} {minutes}m{road}"
        case CorrectWork(activity=number, minutes=minutes):
            return f"#time {number}={minutes}m"
        case PlanWork():
            return _plan(command)
        case CancelPlan(plan=number):
            return f"#plan {number} = none" if number else "#plan none"
        case SetEstimate(minutes=minutes):
            return f"#estimate {minutes}m"
        case AgentReply(encrypted=encrypted):
            return "#encrypt" if encrypted else "#public"
        case InternalNote():
            return "#note"
        case Split(subject=subject):
            return f"#split {subject}".rstrip()
        case Close():
            return "#close"
        case Reopen():
            return "#reopen"
        case Undo():
            return "#undo"
        case Erase():
            return "#erase"
        case Approve():
            return "#approve"
        case Reject():
            return "#reject"
        case StopSending():
            return "#stop"
        case Follow(on=on):
            return "#follow" if on else "#unfollow"
        case Mute(on=on):
            return "#mute" if on else "#unmute"
        case MarkSpam():
            return "#spam"
        case RevokeAddresses(address=address):
            return f"#revoke-addresses {address}"
        case _:
            raise ValueError(f"{type(command).__name__} never waits for a yes")


def _plan(command: PlanWork) -> str:
    change = f"{command.plan} =" if command.plan else ""
    at, long = (f"{command.at:%Y-%m-%d %H:%M}" if command.at else ""), (f"{command.minutes}m" if command.minutes else "")
    return " ".join(filter(None, ("#plan", change, command.agent, at, long, command.text)))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "none"
