"""The clock of the machine is set under a running daemon (libfaketime): it goes on at once, and tells each alert once."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.notifications.model import Queued
from mailbridge.store.engine import Store
from tests.e2e.running import looking, mailbridge, running, sink, write_desk
from tests.harness import a_mail
from tests.servers.processes import free_ports, program, wait_until

pytestmark = pytest.mark.servers

WITHIN = 15.0  # seconds in which everything moves on
DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
admins = ["admin@desk.test"]
[authenticity]
check = "headers"
[[listener]]
protocol = "lmtp"
port = {lmtp}
trusted_peers = ["127.0.0.1"]
[outgoing]
url = "smtp://127.0.0.1:{relay}"
tls = "none"
[limits]
acks_per_sender_hour = 100
"""
RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan], unclaimed-after: 30m, hours: home}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
default: support
hours:
  home: {zone: Europe/Bucharest, week: {mon-sun: "00:00-24:00"}}
""",
    "sla.yaml": "targets:\n  normal: {response: 1h, resolution: 3d}\n",
}
AT_FIRST = datetime(2026, 3, 28, 12, tzinfo=UTC)
# Each step is from the moment before: two hours, days and years, ahead and back, and over both changes of summer time.
STEPS = {
    "2 hours ahead": AT_FIRST + timedelta(hours=2),
    "a day ahead, before the clocks go forward": datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC),
    "a day back": AT_FIRST,
    "to 1970": datetime(1970, 1, 2, tzinfo=UTC),
    "to 2038": datetime(2038, 1, 19, 3, 14, 0, tzinfo=UTC),
    "back, before the clocks go back": datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC),
    "2 hours back": datetime(2026, 10, 24, 23, 0, tzinfo=UTC),
}
ALERTS = ("overdue", "warning", "unclaimed")


@dataclass
class MovableClock:
    """The wall clock of a process.  The monotonic clock stays as it is."""

    file: Path

    def environment(self) -> dict[str, str]:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            "NO_FAKE_STAT": "1",  # setting a clock changes no file; and the program looks at many
        }

    def set(self, moment: datetime) -> None:
        step = moment.timestamp() - time.time()
        new = self.file.with_suffix(".new")
        new.write_text(f"{step:+.0f}s\n")
        new.rename(self.file)


def test_everything_moves_on_after_the_clock_was_set(tmp_path: Path) -> None:
    program("faketime", "faketime")
    lmtp, relay = free_ports(2)
    write_desk(tmp_path, DESK.format(lmtp=lmtp, relay=relay), RULES)
    clock = MovableClock(tmp_path / "faketime")
    clock.set(AT_FIRST)

    def deliver(name: str) -> None:
        with smtplib.LMTP("127.0.0.1", lmtp) as client:
            mail = a_mail(from_=f"{name}@customer.test", message_id=f"<{name}@customer.test>", subject=name)
            client.sendmail(f"{name}@customer.test", ["support@desk.test"], mail)

    with running(tmp_path, **clock.environment()), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        for number, (about, moment) in enumerate(STEPS.items()):
            # given a mail that the relay did not take, because it was away
            deliver(f"away{number}")
            wait_until(lambda number=number: waits(store, f"away{number}@customer.test"), f"{about}: the answer waits")
            clock.set(moment)
            with sink(relay) as world:
                set_at = time.monotonic()

                def left() -> float:
                    return max(0.1, WITHIN - (time.monotonic() - set_at))  # noqa: B023

                deliver(f"new{number}")
                for name in (f"away{number}", f"new{number}"):
                    wait_until(lambda: bool(world.to(f"{name}@customer.test")), f"{about}: {name} is answered", left())  # noqa: B023
                wait_until(lambda: moves_on(store, now(moment, set_at)), f"{about}: the heartbeat and the sweep move on", left())  # noqa: B023
                wait_until(lambda: not waiting(store), f"{about}: everything is sent")
        with store.read() as tx:
            known, sent = tx.state.get("clock-set"), tx.outbox.list(limit=1000)
        status = mailbridge(tmp_path, "status", **clock.environment())

    assert known["steps"] == len(STEPS)
    alerts = Counter((one.notification.ticket, one.notification.recipient, repr(one.notification.payload)) for one in sent if is_alert(one))
    assert alerts, "targets were missed"
    assert [alert for alert, times in alerts.items() if times > 1] == [], "each alert is sent once"
    assert not any(one.repeated or one.state == "failed" for one in sent)
    assert any(one.notification.event == "clock_set" for one in sent), "the admins hear of it"
    assert status.returncode == 1
    assert b"the clock of the machine was set back by 1:5" in status.stdout  # 1:59:50, and the seconds of the test


def is_alert(one: Queued) -> bool:
    return one.notification.event in ALERTS and one.state == "sent"


def moves_on(store: Store, now: datetime) -> bool:
    """Whether the heartbeat is of now, and no due time is left that was reached some seconds ago."""
    with store.read() as tx:
        beat, due = tx.state.set_at("daemon"), tx.clocks.next_due()
    return beat is not None and abs(beat - now) < timedelta(seconds=16) and (due is None or due > now - timedelta(seconds=10))


def waiting(store: Store) -> bool:
    with store.read() as tx:
        counts = tx.outbox.counts()
    return any(counts[state] for state in ("queued", "deferred", "sending", "dot"))


def now(moment: datetime, since: float) -> datetime:
    return moment + timedelta(seconds=time.monotonic() - since)


def waits(store: Store, recipient: str) -> bool:
    with store.read() as tx:
        return any(one.notification.recipient == recipient and one.error for one in tx.outbox.list("deferred"))
