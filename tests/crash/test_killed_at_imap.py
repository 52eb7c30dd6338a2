"""The daemon killed around the acknowledgement to an IMAP server: every mail becomes one ticket and ends up where it belongs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.running import looking, mailbridge, running, until_settled, write_desk
from tests.harness import a_mail
from tests.servers.dovecot import Account, Dovecot
from tests.servers.processes import wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
admins = ["admin@desk.test"]

[[mailbox]]
name = "support"
host = "localhost"
port = {port}
ca_file = "{ca}"
user = "{user}"
password_file = "password"
take = "all"
after = "move"
move_to = "Done"

[authenticity]
check = "headers"
"""


@pytest.mark.parametrize("point", ["intake.before_commit", "intake.after_commit", "intake.before_settle", "intake.after_settle"])
def test_killed_there_and_started_again_each_mail_is_one_ticket(tmp_path: Path, dovecot: Dovecot, point: str) -> None:
    account = dovecot.new_account()
    with dovecot.client(account) as client:
        client.create_folder("Done")
    dovecot.deliver(account, *(a_mail(f"mail {n}", message_id=f"<{n}@customer.test>", from_=f"c{n}@customer{n}.test") for n in range(5)))
    write_desk(tmp_path, DESK.format(port=dovecot.imaps_port, ca=dovecot.ca_file, user=account.user))

    victim = mailbridge(tmp_path, "run", MAILBRIDGE_CRASH_AT=point)
    assert victim.returncode == -signal.SIGKILL

    with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        until_settled(store, 5)
        wait_until(lambda: count(dovecot, account, "INBOX") == 0, "every mail is moved")
        with store.read() as tx:
            tickets = tx.tickets.find(limit=100)
            assert sorted(m.message_id for t in tickets for m in tx.mails.of_ticket(t.id)) == [f"{n}@customer.test" for n in range(5)]
    assert count(dovecot, account, "Done") == 5


def count(dovecot: Dovecot, account: Account, folder: str) -> int:
    with dovecot.client(account, folder) as client:
        return len(client.search(["UID", "1:*"]))
