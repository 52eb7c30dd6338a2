"""`mailbridge people` and `mailbridge block`, on a desk with two tickets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.handling.outcome import MailOutcome
from tests.harness import a_desk, a_mail, proven
from tests.unit.cli.test_plan_command import CONFIGURATION


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Bogdan has MB-1 and follows MB-2."""
    with a_desk(tmp_path) as made:
        made.feed(a_mail())
        to = made.promise_to("bogdan@desk.test", "new").reply_to
        take = a_mail("#take", from_="bogdan@desk.test", to=to, message_id="<t@desk.test>")
        made.feed(proven(take), mail_from="bogdan@desk.test", rcpt_to=(to,))
        made.feed(a_mail(subject="Screen", message_id="<two@customer.test>"))
        to = made.promise_to("bogdan@desk.test", "new").reply_to
        follow = a_mail("#follow", from_="bogdan@desk.test", to=to, message_id="<f@desk.test>")
        made.feed(proven(follow), mail_from="bogdan@desk.test", rcpt_to=(to,))
    (tmp_path / "mailbridge.toml").write_text(CONFIGURATION)
    return tmp_path


def run(desk: Path, capsys: pytest.CaptureFixture[str], *words: str, ends: int = exits.OK) -> str:
    capsys.readouterr()
    assert main([*words, "--desk", str(desk)]) == ends
    out, err = capsys.readouterr()
    return out if ends == exits.OK else err


def test_wishes_are_shown_and_set(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no wishes" in run(desk, capsys, "people", "wishes", "bogdan")
    assert "when=evenings" in run(desk, capsys, "people", "wishes", "bogdan", "quiet", "evenings")
    found = json.loads(run(desk, capsys, "people", "wishes", "bogdan", "--json"))
    assert [(one["kind"], one["when"]) for one in found["wishes"]] == [("quiet", "evenings")]
    assert found["follows"] == [2]
    assert "no wishes" in run(desk, capsys, "people", "wishes", "bogdan", "quiet", "off")


@pytest.mark.parametrize("words", [("quiet", "sometimes"), ("close",), ("away", "yesterday")])
def test_what_is_no_wish_is_told(words: tuple[str, ...], desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is no wish" in run(desk, capsys, "people", "wishes", "bogdan", *words, ends=exits.MISTAKES)


def test_a_blocked_sender_is_held_until_it_is_taken_again(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk, capsys, "block", "list") == "nobody is blocked\n"
    assert run(desk, capsys, "block", "add", "@spam.test") == "@spam.test is blocked\n"
    assert run(desk, capsys, "block", "add", "@spam.test") == "@spam.test: nothing to change\n"
    assert [one["sender"] for one in json.loads(run(desk, capsys, "block", "list", "--json"))] == ["@spam.test"]
    with a_desk(desk) as made:
        raw = a_mail(from_="x@spam.test", message_id="<x@spam.test>")
        assert made.feed(raw, mail_from="x@spam.test").result.outcome is MailOutcome.QUARANTINED
    assert run(desk, capsys, "block", "remove", "@spam.test") == "@spam.test is taken again\n"
    assert run(desk, capsys, "block", "list") == "nobody is blocked\n"


@pytest.mark.parametrize(
    ("sender", "why"), [("@desk.test", "is of the desk"), ("nonsense", "neither an address nor"), ("bogdan@desk.test", "is of the desk")]
)
def test_who_cannot_be_blocked(sender: str, why: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why in run(desk, capsys, "block", "add", sender, ends=exits.MISTAKES)


def test_an_agent_leaves(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(desk, capsys, "people", "leave", "bogdan", "--to", "clara", "--yes")
    assert "tickets: MB-1\n" in told
    assert "follows: MB-2\n" in told
    assert "rules/teams.yaml:3: support:" in told
    with a_desk(desk) as made:
        assert made.ticket(1).assignee == "clara"
        assert made.ticket(2).followers == ("clara",)
        assert not made.app.desk().organisation.agents["bogdan"].active
    shown = run(desk, capsys, "tickets", "show", "MB-2")
    assert "followed by clara" in shown
    assert run(desk, capsys, "people", "leave", "nobody", "--yes", ends=exits.MISTAKES)


def test_an_agent_who_was_named_by_mistake_comes_back(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(desk, capsys, "people", "leave", "bogdan", "--to", "clara", "--yes")
    assert run(desk, capsys, "people", "return", "bogdan") == "bogdan works here again\n"
    assert run(desk, capsys, "people", "return", "bogdan") == "bogdan has not left: nothing to change\n"
    assert run(desk, capsys, "people", "return", "nobody", ends=exits.MISTAKES)
    with a_desk(desk) as made:
        agent = made.app.desk().organisation.agents["bogdan"]
        assert (agent.active, agent.absences) == (True, ())
        assert made.ticket(1).assignee == "clara"
