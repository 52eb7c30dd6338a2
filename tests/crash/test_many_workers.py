"""Eight processes on one PostgreSQL, which accept and work mails at the same time; one mail in twenty comes to two of them at once.

`make nightly PART=concurrency` goes on until there are 100,000 mails or TESTS_CONCURRENT_SECONDS have passed.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from secrets import randbelow
from time import monotonic

import pytest

from mailbridge.daemon.app import App
from mailbridge.doctor.audit_store import audit_store
from mailbridge.errors import Transient
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.engine import Store
from tests.forked import PRELOADED
from tests.harness import MX, a_config, a_mail, write_rules

SECONDS = float(os.environ.get("TESTS_CONCURRENT_SECONDS", "0"))
SEED = int(os.environ.get("TESTS_CONCURRENT_SEED", randbelow(1 << 31)))
PROCESSES = 8 if SECONDS else 3
MOST = 100_000 // PROCESSES if SECONDS else 20  # mails of a process
AT_ONCE = 10  # mails that a process accepts before it works

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240 + 3 * SECONDS)]


def test_every_mail_is_one_ticket_and_every_copy_is_known(tmp_path: Path, postgres_store_url: str) -> None:
    print(f"seed {SEED}")
    write_rules(tmp_path)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    processes = [context.Process(target=take_and_work, args=(tmp_path, postgres_store_url, number)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    accepted = Counter(line for number in range(PROCESSES) for line in (tmp_path / f"accepted{number}").read_text().split())
    print(f"{accepted.total()} mails by {PROCESSES} processes, {accepted.total() - len(accepted)} of them copies")
    assert_exact(postgres_store_url, accepted)


def assert_exact(url: str, accepted: Counter[str]) -> None:
    """As many tickets as different mails, each with one mail; as many known copies as there were."""
    with closing(Store(url)) as store, store.read() as tx:
        rows = Counter(row.outcome for row in tx.inbox.list(limit=10**6))
        tickets = tx.tickets.find(limit=10**6)
        held = Counter(mail.message_id for ticket in tickets for mail in tx.mails.of_ticket(ticket.id))
        audited = audit_store(tx)
    assert held == Counter(set(accepted))
    assert len(tickets) == len(accepted)
    assert rows == +Counter({MailOutcome.TICKET: len(accepted), MailOutcome.DUPLICATE: accepted.total() - len(accepted)})
    assert audited.missing == ()
    assert all(one.adds_up for one in audited.sources), audited.sources


def test_a_mail_that_is_gone_is_found(tmp_path: Path, postgres_store_url: str) -> None:
    """The fault that the test above is for."""
    write_rules(tmp_path)
    with App.open(replace(a_config(tmp_path), store_url=postgres_store_url)) as app:
        accept(app, "1.0@customer.test")
        while app.worker.one_turn():
            pass
    with pytest.raises(AssertionError):
        assert_exact(postgres_store_url, Counter({"1.0@customer.test": 1, "1.1@customer.test": 1}))


def take_and_work(folder: Path, url: str, number: int) -> None:
    """In a process of its own: the ids of what it has accepted are in `FOLDER/accepted<number>`."""
    chance, end = Random(f"{SEED} {number}"), monotonic() + SECONDS
    say_into(folder / f"said{number}")
    with App.open(replace(a_config(folder), store_url=url)) as app, (folder / f"accepted{number}").open("w") as accepted:
        for mail in range(MOST):
            if SECONDS and monotonic() > end:
                break
            whose = chance.randrange(PROCESSES) if chance.random() < 0.05 else number
            id = f"{whose}.{mail}@customer.test"
            accept(app, id)
            accepted.write(f"{id}\n")
            if mail % AT_ONCE == AT_ONCE - 1:
                work(app)
        while work(app):
            pass


def say_into(file: Path) -> None:
    """The log of this process goes there."""
    with file.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def accept(app: App, id: str) -> None:
    sender = f"c@{id.partition('@')[0]}.test"
    raw = a_mail(f"It does not work: {id}.", subject=f"no {id}", from_=sender, message_id=f"<{id}>")
    envelope = Envelope(source=Source.SMTP, received_at=app.clock.now(), mail_from=sender, rcpt_to=("support@desk.test",), peer=MX)
    app.inbox.accept(raw, envelope)


def work(app: App) -> bool:
    """One turn; a turn that PostgreSQL broke off in favour of another process comes again."""
    try:
        return bool(app.worker.one_turn())
    except Transient:
        return True
