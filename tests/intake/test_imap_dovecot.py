"""Reading IMAP folders of a real Dovecot (mailbridge.intake.imap)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from queue import Queue
from time import monotonic

import pytest
from imapclient import IMAPClient

from mailbridge.clock import SystemClock
from mailbridge.config.model import After, Mailbox, Tls
from mailbridge.errors import StoreAway
from mailbridge.intake.imap_acknowledge import DONE_KEYWORD
from mailbridge.intake.imap_errors import LoginRefused, Lost
from mailbridge.store.engine import Store
from tests.intake.desk import Desk, a_mail
from tests.servers import dovecot as dovecot_server
from tests.servers.dovecot import PASSWORD, UMLAUT, Account, Dovecot

pytestmark = pytest.mark.servers


@pytest.fixture
def desk(sqlite_store_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        yield Desk(store, stack)


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    return dovecot.new_account()


def flags_of(dovecot: Dovecot, account: Account, folder: str = "INBOX") -> list[set[bytes]]:
    with dovecot.client(account, folder) as client:
        fetched = client.fetch(client.search(["ALL"]), ["FLAGS"])
        return [set(answer[b"FLAGS"]) - {b"\\Recent"} for _, answer in sorted(fetched.items())]


# Taking mails in


def test_mails_are_taken_whole_with_their_place_and_time(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    dovecot.deliver(account, a_mail("one"), a_mail("two"))
    assert desk.poller(dovecot.mailbox(account)).one_turn() == 2
    assert desk.subjects() == ["one", "two"]
    assert all(raw.endswith(b"It smokes.\r\n") for raw in desk.mails())
    for number, row in enumerate(desk.rows(), start=1):
        assert (row.envelope.account, row.envelope.folder, row.envelope.uid) == (account.user.partition("@")[0], "INBOX", number)
        assert began <= row.received_at <= SystemClock().now()


def test_second_turn_finds_nothing_and_third_only_the_new_mail(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    poller = desk.poller(dovecot.mailbox(account))
    dovecot.deliver(account, a_mail("one"))
    assert poller.one_turn() == 1
    assert poller.one_turn() == 0
    dovecot.deliver(account, a_mail("two"))
    assert poller.one_turn() == 1
    assert desk.subjects() == ["one", "two"]


def test_another_poller_goes_on_where_the_first_one_stopped(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    dovecot.deliver(account, a_mail("one"))
    desk.poller(dovecot.mailbox(account)).one_turn()
    dovecot.deliver(account, a_mail("two"))
    assert desk.poller(dovecot.mailbox(account)).one_turn() == 1


def test_backlog_of_several_batches_is_taken_in_one_turn_and_in_order(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    dovecot.deliver(account, *(a_mail(f"mail-{number}") for number in range(120)))
    assert desk.poller(dovecot.mailbox(account)).one_turn() == 120
    assert desk.subjects() == [f"mail-{number}" for number in range(120)]


def test_empty_folder_and_mails_that_others_deleted_are_no_trouble(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    poller = desk.poller(dovecot.mailbox(account))
    assert poller.one_turn() == 0
    dovecot.deliver(account, a_mail("one"), a_mail("two"), a_mail("three"))
    assert poller.one_turn() == 3
    with dovecot.client(account) as client:
        client.delete_messages([1, 3])
        client.expunge()
    assert poller.one_turn() == 0
    dovecot.deliver(account, a_mail("four"))
    assert poller.one_turn() == 1


def test_two_folders_are_read_apart(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    with dovecot.client(account) as client:
        client.create_folder("Büro/Alt")
        client.append("Büro/Alt", a_mail("old"))
    dovecot.deliver(account, a_mail("new"))
    mailbox = dovecot.mailbox(account, folders=("INBOX", "Büro/Alt"))
    assert [desk.poller(mailbox, folder).one_turn() for folder in mailbox.folders] == [1, 1]
    assert [(row.envelope.folder, row.envelope.uid) for row in desk.rows()] == [("INBOX", 1), ("Büro/Alt", 1)]


def test_recreated_folder_is_read_again_from_the_start(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    with dovecot.client(account) as client:
        client.create_folder("Desk")
        client.append("Desk", a_mail("one"))
        client.append("Desk", a_mail("two"))
    mailbox = dovecot.mailbox(account)
    desk.poller(mailbox, "Desk").one_turn()
    with dovecot.client(account) as client:
        client.delete_folder("Desk")
        client.create_folder("Desk")
        client.append("Desk", a_mail("two"))
    assert desk.poller(mailbox, "Desk").one_turn() == 1
    assert desk.subjects() == ["one", "two", "two"]  # the copy is found out by its content, later
    epochs = [row.envelope.uidvalidity for row in desk.rows()]
    assert epochs[0] == epochs[1] != epochs[2]


def test_big_mail_arrives_octet_for_octet(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    lines = "".join(f"{number:0100d}\r\n" for number in range(35_000))
    with dovecot.client(account) as client:
        client.append("INBOX", a_mail("big", lines))
        client.append("INBOX", a_mail("small"))
    assert len(a_mail("big", lines)) > 3 << 20
    assert desk.poller(dovecot.mailbox(account)).one_turn() == 2
    assert desk.mails() == [a_mail("big", lines), a_mail("small")]


def test_mail_over_the_limit_is_quarantined_with_its_header_and_left_alone(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    with dovecot.client(account) as client:
        client.append("INBOX", a_mail("huge", "x" * 5000))
        client.append("INBOX", a_mail("small"))
    assert desk.poller(dovecot.mailbox(account, after=After.DELETE), largest=1000).one_turn() == 2
    huge, small = sorted(desk.rows(), key=lambda row: row.envelope.uid or 0)
    assert (huge.state, small.state) == ("quarantined", "new")
    assert "larger than 1000 bytes" in huge.reason
    assert sorted(desk.subjects()) == ["huge", "small"]
    with dovecot.client(account) as client:
        assert client.search(["ALL"]) == [1]


@pytest.mark.parametrize(("body", "state"), [("x" * 900, "new"), ("x" * 901, "quarantined")])
def test_limit_is_exact(dovecot: Dovecot, account: Account, desk: Desk, body: str, state: str) -> None:
    with dovecot.client(account) as client:
        client.append("INBOX", a_mail("edge", body))
    desk.poller(dovecot.mailbox(account), largest=len(a_mail("edge", "x" * 900))).one_turn()
    assert desk.rows()[0].state == state


# What becomes of them on the server


def test_leave_changes_nothing_on_the_server(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    dovecot.deliver(account, a_mail())
    desk.poller(dovecot.mailbox(account, after=After.LEAVE)).one_turn()
    assert flags_of(dovecot, account) == [set()]


@pytest.mark.parametrize(("after", "flag"), [(After.SEEN, b"\\Seen"), (After.FLAG, DONE_KEYWORD.encode())])
def test_taken_mails_are_flagged(dovecot: Dovecot, account: Account, desk: Desk, after: After, flag: bytes) -> None:
    dovecot.deliver(account, a_mail("one"), a_mail("two"))
    desk.poller(dovecot.mailbox(account, after=after)).one_turn()
    assert flags_of(dovecot, account) == [{flag}, {flag}]


def test_taken_mails_are_moved_to_a_folder_that_is_made_for_them(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    dovecot.deliver(account, a_mail("one"), a_mail("two"))
    desk.poller(dovecot.mailbox(account, after=After.MOVE, move_to="Erledigt/März")).one_turn()
    assert flags_of(dovecot, account) == []
    assert len(flags_of(dovecot, account, "Erledigt/März")) == 2


def test_taken_mails_are_deleted_and_those_that_others_marked_are_not(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    mailbox = dovecot.mailbox(account, after=After.LEAVE)
    dovecot.deliver(account, a_mail("one"))
    desk.poller(mailbox).one_turn()
    with dovecot.client(account) as client:
        client.add_flags([1], [r"\Deleted"])
    dovecot.deliver(account, a_mail("two"))
    with desk.store.write() as tx:
        tx.cursors.acknowledged(mailbox.name, "INBOX", desk.rows()[0].envelope.uidvalidity or 0, [1])
    desk.poller(dovecot.mailbox(account, after=After.DELETE)).one_turn()
    with dovecot.client(account) as client:
        assert client.search(["ALL"]) == [1]


def test_nothing_is_told_to_the_server_when_the_store_is_away(
    dovecot: Dovecot, account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poller = desk.poller(dovecot.mailbox(account, after=After.DELETE))
    dovecot.deliver(account, a_mail())

    def away() -> None:
        raise StoreAway("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "write", away)
        with pytest.raises(StoreAway):
            poller.one_turn()
    assert flags_of(dovecot, account) == [set()]
    assert desk.rows() == []
    assert poller.one_turn() == 1
    assert flags_of(dovecot, account) == []


def test_settling_that_was_cut_off_is_done_in_the_next_turn(
    dovecot: Dovecot, account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(account, a_mail())
    mailbox = dovecot.mailbox(account, after=After.MOVE, move_to="Done")
    with monkeypatch.context() as patch:

        def broken(self: IMAPClient, *args: object) -> None:
            raise OSError("the cable is gone")

        patch.setattr(IMAPClient, "move", broken)
        with pytest.raises(Lost):
            desk.poller(mailbox).one_turn()
    assert flags_of(dovecot, account) == [set()]
    assert desk.poller(mailbox).one_turn() == 0
    assert flags_of(dovecot, account) == []
    assert len(desk.rows()) == 1


def test_server_without_move_gets_copy_and_uid_expunge(
    dovecot: Dovecot, account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IMAPClient, "has_capability", lambda self, name: name != "MOVE")
    dovecot.deliver(account, a_mail())
    desk.poller(dovecot.mailbox(account, after=After.MOVE, move_to="Done")).one_turn()
    assert flags_of(dovecot, account) == []
    assert len(flags_of(dovecot, account, "Done")) == 1


# Logging in


@pytest.mark.parametrize("tls", list(Tls))
def test_every_kind_of_encryption_works(dovecot: Dovecot, account: Account, desk: Desk, tls: Tls) -> None:
    dovecot.deliver(account, a_mail())
    assert desk.poller(dovecot.mailbox(account, tls=tls)).one_turn() == 1


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
def test_certificate_nobody_vouches_for_is_not_trusted(dovecot: Dovecot, account: Account, desk: Desk, tls: Tls) -> None:
    mailbox = dovecot.mailbox(account, tls=tls)
    stranger = Mailbox(name="x", host=mailbox.host, port=mailbox.port, tls=tls, user=account.user, password=PASSWORD)
    with pytest.raises(Lost, match="not to be trusted"):
        desk.poller(stranger).one_turn()


def test_user_and_password_may_be_of_any_script(dovecot: Dovecot, desk: Desk) -> None:
    assert desk.poller(dovecot.mailbox(UMLAUT)).one_turn() == 0


def test_wrong_password_is_told_as_such(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    with pytest.raises(LoginRefused, match="refuses the login"):
        desk.poller(dovecot.mailbox(Account(account.user, "wrong"))).one_turn()


# Waiting for news


def wait_for(queue: Queue[float], seconds: float = 20) -> float:
    return queue.get(timeout=seconds)


def idling(desk: Desk) -> None:
    """The poller has looked and found nothing."""
    ok, detail = desk.reports.get(timeout=20)
    assert (ok, detail) == (True, "0 new")


def test_idle_brings_a_mail_in_within_seconds(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    desk.run(desk.poller(dovecot.mailbox(account)))
    idling(desk)
    for number in range(3):
        sent = monotonic()
        dovecot.deliver(account, a_mail(f"mail-{number}"))
        assert wait_for(desk.accepted) - sent < 5
    assert desk.subjects() == ["mail-0", "mail-1", "mail-2"]


def test_server_or_desk_without_idle_is_polled(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    desk.run(desk.poller(dovecot.mailbox(account, idle=False, poll=timedelta(seconds=0.1))))
    idling(desk)
    dovecot.deliver(account, a_mail())
    wait_for(desk.accepted)


@pytest.mark.parametrize("idle", [True, False])
def test_stop_ends_the_wait_at_once(dovecot: Dovecot, account: Account, desk: Desk, idle: bool) -> None:
    poller = desk.poller(dovecot.mailbox(account, idle=idle))
    thread = desk.run(poller)
    idling(desk)
    began = monotonic()
    poller.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert monotonic() - began < 3


def test_killed_server_is_found_again_when_it_is_back(desk: Desk) -> None:
    with dovecot_server.running() as server:
        account = server.new_account()
        desk.run(desk.poller(server.mailbox(account)))
        idling(desk)
        server.kill()
        ok, _ = desk.reports.get(timeout=20)
        assert not ok
        server.start()
        server.deliver(account, a_mail())
        wait_for(desk.accepted)
        assert desk.subjects() == ["printer"]


def test_server_that_freezes_is_given_up_and_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.intake.imap_client.READ_TIMEOUT", 1.0)
    with dovecot_server.running() as server:
        account = server.new_account()
        desk.run(desk.poller(server.mailbox(account, poll=timedelta(seconds=0.3))))
        idling(desk)
        server.signal(signal.SIGSTOP)
        try:
            while desk.reports.get(timeout=30)[0]:
                pass
        finally:
            server.signal(signal.SIGCONT)
        server.deliver(account, a_mail())
        wait_for(desk.accepted)
