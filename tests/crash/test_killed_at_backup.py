"""Killed at every named place of a backup and of a restore: what was whole before is whole after, and the next try works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailbridge.backup import keep, restore
from mailbridge.errors import Permanent
from mailbridge.ops.crash import POINTS
from mailbridge.store.engine import Store
from tests.builders import NOW
from tests.crash.backup_victim import back_up, bring_back, prune
from tests.forked import killed
from tests.servers.postgres import Postgres

BACKUP = [point for point in POINTS if point.startswith("backup.") and point != "backup.before_prune"]
RESTORE = [point for point in POINTS if point.startswith("restore.")]


@pytest.fixture
def desk(tmp_path: Path) -> str:
    folder = tmp_path / "desk"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "teams.yaml").write_text("teams: {}\n")
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    return str(folder)


def write_a_fact(url: str) -> None:
    with closing(Store(url)) as store, store.write() as tx:
        tx.state.set("fact", "kept", NOW)
        tx.keys.rotate(NOW, lambda size: b"k" * size)


def assert_only_whole_ones(to: Path, url: str, count: int) -> None:
    found = keep.backups(to)
    assert len(found) == count
    assert [restore.check(one.folder, database=url).problems for one in found] == [()] * count


@pytest.mark.parametrize("point", BACKUP)
def test_a_backup_that_is_killed_leaves_the_good_ones(tmp_path: Path, desk: str, sqlite_store_url: str, point: str) -> None:
    _killed_backup(tmp_path, desk, sqlite_store_url, point)


@pytest.mark.servers
@pytest.mark.parametrize("point", ["backup.database_copied", "backup.before_rename"])
def test_the_same_on_postgresql(tmp_path: Path, desk: str, postgres_store_url: str, point: str) -> None:
    _killed_backup(tmp_path, desk, postgres_store_url, point)


def _killed_backup(tmp_path: Path, desk: str, url: str, point: str) -> None:
    to = tmp_path / "backups"
    write_a_fact(url)
    back_up(desk, url, str(to))

    assert killed(point, back_up, desk, url, str(to))

    whole = 2 if point == "backup.renamed" else 1
    assert len(keep.backups(to)) == whole
    back_up(desk, url, str(to))
    assert_only_whole_ones(to, url, whole + 1)
    assert not list(to.glob(".partial-*"))
    assert not list(to.with_name("keys").glob(".partial-*"))


def test_pruning_that_is_killed_leaves_whole_backups_alone(tmp_path: Path, desk: str, sqlite_store_url: str) -> None:
    to = tmp_path / "backups"
    for _ in range(3):
        back_up(desk, sqlite_store_url, str(to))

    assert killed("backup.before_prune:2", prune, str(to))

    assert_only_whole_ones(to, sqlite_store_url, 2)
    prune(str(to))
    assert_only_whole_ones(to, sqlite_store_url, 1)


@pytest.mark.parametrize(
    ("point", "where"),
    [*((point, "inside") for point in RESTORE), ("restore.settled", "elsewhere"), ("restore.before_rename", "elsewhere")],
)
def test_a_restore_that_is_killed_can_be_repeated(tmp_path: Path, desk: str, sqlite_store_url: str, point: str, where: str) -> None:
    """The database is in the desk's folder, or in a folder of its own."""
    write_a_fact(sqlite_store_url)
    made = back_up(desk, sqlite_store_url, str(tmp_path / "backups"))
    into = tmp_path / "new"
    database = f"sqlite:///{tmp_path / 'data' / 'desk.db'}" if where == "elsewhere" else ""
    arguments = (str(made.folder), str(into), str(made.keys.file), database)

    assert killed(point, bring_back, *arguments)

    if point == "restore.renamed":
        with pytest.raises(Permanent, match="overwritten"):
            bring_back(*arguments)
    else:
        assert not into.exists()
        bring_back(*arguments)
    assert_restored(database or f"sqlite:///{into / 'mailbridge.db'}")
    assert not list(tmp_path.rglob(".partial-*"))


@pytest.mark.servers
@pytest.mark.parametrize("point", ["restore.files_written", "restore.loaded", "restore.settled"])
def test_a_killed_restore_on_postgresql_is_no_desk_and_is_told(
    tmp_path: Path, desk: str, postgres_store_url: str, empty: tuple[Postgres, str], point: str
) -> None:
    write_a_fact(postgres_store_url)
    made = back_up(desk, postgres_store_url, str(tmp_path / "backups"))
    server, url = empty
    arguments = (str(made.folder), str(tmp_path / "new"), str(made.keys.file), url)

    assert killed(point, bring_back, *arguments)

    with closing(Store(url)) as store:
        assert store.current() == (store.head() if point == "restore.settled" else None)
    if point != "restore.files_written":
        with pytest.raises(Permanent, match="drop and create"):
            bring_back(*arguments)
        name = url.rpartition("/")[2]
        server.run(f"DROP DATABASE {name} WITH (FORCE)")
        server.run(f"CREATE DATABASE {name}")
    bring_back(*arguments)
    assert_restored(url)


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[tuple[Postgres, str]]:
    with postgres.database() as url:
        yield postgres, url


def assert_restored(url: str) -> None:
    with closing(Store(url)) as store, store.read() as tx:
        assert tx.state.get("fact") == "kept"
        assert tx.keys.live()[0].secret == b"k" * 32
        assert tx.state.get("restored")["backup"]


def test_a_lock_of_a_killed_process_holds_nobody(tmp_path: Path, desk: str, sqlite_store_url: str) -> None:
    to = tmp_path / "backups"
    assert killed("backup.began", back_up, desk, sqlite_store_url, str(to))
    assert back_up(desk, sqlite_store_url, str(to)).folder.exists()
