"""Finished runs of clocks and the days of calendars are kept: neither new targets nor a newer library rewrites what has passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailbridge.cli.main import main
from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.jobs import calendar_days, public_holidays
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.versions import version_of
from mailbridge.sla.why import Outcome, why
from mailbridge.store.sql import Sql
from mailbridge.tickets.deadlines import promised_runs
from tests import harness
from tests.builders import NOW
from tests.flows.test_changed_targets import SLA, change
from tests.flows.test_sweep import OFFICE
from tests.harness import TestDesk, a_desk, a_mail, proven

HOUR = timedelta(hours=1)
ROMANIAN = OFFICE | {
    "teams.yaml": OFFICE["teams.yaml"].replace("holidays: {dates: [2026-11-25]}", "holidays: {country: RO}"),
    "sla.yaml": "targets:\n  normal: {response: 4h, resolution: 8d}\n",
}


def answers(desk: TestDesk) -> None:
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    mail = a_mail("Restart it.", from_="bogdan@desk.test", to=to, message_id="<answer@desk.test>")
    desk.feed(proven(mail), mail_from="bogdan@desk.test", rcpt_to=(to,))


def outcomes(desk: TestDesk, at: datetime) -> dict[str, Outcome]:
    with desk.app.store.read() as tx:
        history = clock_history_of(tx, 1)
    every = promised_runs(desk.ticket(), history, desk.app.policy().organisation)
    return {run.segment.promise.value: why(run, at).outcome for run in every}


def due(desk: TestDesk, target: str) -> datetime:
    with desk.app.store.read() as tx:
        return tx.clocks.due_times([1])[1][target]


def test_a_target_that_was_met_stays_met_under_shorter_ones(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=OFFICE) as desk:
        desk.feed(a_mail())
        desk.clock.time = NOW + 2 * HOUR
        answers(desk)
        assert outcomes(desk, desk.clock.time)["response"] is Outcome.KEPT

        change(desk, sla=SLA % "1h")
        desk.app.jobs.sweep()
        assert outcomes(desk, desk.clock.time)["response"] is Outcome.KEPT
        with desk.app.store.read() as tx:
            kept = {run.promise: run for run in tx.finished_runs.of_tickets([1])[1]}
        assert (kept["response"].budget, kept["response"].due_at) == (4 * HOUR, NOW + 4 * HOUR)
        assert kept["response"].calendar.made_with.startswith("tzdata ")


def test_a_ticket_that_opens_again_has_no_finished_resolution(tmp_path: Path) -> None:
    def kept(desk: TestDesk) -> set[str]:
        with desk.app.store.read() as tx:
            return {run.promise for run in tx.finished_runs.of_tickets([1]).get(1, ())}

    with a_desk(tmp_path, rules=OFFICE) as desk:
        desk.feed(a_mail())
        to = desk.promise_to("bogdan@desk.test", "new").reply_to
        closing = a_mail("#close", from_="bogdan@desk.test", to=to, message_id="<c@desk.test>")
        desk.feed(proven(closing), mail_from="bogdan@desk.test", rcpt_to=(to,))
        assert "resolution" in kept(desk)
        to = desk.promise_to("carol@customer.test", "received").reply_to
        desk.feed(a_mail("Still broken", to=to, message_id="<again@customer.test>"), rcpt_to=(to,))
        assert desk.ticket().closed_at is None
        assert "resolution" not in kept(desk)


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> Callable[[frozenset[date]], None]:
    """The next desk has a newer library of holidays, with these days."""

    def upgrade(days: frozenset[date]) -> None:
        monkeypatch.setattr(calendar_days, "library", lambda: "999.0")
        monkeypatch.setattr(public_holidays, "days_off", lambda _country, _region: days)

    return upgrade


def test_a_newer_library_moves_days_ahead_and_none_that_has_passed(
    tmp_path: Path, upgraded: Callable[[frozenset[date]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened on Monday 23 November; 30 November and 1 December are public holidays in Romania."""
    before = datetime(2026, 12, 7, 9, tzinfo=UTC)
    with a_desk(tmp_path, rules=ROMANIAN) as desk:
        desk.feed(a_mail())
        assert due(desk, "resolution") == before

    monkeypatch.setattr(harness, "NOW", datetime(2026, 11, 30, 12, tzinfo=UTC))
    upgraded(frozenset({date(2026, 12, 2)}))  # neither 30 November, which is today, nor 1 December, and another day instead
    with a_desk(tmp_path, rules=ROMANIAN) as desk:
        desk.app.jobs.sweep()
        days = desk.app.policy().organisation.calendars["office"].holidays
        assert date(2026, 11, 30) in days, "today has begun"
        assert {date(2026, 12, 1), date(2026, 12, 2)} & days == {date(2026, 12, 2)}
        assert due(desk, "resolution") == before
        assert desk.app.policy().organisation.calendars["office"].made_with.endswith("holidays 999.0")

    upgraded(frozenset({date(2026, 12, 2), date(2026, 12, 3)}))
    with a_desk(tmp_path, rules=ROMANIAN) as desk:
        assert date(2026, 12, 3) not in desk.app.policy().organisation.calendars["office"].holidays, "the same version has the same days"


def test_a_clock_names_the_calendar_that_it_was_computed_by(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=ROMANIAN) as desk:
        desk.feed(a_mail())
        with desk.app.store.read() as tx:
            versions = {one.calendar for one in tx.clocks.of_ticket(1) if one.deadline.promise == "resolution"}
            [calendar] = [tx.finished_runs.calendar(version) for version in versions]
        assert calendar == desk.app.policy().organisation.calendars["office"]
        assert calendar is not None
        assert "holidays " in calendar.made_with


def test_sla_why_shows_the_kept_version(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with a_desk(tmp_path, rules=ROMANIAN) as desk:
        desk.feed(a_mail())
        desk.clock.time = NOW + 2 * HOUR
        answers(desk)
        kept = desk.app.policy().organisation.calendars["office"]
    monkeypatch.setattr(calendar_days, "library", lambda: "999.0")
    (tmp_path / "mailbridge.toml").write_text('[desk]\nname = "D"\naddress = "d@desk.test"\n[outgoing]\nurl = "maildir:outgoing"\n')
    capsys.readouterr()
    assert main(["sla", "why", "--desk", str(tmp_path), "--json", "1"]) == 0
    shown = {one["clock"]: (one["kept"], one["made_with"], one["calendar_version"]) for one in json.loads(capsys.readouterr().out)}
    assert shown["response"] == (True, kept.made_with, version_of(kept))
    assert shown["resolution"][:2] == (False, kept.made_with.rpartition(" ")[0] + " 999.0")
    assert main(["sla", "why", "--desk", str(tmp_path), "1"]) == 0
    assert f'calendar "office" (version {version_of(kept)}: {kept.made_with})' in capsys.readouterr().out


def test_a_calendar_is_sent_to_the_database_once(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ticket refers to its calendars, which are stored with the first one.  A transaction that was rolled back stored nothing."""
    sent: list[str] = []
    change = Sql.change

    def seen(self: Sql, statement: Any, values: Any = ()) -> int:
        if "INSERT INTO calendars" in str(getattr(statement, "sqlite", statement)):
            sent.extend(one["version"] for one in values)
        return change(self, statement, values)

    monkeypatch.setattr(Sql, "change", seen)
    nights = Calendar(name="nights", zone="Europe/Bucharest", hours=(((time(20), time(23)),),) * 7)
    store = desk.app.store
    with suppress(ZeroDivisionError), store.write() as tx:
        tx.finished_runs.remember([nights], NOW)
        raise ZeroDivisionError
    with store.write() as tx, suppress(ZeroDivisionError), tx.savepoint():
        tx.finished_runs.remember([nights], NOW)
        raise ZeroDivisionError
    for _ in range(3):
        with store.write() as tx:
            tx.finished_runs.remember([nights], NOW)

    assert sent == [version_of(nights)] * 3
    with store.read() as tx:
        assert tx.finished_runs.calendar(version_of(nights)) == nights
