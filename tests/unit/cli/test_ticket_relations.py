"""`mailbridge ticket merge|split|link|undo` on a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.store.engine import Store
from tests.harness import TestDesk, a_desk, a_mail, write_rules

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk with two tickets of two people, and a second message on the first one."""
    (tmp_path / "mailbridge.toml").write_text(DESK)
    write_rules(tmp_path)
    with a_desk(tmp_path) as desk:
        desk.feed(a_mail("The printer is broken."))
        desk.feed(a_mail("Hums.", from_="erin@other.test", message_id="<2@other.test>"), mail_from="erin@other.test")
        address = reply_address(desk)
        desk.feed(a_mail("And the scanner.", to=address, subject="Scanner", message_id="<3@customer.test>"), rcpt_to=(address,))
    return tmp_path


def reply_address(desk: TestDesk) -> str:
    return desk.promise_to("carol@customer.test").reply_to


def run(folder: Path, *arguments: str) -> int:
    return main(["ticket", arguments[0], "--desk", str(folder), *arguments[1:]])


def ticket(folder: Path, number: int) -> dict[str, object]:
    store = Store(f"sqlite:///{folder / 'mailbridge.db'}")
    try:
        with store.read() as tx:
            found = tx.tickets.get(number)
            assert found is not None
            mails = len(tx.mails.of_ticket(number))
            return {"status": found.status, "merged_into": found.merged_into, "links": found.links, "mails": mails}
    finally:
        store.close()


def test_merge_and_undo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ticket(folder, 1), ticket(folder, 2)
    assert run(folder, "merge", "--yes", "MB-1", "2") == exits.OK
    assert capsys.readouterr().out == "MB-1 is now part of MB-2\n"
    assert (ticket(folder, 1)["merged_into"], ticket(folder, 2)["mails"]) == (2, 3)
    assert run(folder, "undo", "MB-1") == exits.OK
    assert (ticket(folder, 1), ticket(folder, 2)) == before


def test_merge_of_two_peoples_tickets_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.confirm", lambda text, abort: pytest.fail("asked") if "erin@other.test" not in text else None)
    assert run(folder, "merge", "1", "2") == exits.OK


def test_split_makes_a_ticket_of_the_latest_message(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "split", "--subject", "The scanner", "MB-1") == exits.OK
    assert "MB-3" in capsys.readouterr().out
    assert ticket(folder, 3)["links"] == (("split-from", 1),)


def test_link_tells_both_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "link", "--json", "MB-1", "blocks", "MB-2") == exits.OK
    told = json.loads(capsys.readouterr().out)
    assert [(each["number"], each["links"]) for each in told["tickets"]] == [("MB-1", [["blocks", 2]]), ("MB-2", [["blocked-by", 1]])]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("merge", "--yes", "MB-1", "MB-1"), "a ticket cannot be merged into itself"),
        (("merge", "--yes", "MB-1", "MB-9"), "there is no such ticket"),
        (("merge", "--yes", "MB-9", "MB-1"), "there is no ticket MB-9"),
        (("split", "MB-2"), "it is the only message of a customer on the ticket"),
        (("split", "--mail", "2", "MB-1"), "the ticket has no such mail"),
        (("undo", "MB-1"), "there is no change that can be undone"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    before = ticket(folder, 1), ticket(folder, 2)
    assert run(folder, *arguments) == exits.MISTAKES
    assert reason in capsys.readouterr().err
    assert (ticket(folder, 1), ticket(folder, 2)) == before


def test_merge_into_a_merged_ticket_names_the_survivor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "split", "MB-1")
    run(folder, "merge", "--yes", "MB-2", "MB-1")
    capsys.readouterr()
    assert run(folder, "merge", "--yes", "MB-3", "MB-2") == exits.OK
    assert capsys.readouterr().out == "MB-3 is now part of MB-1\n"
    assert run(folder, "merge", "--yes", "MB-1", "MB-3") == exits.MISTAKES
    assert "MB-3 is already merged into it" in capsys.readouterr().err


def test_both_numbers_show_where_the_ticket_went(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "merge", "--yes", "MB-1", "MB-2")
    capsys.readouterr()
    for number, words in (("MB-1", "merged into MB-2"), ("MB-2", "merged from MB-1")):
        assert main(["tickets", "show", "--desk", str(folder), number]) == exits.OK
        assert words in capsys.readouterr().out.split("\n\n")[0]


