"""`mailbridge ticket new`: a call becomes a ticket of the customer's, by the way of all mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    monkeypatch.setenv("MAILBRIDGE_DESK", str(folder))
    assert main(["db", "upgrade"]) == exits.OK
    return folder


def new(*more: str) -> int:
    return main(["ticket", "new", "--for", "ana@acme.example", "--by", "bogdan", "--subject", "The plotter beeps", *more])


def test_a_call_becomes_the_customers_ticket(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new("--line", "#priority high", "It beeps twice.") == exits.OK
    assert "MB-1 is open for ana@acme.example" in capsys.readouterr().out
    assert main(["tickets", "show", "MB-1", "--json"]) == exits.OK
    shown = json.loads(capsys.readouterr().out)
    assert (shown["requester"], shown["priority"]) == ("ana@acme.example", "high")
    assert main(["outbox", "list", "--json"]) == exits.OK
    assert "ana@acme.example" in capsys.readouterr().out


@pytest.mark.parametrize("agent", ["bogdna", "nobody"])
def test_only_agents_file_tickets(agent: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["ticket", "new", "--for", "ana@acme.example", "--by", agent, "--subject", "x", "It beeps."])
    said = capsys.readouterr().err
    assert code == exits.USAGE
    assert f"there is no agent '{agent}'" in said
    assert "bogdan" in said


def test_json_tells_the_outcome(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new("--json", "--channel", "walk-in", "It beeps.") == exits.OK
    assert json.loads(capsys.readouterr().out)["outcome"] == "ticket"


@pytest.mark.parametrize("option", ["--to", "--for"])
@pytest.mark.parametrize(
    ("address", "said"),
    [("support@demo.example", "an address of this desk"), ("Support@demo.example", "an address of this desk"), ("ana", "ana")],
)
def test_an_address_that_reaches_no_customer_opens_no_ticket(
    option: str, address: str, said: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ticket", "new", option, address, "--by", "bogdan", "--subject", "Friday", "We call at 10."]) == exits.USAGE
    error = capsys.readouterr().err
    assert (option in error, said in error) == (True, True)
    assert main(["tickets", "list", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == []


def test_a_ticket_of_somebody_else_is_not_told_as_the_customers(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = "support+friday@demo.example"
    code = main(["ticket", "new", "--to", ours, "--by", "bogdan", "--subject", "Friday", "We call at 10."])
    said = capsys.readouterr()
    assert (code, said.out.count("is open")) == (exits.MISTAKES, 0)
    assert f"MB-1 is open for bogdan@agents.demo.example, not for {ours}: the mail to bogdan says which line was not done" in said.err
