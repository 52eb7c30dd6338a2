"""Appointments, contracts and devices; and who is put on a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mailbridge.customers.model import Contract, Customer, Equipment, Location, Project, ServiceLevel, customers
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.command_types.people import AddParticipant, AnswerInvitation, ScheduleMeeting, SetRequester
from mailbridge.tickets.command_types.values import SetContract, SetEquipment, SetPriority, SetProject
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.model import Meeting, Participant, Role, Ticket
from tests.builders import AS_BOGDAN, AS_CAROL, CAROL, NOW, a_ticket, an_organisation, command_context, with_team

TOMORROW = NOW + timedelta(days=1)
ACME = Customer(
    name="acme",
    title="Acme SRL",
    domains=("customer.test",),
    equipment=(Equipment(serial="LF-2231", tag="ACME-0017", location="iasi"), Equipment(serial="RT-88104")),
    contracts={
        "acme-gold": Contract(name="acme-gold", sla="four-hours"),
        "acme-old": Contract(name="acme-old", until=date(2026, 11, 22)),
        "acme-soon": Contract(name="acme-soon", since=date(2026, 11, 24)),
    },
)
OTHER = Customer(name="other", title="Other", domains=("other.test",), equipment=(Equipment(serial="XX-9999"),))
ABOUT = command_context(
    actor=AS_BOGDAN,
    now=NOW,
    organisation=with_team(an_organisation(), "network", address="network@desk.test"),
    customers=customers((ACME, OTHER)),
    own_addresses=frozenset({"support@desk.test"}),
)


def done(ticket: Ticket, command: Command, **different: object) -> Decision:
    return decide(ticket, command, replace(ABOUT, **different))


def after(ticket: Ticket, *commands: Command) -> Ticket:
    for command in commands:
        decision = done(ticket, command)
        assert not decision.refused
        ticket = decision.ticket or ticket
    return ticket


# appointments


def test_first_appointment_is_number_one_and_moving_it_counts_its_sequence() -> None:
    ticket = after(a_ticket(), ScheduleMeeting(at=TOMORROW, place="Iași"))
    assert ticket.meeting == Meeting(at=TOMORROW, place="Iași")

    moved = after(ticket, ScheduleMeeting(at=TOMORROW + timedelta(hours=1), place="Iași"))

    assert moved.meeting == Meeting(at=TOMORROW + timedelta(hours=1), place="Iași", sequence=1)


def test_same_appointment_again_is_nothing_new() -> None:
    assert done(after(a_ticket(), ScheduleMeeting(at=TOMORROW)), ScheduleMeeting(at=TOMORROW)).events == ()


def test_after_one_was_called_off_the_next_is_another_one() -> None:
    off = after(a_ticket(), ScheduleMeeting(at=TOMORROW), ScheduleMeeting(at=None))
    assert off.meeting is not None
    assert (off.meeting.cancelled, off.meeting.sequence) == (True, 1)

    again = after(off, ScheduleMeeting(at=TOMORROW))

    assert again.meeting is not None
    assert (again.meeting.number, again.meeting.sequence, again.meeting.cancelled) == (2, 0, False)


def test_after_one_is_over_the_next_is_another_one() -> None:
    over = a_ticket(meeting=Meeting(at=NOW - timedelta(hours=2)))

    again = after(over, ScheduleMeeting(at=TOMORROW)).meeting

    assert again is not None
    assert (again.number, again.sequence) == (2, 0)


@pytest.mark.parametrize("meeting", [None, Meeting(at=TOMORROW, cancelled=True), Meeting(at=NOW - timedelta(hours=1))])
def test_what_does_not_stand_cannot_be_called_off(meeting: Meeting | None) -> None:
    assert done(a_ticket(meeting=meeting), ScheduleMeeting(at=None)).refused == "no-meeting"


def test_appointment_lies_ahead_and_on_an_open_ticket() -> None:
    assert done(a_ticket(), ScheduleMeeting(at=NOW)).refused == "in-the-past"
    assert done(a_ticket(closed_at=NOW, status="closed"), ScheduleMeeting(at=TOMORROW)).refused == "is-closed"


def answer(said: str, *, number: int = 1, sequence: int = 0) -> AnswerInvitation:
    return AnswerInvitation(author="carol@customer.test", answer=said, number=number, sequence=sequence)


def test_answer_to_the_appointment_as_it_stands_counts_and_the_latest_stays() -> None:
    ticket = after(a_ticket(), ScheduleMeeting(at=TOMORROW), answer("tentative"), answer("accepted"))

    assert ticket.meeting is not None
    assert ticket.meeting.answers == (("carol@customer.test", "accepted"),)


def test_answer_to_an_earlier_time_counts_no_more_and_neither_does_one_that_is_repeated() -> None:
    moved = after(a_ticket(), ScheduleMeeting(at=TOMORROW), answer("accepted"), ScheduleMeeting(at=TOMORROW + timedelta(hours=1)))
    assert moved.meeting is not None
    assert moved.meeting.answers == ()

    assert done(moved, answer("accepted")).events == ()
    assert done(moved, answer("accepted", number=2, sequence=1)).events == ()
    again = after(moved, answer("accepted", sequence=1))
    assert done(again, answer("accepted", sequence=1)).events == ()


def test_customers_answer_needs_no_agents_rights() -> None:
    assert done(after(a_ticket(), ScheduleMeeting(at=TOMORROW)), answer("declined"), actor=AS_CAROL).refused == ""


# contracts and devices


def test_contract_brings_its_level_of_service() -> None:
    ticket = after(a_ticket(), SetContract(contract="ACME-Gold"))

    assert dict(ticket.fields) == {"contract": "acme-gold", "sla": "four-hours"}
    assert ticket.sla == "four-hours"
    assert done(ticket, SetContract(contract="acme-gold")).events == ()


@pytest.mark.parametrize(
    ("contract", "refused", "nearest"),
    [("acme-godl", "unknown-contract", "acme-gold"), ("acme-old", "contract-not-valid", ""), ("acme-soon", "contract-not-valid", "")],
)
def test_contract_that_is_not_there_or_not_valid_today_is_refused(contract: str, refused: str, nearest: str) -> None:
    decision = done(a_ticket(), SetContract(contract=contract))

    assert (decision.refused, decision.nearest) == (refused, nearest)


@pytest.mark.parametrize("mark", ["LF-2231", "lf 2231", "acme0017"])
def test_device_is_known_by_any_of_its_marks_and_brings_its_place(mark: str) -> None:
    assert dict(after(a_ticket(), SetEquipment(equipment=mark)).fields) == {"equipment": "LF-2231", "location": "iasi"}


def test_device_of_another_customer_is_unknown_here() -> None:
    assert done(a_ticket(), SetEquipment(equipment="XX-9999")).refused == "unknown-equipment"
    misspelt = done(a_ticket(), SetEquipment(equipment="LF-2213"))
    assert (misspelt.refused, misspelt.nearest, misspelt.detail) == ("unknown-equipment", "LF-2231", "Acme SRL")


@pytest.mark.parametrize("command", [SetContract(contract="acme-gold"), SetEquipment(equipment="LF-2231")])
def test_stranger_has_neither(command: Command) -> None:
    stranger = a_ticket(participants=(Participant(address="x@nobody.test"),))

    assert done(stranger, command).refused == "no-customer"


# people


@pytest.mark.parametrize("address", ["support@desk.test", "Support+mb1.c.x@desk.test", "network@desk.test"])
def test_desks_own_addresses_are_never_on_a_ticket(address: str) -> None:
    assert done(a_ticket(), AddParticipant(address=address)).refused == "own-address"
    assert done(a_ticket(), SetRequester(address=address)).refused == "own-address"


def test_somebody_who_was_mentioned_hears_of_it_once_a_proven_copy_wants_that() -> None:
    dan = Participant(address="dan@customer.test", role=Role.MENTIONED)
    ticket = a_ticket(participants=(CAROL, dan))

    command = CustomerMessage(author=CAROL.address, others=(replace(dan, role=Role.PARTICIPANT),))
    raised = done(ticket, command, actor=AS_CAROL).ticket

    assert raised is not None
    assert [(p.address, p.role) for p in raised.participants][1:] == [("dan@customer.test", Role.PARTICIPANT)]


# the contract follows what the ticket is about

SERVICE = Customer(
    name="acme",
    title="Acme SRL",
    domains=("customer.test",),
    locations={"iasi": Location(name="iasi", calendar="late", zone="Europe/Chisinau"), "cluj": Location(name="cluj")},
    equipment=(Equipment(serial="LF-2231", location="iasi"), Equipment(serial="RT-88104", location="cluj")),
    contracts={
        "base": Contract(name="base", sla="days", levels=(ServiceLevel(sla="hours", priority="urgent"),)),
        "printer": Contract(name="printer", sla="four-hours", equipment=("LF-2231",)),
        "other": Contract(name="other", types=("question",)),
        "past": Contract(name="past", until=date(2026, 11, 1)),
        "next": Contract(name="next", since=date(2026, 11, 2), renews="past", types=("audit",)),
    },
)


def served(ticket: Ticket, *commands: Command) -> dict[str, str]:
    """The fields after the commands, at a desk that has these contracts."""
    for command in commands:
        decision = done(ticket, command, customers=customers((SERVICE,)))
        assert not decision.refused
        ticket = decision.ticket or ticket
    return dict(ticket.fields)


UNDER_BASE = a_ticket(fields=(("contract", "base"), ("sla", "days")))


def test_another_device_brings_its_contract_level_and_calendar() -> None:
    assert served(UNDER_BASE, SetEquipment(equipment="LF-2231")) == {
        "contract": "printer", "sla": "four-hours", "equipment": "LF-2231", "location": "iasi", "calendar": "late Europe/Chisinau",
    }  # fmt: skip
    back = served(UNDER_BASE, SetEquipment(equipment="LF-2231"), SetEquipment(equipment="RT-88104"))
    assert back == {"contract": "base", "sla": "days", "equipment": "RT-88104", "location": "cluj", "calendar": ""}


def test_another_priority_brings_the_level_of_the_contract_for_it() -> None:
    urgent = SetPriority(priority=Priority.URGENT)

    assert served(UNDER_BASE, urgent) == {"contract": "base", "sla": "hours"}
    assert served(UNDER_BASE, urgent, SetPriority(priority=Priority.LOW)) == {"contract": "base", "sla": "days"}


def test_what_somebody_chose_stays() -> None:
    by_hand = served(UNDER_BASE, SetContract(contract="other"), SetPriority(priority=Priority.URGENT))
    assert by_hand == {"contract": "other", "sla": ""}

    by_rule = a_ticket(fields=(("contract", "base"), ("sla", "express")))
    assert served(by_rule, SetEquipment(equipment="RT-88104"))["sla"] == "express"


def test_contract_and_device_can_be_taken_off() -> None:
    assert served(UNDER_BASE, SetContract(contract="")) == {"contract": "", "sla": ""}
    assert served(a_ticket(), SetEquipment(equipment="LF-2231"), SetEquipment(equipment=""))["equipment"] == ""


def test_a_project_brings_its_contract_and_none_takes_it_out_again() -> None:
    with_project = replace(SERVICE, projects={"audit": Project(name="audit", contract="other"), "bare": Project(name="bare")})
    known = customers((with_project,))

    ticket = done(UNDER_BASE, SetProject(project="Audit"), customers=known).ticket
    assert ticket is not None
    assert dict(ticket.fields) == {"contract": "other", "sla": "", "project": "audit"}
    urgent = done(ticket, SetPriority(priority=Priority.URGENT), customers=known).ticket
    assert urgent is not None
    assert dict(urgent.fields)["contract"] == "other"
    out = done(urgent, SetProject(project=""), customers=known).ticket
    assert out is not None
    assert dict(out.fields) == {"contract": "base", "sla": "hours", "project": ""}

    bare = done(UNDER_BASE, SetProject(project="bare"), customers=known).ticket
    assert bare is not None
    assert dict(bare.fields) == {"contract": "base", "sla": "days", "project": "bare"}
    assert done(UNDER_BASE, SetProject(project="x"), customers=known).refused == "unknown-project"


def test_an_ended_contract_names_the_one_that_renews_it() -> None:
    refused = done(a_ticket(), SetContract(contract="past"), customers=customers((SERVICE,)))

    assert (refused.refused, refused.nearest) == ("contract-not-valid", "next")
