"""A PostgreSQL that falls silent without closing anything: every wait ends, and the store is back soon after the way is.

tests/silences has the other steps and faults, with a whole daemon.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import psycopg
import pytest

from mailbridge.errors import StoreAway
from mailbridge.store import wake
from mailbridge.store.engine import Store
from mailbridge.store.hurry import Hurry
from mailbridge.store.postgres import Limits, connect
from tests.servers.faulty_proxy import Fault, faulty_proxy
from tests.servers.postgres import Postgres
from tests.servers.processes import wait_until
from tests.servers.silent_proxy import SilentProxy, silent_proxy

pytestmark = pytest.mark.servers

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PATIENCE = timedelta(seconds=3)
BACK = 30.0  # seconds

LOGIN = b"user\x00"


@pytest.fixture
def path(postgres: Postgres) -> Iterator[SilentProxy]:
    with silent_proxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def store(path: SilentProxy, postgres_store_url: str) -> Iterator[Store]:
    database = postgres_store_url.rpartition("/")[2]
    with contextlib.closing(Store(f"postgresql://postgres@127.0.0.1:{path.port}/{database}", patience=PATIENCE)) as store:
        yield store


def write(store: Store, value: str) -> None:
    with store.write() as tx:
        tx.state.set("fact", value, NOW)


def back(store: Store, value: str) -> float:
    """How long it takes until the store can be written again."""
    began = monotonic()
    while monotonic() - began < BACK:
        with contextlib.suppress(StoreAway):
            write(store, value)
            with store.read() as tx:
                assert tx.state.get("fact") == value
            return monotonic() - began
    pytest.fail(f"not back after {BACK} seconds")


def assert_away_in_time(store: Store, value: str) -> None:
    began = monotonic()
    with pytest.raises(StoreAway):
        write(store, value)
    assert monotonic() - began < 5 * PATIENCE.total_seconds()


def test_a_silence_at_the_login_ends_in_time_and_the_store_is_back(store: Store, path: SilentProxy) -> None:
    path.swallow("to client", at=[LOGIN])
    assert_away_in_time(store, "during")
    assert path.fell_silent.is_set(), "the step did not happen"
    assert_away_in_time(store, "during")

    path.heal()
    back(store, "after")


@contextlib.contextmanager
def without_garbage_collector() -> Iterator[None]:
    """It would close them at some time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_tries_to_connect_in_vain_leave_no_sockets_open(postgres: Postgres) -> None:
    with faulty_proxy(postgres.port) as way, without_garbage_collector():
        way.break_at(LOGIN, Fault.SILENT)
        with pytest.raises(psycopg.Error):
            connect(Limits(2.0), Hurry(), f"host=127.0.0.1 port={way.port} user=postgres connect_timeout=2")
        wait_until(lambda: way.connections == 0, "the sockets of the tries are closed")


def test_connections_in_the_pool_that_are_silent_are_not_used(store: Store, path: SilentProxy) -> None:
    with store.write() as one, store.read() as two:
        one.state.set("fact", "before", NOW)
        two.state.get("fact")
    path.swallow("to server", "to client")
    with pytest.raises(StoreAway), store.read() as tx:
        tx.state.get("fact")
    path.heal()
    back(store, "after")


def test_a_server_that_sends_a_byte_a_second_is_away(store: Store, path: SilentProxy) -> None:
    write(store, "before")
    path.drip()
    assert_away_in_time(store, "during")
    path.heal()
    back(store, "after")


def test_a_statement_that_takes_too_long_is_ended_by_the_server(store: Store) -> None:
    write(store, "before")
    with pytest.raises(StoreAway, match="statement timeout"), store.read() as tx:
        tx._sql.connection.exec_driver_sql("SELECT pg_sleep(60)")
    back(store, "after")


def test_a_transaction_that_holds_locks_and_does_nothing_is_ended_by_the_server(store: Store, postgres_store_url: str) -> None:
    write(store, "before")
    go_on, holds = threading.Event(), threading.Event()

    def stand_still() -> None:
        with store.write() as tx:
            tx.state.set("fact", "never", NOW)
            holds.set()
            go_on.wait(BACK)

    def is_away() -> None:
        with pytest.raises(StoreAway):
            stand_still()

    thread = threading.Thread(target=is_away)
    thread.start()
    assert holds.wait(BACK)
    with contextlib.closing(Store(postgres_store_url, patience=PATIENCE)) as other:
        back(other, "after")
    go_on.set()
    thread.join()


def test_limits_hold_for_a_transaction_and_not_for_the_connection(store: Store) -> None:
    """Behind a pooler the next transaction has another server connection."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
    with store.write() as tx:
        inside = [tx._sql.connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
        driver = tx._sql.connection.connection.driver_connection
    assert inside == ["2s", "1500ms", "2s", "on"]
    assert driver is not None
    outside = [driver.execute(f"SHOW {name}").fetchone()[0] for name in names[:3]]
    assert outside == ["0", "0", "0"]


def test_who_listens_hears_again_after_a_silence(store: Store, path: SilentProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "_ASKED", 0.2)
    listener = store.listener("inbox")
    assert listener.wait(timedelta(seconds=BACK)), "connected"
    path.swallow("to server", "to client")
    assert not listener.wait(PATIENCE)
    path.heal()
    assert listener.wait(timedelta(seconds=BACK)), "something may have been missed meanwhile"
    store.wake("inbox")
    assert listener.wait(timedelta(seconds=BACK))
    listener.close()


def test_a_process_that_ends_waits_for_a_silent_server_once(path: SilentProxy, postgres_store_url: str) -> None:
    database = postgres_store_url.rpartition("/")[2]
    with contextlib.closing(Store(f"postgresql://postgres@127.0.0.1:{path.port}/{database}")) as store:
        write(store, "before")
        path.swallow("to client", at=[b"INSERT INTO state"])
        ended: list[float] = []

        def wait_in_vain() -> None:
            with pytest.raises(StoreAway):
                write(store, "during")
            ended.append(monotonic())

        thread = threading.Thread(target=wait_in_vain)
        thread.start()
        assert path.fell_silent.wait(BACK)
        began = monotonic()
        store.hurry()
        thread.join(BACK)
        assert ended[0] - began < 8
        began = monotonic()
        for _ in range(20):
            with pytest.raises(StoreAway):
                write(store, "later")
        assert monotonic() - began < 20, "not two seconds each"
