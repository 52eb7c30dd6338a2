"""A backup of a desk that works, and the way back, on both databases."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.backup import folders, keep, keysfile, make, manifest, restore
from mailbridge.backup.make import MadeBackup
from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.cli.outbox import _release
from mailbridge.config.load import load
from mailbridge.config.model import Backup, Config, Keep
from mailbridge.delivery.render.words import WORDS
from mailbridge.errors import InUse, Permanent
from mailbridge.health.gauges import GAUGES
from mailbridge.jobs import release as waits
from mailbridge.jobs.backup import Backups, remedy
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification, OutboxState
from mailbridge.store.engine import Store
from mailbridge.store.schema import metadata
from mailbridge.store.tables.access import SECRET_TABLES
from tests.builders import NOW
from tests.harness import RULES, TestDesk, a_config, a_desk, a_mail, write_rules
from tests.servers.postgres import Postgres

PASSWORD = "correct horse"


@pytest.fixture
def config(tmp_path: Path, store_url: str) -> Config:
    return desk_folder(tmp_path / "desk", store_url)


@pytest.fixture
def sqlite_config(tmp_path: Path, sqlite_store_url: str) -> Config:
    return desk_folder(tmp_path / "desk", sqlite_store_url)


def desk_folder(folder: Path, url: str) -> Config:
    """A desk's folder as on a disk, with a password file, and its configuration."""
    write_rules(folder, RULES)
    (folder / "smtp.password").write_text(PASSWORD)
    (folder / "mailbridge.toml").write_text(
        f'[desk]\nname = "Acme Support"\naddress = "support@desk.test"\n[store]\nurl = "{url}"\n'
        '[outgoing]\nurl = "smtp://mail.desk.test:587"\nuser = "desk"\npassword_file = "smtp.password"\n'
    )
    return a_config(folder, store_url=url)


def desk_app(config: Config) -> AbstractContextManager[TestDesk]:
    return a_desk(config.folder, store_url=config.store_url)


def fill(config: Config) -> None:
    with desk_app(config) as desk:
        desk.feed(a_mail("My printer is broken."))
        desk.feed(a_mail("x" * 2_000_000, subject="Huge", message_id="<two@customer.test>"))


def backed_up(config: Config, tmp_path: Path) -> MadeBackup:
    return make.make(config, tmp_path / "backups", tmp_path / "keys", NOW)


@pytest.fixture
def other_database(request: pytest.FixtureRequest, tmp_path: Path, config: Config) -> Iterator[str]:
    """The URL of an empty place of the same kind."""
    if config.store_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


def test_a_desk_comes_back_whole_with_its_keys(config: Config, tmp_path: Path, other_database: str) -> None:
    fill(config)
    made = backed_up(config, tmp_path)

    checked = restore.check(made.folder, database=config.store_url, keys=made.keys.file)
    result = restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=other_database)

    assert (checked.problems, checked.rows > 10) == ((), True)
    old, new = Store(config.store_url), Store(other_database)
    with closing(old), closing(new), old.read() as before, new.read() as after:
        assert [ticket.subject for ticket in after.tickets.find()] == [ticket.subject for ticket in before.tickets.find()]
        assert after.keys.live() == before.keys.live()
        states = OutboxState.QUEUED, OutboxState.HELD  # one receipt waits to be told with others
        pending = [queued.id for state in states for queued in before.outbox.list(state)]
        assert result.held == len(pending) > 0
        assert {queued.id for queued in after.outbox.kept_back()} == set(pending)
        assert after.outbox.next_due() is None
    with closing(new), new.write() as tx:
        assert tx.outbox.requeue(pending[0], NOW)
        assert tx.tickets.reserve() > 1000
    assert load(tmp_path / "new").outgoing.password == PASSWORD
    assert (tmp_path / "new" / "rules" / "teams.yaml").read_text() == RULES["teams.yaml"]


def test_without_its_keys_file_nobody_can_sign(config: Config, tmp_path: Path, other_database: str) -> None:
    fill(config)
    with closing(Store(config.store_url)) as store, store.read() as tx:
        secrets = [key.secret for key in tx.keys.live()]
    made = backed_up(config, tmp_path)

    content = b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    restore.restore(made.folder, tmp_path / "new", NOW, database=other_database)

    assert secrets
    assert not [secret for secret in secrets if secret in content or secret.hex().encode() in content]
    assert PASSWORD.encode() not in content
    with closing(Store(other_database)) as store, store.read() as tx:
        assert tx.keys.live() == []
    assert not (tmp_path / "new" / "smtp.password").exists()


def test_every_column_of_bytes_is_known_as_a_secret_or_as_none() -> None:
    """Whoever adds a table says whether a backup may hold its rows."""
    open_columns = {"blobs.content", "outbox.rendered", "web_sessions.secret"}  # the last is a SHA-256 of 256 random bits
    doubtful = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.type.python_type is bytes or any(word in column.name for word in ("secret", "password", "sealed"))
    }

    assert {column for column in doubtful - open_columns if column.partition(".")[0] not in SECRET_TABLES} == set()


def test_only_the_owner_can_read_a_backup_and_its_keys(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    made = backed_up(sqlite_config, tmp_path)

    paths = [made.folder, *made.folder.rglob("*"), made.keys.file, made.keys.file.parent]

    assert [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_keys_are_written_once_and_again_when_they_change(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    first, second = backed_up(sqlite_config, tmp_path), backed_up(sqlite_config, tmp_path)
    (sqlite_config.folder / "smtp.password").write_text("another")
    third = backed_up(sqlite_config, tmp_path)

    assert [one.keys.is_new for one in (first, second, third)] == [True, False, True]
    assert restore.check(first.folder, keys=first.keys.file).problems == ()
    assert "is not the keys file" in restore.check(first.folder, keys=third.keys.file).problems[0]
    assert first.folder.name < second.folder.name < third.folder.name


def test_keys_among_the_backups_are_refused(sqlite_config: Config, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="apart"):
        make.make(sqlite_config, tmp_path / "backups", tmp_path / "backups" / "keys", NOW)


def test_a_password_in_a_url_goes_to_the_keys(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    text = sqlite_config.folder / "mailbridge.toml"
    text.write_text(text.read_text() + '[scan]\nrspamd = "http://desk:pass-in-url@127.0.0.1:11333"\n')
    made = backed_up(sqlite_config, tmp_path)

    assert "pass-in-url" not in (made.folder / "desk" / "mailbridge.toml").read_text()
    assert "mailbridge.toml" in {one.path for one in keysfile.read(made.keys.file).files}
    restored = restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=f"sqlite:///{tmp_path / 'n.db'}")
    assert "pass-in-url" in (restored.folder / "mailbridge.toml").read_text()


def test_mails_that_come_meanwhile_are_in_it_whole_or_not_at_all(config: Config, tmp_path: Path) -> None:
    """A writer goes on while the backup is made; the copy is compared with the snapshot it was made of."""
    fill(config)
    stop, written = threading.Event(), []

    def write() -> None:
        with closing(Store(config.store_url)) as store:
            while not stop.is_set():
                with store.write() as tx:
                    tx.state.set(f"one-{len(written)}", len(written), NOW)
                    tx.state.set(f"other-{len(written)}", len(written), NOW)
                written.append(None)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = backed_up(config, tmp_path)
    finally:
        stop.set()
        writer.join()

    table = next(table for table in made.manifest.tables if table.name == "state")
    assert restore.check(made.folder, database=config.store_url).problems == ()
    assert table.rows > 0


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS", "database", "desk/mailbridge.toml", "desk/rules/teams.yaml"])
def test_a_flipped_byte_is_found_and_named(sqlite_config: Config, tmp_path: Path, name: str) -> None:
    fill(sqlite_config)
    made = backed_up(sqlite_config, tmp_path)
    file = made.folder / (made.manifest.database if name == "database" else name)
    flip(file, file.stat().st_size // 2)

    problems = restore.check(made.folder).problems

    assert any(file.name in problem for problem in problems) or name == "SHA256SUMS"
    assert problems
    with pytest.raises(Permanent, match="damaged"):
        restore.restore(made.folder, tmp_path / "new", NOW)
    assert not (tmp_path / "new").exists()


@pytest.mark.servers
def test_a_flipped_byte_in_a_dump_is_found(postgres_store_url: str, tmp_path: Path) -> None:
    config = desk_folder(tmp_path / "desk", postgres_store_url)
    fill(config)
    made = backed_up(config, tmp_path)
    file = made.folder / made.manifest.database
    flip(file, file.stat().st_size // 2)

    assert "database.dump was changed after the backup" in restore.check(made.folder, database=postgres_store_url).problems


def test_rows_and_contents_that_differ_are_named(sqlite_config: Config, tmp_path: Path) -> None:
    """Somebody changed the copy and counted all checksums again: the digests of the snapshot still tell."""
    fill(sqlite_config)
    made = backed_up(sqlite_config, tmp_path)
    with closing(sqlite3.connect(made.folder / made.manifest.database)) as copied, copied:
        copied.execute("UPDATE mails SET subject = 'Other' WHERE id = 2")
        copied.execute("UPDATE blobs SET content = x'00' WHERE id = 1")
    (made.folder / manifest.SUMS).unlink()
    sums = [f"{folders.sha256(made.folder / name)}  {name}\n" for name in folders.files_in(made.folder)]
    (made.folder / manifest.SUMS).write_text("".join(sums))

    problems = restore.check(made.folder).problems

    assert [problem for problem in problems if problem.startswith("table mails: a row from 1 to")]
    assert [problem for problem in problems if problem.startswith("table blobs: a row from 1 to")]
    assert [problem for problem in problems if problem.startswith("the content ")]


def test_nothing_is_overwritten(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    made = backed_up(sqlite_config, tmp_path)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("mine")

    with pytest.raises(Permanent, match="overwritten"):
        restore.restore(made.folder, taken, NOW)
    with pytest.raises(Permanent, match="overwritten"):  # its mailbridge.toml names the database that is still there
        restore.restore(made.folder, tmp_path / "new", NOW)

    assert (taken / "file").read_text() == "mine"
    assert not (tmp_path / "new").exists()


@pytest.mark.servers
def test_a_full_postgresql_database_is_left_alone(postgres_store_url: str, tmp_path: Path) -> None:
    config = desk_folder(tmp_path / "desk", postgres_store_url)
    fill(config)
    made = backed_up(config, tmp_path)

    with pytest.raises(Permanent, match="is not empty"):
        restore.restore(made.folder, tmp_path / "new", NOW)
    assert "is not empty" in restore.check(made.folder, scratch_url=postgres_store_url).problems[0]


def test_a_backup_of_an_older_schema_is_upgraded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = desk_folder(tmp_path / "desk", url)
    with closing(Store(url)) as store:
        store.upgrade("0005")
    made = backed_up(config, tmp_path)
    new = f"sqlite:///{tmp_path / 'new.db'}"

    assert made.manifest.revision == "0005"
    assert restore.check(made.folder).problems == ()
    restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=new)
    with closing(Store(new)) as store:
        assert store.current() == store.head()


def test_mail_that_came_after_the_backup_is_taken_again_and_none_twice(sqlite_config: Config, tmp_path: Path) -> None:
    """The mailbox is newer than the backup: what both have is one mail, what only the mailbox has is a new ticket with a new number."""
    older, newer = a_mail("My printer is broken."), a_mail("And the scanner.", subject="Scanner", message_id="<new@customer.test>")
    with desk_app(sqlite_config) as desk:
        first = desk.feed(older)
        made = backed_up(sqlite_config, tmp_path)
        lost = desk.feed(newer)
    new = f"sqlite:///{tmp_path / 'new.db'}"
    restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=new)

    with desk_app(replace(sqlite_config, store_url=new)) as desk:
        again, taken = desk.feed(older), desk.feed(newer)
        subjects = [ticket.subject for ticket in desk.tickets()]

    assert again.result.outcome == "duplicate"
    assert sorted(subjects) == ["Printer broken", "Scanner"]
    assert first.result.ticket == again.result.ticket
    assert taken.result.ticket > lost.result.ticket + 500


def test_what_was_said_before_the_loss_is_not_said_again_by_itself(sqlite_config: Config, tmp_path: Path) -> None:
    """The mailbox gives a mail again that was answered after the backup: the customer hears nothing until a person says so."""
    raw = a_mail("And the scanner.", date="Mon, 23 Nov 2026 08:59:00 +0000")
    fresh = a_mail("It smokes.", subject="Smoke", message_id="<later@customer.test>", date="Mon, 23 Nov 2026 09:01:00 +0000")
    with desk_app(sqlite_config):
        made = backed_up(sqlite_config, tmp_path)
    new = f"sqlite:///{tmp_path / 'new.db'}"
    restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=new)

    with desk_app(replace(sqlite_config, store_url=new)) as desk:
        desk.feed(raw)
        desk.pass_time(minutes=2)
        desk.feed(fresh)
        desk.pass_time(minutes=5)
        desk.app.jobs.sweep()
        desk.deliver()
        to_carol = [mail for mail in desk.sent() if "carol@" in mail["To"]]
        with desk.app.store.read() as tx:
            held = tx.outbox.kept_back()
        released = _release(desk.app.store, None)
        desk.pass_time(days=9000)  # the command line has the clock of the machine
        desk.deliver()
        after = [mail for mail in desk.sent() if "carol@" in mail["To"]]

    assert [mail["Subject"] for mail in to_carol] == ["We received your message [MB-1002]"]
    assert [(one.notification.event, one.notification.recipient) for one in held] == [("received", "carol@customer.test")]
    assert (released, len(after)) == (1, 2)


def test_nothing_is_said_again_about_a_mail_that_an_imap_server_dates_before_the_restore(sqlite_config: Config, tmp_path: Path) -> None:
    """The moment at which an IMAP server got a mail is when it came first, not when it is taken again."""
    with desk_app(sqlite_config):
        made = backed_up(sqlite_config, tmp_path)
    new = f"sqlite:///{tmp_path / 'new.db'}"
    restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=new)

    with desk_app(replace(sqlite_config, store_url=new)) as desk:
        came = NOW - timedelta(minutes=5)
        envelope = Envelope(source=Source.IMAP, received_at=came, account="main", folder="INBOX", uidvalidity=1, uid=7)
        desk.app.inbox.accept(a_mail("And the scanner.", date="Mon, 23 Nov 2026 08:54:00 +0000"), envelope)
        desk.work()
        desk.deliver()
        with desk.app.store.read() as tx:
            held = tx.outbox.kept_back()
            tickets = tx.tickets.find()

    assert len(tickets) == 1
    assert [(one.notification.event, one.notification.recipient) for one in held] == [("received", "carol@customer.test")]


def test_what_a_restore_keeps_back_is_released_or_discarded_and_nothing_is_lost_in_silence(sqlite_config: Config, tmp_path: Path) -> None:
    """Every mail waits by itself, also one that is about no ticket and one that was held to be told with others."""
    notice = Notification(
        ticket=None, audience=Audience.AGENT, event="lines", recipient="clara@desk.test", key="n", message_id="n@desk.test", language="en"
    )
    with desk_app(sqlite_config) as desk:
        desk.feed(a_mail("My printer is broken."))
        with desk.app.store.write() as tx:
            tx.outbox.add_many([notice], desk.clock.now())
            tx.outbox.hold(replace(notice, key="h", message_id="h@desk.test"), desk.clock.now(), desk.clock.now())
        made = backed_up(sqlite_config, tmp_path)
    new = f"sqlite:///{tmp_path / 'new.db'}"
    result = restore.restore(made.folder, tmp_path / "new", NOW, keys=made.keys.file, database=new)

    with desk_app(replace(sqlite_config, store_url=new)) as desk:
        desk.pass_time(days=1)
        desk.app.jobs.sweep()
        sent = [mail["Subject"] for mail in desk.deliver()]
        now = desk.clock.now()
        with desk.app.store.write() as tx:
            held = tx.outbox.kept_back()
            shown = waits.waiting(tx).mails
            assert not waits.release(tx, now, (waits.Why.FIRST_CONNECT,)).mails
            tx.outbox.suppress(held[0].id, "an admin's decision", now)
            released = waits.release(tx, now, (waits.Why.RESTORE,)).mails
            left = tx.outbox.kept_back()
        again = desk.deliver()

    assert not [subject for subject in sent if "We received" in subject]
    assert (result.held, len(held), shown.total(), released.total(), left) == (5, 5, 5, 4, [])
    assert {why for why, _ in shown} == {waits.Why.RESTORE}
    assert all(one.error.startswith("kept back by a restore") for one in held)
    assert len(again) - len(sent) == 4


def test_mail_that_an_earlier_restore_suppressed_waits_for_a_release(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    columns = "key, audience, event, recipient, name, language, class, automatic, payload, state, attempts, next_at, error, reply"
    values = "'customer', 'received', 'jo@customer.test', '', 'en', 'letter', 1, '{}', 'suppressed', 0, '2026-11-23 09:00:00', ?, ''"
    with closing(Store(url)) as store:
        store.upgrade("0016")
    with closing(sqlite3.connect(tmp_path / "old.db")) as database, database:
        for key, error in (("a", "kept back by a restore (b): it may have been sent"), ("b", "a robot")):
            row = f"INSERT INTO outbox ({columns}, created_at, repeated) VALUES (?, {values}, '2026-11-23 09:00:00', 0)"
            database.execute(row, (key, error))
    with closing(Store(url)) as store:
        store.upgrade()
    with closing(sqlite3.connect(tmp_path / "old.db")) as database:
        found = database.execute("SELECT key, state, next_at FROM outbox ORDER BY key").fetchall()

    assert found == [("a", "held", "9999-01-01 00:00:00.000000"), ("b", "suppressed", "2026-11-23 09:00:00")]


def test_two_backups_at_once_are_refused(sqlite_config: Config, tmp_path: Path) -> None:
    with folders.alone_in(tmp_path / "backups"), pytest.raises(InUse):
        backed_up(sqlite_config, tmp_path)


def test_the_daemon_makes_proves_and_removes_backups(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    wanted = Backup(to=tmp_path / "backups", keys=tmp_path / "keys", keep=Keep(daily=2, weekly=0))
    config = replace(sqlite_config, backup=wanted)
    with desk_app(config) as desk:
        backups = Backups(desk.app.store, config, desk.clock)
        for _ in range(4):
            backups.one()
            assert not backups._is_due()
            desk.pass_time(days=1)
            assert backups._is_due()
        with desk.app.store.read() as tx:
            ages = {gauge.name: gauge.count(tx, desk.clock.now()) for gauge in GAUGES if "backup" in gauge.name}

    assert [one.verified for one in keep.backups(tmp_path / "backups")] == [True, True]
    assert ages == {
        "mailbridge_backup_age_seconds": {(): 86400.0},
        "mailbridge_backup_failed": {(): 0.0},
        "mailbridge_backup_proven_age_seconds": {(): 86400.0},
    }


def test_a_backup_that_fails_is_told_and_the_good_ones_stay(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    config = replace(sqlite_config, backup=Backup(to=tmp_path / "backups", keys=tmp_path / "keys", keep=Keep(daily=1, weekly=0)))
    with desk_app(config) as desk:
        backups = Backups(desk.app.store, config, desk.clock)
        good = backups.one()
        desk.pass_time(days=2)
        shutil.move(config.folder / "smtp.password", config.folder / "away")
        with pytest.raises(FileNotFoundError):
            backups.one()
        with desk.app.store.read() as tx:
            failed = tx.state.get("backup-failed")

    assert "smtp.password" in failed["reason"]
    assert [one.folder for one in keep.backups(tmp_path / "backups")] == [good.folder]


def test_the_admins_hear_once_of_backups_that_fail_and_once_that_they_work_again(config: Config, tmp_path: Path) -> None:
    """Twice: each row of failures is told by itself."""
    fill(config)
    config = replace(config, backup=Backup(to=tmp_path / "backups", keys=tmp_path / "keys", check=False))
    secret, away = config.folder / "smtp.password", config.folder / "away"
    heard: list[list[EmailMessage]] = []
    (failing,) = (gauge for gauge in GAUGES if gauge.name == "mailbridge_backup_failed")
    with desk_app(config) as desk:
        backups = Backups(desk.app.store, replace(config, desk=desk.app.config.desk), desk.clock)
        backups.one()
        for _ in range(2):
            desk.pass_time(days=1)
            secret.rename(away)
            for _ in range(3):
                desk.pass_time(minutes=15)
                with pytest.raises(FileNotFoundError):
                    backups.one()
            with desk.app.store.read() as tx:
                assert failing.count(tx, desk.clock.now()) == {(): 1.0}
            away.rename(secret)
            for _ in range(2):
                desk.pass_time(minutes=15)
                backups.one()
            desk.deliver()
            heard.append([mail for mail in desk.sent() if mail["To"] == "admin@desk.test"])

    assert [len(mails) for mails in heard] == [2, 4]
    failed, works = heard[0]
    assert (failed["Subject"], works["Subject"]) == ("Acme Support: the backup failed", "Acme Support: backups work again")
    body = failed.get_body(("plain",)).get_content()
    assert "smtp.password" in body
    assert "Last successful backup: 2026-11-2" in body
    assert "back, or remove what names it from mailbridge.toml" in " ".join(body.split())


@pytest.mark.parametrize(
    ("error", "what_to_do"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/b"), "space|"),
        (OSError(errno.EROFS, "Read-only file system", "/b/x"), "rights|/b/x"),
        (OSError(errno.ENOENT, "No such file", "/etc/mailbridge/imap"), "missing|/etc/mailbridge/imap"),
        (InUse("another backup is being written there"), "in-use|"),
        (Permanent("pg_dump is too old"), "other|"),
    ],
)
def test_each_failure_says_what_to_do(error: Exception, what_to_do: str) -> None:
    assert remedy(error) == what_to_do
    assert what_to_do.partition("|")[0] in WORDS["backup_remedies"]  # type: ignore[operator]


def flip(file: Path, place: int) -> None:
    """One bit of the file is another one."""
    with file.open("r+b") as opened:
        opened.seek(place)
        byte = opened.read(1)[0]
        opened.seek(place)
        opened.write(bytes([byte ^ 1]))


def test_the_command_line_goes_the_whole_way(
    sqlite_config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_config)
    monkeypatch.setenv("MAILBRIDGE_DESK", str(sqlite_config.folder))
    capsys.readouterr()
    to, into, database = tmp_path / "backups", tmp_path / "new", f"sqlite:///{tmp_path / 'other.db'}"

    assert main(["backup", str(to), "--keys", str(tmp_path / "keys"), "--json"]) == exits.OK
    keys = json.loads(capsys.readouterr().out)["keys"]
    assert main(["restore", str(to), "--check", "--keys", keys, "--scratch", str(tmp_path)]) == exits.OK
    assert main(["restore", str(to), "--into", str(into), "--keys", keys, "--database", database]) == exits.OK
    told = capsys.readouterr().out
    flip(keep.latest(to) / "database.sqlite", 5000)
    assert main(["restore", str(to), "--check"]) == exits.MISTAKES

    assert "rows are as they were backed up" in told
    assert "kept back" in told
    assert "database.sqlite was changed after the backup" in capsys.readouterr().out
    assert main(["restore", str(to)]) == exits.USAGE


def test_the_ticker_starts_a_backup_that_is_due(sqlite_config: Config, tmp_path: Path) -> None:
    fill(sqlite_config)
    config = replace(sqlite_config, backup=Backup(to=tmp_path / "backups", keys=tmp_path / "keys", check=False))
    with desk_app(config) as desk:
        backups = Backups(desk.app.store, config, desk.clock)
        backups.look()
        assert backups._thread
        backups._thread.join(60)
        backups.look()
        backups._thread.join(60)

    assert len(keep.backups(tmp_path / "backups")) == 1
