"""Tickets that are linked, merged and split; who may erase."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split
from mailbridge.tickets.command_types.values import Close, SetType, Snooze
from mailbridge.tickets.event_types.relations import ContentErased
from mailbridge.tickets.event_types.values import StatusChanged
from mailbridge.tickets.event_types.work import WorkRecorded
from mailbridge.tickets.model import Activity, Participant, Role, WorkKind
from tests.builders import AS_BOGDAN, CAROL, NOW
from tests.unit.tickets.office import ANSWER, NOTE, Office

ERIN = Participant(address="erin@other.test", name="Erin")
DAVE = Participant(address="dave@customer.test", name="Dave")


def refused(office: Office, ticket: int, command: object) -> tuple[str, str]:
    decision = office.do(AS_BOGDAN, ticket, command)[0]  # type: ignore[arg-type]
    assert not decision.elsewhere
    return decision.refused, decision.detail


def two(office: Office) -> tuple[int, int]:
    return office.open(CAROL), office.open(ERIN, "Scanner")


# -- links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "inverse"),
    [("related", "related"), ("blocks", "blocked-by"), ("blocked-by", "blocks"), ("duplicates", "duplicated-by"), ("task-of", "has-task")],
)
def test_both_sides_of_a_link_know_it(relation: str, inverse: str) -> None:
    office = Office()
    one, other = two(office)
    office.do(AS_BOGDAN, one, Link(ticket=other, relation=relation))
    assert office.tickets[one].links == ((relation, other),)
    assert office.tickets[other].links == ((inverse, one),)
    office.assert_sound()


def test_linking_again_changes_nothing() -> None:
    office = Office()
    one, other = two(office)
    office.do(AS_BOGDAN, one, Link(ticket=other))
    again = office.do(AS_BOGDAN, other, Link(ticket=one))[0]
    assert (again.events, again.elsewhere, again.refused) == ((), (), "")


def test_link_to_a_merged_ticket_is_one_to_its_survivor() -> None:
    office = Office()
    one, other = two(office)
    third = office.open(DAVE)
    office.do(AS_BOGDAN, other, Merge(into=third))
    office.do(AS_BOGDAN, one, Link(ticket=other))
    assert office.tickets[one].links == (("related", third),)


def test_links_that_cannot_be() -> None:
    office = Office()
    one, other = two(office)
    assert refused(office, one, Link(ticket=99)) == ("unknown-ticket", "99")
    assert refused(office, one, Link(ticket=one)) == ("link-self", "")
    decision = office.do(AS_BOGDAN, one, Link(ticket=other, relation="dupliates"))[0]
    assert (decision.refused, decision.nearest) == ("unknown-relation", "duplicates")


# -- merges -----------------------------------------------------------------------------------------------------


def test_merged_ticket_closes_and_points_to_the_survivor_that_has_its_people_tags_and_work() -> None:
    office = Office()
    one, other = two(office)
    worked = Activity(id=1, agent="bogdan", kind=WorkKind.WORKED, day=NOW.date(), minutes=30)
    office.happen(one, WorkRecorded(activity=worked), AS_BOGDAN)
    office.happen(other, WorkRecorded(activity=worked), AS_BOGDAN)
    mails = office.mails_of(one)
    office.do(AS_BOGDAN, one, Merge(into=other))
    ended, survivor = office.tickets[one], office.tickets[other]
    assert (ended.merged_into, ended.status, ended.closed_at) == (other, "closed", office.now)
    assert survivor.absorbed == (one,)
    assert [(p.address, p.role) for p in survivor.participants] == [
        ("erin@other.test", Role.REQUESTER),
        ("carol@customer.test", Role.PARTICIPANT),
    ]
    assert [activity.id for activity in survivor.activities] == [1, 2]
    assert set(mails) <= set(office.mails_of(other))
    assert office.mails_of(one) == ()
    office.assert_sound()


def test_somebody_who_was_only_copied_hears_no_more_after_the_merge() -> None:
    office = Office()
    one, other = two(office)
    office.write(one, CAROL, Participant(address="frank@customer.test", role=Role.MENTIONED))
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert [p.role for p in office.tickets[other].participants] == [Role.REQUESTER, Role.PARTICIPANT, Role.MENTIONED]


def test_merging_into_a_merged_ticket_goes_to_the_survivor() -> None:
    office = Office()
    one, other = two(office)
    third = office.open(DAVE)
    office.do(AS_BOGDAN, other, Merge(into=third))
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert office.tickets[one].merged_into == third
    assert office.tickets[third].absorbed == (other, one)
    office.assert_sound()


def test_merges_that_cannot_be() -> None:
    office = Office()
    one, other = two(office)
    assert refused(office, one, Merge(into=one)) == ("merge-self", "")
    assert refused(office, one, Merge(into=99)) == ("unknown-ticket", "99")
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert refused(office, other, Merge(into=one)) == ("merge-cycle", "1")
    assert refused(office, one, Merge(into=other)) == ("merged-already", "2")


def test_open_work_reopens_the_closed_ticket_it_goes_to() -> None:
    office = Office()
    one, other = two(office)
    office.do(AS_BOGDAN, other, Close())
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert (office.tickets[other].status, office.tickets[other].closed_at) == ("open", None)


def test_two_closed_tickets_stay_closed() -> None:
    office = Office()
    one, other = two(office)
    office.do(AS_BOGDAN, one, Close())
    office.do(AS_BOGDAN, other, Close())
    decision = office.do(AS_BOGDAN, one, Merge(into=other))[0]
    assert not [event for event in decision.events if isinstance(event.what, StatusChanged)]
    assert office.tickets[other].closed_at is not None


def test_a_sleeping_ticket_does_not_wake_after_it_was_merged() -> None:
    office = Office()
    one, other = two(office)
    office.do(AS_BOGDAN, one, Snooze(until=NOW + timedelta(days=1)))
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert office.tickets[one].snoozed_until is None


def test_merge_across_customers_asks_first_and_one_within_does_not() -> None:
    office = Office()
    one, other = two(office)
    again = office.open(CAROL, "Printer again")
    held = office.do(AS_BOGDAN, one, Merge(into=other), line="#merge MB-2", agreed=False)[0]
    assert (held.elsewhere, office.tickets[one].merged_into) == ((), None)
    assert [approval.line for approval in office.tickets[one].approvals] == ["#merge MB-2"]
    office.do(AS_BOGDAN, again, Merge(into=one), line="#merge MB-1", agreed=False)
    assert office.tickets[again].merged_into == one


def test_what_waits_for_a_yes_on_the_ticket_that_ends_waits_no_more() -> None:
    office = Office()
    one, other = two(office)
    third = office.open(DAVE)
    office.do(AS_BOGDAN, one, Merge(into=third), line="#merge MB-3", agreed=False)
    assert office.tickets[one].approvals
    office.do(AS_BOGDAN, one, Merge(into=other))
    assert office.tickets[one].approvals == ()


# -- splits -----------------------------------------------------------------------------------------------------


def test_split_message_opens_a_ticket_of_its_writer_from_the_time_it_came() -> None:
    office = Office()
    one = office.open(CAROL)
    office.do(AS_BOGDAN, one, SetType(type="incident"))
    office.pass_time(hours=1)
    mail = office.write(one, DAVE)
    written = office.now
    office.pass_time(hours=2)
    office.do(AS_BOGDAN, one, Split(ticket=0, mail=mail, subject="The scanner"))
    new, old = office.tickets[2], office.tickets[one]
    assert (new.subject, new.created_at, new.status, new.team, new.type) == ("The scanner", written, "new", "support", "incident")
    assert new.requester is not None
    assert new.requester.address == DAVE.address
    assert (new.links, old.links) == ((("split-from", one),), (("split-into", 2),))
    assert mail in office.mails_of(2)
    office.assert_sound()


def test_splits_that_cannot_be() -> None:
    office = Office()
    one, other = two(office)
    foreign = office.mails_of(other)[0]
    assert refused(office, one, Split(ticket=9, mail=office.mails_of(one)[0])) == ("only-mail", "")
    assert refused(office, one, Split(ticket=9, mail=foreign)) == ("unknown-mail", "")
    assert refused(office, one, Split(ticket=9, mail=0)) == ("unknown-mail", "")
    office.write(one, CAROL)
    office.do(AS_BOGDAN, one, ANSWER)
    answer = office.mails_of(one)[-1]
    assert refused(office, one, Split(ticket=9, mail=answer)) == ("not-customers-mail", "")


# -- erase ------------------------------------------------------------------------------------------------------


def test_only_managers_erase_and_only_after_their_yes() -> None:
    office = Office()
    one = office.open(CAROL)
    mara = Actor(kind=ActorKind.AGENT, name="mara")
    assert refused(office, one, Erase())[0] == "managers-only"
    office.do(mara, one, Erase(), line="#erase", agreed=False)
    assert [approval.kind for approval in office.tickets[one].approvals] == ["confirmation"]
    decision = office.do(mara, one, NOTE, Erase())[-1]
    assert [event.what for event in decision.events] == [ContentErased(mails=office.mails_of(one))]
