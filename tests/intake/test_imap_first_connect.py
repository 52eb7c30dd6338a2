"""The first connect of a folder takes what `take` says and nothing else; a folder that is made anew loses nothing (real Dovecot)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime

import pytest

from mailbridge.config.model import Take, Taken
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import Lost
from mailbridge.store.engine import Store
from tests.intake.desk import Desk, a_mail
from tests.servers.dovecot import Account, Dovecot

pytestmark = pytest.mark.servers

NEW, ALL = Take(which=Taken.NEW), Take(which=Taken.ALL)
SINCE = Take(which=Taken.SINCE, since=date(2026, 11, 1))


@pytest.fixture
def desk(sqlite_store_url: str) -> Iterator[Desk]:
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        yield Desk(store, stack)


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """With four old mails: "c" and "d" are of November, "b" and "d" were read."""
    account = dovecot.new_account()
    with dovecot.client(account) as client:
        client.append("INBOX", a_mail("a"), (), datetime(2024, 5, 1, 12, tzinfo=UTC))
        client.append("INBOX", a_mail("b"), (b"\\Seen",), datetime(2026, 10, 30, 12, tzinfo=UTC))
        client.append("INBOX", a_mail("c"), (), datetime(2026, 11, 1, 12, tzinfo=UTC))
        client.append("INBOX", a_mail("d"), (b"\\Seen",), datetime(2026, 11, 20, 12, tzinfo=UTC))
    return account


@pytest.mark.parametrize(
    ("take", "taken"),
    [(NEW, []), (Take(which=Taken.UNSEEN), ["a", "c"]), (SINCE, ["c", "d"]), (ALL, ["a", "b", "c", "d"])],
    ids=lambda value: value.which if isinstance(value, Take) else "",
)
def test_first_connect_takes_what_was_chosen_and_later_everything(
    dovecot: Dovecot, account: Account, desk: Desk, take: Take, taken: list[str]
) -> None:
    mailbox = dovecot.mailbox(account, take=take)
    desk.poller(mailbox).one_turn()
    assert desk.subjects() == taken
    with dovecot.client(account) as client:  # what is not taken is as it was
        unseen = {"a", "c"} - set(taken)
        assert len(client.search(["UNSEEN"])) == len(unseen)
        client.append("INBOX", a_mail("e"), (b"\\Seen",), datetime(2020, 1, 1, tzinfo=UTC))
    desk.poller(mailbox).one_turn()
    assert desk.subjects() == [*taken, "e"]


def test_mail_that_comes_while_the_first_connect_is_under_way_is_new(
    dovecot: Dovecot, account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = Connection.heads
    broken: list[int] = []

    def deliver_and_break(self: Connection, uids: list[int]) -> dict[int, bytes]:
        if not broken:
            broken.append(1)
            dovecot.deliver(account, a_mail("e"))
            raise Lost("the line is cut")
        return heads(self, uids)

    monkeypatch.setattr(Connection, "heads", deliver_and_break)
    mailbox = dovecot.mailbox(account, take=NEW)
    with pytest.raises(Lost):
        desk.poller(mailbox).one_turn()
    desk.poller(mailbox).one_turn()
    assert desk.subjects() == ["e"]


def test_folder_that_was_deleted_and_made_anew_gives_what_is_not_known(dovecot: Dovecot, desk: Desk) -> None:
    account = dovecot.new_account()
    with dovecot.client(account) as client:
        client.create_folder("Desk")
        client.append("Desk", a_mail("old"))
        client.append("Desk", a_mail("older"))
    mailbox = dovecot.mailbox(account, take=NEW)
    desk.poller(mailbox, "Desk").one_turn()
    with dovecot.client(account) as client:
        client.append("Desk", a_mail("taken"))
    desk.poller(mailbox, "Desk").one_turn()
    assert desk.subjects() == ["taken"]
    with dovecot.client(account) as client:
        client.delete_folder("Desk")
        client.create_folder("Desk")
        for subject in ("came while away", "older", "taken", "old"):
            client.append("Desk", a_mail(subject))
        # somebody used an old Message-ID again: it is another mail
        client.append("Desk", a_mail("old").replace(b"Subject: old", b"Subject: old id, other mail"))
    desk.poller(mailbox, "Desk").one_turn()
    assert desk.subjects() == ["taken", "came while away", "taken", "old id, other mail"]  # the copy is found out by its content, later
    assert desk.poller(mailbox, "Desk").one_turn() == 0


def test_threads_of_older_mails_are_known(dovecot: Dovecot, account: Account, desk: Desk) -> None:
    with dovecot.client(account) as client:
        client.append("INBOX", a_mail("re").replace(b"Message-ID", b"References: <a@customer.example>\r\nMessage-ID"))
    desk.poller(dovecot.mailbox(account, take=NEW)).one_turn()
    with desk.store.write() as tx:
        assert tx.old_mails.tickets_of(["a@customer.example"]) == []
        assert tx.old_mails.go_on_at(7, ["re@customer.example"]) == ["re@customer.example"]
        assert tx.old_mails.go_on_at(8, ["a@customer.example"]) == ["a@customer.example"]  # it goes on at the first one
    with desk.store.read() as tx:
        known = tx.old_mails.tickets_of(["a@customer.example", "re@customer.example", "b@customer.example"])
    assert sorted(known) == [("a@customer.example", 7), ("re@customer.example", 7)]
