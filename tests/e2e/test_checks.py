"""The daemon with nsd and clamd beside it: who writes is decided by the DNS, what carries a virus goes aside."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from tests.checks import domains
from tests.e2e.running import as_json, looking, mailbridge, running, write_desk
from tests.harness import a_mail
from tests.servers import nsd
from tests.servers.clamd import EICAR, Clamd
from tests.servers.processes import free_ports, wait_until

pytestmark = pytest.mark.servers


def test_the_daemon_asks_the_dns_and_the_scanner(tmp_path: Path, clamd: Clamd) -> None:
    port = free_ports(1)[0]
    with nsd.running(domains.zones()) as names:
        toml = f"""
[desk]
name = "Acme Support"
address = "support@desk.test"
[[listener]]
protocol = "smtp"
port = {port}
[authenticity]
check = "dns"
dns_servers = ["127.0.0.1:{names.port}"]
[scan]
clamd = "{clamd.socket}"
"""
        write_desk(tmp_path, toml)
        checked = mailbridge(tmp_path, "check", "--desk", str(tmp_path))
        with running(tmp_path), smtplib.SMTP("127.0.0.1", port) as client, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
            mails = (
                domains.signed(a_mail()),
                a_mail(subject="Forged", message_id="<two@customer.test>"),
                a_mail(EICAR.decode(), message_id="<three@customer.test>"),
            )
            for raw in mails:
                client.sendmail("carol@customer.test", ["support@desk.test"], raw)

            def all_done() -> bool:
                with store.read() as tx:
                    counts = tx.inbox.counts()
                return (counts["done"], counts["quarantined"]) == (2, 1)

            wait_until(all_done, "two mails are filed and one is aside", 60)
            with store.read() as tx:
                told = [tx.mails.explanation(number) for number in (1, 2)]
        explained = mailbridge(tmp_path, "rules", "explain", "MB-1", "--desk", str(tmp_path)).stdout.decode()
        again = mailbridge(tmp_path, "rules", "explain", "MB-1", "--again", "--desk", str(tmp_path)).stdout.decode()
        aside = as_json(mailbridge(tmp_path, "quarantine", "list", "--json", "--desk", str(tmp_path)))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [(one["sender"]["verified"], one["scan"]["virus"]) for one in told] == [(True, ""), (False, "")]
    assert "dkim=pass header.d=customer.test header.s=one" in told[0]["sender"]["why"]
    assert "(verified: dmarc=pass by our own check: DKIM of customer.test" in explained
    assert "\nscanned  no virus\n" in explained
    assert "(verified: dmarc=pass" in again
    assert [one["reason"] for one in aside] == ["virus: Eicar-Test-Signature.UNOFFICIAL"]
