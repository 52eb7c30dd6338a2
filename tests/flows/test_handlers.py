"""The handler that took a mail is in its explanation, and an agent's mail is parsed once on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.handling.agents import lines
from mailbridge.handling.outcome import MailOutcome
from mailbridge.mail_commands.model import Author, ParsedMail
from tests.flows.test_agents_lines import agrees, writes
from tests.flows.test_passed_on import INLINE
from tests.harness import TestDesk, a_desk, a_mail, proven


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    """One database is enough: nothing here asks the store differently."""
    with a_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def parsings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed for command lines."""
    texts: list[str] = []
    parse = lines.read

    def counted(text: str, author: Author) -> ParsedMail:
        texts.append(text)
        return parse(text, author)

    monkeypatch.setattr(lines, "read", counted)
    return texts


def by_bogdan(body: str, **headers: str) -> bytes:
    return proven(a_mail(body, **{"from_": "Bogdan <bogdan@desk.test>", "message_id": "<new@desk.test>", **headers}))


def test_the_handler_is_stored_with_the_mail_and_shown(desk: TestDesk) -> None:
    done = desk.feed(a_mail())
    assert done.result.handler == "new_ticket"
    assert done.result.mail is not None
    with desk.app.store.read() as tx:
        assert tx.mails.explanation(done.result.mail)["handler"] == "new_ticket"
    folder = desk.app.config.folder
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')

    shown = CliRunner().invoke(cli, ["rules", "explain", "1", "--desk", str(folder)], standalone_mode=False)

    assert shown.exception is None, shown.exception
    assert "handled  new_ticket: a new request\n" in shown.output


def explained(desk: TestDesk, what: str) -> str:
    folder = desk.app.config.folder
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    shown = CliRunner().invoke(cli, ["rules", "explain", what, "--desk", str(folder)], standalone_mode=False)
    assert shown.exception is None, shown.exception
    return shown.output


def test_explain_says_what_each_mail_changed_and_by_what(desk: TestDesk) -> None:
    desk.feed(a_mail())
    for by, body, event in (("bogdan@desk.test", "#close", "new"), ("carol@customer.test", "And again.", "received")):
        ours = desk.promise_to(by, event)
        headers = {"from_": by, "to": ours.reply_to, "in_reply_to": f"<{ours.message_id}>", "message_id": f"<{event}@desk.test>"}
        desk.feed(proven(a_mail(body, **headers)), mail_from=by, rcpt_to=(ours.reply_to,))

    opened, closed, again = explained(desk, "MB-1").split("\n\n")

    assert "  no rule matches: the ticket goes to the default team" in opened
    assert "changed  MB-1 opened for" in opened
    assert "rules    not asked: they apply to new requests and to messages of customers" in closed
    assert "changed  closed  by agent bogdan" in closed
    assert "rules    not asked: no rule has a condition on replies" in again
    assert "default team" not in again
    assert "changed  open again  by customer carol@customer.test" in again


def test_the_row_that_declined_is_not_named(desk: TestDesk) -> None:
    """`agent_questions` looks at an agent's own request first and declines it."""
    done = desk.feed(by_bogdan("My own chair is broken.", subject="Chair"), mail_from="bogdan@desk.test")
    assert done.result.mail is not None
    with desk.app.store.read() as tx:
        assert tx.mails.explanation(done.result.mail)["handler"] == done.result.handler == "agent_ticket"


@pytest.mark.parametrize(
    ("body", "handler"),
    [
        ("#list mine\n", "agent_questions"),
        ("#priority high\n\nMy own chair is broken.\n", "agent_ticket"),
        (f"#priority high\n\nHe waits for a call.\n\n{INLINE['gmail'][1]}It prints twice.\n", "forwarded_ticket"),
    ],
)
def test_an_agents_new_mail_is_parsed_once(body: str, handler: str, desk: TestDesk, parsings: list[str]) -> None:
    done = desk.feed(by_bogdan(body, subject="Chair"), mail_from="bogdan@desk.test")

    assert (done.result.handler, len(parsings)) == (handler, 1)


def test_an_agents_reply_is_parsed_once(desk: TestDesk, parsings: list[str]) -> None:
    desk.feed(a_mail())

    done = writes(desk, "#take\n\nPlease try again.")

    assert (done.result.handler, len(parsings)) == ("agent_reply", 1)


def test_a_strangers_lines_that_an_agent_forwards_are_not_executed(desk: TestDesk) -> None:
    """The copied header names no customer, so the agent is asked whose mail it is.  Its text is not the agent's all the same."""
    head = INLINE["gmail"][1].replace("Carol Jones <carol@customer.test>", "Clara <clara@desk.test>")

    done = desk.feed(by_bogdan(f"{head}#list mine\n", subject="Fwd: Labels"), mail_from="bogdan@desk.test")

    assert (done.result.outcome, done.result.handler) == (MailOutcome.TICKET, "forwarded_ticket")
    assert [n.event for n in desk.promises() if n.event in ("list", "lines")] == []


def test_days_in_a_forwarded_mail_that_waited_count_from_when_it_was_written(desk: TestDesk) -> None:
    """As in every other mail of an agent: the yes came on the next day, and "tomorrow" is that day."""
    written = desk.clock.now()
    raw = a_mail(f"#due tomorrow 23:00\n\n{INLINE['gmail'][1]}It prints twice.\n", from_="Bogdan <bogdan@desk.test>", subject="Fwd: Labels")
    assert desk.feed(raw, mail_from="bogdan@desk.test").result.outcome is MailOutcome.HELD

    desk.pass_time(hours=24)
    agrees(desk)

    due = desk.ticket().due_at
    assert due is not None
    assert due.date() == (written + timedelta(days=1)).date()
