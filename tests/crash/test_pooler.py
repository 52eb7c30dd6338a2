"""A desk whose PostgreSQL stands behind pgbouncer with transaction pooling: no setting, lock or statement of a session can be relied on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.jobs.leases import LeaseKeeper
from mailbridge.store.engine import Store
from tests.crash.holder import a_quick_desk, claim_and_stand
from tests.crash.test_killed_anywhere import CALLS
from tests.crash.test_leases_of_the_dead import ROWS, accept, assert_once, process, wait_for, work_inbox, work_off
from tests.harness import RULES, write_rules
from tests.servers.pgbouncer import pgbouncer
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.servers

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def pooled_url(postgres: Postgres, postgres_store_url: str) -> Iterator[str]:
    with pgbouncer(postgres) as port:
        yield postgres_store_url.replace(str(postgres.port), str(port))


def test_each_transaction_has_its_limits_and_no_statement_is_prepared(pooled_url: str, postgres_store_url: str) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")

    def look(store: Store) -> tuple[list[object], int, object]:
        with store.write() as tx:
            connection = tx._sql.connection
            driver = connection.connection.driver_connection
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
            return found, int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0), driver.prepare_threshold  # type: ignore[union-attr]

    with closing(Store(pooled_url)) as store:
        found = [look(store) for _ in range(20)]
    assert {tuple(settings) for settings, _, _ in found} == {("20s", "15s", "20s", "on")}
    assert {threshold for _, _, threshold in found} == {None}
    with closing(Store(postgres_store_url)) as store:
        assert look(store)[2] == 5, "without a pooler statements are prepared"


def test_many_transactions_at_once_share_few_server_connections(pooled_url: str) -> None:
    with closing(Store(pooled_url)) as store:

        def count(number: int) -> None:
            for _ in range(10):
                with store.write() as tx:
                    before = tx.state.take(f"n{number}", NOW) or 0
                    tx.state.set(f"n{number}", before + 1, NOW)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(count, [n % 4 for n in range(8)]))
        with store.read() as tx:
            assert [tx.state.get(f"n{number}") for number in range(4)] == [20] * 4


def test_mails_go_their_whole_way_and_the_claims_of_the_dead_are_released(tmp_path: Path, pooled_url: str) -> None:
    write_rules(tmp_path, RULES | {"routing/20-calls.yaml": CALLS})
    claimed = tmp_path / "claimed"
    with a_quick_desk(tmp_path, pooled_url) as app:
        accept(app, 0, ROWS)
        work_inbox(app)
        accept(app, ROWS, ROWS)
        holder = process(claim_and_stand, tmp_path, pooled_url, ROWS, claimed)
        wait_for(claimed.exists, "the other process has its claims")
        holder.kill()
        holder.join()
        work_off(app)
        assert_once(app, 2 * ROWS)


def test_an_empty_database_gets_its_schema(postgres: Postgres, postgres_url: str) -> None:
    with pgbouncer(postgres) as port, closing(Store(postgres_url.replace(str(postgres.port), str(port)))) as store:
        store.upgrade()
        assert store.current() == store.head()
        keeper = LeaseKeeper(store, clock=_Clock())
        keeper.owner()
        keeper.look()
        keeper.close()


class _Clock:
    def now(self) -> datetime:
        return NOW
