"""The way of a promise through a real store: what is sent, what is recorded, what happens when things break in between."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import cast

import pytest

from mailbridge.clock import FixedClock
from mailbridge.config.model import Config, LimitSettings
from mailbridge.config.model import DeskSettings as DeskConfig
from mailbridge.conversation.tokens import Signer
from mailbridge.delivery.deliver import DOT_LEASE, GIVE_UP, LEASE, SLOW, DeliveryWorker, backoff, rest
from mailbridge.delivery.maildir import MaildirTransport
from mailbridge.delivery.render.carried import FILES_TO_AGENT
from mailbridge.delivery.render.render import Renderer, shipped_templates
from mailbridge.delivery.render.template_context import DeskView, TemplateContext, TicketView
from mailbridge.delivery.session import Timeouts
from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Refused, Unknown
from mailbridge.errors import StoreAway
from mailbridge.execution.desk import Desk
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Audience, Class, Notification, OutboxState, Queued
from mailbridge.notifications.payloads.tickets import Bounced
from mailbridge.organisation.model import Organisation
from mailbridge.store.documents import dump, load_any
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.outbox import UNKNOWN_REST
from mailbridge.store.stored_notifications import VERSION, dump_notification
from mailbridge.store.tables.outgoing import outbox
from mailbridge.store.tx import Tx

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@dataclass
class ScriptedCourier:
    """Says what it is told to, then delivers for good; keeps what it took.  `meanwhile` runs just before the dot."""

    outcomes: list[Outcome | Exception] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    closed: int = 0

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered(reply="250 taken")
        if isinstance(outcome, Deferred):
            return outcome
        self.meanwhile()
        before_dot()
        if isinstance(outcome, Exception):
            raise outcome
        if not isinstance(outcome, Refused):
            self.sent.append((recipient, raw))
        return outcome

    def close(self) -> None:
        self.closed += 1


@dataclass
class Office:
    """A store, a clock, a courier, and what the desk was told of failures."""

    store: Store
    folders: list[Path]
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    transport: ScriptedCourier = field(default_factory=ScriptedCourier)
    limits: LimitSettings = field(default_factory=LimitSettings)
    view: Callable[[Notification], TemplateContext] = lambda notification: replace(a_view(), mail=notification.mail)
    failures: list[tuple[int, str]] = field(default_factory=list)
    holds: list[datetime] = field(default_factory=list)

    def delivery_worker(self) -> DeliveryWorker:
        config = Config(folder=Path(), desk=DeskConfig(name="Desk", address="support@desk.example"), limits=self.limits)
        signer = Signer(keys=(b"k" * 32,), prefix="MB", address=config.desk.address, at=self.clock.now())
        desk = cast(Desk, SimpleNamespace(config=config, signer=signer, organisation=Organisation()))
        return DeliveryWorker(
            self.store, self.transport, Renderer(self.folders), self.clock, desk=lambda: desk,
            view=lambda tx, notification, desk: self.view(notification), failed=self._failed, held=self._held, jitter=lambda: 0.0,
            monotonic=lambda: self.clock.now().timestamp(),
        )  # fmt: skip

    def _failed(self, tx: Tx, queued: Queued, reason: str) -> None:
        self.failures.append((queued.id, reason))

    def _held(self, tx: Tx, queued: Queued, until: datetime) -> None:
        self.holds.append(until)

    def promise(self, *notifications: Notification) -> None:
        with self.store.write() as tx:
            tx.outbox.add_many(notifications, self.clock.now())

    def row(self, recipient: str = "ana@acme.example") -> Queued:
        with self.store.read() as tx:
            (found,) = [row for row in tx.outbox.list() if row.notification.recipient == recipient]
        return found

    def later(self, span: timedelta) -> None:
        self.clock.time += span


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store=store, folders=[shipped_templates()])


def a_promise(recipient: str = "ana@acme.example", event: str = "received", **more: object) -> Notification:
    usual = Notification(
        ticket=1, audience=Audience.CUSTOMER, event=event, recipient=recipient, key=f"1.{event}:{recipient}",
        message_id=f"mb1.c.{event}.{recipient.replace('@', '.')}@desk.example",
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


def a_view(verified: bool = True, text: str = "") -> TemplateContext:
    ticket = TicketView(number="MB-1", subject="Printer", verified=verified, requester_name="Ana")
    return TemplateContext(desk=DeskView(name="Desk", address="support@desk.example"), ticket=ticket, text=text)


def states(office: Office) -> list[OutboxState]:
    with office.store.read() as tx:
        return sorted(row.state for row in tx.outbox.list())


def test_a_promise_is_worded_sent_and_recorded(office: Office) -> None:
    office.promise(a_promise())
    assert office.delivery_worker().one_turn() == 1
    ((recipient, raw),) = office.transport.sent
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert recipient == message["To"] == "ana@acme.example"
    assert message["Subject"] == "Re: Printer [MB-1]"
    assert message["Message-ID"] == "<mb1.c.received.ana.acme.example@desk.example>"
    row = office.row()
    assert (row.state, row.reply, row.rendered, row.sent_at) == (OutboxState.SENT, "250 taken", raw, START)


def test_nothing_to_do_is_nothing_done(office: Office) -> None:
    assert office.delivery_worker().one_turn() == 0


def test_a_second_turn_sends_nothing_again(office: Office) -> None:
    office.promise(a_promise(), a_promise("bob@acme.example"))
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    assert delivery_worker.one_turn() == 0
    assert len(office.transport.sent) == 2


def test_every_try_sends_the_same_bytes(office: Office) -> None:
    # given a first try that is deferred, and templates and ticket that change before the second
    office.promise(a_promise())
    office.transport.outcomes = [Deferred(code=450, reply="RCPT: greylisted")]
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    rendered = office.row().rendered
    office.view = lambda notification: a_view(verified=False)
    # when
    office.later(backoff(1, 1))
    delivery_worker.one_turn()
    # then
    assert [raw for _, raw in office.transport.sent] == [rendered]


def test_a_deferred_mail_waits_longer_each_time_and_the_others_go_on(office: Office) -> None:
    office.promise(a_promise(), a_promise("bob@acme.example"))
    office.transport.outcomes = [Deferred(code=450, reply="RCPT: greylisted")]
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    assert states(office) == [OutboxState.DEFERRED, OutboxState.SENT]
    row = next(row for row in (office.row(), office.row("bob@acme.example")) if row.state is OutboxState.DEFERRED)
    assert (row.error, row.next_at) == ("450 RCPT: greylisted", START + timedelta(minutes=5))


def test_after_five_days_a_mail_is_given_up_and_the_desk_is_told(office: Office) -> None:
    office.promise(a_promise())
    delivery_worker = office.delivery_worker()
    waits: list[timedelta] = []
    while office.row().state is not OutboxState.FAILED:
        office.transport.outcomes = [Deferred(code=450, reply="full")]
        assert delivery_worker.one_turn() == 1
        before, row = office.clock.time, office.row()
        if row.state is OutboxState.DEFERRED:
            assert row.next_at is not None
            waits.append(row.next_at - before)
            office.clock.time = row.next_at
    assert waits[:6] == [timedelta(minutes=m) for m in (5, 10, 20, 40, 67, 67)]
    assert office.clock.time - START >= GIVE_UP
    assert office.failures == [(office.row().id, "gave up after 5 days: 450 full")]


def test_a_refused_mail_fails_once_and_the_desk_is_told(office: Office) -> None:
    office.promise(a_promise())
    office.transport.outcomes = [Refused(code=550, reply="RCPT: no such user")]
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    office.later(timedelta(days=1))
    delivery_worker.one_turn()
    assert office.row().state is OutboxState.FAILED
    assert office.failures == [(office.row().id, "550 RCPT: no such user")]


def test_what_is_told_of_a_failure_stands_or_falls_with_it(office: Office) -> None:
    # given a desk that cannot take the news
    office.promise(a_promise())
    office.transport.outcomes = [Refused(code=550, reply="no")]
    delivery_worker = office.delivery_worker()
    away = [True]

    def failed(tx: Tx, queued: Queued, reason: str) -> None:
        if away[0]:
            raise StoreAway("disk full")
        office.failures.append((queued.id, reason))

    delivery_worker._failed = failed
    with pytest.raises(StoreAway):
        delivery_worker.one_turn()
    assert office.row().state is OutboxState.DOT
    # when the store is back, the outcome is recorded before anything else
    away[0] = False
    delivery_worker.one_turn()
    assert office.row().state is OutboxState.FAILED
    assert len(office.failures) == 1


def test_while_the_server_is_away_mails_wait_without_being_tried_one_by_one(office: Office) -> None:
    office.promise(*(a_promise(f"{n}@acme.example") for n in range(5)))
    office.transport.outcomes = [Deferred(reply="connection refused", away=True)]
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    # then one was tried, the others are free again and their tries do not count
    assert states(office) == [OutboxState.DEFERRED, *[OutboxState.QUEUED] * 4]
    # and the courier rests
    assert delivery_worker.one_turn() == 0
    office.later(rest(1, 1))
    while delivery_worker.one_turn():
        pass
    assert states(office) == [OutboxState.SENT] * 5


def test_an_unknown_outcome_is_repeated_once_for_a_letter_and_never_for_a_reminder(office: Office) -> None:
    office.promise(a_promise(), a_promise("boss@desk.example", "overdue", audience=Audience.MANAGER, class_=Class.REMINDER))
    office.transport.outcomes = [Unknown(reply="no reply"), Unknown(reply="no reply")]
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    assert states(office) == [OutboxState.DOT, OutboxState.DOT]
    # when the server can have nothing left to say
    office.later(DOT_LEASE + UNKNOWN_REST - SECOND)
    assert delivery_worker.one_turn() == 0
    office.later(SECOND)
    delivery_worker.one_turn()
    # then the letter went out twice with the same bytes, the reminder once
    assert states(office) == [OutboxState.SENT, OutboxState.SENT]
    letters = [raw for recipient, raw in office.transport.sent if recipient == "ana@acme.example"]
    assert len(letters) == 2
    assert letters[0] == letters[1]
    assert [recipient for recipient, _ in office.transport.sent].count("boss@desk.example") == 1
    assert office.row().repeated


def test_a_letter_is_repeated_no_second_time(office: Office) -> None:
    office.promise(a_promise())
    office.transport.outcomes = [Unknown(), Unknown()]
    delivery_worker = office.delivery_worker()
    for _ in range(4):
        delivery_worker.one_turn()
        office.later(DOT_LEASE + UNKNOWN_REST)
    assert len(office.transport.sent) == 2
    # and somebody hears that nobody knows
    assert office.row().state is OutboxState.FAILED
    assert office.failures == [(office.row().id, "the server gave no reply, twice; it may have arrived: ")]


def test_whoever_was_too_slow_sends_no_dot(office: Office) -> None:
    # given a first courier that hangs before the dot until its lease is over and another one has delivered
    office.promise(a_promise())
    second = office.delivery_worker()

    def overtake() -> None:
        office.transport.meanwhile = lambda: None
        office.later(LEASE)
        second.one_turn()

    office.transport.meanwhile = overtake
    office.delivery_worker().one_turn()
    assert len(office.transport.sent) == 1
    assert office.row().state is OutboxState.SENT


def test_a_worker_whose_lease_ended_records_nothing_and_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a first worker that hears of a refusal when another one has delivered the mail
    office.promise(a_promise())
    first, second = office.delivery_worker(), office.delivery_worker()

    def late(*_given: object) -> Outcome:
        monkeypatch.undo()
        office.later(LEASE)
        second.one_turn()
        return Refused(code=550, reply="late")

    monkeypatch.setattr(office.transport, "send", late)
    first.one_turn()
    assert (len(office.transport.sent), office.row().state, office.failures) == (1, OutboxState.SENT, [])
    # then it delivers the next mail
    office.promise(a_promise("jo@acme.example"))
    assert first.one_turn() == 1


def test_a_slow_mail_frees_the_rest_of_its_portion_for_other_workers(office: Office) -> None:
    # given three mails of one batch, the first of which takes longer than SLOW
    office.promise(*(replace(a_promise(), key=str(n), message_id=f"{n}@d", recipient=f"jo{n}@acme.example") for n in range(3)))

    def takes_long() -> None:
        office.transport.meanwhile = lambda: None
        office.later(SLOW + SECOND)

    office.transport.meanwhile = takes_long
    office.delivery_worker().one_turn()
    # then the others wait for whoever comes first, and those tries do not count
    assert [office.row(f"jo{n}@acme.example").state for n in range(3)] == [OutboxState.SENT, OutboxState.QUEUED, OutboxState.QUEUED]
    with office.store.write() as tx:
        assert [queued.attempts for queued in tx.outbox.claim("other", 10, LEASE, office.clock.now())] == [1, 1]


def test_a_mail_sent_while_the_store_goes_away_is_recorded_when_it_is_back(office: Office) -> None:
    # given a store that goes away right after the dot
    office.promise(a_promise())
    delivery_worker = office.delivery_worker()
    gate = _Gate(office.store)
    delivery_worker._store = cast(Store, gate)
    gate.refuse_from = 4  # claim, words and dot are committed; the record is not
    with pytest.raises(StoreAway):
        delivery_worker.one_turn()
    assert office.row().state is OutboxState.DOT
    # when it is back
    gate.refuse_from = 10**6
    delivery_worker.one_turn()
    # then nothing is sent twice
    assert office.row().state is OutboxState.SENT
    assert len(office.transport.sent) == 1


def test_a_store_that_goes_away_before_the_dot_leaves_nothing_sent(office: Office) -> None:
    office.promise(a_promise())
    delivery_worker = office.delivery_worker()
    gate = _Gate(office.store, refuse_from=3)
    delivery_worker._store = cast(Store, gate)
    with pytest.raises(StoreAway):
        delivery_worker.one_turn()
    assert office.transport.sent == []
    # and once it is back the mail goes out without waiting for the lease
    gate.refuse_from = 10**6
    delivery_worker.one_turn()
    assert len(office.transport.sent) == 1
    assert office.row().attempts == 1


@pytest.mark.parametrize("dotted", [True, False])
def test_a_courier_that_breaks_does_not_take_the_thread_with_it(office: Office, dotted: bool) -> None:
    office.promise(a_promise())

    def broken() -> None:
        raise AttributeError("a bug")

    if dotted:
        office.transport.outcomes = [AttributeError("a bug")]
    else:
        office.transport.meanwhile = broken
    assert office.delivery_worker().one_turn() == 1
    assert office.row().state is (OutboxState.DOT if dotted else OutboxState.DEFERRED)
    assert office.transport.closed == 1


# --- words that cannot be found (F29)


def broken_templates(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        path = tmp_path / "mail/en" / f"{name}.txt.j2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("first line\n{{ nonsense }}", encoding="utf-8")
    return [tmp_path, shipped_templates()]


def test_a_broken_template_fails_the_customers_mail_and_the_desk_is_told_where(office: Office, tmp_path: Path) -> None:
    office.folders = broken_templates(tmp_path, "customer.received")
    office.promise(a_promise(), a_promise("bob@acme.example", "closed"))
    office.delivery_worker().one_turn()
    assert [recipient for recipient, _ in office.transport.sent] == ["bob@acme.example"]
    row = office.row()
    assert row.state is OutboxState.FAILED
    ((_, reason),) = office.failures
    assert reason.startswith("template error: ")
    assert "mail/en/customer.received.txt.j2:2" in reason


def test_a_broken_template_never_keeps_an_agent_in_the_dark(office: Office, tmp_path: Path) -> None:
    office.folders = broken_templates(tmp_path, "agent.bounced")
    told = Bounced(reason="550 no such user", failed_recipient="ana@acme.example", failed_what="")
    office.promise(a_promise("bogdan@desk.example", "bounced", audience=Audience.AGENT, payload=told))
    office.delivery_worker().one_turn()
    ((_, raw),) = office.transport.sent
    text = email.message_from_bytes(raw).get_payload()
    assert isinstance(text, str)
    for word in ("550 no such user", "ana@acme.example", "MB-1", "mail/en/agent.bounced.txt.j2:2"):
        assert word in text
    assert office.failures == []


def test_an_address_that_is_none_fails_without_stopping_the_others(office: Office) -> None:
    office.promise(a_promise("no address"), a_promise("bob@acme.example"))
    office.delivery_worker().one_turn()
    assert office.row("no address").state is OutboxState.FAILED
    assert office.row("bob@acme.example").state is OutboxState.SENT
    assert len(office.failures) == 1


def test_a_failed_rendering_after_the_lease_ended_is_recorded_by_the_next_worker_alone(office: Office) -> None:
    # given a first worker that is suspended while it renders, until another one has worked off everything
    office.promise(a_promise("no address"), a_promise("bob@acme.example"))
    first, second = office.delivery_worker(), office.delivery_worker()

    def suspended(_notification: Notification) -> TemplateContext:
        office.view = lambda _: a_view()
        office.later(LEASE)
        second.one_turn()
        return a_view()

    office.view = suspended
    assert first.one_turn() == 2
    assert (len(office.failures), len(office.transport.sent)) == (1, 1)
    assert states(office) == [OutboxState.FAILED, OutboxState.SENT]


def test_a_payload_of_a_newer_program_fails_alone_and_those_concerned_are_told(office: Office) -> None:
    newer = load_any(dump_notification(a_promise()))
    newer["payload"] = {"version": VERSION + 1, "values": {}}
    office.promise(a_promise(), a_promise("bob@acme.example"))
    unreadable = office.row().id
    with office.store.write() as tx:
        tx._sql.change(outbox.update().where(outbox.c.id == unreadable).values(payload=dump(newer)))
    delivery_worker = office.delivery_worker()
    delivery_worker.one_turn()
    assert [recipient for recipient, _ in office.transport.sent] == ["bob@acme.example"]
    assert office.row().state is OutboxState.DEFERRED
    for attempt in range(1, office.limits.tries):
        office.later(backoff(attempt, 1))
        delivery_worker.one_turn()
    assert office.row().state is OutboxState.FAILED
    ((failed, reason),) = office.failures
    assert failed == unreadable
    assert "newer" in reason


def test_a_bug_while_wording_is_tried_again_then_told(office: Office) -> None:
    def broken(notification: Notification) -> TemplateContext:
        if notification.recipient == "ana@acme.example":
            raise KeyError("a bug")
        return a_view()

    office.view = broken
    office.promise(a_promise(), a_promise("bob@acme.example"))
    delivery_worker = office.delivery_worker()
    for _ in range(office.limits.tries):
        delivery_worker.one_turn()
        office.later(HOUR)
    assert office.row("bob@acme.example").state is OutboxState.SENT
    assert office.row().state is OutboxState.FAILED
    assert office.failures == [(office.row().id, "KeyError: 'a bug'")]


def test_news_that_cannot_be_told_at_first_is_told_at_the_second_try(office: Office) -> None:
    # given somebody else who changes the ticket at the same moment
    office.promise(a_promise())
    office.transport.outcomes = [Refused(code=550, reply="no")]
    delivery_worker = office.delivery_worker()
    tries: list[str] = []

    def failed(tx: Tx, queued: Queued, reason: str) -> None:
        tries.append(reason)
        tx.addresses.suspend(f"{len(tries)}@acme.example", None, reason)
        if len(tries) == 1:
            raise ValueError("lost the race")

    delivery_worker._failed = failed
    delivery_worker.one_turn()
    # then nothing is left of the first try
    with office.store.read() as tx:
        assert [suspension.address for suspension in tx.addresses.list()] == ["2@acme.example"]
    assert office.row().state is OutboxState.FAILED


def test_news_that_can_never_be_told_stop_nothing(office: Office) -> None:
    office.promise(a_promise(), a_promise("bob@acme.example"))
    office.transport.outcomes = [Refused(code=550, reply="no")]
    delivery_worker = office.delivery_worker()

    def failed(tx: Tx, queued: Queued, reason: str) -> None:
        raise ValueError("a bug")

    delivery_worker._failed = failed
    delivery_worker.one_turn()
    assert sorted(states(office)) == [OutboxState.FAILED, OutboxState.SENT]


# --- files


def a_file(name: str, content: bytes) -> Attachment:
    return Attachment(
        part="2", name=name, content_type="image/png", size=len(content), sha256=sha256(content).hexdigest(), content=content
    )  # fmt: skip


def with_files(office: Office, *files: tuple[str, int]) -> int:
    """A stored mail with files of these names and sizes."""
    carried = [a_file(name, (name.encode() * size)[:size]) for name, size in files]
    with office.store.write() as tx:
        mail = tx.mails.add(StoredMail(direction=Direction.IN, received_at=START, fingerprint="f", sha256=tx.blobs.put(b"raw")))
        assert mail is not None
        tx.mails.add_attachments(mail, None, carried)
    return mail


def names_of_files(raw: bytes) -> list[str | None]:
    return [part.get_filename() for part in email.message_from_bytes(raw).walk() if part.get_content_disposition()]


def test_an_agents_answer_takes_its_files_along_however_big(office: Office) -> None:
    mail = with_files(office, ("a.png", 10), ("b.png", FILES_TO_AGENT + 1))
    office.promise(a_promise(event="answered", automatic=False, mail=mail))
    office.delivery_worker().one_turn()
    ((_, raw),) = office.transport.sent
    assert names_of_files(raw) == ["a.png", "b.png"]
    assert office.row().rendered == raw


def test_news_to_agents_bring_the_files_and_name_those_that_are_too_big(office: Office) -> None:
    mail = with_files(office, ("big.png", FILES_TO_AGENT + 1), ("a.png", 10))
    office.view = lambda notification: replace(a_view(text="see"), mail=mail, files=("big.png", "a.png"))
    office.promise(a_promise("bogdan@desk.example", "new", audience=Audience.AGENT, mail=mail))
    office.delivery_worker().one_turn()
    ((_, raw),) = office.transport.sent
    assert names_of_files(raw) == ["a.png"]
    assert b"too big to attach: big.png" in raw


ROBOTS = [("received", Audience.CUSTOMER), ("commands", Audience.AGENT), ("overdue", Audience.MANAGER)]


@pytest.mark.parametrize(("event", "audience"), ROBOTS)
def test_robots_send_nobodys_files_around(office: Office, event: str, audience: Audience) -> None:
    mail = with_files(office, ("a.png", 10))
    office.promise(a_promise(event=event, audience=audience, mail=mail))
    office.delivery_worker().one_turn()
    assert names_of_files(office.transport.sent[0][1]) == []


# --- caps


def test_the_last_wall_stops_receipts_to_one_address(office: Office) -> None:
    office.limits = LimitSettings(acks_per_verified_hour=1)
    delivery_worker = office.delivery_worker()
    for n in range(3):
        office.promise(a_promise(key=f"{n}", message_id=f"{n}@desk.example"))
        delivery_worker.one_turn()
        office.later(timedelta(minutes=20))
    assert states(office) == [OutboxState.SENT, OutboxState.SUPPRESSED, OutboxState.SUPPRESSED]
    office.later(timedelta(minutes=1))
    office.promise(a_promise(key="later", message_id="later@desk.example"))
    delivery_worker.one_turn()
    assert len(office.transport.sent) == 2


def test_receipts_promised_together_are_not_all_suppressed(office: Office) -> None:
    # given a backlog: two mails of one sender, minutes apart, before anything went out
    office.limits = LimitSettings(acks_per_verified_hour=1)
    office.promise(a_promise(key="1", message_id="1@desk.example"))
    office.later(SECOND)
    office.promise(a_promise(key="2", message_id="2@desk.example"))
    office.delivery_worker().one_turn()
    assert states(office) == [OutboxState.SENT, OutboxState.SUPPRESSED]


def test_agents_are_told_of_everything(office: Office) -> None:
    office.limits = LimitSettings(mails_per_recipient_hour=1, automatic_per_hour=1)
    told = a_promise("team@desk.example", "new", audience=Audience.AGENT)
    promises = [replace(told, key=f"{n}", message_id=f"{n}@desk.example") for n in range(5)]
    office.promise(*promises)
    office.delivery_worker().one_turn()
    assert len(office.transport.sent) == 5


def test_an_agents_answer_goes_out_whatever_the_caps_say(office: Office) -> None:
    office.limits = LimitSettings(mails_per_recipient_hour=0, automatic_per_hour=0)
    with office.store.write() as tx:
        tx.addresses.suspend("ana@acme.example", None, "bounced")
    office.promise(a_promise(event="answered", automatic=False))
    office.delivery_worker().one_turn()
    assert len(office.transport.sent) == 1


def test_a_suspended_address_gets_no_automatic_mail(office: Office) -> None:
    with office.store.write() as tx:
        tx.addresses.suspend("ana@acme.example", None, "550 no such user")
    office.promise(a_promise())
    office.delivery_worker().one_turn()
    assert (office.row().state, office.transport.sent) == (OutboxState.SUPPRESSED, [])
    assert "550 no such user" in office.row().error


def test_a_flood_is_held_back_and_goes_on_by_itself(office: Office) -> None:
    # given a limit of three an hour, and five people who write within minutes
    office.limits = LimitSettings(automatic_per_hour=3)
    delivery_worker = office.delivery_worker()
    for n in range(5):
        office.promise(a_promise(f"{n}@acme.example"))
        office.later(SECOND)
    delivery_worker.one_turn()
    assert states(office) == [OutboxState.DEFERRED, OutboxState.DEFERRED, *[OutboxState.SENT] * 3]
    assert office.holds == [START + HOUR + 3 * SECOND, START + HOUR + 4 * SECOND]
    # then an hour later the rest goes out
    office.later(HOUR)
    delivery_worker.one_turn()
    assert states(office) == [OutboxState.SENT] * 5


# --- several couriers


def test_several_couriers_send_each_mail_once(office: Office, tmp_path: Path) -> None:
    office.promise(*(a_promise(f"{n}@acme.example") for n in range(60)))
    folder = tmp_path / "outgoing"
    stop, wake = Event(), Event()
    deliverers = [office.delivery_worker() for _ in range(3)]
    for delivery_worker in deliverers:
        delivery_worker._transport = MaildirTransport(folder)
    with running(deliverers, stop, wake):
        while set(states(office)) != {OutboxState.SENT}:
            stop.wait(0.05)
    names = [path.name.rpartition(".")[2] for path in (folder / "new").iterdir()]
    assert len(names) == len(set(names)) == 60


@contextmanager
def running(deliverers: list[DeliveryWorker], stop: Event, wake: Event) -> Iterator[None]:
    threads = [Thread(target=delivery_worker.run, args=(stop, wake)) for delivery_worker in deliverers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        wake.set()
        for thread in threads:
            thread.join(10)


class _Gate:
    """The store, which refuses its n-th write transaction and all later ones."""

    def __init__(self, store: Store, refuse_from: int = 10**6) -> None:
        self._store = store
        self.writes = 0
        self.refuse_from = refuse_from
        self.read = store.read

    @contextmanager
    def write(self) -> Iterator[Tx]:
        self.writes += 1
        if self.writes >= self.refuse_from:
            raise StoreAway("the store is away")
        with self._store.write() as tx:
            yield tx


def test_the_biggest_mail_has_time_to_go_out_before_the_claim_is_over() -> None:
    whole = LimitSettings().mail_size * 4 // 3
    assert timedelta(seconds=Timeouts().of_body(whole)) < LEASE
    assert timedelta(seconds=Timeouts().dot) <= DOT_LEASE


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 5), (1, 5), (2, 10), (3, 20), (4, 40), (5, 67), (6, 67), (10_000, 67)])
def test_waits_double_up_to_67_minutes(attempts: int, minutes: int) -> None:
    assert backoff(attempts, 0) == timedelta(minutes=minutes)
    assert backoff(attempts, 1) == timedelta(minutes=minutes) * 1.2
