"""Three cases of clocks that other programs get wrong: the time of a web form's mail, policies that overlap, and leap seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.message.dates import read_date
from mailbridge.rules.load import load
from mailbridge.sla.calendar import Calendar, due, worked
from tests.builders import NOW
from tests.harness import RULES, TestDesk, a_desk, a_mail


def overdue_at(desk: TestDesk) -> datetime | None:
    with desk.app.store.read() as tx:
        return tx.clocks.breach(1, "response")


@pytest.mark.parametrize(
    "written", ["Mon, 23 Nov 2026 06:00:00 +0000", "Tue, 24 Nov 2026 23:00:00 +0000", "Thu, 01 Jan 1970 00:00:00 +0000", ""]
)
def test_a_web_form_counts_from_the_arrival_of_its_mail(tmp_path: Path, written: str) -> None:
    """The form's server writes its own Date, which may be hours away: the clock begins when the desk had the mail."""
    form = {"from_": "Web form <form@site.test>", "reply_to": "Carol Jones <carol@customer.test>", "date": written}
    with a_desk(tmp_path) as desk:
        desk.feed(a_mail("It does not print.", **form), mail_from="form@site.test")
        assert overdue_at(desk) == NOW + timedelta(hours=4)


def test_of_overlapping_policies_the_more_specific_one_counts_and_equal_ones_are_a_mistake(tmp_path: Path) -> None:
    """A ticket has one policy at a time: there is no order of files or rows that could decide otherwise."""
    levels = "targets:\n  normal: {response: 4h}\nlevels:\n  fast: {normal: {response: 1h}}\n  slow: {normal: {response: 8h}}\n"
    contracts = "{all: {sla: slow, since: 2026-01-01}, %s: {sla: fast, since: 2026-01-01, %s}}"
    start = "customers:\n  acme:\n    domains: [customer.test]\n    equipment: [{serial: LF-2231}]\n    contracts: "
    customers = start + contracts + "\n"
    files = {**RULES, "sla.yaml": levels, "customers.yaml": customers % ("printer", "equipment: [LF-2231]")}
    with a_desk(tmp_path, rules=files) as desk:
        desk.feed(a_mail("LF-2231 does not print."))
        assert overdue_at(desk) == NOW + timedelta(hours=1)
    equal = {**files, "customers.yaml": customers % ("other", "until: 2027-12-31")}
    loaded = load({f"rules/{name}": text for name, text in equal.items()})
    assert loaded.policy is None
    assert any("all" in one.message and "other" in one.message for one in loaded.problems), loaded.problems


def test_a_leap_second_moves_no_due_time() -> None:
    """Time in the database is POSIX time (IEEE 1003.1, 4.16), which has no leap seconds: a due time is the same with and without one.  A
    Date field may have second 60 (RFC 5322 3.3)."""
    always = Calendar(name="always", zone="UTC")
    before, after = datetime(2016, 12, 31, 23, 59, 0, tzinfo=UTC), datetime(2017, 1, 1, 0, 1, 0, tzinfo=UTC)
    assert due(before, always, timedelta(minutes=2)) == after
    assert worked(before, after, always) == timedelta(minutes=2)
    found, _ = read_date("Sat, 31 Dec 2016 23:59:60 +0000")
    assert found is not None
    assert abs(found - datetime(2017, 1, 1, tzinfo=UTC)) <= timedelta(seconds=1)
