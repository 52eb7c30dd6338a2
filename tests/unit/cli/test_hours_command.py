"""`mailbridge hours`: exact output, entries by hand and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.reports import StatementRow
from mailbridge.store.engine import Store

CUSTOMERS = """
customers:
  acme:
    title: Acme SRL
    domains: [acme.example]
    contracts:
      blocks: {since: 2020-01-01, hours: {blocks: [{name: B1, hours: 5h, since: 2020-01-10}]}}
  bare: {domains: [bare.example]}
  two:
    contracts:
      one: {since: 2020-01-01, equipment: [], hours: {blocks: [{name: A, hours: 1h, since: 2020-01-01}]}}
      other: {since: 2020-01-01, sla: four-hours, hours: {blocks: [{name: A, hours: 1h, since: 2020-01-01}]}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    for rule in (folder / "rules/routing").iterdir():
        rule.unlink()
    (folder / "rules/customers.yaml").write_text(CUSTOMERS, encoding="utf-8")
    store = Store(load(folder).store_url)
    store.upgrade()
    store.close()
    return folder


def run(desk: Path, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = exits.OK) -> str:
    capsys.readouterr()
    assert main(["hours", arguments[0], "--desk", str(desk), *arguments[1:]]) == code
    shown = capsys.readouterr()
    return shown.out if code == exits.OK else shown.err


def test_entries_by_hand_and_the_statement(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split() for line in run(desk, capsys, "show", "acme").splitlines()] == [
        ["CUSTOMER", "BANK", "LEFT", "OF", "OVER", "UNTIL"],
        ["acme", "blocks", "5:00", "5:00"],
    ]
    grant = ("--day", "2020-02-01", "--expires", "2030-12-31", "--reason", "goodwill", "--link", "MB-7")
    assert run(desk, capsys, "grant", "Acme SRL", "2h", *grant) == "acme, blocks: 7:00 of 7:00 left until 2030-12-31\n"
    run(desk, capsys, "adjust", "acme", "-90m", "--day", "2020-02-03", "--reason", "=counted twice")

    found = json.loads(run(desk, capsys, "statement", "acme", "--month", "2020-02", "--months", "2", "--json"))
    assert [(month["month"], month["opening"], month["closing"]) for month in found[0]["months"]] == [
        ("2020-01", 0, 18000),
        ("2020-02", 18000, 19800),
    ]
    csv = run(desk, capsys, "statement", "acme", "--month", "2020-02", "--csv")
    assert csv == (
        "customer,bank,day,kind,source,time,balance,ticket,by,about\n"
        'acme,blocks,2020-02-01,grant,hand,2:00,7:00,7,admin,"goodwill, MB-7, until 2030-12-31"\n'
        "acme,blocks,2020-02-03,adjust,hand,-1:30,5:30,,admin,'=counted twice\n"
    )
    table = run(desk, capsys, "statement", "acme", "--month", "2020-02")
    assert "2020-02, 5:00 before" in table
    assert "MB-7" in table


def test_hours_are_taken_from_a_bank_however_the_time_ends(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-1h is a time and not the options -1 and -h."""
    assert run(desk, capsys, "adjust", "acme", "-1h", "--reason", "x") == "acme, blocks: 4:00 of 5:00 left\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grant", "acme", "0h", "--reason", "x"), "not a possible duration"),
        (("grant", "acme", "--reason", "x", "--", "-2h"), "more than nothing"),
        (("grant", "acme", "-2h", "--reason", "x"), "more than nothing"),
        (("grant", "acme", "2h", "--reson", "x"), "'--reason'"),
        (("adjust", "acme", "0h", "--reason", "x"), "not a possible duration"),
        (("grant", "acmee", "1h", "--reason", "x"), 'did you mean "acme"?'),
        (("grant", "bare", "1h", "--reason", "x"), 'no contract of "bare" has hours'),
        (("grant", "two", "1h", "--reason", "x"), "name one of: one, other"),
        (("grant", "acme", "1h", "--bank", "gold", "--reason", "x"), "it has: blocks"),
        (("grant", "acme", "1h", "--day", "2019-12-31", "--reason", "x"), "before the hour bank"),
        (("grant", "acme", "1h", "--day", "2021-01-02", "--expires", "2021-01-01", "--reason", "x"), "would expire"),
        (("grant", "acme", "1h", "--reason", " "), "needs a reason"),
        (("grant", "acme", "1h"), "--reason"),
        (("grant", "acme", "1h", "--day", "tomorrow", "--reason", "x"), "is not a date"),
        (("statement", "acme", "--month", "nov"), "is not a month"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(
    desk: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    capsys.readouterr()
    assert main(["hours", arguments[0], "--desk", str(desk), *arguments[1:]]) != exits.OK
    assert said in capsys.readouterr().err
    store = Store(load(desk).store_url)
    with store.read() as tx:
        assert tx.hours.of_bank("acme", "blocks") == []
    store.close()


def queued(desk: Path) -> list[Notification]:
    store = Store(load(desk).store_url)
    with store.read() as tx:
        found = [one.notification for one in tx.outbox.list(limit=10)]
    store.close()
    return found


def test_the_statement_by_mail(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("statement", "blocks", "--month", "2020-01", "--mail")
    assert "nobody gets the statement" in run(desk, capsys, *asked, code=exits.MISTAKES)
    assert run(desk, capsys, *asked, "boss@acme.example") == "the statement will be sent to boss@acme.example\n"
    contact = CUSTOMERS.replace("hours: {blocks: [{name: B1", "hours: {contact: ana@acme.example, blocks: [{name: B1")
    (desk / "rules/customers.yaml").write_text(contact, encoding="utf-8")
    run(desk, capsys, "statement", "acme", "--month", "2020-01", "--mail")

    mails = queued(desk)
    assert [mail.recipient for mail in mails] == ["ana@acme.example", "boss@acme.example"]
    assert mails[0].values["rows"] == (
        StatementRow(month="2020-01", granted="5:00", used="0:00", expired="0:00", adjusted="0:00", left="5:00"),
    )
    assert str(mails[0].values["csv"]).splitlines()[1].startswith("acme,blocks,2020-01-10,grant,block,5:00,5:00,")

    assert "no entries in these months" in run(desk, capsys, "statement", "acme", "--month", "2019-01", "--mail", code=exits.MISTAKES)
    assert "cannot be used with" in run(desk, capsys, "statement", "acme", "--csv", "--mail", code=exits.USAGE)
    assert len(queued(desk)) == 2
