"""A running daemon and what it knows of its sources: a wrong password within one poll, the other mailbox unharmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.e2e.running import as_json, looking, mailbridge, running, write_desk
from tests.servers import nsd
from tests.servers.dovecot import Dovecot
from tests.servers.nsd import txt
from tests.servers.postfix import Postfix
from tests.servers.processes import free_ports, wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
admins = ["admin@desk.test"]
[authenticity]
check = "headers"
[[listener]]
protocol = "smtp"
port = {smtp}
[health]
listen = "127.0.0.1:{health}"
"""
BOX = """
[[mailbox]]
name = "{name}"
host = "localhost"
port = {port}
ca_file = "{ca}"
user = "{user}"
password_file = "{password}"
poll = "1s"
"""


def box(name: str, dovecot: Dovecot, password: str = "password") -> str:
    account = dovecot.new_account()
    return BOX.format(name=name, port=dovecot.imaps_port, ca=dovecot.ca_file, user=account.user, password=password)


def sources(folder: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    done = mailbridge(folder, "status", "--json")
    return done.returncode, {one["source"]: one for one in as_json(done)["sources"]}


def test_a_wrong_password_is_known_within_one_poll(tmp_path: Path, dovecot: Dovecot) -> None:
    smtp, health = free_ports(2)
    (tmp_path / "wrong").write_text("wrong\n")
    (tmp_path / "wrong").chmod(0o600)
    write_desk(tmp_path, DESK.format(smtp=smtp, health=health) + box("good", dovecot) + box("bad", dovecot, "wrong"))
    with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:

        def is_known() -> bool:
            with store.read() as tx:
                found = {one.name: one for one in tx.sources.all()}
            good, bad, listener = (found.get(name) for name in ("imap:good/INBOX", "imap:bad/INBOX", f"smtp:127.0.0.1:{smtp}"))
            return bool(good and good.proven_at and bad and bad.failing_since and listener and listener.proven_at)

        wait_until(is_known, "every source was tried")
        code, found = sources(tmp_path)
        with urlopen(f"http://127.0.0.1:{health}/health", timeout=10) as answer:
            said = json.load(answer)

    assert code == 1
    assert said["ok"]
    assert {name: one["state"] for name, one in found.items()} == {
        "imap:good/INBOX": "ok",
        "imap:bad/INBOX": "failing",
        f"smtp:127.0.0.1:{smtp}": "ok",
        "outgoing": "ok",
    }
    bad = found["imap:bad/INBOX"]
    assert "refuses the login" in bad["why"]
    assert bad["next_try"] > bad["last_failure"]
    assert bad["last_success"] is None
    assert found[f"smtp:127.0.0.1:{smtp}"]["proof"] == "it answers"


ZONE = "@ 60 IN MX 10 ns\n" + txt("@", "v=spf1 mx -all")
ZONE += txt("mail._domainkey", "v=DKIM1; k=rsa; p=MIIB") + txt("_dmarc", "v=DMARC1; p=none")
DOCTOR = """
[desk]
name = "Acme Support"
address = "support@lmtp.test"
[authenticity]
check = "dns"
dns_servers = ["127.0.0.1:{dns}"]
[[listener]]
protocol = "lmtp"
port = {lmtp}
[outgoing]
url = "smtp://127.0.0.1:{smtp}"
tls = "none"
"""


def test_the_doctor_logs_in_everywhere_asks_the_dns_and_mails_the_desk(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    (tmp_path / "wrong").write_text("wrong\n")
    (tmp_path / "wrong").chmod(0o600)
    with nsd.running({"lmtp.test": ZONE}) as names:
        toml = DOCTOR.format(dns=names.port, lmtp=postfix.lmtp_port, smtp=postfix.port)
        write_desk(tmp_path, toml + box("good", dovecot) + box("bad", dovecot, "wrong"))
        with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:

            def has_beaten() -> bool:
                with store.read() as tx:
                    return tx.state.set_at("daemon") is not None

            wait_until(has_beaten, "the daemon has beaten")
            done = mailbridge(tmp_path, "doctor", "--json", "--wait", "30")
            with store.read() as tx:
                tickets, inbox = tx.tickets.counts(), tx.inbox.counts()

    found = {(one["group"], one["subject"]): one for one in as_json(done)["findings"]}
    assert done.returncode == 1
    assert found["mailboxes", "bad"]["verdict"] == "wrong"
    assert "password_file" in found["mailboxes", "bad"]["remedy"]
    right = {key for key, one in found.items() if one["verdict"] == "right"}
    assert right >= {("mailboxes", "good/INBOX"), ("outgoing", "outgoing"), ("services", f"lmtp:127.0.0.1:{postfix.lmtp_port}")}
    assert right >= {("dns", "MX"), ("dns", "SPF"), ("dns", "DKIM"), ("desk", "daemon"), ("database", "rights")}
    assert right >= {("canary", "mail to itself"), ("canary", "plus addressing")}, done.stdout
    assert found["dns", "DMARC"]["verdict"] == "doubtful"
    assert (sum(tickets.values()), inbox["done"]) == (0, 2), "the mails to itself are no tickets"
