"""Commands as JSON values and back, for held requests in the database.

Each command has a literal entry: the name it is stored under, the version of its fields, and how each field is read.  A renamed command
keeps its stored name.  A change of fields raises the version; an entry of its own keeps an old version readable.  A value that no entry can
read, from a newer or much older program, is Unreadable: the desk then asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any

from mailbridge.customers.entry import EntryPart, Verb
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.command_types.escalation import Escalate, StopSending
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
from mailbridge.tickets.model import StoredCommand, WorkKind

Reader = Callable[[Any], Any]
ANSWER = "answer"


class Unreadable(ValueError):
    """The stored value is no command that this program knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommandType:
    """One command in one version of its fields."""

    name: str
    version: int
    command: type[Command]
    reads: Mapping[str, Reader]


def _plainly(kind: type | tuple[type, ...]) -> Reader:
    """A JSON value that already has this type; a bool is not a number."""

    def read(value: Any) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise Unreadable(f"{value!r} is not of the stored type")
        return value

    return read


def _by(make: Callable[[str], Any]) -> Reader:
    """A value that is stored as text: a date, a member of an enum."""
    return lambda value: make(text(value))


def _many(read: Reader) -> Reader:
    return lambda value: tuple(read(one) for one in _plainly(list)(value))


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


text, whole, flag = _plainly(str), _plainly(int), _plainly(bool)
real: Reader = lambda value: float(_plainly((int, float))(value))  # noqa: E731
day, moment = _by(date.fromisoformat), _by(datetime.fromisoformat)
texts, wholes = _many(text), _many(whole)


def _entry(name: str, command: type[Command], version: int = 1, /, **reads: Reader) -> StoredCommandType:
    return StoredCommandType(name=name, version=version, command=command, reads=reads)


_WORK: Mapping[str, Reader] = {
    "kind": _by(WorkKind), "minutes": whole, "day": day, "km": real, "place": text, "billable": _or_none(flag), "text": text,
}  # fmt: skip
ENTRIES: tuple[StoredCommandType, ...] = (
    _entry(ANSWER, AgentReply, doubt=text),
    _entry(ANSWER, AgentReply, 2, doubt=text, mentions=texts),
    _entry(ANSWER, AgentReply, 3, doubt=text, mentions=texts, encrypted=flag),
    _entry("note", InternalNote),
    _entry("note", InternalNote, 2, mentions=texts),
    _entry("follow", Follow, agent=text, on=flag),
    _entry("mute", Mute, agent=text, on=flag),
    _entry("mark-spam", MarkSpam),
    _entry("set-status", SetStatus, status=text),
    _entry("close", Close),
    _entry("reopen", Reopen),
    _entry("assign", Assign, agent=text),
    _entry("set-team", SetTeam, team=text),
    _entry("set-priority", SetPriority, priority=_by(Priority)),
    _entry("set-type", SetType, type=text),
    _entry("add-tags", AddTags, tags=texts),
    _entry("remove-tags", RemoveTags, tags=texts),
    _entry("set-field", SetField, name=text, value=text),
    _entry("add-participant", AddParticipant, address=text),
    _entry("remove-participant", RemoveParticipant, address=text),
    _entry("revoke-addresses", RevokeAddresses, address=text),
    _entry("set-subject", SetSubject, subject=text),
    _entry("set-requester", SetRequester, address=text, name=text),
    _entry("set-channel", SetChannel, channel=text),
    _entry("set-contract", SetContract, contract=text),
    _entry("set-project", SetProject, project=text),
    _entry("set-equipment", SetEquipment, equipment=text),
    _entry(
        "change-customer",
        ChangeCustomer,
        verb=_by(Verb),
        part=_by(EntryPart),
        name=text,
        customer=text,
        values=_many(lambda pair: (text(pair[0]), text(pair[1]))),
    ),
    _entry("set-due", SetDue, at=_or_none(moment)),
    _entry("snooze", Snooze, until=moment),
    _entry("meet", ScheduleMeeting, at=_or_none(moment), minutes=whole, place=text),
    _entry("link", Link, ticket=whole, relation=text),
    _entry("merge", Merge, into=whole),
    _entry("split", Split, ticket=whole, mail=whole, subject=text),
    _entry("record-work", RecordWork, 1, **_WORK),
    _entry("record-work", RecordWork, 2, **_WORK, start=_or_none(moment)),
    _entry("correct-work", CorrectWork, activity=whole, minutes=whole, km=_or_none(real)),
    _entry("plan-work", PlanWork, plan=whole, agent=text, at=_or_none(moment), minutes=whole, text=text),
    _entry("cancel-plan", CancelPlan, plan=whole),
    _entry("set-estimate", SetEstimate, minutes=whole, by=text, most=_or_none(whole)),
    _entry("escalate", Escalate, to=text),
    _entry("start-playbook", StartPlaybook, name=text, tickets=wholes),
    _entry("undo", Undo),
    _entry("stop", StopSending),
    _entry("erase", Erase),
)
_LATEST: Mapping[type[Command], StoredCommandType] = {entry.command: entry for entry in sorted(ENTRIES, key=lambda entry: entry.version)}
_READS: Mapping[tuple[str, int], StoredCommandType] = {(entry.name, entry.version): entry for entry in ENTRIES}


def stored(commands: Iterable[Command]) -> tuple[StoredCommand, ...]:
    """The commands as they are stored.  Raises ValueError for a command that cannot be held."""
    return tuple(_stored(command) for command in commands)


def commands_of(values: Sequence[StoredCommand]) -> tuple[Command, ...]:
    """The commands that were stored.  Raises Unreadable where this program does not know one of them."""
    return tuple(_command(value) for value in values)


def _stored(command: Command) -> StoredCommand:
    entry = _LATEST.get(type(command))
    if entry is None:
        raise ValueError(f"{type(command).__name__} never waits for a yes")
    values = {each.name: _plain(getattr(command, each.name)) for each in fields(command)}
    return StoredCommand(name=entry.name, version=entry.version, values=values)


def _command(value: StoredCommand) -> Command:
    entry = _READS.get((value.name, value.version))
    if entry is None or set(value.values) != set(entry.reads):
        raise Unreadable(f"{value.name} version {value.version}")
    try:
        return entry.command(**{name: read(value.values[name]) for name, read in entry.reads.items()})
    except ValueError as error:
        raise Unreadable(f"{value.name} version {value.version}: {error}") from error


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case date():  # also datetime
            return value.isoformat()
        case tuple():
            return [_plain(one) for one in value]
    return value
