"""How long a desk takes to go on: after a kill with mails waiting, and when PostgreSQL or the IMAP server was away.

`make nightly PART=recovery`: a thousand mails wait, and the times are those that docs/reliability.md promises.  The normal run has fewer
mails, and no limit but that of a test.
"""

from __future__ import annotations

import os
import smtplib
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import pytest

from mailbridge.daemon.app import App
from mailbridge.message.envelope import Envelope, Source
from mailbridge.store.engine import Store
from tests.e2e.running import looking, running, write_desk
from tests.e2e.test_daemon import desk_toml, is_proven, listener, store_toml
from tests.harness import a_config, a_mail
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import running as own_postgres
from tests.servers.processes import free_ports, wait_until

SEED = os.environ.get("TESTS_RECOVERY_SEED", "")  # nothing is drawn
WITHIN = int(os.environ.get("TESTS_RECOVERY_WITHIN", "0"))
IS_NIGHTLY = bool(WITHIN)
PENDING = 1000 if IS_NIGHTLY else 30
FIRST, ALL, STORE_BACK, IMAP_BACK = (3.0, 30.0, 10.0, 15.0) if IS_NIGHTLY else (60.0,) * 4  # seconds
PATIENCE = 300.0  # seconds, on a busy machine
TIMES_ALONE = 1.5

pytestmark = [pytest.mark.servers, pytest.mark.timeout(WITHIN or 300)]


def test_after_a_kill_the_waiting_mails_are_worked_off(tmp_path: Path) -> None:
    """The limits are for processor time: on a machine with other work the clock says how busy that is.  How many wait must not matter."""
    url = f"sqlite:///{tmp_path}/mailbridge.db"
    write_desk(tmp_path, desk_toml())
    with looking(url) as store:
        with running(tmp_path) as first:
            accept(tmp_path, url, 0, 1)
            wait_until(lambda: done(store) == 1, "the mail is done")
            first.kill()
        alone = a_start_with(tmp_path, store, waiting=1)
        many = a_start_with(tmp_path, store, waiting=PENDING)
    assert many.first <= FIRST
    assert many.all <= ALL
    assert many.first <= TIMES_ALONE * alone.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds of processor time until the first of the waiting mails was done, and until all were."""

    first: float
    all: float


def a_start_with(folder: Path, store: Store, *, waiting: int) -> Start:
    """After a kill."""
    before = done(store)
    accept(folder, f"sqlite:///{folder}/mailbridge.db", before, waiting)
    begun = monotonic()
    with running(folder) as daemon:
        wait_until(lambda: done(store) > before, "the first mail is done", PATIENCE)
        first, first_after = daemon.processor_time(), monotonic() - begun
        wait_until(lambda: done(store) == before + waiting, "all mails are done", PATIENCE)
        whole = Start(first=first, all=daemon.processor_time())
        print(
            f"{waiting} waiting: the first done after {whole.first:.1f} s of processor time ({first_after:.1f} s by the clock), "
            f"all after {whole.all:.1f} s ({monotonic() - begun:.1f} s)"
        )
        daemon.kill()
    return whole


def test_after_postgresql_was_away_mails_are_worked_at_once(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with own_postgres() as server, server.database() as url:
        write_desk(tmp_path, desk_toml(more=listener("smtp", port) + store_toml(url)))
        with running(tmp_path):
            send(port, 1)
            server.kill()
            with pytest.raises(smtplib.SMTPException):
                send(port, 2)
            server.start()
            begun = monotonic()
            with looking(url) as store:
                wait_until(lambda: was_taken(port, 3), "a mail is accepted", STORE_BACK)
                wait_until(lambda: done(store) >= 2, "it is done", STORE_BACK + begun - monotonic())
            print(f"PostgreSQL came back: a mail was accepted and done after {monotonic() - begun:.1f} s")


def test_after_the_imap_server_was_away_mails_are_fetched(tmp_path: Path, dovecot: Dovecot) -> None:
    account = dovecot.new_account()
    write_desk(
        tmp_path,
        desk_toml(
            more=f"""
[[mailbox]]
name = "support"
host = "localhost"
port = {dovecot.imaps_port}
ca_file = "{dovecot.ca_file}"
user = "{account.user}"
password_file = "password"
after = "flag"
"""
        ),
    )
    with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        wait_until(lambda: is_proven(store, "imap:support/INBOX"), "the folder is open")
        dovecot.deliver(account, a_mail(message_id="<1@customer.test>"))
        wait_until(lambda: done(store) == 1, "the connection works")
        dovecot.stop()
        dovecot.start()
        begun = monotonic()
        dovecot.deliver(account, a_mail(message_id="<2@customer.test>", subject="second"))
        wait_until(lambda: done(store) == 2, "the mail is fetched and done", IMAP_BACK)
        print(f"the IMAP server came back: a mail was fetched and done after {monotonic() - begun:.1f} s")


def accept(folder: Path, url: str, first: int, count: int) -> None:
    with App.open(replace(a_config(folder), store_url=url)) as app:
        for number in range(first, first + count):
            sender = f"c{number}@customer{number}.test"
            raw = a_mail(subject=f"no {number}", from_=sender, message_id=f"<{number}@customer{number}.test>")
            to = ("support@desk.test",)
            app.inbox.accept(raw, Envelope(source=Source.SMTP, received_at=app.clock.now(), mail_from=sender, rcpt_to=to))


def done(store: Store) -> int:
    with store.read() as tx:
        return tx.inbox.counts()["done"]


def send(port: int, number: int) -> None:
    raw = a_mail(subject=f"no {number}", message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test")
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail(f"c{number}@c{number}.test", ["support@desk.test"], raw)


def was_taken(port: int, number: int) -> bool:
    try:
        send(port, number)
    except smtplib.SMTPException:
        return False
    return True
