"""Which backups are due, and which of them stay."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from mailbridge.backup.deskfiles import collect
from mailbridge.backup.keep import KeptBackup, to_remove
from mailbridge.cli.status import backup_troubles
from mailbridge.config.load import load
from mailbridge.config.model import Backup, Keep
from mailbridge.errors import ConfigError, Permanent
from mailbridge.jobs.backup import due
from mailbridge.store.postgres_tools import Program, fitting

MONDAY = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)


def days(count: int, verified: int = -1) -> list[KeptBackup]:
    """One backup a day, newest first; `verified`: the place of one that was checked."""
    return [
        KeptBackup(folder=Path(f"{number}"), at=MONDAY - timedelta(days=number), verified=number == verified) for number in range(count)
    ]


def staying(found: list[KeptBackup], keep: Keep) -> list[int]:
    gone = to_remove(found, keep)
    return [int(one.folder.name) for one in found if one not in gone]


def test_the_secrets_of_oauth_logins_go_into_the_keys_file_and_credentials_are_named(tmp_path: Path) -> None:
    for name in ("app.secret", "app.pem"):
        (tmp_path / name).write_text(name)
    (tmp_path / "mailbridge.toml").write_text(
        '[encryption]\nkey_credential = "desk-key"\n[oauth.one]\nclient_secret_file = "app.secret"\n'
        '[oauth.two]\ncertificate_file = "app.pem"\n[outgoing]\npassword_env = "SMTP"\n'
    )

    found = collect(tmp_path)

    assert [(one.path, one.content) for one in found.secrets] == [("app.pem", b"app.pem"), ("app.secret", b"app.secret")]
    assert found.variables == ("SMTP", "systemd credential desk-key")


@pytest.mark.parametrize("url", ["postgresql://u:p@ss/word@h/d", "postgresql://u:p@h/d?password=p@ss", "postgresql://h/d?password=p@ss&x=1"])
def test_no_part_of_a_password_in_a_url_is_in_the_backup_itself(tmp_path: Path, url: str) -> None:
    (tmp_path / "mailbridge.toml").write_text(f'\ufeff[store]\nurl = "{url}"\n')

    found = collect(tmp_path)

    assert b"ss" not in found.text.replace(b"PASSWORD-IN", b"").replace(b"password=", b"")
    assert [secret.path for secret in found.secrets] == ["mailbridge.toml"]


def test_a_configuration_that_is_no_toml_is_not_backed_up_without_its_files(tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text("[outgoing\n")

    with pytest.raises(ConfigError):
        collect(tmp_path)


@pytest.mark.parametrize(
    ("keep", "verified", "expected"),
    [
        (Keep(daily=3, weekly=0), -1, [0, 1, 2]),
        (Keep(daily=2, weekly=3), -1, [0, 1, 8]),  # the newest of a week: Monday the 30th, then the Sundays
        (Keep(daily=0, weekly=0), -1, [0]),
        (Keep(daily=1, weekly=0), 9, [0, 9]),
        (Keep(daily=1, weekly=0, monthly=2), -1, [0, 30]),
    ],
)
def test_the_newest_the_last_verified_and_what_a_rule_names_stay(keep: Keep, verified: int, expected: list[int]) -> None:
    assert staying(days(40, verified), keep) == expected


@pytest.mark.parametrize(
    ("backup", "made", "failed", "expected"),
    [
        (Backup(), None, None, True),
        (Backup(), timedelta(hours=23), None, False),
        (Backup(), timedelta(hours=24), None, True),
        (Backup(), None, timedelta(minutes=14), False),
        (Backup(), None, timedelta(minutes=15), True),
        (Backup(at=time(3, 0)), timedelta(minutes=29), None, False),
        (Backup(at=time(3, 0)), timedelta(minutes=31), None, True),
        (Backup(at=time(4, 0)), timedelta(hours=23), None, False),  # that of yesterday was at four
        (Backup(at=time(4, 0)), timedelta(hours=24), None, True),
    ],
)
def test_when_the_next_one_is_due(backup: Backup, made: timedelta | None, failed: timedelta | None, expected: bool) -> None:
    assert due(backup, made and MONDAY - made, failed and MONDAY - failed, MONDAY) is expected


def test_an_old_backup_and_a_failure_need_a_person() -> None:
    wanted = Backup(to=Path("/backups"))
    made, failed = {"at": (MONDAY - timedelta(days=3)).isoformat()}, {"reason": "no room", "at": MONDAY.isoformat()}

    told = backup_troubles(wanted, {"made": made, "failed": failed, "proven": None}, MONDAY)

    assert ["no room" in told[0], "27" in told[1]] == [True, True]
    assert backup_troubles(Backup(), {"made": made, "failed": failed, "proven": None}, MONDAY) == ()
    assert backup_troubles(wanted, {"made": {"at": MONDAY.isoformat()}, "failed": None, "proven": None}, MONDAY) == ()


def test_a_program_of_postgresql_that_is_too_old_is_told() -> None:
    old, fitting_one, newest = (Program(Path(f"/usr/lib/postgresql/{major}/bin/pg_dump"), major) for major in (13, 15, 17))

    assert fitting("pg_dump", 15, (old, fitting_one, newest)) is fitting_one
    assert fitting("pg_dump", 16, (old, fitting_one, newest)) is newest
    with pytest.raises(Permanent, match="pg_dump 13 cannot be used with PostgreSQL 15: install postgresql-client-15"):
        fitting("pg_dump", 15, (old,))
    with pytest.raises(Permanent, match="not on this machine"):
        fitting("pg_dump", 15, ())


def test_the_section_is_read(tmp_path: Path) -> None:
    backup = written(tmp_path, 'to = "backups"\nat = "03:30"\nkeep = { daily = 2, monthly = 6 }\ncheck = false')

    assert load(backup).backup == Backup(to=tmp_path / "backups", at=time(3, 30), keep=Keep(daily=2, monthly=6), check=False)
    assert load(backup).backup_keys == tmp_path / "backup-keys"


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('at = "03:30"', "at does nothing here"),
        ('to = "b"\nat = "3 o\'clock"', "not a time of day"),
        ('to = "b"\nat = "03:30"\nevery = "1d"', "at and every are both given"),
        ('to = "b"\nkeep = { yearly = 1 }', 'unknown key "yearly" in a table of numbers'),
        ('to = "b"\nkeep = 7', "expected a table of numbers"),
        ('to = "b"\nkeys = "b/keys"', "the keys would lie among the backups"),
        ('to = "."', "the keys would lie among the backups"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, lines: str, mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, lines))

    assert mistake in str([problem.message for problem in caught.value.problems])


def written(folder: Path, lines: str) -> Path:
    file = folder / "mailbridge.toml"
    file.write_text(f'[desk]\nname = "Acme"\naddress = "support@desk.test"\n[backup]\n{lines}\n')
    return file
