"""One id follows a mail from the answer of the listener through log, queue and ticket to each mail that it causes."""

from __future__ import annotations

import json
import re
import smtplib
from pathlib import Path

import pytest

from mailbridge.message.trace_ids import TRACE_ID
from mailbridge.store.engine import Store
from tests.e2e.running import as_json, looking, mailbridge, running, until_settled, write_desk
from tests.harness import a_mail
from tests.servers.processes import free_ports, wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[[listener]]
protocol = "smtp"
port = {smtp}
[outgoing]
url = "maildir:outgoing"
[log]
format = "json"
"""


def queued_as(port: int, raw: bytes) -> str:
    """Sends the mail; the id in the answer of the listener."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo("client.test")
        client.mail("carol@customer.test")
        client.rcpt("support@desk.test")
        code, said = client.data(raw)
    assert code == 250
    return re.fullmatch(r"2\.0\.0 Accepted: queued as (\S+)", said.decode()).group(1)  # type: ignore[union-attr]


def all_sent(store: Store) -> bool:
    with store.read() as tx:
        counts = tx.outbox.counts()
    return counts["sent"] > 0 and not counts["queued"] + counts["sending"] + counts["dot"]


def test_one_id_from_the_listener_to_each_outgoing_mail(tmp_path: Path) -> None:
    (smtp,) = free_ports(1)
    write_desk(tmp_path, DESK.format(smtp=smtp))
    with running(tmp_path) as daemon, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        trace = queued_as(smtp, a_mail())
        other = queued_as(smtp, a_mail(message_id="<two@customer.test>", subject="Another thing"))
        until_settled(store, 2)
        wait_until(lambda: all_sent(store), "every mail is sent")
        lines = [json.loads(line) for line in daemon.log().splitlines()]

    assert TRACE_ID.fullmatch(trace)
    assert trace != other
    mine = [line["event"] for line in lines if line.get("trace") == trace]
    sent = mine.count("mail_sent")
    assert mine[:2] == ["mail_accepted", "mail_processed"]
    assert sent >= 2  # the acknowledgement, and the mails to the team
    assert all("trace" in line for line in lines if line["event"].startswith("mail_"))

    shown = as_json(mailbridge(tmp_path, "queue", "show", trace, "--json"))
    assert (shown["trace"], shown["ticket"], shown["handler"]) == (trace, "MB-1", "new_ticket")
    told = as_json(mailbridge(tmp_path, "notify", "explain", "MB-1", "--json"))
    assert {person["trace"] for act in told["acts"] for person in act["told"]} == {trace}
    assert trace in mailbridge(tmp_path, "notify", "explain", "MB-1").stdout.decode()
    followed = as_json(mailbridge(tmp_path, "trace", trace.lower(), "--json"))
    assert followed["accepted"]["id"] == shown["id"]
    assert (len(followed["outgoing"]), {one["ticket"] for one in followed["outgoing"]}) == (sent, {"MB-1"})
    text = mailbridge(tmp_path, "trace", trace).stdout.decode()
    assert text.startswith("accepted ")
    assert "done as ticket MB-1" in text
    assert "customer.received to carol@customer.test, sent" in text
    none = mailbridge(tmp_path, "trace", "01KB8Z2V5Q4M0N7X3W9T6R1D8C")
    assert (none.returncode, none.stderr.decode()) == (1, "mailbridge: no mail has the trace id 01KB8Z2V5Q4M0N7X3W9T6R1D8C\n")

    audited = mailbridge(tmp_path, "audit", "--json")
    said = as_json(audited)
    assert (audited.returncode, said["ok"], said["outcomes"], said["missing"]) == (0, True, {"ticket": 2}, [])
    assert mailbridge(tmp_path, "audit").stdout.decode().endswith("nothing is missing\n")
    with looking(f"sqlite:///{tmp_path}/mailbridge.db") as store, store.write() as tx:
        tx._sql.connection.exec_driver_sql("DELETE FROM inbox WHERE id = 1")
    lost = mailbridge(tmp_path, "audit", "--look-only")
    assert (lost.returncode, "one@customer.test, Printer broken: its row in the inbox is gone" in lost.stdout.decode()) == (1, True)
    assert mailbridge(tmp_path, "audit", "--withdraw", "smtp#7").returncode == 1
