"""The running desk measures its way through a real Postfix and a real Dovecot, and says when it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.doctor.audit_model import AuditOutcome
from mailbridge.doctor.audit_store import audit_store
from mailbridge.store.engine import Store
from tests.e2e.running import as_json, looking, mailbridge, running, write_desk
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import running as postfix_running
from tests.servers.processes import wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "{user}"
admins = ["admin@desk.test"]
[[mailbox]]
name = "support"
host = "localhost"
port = {imap}
tls = "none"
user = "{user}"
password_file = "password"
take = "all"
after = "delete"
poll = "1s"
[outgoing]
url = "smtp://127.0.0.1:{out}"
tls = "none"
[canary]
every = "1h"
"""


def came(store: Store, user: str) -> bool:
    with store.read() as tx:
        return bool((tx.state.get(f"canary:{user}") or {}).get("last"))


def test_a_mail_goes_out_and_comes_back_and_each_part_of_its_way_is_shown(tmp_path: Path, dovecot: Dovecot) -> None:
    user = dovecot.new_account().user
    more = f"relay_domains = test\ntransport_maps = inline:{{ test=lmtp:inet:127.0.0.1:{dovecot.lmtp_port} }}\n"
    with postfix_running(more) as postfix:
        write_desk(tmp_path, DESK.format(imap=dovecot.imap_port, user=user, out=postfix.port))
        with running(tmp_path), looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
            wait_until(lambda: came(store, user), "the first canary comes back")
            asked = mailbridge(tmp_path, "canary", "now", "--json")
            with store.read() as tx:
                outcomes = [source.outcomes for source in audit_store(tx).sources]

    assert asked.returncode == 0, asked.stderr
    (one,) = as_json(asked)
    assert (one["to"], one["came"], one["under_way"], one["late_since"]) == (user, True, 0, None)
    assert "mx.test" in [leg["name"] for leg in one["way"]]
    assert abs(sum(leg["seconds"] or 0 for leg in one["way"]) - one["seconds"]) < 0.01
    assert one["seconds"] < 60
    assert outcomes == [{AuditOutcome.CANARY: 2}]
