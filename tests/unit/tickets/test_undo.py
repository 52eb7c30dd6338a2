"""What is taken back, what stays, and that nothing else changes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailbridge.organisation.playbooks import Playbook, Task
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.people import AddParticipant, RemoveParticipant, SetRequester
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split, StartPlaybook, Undo
from mailbridge.tickets.command_types.values import (
    AddTags,
    Assign,
    Close,
    RemoveTags,
    Reopen,
    SetChannel,
    SetDue,
    SetField,
    SetPriority,
    SetStatus,
    SetSubject,
    SetTeam,
    Snooze,
)
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.history import as_if
from mailbridge.tickets.model import Participant, Ticket, WorkKind
from tests.builders import AS_BOGDAN, CAROL, NOW, an_organisation
from tests.examples import examples
from tests.unit.tickets.office import ANSWER, NOTE, Office, facts

AS_CLARA = Actor(kind=ActorKind.AGENT, name="clara")
AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")  # a manager
ERIN = Participant(address="erin@other.test", name="Erin")


def the_undone(office: Office, ticket: int) -> Undone:
    what = office.histories[ticket][-1].what
    assert isinstance(what, Undone)
    return what


def test_all_that_one_mail_did_is_taken_back_and_nothing_else() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, AddTags(tags=("vpn",)))
    before = office.tickets[one]
    office.do(AS_BOGDAN, one, Assign(agent="bogdan"), SetPriority(priority=Priority.HIGH), AddTags(tags=("x",)), Close())
    office.do(AS_BOGDAN, one, Undo())
    assert facts(office.tickets[one]) == facts(before)
    office.assert_sound()


def test_undoing_the_undo_brings_it_back_and_so_on() -> None:
    office = Office()
    one = office.open(CAROL)
    before = office.tickets[one]
    office.do(AS_BOGDAN, one, SetPriority(priority=Priority.HIGH), Close())
    after = office.tickets[one]
    for wanted in (before, after, before):
        office.do(AS_BOGDAN, one, Undo())
        assert facts(office.tickets[one]) == facts(wanted)


def test_what_others_changed_since_is_kept_field_by_field() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, SetPriority(priority=Priority.HIGH), SetTeam(team="network"), AddTags(tags=("x",)))
    office.do(AS_CLARA, one, SetPriority(priority=Priority.URGENT), AddTags(tags=("y",)))
    office.do(AS_BOGDAN, one, Undo())
    ticket = office.tickets[one]
    assert (ticket.priority, ticket.team, ticket.tags) == (Priority.URGENT, "support", ("y",))
    assert the_undone(office, one).kept == ("priority",)


def test_an_answer_that_is_sent_stays_and_that_is_told() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, ANSWER, Close())
    office.do(AS_BOGDAN, one, Undo())
    ticket = office.tickets[one]
    assert (ticket.status, ticket.assignee, ticket.first_answered_at) == ("new", "", office.now)
    assert the_undone(office, one).stays == ("mail",)
    assert the_undone(office, one).reopens


def test_what_only_spoke_cannot_be_taken_back() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, Close())
    office.do(AS_BOGDAN, one, NOTE)
    assert office.do(AS_BOGDAN, one, Undo())[0].refused == "mail-sent"
    assert office.tickets[one].status == "closed"


def test_what_is_erased_is_erased() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_MARA, one, Erase())
    assert office.do(AS_MARA, one, Undo())[0].refused == "erased-for-good"


def test_the_same_mail_may_speak_and_undo() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, Close())
    office.do(AS_BOGDAN, one, NOTE, AddTags(tags=("sorry",)), Undo())
    assert (office.tickets[one].status, office.tickets[one].tags) == ("new", ("sorry",))
    office.assert_sound()


def test_after_the_time_is_up_nothing_is_taken_back() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, Close())
    office.pass_time(minutes=10)
    assert office.do(AS_BOGDAN, one, NOTE, Undo())[-1].refused == ""
    office.do(AS_CLARA, one, Close())
    office.pass_time(minutes=10, seconds=1)
    late = office.do(AS_CLARA, one, Undo())[0]
    assert (late.refused, late.detail) == ("undo-too-late", "10")


def test_agents_undo_their_own_and_managers_anybodys() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, Close())
    assert office.do(AS_CLARA, one, Undo())[0].refused == "nothing-to-undo"
    office.do(AS_MARA, one, Undo())
    assert office.tickets[one].status == "new"
    assert the_undone(office, one).of == "bogdan"
    assert office.do(AS_BOGDAN, one, Undo())[0].refused == "nothing-to-undo"


def test_a_customers_mail_is_nobodys_to_undo() -> None:
    office = Office()
    one = office.open(CAROL)
    office.write(one, CAROL)
    assert office.do(AS_MARA, one, Undo())[0].refused == "nothing-to-undo"


# -- relations --------------------------------------------------------------------------------------------------


def picture(office: Office) -> tuple[dict[int, Ticket], dict[int, int]]:
    """Everything there is: the tickets, and where the customers' mails are."""
    mails = {mail: ticket for mail, ticket in office.where().items() if office.mails[mail].by_customer}
    return {number: facts(ticket) for number, ticket in office.tickets.items()}, mails


def test_merge_is_undone_on_both_tickets_from_either() -> None:
    for asked_on in (0, 1):
        office = Office()
        pair = office.open(CAROL), office.open(ERIN)
        before = picture(office)
        office.do(AS_BOGDAN, pair[0], Merge(into=pair[1]))
        after = picture(office)
        for wanted in (before, after, before):
            office.do(AS_BOGDAN, pair[asked_on], Undo())
            assert picture(office) == wanted
            office.assert_sound()


def test_link_is_undone_on_both_tickets() -> None:
    office = Office()
    one, other = office.open(CAROL), office.open(ERIN)
    before = picture(office)
    office.do(AS_BOGDAN, one, Link(ticket=other, relation="blocks"))
    office.do(AS_BOGDAN, other, Undo())
    assert picture(office) == before


def test_late_mail_stays_on_the_survivor_when_the_merge_is_undone() -> None:
    office = Office()
    one, other = office.open(CAROL), office.open(ERIN)
    office.do(AS_BOGDAN, one, Merge(into=other))
    late = office.write(other, CAROL)
    office.do(AS_BOGDAN, one, Undo())
    assert (office.where()[late], office.where()[1]) == (other, one)


def test_mail_that_was_split_off_the_survivor_stays_where_it_went() -> None:
    office = Office()
    one, other = office.open(CAROL), office.open(ERIN)
    office.do(AS_BOGDAN, one, Merge(into=other))
    office.do(AS_CLARA, other, Split(ticket=0, mail=1))
    office.do(AS_BOGDAN, one, Undo())
    assert office.where()[1] == 3
    office.assert_sound()


def test_merge_is_not_undone_below_a_later_one() -> None:
    office = Office()
    one, other, third = office.open(CAROL), office.open(ERIN), office.open(CAROL)
    office.do(AS_BOGDAN, one, Merge(into=other))
    office.do(AS_CLARA, other, Merge(into=third))
    before = picture(office)
    refused = office.do(AS_BOGDAN, one, Undo())[0]
    assert (refused.refused, refused.detail) == ("merged-since", "3")
    assert picture(office) == before


def test_undone_split_leads_back_to_where_it_came_from() -> None:
    for asked_on in (1, 2):
        office = Office()
        one = office.open(CAROL)
        mail = office.write(one, CAROL)
        before = facts(office.tickets[one])
        office.do(AS_BOGDAN, one, Split(ticket=0, mail=mail))
        after = picture(office)
        office.do(AS_BOGDAN, asked_on, Undo())
        assert facts(office.tickets[one]) == before
        assert (office.tickets[2].merged_into, office.tickets[2].status) == (one, "closed")
        assert office.where()[mail] == one
        office.assert_sound()
        office.do(AS_BOGDAN, asked_on, Undo())
        assert picture(office) == after
        office.do(AS_BOGDAN, asked_on, Undo())
        assert facts(office.tickets[one]) == before
        assert office.tickets[2].merged_into == one


def test_tasks_of_a_playbook_that_is_taken_back_end_in_the_ticket_that_started_it() -> None:
    playbook = Playbook(name="onboard", title="Onboarding", tasks=(Task(title="Laptop"), Task(title="Account")))
    office = Office(organisation=an_organisation(playbooks={"onboard": playbook}))
    one = office.open(CAROL)
    before = facts(office.tickets[one])
    office.do(AS_BOGDAN, one, StartPlaybook(name="onboard"))
    after = picture(office)
    office.do(AS_BOGDAN, one, Undo())
    assert facts(office.tickets[one]) == before
    assert [(office.tickets[task].status, office.tickets[task].merged_into) for task in (2, 3)] == [("closed", one)] * 2
    office.do(AS_BOGDAN, one, Undo())
    assert picture(office) == after
    office.assert_sound()


def test_split_on_which_the_customer_went_on_is_not_undone() -> None:
    office = Office()
    one = office.open(CAROL)
    mail = office.write(one, CAROL)
    office.do(AS_BOGDAN, one, Split(ticket=0, mail=mail))
    office.write(2, CAROL)
    assert office.do(AS_BOGDAN, one, Undo())[0].refused == "answered-since"
    assert office.where()[mail] == 2


# -- any commands at all ----------------------------------------------------------------------------------------

RELATIONS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Link, ticket=st.integers(1, 4), relation=st.sampled_from(["related", "blocks", "task-of"])),
    st.builds(Merge, into=st.integers(1, 4)),
    st.builds(Split, ticket=st.just(0), mail=st.integers(1, 8)),
)
FACTS: st.SearchStrategy[Command] = st.one_of(
    st.sampled_from([Close(), Reopen(), ANSWER, NOTE]),
    st.builds(Assign, agent=st.sampled_from(["", "bogdan", "clara", "nobody"])),
    st.builds(SetTeam, team=st.sampled_from(["support", "network", "nowhere"])),
    st.builds(SetPriority, priority=st.sampled_from(Priority)),
    st.builds(AddTags, tags=st.tuples(st.sampled_from("xyz"))),
    st.builds(RemoveTags, tags=st.tuples(st.sampled_from("xyz"))),
    st.builds(SetField, name=st.sampled_from("ab"), value=st.sampled_from("12")),
    st.builds(SetSubject, subject=st.sampled_from(["One", "Two"])),
    st.builds(
        RecordWork, kind=st.sampled_from(WorkKind), minutes=st.integers(1, 90), day=st.just(NOW.date()), km=st.sampled_from([0.0, 12.5])
    ),
    st.builds(CorrectWork, activity=st.integers(1, 3), minutes=st.integers(0, 90)),
    st.builds(SetEstimate, minutes=st.integers(1, 600)),
    st.builds(
        PlanWork,
        plan=st.integers(0, 2),
        agent=st.sampled_from(["", "bogdan", "clara"]),
        at=st.sampled_from([None, NOW + timedelta(minutes=30), NOW + timedelta(days=1)]),
        minutes=st.sampled_from([0, 60]),
    ),
    st.builds(CancelPlan, plan=st.integers(0, 2)),
    st.builds(SetDue, at=st.sampled_from([None, NOW + timedelta(days=1), NOW + timedelta(days=2)])),
    st.builds(Snooze, until=st.sampled_from([NOW + timedelta(days=1), NOW + timedelta(days=3)])),
    st.builds(SetStatus, status=st.sampled_from(["new", "open", "waiting", "closed", "nonsense"])),
    st.builds(SetRequester, address=st.sampled_from(["carol@customer.test", "frank@customer.test"])),
    st.builds(AddParticipant, address=st.sampled_from(["frank@customer.test", "gina@customer.test"])),
    st.builds(RemoveParticipant, address=st.sampled_from(["frank@customer.test", "gina@customer.test"])),
    st.builds(SetChannel, channel=st.sampled_from(["phone", "chat"])),
)
COMMANDS = st.one_of(RELATIONS, FACTS)
AGENTS = st.sampled_from([AS_BOGDAN, AS_CLARA, AS_MARA])


class AnyDoing(RuleBasedStateMachine):
    """Random mails of random agents and customers on random tickets.  Whoever undoes at once finds everything as it was before."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        self.office.open(CAROL)
        self.office.open(ERIN)

    @rule(ticket=st.integers(1, 4), customer=st.sampled_from([CAROL, ERIN]))
    def customer_writes(self, ticket: int, customer: Participant) -> None:
        self.office.pass_time(seconds=5)
        target = self.survivor(ticket)
        if target is not None:
            self.office.write(target, customer)

    @rule(agent=AGENTS, ticket=st.integers(1, 4), commands=st.lists(COMMANDS, min_size=1, max_size=3), regrets=st.booleans())
    def agent_writes(self, agent: Actor, ticket: int, commands: list[Command], regrets: bool) -> None:
        target = self.survivor(ticket)
        if target is None:
            return
        self.office.pass_time(seconds=5)
        before, numbers = picture(self.office), set(self.office.tickets)
        self.office.do(agent, target, *commands)
        after = picture(self.office)
        if not regrets or before == after:
            return
        self.office.pass_time(seconds=5)
        if any(command in (ANSWER, NOTE) for command in commands):
            return  # what was said stays; first_answered_at with it
        if self.office.do(agent, target, Undo())[0].refused in ("answered-since", "merged-since"):
            return
        now = picture(self.office)
        assert ({number: now[0][number] for number in numbers}, now[1]) == before
        self.office.pass_time(seconds=5)
        self.office.do(agent, target, Undo())
        assert picture(self.office) == after

    @rule(ticket=st.integers(1, 4), commands=st.lists(COMMANDS, max_size=2), name=st.sampled_from(["carol@customer.test", "mara"]))
    def somebody_without_rights_writes(self, ticket: int, commands: list[Command], name: str) -> None:
        """A customer, also one who calls themselves what a manager is called."""
        target = self.survivor(ticket)
        if target is not None:
            before = picture(self.office)
            decisions = self.office.do(Actor(kind=ActorKind.CUSTOMER, name=name), target, *commands, Undo(), Erase())
            assert {decision.refused for decision in decisions} == {"agents-only"}
            assert picture(self.office) == before

    @rule(agent=AGENTS, ticket=st.integers(1, 4))
    def agent_undoes(self, agent: Actor, ticket: int) -> None:
        target = self.survivor(ticket)
        if target is not None:
            self.office.pass_time(seconds=5)
            self.office.do(agent, target, Undo())

    @precondition(lambda self: self.office.last < 12)
    @rule()
    def customer_opens(self) -> None:
        self.office.open(CAROL, "Another")

    @invariant()
    def tickets_are_what_their_histories_tell(self) -> None:
        self.office.assert_sound()
        for number, ticket in self.office.tickets.items():
            counted = as_if(self.office.histories[number])
            assert counted is not None
            assert facts(counted) == facts(ticket)

    @invariant()
    def no_mail_is_on_a_merged_ticket_for_good(self) -> None:
        for mail, ticket in self.office.where().items():
            if self.office.mails[mail].by_customer:
                assert self.office.tickets[ticket].merged_into is None

    def survivor(self, ticket: int) -> int | None:
        while ticket in self.office.tickets and (into := self.office.tickets[ticket].merged_into) is not None:
            ticket = into
        return ticket if ticket in self.office.tickets else None


TestAnyDoing = AnyDoing.TestCase
TestAnyDoing.settings = settings(max_examples=examples(80), stateful_step_count=25, deadline=None, phases=[Phase.generate])
