"""The daemon with real servers around it: Dovecot and Postfix in front, Postfix behind, SQLite or PostgreSQL below."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.errors import Transient
from mailbridge.store.engine import Store
from tests.e2e.running import Running, as_json, looking, mailbridge, running, settled, sink, until_settled, write_desk
from tests.harness import a_mail, proven
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.postgres import running as own_postgres
from tests.servers.processes import free_ports, wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "{address}"
admins = ["admin@smtp.test"]
authserv_ids = ["mx.desk.test"]
{more}
[authenticity]
check = "headers"
"""


def desk_toml(address: str = "support@desk.test", more: str = "") -> str:
    return DESK.format(address=address, more=more)


def listener(protocol: str, port: int) -> str:
    return f'\n[[listener]]\nprotocol = "{protocol}"\nhost = "127.0.0.1"\nport = {port}\ntrusted_peers = ["127.0.0.1"]\n'


def outgoing(port: int) -> str:
    return f'\n[outgoing]\nurl = "smtp://127.0.0.1:{port}"\ntls = "none"\n'


def store_toml(url: str) -> str:
    return f'\n[store]\nurl = "{url}"\n'


def is_proven(store: Store, source: str) -> bool:
    """Whether the source was seen to work."""
    with store.read() as tx:
        return any(one.name == source and one.proven_at for one in tx.sources.all())


def test_mail_in_dovecot_is_answered_through_postfix_and_the_answer_comes_back(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    account = dovecot.new_account()
    mailbox = f"""
[[mailbox]]
name = "support"
host = "localhost"
port = {dovecot.imaps_port}
ca_file = "{dovecot.ca_file}"
user = "{account.user}"
password_file = "password"
after = "flag"
"""
    rules = {
        "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan]}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@smtp.test}
default: support
""",
    }
    write_desk(tmp_path, desk_toml(more=mailbox + outgoing(postfix.port)), rules)
    with sink(postfix.smtp_port) as world, running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        # What is in the folder when it is opened for the first time is no new mail.
        wait_until(lambda: is_proven(store, "imap:support/INBOX"), "the folder is open")
        dovecot.deliver(account, a_mail("It is broken.", from_="carol@smtp.test"))
        wait_until(lambda: bool(world.to("carol@smtp.test")), "the acknowledgement arrives")
        wait_until(lambda: bool(world.to("bogdan@smtp.test")), "the agent hears of it")
        notice = world.to("bogdan@smtp.test")[0]

        answer = a_mail(
            "#priority high\n\nSwitch it off.", from_="bogdan@smtp.test", to=str(notice["Reply-To"]), message_id="<b@smtp.test>"
        )
        # Dovecot's LMTP would put a Received field of its own above our MX's verdict; this is how the MX leaves it.
        with dovecot.client(account) as client:
            client.append("INBOX", proven(answer, "smtp.test"))
        wait_until(lambda: len(world.to("carol@smtp.test")) == 2, "the agent's answer arrives")
        told = world.to("carol@smtp.test")[1]
        assert told["From"].addresses[0].addr_spec == "support@desk.test"  # type: ignore[attr-defined]
        assert "Switch it off." in told.as_string()
        assert "bogdan@smtp.test" not in told.as_string()
        assert "priority" not in told.get_body(("plain",)).get_content()  # type: ignore[union-attr]

        reply = a_mail(
            "It works.", from_="carol@smtp.test", to=str(told["Reply-To"]), in_reply_to=str(told["Message-ID"]), message_id="<c@smtp.test>"
        )
        dovecot.deliver(account, reply)
        wait_until(lambda: len(world.to("bogdan@smtp.test")) == 3, "the agent hears of the reply")
        (ticket,) = as_json(mailbridge(tmp_path, "tickets", "list", "--json"))
        assert (ticket["number"], ticket["priority"], ticket["assignee"]) == ("MB-1", "high", "bogdan")
        with dovecot.client(account) as client:
            flags = [data[b"FLAGS"] for data in client.fetch(client.search(["UID", "1:*"]), ["FLAGS"]).values()]
        assert all(b"$MailbridgeDone" in each and rb"\Seen" not in each for each in flags)
        assert daemon.stop() == 0


def test_killed_while_postfix_hands_over_every_mail_is_there_once(tmp_path: Path, postfix: Postfix) -> None:
    write_desk(tmp_path, desk_toml("support@lmtp.test", listener("lmtp", postfix.lmtp_port)))
    first = Running(tmp_path)
    for number in range(60):
        raw = a_mail(f"mail number {number}", from_=f"c{number}@customer.test", message_id=f"<{number}@customer.test>")
        postfix.send(raw, ["support@lmtp.test"])
    first.kill()
    with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        wait_until(lambda: postfix.queued("@lmtp.test") == 0, "Postfix has handed over everything", 90)
        until_settled(store, 60)
        with store.read() as tx:
            tickets = tx.tickets.find(limit=1000)
            ids = Counter(mail.message_id for ticket in tickets for mail in tx.mails.of_ticket(ticket.id))
    assert ids == Counter({f"{number}@customer.test": 1 for number in range(60)})


def test_two_processes_on_one_postgresql_work_each_mail_once_and_keep_threads_together(tmp_path: Path, postgres: Postgres) -> None:
    (port,) = free_ports(1)
    with postgres.database() as url:
        write_desk(tmp_path, desk_toml(more=listener("smtp", port) + store_toml(url)))
        with running(tmp_path), looking(url) as store:
            other = Running(tmp_path, "worker")
            with smtplib.SMTP("127.0.0.1", port) as client:
                for thread in range(20):
                    for reply in range(4):
                        references = {"in_reply_to": f"<{thread}.{reply - 1}@customer.test>"} if reply else {}
                        raw = a_mail(
                            f"{thread}/{reply}",
                            from_=f"c{thread}@t{thread}.test",
                            message_id=f"<{thread}.{reply}@customer.test>",
                            **references,
                        )
                        # A reference lets in only a sender who is verified.
                        client.sendmail(f"c{thread}@t{thread}.test", ["support@desk.test"], proven(raw, f"t{thread}.test"))
                    if thread == 10:
                        other.kill()
                        other = Running(tmp_path, "worker")
            # The killed worker's mails come back when its lease is over; nobody else may touch them before.
            release(store)
            until_settled(store, 80, 90)
            assert other.stop() == 0
            with store.read() as tx:
                tickets = tx.tickets.find(limit=1000)
                threads = sorted(sorted(m.message_id for m in tx.mails.of_ticket(t.id)) for t in tickets)
    assert threads == sorted(sorted(f"{thread}.{reply}@customer.test" for reply in range(4)) for thread in range(20))


def release(store: Store) -> None:
    """As if the lease of a dead process had ended; the living one's turn is undone and repeated, which must not matter either."""
    while True:
        try:
            with store.write() as tx:
                tx.inbox.release()
            return
        except Transient:  # the living worker changed the same rows in another order, and PostgreSQL let it win
            continue


def test_store_away_means_451_and_exit_75_and_all_is_well_when_it_is_back(tmp_path: Path, postfix: Postfix) -> None:
    with own_postgres() as server, server.database() as url:
        write_desk(tmp_path, desk_toml("support@lmtp.test", listener("lmtp", postfix.lmtp_port) + store_toml(url)))
        with running(tmp_path):
            server.kill()
            postfix.send(a_mail("while the store is away"), ["support@lmtp.test"])
            wait_until(lambda: " 451 " in postfix.log() or "451 4.3.0" in postfix.log(), "Postfix is told to come back")
            assert mailbridge(tmp_path, "ingest", stdin=a_mail("by pipe", message_id="<pipe@customer.test>")).returncode == exits.TEMPORARY
            server.start()
            with looking(url) as store:
                wait_until(lambda: postfix.queued("@lmtp.test") == 0, "Postfix has handed over", 60)
                until_settled(store, 1)
                with store.read() as tx:
                    assert [ticket.subject for ticket in tx.tickets.find()] == ["Printer broken"]


def test_broken_rules_leave_the_last_good_set_in_force_and_tell_the_admin(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    write_desk(tmp_path, desk_toml(more=listener("smtp", port)))
    routing = tmp_path / "rules/routing/10-network.yaml"
    good = routing.read_text()
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        routing.write_text(good.replace("team: network", "team: netwrok"))
        daemon.hang_up()
        wait_until(lambda: "rules_broken" in daemon.log(), "the daemon has seen the mistake")
        send(port, a_mail(subject="vpn"))
        until_settled(store, 1)
        status = as_json(mailbridge(tmp_path, "status", "--json"))
        assert "netwrok" in str(status)
        letters = [mail for mail in (tmp_path / "outgoing/new").iterdir() if b"netwrok" in mail.read_bytes()]
        wait_until(lambda: any(b"netwrok" in mail.read_bytes() for mail in (tmp_path / "outgoing/new").iterdir()), "the admin is told")
        assert len(letters) <= 1
        routing.write_text(good.replace("priority: high", "priority: urgent"))
        wait_until(lambda: "rules_reloaded" in daemon.log(), "the mended rules are taken without being asked")
        send(port, a_mail(subject="vpn", message_id="<2@customer.test>"))
        until_settled(store, 2)
        with store.read() as tx:
            assert sorted((t.team, str(t.priority)) for t in tx.tickets.find()) == [("network", "high"), ("network", "urgent")]


def test_second_daemon_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    write_desk(tmp_path, desk_toml())
    with running(tmp_path):
        second = mailbridge(tmp_path, "run")
    assert second.returncode == exits.IN_USE
    assert b"Traceback" not in second.stderr


def test_alert_is_told_once_by_the_running_daemon(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    rules = {
        "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan], managers: [mara], unclaimed-after: 1s}
agents:
  bogdan: {title: Bogdan, address: bogdan@desk.test}
  mara: {title: Mara, address: mara@desk.test, manager: true}
default: support
""",
        "sla.yaml": "targets:\n  normal: {response: 1s}\n",
    }
    write_desk(tmp_path, desk_toml(more=listener("smtp", port)), rules)
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        send(port, a_mail())
        wait_until(lambda: alerts(store) >= {"overdue", "unclaimed"}, "both alerts are promised")
        daemon.stop()
        with running(tmp_path):
            time.sleep(6)  # longer than a sweep: nothing may be told again
        with store.read() as tx:
            told = Counter(queued.notification.event for queued in tx.outbox.list(limit=100) if queued.notification.audience == "manager")
    assert told == Counter({"overdue": 1, "unclaimed": 1})


def alerts(store: Store) -> set[str]:
    with store.read() as tx:
        return {queued.notification.event for queued in tx.outbox.list(limit=100)}


def send(port: int, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("carol@customer.test", ["support@desk.test"], raw)


def test_nothing_of_a_mail_is_in_the_log(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    write_desk(tmp_path, desk_toml(more=listener("smtp", port)))
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        send(port, a_mail("CANARY-BODY", subject="CANARY-SUBJECT"))
        wait_until(lambda: settled(store, 1), "the mail is done")
        daemon.stop()
        log = daemon.log()
    assert "mail_processed" in log
    assert "CANARY" not in log
    assert "carol@customer.test" not in log
