"""What happens when the database is locked, full, gone, restarted, or answers too late."""

# ruff: noqa: PT012  (a transaction that fails is one thing that happens)

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from mailbridge.errors import Permanent, StoreAway, Transient
from mailbridge.message.envelope import Envelope, Source
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from tests.servers.postgres import Postgres, running

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
IMPATIENT = timedelta(milliseconds=200)
SOON = timedelta(seconds=10)
LEASE = timedelta(minutes=5)


@pytest.fixture
def impatient(sqlite_store_url: str) -> Iterator[Store]:
    store = Store(sqlite_store_url, patience=IMPATIENT)
    yield store
    store.close()


def set_fact(store: Store, key: str) -> None:
    with store.write() as tx:
        tx.state.set(key, True, NOW)


def facts(store: Store, *keys: str) -> list[object]:
    with store.read() as tx:
        return [tx.state.get(key) for key in keys]


def assert_sound(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# SQLite


def test_a_database_that_somebody_else_holds_is_away_until_they_let_go(impatient: Store) -> None:
    with contextlib.closing(sqlite3.connect(impatient.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreAway, match="locked"):
            set_fact(impatient, "refused")
        assert facts(impatient, "refused") == [None]
        other.execute("COMMIT")

    set_fact(impatient, "taken")
    assert facts(impatient, "refused", "taken") == [None, True]


def test_a_transaction_of_our_own_that_does_not_end_counts_as_away(impatient: Store) -> None:
    with ThreadPoolExecutor(1) as other, impatient.write(), pytest.raises(StoreAway, match="does not end"):
        other.submit(set_fact, impatient, "a").result()
    set_fact(impatient, "a")


def test_a_missing_file_is_away_and_is_not_replaced_by_an_empty_one(impatient: Store) -> None:
    set_fact(impatient, "before")
    impatient.checkpoint()
    hidden = impatient.path.rename(impatient.path.with_name("hidden"))

    for attempt in (lambda: set_fact(impatient, "refused"), lambda: facts(impatient, "refused")):
        with pytest.raises(StoreAway, match="unable to open"):
            attempt()
    assert not impatient.path.exists()

    hidden.rename(impatient.path)
    set_fact(impatient, "after")
    assert facts(impatient, "before", "refused", "after") == [True, None, True]


def test_a_restored_file_is_used_from_the_next_transaction_on(impatient: Store, tmp_path: Path) -> None:
    set_fact(impatient, "in the backup")
    impatient.checkpoint()
    backup = shutil.copy(impatient.path, tmp_path / "backup")
    set_fact(impatient, "later")
    impatient.checkpoint()

    Path(backup).replace(impatient.path)

    set_fact(impatient, "after")
    assert facts(impatient, "in the backup", "later", "after") == [True, None, True]


def test_a_full_disk_is_away_and_nothing_of_the_transaction_is_kept(impatient: Store) -> None:
    def limit(pages: int) -> None:
        with impatient.write() as tx:
            tx._sql.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    limit(1)  # no page more than there are
    with pytest.raises(StoreAway, match="full"), impatient.write() as tx:
        tx.state.set("first", True, NOW)
        tx.blobs.put(os.urandom(900_000))
    with pytest.raises(StoreAway, match="full"), impatient.write() as tx:
        tx.state.set("first", True, NOW)
        tx.blobs.put(os.urandom(2_000_000))  # large ones take another way in
    assert facts(impatient, "first") == [None]

    limit(1_000_000)
    set_fact(impatient, "first")
    assert_sound(impatient.path)


def test_a_flow_that_goes_on_after_the_store_went_away_commits_nothing(impatient: Store) -> None:
    """SQLite may end the transaction by itself; a later statement would then be committed alone, and the commit say yes to nothing."""
    with pytest.raises(StoreAway), impatient.write() as tx:
        tx.state.set("first", True, NOW)
        tx._sql.connection.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(StoreAway), tx.savepoint():
            tx.blobs.put(os.urandom(900_000))
        for attempt in (lambda: tx.state.set("second", True, NOW), lambda: tx.state.get("first"), lambda: tx.blobs.put(bytes(2 << 20))):
            with pytest.raises(StoreAway):
                attempt()
        with pytest.raises(StoreAway), tx.savepoint():
            pass
    assert facts(impatient, "first", "second") == [None, None]


def test_a_transaction_that_sqlite_ended_by_itself_is_not_taken_for_committed(impatient: Store) -> None:
    with pytest.raises(StoreAway, match="transaction is over"), impatient.write() as tx:
        tx.state.set("first", True, NOW)
        tx._sql.connection.exec_driver_sql("ROLLBACK")  # what SQLite does on an I/O error

    assert facts(impatient, "first") == [None]


def test_a_write_that_fails_in_the_system_is_away_and_the_file_stays_sound(impatient: Store) -> None:
    set_fact(impatient, "before")
    log = impatient.path.with_name(impatient.path.name + "-wal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 50_000, limits[1]))
    try:
        with pytest.raises(StoreAway), impatient.write() as tx:
            tx.state.set("refused", True, NOW)
            tx.blobs.put(os.urandom(500_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    set_fact(impatient, "after")
    assert facts(impatient, "before", "refused", "after") == [True, None, True]
    assert_sound(impatient.path)


def test_a_file_that_is_no_database_is_away(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"no database at all" * 1000)
    store = Store(f"sqlite:///{tmp_path / 'desk.db'}")
    with pytest.raises(StoreAway, match="not a database"):
        store.upgrade()
    store.close()


# a kill


def test_what_was_committed_before_a_kill_is_there_afterwards(store_url: str) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom mailbridge.store.engine import Store\n"
        "store = Store(sys.argv[1])\n"
        "for n in range(10**6):\n"
        "    with store.write() as tx:\n"
        "        tx.state.set(str(n), n, datetime.now(UTC))\n"
        "        tx.blobs.put(str(n).encode() * 1000)\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, store_url], stdout=subprocess.PIPE, text=True) as process:
        for _ in range(50):
            last = process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
    acknowledged = int(rest[-1] if rest else last)

    with contextlib.closing(Store(store_url)) as store, store.read() as tx:
        assert [tx.state.get(str(n)) for n in range(acknowledged + 1)] == list(range(acknowledged + 1))
        assert tx.blobs.has(sha256(str(acknowledged).encode() * 1000).hexdigest())
    if store.path:
        assert_sound(store.path)


# PostgreSQL


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server that these tests may kill."""
    with running() as server:
        yield server


@pytest.fixture
def mortal_store(mortal: Postgres) -> Iterator[Store]:
    with mortal.database() as url:
        store = Store(url)
        store.upgrade()
        yield store
        store.close()


@pytest.mark.servers
@pytest.mark.parametrize("moment", ["before a statement", "at the commit", "in a savepoint"])
def test_a_server_that_dies_is_away_and_is_used_again_when_it_is_back(mortal: Postgres, mortal_store: Store, moment: str) -> None:
    set_fact(mortal_store, "before")

    with pytest.raises(StoreAway), mortal_store.write() as tx:
        tx.state.set("refused", True, NOW)
        if moment == "in a savepoint":
            with tx.savepoint():
                mortal.kill()
                tx.state.get("before")
        mortal.kill()
        if moment == "before a statement":
            tx.state.get("before")
    with pytest.raises(StoreAway):
        set_fact(mortal_store, "refused")
    with pytest.raises(StoreAway):
        facts(mortal_store, "before")

    mortal.start()
    set_fact(mortal_store, "after")
    assert facts(mortal_store, "before", "refused", "after") == [True, None, True]


@pytest.mark.servers
def test_connections_that_died_in_the_pool_are_not_seen(mortal: Postgres, mortal_store: Store) -> None:
    with mortal_store.write() as one, mortal_store.read() as two:
        one.state.get("x")
        two.state.get("x")
    mortal.kill()
    mortal.start()

    set_fact(mortal_store, "a")
    assert facts(mortal_store, "a") == [True]


@pytest.mark.servers
def test_who_waits_is_woken_after_a_restart_and_hears_again(mortal: Postgres, mortal_store: Store) -> None:
    listener = mortal_store.listener("inbox")
    assert listener.wait(SOON)
    mortal.kill()
    mortal.start()

    assert listener.wait(SOON), "something may have been missed meanwhile"
    with contextlib.closing(Store(mortal.url(mortal_store.url.rpartition("/")[2]))) as other:
        other.wake("inbox")
    assert listener.wait(SOON)
    listener.close()


@pytest.mark.servers
def test_a_terminated_connection_is_away_and_the_next_one_works(postgres: Postgres, postgres_store_url: str) -> None:
    store = Store(postgres_store_url)
    with pytest.raises(StoreAway), store.write() as tx:
        tx.state.set("refused", True, NOW)
        pid = tx._sql.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        postgres.run(f"SELECT pg_terminate_backend({pid})")
        tx.state.get("refused")
    set_fact(store, "after")
    assert facts(store, "refused", "after") == [None, True]
    store.close()


@pytest.mark.servers
def test_a_commit_whose_answer_is_lost_is_away_and_the_repetition_finds_its_own_row(postgres_store_url: str) -> None:
    place = {"account": "support", "folder": "INBOX", "uidvalidity": 7, "uid": 1}
    mail = (b"raw", Envelope(source=Source.IMAP, received_at=NOW, **place))
    with proxy(int(postgres_store_url.split(":")[-1].partition("/")[0])) as (port, lose_the_answer_to):
        store = Store(f"postgresql://postgres@127.0.0.1:{port}/{postgres_store_url.rpartition('/')[2]}")
        with store.write() as tx:
            tx.state.set("warm", True, NOW)

        lose_the_answer_to(b"COMMIT")
        with pytest.raises(StoreAway), store.write() as tx:
            [first] = tx.inbox.add_many([mail])

        with store.write() as tx:
            assert tx.inbox.add_many([mail]) == [first]
            assert tx.inbox.counts()["new"] == 1
        store.close()


@contextlib.contextmanager
def proxy(to_port: int) -> Iterator[tuple[int, Callable[[bytes], None]]]:
    """A way to the server that can be told to pass a certain word on and to hang up instead of bringing the answer back."""
    ominous: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket, *, from_client: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                last = from_client and any(word in data for word in ominous)
                if last:
                    ominous.clear()
                    source.shutdown(socket.SHUT_RDWR)  # the client is cut off first, so that no answer gets through
                target.sendall(data)
                if last:
                    target.recv(65_536)  # the server has answered, so it has committed
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError), ThreadPoolExecutor(16) as pumps:
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", to_port))
                ends.extend((client, server))
                pumps.submit(pump, client, server, from_client=True)
                pumps.submit(pump, server, client, from_client=False)

    ends: list[socket.socket] = []
    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], ominous.append
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for end in ends:
        end.close()


@pytest.mark.servers
def test_two_workers_that_block_each_other_are_told_to_try_again(postgres_store_url: str) -> None:
    store = Store(postgres_store_url)
    both_hold_one = threading.Barrier(2)

    def work(first: str, second: str) -> Exception | None:
        try:
            with store.write() as tx:
                tx.state.set(first, True, NOW)
                both_hold_one.wait()
                tx.state.set(second, True, NOW)
        except Transient as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        told = [future.result() for future in [pool.submit(work, "a", "b"), pool.submit(work, "b", "a")]]
    store.close()

    [error] = [error for error in told if error]
    assert type(error) is Transient
    assert "gave way" in str(error)


@pytest.mark.servers
def test_a_database_without_our_tables_is_no_reason_to_refuse_a_mail(postgres_url: str) -> None:
    store = Store(postgres_url)
    with pytest.raises(Transient) as told:
        set_fact(store, "a")
    assert not isinstance(told.value, Permanent)
    store.close()


# many at once


def test_many_workers_claim_every_mail_once(store: Store) -> None:
    with store.write() as tx:
        ids = tx.inbox.add_many([(b"%d" % n, Envelope(source=Source.SMTP, received_at=NOW)) for n in range(1000)])

    def work(owner: str) -> list[int]:
        mine: list[int] = []
        while True:
            with store.write() as tx:
                claimed = tx.inbox.claim(owner, 7, LEASE, NOW)
            if not claimed:
                return mine
            mine += [waiting.id for waiting in claimed]

    with ThreadPoolExecutor(8) as pool:
        shares = list(pool.map(work, [f"worker-{n}" for n in range(8)]))

    assert sorted(id for share in shares for id in share) == ids
    assert sum(bool(share) for share in shares) > 1


def test_of_two_that_fire_a_clock_one_wins(store: Store) -> None:
    with store.write() as tx:
        tx.clocks.set(1, [Deadline(promise="response", step="overdue", due_at=NOW + timedelta(seconds=n)) for n in range(50)], NOW)
        clocks = [due.id for due in tx.clocks.due(NOW + timedelta(hours=1), 100)]
    together = threading.Barrier(2)

    def fire_all() -> list[int]:
        won = []
        for clock in clocks:
            together.wait()
            with store.write() as tx:
                if tx.clocks.fire(clock, NOW):
                    won.append(clock)
        return won

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(fire_all), pool.submit(fire_all)
        assert sorted(one.result() + two.result()) == clocks


def test_of_two_copies_that_come_at_once_one_is_stored(store: Store) -> None:
    together = threading.Barrier(2)

    def add_all() -> int:
        stored = 0
        for n in range(30):
            together.wait()
            with store.write() as tx:
                stored += tx.mails.add(StoredMail(direction=Direction.IN, received_at=NOW, fingerprint=str(n))) is not None
        return stored

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(add_all), pool.submit(add_all)
        assert one.result() + two.result() == 30


def test_two_that_fetch_the_same_folder_make_one_row_a_mail(store: Store) -> None:
    place = {"account": "support", "folder": "INBOX", "uidvalidity": 7}
    mails = [(b"%d" % uid, Envelope(source=Source.IMAP, received_at=NOW, uid=uid, **place)) for uid in range(44)]
    batches = [mails[n : n + 5] for n in range(40)]
    together = threading.Barrier(2)

    def fetch() -> list[list[int]]:
        ids = []
        for batch in batches:
            together.wait()
            with store.write() as tx:
                ids.append(tx.inbox.add_many(batch))
        return ids

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(fetch), pool.submit(fetch)
        assert one.result() == two.result()
    with store.read() as tx:
        assert tx.inbox.counts()["new"] == 44


def test_of_two_that_finish_a_mail_one_wins(store: Store) -> None:
    """The lease of the first one ended; both did the work, and the one that loses has to undo it."""
    with store.write() as tx:
        [id] = tx.inbox.add_many([(b"a", Envelope(source=Source.SMTP, received_at=NOW))])
        tx.inbox.claim("slow", 1, LEASE, NOW)
    together = threading.Barrier(2)

    def finish() -> bool:
        together.wait()
        with store.write() as tx:
            return tx.inbox.finish(id, "ticket", NOW)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(finish), pool.submit(finish)
        assert sorted((one.result(), two.result())) == [False, True]
