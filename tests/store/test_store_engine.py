"""Transactions, the schema, waking up, and the one daemon on SQLite."""

# ruff: noqa: PT012  (a transaction that fails is one thing that happens)

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailbridge import __version__
from mailbridge.errors import InUse, Permanent
from mailbridge.store import connections, migrate
from mailbridge.store.engine import Store
from mailbridge.store.schema import metadata
from tests.unsynced import AS_SHIPPED

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SOON = timedelta(seconds=10)
AT_ONCE = timedelta(0)


def value(store: Store, key: str) -> object:
    with store.read() as tx:
        return tx.state.get(key)


# transactions


def test_an_error_undoes_everything(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.state.set("a", 1, NOW)
        raise ZeroDivisionError

    assert value(store, "a") is None


def test_a_savepoint_is_undone_alone(store: Store) -> None:
    with store.write() as tx:
        tx.state.set("before", 1, NOW)
        with tx.savepoint():
            tx.state.set("inner", 1, NOW)
        with pytest.raises(ZeroDivisionError), tx.savepoint():
            tx.state.set("undone", 1, NOW)
            with tx.savepoint():
                tx.state.set("undone too", 1, NOW)
            raise ZeroDivisionError
        tx.state.set("after", 1, NOW)

    assert [value(store, key) for key in ("before", "inner", "undone", "undone too", "after")] == [1, 1, None, None, 1]


def test_readers_see_one_moment_and_wait_for_nobody(store: Store) -> None:
    with store.read() as early:
        assert early.state.get("a") is None
        with store.write() as tx:
            tx.state.set("a", 1, NOW)
            assert value(store, "a") is None
        assert early.state.get("a") is None

    assert value(store, "a") == 1


def test_no_update_is_lost_between_threads(store: Store) -> None:
    with store.write() as tx:
        tx.tickets.reserve()
        tx.state.set("n", 0, NOW)

    def count() -> None:
        for _ in range(20):
            with store.write() as tx:
                tx.tickets.reserve()
                if store.is_sqlite:
                    tx.state.set("n", tx.state.get("n") + 1, NOW)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.write() as tx:
        assert tx.tickets.reserve() == 122
    assert value(store, "n") == (120 if store.is_sqlite else 0)


def test_no_update_is_lost_between_two_connections_to_one_file(sqlite_store_url: str) -> None:
    stores = [Store(sqlite_store_url) for _ in range(2)]  # as two processes would: no lock of ours between them

    def count(store: Store) -> None:
        for _ in range(50):
            with store.write() as tx:
                tx.state.set("n", (tx.state.get("n") or 0) + 1, NOW)

    threads = [threading.Thread(target=count, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert value(stores[0], "n") == 100
    for store in stores:
        store.close()


def test_a_write_inside_a_write_is_told_at_once(sqlite_store_url: str) -> None:
    store = Store(sqlite_store_url)
    with store.write(), pytest.raises(RuntimeError, match="inside another"), store.write():
        pass
    with store.write() as tx:
        tx.state.set("a", 1, NOW)
    store.close()


def test_sqlite_is_set_to_survive_a_power_cut(sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_SQLITE", AS_SHIPPED)
    store = Store(sqlite_store_url)
    with store.write() as tx:
        asked = [
            tx._sql.connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in ("journal_mode", "synchronous", "foreign_keys")
        ]
    store.close()

    assert asked == ["wal", 2, 1]


@pytest.mark.servers
def test_postgresql_is_told_to_survive_a_power_cut(postgres_store_url: str) -> None:
    store = Store(postgres_store_url)
    with store.write() as tx:
        assert tx._sql.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


# addresses of databases


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", ""])
def test_what_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(Permanent, match="sqlite:///FILE"):
        Store(url)


def test_a_password_is_not_shown() -> None:
    store = Store("postgresql://desk:s3cret@db.test/desk")

    assert "s3cret" not in store.url
    assert "desk:***@db.test/desk" in store.url


# schema


def empty(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Store:
    return Store(f"sqlite:///{tmp_path / 'new.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url"))


both = pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])


@both
def test_the_migrations_make_what_the_tables_say(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    store = empty(request, tmp_path, database)
    assert store.current() is None

    store.upgrade()
    store.upgrade()

    assert store.current() == store.head()
    with store.read() as tx:
        # The search is another kind of table on each database; test_store_search.py looks at what it does.
        ours = {"include_name": lambda name, kind, parents: not (kind == "table" and name.startswith("mail_search"))}
        context = MigrationContext.configure(tx._sql.connection, opts=ours)
        assert compare_metadata(context, metadata) == []
    store.close()


@both
def test_the_migrations_make_every_partial_index_with_its_condition(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    """compare_metadata does not look at the condition."""
    migrated = empty(request, tmp_path, database)
    migrated.upgrade()
    with migrated.read() as tx:
        made = conditions(tx._sql.connection)
    with pytest.raises(ZeroDivisionError), migrated.write() as tx:
        connection = tx._sql.connection
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert conditions(connection) == made
        raise ZeroDivisionError
    migrated.close()

    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    declared = [index for index in indexes if index.dialect_options["sqlite"]["where"] is not None]
    assert sum(" WHERE " in definition for definition in made.values()) == len(declared) > 10


def conditions(connection: sa.Connection) -> dict[str, str]:
    """Name of an index -> its definition."""
    question = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if connection.dialect.name == "sqlite"
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    return {name: " ".join(definition.split()) for name, definition in connection.exec_driver_sql(question)}


def test_the_head_named_in_the_program_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))

    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


@both
def test_a_newer_schema_is_refused(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    store = empty(request, tmp_path, database)
    store.upgrade()
    with store.write() as tx:
        tx._sql.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    told = rf"mailbridge {__version__} upgraded it to schema 9999, this is .* knows schema {migrate.HEAD}; .*backup"
    with pytest.raises(Permanent, match=told):
        store.upgrade()
    with store.write() as tx:
        tx.state.set("schema", {"version": "77.0"}, NOW)
    for refused in (store.upgrade, store.refuse_newer):
        with pytest.raises(Permanent, match=rf"mailbridge 77.0 .*this is mailbridge {__version__}.*install mailbridge 77.0 or newer"):
            refused()
    assert store.current() == "9999"
    assert not store.upgrade_only_adds()
    store.close()


def test_revisions_that_only_add_take_nothing_from_a_program_that_runs(tmp_path: Path) -> None:
    """It finds every table and column as before, and need not name a new one in its inserts."""
    store = Store(f"sqlite:///{tmp_path / 'desk.db'}")
    for revision in sorted(migrate.ONLY_ADD):
        store.upgrade(f"{int(revision) - 1:04}")
        before = declared(store)
        store.upgrade(revision)
        after = declared(store)
        assert {name: after[name] for name in before} == before, revision
        for table, column in after.keys() - before.keys():
            is_new_table = not any(name == table for name, _ in before)
            assert is_new_table or after[table, column].startswith("may be empty"), (revision, table, column)
    assert migrate.only_adds(f"{int(min(migrate.ONLY_ADD)) - 1:04}")
    assert not migrate.only_adds(f"{int(min(migrate.ONLY_ADD)) - 2:04}")
    assert migrate.only_adds(migrate.HEAD)
    store.close()


def declared(store: Store) -> dict[tuple[str, str], str]:
    """What is said of each column, and of each unique index."""
    with store.read() as tx:
        inspector = sa.inspect(tx._sql.connection)
        found = {
            (table, column["name"]): ("may be empty " if column["nullable"] or column["default"] is not None else "") + str(column["type"])
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }
        for table in inspector.get_table_names():
            for index in inspector.get_indexes(table):
                if index["unique"]:
                    found[table, f"unique {index['name']}"] = "a rule for old and new rows"
        return found


@both
def test_a_migration_that_fails_leaves_nothing_behind(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    store = empty(request, tmp_path, database)
    if store.path:
        store.path.touch()
    with store.write() as tx:
        tx._sql.connection.exec_driver_sql("CREATE TABLE policies (in_the_way INTEGER)")

    with pytest.raises(Exception, match="policies"):
        store.upgrade()
    with store.read() as tx:
        assert sa.inspect(tx._sql.connection).get_table_names() == ["policies"]
    with store.write() as tx:
        tx._sql.connection.exec_driver_sql("DROP TABLE policies")
    store.upgrade()
    assert store.current() == store.head()
    store.close()


@both
def test_processes_that_start_together_upgrade_once(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    stores = [empty(request, tmp_path, database) for _ in range(4)]
    failures: list[Exception] = []

    def upgrade(store: Store) -> None:
        try:
            store.upgrade()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert {store.current() for store in stores} == {stores[0].head()}
    for store in stores:
        store.close()


def test_a_new_database_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    store.upgrade()
    store.close()

    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_database_in_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"cannot be made.*No such file"):
        Store(f"sqlite:///{tmp_path / 'no' / 'new.db'}").upgrade()


def test_a_path_with_odd_characters_is_taken(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'a b#c?d%41é.db'}".replace("?", "%3F").replace("%41", "%2541"))
    store.upgrade()
    with store.write() as tx:
        tx.state.set("a", 1, NOW)
    assert value(store, "a") == 1
    store.close()


# one daemon on SQLite


def test_a_second_daemon_on_one_file_is_refused_until_the_first_one_is_gone(sqlite_store_url: str) -> None:
    first, second = Store(sqlite_store_url), Store(sqlite_store_url)
    with first.instance_lock(), pytest.raises(InUse, match="in use"), second.instance_lock():
        pass
    with second.instance_lock():
        pass


def test_the_guard_of_a_process_that_was_killed_is_free(sqlite_store_url: str) -> None:
    program = (
        "import sys, time\nfrom mailbridge.store.engine import Store\n"
        "with Store(sys.argv[1]).instance_lock():\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, sqlite_store_url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        store = Store(sqlite_store_url)
        with pytest.raises(InUse, match="in use"), store.instance_lock():
            pass
        process.kill()
        process.wait()
        with store.instance_lock():
            pass


@pytest.mark.servers
def test_any_number_of_workers_may_use_one_postgresql(postgres_store_url: str) -> None:
    with Store(postgres_store_url).instance_lock(), Store(postgres_store_url).instance_lock():
        pass


# waking up


def test_a_waiter_is_woken_by_the_commit_and_not_before(store: Store) -> None:
    listener = store.listener("inbox")
    listener.wait(SOON if not store.is_sqlite else AT_ONCE)  # the listener's first ring: it may have missed something
    with store.write() as tx:
        tx.wake("inbox")
        tx.wake("inbox")
        assert not listener.wait(AT_ONCE)
    assert listener.wait(SOON)
    listener.close()


def test_what_is_undone_wakes_nobody(store: Store) -> None:
    listener = store.listener("inbox")
    listener.wait(SOON if not store.is_sqlite else AT_ONCE)
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.wake("inbox")
        raise ZeroDivisionError
    store.wake("outbox")
    assert not listener.wait(timedelta(milliseconds=50))
    store.wake("inbox")
    assert listener.wait(SOON)
    listener.close()


def test_a_waiter_can_be_told_to_go_on(store: Store) -> None:
    listener = store.listener("inbox")
    listener.wait(SOON if not store.is_sqlite else AT_ONCE)
    listener.notify()
    assert listener.wait(AT_ONCE)
    listener.close()


@pytest.mark.servers
def test_another_process_on_postgresql_is_woken(postgres_store_url: str) -> None:
    here, there = Store(postgres_store_url), Store(postgres_store_url)
    listener = here.listener("inbox", "outbox")
    assert listener.wait(SOON)

    with there.write() as tx:
        tx.wake("outbox")

    assert listener.wait(SOON)
    here.close()
    there.close()


# the files of SQLite


def test_folding_keeps_no_writer_waiting_and_lets_the_log_begin_anew(sqlite_store_url: str) -> None:
    store = Store(sqlite_store_url)
    log = store.path.with_name(store.path.name + "-wal")
    with store.write() as tx:
        tx.blobs.put(bytes(3 << 20))
    with store.write() as tx:
        tx.state.set("before", 1, NOW)
        store.checkpoint_passive()  # while the writer is in the middle of its work
        tx.state.set("after", 1, NOW)
    store.checkpoint_passive()
    size = log.stat().st_size

    with store.write() as tx:
        tx.blobs.put(bytes([1]) * (1 << 20))

    assert log.stat().st_size == size
    with store.read() as tx:
        assert (tx.state.get("before"), tx.state.get("after")) == (1, 1)
    store.close()


def test_a_checkpoint_empties_the_write_ahead_log(sqlite_store_url: str) -> None:
    store = Store(sqlite_store_url)
    with store.write() as tx:
        tx.blobs.put(bytes(3 << 20))
    log = store.path.with_name(store.path.name + "-wal")
    assert log.stat().st_size > 3 << 20

    store.checkpoint()

    assert log.stat().st_size == 0
    store.close()


def test_foreign_programs_can_read_the_times(sqlite_store_url: str) -> None:
    store = Store(sqlite_store_url)
    with store.write() as tx:
        tx.state.set("a", 1, NOW)
    store.close()

    connection = sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"))
    assert connection.execute("SELECT at FROM state WHERE key = 'a'").fetchall() == [("2026-03-02 09:30:00.000000",)]
    connection.close()


@pytest.mark.servers
def test_postgresql_keeps_times_as_times(postgres_store_url: str) -> None:
    store = Store(postgres_store_url)
    with store.write() as tx:
        tx.state.set("a", 1, NOW)
    store.close()

    with psycopg.connect(postgres_store_url) as connection:
        assert connection.execute("SELECT at FROM state WHERE key = 'a'").fetchone() == (NOW,)
