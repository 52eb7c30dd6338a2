"""Every server around the desk falls silent, closes, talks garbage or drips at every step of its protocol: see rows.py and one_row.py.

`make nightly PART=silences`: all rows in an order by the seed, the four of REAL with the limits that users have.  The normal run has a
few rows, one for each way a part can break, with shortened limits.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import randbelow
from time import monotonic, sleep

import pytest

from tests.fakes.identity_provider import running as provider_running
from tests.servers.clamd import Clamd
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot import running as own_dovecot
from tests.servers.faulty_proxy import Fault
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.processes import wait_until
from tests.servers.rspamd import Rspamd
from tests.silences import one_row
from tests.silences.one_row import Tried, try_row
from tests.silences.rows import QUICK, REAL, ROWS, Protocol, Row
from tests.silences.town import Servers, Town, a_town

SECONDS = int(os.environ.get("TESTS_SILENCES_SECONDS", "0"))  # 0: the normal run
SEED = int(os.environ.get("TESTS_SILENCES_SEED", randbelow(1 << 31)))
ONLY = os.environ.get("TESTS_SILENCES_ONLY", "")  # begin of the names of the rows to try
REAL_LAST = 15 * 60.0  # seconds that the rows with real limits may need

pytestmark = [pytest.mark.servers, pytest.mark.timeout(SECONDS + 900 if SECONDS else 240)]


def test_the_table_has_every_protocol_and_each_fault() -> None:
    assert len(ROWS) == len(set(ROWS)) >= 60
    assert {row.protocol for row in ROWS} == set(Protocol)
    assert all({row.fault for row in ROWS if row.protocol is protocol} == set(Fault) for protocol in Protocol)


def test_a_few_rows(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, postgres: Postgres) -> None:
    print(f"seed {SEED}")
    with a_town(tmp_path, Servers(dovecot, postfix, postgres), seed=SEED) as town:
        warm_up(town)
        for row in QUICK:
            print(try_row(town, row, one_row.SHORT, stop=False))
        town.assert_nothing_doubled()
        print(f"stopped in {one_row.stops(town, QUICK[-1], one_row.SHORT):.1f} s")


@pytest.fixture
def servers(postfix: Postfix, postgres: Postgres, clamd: Clamd, rspamd: Rspamd) -> Iterator[Servers]:
    with provider_running() as provider, own_dovecot(f"{provider.url}/introspect") as dovecot:
        yield Servers(dovecot, postfix, postgres, clamd, rspamd, provider)


@pytest.mark.skipif(not SECONDS, reason="make nightly PART=silences")
def test_all_rows(tmp_path: Path, servers: Servers) -> None:
    rows = [row for row in ROWS if row.name.startswith(ONLY)]
    random.Random(SEED).shuffle(rows)
    ends, tried = monotonic() + SECONDS - REAL_LAST, list[Tried]()
    failed: list[str] = []
    with a_town(tmp_path, servers, seed=SEED) as town:
        warm_up(town)
        threads, files = town.figures()
        for row in rows:
            if monotonic() > ends:
                break
            attempt(town, row, tried, failed)
        town.assert_nothing_doubled()
        mails = f"{len(town.acknowledged)} mails, {town.repeated} sent again after a lost answer to the dot"
        print(f"{len(tried)} of {len(ROWS)} rows, {mails}: {summary(tried)}", flush=True)
        print(f"threads and descriptors: {threads} and {files} at first, {town.figures()} at the end", flush=True)
    assert not failed, "\n".join(failed)


@pytest.mark.skipif(not SECONDS or bool(ONLY), reason="make nightly PART=silences")
def test_rows_with_real_limits(tmp_path: Path, servers: Servers) -> None:
    with a_town(tmp_path, servers, seed=SEED, shortened=False) as town:
        warm_up(town)
        for row in REAL:
            print(f"real limits: {try_row(town, row, one_row.REAL, stop=True, by_mail=True)}", flush=True)
        town.assert_nothing_doubled()


def attempt(town: Town, row: Row, tried: list[Tried], failed: list[str]) -> None:
    """A row that fails does not keep the others from being tried: the daemon starts anew."""
    try:
        tried.append(try_row(town, row, one_row.SHORT, stop=row.fault is Fault.SILENT))
        print(f"{len(tried):4} {tried[-1]}", flush=True)
    except (AssertionError, pytest.fail.Exception) as error:
        failed.append(f"{row.name}: {str(error)[:3000]}")
        print(f"FAILED {row.name}: {str(error)[:400]}", flush=True)
        town.heal_all()
        town.restart()


def summary(tried: list[Tried]) -> str:
    stops = [one.stopped for one in tried if one.stopped is not None]
    rows = Counter(one.row.protocol for one in tried)
    return (
        f"{dict(rows)}; back after at most {max(one.recovered for one in tried):.1f} s; "
        f"{len(stops)} ends in at most {max(stops, default=0):.1f} s"
    )


def warm_up(town: Town) -> None:
    """Every part has worked once, so that threads and descriptors are those of a desk at work."""
    wait_until(lambda: "folder_opened" in town.daemon.log(), "the folder is open", 60)
    for _ in range(4):
        town.send("lmtp")
    town.send("imap")
    if town.servers.provider:
        town.send("oauth")
    ends = monotonic() + 180
    while (left := town.missing()) and monotonic() < ends:
        sleep(0.1)
    assert not left, f"the desk does not work: {left}: {town.daemon.log()[-3000:]}"
