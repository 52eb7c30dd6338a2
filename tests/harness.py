"""A whole desk for tests: real store, real readers, real pipeline and courier, a clock that tests move."""

from __future__ import annotations

import email
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage, Message
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from mailbridge.clock import FixedClock
from mailbridge.config.model import (
    AgentTrust,
    AuthenticitySettings,
    Config,
    DeskSettings,
    LimitSettings,
    ListenerSettings,
    Outgoing,
    SenderCheck,
)
from mailbridge.daemon import app as apps
from mailbridge.daemon.app import App
from mailbridge.doctor.audit_store import audit_store
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import ReadingPolicy
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.cells import cells
from mailbridge.sandbox.policy import reading_policy
from mailbridge.sandbox.pool import Readers
from mailbridge.store.connections import make_file
from mailbridge.store.engine import Store
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.model import Ticket
from mailbridge.worker import Done
from tests.builders import NOW

RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan, clara], managers: [mara]}
  network: {title: Network, members: [clara]}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
default: support
""",
    "sla.yaml": """
targets:
  normal: {response: 4h, resolution: 3d}
""",
    "routing/10-network.yaml": """
- name: vpn goes to the network team
  when: {header: {subject: {contains: vpn}}}
  then: {team: network, priority: high, tags: [vpn]}
""",
}


MX = "192.0.2.25"  # the desk's own mail server, from which the tests' mails come


def a_config(folder: Path, **different: Any) -> Config:
    """A desk that trusts the verdicts of mx.desk.test and catches its outgoing mail in a Maildir."""
    desk = DeskSettings(
        name="Acme Support",
        address="support@desk.test",
        also=("help@desk.test",),
        admins=("admin@desk.test",),
        authserv_ids=("mx.desk.test",),
        agent_trust=different.pop("agent_trust", AgentTrust.DMARC),
    )
    usual = Config(
        folder=folder,
        desk=desk,
        listeners=(ListenerSettings(protocol="smtp", trusted_peers=(MX,)),),
        outgoing=Outgoing(url="maildir:outgoing"),
        limits=LimitSettings(acks_per_sender_hour=5),
        authenticity=AuthenticitySettings(check=SenderCheck.HEADERS),
        readers=1,
    )
    return replace(usual, **different)


def write_rules(folder: Path, rules: dict[str, str] | None = None) -> None:
    for name, text in (rules or RULES).items():
        path = folder / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def a_mail(body: str = "It does not work.", **headers: str) -> bytes:
    """A customer's mail; `from_`, `in_reply_to` and so on name header fields, '' leaves one out."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    fields = {
        "From": "Carol Jones <carol@customer.test>",
        "To": "support@desk.test",
        "Subject": "Printer broken",
        "Date": "Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID": "<one@customer.test>",
    }
    fields |= {"-".join(w.capitalize() for w in name.strip("_").split("_")).replace("Id", "ID"): value for name, value in headers.items()}
    for name, value in fields.items():
        if value:
            mail[name] = value
    mail.set_content(body)
    return mail.as_bytes()


def proven(raw: bytes, domain: str = "desk.test", verdict: str = "pass") -> bytes:
    """The mail as our own MX hands it over, with its DMARC verdict on top."""
    result = f"Authentication-Results: mx.desk.test; dmarc={verdict} header.from={domain}\r\n"
    trace = f"Received: from mail.{domain} by mx.desk.test with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    return (result + trace).encode() + raw


@dataclass(slots=True)
class TestDesk:
    """An App with a hand on it."""

    __test__ = False

    app: App
    clock: FixedClock
    jobs_may_fail: bool = False  # the test lets a job fail
    mails_may_be_lost: bool = False  # the test takes rows away
    _letters: dict[Path, Message] = field(default_factory=dict)  # files of a Maildir stay as they are

    def feed(self, raw: bytes, *, mail_from: str | None = "carol@customer.test", rcpt_to: tuple[str, ...] = ("support@desk.test",)) -> Done:
        """The mail is accepted and worked; what became of it."""
        inbox = self.accept(raw, mail_from=mail_from, rcpt_to=rcpt_to)
        done = self.work()
        return next(one for one in reversed(done) if one.inbox == inbox)

    def accept(
        self, raw: bytes, *, mail_from: str | None = "carol@customer.test", rcpt_to: tuple[str, ...] = ("support@desk.test",)
    ) -> int:
        envelope = Envelope(source=Source.SMTP, received_at=self.clock.now(), mail_from=mail_from, rcpt_to=rcpt_to, peer=MX)
        return self.app.inbox.accept(raw, envelope)

    def work(self) -> list[Done]:
        """Turns until nothing waits; mails that were postponed get their time."""
        done: list[Done] = []
        for _ in range(50):
            turn = self.app.worker.one_turn()
            done += turn
            if not turn:
                break
            if any(one.result.outcome is MailOutcome.WAIT for one in turn):
                self.pass_time(seconds=31)
        return done

    def deliver(self) -> list[Message]:
        """Everything that can be sent now is in the Maildir; all mails there, oldest first."""
        courier = self.app.delivery_worker()
        self.app.clock_watch.look()  # the clock of a test moves by leaps and stands meanwhile; that is no step of the machine's clock
        while courier.one_turn():
            self.app.clock_watch.look()
        return self.sent()

    def sent(self) -> list[Message]:
        folder = self.app.config.folder / "outgoing" / "new"
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns) if folder.exists() else []
        for path in files:
            if path not in self._letters:
                self._letters[path] = email.message_from_bytes(path.read_bytes(), policy=default)
        return [self._letters[path] for path in files]

    def promises(self, audience: Audience | None = None, event: str = "") -> list[Notification]:
        """What was promised, oldest first."""
        with self.app.store.read() as tx:
            rows = [queued.notification for queued in reversed(tx.outbox.list(limit=1000))]
        return [n for n in rows if (audience is None or n.audience is audience) and (not event or n.event == event)]

    def promise_to(self, recipient: str, event: str = "") -> Notification:
        """The latest promise to this address."""
        return next(n for n in reversed(self.promises()) if n.recipient == recipient and (not event or n.event == event))

    def ticket(self, id: int = 1) -> Ticket:
        with self.app.store.read() as tx:
            ticket = tx.tickets.get(id)
        assert ticket is not None, f"there is no ticket {id}"
        return ticket

    def tickets(self) -> list[Ticket]:
        with self.app.store.read() as tx:
            return sorted(tx.tickets.find(limit=1000), key=lambda ticket: ticket.id)

    def assert_sound(self) -> None:
        """What must be true of every desk at any time: tickets are what their events say, each mail has one outcome."""
        with self.app.store.read() as tx:
            for ticket in tx.tickets.find(limit=1000):
                events = tx.events.of_ticket(ticket.id)
                assert rebuild(events) == ticket
            assert tx.inbox.counts()["claimed"] == 0
        self.assert_nothing_lost()

    def assert_nothing_lost(self) -> None:
        """Every accepted mail has exactly one outcome, and the numbers add up."""
        with self.app.store.read() as tx:
            audited = audit_store(tx)
        assert audited.missing == ()
        assert all(one.adds_up for one in audited.sources), audited.sources

    def pass_time(self, **time: float) -> datetime:
        self.clock.time += timedelta(**time)
        return self.clock.time


class SharedReaders:
    """Reading children that outlive a desk: starting some for each test would take longer than the tests."""

    def __init__(self) -> None:
        self._by_policy: dict[ReadingPolicy, Readers] = {}

    def of(self, policy: ReadingPolicy) -> Readers:
        return self._by_policy.setdefault(policy, Readers(policy, processes=1))

    def close(self) -> None:
        for readers in self._by_policy.values():
            readers.close()


class DeskApp(App):
    """An App whose readers belong to somebody else."""

    shared: ClassVar[SharedReaders] = SharedReaders()

    @property
    def readers(self) -> Readers:  # type: ignore[override]
        return self.shared.of(reading_policy(self.config, self.renderer.markers()))


@cache
def new_database() -> bytes:
    """An SQLite database with our schema and nothing in it.  Copying it is faster than making it."""
    with tempfile.TemporaryDirectory(prefix="mb-new-") as folder:
        path = Path(folder) / "new.db"
        store = Store(f"sqlite:///{path}")
        store.upgrade()
        store.checkpoint()
        store.close()
        return path.read_bytes()


def put_new_database(path: Path) -> None:
    """There is a database, a new one where there was none."""
    if not path.exists():
        make_file(path)
        path.write_bytes(new_database())


@contextmanager
def a_desk(folder: Path, *, rules: dict[str, str] | None = None, store_url: str = "", **different: Any) -> Iterator[TestDesk]:
    """A desk in `folder`, on SQLite there unless `store_url` says otherwise; its rules are written where there are none."""
    if not (folder / "rules").exists():
        write_rules(folder, rules)
    config = a_config(folder, **different)
    if store_url:
        config = replace(config, store_url=store_url)
    kind, _, place = apps.store_url(config).partition(":///")
    if kind == "sqlite":
        put_new_database(Path(place))
    clock = FixedClock(NOW)
    with DeskApp.open(config, clock=clock) as app:
        desk = TestDesk(app, clock)
        yield desk
        if not desk.mails_may_be_lost:
            desk.assert_nothing_lost()
        if not desk.jobs_may_fail:
            with app.store.read() as tx:
                assert tx.job_failures.all(5) == []


def table(notification: Notification, name: str = "rows") -> str:
    """A table of the notification as text: a line a row, cells separated by tabs."""
    rows = notification.values[name] or ()
    assert isinstance(rows, tuple)
    return "\n".join("\t".join(str(cell) for cell in cells(row)) for row in rows)
