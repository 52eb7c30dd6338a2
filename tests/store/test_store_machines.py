"""Senders that crash at any moment, in any order: nobody gets a letter more than twice or a reminder more than once, and none is lost."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailbridge.errors import LeaseLost
from mailbridge.notifications.model import Audience, Class, Notification, OutboxState
from mailbridge.organisation.priority import Priority
from mailbridge.store.documents import dump, load
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import hint_message_id
from mailbridge.store.outbox import UNKNOWN_REST
from mailbridge.tickets.model import Participant, Role, Ticket

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=2)
SENDERS = st.sampled_from(["one", "two"])
OPEN_ENDED = {OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DOT, OutboxState.DEFERRED}


class Senders(RuleBasedStateMachine):
    """Two senders on one outbox.  A sender either knows what it holds, or it crashed and knows nothing."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(f"sqlite:///{shutil.copy(self.template, self.folder.name)}")
        self.now = START
        self.holds: dict[str, dict[int, str]] = {"one": {}, "two": {}}  # sender -> row -> "before the dot" or "after the dot"
        self.may_have_arrived: Counter[int] = Counter()  # copies per row that the server took, or may have
        self.classes: dict[int, Class] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @precondition(lambda self: len(self.classes) < 3)
    @rule(class_=st.sampled_from(Class))
    def promise(self, class_: Class) -> None:
        key = str(len(self.classes))
        made = Notification(ticket=1, audience=Audience.AGENT, event="e", recipient="ana@desk.test", key=key, class_=class_)
        with self.store.write() as tx:
            tx.outbox.add_many([made], self.now)
            self.classes[tx.outbox.list(limit=1)[0].id] = class_

    @rule(minutes=st.sampled_from([1, 5, 13]))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(sender=SENDERS)
    def take_over(self, sender: str) -> None:
        """The other one is too slow, and does not know it."""
        self.now += LEASE
        self.claim(sender)
        self.send_the_dot(sender)

    @rule(sender=SENDERS)
    def claim(self, sender: str) -> None:
        with self.store.write() as tx:
            for queued in tx.outbox.claim(sender, 10, LEASE, self.now):
                self.holds[sender][queued.id] = "before the dot"

    @rule(sender=SENDERS)
    def crash(self, sender: str) -> None:
        self.holds[sender].clear()

    @rule(sender=SENDERS)
    def stop_in_good_order(self, sender: str) -> None:
        self.holds[sender] = {row: where for row, where in self.holds[sender].items() if where == "after the dot"}
        with self.store.write() as tx:
            tx.outbox.release(sender)

    def held(self, sender: str, where: str) -> int | None:
        return next((row for row, place in self.holds[sender].items() if place == where), None)

    @rule(sender=SENDERS)
    def send_the_dot(self, sender: str) -> None:
        row = self.held(sender, "before the dot")
        if row is None:
            return
        try:
            with self.store.write() as tx:
                tx.outbox.mark_dot(row, sender, self.now)
        except LeaseLost:
            del self.holds[sender][row]
        else:
            self.holds[sender][row] = "after the dot"
            self.may_have_arrived[row] += 1

    @rule(sender=SENDERS)
    def hear_that_it_was_taken(self, sender: str) -> None:
        row = self.held(sender, "after the dot")
        if row is not None:
            del self.holds[sender][row]
            with suppress(LeaseLost), self.store.write() as tx:
                tx.outbox.sent(row, self.now, "250", owner=sender)

    @rule(sender=SENDERS, forever=st.booleans())
    def hear_a_refusal(self, sender: str, forever: bool) -> None:
        row = self.held(sender, "before the dot")
        if row is None:
            return
        del self.holds[sender][row]
        with suppress(LeaseLost), self.store.write() as tx:
            if forever:
                tx.outbox.fail(row, "550", self.now, owner=sender)
            else:
                tx.outbox.defer(row, self.now + timedelta(minutes=5), "451", owner=sender)

    @rule(sender=SENDERS)
    def come_back_late(self, sender: str) -> None:
        """A refusal is heard at last, and what is free then is sent."""
        self.hear_a_refusal(sender, forever=False)
        self.now += timedelta(minutes=5)
        self.claim(sender)
        self.send_the_dot(sender)

    @invariant()
    def nobody_gets_it_too_often(self) -> None:
        for row, copies in self.may_have_arrived.items():
            assert copies <= (2 if self.classes[row] is Class.LETTER else 1)

    @invariant()
    def what_is_open_will_be_looked_at_again(self) -> None:
        horizon = self.now + LEASE + UNKNOWN_REST
        with self.store.read() as tx:
            for queued in tx.outbox.list(limit=1000):
                assert queued.state not in OPEN_ENDED or queued.next_at <= horizon
                assert queued.state is not OutboxState.SENT or self.may_have_arrived[queued.id]


def test_crashing_senders(sqlite_template: Path) -> None:
    Senders.template = sqlite_template
    machine = Senders.TestCase()
    machine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
    machine.runTest()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(timezones=st.just(UTC))
PEOPLE = st.builds(Participant, address=TEXT, name=TEXT, role=st.sampled_from(Role), language=TEXT)


@given(
    st.builds(
        Ticket,
        id=st.integers(1, 2**53),
        subject=TEXT,
        status=TEXT,
        priority=st.sampled_from(Priority),
        team=TEXT,
        created_at=TIMES,
        updated_at=TIMES,
        closed_at=st.none() | TIMES,
        tags=st.lists(TEXT).map(tuple),
        participants=st.lists(PEOPLE, max_size=3).map(tuple),
        links=st.lists(st.tuples(TEXT, st.integers(1, 999)), max_size=3).map(tuple),
        fields=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
    )
)
def test_any_ticket_survives_its_document(ticket: Ticket) -> None:
    assert load(dump(ticket), Ticket) == ticket


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"\n", b"\r\n", b"Message-ID", b":", b" ", b"<", b">", b"a@b", b"\xff"])).map(b"".join)
)
def test_the_hint_of_a_message_id_is_total(raw: bytes) -> None:
    id = hint_message_id(raw)
    assert id == "" or (id.encode() in raw and not set("<> \r\n") & set(id))
