"""What a process of a desk on PostgreSQL has in hand when it is killed, or stopped for a while, is worked off by the others within seconds,
and once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, sleep

import pytest

from mailbridge.errors import StoreAway
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.engine import Store
from tests.crash.holder import QuickApp, a_quick_desk, claim_and_stand, stop_in
from tests.crash.test_killed_anywhere import CALLS
from tests.forked import PRELOADED
from tests.harness import MX, RULES, a_mail, write_rules
from tests.servers.postgres import Postgres
from tests.servers.silent_proxy import silent_proxy

pytestmark = pytest.mark.servers

ROWS = 20
PATIENCE = 30.0  # seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rules(tmp_path, RULES | {"routing/20-calls.yaml": CALLS})
    return tmp_path


def accept(app: QuickApp, first: int, count: int) -> None:
    for number in range(first, first + count):
        sender = f"c{number}@customer{number}.test"
        message_id = f"<{number}@customer{number}.test>"
        raw = a_mail(f"Number {number} does not work.", subject=f"no {number}", from_=sender, message_id=message_id)
        to = ("support@desk.test",)
        app.inbox.accept(raw, Envelope(source=Source.SMTP, received_at=app.clock.now(), mail_from=sender, rcpt_to=to, peer=MX))


def work_inbox(app: QuickApp) -> None:
    while app.worker.one_turn():
        pass


def process(act: Callable[..., None], *arguments: object) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    started = context.Process(target=act, args=arguments)
    started.start()
    return started


def wait_for(true: Callable[[], bool], what: str) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, f"waited in vain: {what}"
        sleep(0.05)


def is_stopped(process: BaseProcess) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def open_rows(store: Store) -> int:
    with store.read() as tx:
        counts = [tx.inbox.counts(finished=False), tx.outbox.counts(finished=False), tx.webhooks.counts(finished=False)]
    return sum(each.get(state, 0) for each in counts for state in ("new", "claimed", "queued", "sending", "dot", "calling", "deferred"))


def work_off(app: QuickApp) -> None:
    """Everything is done, by the loops that a daemon has in its threads."""
    delivery, webhooker = app.delivery_worker(), app.webhooker()

    def turn() -> bool:
        work_inbox(app)
        delivery.one_turn()
        webhooker.one_turn()
        return not open_rows(app.store)

    wait_for(turn, "all rows are done")


def assert_once(app: QuickApp, mails: int) -> None:
    """One ticket a mail; each outgoing mail and each call once."""
    with app.store.read() as tx:
        assert Counter(ticket.subject for ticket in tx.tickets.find(limit=1000)) == {f"no {number}": 1 for number in range(mails)}
        outbox = tx.outbox.list(limit=1000)
        calls = tx.webhooks.list(limit=1000)
        assert [holder.dead for holder in tx.lease_holders.all()].count(False) == 1
    sent = [queued for queued in outbox if queued.state == "sent"]
    assert {queued.state for queued in outbox} <= {"sent", "held"}, "held: the agent is told of many tickets in one mail"
    assert not [queued.id for queued in sent if queued.repeated]
    assert len(list((app.config.folder / "outgoing" / "new").iterdir())) == len(sent) >= mails
    assert len(calls) == mails
    assert sorted((app.config.folder / "called").read_text().split()) == sorted(call.call.key for call in calls)


def test_after_a_kill_the_others_have_everything_done_in_seconds(folder: Path, postgres_store_url: str) -> None:
    claimed = folder / "claimed"
    with a_quick_desk(folder, postgres_store_url) as app:
        accept(app, 0, ROWS)
        work_inbox(app)
        accept(app, ROWS, ROWS)
        holder = process(claim_and_stand, folder, postgres_store_url, ROWS, claimed)
        wait_for(claimed.exists, "the other process has its claims")
        assert claimed.read_text().split() == [str(ROWS)] * 3
        sleep(2.5)  # longer than an unrenewed lease lasts
        work_inbox(app)
        with app.store.read() as tx:
            assert tx.inbox.counts()["claimed"] == ROWS, "the process lives"

        holder.kill()
        holder.join()
        work_off(app)
        assert_once(app, 2 * ROWS)
        with app.store.read() as tx:
            assert {row.attempts for row in tx.inbox.list(limit=1000)} == {1, 2}, "a mail that the dead had in hand is known"


@pytest.mark.parametrize("method", ["_write", "_render", "_mark_dot", "_record"])
def test_who_was_stopped_for_longer_than_its_lease_repeats_nothing(folder: Path, postgres_store_url: str, method: str) -> None:
    """`_write`: before the mails are recorded; `_mark_dot`: just before the dot; `_record`: the mail was sent and is not recorded yet."""
    with a_quick_desk(folder, postgres_store_url) as app:
        accept(app, 0, 3)
        if method != "_write":
            work_inbox(app)
        done = folder / "done"
        stopped = process(stop_in, method, folder, postgres_store_url, done)
        wait_for(lambda: is_stopped(stopped), "the other process stopped itself")
        app.leases.owner()
        if method == "_record":  # the mail in the state DOT is nobody else's for twenty minutes
            wait_for(lambda: taken_over(app), "the others are taken over")
        else:
            work_off(app)
        os.kill(stopped.pid or 0, signal.SIGCONT)
        stopped.join(PATIENCE)
        assert (stopped.exitcode, done.exists()) == (0, True)
        work_off(app)
        assert_once(app, 3)


def taken_over(app: QuickApp) -> bool:
    app.delivery_worker().one_turn()
    with app.store.read() as tx:
        return tx.outbox.counts()["sending"] == tx.outbox.counts()["queued"] == 0


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        ("inbox", (b"UPDATE inbox SET", b"COMMIT")),
        ("outbox", (b"UPDATE outbox SET", b"COMMIT")),
        ("outbox", (b"'dot'", b"COMMIT")),
        ("webhooks", (b"UPDATE webhooks SET", b"COMMIT")),
    ],
    ids=["inbox", "outbox", "dot", "webhooks"],
)
def test_a_commit_whose_answer_is_lost_leaves_nothing_behind(
    folder: Path, postgres: Postgres, postgres_store_url: str, queue: str, words: tuple[bytes, ...]
) -> None:
    with silent_proxy(postgres.port) as path:
        url = postgres_store_url.replace(str(postgres.port), str(path.port))
        with a_quick_desk(folder, url) as app:
            accept(app, 0, 3)
            if queue != "inbox":
                work_inbox(app)
            delivery, webhooker = app.delivery_worker(), app.webhooker()
            turn = {"inbox": app.worker.one_turn, "outbox": delivery.one_turn, "webhooks": webhooker.one_turn}[queue]
            path.hang_up(at=words)
            with pytest.raises(StoreAway):
                turn()
            assert path.fell_silent.is_set()

            assert turn(), "at once, although the lease of the rows is long"
            work_inbox(app)
            while delivery.one_turn() or webhooker.one_turn():
                pass
            assert open_rows(app.store) == 0
            assert_once(app, 3)
