"""The mail of the desk to itself: measured and on no ticket, an alarm when it is late, once, also over restarts and with two processes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailbridge.config.model import CanarySettings, DeskSettings, HealthSettings, Identity, Outgoing, WebhookSettings
from mailbridge.conversation.canary import CanaryAlarm, CanaryWatch, watch_key, watch_of
from mailbridge.daemon.canaries import CanaryOutside
from mailbridge.daemon.schedule import schedule
from mailbridge.delivery.transport import Deferred, Delivered, Outcome
from mailbridge.delivery.webhooks.sign import signature
from mailbridge.doctor.audit_model import AuditOutcome
from mailbridge.doctor.audit_store import audit_store
from mailbridge.handling.outcome import MailOutcome
from mailbridge.health.gauges import gauges_of
from mailbridge.jobs.canary import Canaries
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience
from tests.builders import NOW
from tests.harness import TestDesk, a_desk, a_mail
from tests.scenarios.robots import bounce
from tests.webhooks.hook_server import hook_server

SUPPORT = "support@desk.test"
SETTINGS = CanarySettings(every=timedelta(minutes=5), late_after=timedelta(minutes=10))
HOP = b"Received: from desk.test by mx.desk.test with ESMTP; Mon, 23 Nov 2026 09:00:01 +0000\r\n"


@dataclass
class Way:
    """The outgoing server: keeps what it takes; nothing where it is `down`."""

    down: str = ""
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: object) -> Outcome:
        if self.down:
            return Deferred(code=451, reply=self.down, away=True)
        self.mails.append((recipient, raw))
        return Delivered()

    def close(self) -> None: ...


@dataclass
class Told:
    """The ways of an alarm, beside the real outside; `deaf` ones cannot be reached."""

    real: CanaryOutside
    said: list[tuple[str, bool, str]] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)

    def hand_over(self, to: str, nonce: str, now: datetime) -> str:
        return self.real.hand_over(to, nonce, now)

    def came(self, watch: CanaryWatch) -> None:
        self.real.came(watch)

    def is_late(self, watch: CanaryWatch) -> None:
        self.real.is_late(watch)

    def ways(self) -> Sequence[str]:
        return ("webhook", "mail:admin@desk.test")

    def tell(self, way: str, watch: CanaryWatch, alarm: CanaryAlarm, now: datetime) -> str:
        if way in self.deaf:
            return "no answer"
        self.said.append((way, alarm.late, alarm.reason))
        return ""


@dataclass
class Measured:
    """A desk with a canary.  Time passes on both clocks together."""

    desk: TestDesk
    way: Way = field(default_factory=Way)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        app = self.desk.app
        self.outside = Told(replace(app.canary_outside, transport=lambda _server: self.way))
        self.canaries = self.process()

    def process(self) -> Canaries:
        """A daemon that has just started."""
        app = self.desk.app
        return Canaries(app.store, app.clock, SETTINGS, self.outside, monotonic=lambda: self.seconds)

    def pass_time(self, *processes: Canaries, **time: float) -> None:
        """Every ten seconds the jobs of each process run."""
        for _ in range(int(timedelta(**time).total_seconds() // 10)):
            self.desk.pass_time(seconds=10)
            self.seconds += 10
            for one in processes or (self.canaries,):
                one.send_due(SUPPORT)
                one.look((SUPPORT,))
                one.tell((SUPPORT,))

    def receive(self, number: int = 0) -> MailOutcome:
        return self.desk.feed(HOP + self.way.mails[number][1], mail_from=SUPPORT).result.outcome

    @property
    def known(self) -> CanaryWatch:
        with self.desk.app.store.read() as tx:
            return watch_of(SUPPORT, tx.state.get(watch_key(SUPPORT)))


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[Measured]:
    with a_desk(tmp_path, canary=SETTINGS) as desk:
        yield Measured(desk)


def test_it_is_measured_and_leaves_no_trace_in_what_is_counted(measured: Measured) -> None:
    desk = measured.desk
    measured.pass_time(seconds=10)
    desk.pass_time(seconds=4)

    assert measured.receive() is MailOutcome.CANARY

    assert measured.known.last is not None
    assert [leg.name for leg in measured.known.last.legs] == ["mx.desk.test", "accepted by the desk", "recognised"]
    assert (measured.known.last.seconds, measured.known.under_way) == (4, ())
    assert (desk.tickets(), desk.promises(), measured.known.alarm) == ([], [], None)
    with desk.app.store.read() as tx:
        assert [one.outcomes for one in audit_store(tx).sources] == [{AuditOutcome.CANARY: 1}]
    assert desk.app.jobs.count_arrivals() == 1
    with desk.app.store.read() as tx:
        assert [one for one in tx.sources.all() if one.mail_at] == []


def test_a_mail_in_progress_is_counted_when_it_is_known_to_be_none(measured: Measured) -> None:
    desk = measured.desk
    desk.app.inbox.accept(a_mail(), Envelope(source=Source.PIPE, received_at=desk.clock.now()))
    assert desk.app.jobs.count_arrivals() == 0
    desk.work()
    assert desk.app.jobs.count_arrivals() == 1
    with desk.app.store.read() as tx:
        assert [one.name for one in tx.sources.all() if one.mail_at] == ["pipe"]


def test_a_copy_is_kept_as_a_loop_and_a_forged_one_is_an_ordinary_mail(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    raw = measured.way.mails[0][1]
    mark = re.search(rb"X-Mailbridge-Loop: (\S+)", raw)
    assert mark
    forged = raw.replace(mark[1], mark[1][:-1] + (b"a" if mark[1][-1:] != b"a" else b"b"))

    assert measured.desk.feed(forged, mail_from=SUPPORT).result.outcome is MailOutcome.TICKET
    assert measured.known.last is None
    assert measured.receive() is MailOutcome.CANARY
    came = measured.known.last
    assert measured.receive() is MailOutcome.DUPLICATE  # of the forged one
    played_again = measured.way.mails[0][1].replace(b"The desk sent", b"Somebody sent")
    assert measured.desk.feed(played_again, mail_from=SUPPORT).result.outcome is MailOutcome.KEPT
    assert measured.known.last == came
    assert len(measured.desk.tickets()) == 1


def test_a_mark_of_another_mail_of_ours_is_no_canary(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    measured.desk.feed(a_mail())
    receipt = next(one for one in measured.desk.deliver() if one["To"] == "carol@customer.test")

    mark = str(receipt["X-Mailbridge-Loop"])
    outcome = measured.desk.feed(a_mail(message_id="<x@y.test>", x_mailbridge_loop=mark)).result.outcome

    assert outcome is MailOutcome.KEPT
    assert len(measured.known.under_way) == 1


def report_of(raw: bytes, to: str = SUPPORT, *, action: str = "failed") -> bytes:
    """What a server on the way says of this mail (RFC 3464)."""
    mail = a_mail(to=SUPPORT)
    about, letter = message_from_bytes(mail, _class=EmailMessage, policy=SMTP), message_from_bytes(raw)
    letter.replace_header("To", to)
    bounce(about, letter)
    return about.as_bytes().replace(b"Action: failed", b"Action: " + action.encode())


def test_a_canary_that_is_refused_on_its_way_raises_the_alarm_at_once(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    done = measured.desk.feed(report_of(measured.way.mails[0][1]), mail_from="")
    measured.pass_time(seconds=10)

    assert (done.result.outcome, done.result.handler) == (MailOutcome.CANARY, "canary_bounce")
    assert [late for _, late, _ in measured.outside.said] == [True, True]
    assert measured.outside.said[0][2].endswith("did not come back: the way out refused it: 550 5.1.1 no such user")
    with measured.desk.app.store.read() as tx:
        assert (tx.mails.has_message_id("m1@customer.test"), audit_store(tx).sources[0].outcomes) == (False, {AuditOutcome.CANARY: 1})
    assert (measured.desk.tickets(), measured.desk.app.jobs.count_arrivals()) == ([], 1)
    measured.pass_time(minutes=5)
    measured.receive(-1)
    measured.pass_time(seconds=10)
    assert [late for _, late, _ in measured.outside.said] == [True, True, False, False]


def test_a_report_of_a_delay_is_told_when_the_canary_is_late(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    measured.desk.feed(report_of(measured.way.mails[0][1], action="delayed"), mail_from="")
    measured.pass_time(minutes=4)
    assert measured.outside.said == []
    measured.way.down = "away"
    measured.pass_time(minutes=7)
    assert "5.1.1" in measured.known.under_way[0].returned
    assert [late for _, late, _ in measured.outside.said] == [True, True]


def test_a_report_about_a_canary_that_came_fills_no_list_and_a_made_up_one_is_an_ordinary_report(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    raw = measured.way.mails[0][1]
    measured.receive()
    assert measured.desk.feed(report_of(raw, "fan-out@elsewhere.test"), mail_from="").result.outcome is MailOutcome.CANARY

    made_up = re.sub(rb"canary-[0-9a-f]+", b"canary-" + b"0" * 32, report_of(raw))
    assert measured.desk.feed(made_up, mail_from="").result.outcome is not MailOutcome.CANARY
    assert measured.known.late_since is None


def test_it_is_not_among_the_accepted_mails_of_the_metrics(measured: Measured) -> None:
    def accepted() -> float:
        return measured.desk.app.metrics.registry.get_sample_value("mailbridge_mails_accepted_total", {"source": "smtp"}) or 0.0

    measured.pass_time(seconds=10)
    raw = measured.way.mails[0][1]
    measured.desk.feed(HOP + re.sub(rb"Message-ID: <[^>]+>", b"Message-ID: <1@provider.test>", raw), mail_from=SUPPORT)
    measured.desk.feed(report_of(raw), mail_from="")
    assert (accepted(), measured.known.last is not None) == (0, True)
    measured.desk.feed(raw.replace(b"X-Mailbridge-Loop: ", b"X-Mailbridge-Loop: a"), mail_from=SUPPORT)
    measured.desk.feed(a_mail(), mail_from="carol@customer.test")
    assert accepted() == 2


@pytest.mark.parametrize(("down", "why"), [("later", "does not take mail: outgoing: 451 later"), ("", "the outgoing server took it")])
def test_an_alarm_begins_once_and_ends_once(measured: Measured, down: str, why: str) -> None:
    measured.way.down = down
    measured.pass_time(minutes=30)
    assert [(way, late) for way, late, _ in measured.outside.said] == [("webhook", True), ("mail:admin@desk.test", True)]
    assert why in measured.outside.said[0][2]

    measured.way.down = ""
    measured.way.mails.clear()
    measured.pass_time(minutes=5)
    measured.receive(-1)
    measured.pass_time(seconds=30)

    assert [late for _, late, _ in measured.outside.said] == [True, True, False, False]
    assert "came back after" in measured.outside.said[-1][2]
    with measured.desk.app.store.read() as tx:
        source = tx.sources.get(f"canary:{SUPPORT}")
    assert source is not None
    assert (source.failing_since, source.proof[:16]) == (None, "a mail came back")


def test_one_that_comes_after_the_alarm_ends_it(measured: Measured) -> None:
    measured.pass_time(minutes=14)
    assert len(measured.outside.said) == 2
    for number in range(len(measured.way.mails)):
        measured.receive(number)
    measured.pass_time(seconds=30)

    assert [late for _, late, _ in measured.outside.said] == [True, True, False, False]
    assert measured.known.under_way == ()


def test_a_way_of_the_alarm_that_is_broken_is_tried_again_and_holds_up_no_other(measured: Measured) -> None:
    measured.outside.deaf = {"webhook"}
    measured.pass_time(minutes=15)
    assert [way for way, _, _ in measured.outside.said] == ["mail:admin@desk.test"]
    measured.outside.deaf = set()
    measured.pass_time(seconds=70)
    assert [way for way, _, _ in measured.outside.said] == ["mail:admin@desk.test", "webhook"]


def test_a_restart_between_sending_and_receiving_changes_nothing(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    measured.canaries = measured.process()
    measured.pass_time(minutes=3)
    assert len(measured.way.mails) == 1
    assert measured.receive() is MailOutcome.CANARY


def test_a_desk_that_was_stopped_has_time_to_fetch_what_waits_for_it(measured: Measured) -> None:
    measured.pass_time(seconds=10)
    measured.desk.pass_time(hours=2)
    measured.seconds += 7200
    measured.canaries = measured.process()
    measured.pass_time(seconds=60)
    assert measured.outside.said == []
    for number in range(len(measured.way.mails)):
        measured.receive(number)
    measured.pass_time(minutes=1)
    assert (measured.outside.said, measured.known.late_since) == ([], None)


def test_an_alarm_goes_on_after_a_restart(measured: Measured) -> None:
    measured.pass_time(minutes=15)
    measured.canaries = measured.process()
    measured.pass_time(minutes=20)
    assert len(measured.outside.said) == 2
    assert measured.known.late_since is not None


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1), timedelta(days=-20_000)])
def test_a_clock_that_is_set_raises_no_alarm_and_stops_nothing(measured: Measured, step: timedelta) -> None:
    measured.pass_time(seconds=10)
    measured.desk.clock.time += step
    measured.pass_time(minutes=4)
    assert (measured.outside.said, measured.known.late_since) == ([], None)
    assert measured.receive(-1) is MailOutcome.CANARY

    measured.pass_time(minutes=5)
    assert measured.receive(-1) is MailOutcome.CANARY
    measured.pass_time(minutes=1)
    assert measured.outside.said == []
    assert measured.known.last is not None
    assert measured.desk.clock.now() - measured.known.last.came < timedelta(minutes=2)


def test_two_processes_send_one_and_tell_once(desk: TestDesk) -> None:
    """On both databases."""
    both = Measured(desk)
    one, other = both.canaries, both.process()

    both.pass_time(one, other, minutes=5)
    assert len(both.way.mails) == 1
    both.pass_time(one, other, minutes=10)
    assert len(both.way.mails) == 3
    assert [late for _, late, _ in both.outside.said] == [True, True]


def test_each_address_has_its_own_and_goes_the_way_of_its_identity(tmp_path: Path) -> None:
    brand = "help@brand.test"
    desk_settings = DeskSettings(name="Acme", address=SUPPORT, admins=("admin@desk.test",), identities=(Identity(address=brand),))
    with a_desk(tmp_path, desk=desk_settings, canary=replace(SETTINGS, to=(SUPPORT, brand))) as desk:
        measured = Measured(desk)
        for to in desk.app.config.canary_addresses:
            measured.canaries.send_due(to)
        senders = [re.search(rb"From: (\S+)", raw)[1].decode() for _, raw in measured.way.mails]  # type: ignore[index]
        assert list(zip([to for to, _ in measured.way.mails], senders, strict=True)) == [(SUPPORT, SUPPORT), (brand, brand)]

        assert desk.feed(measured.way.mails[1][1], mail_from=brand, rcpt_to=(brand,)).result.outcome is MailOutcome.CANARY
        assert measured.known.last is None
        assert [one for one in names_of(desk) if one.startswith("canary")] == ["canary", "canary-1", "canary-watch", "canary-alarm"]


def test_a_desk_in_shadow_mode_or_without_the_table_sends_none(tmp_path: Path) -> None:
    with a_desk(tmp_path, canary=SETTINGS) as desk:
        config = desk.app.config
        assert [one for one in names_of(desk) if one.startswith("canary")] == ["canary", "canary-watch", "canary-alarm"]
        for other in (replace(config, canary=None), replace(config, desk=replace(config.desk, shadow=True))):
            desk.app.config = other
            assert [one for one in names_of(desk) if one.startswith("canary")] == []


def names_of(desk: TestDesk) -> list[str]:
    return [job.name for job in schedule(desk.app, intake=False, clocks=True, beat=lambda: None, probe=lambda: None, stand_in=lambda: None)]


def test_the_metrics_have_the_way_and_the_alarm(measured: Measured) -> None:
    def numbers() -> dict[tuple[str, ...], float]:
        app = measured.desk.app
        with app.store.read() as tx:
            found = {gauge.name: gauge.count(tx, app.clock.now()) for gauge in gauges_of(app.config) if "canary" in gauge.name}
        return {(name.removeprefix("mailbridge_canary_"), *labels[1:]): value for name, of in found.items() for labels, value in of.items()}

    assert numbers() == {}
    measured.pass_time(seconds=10)
    measured.desk.pass_time(seconds=4)
    measured.receive()
    measured.desk.pass_time(seconds=9)
    assert numbers() == {
        ("last_seconds",): 4, ("hop_seconds", "1"): 0, ("hop_seconds", "2"): 4, ("hop_seconds", "3"): 0,
        ("age_seconds",): 9, ("late",): 0, ("lost",): 0,
    }  # fmt: skip
    measured.pass_time(minutes=20)
    assert numbers()["late",] == 1


def test_the_alarm_is_a_signed_call_and_a_mail_by_the_second_server(tmp_path: Path) -> None:
    second, used, way = Outgoing(name="spare", url="smtp://spare.test"), list[str](), Way()

    def transport(server: Outgoing) -> Way:
        used.append(server.name)
        return way

    with hook_server() as hooks:
        hosts = WebhookSettings(hosts=("127.0.0.1",), secret="s" * 24)
        settings, health = replace(SETTINGS, alarm_outgoing="spare"), HealthSettings(alarm_url=hooks.url())
        with a_desk(tmp_path, canary=settings, health=health, further_outgoing=(second,), webhooks=hosts) as desk:
            outside, watch = replace(desk.app.canary_outside, transport=transport), CanaryWatch(to=SUPPORT)
            alarm = CanaryAlarm(key="late:x", late=True, at=NOW, reason="the mail did not come back", owed=(), next_at=NOW)

            assert outside.ways() == ["webhook", "mail:admin@desk.test"]
            assert [outside.tell(one, watch, alarm, NOW) for one in outside.ways()] == ["", ""]
            ((recipient, raw),) = way.mails
            assert (used, recipient, b"the mail did not come back" in raw) == (["spare"], "admin@desk.test", True)
            ((_, header, body),) = hooks.heard
            assert (json.loads(body)["type"], json.loads(body)["data"]["to"]) == ("canary.late", SUPPORT)
            assert header["webhook-signature"] == signature("s" * 24, header["webhook-id"], NOW, body)

            hooks.answers["/tickets"], way.down = [(500, {})], "away"
            assert [outside.tell(one, watch, replace(alarm, late=False), NOW)[:5] for one in outside.ways()] == ["500 s", "spare"]
            desk.app.sources.board.failed(f"canary:{SUPPORT}", "late")
            desk.pass_time(minutes=5)
            assert desk.app.jobs.notify_sources() == 0  # it is told by these ways alone


def test_without_a_way_of_its_own_the_admins_get_the_usual_mail(measured: Measured) -> None:
    desk = measured.desk
    measured.outside.real.is_late(replace(measured.known, reason="it did not come back"))
    desk.pass_time(minutes=2)

    assert desk.app.jobs.notify_sources() == 1
    assert len(desk.promises(Audience.ADMIN, "sources")) == 1
    assert measured.outside.real.ways() == []
