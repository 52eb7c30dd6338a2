"""A desk that an earlier version left behind - database, configuration, rules, templates - is upgraded and says what it said before.

`earlier/` holds the desk of November 2026, from before classes and modules were renamed, and what the commands said about it then.  Words
for people may change, data may not: keys and values of JSON, configuration keys, names in templates.
"""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.notifications.model import OutboxState
from mailbridge.store.engine import Store
from mailbridge.store.schema import metadata
from tests.harness import TestDesk, a_mail, proven
from tests.store.earlier.make import DATABASE, DESK, ENVIRONMENT, EXPECTED, earlier_desk, snapshot

BEFORE: Mapping[str, Any] = json.loads(lzma.decompress(EXPECTED.read_bytes()))


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def upgraded(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The desk as it was, with its database at the schema of today."""
    folder = tmp_path_factory.mktemp("earlier") / "desk"
    shutil.copytree(DESK, folder)
    (folder / "mailbridge.db").write_bytes(lzma.decompress(DATABASE.read_bytes()))
    assert main(["db", "upgrade", "--desk", str(folder)]) == exits.OK
    return folder


@pytest.fixture(scope="module")
def now(upgraded: Path) -> Mapping[str, Any]:
    return json.loads(json.dumps(snapshot(upgraded)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("command", BEFORE)
def test_the_commands_say_what_they_said(command: str, now: Mapping[str, Any]) -> None:
    assert known(now[command], BEFORE[command]) == BEFORE[command]


def known(said: Any, before: Any) -> Any:
    """What is said now, without keys that there were not before: a later version may add some, and changes or loses none."""
    if isinstance(said, dict) and isinstance(before, dict):
        return {key: known(value, before[key]) for key, value in said.items() if key in before}
    if isinstance(said, list) and isinstance(before, list) and len(said) == len(before):
        return [known(one, other) for one, other in zip(said, before, strict=True)]
    return said


def test_a_key_may_come_and_none_may_go() -> None:
    assert known({"a": [{"b": 1, "c": 2}], "d": 3}, {"a": [{"b": 1}]}) == {"a": [{"b": 1}]}
    assert known({"a": []}, {"a": [1], "b": 2}) != {"a": [1], "b": 2}


def test_nothing_new_is_said(now: Mapping[str, Any]) -> None:
    assert set(now) == set(BEFORE)


def test_its_configuration_rules_and_templates_have_no_mistake(upgraded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", "--desk", str(upgraded), "--json"])
    problems = json.loads(capsys.readouterr().out)["problems"]

    assert [one for one in problems if not one["warning"]] == []
    assert code == exits.OK


NEWER = {  # events that the earlier version did not know
    *("CustomerChanged", "HoursAlerted", "HoursRanOut", "PlanSet"),
    *("FollowerSet", "MuteSet", "TicketRated", "RatingAsked", "MarkedSpam", "ApprovalReassigned"),
}


def test_every_kind_of_event_and_state_is_in_it(upgraded: Path) -> None:
    """Else the test above would prove less than it says."""
    names = json.loads((Path(__file__).parents[1] / "unit" / "stored_names.json").read_text(encoding="utf-8"))
    events = [event for command, said in BEFORE.items() if command.startswith("tickets show") for event in said["events"]]
    # An Escalated event has a `kind` of its own, which hides the event's in this JSON.
    kinds = {"Escalated" if "chain" in event else event["kind"] for event in events}

    assert kinds == {one["published"] for one in names["events"].values()} - NEWER
    assert {one["state"] for one in BEFORE["outbox list"]} >= {"queued", "sent", "held", "suppressed"}
    assert any(ticket["approvals"] for ticket in BEFORE["tickets list"])
    assert any(ticket["snoozed_until"] for ticket in BEFORE["tickets list"])
    assert BEFORE["held list"]
    assert BEFORE["quarantine list"]
    assert BEFORE["webhooks list"]


@pytest.fixture
def desk(upgraded: Path, tmp_path: Path) -> Iterator[TestDesk]:
    """The desk at work again, on a copy, an hour after it stood still."""
    folder = tmp_path / "desk"
    shutil.copytree(upgraded, folder)
    with earlier_desk(folder) as desk:
        with desk.app.store.read() as tx:
            desk.clock.time = max(ticket.updated_at for ticket in tx.tickets.find(limit=1000)) + timedelta(hours=1)
        yield desk


def test_tickets_are_still_what_their_events_say(desk: TestDesk) -> None:
    desk.assert_sound()


def test_mails_that_waited_are_sent_with_the_words_of_today(desk: TestDesk) -> None:
    """Those that were held are listed in one mail; nothing is left, and nothing fails."""
    desk.pass_time(hours=2)
    desk.app.jobs.sweep()
    sent = desk.deliver()

    with desk.app.store.read() as tx:
        counts = tx.outbox.counts()
        failed = [one.error for one in tx.outbox.list(OutboxState.FAILED, 100)]
    assert failed == []
    assert (counts["queued"], counts["deferred"], counts["sending"]) == (0, 0, 0)
    assert len(sent) > 5


def test_a_yes_to_what_waits_is_understood(desk: TestDesk) -> None:
    """Mara is asked about nine hours of work; the command was stored by the earlier version."""
    asked = desk.promise_to("mara@desk.test", "approval")
    assert asked.ticket is not None
    ticket = desk.ticket(asked.ticket)
    assert ticket.approvals[0].line.startswith("#time 9h")
    desk.clock.time = ticket.approvals[0].asked_at + timedelta(minutes=5)
    answers = {"to": asked.reply_to, "in_reply_to": f"<{asked.message_id}>", "message_id": "<yes@desk.test>"}
    mail = a_mail("Yes.", from_="Mara Lind <mara@desk.test>", **answers)

    desk.feed(proven(mail), mail_from="mara@desk.test", rcpt_to=(asked.reply_to,))

    after = desk.ticket(asked.ticket)
    assert after.approvals == ()
    assert [one.minutes for one in after.activities] == [540]


def test_an_answer_to_an_old_mail_comes_onto_its_ticket(desk: TestDesk) -> None:
    """Signed addresses of the earlier version hold."""
    told = desk.promise_to("dana@other.test", "received")
    mail = a_mail("One more thing.", from_="Dana Pop <dana@other.test>", to=told.reply_to, message_id="<more@other.test>")

    done = desk.feed(proven(mail, "other.test"), mail_from="dana@other.test", rcpt_to=(told.reply_to,))

    assert done.result.ticket == told.ticket


@pytest.mark.servers
def test_it_says_the_same_from_postgresql(upgraded: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows in a database of the other kind; words are found there in another way."""
    monkeypatch.setenv("MAILBRIDGE_STORE_URL", postgres_url)
    store = Store(postgres_url)
    store.upgrade()
    store.close()
    copy_rows(f"sqlite:///{upgraded / 'mailbridge.db'}", postgres_url.replace("postgresql:", "postgresql+psycopg:"))

    found = json.loads(json.dumps(snapshot(upgraded)))

    searches = {command for command in BEFORE if command.startswith("search")}
    before = {command: said for command, said in BEFORE.items() if command not in searches}
    assert known(found, before) == before


def copy_rows(old: str, new: str) -> None:
    source, target = sa.create_engine(old), sa.create_engine(new)
    with source.connect() as reading, target.begin() as writing:
        for table in metadata.sorted_tables:
            if rows := [dict(row) for row in reading.execute(table.select()).mappings()]:
                writing.execute(table.delete())
                writing.execute(table.insert(), rows)
    source.dispose()
    target.dispose()


def test_the_database_is_of_the_schema_it_says(tmp_path: Path) -> None:
    """Older than the migrations of today or just as old, never newer: whoever makes the desk anew by mistake sees it here."""
    (tmp_path / "mailbridge.db").write_bytes(lzma.decompress(DATABASE.read_bytes()))
    store = Store(f"sqlite:///{tmp_path / 'mailbridge.db'}")
    try:
        assert store.current() == "0016"
    finally:
        store.close()
