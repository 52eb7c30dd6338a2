"""The one screen of outgoing mails, accepted mails, webhooks, quarantine and held mails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.notifications.webhook_model import Call
from mailbridge.store.held import HeldMail, What
from mailbridge.store.tx import Tx
from tests.unit.cli.test_desk_commands import NOW, RAW, Run, desk, envelope, run, store_of

__all__ = ["desk", "run"]  # fixtures

NOUNS = ("outbox", "webhooks", "queue", "quarantine", "held")
LEASE = timedelta(minutes=5)


@pytest.fixture
def rows(desk: Path) -> Path:
    """One row at least in each of the five lists, all of them created at NOW."""

    def fill(tx: Tx) -> None:
        tx.webhooks.add_many([Call(key="k", ticket=1, rule="tell", event="ticket.opened", url="https://hooks.test/", body='{"a": 1}')], NOW)
        (inbox,) = tx.inbox.add_many([(RAW, envelope("bogdan@demo.example"))])
        tx.inbox.claim("me", 10, LEASE, NOW)
        tx.inbox.finish(inbox, "held", NOW)
        tx.held.add(HeldMail(inbox=inbox, agent="bogdan", what=What.MAIL, why="unproven", came_at=NOW, subject="Re: Plotter"))

    change(desk, fill)
    return desk


def change(desk: Path, what: Callable[[Tx], object]) -> None:
    with store_of(desk) as store, store.write() as tx:
        what(tx)


def awaiting_reply(tx: Tx) -> None:
    [queued] = tx.outbox.claim("me", 1, LEASE, NOW)
    tx.outbox.mark_dot(queued.id, "me", NOW)


@pytest.mark.parametrize("noun", NOUNS)
def test_lists_take_the_same_options(run: Run, rows: Path, noun: str) -> None:
    ids = [row["id"] for row in run(noun, "list", "--json").json]
    assert ids
    assert len(run(noun, "list", "--json", "--limit", "1").json) == 1
    assert [row["id"] for row in run(noun, "list", "--json", "--since", NOW.date().isoformat()).json] == ids
    assert run(noun, "list", "--json", "--since", "2031-01-01").json == []
    odd = run(noun, "list", "--since", "soon")
    assert (odd.code, '"soon" is neither an age (30d, 12h) nor a date (2026-03-01)' in odd.err) == (exits.USAGE, True)


@pytest.mark.parametrize("noun", NOUNS)
def test_tables_begin_with_the_number_and_have_the_same_words(run: Run, rows: Path, noun: str) -> None:
    header, *lines = run(noun, "list").out.splitlines()
    assert header.startswith("ID  ")
    assert "CREATED" in header
    assert {"CAME", "MADE", "LAST WORD"}.isdisjoint(header.split("  "))
    assert "2026-11-21 09:00Z" in lines[0]
    assert ("STATE" in header) == (noun in {"outbox", "webhooks", "queue"})


@pytest.mark.parametrize("noun", NOUNS)
def test_show_prints_text_json_and_the_bytes(run: Run, rows: Path, noun: str) -> None:
    row = run(noun, "list", "--json").json[0]
    shown = run(noun, "show", str(row["id"]), "--json").json
    assert {key: shown[key] for key in row} == row
    assert {"raw", "body"} & shown.keys()
    assert "\x1b" not in run(noun, "show", str(row["id"])).out
    assert run(noun, "show", str(row["id"]), "--raw").out == (shown.get("raw") or shown.get("body") or "")


@pytest.mark.parametrize("noun", NOUNS)
def test_a_number_that_is_not_there_is_answered_with_the_list(run: Run, rows: Path, noun: str) -> None:
    ran = run(noun, "show", "9999")
    assert ran.code == exits.MISTAKES
    assert f"mailbridge {noun} list" in ran.err


@pytest.mark.parametrize(
    ("noun", "typed", "meant"),
    [("outbox", "awaiting-replay", "awaiting-reply"), ("webhooks", "defered", "deferred"), ("queue", "claimd", "claimed")],
)
def test_a_mistyped_state_is_answered_with_the_nearest(run: Run, desk: Path, noun: str, typed: str, meant: str) -> None:
    ran = run(noun, "list", "--state", typed)
    assert ran.code == exits.USAGE
    assert f'there is no state "{typed}"; did you mean "{meant}"?' in ran.err


def test_a_mail_without_the_servers_answer_is_shown_in_words_and_keeps_its_key_in_json(run: Run, rows: Path) -> None:
    change(rows, awaiting_reply)
    for typed in ("dot", "awaiting-reply", "awaiting reply", "Awaiting-Reply"):
        [row] = run("outbox", "list", "--json", "--state", typed).json
        assert (row["state"], row["state_text"]) == ("dot", "awaiting reply")
    assert "awaiting reply" in run("outbox", "list").out
    assert "state        awaiting reply" in run("outbox", "show", "1").out
    assert "awaiting reply 1" in run("outbox", "counts").out
    assert run("outbox", "counts", "--json").json["dot"] == 1
    assert run("outbox", "resend", "1").err == "mailbridge: outgoing mail 1 is awaiting reply: it is already being sent\n"
    assert "[queued|sending|awaiting-reply|sent|" in run("outbox", "list", "--help").out


@pytest.mark.parametrize("noun", ["outbox", "webhooks", "queue"])
def test_counts_tell_the_oldest_and_the_next(run: Run, rows: Path, noun: str) -> None:
    if noun == "queue":
        change(rows, lambda tx: tx.inbox.add_many([(RAW, envelope("ana@acme.example"))]))
    counts = run(noun, "counts", "--json").json
    assert counts["new" if noun == "queue" else "queued"] == 1
    assert counts["oldest_waiting_seconds"] > 0
    assert counts["next_due"] == NOW.isoformat()
    assert "the oldest has waited " in run(noun, "counts").out


def test_counts_tell_when_the_next_attempt_is(run: Run, rows: Path) -> None:
    def busy(tx: Tx) -> None:
        [queued] = tx.webhooks.claim("me", 1, LEASE, NOW)
        tx.webhooks.defer(queued.id, "me", NOW.replace(year=2099), status=503, answer="busy")

    change(rows, busy)
    assert "the next is due at 2099-11-21 09:00Z" in run("webhooks", "counts").out


@pytest.mark.parametrize(
    ("noun", "what", "state"),
    [
        ("outbox", "outgoing mail 1 to ana@acme.example will not be sent\n", "suppressed"),
        ("webhooks", "webhook 1 will not be called: https://hooks.test/\n", "failed"),
    ],
)
def test_what_waits_is_discarded_and_sent_after_all(run: Run, rows: Path, noun: str, what: str, state: str) -> None:
    assert run(noun, "discard", "1", "--yes", "--reason", "not needed").out == what
    [row] = run(noun, "list", "--json").json
    assert (row["state"], row["error" if noun == "outbox" else "answer"]) == (state, "not needed")
    assert run(noun, "discard", "1", "--yes").err.endswith(f" 1 is {state}: it cannot be discarded\n")
    assert "again" in run(noun, "resend", "1").out
    assert run(noun, "list", "--json", "--state", "queued").json != []


def test_nothing_is_discarded_without_a_yes(run: Run, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("click.confirm", lambda text, abort: asked.append(text))
    run("outbox", "discard", "1")
    assert asked == ["discard 1 outgoing mail?"]


def test_several_mails_are_resent_at_once_and_the_first_that_cannot_be_is_named(run: Run, rows: Path) -> None:
    change(rows, lambda tx: tx.outbox.fail(1, "550", NOW))
    ran = run("outbox", "resend", "1", "1")
    assert ran.out == "outgoing mail 1 will be sent again to ana@acme.example\n"
    assert "it is already being sent" in ran.err
    assert run("outbox", "resend").code == run("outbox", "resend", "1", "--kept-back").code == exits.USAGE


def test_an_accepted_mail_is_shown_dropped_and_retried(run: Run, rows: Path) -> None:
    change(rows, lambda tx: tx.inbox.add_many([(RAW, envelope("ana@acme.example"))]))
    [row] = run("queue", "list", "--state", "new", "--json").json
    shown = run("queue", "show", str(row["id"])).out
    assert f"sha256       {row['sha256']}" in shown
    assert f"rcpt_to      {', '.join(row['rcpt_to'])}\n" in shown
    assert "uid\n" in shown
    assert "None" not in shown.partition("\n\n")[0]
    assert "The plotter" in shown
    assert run("queue", "drop", str(row["id"]), "--yes").out == f"mail {row['id']} is dropped\n"
    assert run("queue", "drop", "1", "--yes").err == "mailbridge: mail 1 is not waiting, it is done\n"
    assert run("queue", "retry", str(row["id"])).out == f"mail {row['id']} is queued again\n"
    assert run("queue", "retry", "1").err == "mailbridge: mail 1 is neither quarantined nor dropped, it is done\n"
