"""The morning digest comes once a day to each person: over restarts, two daemons, nights on which the clock jumps, and after a downtime."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.daemon.app import App
from mailbridge.jobs.digests import notify_digests
from tests.harness import RULES as USUAL
from tests.harness import TestDesk, a_desk, a_mail

TEAMS = """
default: support
teams: {support: {members: [bogdan], unclaimed-after: never}}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test, zone: Europe/Bucharest, digest: never}
  mara: {title: Mara Lind, address: mara@desk.test, role: manager, zone: Europe/Bucharest, digest: "%s"}
"""
CUSTOMERS = "customers: {acme: {domains: [customer.test], responsible: mara}}\n"
RULES = {
    **USUAL,
    "routing/10-network.yaml": "[]\n",
    "sla.yaml": "targets: {normal: {resolution: 1h}}\n",
    "customers.yaml": CUSTOMERS,
    "teams.yaml": TEAMS % "07:30",
}


def a_late_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail(from_="carol@customer.test", subject="Printer", message_id="<one@x.test>"))


def digests(desk: TestDesk) -> list[str]:
    return [one.key for one in desk.promises() if one.event == "digest"]


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[TestDesk]:
    with a_desk(tmp_path, store_url=store_url, rules=RULES) as desk:
        a_late_ticket(desk)
        yield desk


def tick(desk: TestDesk, at: datetime) -> int:
    desk.clock.time = at
    return notify_digests(desk.app.store, desk.app.desk(), at)


TUESDAY = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 7:30 in Bucharest


def test_not_a_minute_early_and_once_a_day(desk: TestDesk) -> None:
    assert tick(desk, TUESDAY - timedelta(minutes=1)) == 0
    assert [tick(desk, TUESDAY + timedelta(minutes=n)) for n in range(4)] == [1, 0, 0, 0]
    assert tick(desk, TUESDAY + timedelta(hours=16)) == 0  # until midnight by the own clock
    assert tick(desk, TUESDAY + timedelta(days=1)) == 1
    assert digests(desk) == ["digest:mara:2026-11-24:mara@desk.test", "digest:mara:2026-11-25:mara@desk.test"]


def test_another_daemon_on_the_same_store_sends_none(desk: TestDesk) -> None:
    tick(desk, TUESDAY)
    other = App(desk.app.config, clock=desk.clock)
    try:
        assert notify_digests(other.store, other.desk(), TUESDAY) == 0
    finally:
        other.close()
    assert len(digests(desk)) == 1


def test_one_that_was_missed_comes_on_the_same_day_and_not_on_the_next(desk: TestDesk) -> None:
    assert tick(desk, TUESDAY + timedelta(hours=9)) == 1
    assert tick(desk, TUESDAY + timedelta(days=3)) == 1
    assert len(digests(desk)) == 2


def test_nothing_is_sent_where_there_is_nothing_and_the_day_is_decided(tmp_path: Path, store_url: str) -> None:
    with a_desk(tmp_path, store_url=store_url, rules=RULES) as desk:
        assert tick(desk, TUESDAY) == 0
        a_late_ticket(desk)
        assert tick(desk, TUESDAY + timedelta(hours=3)) == 0
        assert tick(desk, TUESDAY + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("hour", "first", "minutes"),
    [
        ("03:30", datetime(2026, 10, 24, 21, 0, tzinfo=UTC), 26 * 60),  # 03:30 comes twice on 25 October
        ("03:30", datetime(2027, 3, 27, 22, 0, tzinfo=UTC), 24 * 60),  # and never on 28 March
    ],
)
def test_a_night_on_which_the_clock_jumps_has_one(tmp_path: Path, hour: str, first: datetime, minutes: int) -> None:
    with a_desk(tmp_path, rules=RULES | {"teams.yaml": TEAMS % hour}) as desk:
        a_late_ticket(desk)
        sent = sum(tick(desk, first + timedelta(minutes=n)) for n in range(0, minutes, 10))
    assert sent == 1
