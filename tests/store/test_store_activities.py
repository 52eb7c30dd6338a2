"""Work as rows: they follow the tickets, and are summed over many of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mailbridge.organisation.priority import Priority
from mailbridge.store.activities import Spent, WorkDone
from mailbridge.store.engine import Store
from mailbridge.tickets.model import Activity, Participant, Ticket, WorkKind
from tests.builders import NOW

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def a_ticket(id: int, *work: Activity, **different: object) -> Ticket:
    usual = Ticket(
        id=id,
        subject=f"Request {id}",
        status="closed",
        priority=Priority.NORMAL,
        team="support",
        created_at=NOW,
        updated_at=NOW,
        closed_at=NOW,
        version=1,
        type="incident",
        participants=(Participant(address="carol@customer.test"),),
        activities=work,
    )
    return replace(usual, **different)  # type: ignore[arg-type]


def worked(id: int, minutes: int, **different: object) -> Activity:
    usual = Activity(id=id, agent="bogdan", kind=WorkKind.WORKED, day=MONDAY, minutes=minutes, charged=minutes, text="replaced the roller")
    return replace(usual, **different)  # type: ignore[arg-type]


def stored(store: Store, *tickets: Ticket) -> None:
    with store.write() as tx:
        for ticket in tickets:
            assert tx.tickets.save(ticket, expected_version=0)
            tx.activities.set(ticket)


def test_work_comes_back_as_it_was_with_its_ticket(store: Store) -> None:
    road = worked(2, 40, kind=WorkKind.TRAVELLED, km=25.5, place="Iași", billable=False, charged=0, text="")
    stored(store, a_ticket(1, worked(1, 50), road))

    with store.read() as tx:
        found = tx.activities.between(MONDAY, MONDAY, "bogdan")

    assert found == [
        WorkDone(ticket=1, requester="carol@customer.test", subject="Request 1", activity=worked(1, 50)),
        WorkDone(ticket=1, requester="carol@customer.test", subject="Request 1", activity=road),
    ]


def test_days_and_agents_are_told_apart(store: Store) -> None:
    stored(store, a_ticket(1, worked(1, 50), worked(2, 10, day=TUESDAY)), a_ticket(2, worked(1, 5, agent="clara")))

    with store.read() as tx:
        assert [one.activity.minutes for one in tx.activities.between(MONDAY, MONDAY)] == [50, 5]
        assert [one.activity.minutes for one in tx.activities.between(TUESDAY, TUESDAY)] == [10]
        assert [one.activity.minutes for one in tx.activities.between(MONDAY, TUESDAY, "bogdan")] == [50, 10]
        assert tx.activities.between(MONDAY, TUESDAY, "nobody") == []


def test_the_rows_are_those_of_the_ticket_as_it_is_now(store: Store) -> None:
    ticket = a_ticket(1, worked(1, 50), worked(2, 10))
    stored(store, ticket)

    with store.write() as tx:
        tx.activities.set(replace(ticket, activities=(worked(2, 15),)))

    with store.read() as tx:
        assert [one.activity.minutes for one in tx.activities.between(MONDAY, MONDAY)] == [15]


def test_the_work_of_a_merged_ticket_counts_once_on_the_survivor(store: Store) -> None:
    stored(store, a_ticket(1, worked(1, 50), merged_into=2), a_ticket(2, worked(1, 50)))

    with store.read() as tx:
        assert [one.ticket for one in tx.activities.between(MONDAY, MONDAY)] == [2]


def test_past_work_is_summed_by_finished_ticket_of_the_type_newest_first(store: Store) -> None:
    stored(
        store,
        a_ticket(1, worked(1, 50), worked(2, 10), worked(3, 99, kind=WorkKind.TRAVELLED)),
        a_ticket(2, worked(1, 30), participants=(Participant(address="Dan@acme.test"),)),
        a_ticket(3, worked(1, 500), type="question"),
        a_ticket(4, worked(1, 700), status="open", closed_at=None),
    )

    with store.read() as tx:
        assert tx.activities.spent("incident") == [
            Spent(requester="dan@acme.test", minutes=30),
            Spent(requester="carol@customer.test", minutes=60),
        ]
        assert tx.activities.spent("incident", limit=1) == [Spent(requester="dan@acme.test", minutes=30)]
        assert tx.activities.spent("nothing") == []
