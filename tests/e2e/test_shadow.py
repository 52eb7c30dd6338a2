"""A desk in shadow mode reads a live mailbox beside another help desk: nothing changes on the server and nothing is sent (real Dovecot)."""

from __future__ import annotations

import smtplib
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from tests.e2e.running import as_json, looking, mailbridge, running, sink, until_settled, write_desk
from tests.harness import a_mail, proven
from tests.servers.dovecot import Account, Dovecot
from tests.servers.processes import free_ports, wait_until

pytestmark = pytest.mark.servers

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
admins = ["admin@desk.test"]
authserv_ids = ["mx.desk.test"]
{shadow}
[[mailbox]]
name = "support"
host = "localhost"
port = {imap}
tls = "none"
user = "{user}"
password_file = "password"
take = "all"
after = "delete"
sent = ["Sent"]
poll = "1s"
[[listener]]
protocol = "smtp"
port = {smtp}
[outgoing]
url = "smtp://127.0.0.1:{out}"
tls = "none"
"""
NUMBERED = "Re: [Ticket#4711] Printer broken"


def state_of(dovecot: Dovecot, account: Account) -> dict[str, Any]:
    """Everything that the server knows of the mailbox: folders, and of each the UIDs, flags and mod-sequences of all mails."""
    found: dict[str, Any] = {}
    with IMAPClient("localhost", dovecot.imap_port, ssl=False) as client:
        client.login(account.user, account.password)
        found["folders"] = sorted(str(one) for one in client.list_folders())
        for folder in ("INBOX", "Sent"):
            keys = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "RECENT"]
            found[folder] = client.folder_status(folder, keys)
            found[f"{folder}, permanent flags"] = client.select_folder(folder, readonly=True)[b"PERMANENTFLAGS"]
            found[f"{folder}, mails"] = client.fetch(client.search(["ALL"]), ["FLAGS", "MODSEQ", "INTERNALDATE"])
    return found


def fill(dovecot: Dovecot, account: Account) -> None:
    """Mails of customers, one of them read; three of them with numbers of the other desk."""
    reply = a_mail(
        "That helped, but the scanner is broken.", subject=NUMBERED, message_id="<three@customer.test>",
        in_reply_to="<a@otherdesk.test>", references="<one@customer.test> <a@otherdesk.test>",
    )  # fmt: skip
    loose = a_mail("And again.", subject=NUMBERED, message_id="<four@customer.test>", from_="Dan <dan@customer.test>")
    joined = a_mail(
        "A new matter.", subject="Re: [rt.acme.test #99] Toner", message_id="<five@customer.test>", references="<one@customer.test>",
        in_reply_to="<one@customer.test>",
    )  # fmt: skip
    with dovecot.client(account) as client:
        client.create_folder("Sent")
        client.append("INBOX", proven(a_mail(), "customer.test"), (b"\\Seen", b"\\Flagged", b"$Work"))
        client.append("INBOX", a_mail(subject="Toner", message_id="<two@customer.test>"))
        for raw in (reply, loose, joined):
            client.append("INBOX", proven(raw, "customer.test"))


def answer(dovecot: Dovecot, account: Account) -> None:
    """An agent answered in the other desk."""
    raw = a_mail(
        "Please restart it.", from_="support@desk.test", to="carol@customer.test", subject=NUMBERED, message_id="<a@otherdesk.test>",
        in_reply_to="<one@customer.test>", references="<one@customer.test>",
    )  # fmt: skip
    with dovecot.client(account, "Sent") as client:
        client.append("Sent", raw, (b"\\Seen",))


def test_a_desk_in_shadow_mode_changes_nothing_sends_nothing_and_says_what_it_would_have_done(tmp_path: Path, dovecot: Dovecot) -> None:
    smtp, out = free_ports(2)
    account = dovecot.new_account()
    fill(dovecot, account)
    values = {"imap": dovecot.imap_port, "user": account.user, "smtp": smtp, "out": out}
    write_desk(tmp_path, DESK.format(shadow="shadow = true", **values))
    before = state_of(dovecot, account)
    database = f"sqlite:///{tmp_path}/mailbridge.db"
    with sink(out) as letters, running(tmp_path), looking(database) as store:
        until_settled(store, 5)
        assert state_of(dovecot, account) == before
        answer(dovecot, account)
        answered = state_of(dovecot, account)
        until_settled(store, 6)
        with smtplib.SMTP("127.0.0.1", smtp) as client:  # a copy, as Postfix delivers it
            client.sendmail("bob@customer.test", ["support@desk.test"], a_mail(message_id="<copy@customer.test>", subject="A copy"))
        until_settled(store, 7)

        def all_withheld() -> bool:
            with store.read() as tx:
                counts = tx.outbox.counts()
            return counts["held"] > 0 and not counts["queued"] + counts["sending"] + counts["dot"] + counts["deferred"]

        wait_until(all_withheld, "every mail out is held")
        status = as_json(mailbridge(tmp_path, "status", "--json"))
        held = as_json(mailbridge(tmp_path, "outbox", "list", "--state", "held", "--json"))
        assert mailbridge(tmp_path, "release", "--send").returncode == 0
        resent = mailbridge(tmp_path, "outbox", "resend", str(held[0]["id"]))
        told = mailbridge(tmp_path, "shadow", "report").stdout.decode()
        report = as_json(mailbridge(tmp_path, "shadow", "report", "--json"))
        assert letters.mails == []
    assert state_of(dovecot, account) == answered
    assert status["shadow"] is True
    assert (resent.returncode, "is never sent" in resent.stderr.decode()) == (1, True)
    assert report["mails"] == {"ticket": 4, "append": 3}
    assert report["senders"] == {"believed": 4, "not_believed": 2}
    assert report["sent_by_other_desk"] == 1
    assert report["would_send"]["customer.received"] >= 1
    groups = [(one["other_desk"], one["tickets"], sorted(mail["message_id"] for mail in one["mails"])) for one in report["differences"]]
    of_4711 = ["a@otherdesk.test", "four@customer.test", "three@customer.test"]
    assert sorted(groups) == [
        (["4711"], ["MB-1", "MB-3"], of_4711),
        (["4711", "99"], ["MB-1"], ["a@otherdesk.test", "five@customer.test", "three@customer.test"]),
    ]
    assert "the other desk has one ticket 4711, mailbridge 2: MB-1, MB-3" in told
    assert "mailbridge has one ticket MB-1, the other desk 2: 4711, 99" in told

    refused = mailbridge(tmp_path, "shadow", "end")
    assert (refused.returncode, "still has shadow = true" in refused.stderr.decode()) == (1, True)
    write_desk(tmp_path, DESK.format(shadow="", **values).replace('after = "delete"', 'after = "leave"'))
    early = mailbridge(tmp_path, "run")
    assert (early.returncode, "run `mailbridge shadow end` first" in early.stderr.decode()) == (1, True)
    ended = mailbridge(tmp_path, "shadow", "end", "--next-number", "500")
    assert (ended.returncode, "never sent" in ended.stdout.decode()) == (0, True)
    assert mailbridge(tmp_path, "shadow", "end").returncode == 1
    with sink(out) as letters, running(tmp_path), looking(database) as store:
        with smtplib.SMTP("127.0.0.1", smtp) as client:
            live = a_mail(message_id="<live@else.test>", subject="Live", from_="Eve <eve@else.test>")
            client.sendmail("eve@else.test", ["support@desk.test"], live)
        until_settled(store, 8)
        wait_until(lambda: bool(letters.to("eve@else.test")), "the first answer goes out")
        with store.read() as tx:
            assert tx.tickets.get(500) is not None
    assert [str(mail["Subject"]) for _, mail in letters.mails if "MB-500" not in str(mail["Subject"])] == []
