"""Every server around the desk falls silent, closes, talks garbage or drips at every step of its protocol: see rows.py and one_row.py.

`make nightly PART=silences`: all rows in an order by the seed, those of REAL with the limits that users have.  The result of each row is
written at once to build/silences-SEED.jsonl, with its place in the order: a run that was stopped goes on with FROM=… and the same seed.
The normal run has a few rows, one for each way a part can break, with shortened limits.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import randbelow
from time import monotonic

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
from tests.silences.rows import QUICK, QUICK_STORE, REAL, ROWS, Protocol, Row
from tests.silences.town import Servers, Town, a_town

SECONDS = int(os.environ.get("TESTS_SILENCES_SECONDS", "0"))  # 0: the normal run
SEED = int(os.environ.get("TESTS_SILENCES_SEED", randbelow(1 << 31)))
FROM = int(os.environ.get("TESTS_FROM", "0"))  # the first place in the order that is tried; earlier ones an earlier run has tried
ONLY = os.environ.get("TESTS_SILENCES_ONLY", "")  # begin of the names of the rows to try
REAL_LAST = 15 * 60.0  # seconds that the rows with real limits may need
RESULTS = Path(__file__).parents[2] / "build" / f"silences-{SEED}.jsonl"
TOGETHER = 10  # mails at once, as many as the listener takes of one address: each of the eight threads that check mails has begun

pytestmark = [pytest.mark.servers, pytest.mark.timeout(SECONDS + 900 if SECONDS else 240)]


def test_the_table_has_every_protocol_and_each_fault() -> None:
    assert len(ROWS) == len(set(ROWS)) >= 60
    assert {row.protocol for row in ROWS} == set(Protocol)
    assert all({row.fault for row in ROWS if row.protocol is protocol} == set(Fault) for protocol in Protocol)


def test_a_few_rows(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, postgres: Postgres) -> None:
    print(f"seed {SEED}")
    with a_town(tmp_path, Servers(dovecot, postfix, postgres), seed=SEED) as town:
        warm_up(town)
        print(f"{len(QUICK)} servers at once: back after {one_row.try_together(town, QUICK, one_row.SHORT):.1f} s")
        print(try_row(town, QUICK_STORE, one_row.SHORT, stop=False))
        town.assert_nothing_doubled()
        print(f"stopped in {one_row.stops(town, QUICK_STORE, one_row.SHORT):.1f} s")


@pytest.fixture
def servers(postfix: Postfix, postgres: Postgres, clamd: Clamd, rspamd: Rspamd) -> Iterator[Servers]:
    with provider_running() as provider, own_dovecot(f"{provider.url}/introspect") as dovecot:
        yield Servers(dovecot, postfix, postgres, clamd, rspamd, provider)


@pytest.mark.skipif(not SECONDS, reason="make nightly PART=silences")
def test_all_rows(tmp_path: Path, servers: Servers) -> None:
    rows = list(ROWS)
    random.Random(SEED).shuffle(rows)
    ends, tried = monotonic() + SECONDS - REAL_LAST, list[Tried]()
    failed: list[str] = []
    with a_town(tmp_path, servers, seed=SEED) as town:
        warm_up(town)
        threads, files = town.figures()
        for place, row in enumerate(rows[FROM:], start=FROM):
            if monotonic() > ends:
                print(f"no time is left: go on with SEED={SEED} FROM={place}", flush=True)
                break
            if row.name.startswith(ONLY):
                attempt(town, row, place, tried, failed)
        town.assert_nothing_doubled()
        mails = f"{len(town.acknowledged)} mails, {town.repeated} sent again after a lost answer to the dot"
        print(f"{len(tried)} of {len(ROWS)} rows, {mails}: {summary(tried)}", flush=True)
        print(f"threads and descriptors: {threads} and {files} at first, {town.figures()} at the end", flush=True)
    assert not failed, "\n".join(failed)


@pytest.mark.skipif(not SECONDS or bool(ONLY), reason="make nightly PART=silences")
def test_rows_with_real_limits(tmp_path: Path, servers: Servers) -> None:
    with a_town(tmp_path, servers, seed=SEED, shortened=False) as town:
        warm_up(town)
        tried, failed = list[Tried](), list[str]()
        for place, row in enumerate(REAL):
            attempt(town, row, place, tried, failed, limits=one_row.REAL)
        town.assert_nothing_doubled()
    assert not failed, "\n".join(failed)


def attempt(town: Town, row: Row, place: int, tried: list[Tried], failed: list[str], *, limits: one_row.Limits = one_row.SHORT) -> None:
    """A row that fails does not keep the others from being tried: the daemon starts anew, and what it owes comes before the next row."""
    real = limits is one_row.REAL
    try:
        result = try_row(town, row, limits, stop=real or row.fault is Fault.SILENT, by_mail=real)
        town.assert_nothing_doubled(audit=False)
        tried.append(result)
        print(f"{'real' if real else place:>4} {result}", flush=True)
        threads, files = town.figures()
        seconds = {"recovered": result.recovered, "told": result.told, "stopped": result.stopped}
        note(row, "passed", place, real=real, threads=threads, files=files, **seconds)
    except (AssertionError, pytest.fail.Exception) as error:
        failed.append(f"{row.name}: {str(error)[:3000]}")
        print(f"{place:4} FAILED {row.name}: {str(error)[:1500]}", flush=True)
        note(row, "failed", place, real=real, why=str(error)[:3000])
        town.heal_all()
        town.restart()
        one_row.settles(town, f"what {row.name} left behind", one_row.LEFT if real else one_row.SHORT)


def note(row: Row, result: str, place: int | None = None, **figures: object) -> None:
    """The result of the row is in the file: a run that is stopped afterwards counts up to here."""
    RESULTS.parent.mkdir(exist_ok=True)
    written = {"place": place, "row": row.name, "result": result, "load": os.getloadavg()[0], **figures}
    with RESULTS.open("a") as results:
        results.write(json.dumps(written) + "\n")


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
    for one in [town.send_in_background("lmtp") for _ in range(TOGETHER)]:
        one.join()
    town.send("imap")
    if town.servers.provider:
        town.send("oauth")
    one_row.settles(town, "the desk works", one_row.SHORT)
