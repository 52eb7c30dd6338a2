"""The audit finds every planted loss and no other, with a real Dovecot that offers QRESYNC and one that does not."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailbridge.config.model import Config, DeskSettings, Mailbox
from mailbridge.doctor.audit import audit, withdraw
from mailbridge.doctor.audit_model import AuditReport, Loss
from mailbridge.intake.imap_connection import Connection
from mailbridge.store.engine import Store
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.tables.mails import blobs
from mailbridge.store.tables.receipts import receipts
from tests.intake.desk import Desk, a_mail
from tests.servers.dovecot import Account, Dovecot

pytestmark = pytest.mark.servers

ROUNDS = 5  # of each server; a round plants 20 losses
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLAIN = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ UIDPLUS MOVE ESEARCH UNSELECT"


class WithoutQresync(Dovecot):
    def _configuration(self) -> str:
        return f"{super()._configuration()}\nprotocol imap {{\n  imap_capability = {PLAIN}\n}}\n"


@pytest.fixture(scope="module")
def plain_dovecot() -> Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(prefix="mb-dovecot-") as folder:
        server = WithoutQresync(Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class Round:
    """An account with three folders, and what was planted in it: why -> subjects ('' where nobody can know it)."""

    server: Dovecot
    account: Account
    desk: Desk
    chance: random.Random
    number: int = 0
    planted: list[tuple[Loss, str]] = field(default_factory=list)
    never_seen: int = 0
    report: AuditReport | None = None

    @property
    def mailbox(self) -> Mailbox:
        return self.server.mailbox(self.account, folders=("INBOX", "Team", "Old"))

    def poll(self) -> None:
        for folder in self.mailbox.folders:
            poller = self.desk.poller(self.mailbox, folder)
            poller.one_turn()
            poller.close()

    def subjects(self, count: int) -> list[str]:
        self.number += count
        return [f"mail-{self.number - count + one}" for one in range(count)]

    def append(self, folder: str, count: int) -> list[str]:
        names = self.subjects(count)
        with self.server.client(self.account) as client:
            for name in names:
                client.append(folder, a_mail(name))
        return names

    def expunge(self, folder: str, names: list[str]) -> None:
        with self.server.client(self.account, folder) as client:
            uids = [uid for name in names for uid in client.search(["HEADER", "Message-ID", f"<{name}@customer.example>"])]
            assert len(uids) == len(names)
            client.delete_messages(uids)
            client.expunge(uids)

    def audit(self, *, repair: bool = True) -> AuditReport:
        config = Config(folder=Path("/"), desk=DeskSettings(name="x", address="x@desk.test"), mailboxes=(self.mailbox,))
        return audit(self.desk.store, config, lambda _name: None, NOW, repair=repair)

    def change(self, *statements: sa.Executable) -> None:
        with self.desk.store.write() as tx:
            for statement in statements:
                tx._sql.connection.execute(statement)

    def row_of(self, name: str) -> int:
        return next(row.id for row in self.desk.rows() if row.message_id == f"{name}@customer.example")


def lose_rows(round: Round) -> None:
    """The row in the inbox is deleted, the receipt and the content stay."""
    for name in round.append_and_poll(3):
        round.change(inbox.delete().where(inbox.c.id == round.row_of(name)))
        round.planted.append((Loss.ROW_LOST, name))


def lose_rows_and_receipts(round: Round) -> None:
    """Row and receipt are deleted, the mail is still on the server."""
    for name in round.append_and_poll(3):
        id = round.row_of(name)
        round.change(inbox.delete().where(inbox.c.id == id), receipts.delete().where(receipts.c.inbox == id))
        round.planted.append((Loss.NOT_FETCHED, name))


def lose_everything(round: Round) -> None:
    """Row, receipt and content are deleted, on the server too: only the number of the receipt is missed."""
    names = round.append_and_poll(2)
    for name in names:
        id = round.row_of(name)
        sha = next(row.sha256 for row in round.desk.rows() if row.id == id)
        round.change(inbox.delete().where(inbox.c.id == id), receipts.delete().where(receipts.c.inbox == id))
        round.change(blobs.delete().where(blobs.c.sha256 == sha))
        round.planted.append((Loss.RECEIPT_LOST, ""))
    round.expunge("INBOX", names)
    round.never_seen += 2 * isinstance(round.server, WithoutQresync)  # their UIDs are no proof without QRESYNC


def put_the_cursor_ahead(round: Round) -> None:
    names = round.append("INBOX", 3)
    with round.desk.store.write() as tx:
        cursor = tx.cursors.get(round.mailbox.name, "INBOX")
        assert cursor is not None
        tx.cursors.set(round.mailbox.name, "INBOX", cursor.uidvalidity, cursor.last_uid + 3)
    round.planted += [(Loss.NOT_FETCHED, name) for name in names]
    round.append_and_poll(1)


def change_uidvalidity(round: Round) -> None:
    """The folder is made anew during a fetch, and the cursor of the old UIDs is taken for one of the new ones."""
    with round.server.client(round.account) as client:
        client.delete_folder("Old")
        client.create_folder("Old")
        names = round.append("Old", 3)
        validity = client.folder_status("Old", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    with round.desk.store.write() as tx:
        cursor = tx.cursors.get(round.mailbox.name, "Old")
        assert cursor is not None
        assert cursor.uidvalidity != validity
        tx.cursors.set(round.mailbox.name, "Old", validity, 3)
    round.planted += [(Loss.NOT_FETCHED, name) for name in names]


def rename_the_folder(round: Round) -> None:
    """Mails come, and the folder is renamed before they are fetched."""
    names = round.append("Team", 2)
    with round.server.client(round.account) as client:
        client.rename_folder("Team", f"Renamed {round.number}")
    round.planted += [(Loss.RENAMED, name) for name in names]


def expunge_before_the_fetch(round: Round) -> None:
    names = round.append("INBOX", 2)
    round.expunge("INBOX", names)
    if isinstance(round.server, WithoutQresync):
        round.never_seen += 2  # counted apart: a server may also skip UIDs
    else:
        round.planted += [(Loss.EXPUNGED, "") for _ in names]
    round.append_and_poll(1)


def expunge_between_search_and_fetch(round: Round) -> None:
    """Found by SEARCH, gone at FETCH: known without QRESYNC too."""
    names = round.append("INBOX", 2)
    sizes, asked = Connection.sizes, []

    def gone(self: Connection, uids: list[int]) -> dict[int, object]:
        if not asked:
            asked.append(True)
            round.expunge("INBOX", names)
            self.look()
        return sizes(self, uids)  # type: ignore[return-value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "sizes", gone)
        poller = round.desk.poller(round.mailbox)
        poller.one_turn()
        poller.close()
    round.planted += [(Loss.EXPUNGED, "") for _ in names]


PLANTS: tuple[Callable[[Round], None], ...] = (
    lose_rows,
    lose_rows_and_receipts,
    lose_everything,
    put_the_cursor_ahead,
    expunge_before_the_fetch,
    expunge_between_search_and_fetch,
)
LAST: tuple[Callable[[Round], None], ...] = (change_uidvalidity, rename_the_folder)  # the next turn of a poller would repair them, or fail


def append_and_poll(round: Round, count: int) -> list[str]:
    names = round.append("INBOX", count)
    poller = round.desk.poller(round.mailbox)
    poller.one_turn()
    poller.close()
    return names


Round.append_and_poll = append_and_poll  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("server", ["dovecot", "plain_dovecot"])
def test_each_planted_loss_is_found_and_no_other(
    request: pytest.FixtureRequest, sqlite_store_url: str, server: str, number: int
) -> None:
    dovecot: Dovecot = request.getfixturevalue(server)
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with ExitStack() as stack:
        store = Store(sqlite_store_url)
        stack.callback(store.close)
        round = Round(dovecot, dovecot.new_account(), Desk(store, stack), random.Random(seed))
        with dovecot.client(round.account) as client:
            client.create_folder("Team")
            client.create_folder("Old")
        for folder in ("INBOX", "Team", "Old"):
            round.append(folder, round.chance.randrange(1, 4))
        round.poll()
        sound = round.audit()
        assert sound.is_sound, sound
        assert [one.told is None for one in sound.folders] == [server == "plain_dovecot"] * 3

        plants = list(PLANTS)
        round.chance.shuffle(plants)
        for plant in (*plants, *LAST):
            round.append_and_poll(1)  # a mail between two losses, so that a missing number and a missing UID can be told apart
            plant(round)
        report = round.audit()

        assert sorted((one.why, one.subject) for one in report.missing) == sorted(round.planted)
        assert len(round.planted) == (18 if server == "plain_dovecot" else 20)
        assert report.folders[0].never_seen == round.never_seen
        assert all(one.adds_up for one in report.sources)
        assert [one.fault.partition(":")[0] for one in report.folders] == ["", "the folder cannot be opened", ""]
        check_repair(round, report)


def check_repair(round: Round, report: AuditReport) -> None:
    """What can be had again is there after the next turn of the pollers; the rest has an outcome when an operator gives it up."""
    with round.server.client(round.account) as client:
        (renamed,) = [name for _, _, name in client.list_folders() if name.startswith("Renamed")]
        client.rename_folder(renamed, "Team")
    round.poll()
    left = round.audit()
    subjects = round.desk.subjects()
    assert [name for why, name in round.planted if name and name not in subjects] == []
    final = {Loss.EXPUNGED, Loss.RECEIPT_LOST}
    assert sorted(one.why for one in left.missing) == sorted(why for why, _ in round.planted if why in final)
    assert withdraw(round.desk.store, left, [one.id for one in left.missing], "spam", NOW) == []
    assert round.audit().is_sound
