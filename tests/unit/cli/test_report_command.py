"""`mailbridge report time`: exact output for a week of work."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.organisation.priority import Priority
from mailbridge.store.engine import Store
from mailbridge.tickets.model import Activity, Participant, Ticket, WorkKind

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk on which Bogdan worked and drove, and Eva worked, in the week of 20 November 2026."""
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    store = Store(load(folder).store_url)
    store.upgrade()
    done = (
        Activity(id=1, agent="bogdan", kind=WorkKind.WORKED, day=FRIDAY, minutes=50, charged=60, text="roller"),
        Activity(id=2, agent="bogdan", kind=WorkKind.TRAVELLED, day=FRIDAY, minutes=40, km=25.5, billable=False),
        Activity(id=3, agent="eva", kind=WorkKind.WORKED, day=date(2026, 11, 18), minutes=5, charged=15),
    )
    with store.write() as tx:
        ticket = Ticket(
            id=tx.tickets.reserve(), subject="Plotter \x1b[31mdown", status="open", priority=Priority.HIGH, team="network",
            created_at=NOW, updated_at=NOW, version=1, participants=(Participant(address="ana@acme.example"),), activities=done,
        )  # fmt: skip
        assert tx.tickets.save(ticket, expected_version=0)
        tx.activities.set(ticket)
    store.close()
    return folder


def printed(desk: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(["report", "time", "--desk", str(desk), *arguments]) == exits.OK
    return capsys.readouterr().out


def test_the_week_of_everybody(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(desk, capsys, "--week", "2026-W47") == (
        "2026-11-16 to 2026-11-22: 0:55 worked, 0:40 travelled (25.5 km), 1:15 charged\n"
        "\n"
        "DAY         AGENT   TICKET  CUSTOMER  WHAT                    CHARGED  SUBJECT\n"
        "2026-11-18  eva     MB-1    Acme SRL  worked 0:05             0:15     Plotter \\x1b[31mdown\n"
        "2026-11-20  bogdan  MB-1    Acme SRL  worked 0:50             1:00     Plotter \\x1b[31mdown\n"
        "2026-11-20  bogdan  MB-1    Acme SRL  travelled 0:40 25.5 km  -        Plotter \\x1b[31mdown\n"
        "\n"
        "by day\n"
        "  2026-11-18: 0:05 worked, 0:15 charged\n"
        "  2026-11-20: 0:50 worked, 0:40 travelled (25.5 km), 1:00 charged\n"
        "\n"
        "by agent\n"
        "  bogdan: 0:50 worked, 0:40 travelled (25.5 km), 1:00 charged\n"
        "  eva: 0:05 worked, 0:15 charged\n"
    )


def test_one_agent_and_any_day_of_the_week(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(printed(desk, capsys, "--agent", "eva", "--week", "2026-11-22", "--json"))

    assert (values["first"], values["last"], values["total"]["charged"]) == ("2026-11-16", "2026-11-22", 15)
    assert [one["agent"] for one in values["activities"]] == ["eva"]
    assert values["customers"] == [{"customer": "Acme SRL", "worked": 5, "travelled": 0, "charged": 15, "km": 0.0}]


def test_a_week_without_work(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(desk, capsys, "--week", "2026-W30") == "2026-07-20 to 2026-07-26: 0:00 worked, 0:00 charged\n"


def test_several_weeks(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(printed(desk, capsys, "--week", "2026-W48", "--weeks", "2", "--json"))

    assert (values["first"], values["last"], len(values["activities"])) == ("2026-11-16", "2026-11-29", 3)


@pytest.mark.parametrize("wrong", [["--week", "last"], ["--week", "2026-W60"], ["--agent", "nobody"]])
def test_what_cannot_be_meant_is_told(desk: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "time", "--desk", str(desk), *wrong]) != exits.OK
    assert wrong[1] in capsys.readouterr().err
