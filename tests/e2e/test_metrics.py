"""A daemon as users run it, asked as Prometheus asks."""

from __future__ import annotations

import smtplib
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.e2e.running import looking, running, until_settled, write_desk
from tests.harness import a_mail
from tests.servers.processes import free_ports

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[[listener]]
protocol = "smtp"
port = {smtp}
[metrics]
listen = "127.0.0.1:{metrics}"
"""


def test_the_endpoint_of_a_running_daemon_tells_what_came_in(tmp_path: Path) -> None:
    smtp, metrics = free_ports(2)
    write_desk(tmp_path, DESK.format(smtp=smtp, metrics=metrics))
    with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        with smtplib.SMTP("127.0.0.1", smtp) as client:
            client.sendmail("carol@customer.test", ["support@desk.test"], a_mail())
        until_settled(store, 1)
        with urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=10) as answer:
            told = answer.read().decode()

    assert 'mailbridge_mails_accepted_total{source="smtp"} 1.0' in told
    assert 'mailbridge_mails_total{outcome="ticket"} 1.0' in told
    assert "mailbridge_rules_mistakes 0.0" in told
    assert "mailbridge_rules_seconds_count 1.0" in told
    assert "process_resident_memory_bytes" in told
