"""Tickets, their history, their mails and their clocks, on both databases."""

# ruff: noqa: PT012  (a transaction that fails is one thing that happens)

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailbridge.errors import Permanent, Transient
from mailbridge.message.model import Attachment, Kind
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store.clocks import ClockState as ClockState
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tables.tickets import tickets
from mailbridge.store.tickets import _columns
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.escalation import (
    AlertRaised,
    ApprovalDecided,
    ApprovalReassigned,
    ApprovalReminded,
    ApprovalRequested,
    Escalated,
)
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import (
    AddressesRevoked,
    InvitationAnswered,
    MeetingSet,
    ParticipantAdded,
    ParticipantRemoved,
    RequesterChanged,
)
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto, PlaybookStarted, Undone
from mailbridge.tickets.event_types.values import (
    AssigneeChanged,
    ChannelChanged,
    DueSet,
    FieldSet,
    PriorityChanged,
    Snoozed,
    SnoozeEnded,
    StatusChanged,
    SubjectChanged,
    TagsAdded,
    TagsRemoved,
    TeamChanged,
    TypeChanged,
)
from mailbridge.tickets.event_types.work import EstimateSet, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Activity, Approval, ApprovalKind, Meeting, Participant, Role, Ticket, WorkKind
from mailbridge.tickets.stored_events import BY_CLASS
from tests.samples import sample

NOW = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
JO = Participant(address="Jo@Customer.test", name="Jo Café", role=Role.REQUESTER, language="de")
KIM = Participant(address="kim@customer.test", role=Role.MENTIONED)


def a_ticket(id: int, **changes: object) -> Ticket:
    plain = Ticket(
        id=id,
        subject="Printer broken",
        status="new",
        priority=Priority.NORMAL,
        team="first",
        created_at=NOW,
        updated_at=NOW,
        version=1,
        participants=(JO,),
    )
    return replace(plain, **changes)


def saved(store: Store, **changes: object) -> Ticket:
    with store.write() as tx:
        ticket = a_ticket(tx.tickets.reserve(), **changes)
        assert tx.tickets.save(ticket, expected_version=0)
    return ticket


def found(store: Store, **asked: object) -> list[int]:
    with store.read() as tx:
        return [ticket.id for ticket in tx.tickets.find(**asked)]


# tickets


def test_a_ticket_comes_back_whole(store: Store) -> None:
    ticket = saved(
        store,
        version=9,
        type="incident",
        assignee="ana",
        tags=("hw", "söndag"),
        participants=(JO, KIM),
        channel="web",
        language="de",
        verified=True,
        first_answered_at=NOW + timedelta(hours=1),
        closed_at=NOW + timedelta(hours=2),
        links=(("possible-follow-up", 4), ("duplicate", 5)),
        fields=(("serial", "A-1"), ("site", "Köln")),
        rules_version="abc1234",
    )
    with store.read() as tx:
        assert tx.tickets.get(ticket.id) == ticket


def test_numbers_count_up_and_are_never_given_twice(store: Store) -> None:
    first = saved(store)
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.tickets.reserve()
        raise ZeroDivisionError
    second = saved(store)

    assert first.id == 1
    assert second.id > first.id


def test_a_ticket_changes_only_from_the_version_that_was_read(store: Store) -> None:
    ticket = saved(store)
    with store.write() as tx:
        assert tx.tickets.save(replace(ticket, version=2, status="open"), expected_version=1)
        assert not tx.tickets.save(replace(ticket, version=2, status="closed"), expected_version=1)
        assert not tx.tickets.save(replace(ticket, version=1), expected_version=0)
        assert tx.tickets.get(ticket.id).status == "open"


def test_people_who_join_or_change_are_found_by_their_address(store: Store) -> None:
    ticket = saved(store)
    other = saved(store, participants=(KIM,))
    with store.write() as tx:
        joined = replace(tx.tickets.get(ticket.id), version=2, participants=(JO, KIM))
        assert tx.tickets.save(joined, expected_version=1)

    with store.read() as tx:
        assert [found.id for found in tx.tickets.of_address("KIM@customer.test")] == [other.id, ticket.id]
        assert [found.id for found in tx.tickets.of_address("jo@customer.test", limit=1)] == [ticket.id]
    with store.write() as tx:
        assert tx.tickets.save(replace(joined, version=3, participants=(JO,)), expected_version=2)
        assert [found.id for found in tx.tickets.of_address("kim@customer.test")] == [other.id]


def test_an_undone_change_of_people_is_made_again(store: Store) -> None:
    ticket = saved(store)
    joined = replace(ticket, version=2, participants=(JO, KIM))
    with store.write() as tx:
        with pytest.raises(ZeroDivisionError), tx.savepoint():
            tx.tickets.save(joined, expected_version=1)
            raise ZeroDivisionError
        assert tx.tickets.save(joined, expected_version=1)
        assert [found.id for found in tx.tickets.of_address(KIM.address)] == [ticket.id]


def test_the_same_person_twice_on_a_ticket_counts_as_the_first(store: Store) -> None:
    ticket = saved(store, participants=(JO, replace(KIM, address="JO@customer.test")))
    with store.read() as tx:
        assert tx.tickets.get(ticket.id) == ticket
        assert len(tx.tickets.of_address("jo@customer.test")) == 1


def test_many_tickets_come_in_the_order_asked(store: Store) -> None:
    one, two = saved(store), saved(store)
    with store.read() as tx:
        assert [ticket.id for ticket in tx.tickets.get_many([two.id, 99, one.id, two.id])] == [two.id, one.id]
        assert tx.tickets.get_many([]) == []
        assert tx.tickets.get(99) is None


def test_tickets_are_found_by_what_they_are(store: Store) -> None:
    plain = saved(store).id
    taken = saved(store, team="second", assignee="ana", status="open").id
    closed = saved(store, team="second", status="closed", closed_at=NOW, participants=(KIM,)).id

    assert found(store) == [closed, taken, plain]
    assert found(store, open=True) == [taken, plain]
    assert found(store, open=False) == [closed]
    assert found(store, team="second") == [closed, taken]
    assert found(store, team="second", open=True) == [taken]
    assert found(store, assignee="ana") == [taken]
    assert found(store, assignee="", open=True) == [plain]
    assert found(store, status="closed") == [closed]
    assert found(store, requester="JO@customer.test") == [taken, plain]
    assert found(store, limit=1, offset=1) == [taken]


def test_what_sleeps_is_left_out_until_its_time(store: Store) -> None:
    awake = saved(store).id
    asleep = saved(store, snoozed_until=NOW + timedelta(hours=1)).id

    assert found(store) == [asleep, awake]
    assert found(store, awake_at=NOW + timedelta(minutes=59)) == [awake]
    assert found(store, awake_at=NOW + timedelta(hours=1)) == [asleep, awake]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_an_older_database_with_sleeping_tickets_knows_until_when(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    old = Store(f"sqlite:///{tmp_path / 'old.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url"))
    old.upgrade("0004")
    with old.write() as tx:
        for number, until in ((1, None), (2, NOW)):
            row = {name: value for name, value in _columns(a_ticket(number, snoozed_until=until)).items() if name != "snoozed_until"}
            table = sa.table("tickets", *(sa.column(column.name, column.type) for column in tickets.c if column.name != "snoozed_until"))
            tx._sql.connection.execute(table.insert().values(id=number, **row))

    old.upgrade()

    with old.read() as tx:
        assert [ticket.id for ticket in tx.tickets.find(awake_at=NOW - timedelta(seconds=1))] == [1]
        assert [ticket.id for ticket in tx.tickets.find(awake_at=NOW)] == [2, 1]
    old.close()


def test_tickets_are_found_by_words_and_number(store: Store) -> None:
    one = saved(store, subject="100% of Disk full").id
    two = saved(store, subject="Printer_2 BROKEN, Büro").id

    assert found(store, text="broken printer") == [two]
    assert found(store, text="0%") == [one]
    assert found(store, text="BÜRO") == [two]
    assert found(store, text="%k") == []
    assert found(store, text="r_2") == [two]
    assert found(store, text="jo@customer") == [two, one]
    assert found(store, text=f"MB-{one}") == [one]
    assert found(store, text=f"#{two}") == [two]


def test_tickets_are_counted_by_status_and_by_who_works_on_them(store: Store) -> None:
    saved(store)
    saved(store, assignee="ana")
    saved(store, assignee="ana", status="closed", closed_at=NOW)

    with store.read() as tx:
        assert tx.tickets.counts() == {"new": 2, "closed": 1}
        assert tx.tickets.load() == {"": 1, "ana": 1}
        assert sum(tx.tickets.team_load().values()) == 2


# history

WORK = Activity(
    id=1, agent="ana", kind=WorkKind.TRAVELLED, day=NOW.date(), minutes=40, charged=45, km=25.5, place="Iași", text="to and fro"
)
HELD = Approval(
    id=1,
    kind=ApprovalKind.APPROVAL,
    line="#time 9h",
    asker="ana",
    approvers=("mara",),
    asked_at=NOW,
    expires_at=NOW,
    deputies=("eva",),
    mail=5,
)
WHAT_HAPPENS: tuple[TicketEvent, ...] = (
    TicketOpened(subject="Ünë", requester=JO, status="new", priority=Priority.HIGH, team="first", verified=True, rules_version="r"),
    MessageAdded(author="jo@customer.test", internal=True, to_customer=True, automatic=True),
    StatusChanged(before="new", after="closed", closes=True),
    TeamChanged(before="first", after="second"),
    AssigneeChanged(before="", after="ana"),
    PriorityChanged(before=Priority.LOW, after=Priority.URGENT),
    TypeChanged(before="", after="incident"),
    TagsAdded(tags=("a", "b")),
    FieldSet(name="serial", value="A-1"),
    ParticipantAdded(participant=KIM),
    Linked(relation="possible-follow-up", ticket=4),
    AlertRaised(promise="response", alert="overdue", due_at=NOW),
    DeliveryFailed(recipient="jo@customer.test", what="received", reason="550 no such user"),
    ParticipantRemoved(address="kim@customer.test"),
    AddressesRevoked(address="kim@customer.test"),
    TagsRemoved(tags=("a",)),
    SubjectChanged(before="x", after="Ünë"),
    RequesterChanged(before="jo@customer.test", after=KIM),
    ChannelChanged(before="mail", after="phone"),
    DueSet(before=None, after=NOW),
    Snoozed(until=NOW),
    SnoozeEnded(by_mail=True),
    MeetingSet(meeting=Meeting(at=NOW, place="Iași", sequence=2, number=3, answers=(("jo@customer.test", "accepted"),))),
    InvitationAnswered(author="jo@customer.test", answer="declined"),
    MergedInto(survivor=2, mails=(4, 5)),
    MergedFrom(ticket=3, participants=(KIM,), tags=("c",), activities=(WORK,)),
    MailMoved(mail=5, to=2),
    WorkRecorded(activity=WORK),
    WorkCorrected(before=WORK, after=replace(WORK, minutes=20)),
    EstimateSet(before=None, after=90, by="history"),
    Escalated(chain="network", before=0, after=1, to="second"),
    ApprovalRequested(approval=HELD, why="work-over"),
    ApprovalReminded(approval=1),
    ApprovalReassigned(approval=1, before="maria", after=("ana",)),
    ApprovalDecided(approval=1, granted=False, reason="too long", line=HELD.line, asker=HELD.asker),
    PlaybookStarted(name="new-hire", tasks=(7, 8)),
    Undone(undone=(3, 4), restored=a_ticket(7), kept=("status",)),
    ContentErased(mails=(4,)),
    *map(sample, BY_CLASS),
)


def an_event(what: TicketEvent, ticket: int = 1) -> Event:
    return Event(ticket=ticket, at=NOW, actor=Actor(kind=ActorKind.AGENT, name="ana"), what=what, mail=5)


def test_every_kind_of_event_comes_back_as_it_was(store: Store) -> None:
    history = [an_event(what) for what in WHAT_HAPPENS]
    with store.write() as tx:
        tx.events.append(history[:1], 1)
        tx.events.append(history[1:], 2)
        tx.events.append([an_event(WHAT_HAPPENS[1], ticket=2)], 1)

    with store.read() as tx:
        assert tx.events.of_ticket(1) == history
        assert (tx.events.last_version(1), tx.events.last_version(3)) == (len(history), 0)


def test_two_events_cannot_have_one_number(store: Store) -> None:
    with store.write() as tx:
        tx.events.append([an_event(WHAT_HAPPENS[1])], 1)
        with pytest.raises(Transient, match="clashes"), tx.savepoint():
            tx.events.append([an_event(WHAT_HAPPENS[2])], 1)
        tx.events.append([an_event(WHAT_HAPPENS[3])], 2)

    with store.read() as tx:
        assert [event.what for event in tx.events.of_ticket(1)] == [WHAT_HAPPENS[1], WHAT_HAPPENS[3]]


# mails


def a_mail(**changes: object) -> StoredMail:
    plain = StoredMail(direction=Direction.IN, received_at=NOW, message_id="m1@customer.test", fingerprint="f1", ticket=1)
    return replace(plain, **changes)


def test_a_mail_comes_back_whole_and_with_its_explanation(store: Store) -> None:
    mail = a_mail(
        inbox=3,
        sender="jo@customer.test",
        sender_name="Jo Café",
        verified=True,
        subject="Ünë",
        date=datetime(2026, 3, 2, 11, 0, tzinfo=timezone(timedelta(hours=2))),
        kind=Kind.AUTO_REPLY,
        language="de",
        text="all",
        fresh="now",
        html="<p>all</p>",
        sha256="a" * 64,
        size=17,
        internal=True,
        references=("r1@x", "r2@x"),
    )
    with store.write() as tx:
        id = tx.mails.add(mail, explanation={"version": 1, "actor": Actor(kind=ActorKind.RULE, name="r")})
        bare = tx.mails.add(a_mail(fingerprint="f2"))

    with store.read() as tx:
        assert tx.mails.get(id) == replace(mail, id=id, references=())
        assert tx.mails.by_fingerprint("f1").id == id
        assert [mail.id for mail in tx.mails.of_ticket(1)] == [id, bare]
        assert tx.mails.explanation(id) == {"version": 1, "actor": {"kind": "rule", "name": "r"}}
        assert tx.mails.explanation(bare) is None
        assert (tx.mails.get(99), tx.mails.by_fingerprint("no")) == (None, None)


def test_a_second_copy_is_not_stored(store: Store) -> None:
    with store.write() as tx:
        assert tx.mails.add(a_mail(references=("r@x",))) is not None
        assert tx.mails.add(a_mail(message_id="other", ticket=2, references=("q@x",))) is None
        assert tx.mails.tickets_knowing(["other"]) == []
        assert tx.mails.tickets_referring_to("q@x") == []


def test_mails_of_ours_need_no_fingerprint(store: Store) -> None:
    ours = a_mail(direction=Direction.OUT, fingerprint="", message_id="")
    with store.write() as tx:
        assert None not in (tx.mails.add(ours), tx.mails.add(ours))


def test_tickets_are_known_by_the_ids_of_their_mails(store: Store) -> None:
    with store.write() as tx:
        tx.mails.add(a_mail())
        tx.mails.add(a_mail(fingerprint="f2", ticket=2))
        tx.mails.add(a_mail(fingerprint="f3", ticket=3, message_id="m3@x"))
        tx.mails.add(a_mail(fingerprint="f4", ticket=None, message_id="m4@x"))

        assert tx.mails.tickets_knowing(["m1@customer.test", "m3@x", "m4@x", "m1@customer.test"]) == [
            ("m3@x", 3),
            ("m1@customer.test", 2),
            ("m1@customer.test", 1),
        ]
        assert tx.mails.tickets_knowing(["m1@customer.test"], limit=1) == [("m1@customer.test", 2)]
        assert tx.mails.tickets_knowing([]) == []


def test_an_original_that_comes_late_finds_the_tickets_of_its_answers(store: Store) -> None:
    with store.write() as tx:
        for number, ticket in enumerate((2, 1, 2, None)):
            tx.mails.add(a_mail(fingerprint=str(number), ticket=ticket, references=("late@x", "late@x", "")))

        assert tx.mails.tickets_referring_to("late@x") == [1, 2]
        assert tx.mails.tickets_referring_to("") == []


def test_a_thread_is_the_mail_that_opened_the_ticket_and_the_latest_one_of_the_people_asked_for(store: Store) -> None:
    with store.write() as tx:
        ids = [
            tx.mails.add(a_mail(fingerprint=str(number), sender=sender, message_id=f"m{number}"))
            for number, sender in enumerate(("zoe@x", "jo@x", "ana@desk", "kim@x", "jo@x", "ana@desk"))
        ]
        tx.mails.add(a_mail(fingerprint="none", sender="jo@x", message_id=""))
        tx.mails.add(a_mail(fingerprint="other", sender="jo@x", message_id="m9", ticket=2))
        tx.events.append([replace(an_event(MessageAdded(author="jo@x")), mail=ids[1])], 1)

        assert tx.mails.thread_of(1, ["jo@x", "kim@x"]) == ("m1", "m4")
        assert tx.mails.thread_of(1, ["kim@x"]) == ("m1", "m3")
        assert tx.mails.thread_of(1, []) == ("m1",)
        assert tx.mails.thread_of(2, ["jo@x"]) == ("", "m9")


def test_of_very_many_references_the_first_and_the_last_ones_are_kept(store: Store) -> None:
    with store.write() as tx:
        tx.mails.add(a_mail(references=tuple(f"{n}@x" for n in range(1000))))

        known = [n for n in range(1000) if tx.mails.tickets_referring_to(f"{n}@x")]
    assert known == [0, *range(941, 1000)]


def test_files_hang_on_their_mail_and_their_contents_are_stored_once(store: Store) -> None:
    logo = Attachment(part="2", name="logo.png", content_type="image/png", size=4, sha256="wrong", content=b"logo", content_id="c@x")
    inner = replace(logo, part="3.1", name="ä.txt", content=b"text", disposition="inline", inside="3")
    with store.write() as tx:
        first, second = tx.mails.add(a_mail()), tx.mails.add(a_mail(fingerprint="f2"))
        tx.mails.add_attachments(first, 1, [logo, inner, logo])
        tx.mails.add_attachments(second, 1, [logo])
        tx.mails.add_attachments(second, 1, [])

    with store.read() as tx:
        files = tx.mails.attachments(first)
        assert [(file.name, file.inside, file.content_id, file.disposition) for file in files] == [
            ("logo.png", "", "c@x", "attachment"),
            ("ä.txt", "3", "c@x", "inline"),
            ("logo.png", "", "c@x", "attachment"),
        ]
        assert [tx.blobs.get(file.sha256) for file in files] == [b"logo", b"text", b"logo"]
        assert files[0].sha256 == files[2].sha256 == tx.mails.attachments(second)[0].sha256 != "wrong"


def test_a_mail_moves_to_another_ticket_with_its_files(store: Store) -> None:
    file = Attachment(part="2", name="a", content_type="text/plain", size=1, sha256="", content=b"a")
    with store.write() as tx:
        id = tx.mails.add(a_mail())
        tx.mails.add_attachments(id, 1, [file])
        tx.mails.set_ticket(id, 2)

        assert (tx.mails.get(id).ticket, tx.mails.attachments(id)[0].ticket) == (2, 2)
        assert (tx.mails.of_ticket(1), len(tx.mails.of_ticket(2))) == ([], 1)


# clocks

WARNING = Deadline(promise="response", step="warning", due_at=NOW + timedelta(hours=1))
OVERDUE = Deadline(promise="response", step="overdue", due_at=NOW + timedelta(hours=2))
CLAIM = Deadline(promise="claim", step="unclaimed", due_at=NOW + timedelta(hours=1))
MUCH_LATER = NOW + timedelta(days=9)


def states(store: Store, ticket: int = 1) -> dict[Deadline, ClockState]:
    with store.read() as tx:
        return {clock.deadline: clock.state for clock in tx.clocks.of_ticket(ticket)}


def test_clocks_are_due_from_their_moment_on_oldest_first(store: Store) -> None:
    with store.write() as tx:
        tx.clocks.set(1, [OVERDUE, WARNING], NOW)
        tx.clocks.set(2, [CLAIM], NOW)

        assert tx.clocks.due(WARNING.due_at - timedelta(microseconds=1), 10) == []
        assert [(due.ticket, due.deadline) for due in tx.clocks.due(MUCH_LATER, 10)] == [(1, WARNING), (2, CLAIM), (1, OVERDUE)]
        assert len(tx.clocks.due(MUCH_LATER, 2)) == 2
        assert tx.clocks.next_due() == WARNING.due_at


def test_setting_clocks_stops_those_that_are_not_named(store: Store) -> None:
    moved = replace(OVERDUE, due_at=OVERDUE.due_at + timedelta(hours=5))
    with store.write() as tx:
        tx.clocks.set(1, [WARNING, OVERDUE], NOW)
        tx.clocks.set(1, [WARNING, moved], NOW)

    assert states(store) == {WARNING: ClockState.RUNNING, OVERDUE: ClockState.STOPPED, moved: ClockState.RUNNING}


def test_a_stopped_clock_runs_again_and_a_fired_one_never(store: Store) -> None:
    with store.write() as tx:
        tx.clocks.set(1, [WARNING, OVERDUE], NOW)
        assert tx.clocks.fire(tx.clocks.due(WARNING.due_at, 1)[0].id, NOW)
        tx.clocks.set(1, [], NOW)
        assert tx.clocks.due(MUCH_LATER, 10) == []
        tx.clocks.set(1, [WARNING, OVERDUE], NOW)

    assert states(store) == {WARNING: ClockState.FIRED, OVERDUE: ClockState.RUNNING}


def test_a_clock_fires_once(store: Store) -> None:
    with store.write() as tx:
        tx.clocks.set(1, [WARNING], NOW)
        [due] = tx.clocks.due(MUCH_LATER, 10)

        assert [tx.clocks.fire(due.id, NOW), tx.clocks.fire(due.id, NOW)] == [True, False]


def test_a_stopped_clock_does_not_fire(store: Store) -> None:
    with store.write() as tx:
        tx.clocks.set(1, [WARNING, OVERDUE, CLAIM], NOW)
        tx.clocks.set(2, [WARNING], NOW)
        due = tx.clocks.due(MUCH_LATER, 10)

        assert tx.clocks.stop(1, "response") == 2
        assert [tx.clocks.fire(clock.id, NOW) for clock in due] == [clock.ticket == 2 or clock.deadline == CLAIM for clock in due]
        assert tx.clocks.stop(1) == 0
        assert tx.clocks.next_due() is None


# values that cannot be kept


@pytest.mark.parametrize("bad", ["nul \0 in it", "lone \ud800 surrogate"])
def test_text_that_one_of_the_databases_cannot_keep_is_refused_by_both(store: Store, bad: str) -> None:
    with store.write() as tx:
        with pytest.raises(Permanent, match="cannot hold"), tx.savepoint():
            tx.mails.add(a_mail(subject=bad))
        assert tx.mails.add(a_mail(subject="fine")) is not None


def test_what_is_refused_is_not_told_to_the_log(store: Store) -> None:
    """Errors end up in logs, and what they were about is somebody's mail."""
    private = [an_event(MessageAdded(author="secret@customer.test"))]
    with store.write() as tx:
        tx.events.append(private, 1)
        with pytest.raises(Transient) as told, tx.savepoint():
            tx.events.append(private, 1)

    assert "secret" not in "".join(traceback.format_exception(told.value))


def test_a_surrogate_inside_json_is_refused_too(store: Store) -> None:
    with pytest.raises(Permanent, match="cannot hold"), store.write() as tx:
        tx.tickets.save(a_ticket(1, tags=("\udcff",)), expected_version=0)


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(Permanent, match="without zone"), store.write() as tx:
        tx.mails.add(a_mail(received_at=NOW.replace(tzinfo=None)))


def test_a_time_of_another_zone_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    with store.write() as tx:
        id = tx.mails.add(a_mail(received_at=there))
    with store.read() as tx:
        back = tx.mails.get(id).received_at
    assert (back, back.tzinfo) == (NOW, UTC)
