"""Caps with several workers: no two transactions count the same sender at once (PostgreSQL; SQLite lets one write at a time)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from mailbridge.config.model import LimitSettings
from tests.harness import a_desk, a_mail
from tests.servers.postgres import Postgres

SENDER = "unproven:carol@customer.test"
MOST = 10


@pytest.mark.servers
def test_workers_in_parallel_open_no_more_than_the_cap(postgres_store_url: str, tmp_path: Path) -> None:
    """Eight transactions at a time do what `handling.sender_limits` does: lock, count, add."""
    with a_desk(tmp_path, store_url=postgres_store_url) as desk:
        together, now = Barrier(8), desk.clock.now()

        def work(number: int) -> bool:
            together.wait()
            with desk.app.store.write() as tx:
                tx.openings.lock(SENDER)
                if tx.openings.of_sender(SENDER, now.replace(hour=0)).tickets >= MOST:
                    return False
                tx.openings.add(SENDER, now, ticket=number, size=1, receipt=False)
                return True

        with ThreadPoolExecutor(8) as pool:
            opened = [pool.submit(work, number) for number in range(1, 41)]
        assert sum(one.result() for one in opened) == MOST


@pytest.mark.servers
def test_two_daemons_group_one_flood(postgres: Postgres, postgres_template: str, tmp_path: Path) -> None:
    """Forty mails of one sender wait; two processes' workers on one database work them off."""
    with postgres.database(postgres_template) as url:
        first, second = tmp_path / "a", tmp_path / "b"
        first.mkdir()
        second.mkdir()
        with a_desk(first, store_url=url) as one, a_desk(second, store_url=url) as two:
            for desk in (one, two):
                desk.app.config = replace(desk.app.config, limits=LimitSettings(), batch=3)
            for number in range(40):
                one.accept(a_mail(f"It is about {number}.", subject=f"Request {number}", message_id=f"<{number}@customer.test>"))
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda desk: desk.work(), (one, two)))
            one.work()
            assert len(one.tickets()) == MOST
            with one.app.store.read() as tx:
                assert sum(len(tx.mails.of_ticket(ticket.id)) for ticket in tx.tickets.find(limit=100)) == 40
