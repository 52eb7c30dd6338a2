"""`mailbridge plan` and the reports of plans and travel, on a desk with one ticket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.execution.execute import execute
from mailbridge.notifications.model import Notification
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.work import RecordWork
from mailbridge.tickets.model import WorkKind
from mailbridge.tickets.requests import each
from tests.harness import RULES, a_desk, a_mail

CONFIGURATION = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[store]
url = "sqlite:///mailbridge.db"
[outgoing]
url = "maildir:outgoing"
"""
CUSTOMERS = """
customers:
  acme:
    title: Acme SRL
    domains: [customer.test]
    locations: {iasi: {km: 12}}
    equipment: [{serial: LF-2231, location: iasi}]
    contracts: {gold: {equipment: [LF-2231]}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """MB-1 of Carol about LF-2231.  The clock of the desk is the real one, which the commands go by."""
    with a_desk(tmp_path, rules=RULES | {"customers.yaml": CUSTOMERS}) as made:
        made.clock.time = datetime.now(UTC)
        made.feed(a_mail(subject="Printer LF-2231"))
    (tmp_path / "mailbridge.toml").write_text(CONFIGURATION)
    return tmp_path


def run(desk: Path, capsys: pytest.CaptureFixture[str], *words: str, ends: int = exits.OK) -> str:
    assert main([*words, "--desk", str(desk)]) == ends
    out, err = capsys.readouterr()
    return out if ends == exits.OK else err


def tomorrow(hour: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d} {hour:02}:00"


def planned(desk: Path) -> list[Notification]:
    with a_desk(desk) as made:
        return made.promises(event="planned")


def test_a_plan_is_made_changed_listed_cancelled_and_brought_back(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add = ("plan", "add", "MB-1", "--agent", "bogdan", "--at", tomorrow(10), "--length", "2h", "--text", "drum")
    assert "MB-1: planned for Bogdan Ionescu" in run(desk, capsys, *add)
    assert "warning: Bogdan Ionescu is busy with MB-1 at that time" in run(desk, capsys, *add[:-4], "--length", "30m")
    assert "plan 2 changed: Clara Weiss" in run(desk, capsys, "plan", "change", "MB-1", "2", "--agent", "clara", "--at", tomorrow(15))
    assert [one.recipient for one in planned(desk)] == ["bogdan@desk.test", "bogdan@desk.test", "bogdan@desk.test", "clara@desk.test"]

    rows = json.loads(run(desk, capsys, "plan", "list", "--json"))
    assert [(row["number"], row["plan"], row["agent"], row["minutes"], row["text"]) for row in rows] == [
        ("MB-1", 1, "bogdan", 120, "drum"),
        ("MB-1", 2, "clara", 30, ""),
    ]
    assert "drum" in run(desk, capsys, "plan", "list", "--agent", "bogdan")
    assert run(desk, capsys, "plan", "list", "--agent", "mara") == "nothing is planned\n"
    assert "plan 1" in run(desk, capsys, "tickets", "show", "MB-1")

    assert "plan 1 of Bogdan Ionescu cancelled" in run(desk, capsys, "plan", "cancel", "MB-1", "1")
    assert "no such open plan" in run(desk, capsys, "plan", "cancel", "MB-1", "1", ends=exits.MISTAKES)
    run(desk, capsys, "ticket", "undo", "MB-1")
    assert len(json.loads(run(desk, capsys, "plan", "list", "--json"))) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--at", "sometime"], 'write it like "tue 10:00"'),
        (["--at", "tomorrow 10:00", "--length", "long"], "write it like 2h or 45m"),
        (["--at", "tomorrow 10:00", "--agent", "bogdna"], 'did you mean "bogdan"?'),
    ],
)
def test_what_is_not_understood_is_told_with_an_example(
    desk: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], says: str
) -> None:
    agent = [] if "--agent" in wrong else ["--agent", "bogdan"]
    assert main(["plan", "add", "MB-1", *agent, *wrong, "--desk", str(desk)]) != exits.OK
    assert says in capsys.readouterr().err


def test_plans_and_travel_are_compared_with_what_was_done(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    run(desk, capsys, "plan", "add", "MB-1", "--agent", "bogdan", "--at", f"{now + timedelta(minutes=1):%Y-%m-%d %H:%M}", "--length", "1h")
    work = [
        RecordWork(kind=WorkKind.WORKED, minutes=90, day=(now + timedelta(minutes=1)).date()),
        RecordWork(kind=WorkKind.TRAVELLED, minutes=30, day=now.date(), km=25),
    ]
    with a_desk(desk) as made:
        about = made.app.desk()
        with made.app.store.write() as tx:
            ticket = tx.tickets.get(1)
            assert ticket is not None
            execute(tx, about, ticket, each(work), Actor(kind=ActorKind.AGENT, name="bogdan"), now + timedelta(minutes=2))

    plans = json.loads(run(desk, capsys, "report", "plan", "--weeks", "2", "--json"))
    assert plans["agents"] == [{"agent": "bogdan", "planned": 60, "open": 0, "worked": 90, "unplanned": 0}]
    printed = run(desk, capsys, "report", "plan", "--weeks", "2")
    assert "bogdan: 1:00 planned, 1:30 worked on it, 0:00 unplanned" in printed
    listed = run(desk, capsys, "plan", "list")
    assert {line[:20] for line in listed.splitlines() if "MB-1" in line} == {line[:20] for line in printed.splitlines() if "MB-1" in line}

    told = json.loads(run(desk, capsys, "report", "travel", "--by", "location", "--weeks", "2", "--json"))
    (iasi,) = told["groups"]
    assert (iasi["location"], iasi["worked"], iasi["travelled"], iasi["km"], iasi["distance"]) == ("iasi", 90, 30, 25.0, 24.0)
    for by, name in (("customer", "Acme SRL"), ("contract", "gold"), ("agent", "bogdan")):
        assert name in run(desk, capsys, "report", "travel", "--by", by, "--weeks", "2")
