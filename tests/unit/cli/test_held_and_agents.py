"""`mailbridge held` and `mailbridge agents` on a desk with a held mail: what they print, change and refuse."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.store.held import HeldAnswer, HeldMail, What
from mailbridge.store.inbox_rows import InboxState
from tests.unit.cli.test_desk_commands import NOW, RAW, Run, desk, envelope, run, store_of

__all__ = ["desk", "run"]  # fixtures


@pytest.fixture
def held(desk: Path) -> int:
    """The number of a mail in agent ana's name that is held."""
    with store_of(desk) as store, store.write() as tx:
        (inbox,) = tx.inbox.add_many([(RAW, envelope("ana@demo.example"))])
        tx.inbox.claim("me", 10, NOW - NOW, NOW)
        tx.inbox.finish(inbox, "held", NOW)
        because, subject = ("no DMARC verdict",), "Re: \x1b[31mPlotter"
        mail = HeldMail(inbox=inbox, agent="ana", what=What.MAIL, why="unproven", reasons=because, came_at=NOW, subject=subject, ticket=1)
        tx.held.add(mail)
    return inbox


def state(desk: Path, inbox: int) -> tuple[HeldAnswer, InboxState]:
    with store_of(desk) as store, store.read() as tx:
        mail, row = tx.held.get(inbox), tx.inbox.get(inbox)
        assert mail is not None
        assert row is not None
        return mail.state, row.state


def test_held_mail_is_listed_and_shown(run: Run, held: int) -> None:
    (row,) = run("held", "list", "--json").json
    assert (row["id"], row["agent"], row["ticket"], row["state"]) == (held, "ana", "MB-1", "waiting")
    assert row["reason"] == "the agent is not proven: no DMARC verdict"
    listed, shown = run("held", "list").out, run("held", "show", str(held)).out
    assert f"{held} " in listed
    assert shown.startswith(f"mail {held} in the name of ana, waiting: the agent is not authenticated: no DMARC verdict\n")
    assert "burns" in shown
    assert "\x1b" not in listed + shown


def test_the_first_lines_of_a_mail_that_waits_whole_are_no_commands_in_json(run: Run, desk: Path, held: int) -> None:
    with store_of(desk) as store, store.write() as tx:
        mail = tx.held.get(held)
        assert mail is not None
        tx.held.add(dataclasses.replace(mail, lines="Dear Carol,"))
    (row,) = run("held", "list", "--json").json
    assert (row["held"], row["commands"]) == ("mail", [])


def test_released_mail_waits_in_the_inbox_again(run: Run, desk: Path, held: int) -> None:
    assert run("held", "release", str(held), "--yes").out == f"mail {held} is released\n"
    assert state(desk, held) == (HeldAnswer.RELEASED, InboxState.NEW)
    again = run("held", "drop", str(held), "--yes")
    assert (again.code, again.err) == (exits.MISTAKES, f"mailbridge: mail {held} is no longer held, it is released\n")


def test_dropped_mail_stays_done_and_says_why(run: Run, desk: Path, held: int) -> None:
    assert run("held", "drop", str(held), "--yes").out == f"mail {held} is dropped\n"
    assert state(desk, held) == (HeldAnswer.REFUSED, InboxState.DONE)
    row = next(row for row in run("queue", "list", "--json").json if row["id"] == held)
    assert row["reason"] == "dropped on the command line"
    assert run("held", "list").out == "no mail is held\n"


def test_nothing_is_released_without_a_yes(run: Run, desk: Path, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.confirm", lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
    assert run("held", "release", str(held)).code == exits.STOPPED
    assert state(desk, held) == (HeldAnswer.WAITING, InboxState.DONE)


def test_a_mail_that_is_not_held_is_told_as_such(run: Run) -> None:
    ran = run("held", "release", "99", "--yes")
    assert (ran.code, ran.err) == (exits.MISTAKES, "mailbridge: no mail 99 is held; mailbridge held list shows all\n")


# --- agents


BOGDAN, PHONE = "bogdan@agents.demo.example", "bogdan.ionescu@phone.demo.example"
EVA = "eva@agents.demo.example"


def pairings(run: Run, agent: str) -> list[tuple[str, str]]:
    return [(row["address"], row["pairing"]) for row in run("agents", "list", "--json").json if row["agent"] == agent]


def test_pairing_mails_the_agent_and_is_listed_until_it_is_ended(run: Run, desk: Path) -> None:
    unpaired = [(BOGDAN, "none"), (PHONE, "none")]
    assert pairings(run, "bogdan") == unpaired
    (desk / "secret").write_text("secret\n")
    with (desk / "mailbridge.toml").open("a") as file:
        file.write('[[mailbox]]\nname = "main"\nhost = "imap.demo.example"\nuser = "support"\npassword_file = "secret"\n')
    told = run("agents", "pair", "bogdan", "--address", PHONE.upper())
    assert told.out == f"A mail goes to {PHONE}. bogdan has to answer it within 3 days, without changing the subject.\n"
    with store_of(desk) as store, store.read() as tx:
        mails = [one.notification for one in tx.outbox.list(limit=10) if one.notification.event == "pair"]
    assert [one.recipient for one in mails] == [PHONE]
    [first, second] = pairings(run, "bogdan")
    assert first == unpaired[0]
    assert second[1].startswith("waiting for an answer until 20")
    assert "waiting for an answer" in run("agents", "list").out

    assert run("agents", "unpair", "bogdan").out == "1 pairing of bogdan ended\n"
    assert run("agents", "unpair", "bogdan").out == "bogdan has no pairing\n"
    assert pairings(run, "bogdan") == unpaired


def test_several_agents_are_paired_at_once_or_none(run: Run, desk: Path) -> None:
    (desk / "secret").write_text("secret\n")
    with (desk / "mailbridge.toml").open("a") as file:
        file.write('[[mailbox]]\nname = "main"\nhost = "imap.demo.example"\nuser = "support"\npassword_file = "secret"\n')

    assert run("agents", "pair", "eva", "nobody", "bogdan").code == exits.MISTAKES
    assert pairings(run, "eva") == [(EVA, "none")]

    told = run("agents", "pair", "eva", "bogdan", "eva")
    assert [line.split(". ")[0] for line in told.out.splitlines()] == [f"A mail goes to {EVA}", f"A mail goes to {BOGDAN}"]
    with store_of(desk) as store, store.read() as tx:
        mails = [one.notification.recipient for one in tx.outbox.list(limit=10) if one.notification.event == "pair"]
    assert sorted(mails) == sorted([EVA, BOGDAN])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["bogdan", "eva", "--address", PHONE], "--address works with one agent only: remove it, or name one agent"),
        (["bogdn"], 'there is no agent "bogdn" in rules/teams.yaml; did you mean "bogdan"?'),
        (["bogdan", "--address", "x@y.example"], f"x@y.example is not an address of bogdan; known: {BOGDAN}, {PHONE}"),
    ],
)
def test_who_cannot_be_paired_is_told(run: Run, arguments: list[str], error: str) -> None:
    ran = run("agents", "pair", *arguments)
    assert (ran.code, ran.err) == (exits.MISTAKES, f"mailbridge: {error}\n")


def test_pairing_is_refused_where_no_mail_comes_by_imap(run: Run) -> None:
    ran = run("agents", "pair", "bogdan")
    assert ran.code == exits.MISTAKES
    assert "mailbridge.toml has no [[mailbox]]" in ran.err
    assert pairings(run, "bogdan")[0] == (BOGDAN, "none")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["held", "--help"]) == exits.OK
    assert {"list", "show", "release", "drop"} <= set(capsys.readouterr().out.split())
