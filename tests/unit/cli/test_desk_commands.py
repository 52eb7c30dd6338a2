"""The commands on a desk with tickets, outgoing mails and a quarantined mail: what they print, for people and for programs."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store import migrate
from mailbridge.store.engine import Store
from mailbridge.store.held import HeldMail, What
from mailbridge.store.inbox_rows import InboxState
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tables.outgoing import FOR_RELEASE
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Participant, Ticket

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RAW = b"From: ana@acme.example\nSubject: hello\nMessage-ID: <one@acme.example>\n\nThe plotter \x1b[31mburns\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk with ticket MB-1, a mail for it, one promise to its requester, and a mail in quarantine."""
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    with store_of(folder) as store:
        store.upgrade()
        fill(store)
    return folder


def fill(store: Store) -> None:
    requester = Participant(address="ana@acme.example", name="Ana")
    opened = TicketOpened(subject="Plotter offline", requester=requester, status="new", priority=Priority.HIGH, team="network")
    with store.write() as tx:
        (good, bad) = tx.inbox.add_many([(RAW, envelope("ana@acme.example")), (b"broken", envelope("eve@evil.example"))])
        ticket = Ticket(
            id=tx.tickets.reserve(),
            subject="Plotter \x1b]0;evil\x07 offline",
            status="new",
            priority=Priority.HIGH,
            team="network",
            created_at=NOW,
            updated_at=NOW,
            version=1,
            participants=(requester,),
        )
        assert tx.tickets.save(ticket, expected_version=0)
        ana = Actor(kind=ActorKind.CUSTOMER, name="ana@acme.example")
        wrote = MessageAdded(author="ana@acme.example")
        tx.events.append([Event(ticket=1, at=NOW, actor=ana, what=what, mail=1) for what in (opened, wrote)], 1)
        mail = tx.mails.add(
            StoredMail(
                direction=Direction.IN, received_at=NOW, inbox=good, ticket=1, sender="ana@acme.example", fresh="It burns", fingerprint="f"
            )
        )
        tx.clocks.set(ticket.id, [Deadline(promise="response", step="overdue", due_at=NOW + timedelta(hours=2))], NOW)
        tx.outbox.add_many([promise(ticket.id)], NOW)
        claimed = tx.inbox.claim("me", 10, timedelta(minutes=5), NOW)
        assert len(claimed) == 2
        tx.inbox.finish(good, "ticket", NOW, mail=mail, ticket=ticket.id)
        tx.inbox.quarantine(bad, "reading it took too long", NOW)


def store_of(folder: Path) -> AbstractContextManager[Store]:
    return closing(Store(load(folder, {}).store_url))


def envelope(sender: str) -> Envelope:
    return Envelope(source=Source.SMTP, received_at=NOW, mail_from=sender, rcpt_to=("support@demo.example",))


def promise(ticket: int) -> Notification:
    return Notification(
        ticket=ticket,
        audience=Audience.CUSTOMER,
        event="received",
        recipient="ana@acme.example",
        key="k1",
        message_id="<out-1@demo.example>",
    )


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(desk: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main([*arguments, "--desk", str(desk)])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command


Run = Callable[..., Ran]


def test_tickets_are_listed_for_people_without_what_could_move_their_cursor(run: Run) -> None:
    ran = run("tickets", "list")

    assert ran.code == exits.OK
    heading, line = ran.out.splitlines()
    assert heading.split()[:2] == ["TICKET", "PRIORITY"]
    assert line.startswith("MB-1    high      new")
    assert "\x1b" not in ran.out
    assert "\\x1b" in ran.out


def test_tickets_are_listed_for_programs(run: Run) -> None:
    (ticket,) = run("tickets", "list", "--json").json

    assert (ticket["number"], ticket["id"], ticket["team"], ticket["priority"]) == ("MB-1", 1, "network", "high")
    assert ticket["requester"] == "ana@acme.example"
    assert ticket["created_at"] == NOW.isoformat()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--team", "network"], 1),
        (["--team", "billing"], 0),
        (["--status", "new"], 1),
        (["--open"], 1),
        (["--closed"], 0),
        (["--assignee", ""], 1),
        (["--assignee", "bogdan"], 0),
        (["--search", "plotter"], 1),
        (["--search", "printer"], 0),
    ],
)
def test_tickets_are_found_by_what_is_asked(run: Run, arguments: list[str], found: int) -> None:
    assert len(run("tickets", "list", "--json", *arguments).json) == found


def test_no_tickets_are_said_to_be_none(run: Run) -> None:
    assert run("tickets", "list", "--closed").out == "no tickets\n"


@pytest.mark.parametrize("name", ["MB-1", "mb-1", "1", "[MB-1]"])
def test_one_ticket_is_shown_with_its_story(run: Run, name: str) -> None:
    ran = run("tickets", "show", name)

    assert ran.out.startswith('MB-1  "Plotter')
    assert "unassigned" in ran.out
    assert "It burns" in ran.out
    assert "MB-1 opened for ana@acme.example: team network, priority high, status new  by customer ana@acme.example" in ran.out


def test_one_ticket_is_shown_to_programs_whole(run: Run) -> None:
    ticket = run("tickets", "show", "1", "--json").json

    assert ticket["mails"][0]["fresh"] == "It burns"
    assert ticket["events"][0]["kind"] == "TicketOpened"
    assert ticket["events"][0]["actor"] == {"kind": "customer", "name": "ana@acme.example"}
    assert ticket["clocks"][0]["promise"] == "response"


def test_a_ticket_that_is_not_there_is_said_so(run: Run) -> None:
    ran = run("tickets", "show", "MB-9")

    assert (ran.code, ran.err) == (exits.MISTAKES, "mailbridge: there is no ticket MB-9\n")


def test_a_word_that_is_no_number_is_a_mistake_of_the_command_line(run: Run) -> None:
    ran = run("tickets", "show", "plotter")

    assert ran.code == exits.USAGE
    assert "write it like MB-1042" in ran.err


def test_outgoing_mails_are_listed_and_shown(run: Run) -> None:
    (queued,) = run("outbox", "list", "--json").json

    assert (queued["state"], queued["ticket"], queued["event"], queued["recipient"]) == ("queued", "MB-1", "received", "ana@acme.example")
    assert run("outbox", "list", "--state", "sent", "--json").json == []
    assert "customer.received" in run("outbox", "list").out
    assert run("outbox", "show", "1", "--json").json["message_id"] == "<out-1@demo.example>"
    assert "recipient    ana@acme.example" in run("outbox", "show", "1").out
    assert run("outbox", "show", "7").err == "mailbridge: there is no outgoing mail 7; mailbridge outbox list shows all\n"


def test_a_failed_mail_is_sent_again_and_one_on_its_way_is_not(run: Run, desk: Path) -> None:
    assert run("outbox", "resend", "1").code == exits.MISTAKES

    with store_of(desk) as store, store.write() as tx:
        tx.outbox.fail(1, "550 no such user", NOW)

    assert run("status", "--json").json["outbox"]["failed"] == 1
    assert run("outbox", "resend", "1").out == "outgoing mail 1 will be sent again to ana@acme.example\n"
    assert run("outbox", "list", "--json").json[0]["state"] == "queued"


def test_the_queue_names_the_sender_of_mail_from_a_listener(run: Run, desk: Path) -> None:
    with store_of(desk) as store, store.write() as tx:
        tx.inbox.add_many([(b"Subject: x\n\nx\n", dataclasses.replace(envelope("eva@acme.example"), account="127.0.0.1:24"))])
    listed = run("queue", "list", "--state", "new").out
    assert "eva@acme.example" in listed
    assert "None" not in listed


def test_a_desk_without_oauth_says_so_when_logins_are_tried(run: Run) -> None:
    tried = run("auth", "test")
    assert (tried.code, tried.out) == (exits.OK, "no [oauth.NAME] in mailbridge.toml\n")


def test_the_queue_tells_what_became_of_each_mail(run: Run) -> None:
    broken, good = run("queue", "list", "--json").json

    assert (good["outcome"], good["ticket"], good["message_id"]) == ("ticket", "MB-1", "one@acme.example")
    assert (broken["state"], broken["reason"]) == ("quarantined", "reading it took too long")
    assert "ana@acme.example" in run("queue", "list").out
    counts = run("queue", "counts", "--json").json
    assert (counts["done"], counts["quarantined"], counts["new"], counts["oldest_waiting_seconds"]) == (1, 1, 0, 0)
    assert "quarantined  1" in run("queue", "counts").out


def test_a_quarantined_mail_is_listed_shown_retried_and_dropped(run: Run, desk: Path) -> None:
    assert [row["id"] for row in run("quarantine", "list", "--json").json] == [2]
    assert "reading it took too long" in run("quarantine", "list").out
    assert run("quarantine", "show", "2").out == "mail 2, 6 bytes, quarantined after 1 tries: reading it took too long\n\nbroken\n"
    assert run("quarantine", "show", "2", "--json").json["raw"] == "broken"

    assert run("quarantine", "retry", "2").out == "mail 2 is queued again\n"
    assert run("queue", "list", "--state", "new", "--json").json[0]["attempts"] == 0
    assert run("quarantine", "drop", "2", "--yes").err == "mailbridge: mail 2 is not in quarantine, it is new\n"
    assert run("quarantine", "list").out == "no mail is in quarantine\n"


def test_a_mail_is_dropped_with_a_reason_and_only_after_a_yes(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run("quarantine", "drop", "2").code == exits.STOPPED

    assert run("quarantine", "drop", "2", "--yes", "--reason", "spam").code == exits.OK

    with store_of(desk) as store, store.read() as tx:
        row = tx.inbox.get(2)
    assert row is not None
    assert (row.state, row.reason) == (InboxState.DROPPED, "spam")


def test_status_names_each_trouble_with_the_next_step(run: Run) -> None:
    ran = run("status")

    assert ran.code == exits.MISTAKES
    assert "attention  the daemon has never run here: mailbridge run" in ran.out
    assert "attention  1 in quarantine: mailbridge quarantine list" in ran.out
    status = run("status", "--json").json
    assert (status["ok"], status["tickets"], len(status["troubles"])) == (False, {"new": 1}, 2)


def test_a_desk_that_is_well_ends_in_0(run: Run, desk: Path) -> None:
    with store_of(desk) as store, store.write() as tx:
        tx.inbox.drop(2, "spam", NOW)
        tx.state.set("daemon", {"pid": 1}, datetime.now(UTC))

    ran = run("status", "--json")

    assert ran.code == exits.OK
    assert ran.json["ok"] is True
    assert ran.json["troubles"] == []


def test_a_daemon_that_fell_silent_and_broken_rules_are_told(run: Run, desk: Path) -> None:
    with store_of(desk) as store, store.write() as tx:
        tx.state.set("daemon", {"pid": 1}, datetime.now(UTC) - timedelta(minutes=3))
        tx.state.set("rules", {"version": "3f9c2a1", "problems": ["rules/teams.yaml:1:1: x"]}, NOW)

    troubles = run("status", "--json").json["troubles"]

    assert any(trouble.startswith("the daemon was last seen alive at ") for trouble in troubles)
    told = "the rules on disk are broken (1 mistake, the first rules/teams.yaml:1:1: x); version 3f9c2a1 stays in force: mailbridge check"
    assert told in troubles


def test_the_schema_is_told_and_upgraded(run: Run) -> None:
    ran = run("db", "current")

    assert ran.code == exits.OK
    assert run("db", "upgrade").out == f"the schema is {ran.out.strip()}; nothing to do\n"


def test_a_program_that_is_too_old_for_its_database_says_so_and_no_other_advice(run: Run, desk: Path) -> None:
    with store_of(desk) as store, store.write() as tx:
        tx.state.set("schema", {"version": "77.0"}, NOW)
        tx._sql.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    for words in (("db", "current"), ("db", "upgrade"), ("tickets", "list"), ("status",)):
        ran = run(*words)
        assert ran.code != exits.OK, words
        assert "install mailbridge 77.0 or newer, or restore the backup" in ran.err, words
        assert "db upgrade" not in ran.err, words
    assert run("db", "current", "--json").json["schema"] == "9999"


@pytest.mark.servers
@pytest.mark.parametrize("only_adds", [True, False])
def test_an_upgrade_beside_a_daemon_goes_on_only_where_it_only_adds(
    run: Run, desk: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, only_adds: bool
) -> None:
    monkeypatch.setenv("MAILBRIDGE_STORE_URL", postgres_url)
    before = f"{int(min(migrate.ONLY_ADD)) - 1:04}"
    with closing(Store(postgres_url)) as store:
        store.upgrade(before)
        with store.write() as tx:
            tx.state.set("daemon", {"pid": 4711, "version": "1.0"}, datetime.now(UTC))
    if not only_adds:
        monkeypatch.setattr(migrate, "ONLY_ADD", frozenset())

    ran = run("db", "upgrade")

    if only_adds:
        assert ran.out.splitlines() == [
            f"the schema was {before}, now it is {migrate.HEAD}",
            "mailbridge 1.0 (process 4711) works on: this upgrade only adds. Restart every mailbridge of this desk with this version.",
        ]
        return
    assert ran.code == exits.IN_USE
    assert "mailbridge 1.0 (process 4711) works on this database" in ran.err
    assert "stop every mailbridge of this desk on all machines, make a backup" in ran.err
    assert run("db", "current", "--json").json["schema"] == before


def test_a_new_key_signs_and_the_one_before_is_still_believed(run: Run, desk: Path) -> None:
    assert run("keys", "rotate", "--yes").out == "key 1 signs from now on\n"
    assert run("keys", "rotate", "--yes").out.startswith("key 2 signs from now on; key 1 of ")


def test_a_store_that_is_away_is_temporary(desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBRIDGE_STORE_URL", "postgresql://nobody@127.0.0.1:9/none")

    assert main(["tickets", "list", "--desk", str(desk)]) == exits.TEMPORARY
    assert "Nothing was lost; try again later." in capsys.readouterr().err


def test_every_promise_is_explained_with_its_outcome(run: Run) -> None:
    text, values = run("sla", "why", "MB-1"), run("sla", "why", "MB-1", "--json")
    found = {one["clock"]: one for one in json.loads(values.out)}
    assert {"response", "resolution", "claim"} <= found.keys()
    assert found["response"]["outcome"] == "overdue"  # nobody has answered for years
    assert found["response"]["ended_at"] is None
    assert sum(stretch["counted_s"] for stretch in found["response"]["stretches"]) == found["response"]["budget_s"]
    assert text.out.startswith("first answer within ")
    assert "overdue since 2026-11-" in text.out
    table = run("sla", "why", "MB-1", "--table").out.splitlines()
    assert table[0].split() == ["target", "from", "to", "counted", "what"]
    intervals = sum(len(one["stretches"]) + 1 for one in found.values())
    assert len(table) == 1 + intervals
    assert run("sla", "why", "MB-1", "--table", "--json").code == exits.USAGE


MISSED_ONE = {"met": 0, "missed": 1, "open": 0, "missed_share": 1.0, "kept": 0, "broken": 1, "broken_share": 1.0}
NO_TARGETS = {"met": 0, "missed": 0, "open": 0, "missed_share": None, "kept": 0, "broken": 0, "broken_share": None}


def test_met_and_missed_targets_are_counted(run: Run) -> None:
    found = json.loads(run("sla", "report", "--since", "2026-11-01", "--json").out)
    response = next(one for one in found if one["clock"] == "response")
    assert response == {"team": "network", "clock": "response", **MISSED_ONE}
    table = run("sla", "report", "--since", "2026-11-01", "--by", "customer").out
    assert table.split("\n")[0].split() == ["customer", "target", "met", "missed", "open", "missed", "%"]
    assert "100.0%" in table
    assert "no targets in that time" in run("sla", "report", "--since", "2026-11-22").out


def test_other_targets_are_tried_on_the_past_and_change_nothing(run: Run, desk: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    sla = (desk / "rules" / "sla.yaml").read_text()
    other.write_text(sla.replace("high:   {response: 2h, resolution: 1d}", "high:   {response: 400w}"))
    with store_of(desk) as store, store.read() as tx:
        before = tx.clocks.of_ticket(1)
    found = {one["clock"]: one for one in json.loads(run("sla", "whatif", "--policy", str(other), "--since", "2026-11-01", "--json").out)}
    assert (found["response"]["now"]["broken"], found["response"]["then"]["broken"]) == (1, 0)
    assert found["response"]["then"]["open"] == 1
    assert found["resolution"]["then"] == NO_TARGETS
    assert "first answer" in run("sla", "whatif", "--policy", str(other), "--since", "2026-11-01").out
    with store_of(desk) as store, store.read() as tx:
        assert tx.clocks.of_ticket(1) == before
    other.write_text("targets: {high: {respons: 1h}}\n")
    told = run("sla", "whatif", "--policy", str(other)).err
    assert told.startswith(f"{other.resolve()}:1:")
    assert "targets: {high: {respons: 1h}}" in told  # the line of that file, not of rules/sla.yaml


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def give(raw: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return give


def test_ingest_ends_in_0_after_the_mail_is_stored(run: Run, stdin: Callable[[bytes], None]) -> None:
    stdin(RAW)

    ran = run("ingest", "--from", "ana@acme.example", "--to", "support@demo.example")

    assert (ran.code, ran.out) == (exits.OK, "")
    row = run("queue", "list", "--json", "--state", "new").json[0]
    assert (row["source"], row["mail_from"], row["rcpt_to"], row["size"]) == (
        "pipe",
        "ana@acme.example",
        ["support@demo.example"],
        len(RAW),
    )


def test_ingest_knows_the_null_sender(run: Run, stdin: Callable[[bytes], None]) -> None:
    stdin(RAW)
    run("ingest", "--from", "<>")
    stdin(RAW)
    run("ingest")

    unknown, null = run("queue", "list", "--json", "--state", "new").json
    assert (null["mail_from"], unknown["mail_from"]) == ("", None)


def test_ingest_refuses_what_is_no_mail_and_what_is_too_large(run: Run, desk: Path, stdin: Callable[[bytes], None]) -> None:
    stdin(b"")
    assert run("ingest").code == exits.REFUSED

    with (desk / "mailbridge.toml").open("a", encoding="utf-8") as file:
        file.write("\n[limits]\nmail_size = 1024\n")
    stdin(b"Subject: x\n\n" + b"x" * 2000)
    ran = run("ingest")
    assert ran.code == exits.REFUSED
    assert "1024 bytes" in ran.err


@pytest.mark.parametrize("breakage", ["config", "store", "option"])
def test_whatever_is_not_the_mails_fault_makes_the_mail_server_keep_it(
    run: Run, desk: Path, stdin: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch, breakage: str
) -> None:
    stdin(RAW)
    if breakage == "config":
        (desk / "mailbridge.toml").write_text("[desk]\n", encoding="utf-8")
    if breakage == "store":
        monkeypatch.setenv("MAILBRIDGE_STORE_URL", "postgresql://nobody@127.0.0.1:9/none")

    ran = run("ingest", *(["--form", "x"] if breakage == "option" else []))

    assert ran.code == exits.TEMPORARY
    assert ran.err != ""
    assert "Traceback" not in ran.err


def test_import_takes_files_folders_maildirs_and_mboxes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(RAW)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two.eml").write_bytes(RAW.replace(b"one@", b"two@"))
    for part in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / part).mkdir(parents=True)
    (tmp_path / "maildir" / "new" / "1.x").write_bytes(RAW.replace(b"one@", b"three@"))
    (tmp_path / "box.mbox").write_bytes(
        b"From a@b Sat Jan  3 01:05:34 1996\nSubject: 4\n\n4\n\nFrom a@b Sat Jan  3 01:05:34 1996\nSubject: 5\n\n5\n"
    )

    ran = run("import", *(str(tmp_path / name) for name in ("one.eml", "folder", "maildir", "box.mbox")))

    assert (ran.code, ran.out) == (exits.OK, "5 mails imported, 1 of them a copy of a mail that is here: it opens no second ticket\n")
    again = run("import", str(tmp_path / "folder"), str(tmp_path / "box.mbox"))
    assert again.out == "3 mails imported, 3 of them copies of mails that are here: they open no second ticket\n"
    assert run("queue", "counts", "--json").json["new"] == 8
    assert {row["source"] for row in run("queue", "list", "--state", "new", "--json").json} == {"import"}


def test_import_names_what_it_could_not_take_and_takes_the_rest(run: Run, desk: Path, tmp_path: Path) -> None:
    with (desk / "mailbridge.toml").open("a", encoding="utf-8") as file:
        file.write("\n[limits]\nmail_size = 1024\n")
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "1.eml").write_bytes(b"x" * 2000)
    (mails / "2.eml").write_bytes(b"\n")
    (mails / "3.eml").write_bytes(RAW)

    ran = run("import", str(mails))

    copies = "1 of them a copy of a mail that is here: it opens no second ticket"
    assert (ran.code, ran.out) == (exits.MISTAKES, f"1 mail imported, {copies}, 2 not imported:\n")
    assert ran.err.splitlines() == [
        f"  {mails}/1.eml: 2000 bytes, the limit is 1024 (limits.mail_size)",
        f"  {mails}/2.eml: it contains no mail",
    ]


def test_a_worker_beside_sqlite_is_refused_with_the_reason(run: Run) -> None:
    ran = run("worker")

    assert ran.code == exits.USAGE
    assert "more workers need PostgreSQL" in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["tickets", "list", "--team", "suport"], 'there is no team "suport"; did you mean "support"?'),
        (["tickets", "list", "--team", "suport", "--json"], 'there is no team "suport"; did you mean "support"?'),
        (["tickets", "list", "--status", "opne"], 'there is no status "opne"; did you mean "open"?'),
        (["tickets", "list", "--assignee", "ioanna"], 'there is no agent "ioanna"; did you mean "ioana"?'),
        (["report", "time", "--agent", "ioanna"], 'there is no agent "ioanna"; did you mean "ioana"?'),
        (["rota", "suport"], 'there is no team "suport"; did you mean "support"?'),
    ],
)
def test_a_filter_with_an_unknown_name_is_a_mistake_and_not_an_empty_list(
    desk: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main([*arguments, "--desk", str(desk)]) != exits.OK
    assert told in capsys.readouterr().err


def test_a_known_name_with_no_tickets_is_an_empty_list(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So is a team that tickets have and the rules have no more, and any name while the rules are broken."""
    for filters in (["--team", "support"], ["--assignee", ""], ["--assignee", "ioana"], ["--status", "closed"]):
        assert main(["tickets", "list", "--closed", *filters, "--desk", str(desk)]) == exits.OK
    with store_of(desk) as store, store.write() as tx:
        ticket = tx.tickets.get(1)
        assert ticket is not None
        assert tx.tickets.save(dataclasses.replace(ticket, team="dissolved", version=2), expected_version=1)
    assert main(["tickets", "list", "--team", "dissolved", "--closed", "--desk", str(desk)]) == exits.OK
    assert main(["tickets", "list", "--team", "disolved", "--closed", "--desk", str(desk)]) != exits.OK
    (desk / "rules" / "teams.yaml").write_text("teams: [")
    assert main(["tickets", "list", "--team", "nonsense", "--desk", str(desk)]) == exits.OK


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ann@acme.example", "no ticket is from ann@acme.example; did you mean ana@acme.example?"),
        ("ana@acme.exampel", "no ticket is from ana@acme.exampel; did you mean ana@acme.example?"),
        ("ana", '"ana" is not a mail address; write it like carol@customer.example'),
        ("nobody@nowhere.example", "no ticket is from nobody@nowhere.example"),
        ("ana@acme.example", ""),
    ],
)
@pytest.mark.parametrize("command", [["search", "nothingofthekind"], ["docs", "find"]])
def test_an_unknown_customer_is_told_where_nothing_is_found(
    desk: Path, capsys: pytest.CaptureFixture[str], command: list[str], address: str, told: str
) -> None:
    assert main([*command, "--customer", address, "--desk", str(desk)]) == exits.MISTAKES
    assert capsys.readouterr().err.strip() == told


def test_status_names_held_mails_and_the_command_that_shows_them(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with store_of(desk) as store, store.write() as tx:
        for number in (1, 2):
            tx.held.add(HeldMail(inbox=number, agent="ana", what=What.MAIL, why="unproven", came_at=NOW))
        letter = Notification(
            ticket=1, audience=Audience.CUSTOMER, event="received", recipient="jo@x.example", key="fc", message_id="fc@d", language="en"
        )
        tx.outbox.hold(letter, NOW, FOR_RELEASE)
    main(["status", "--desk", str(desk)])
    shown = capsys.readouterr().out
    main(["status", "--json", "--desk", str(desk)])
    found = json.loads(capsys.readouterr().out)

    assert "held       2 mails wait for confirmation by agents: mailbridge held list" in shown
    assert "release    1 mail waits after a first connect: mailbridge release" in shown
    assert (found["held"], found["for_release"]) == (2, 1)
