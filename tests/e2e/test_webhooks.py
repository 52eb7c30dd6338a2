"""A daemon as users run it calls what a rule names."""

from __future__ import annotations

import json
import smtplib
from pathlib import Path

import pytest

from tests.e2e.running import running, write_desk
from tests.harness import RULES, a_mail
from tests.servers.processes import free_ports, wait_until
from tests.webhooks.hook_server import hook_server

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[[listener]]
protocol = "smtp"
port = {smtp}
[webhooks]
hosts = ["127.0.0.1"]
secret_env = "HOOK_SECRET"
"""


def test_a_mail_over_smtp_becomes_a_ticket_and_a_call(tmp_path: Path) -> None:
    (smtp,) = free_ports(1)
    with hook_server() as hooks:
        rule = f'- name: tell\n  when: {{exists: subject}}\n  then: {{webhook: "{hooks.url()}"}}\n'
        write_desk(tmp_path, DESK.format(smtp=smtp), RULES | {"routing/20-calls.yaml": rule})
        with running(tmp_path, HOOK_SECRET="whsec_c2VjcmV0"):
            with smtplib.SMTP("127.0.0.1", smtp) as client:
                client.sendmail("carol@customer.test", ["support@desk.test"], a_mail())
            wait_until(lambda: bool(hooks.heard), "the webhook is called")

    ((_, header, body),) = hooks.heard
    assert json.loads(body)["data"]["ticket"]["number"] == "MB-1"
    assert header["webhook-signature"].startswith("v1,")
