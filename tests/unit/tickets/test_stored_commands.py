"""Commands that wait in the database are read back as they were, by name and version, or said to be unreadable; never half."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from mailbridge.customers.entry import EntryPart, Verb
from mailbridge.mail_commands.author import author_of
from mailbridge.mail_commands.reading import understand
from mailbridge.mail_commands.spelling import spelled
from mailbridge.organisation.priority import Priority
from mailbridge.store.documents import dump, load
from mailbridge.tickets.command_types.escalation import (
    Approve,
    Escalate,
    ExpireApproval,
    RaiseAlert,
    ReassignApproval,
    Reject,
    RemindApproval,
    SendWaiting,
    StopSending,
)
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.people import (
    AddParticipant,
    AnswerInvitation,
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
    EndSnooze,
    MatchContract,
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
from mailbridge.tickets.command_types.wishes import AskRating, Follow, MarkSpam, Mute, RateTicket
from mailbridge.tickets.command_types.work import AlertHours, CorrectWork, PauseForHours, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.model import StoredCommand, WorkKind
from mailbridge.tickets.stored_commands import ENTRIES, Unreadable, commands_of, stored
from tests.builders import NOW, an_organisation

AT = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
ONE_OF_EACH: tuple[Command, ...] = (
    AgentReply(doubt="short-answer"),
    AgentReply(mentions=("eva",)),
    InternalNote(),
    InternalNote(mentions=("eva",)),
    Follow(agent="bogdan"),
    Follow(agent="bogdan", on=False),
    Mute(agent="bogdan"),
    MarkSpam(),
    SetStatus(status="waiting"),
    Close(),
    Reopen(),
    Assign(agent="clara"),
    Assign(agent=""),
    SetTeam(team="network"),
    SetPriority(priority=Priority.URGENT),
    SetType(type="incident"),
    AddTags(tags=("vpn", "ün|ïcode")),
    RemoveTags(tags=("vpn",)),
    SetField(name="serial", value="X-1"),
    AddParticipant(address="dana@other.test"),
    RemoveParticipant(address="dana@other.test"),
    RevokeAddresses(address="dana@other.test"),
    SetSubject(subject='Printer "broken"'),
    SetRequester(address="dana@other.test", name="Dana"),
    SetChannel(channel="phone"),
    SetContract(contract="gold"),
    SetProject(project="rollout"),
    SetEquipment(equipment="LF2231"),
    ChangeCustomer(verb=Verb.ADD, part=EntryPart.PERSON, name="eva@x.test", customer="acme", values=(("role", "buyer"),)),
    SetDue(at=AT),
    SetDue(at=None),
    Snooze(until=AT),
    ScheduleMeeting(at=AT, minutes=45, place="hall"),
    ScheduleMeeting(at=None),
    Link(ticket=7, relation="blocks"),
    Merge(into=7),
    Split(ticket=8, mail=3, subject="Second"),
    RecordWork(kind=WorkKind.WORKED, minutes=45, day=date(2026, 11, 23), km=12.5, place="hall", billable=None, text="drum"),
    RecordWork(kind=WorkKind.TRAVELLED, minutes=0, day=date(2026, 11, 23), km=3, billable=False),
    CorrectWork(activity=2, minutes=0, km=None),
    PlanWork(plan=0, agent="bogdan", at=AT, minutes=120, text="drum"),
    PlanWork(plan=2, agent="", at=None, minutes=45),
    CancelPlan(plan=2),
    SetEstimate(minutes=90, by="bogdan", most=None),
    Escalate(to="network"),
    StartPlaybook(name="new-colleague", tickets=(9, 10)),
    Undo(),
    StopSending(),
    Erase(),
)
# Nobody is ever asked whether these shall be done: the desk, a customer or a clock does them, or they are the answer.
NEVER_HELD = {
    Open,
    CustomerMessage,
    EndSnooze,
    AnswerInvitation,
    MatchContract,
    RaiseAlert,
    ReportFailure,
    Approve,
    Reject,
    RemindApproval,
    ExpireApproval,
    SendWaiting,
    ReassignApproval,
    AlertHours,
    PauseForHours,
    AskRating,
    RateTicket,
}


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda command: type(command).__name__)
def test_a_command_comes_back_from_the_database_as_it_was(command: Command) -> None:
    (value,) = stored([command])
    read = load(dump(value), StoredCommand)

    assert commands_of([read]) == (command,)


def test_every_command_that_an_agent_may_want_can_be_stored() -> None:
    assert {entry.command for entry in ENTRIES} == set(get_args(Command)) - NEVER_HELD
    assert {type(command) for command in ONE_OF_EACH} == {entry.command for entry in ENTRIES}
    with pytest.raises(ValueError, match="never waits"):
        stored([Approve()])


def test_the_stored_names_are_these_for_ever() -> None:
    """Databases hold them: a change here is a change of a format, and needs an entry that still reads the old one."""
    assert " ".join(f"{entry.name}/{entry.version}" for entry in ENTRIES) == (
        "answer/1 answer/2 answer/3 note/1 note/2 follow/1 mute/1 mark-spam/1 "
        "set-status/1 close/1 reopen/1 assign/1 set-team/1 set-priority/1 set-type/1 add-tags/1 remove-tags/1 set-field/1 "
        "add-participant/1 remove-participant/1 revoke-addresses/1 set-subject/1 set-requester/1 set-channel/1 set-contract/1 "
        "set-project/1 set-equipment/1 change-customer/1 set-due/1 "
        "snooze/1 meet/1 link/1 merge/1 split/1 record-work/1 record-work/2 correct-work/1 plan-work/1 "
        "cancel-plan/1 set-estimate/1 escalate/1 start-playbook/1 undo/1 stop/1 erase/1"
    )


@pytest.mark.parametrize(
    "value",
    [
        StoredCommand(name="set-priority", version=2, values={"priority": "urgent"}),
        StoredCommand(name="teleport", version=1, values={}),
        StoredCommand(name="set-priority", version=1, values={"priority": "sooner"}),
        StoredCommand(name="set-priority", version=1, values={"priority": 3}),
        StoredCommand(name="set-priority", version=1, values={}),
        StoredCommand(name="merge", version=1, values={"into": True}),
        StoredCommand(name="merge", version=1, values={"into": 7, "loudly": True}),
        StoredCommand(name="snooze", version=1, values={"until": "soon"}),
        StoredCommand(name="add-tags", version=1, values={"tags": "vpn"}),
    ],
    ids=lambda value: f"{value.name}-{value.values}",
)
def test_what_this_program_does_not_know_is_unreadable(value: StoredCommand) -> None:
    with pytest.raises(Unreadable):
        commands_of([value])


# A button has no line.  What is shown for it is the line that means the same, where there is one.
LINELESS = (RevokeAddresses,
    *(SetField, StartPlaybook, Split, CorrectWork, SetEstimate, SetDue, Snooze, ScheduleMeeting, RecordWork),
    *(SetRequester, SetChannel, AgentReply, InternalNote, SetType),
)


@pytest.mark.parametrize("command", [one for one in ONE_OF_EACH if not isinstance(one, LINELESS)], ids=lambda one: type(one).__name__)
def test_a_command_without_a_line_is_shown_as_the_line_that_means_it(command: Command) -> None:
    assert understand(spelled([command]), author_of("bogdan", an_organisation(), NOW)).commands == (command,)


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda one: type(one).__name__)
def test_every_command_can_be_shown(command: Command) -> None:
    assert spelled([command]).startswith("#")
