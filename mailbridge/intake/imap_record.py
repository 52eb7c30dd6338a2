"""What the store knows of one IMAP folder: its cursor, its older mails, and the mails that are not acknowledged yet."""

from __future__ import annotations

from typing import Protocol

from mailbridge.intake.imap_plan import NOTHING_OLDER, Older, Position, Resync, packed, unpacked
from mailbridge.store.cursors import Start
from mailbridge.store.engine import Store
from mailbridge.store.passed_uids import UidPlace
from mailbridge.store.tx import Tx


class FirstTime(Protocol):
    def __call__(self, tx: Tx, mailbox: str, folder: str, older: int, taken: int, /) -> None:
        """A folder was opened for the first time: of `older` mails that were in it `taken` are taken.  `tx` is the transaction that
        remembers it."""
        ...


class FolderRecord:
    """The rows of one folder of one mailbox."""

    def __init__(self, mailbox: str, folder: str, store: Store) -> None:
        self.mailbox, self.folder = mailbox, folder
        self._store = store
        self._older: tuple[int, Older] | None = None  # (UID epoch, its older mails)

    def position(self) -> Position | None:
        """Where fetching continues; None before the first connect."""
        with self._store.read() as tx:
            cursor = tx.cursors.get(self.mailbox, self.folder)
        return Position(uid_epoch=cursor.uidvalidity, last_uid=cursor.last_uid) if cursor else None

    def place(self, uid_epoch: int) -> UidPlace:
        return UidPlace(account=self.mailbox, folder=self.folder, epoch=uid_epoch)

    def older(self, uid_epoch: int) -> Older:
        """Which of the mails that were in the folder at its first opening are wanted."""
        if self._older is None or self._older[0] != uid_epoch:
            with self._store.read() as tx:
                start = tx.cursors.start(self.mailbox, self.folder, uid_epoch)
            wanted = unpacked(start.wanted) if start and start.wanted != "*" else None
            older = Older(below=start.below, first=start.first, anew=start.anew, wanted=wanted) if start else NOTHING_OLDER
            self._older = uid_epoch, older
        return self._older[1]

    def unacknowledged(self, uid_epoch: int) -> list[int]:
        """The mails that are committed, and not acknowledged on the server."""
        with self._store.read() as tx:
            return tx.cursors.to_acknowledge(self.mailbox, self.folder, uid_epoch)

    def pass_by(self, uid_epoch: int, uid: int) -> None:
        """Moves the cursor behind this mail."""
        with self._store.write() as tx:
            tx.cursors.set(self.mailbox, self.folder, uid_epoch, uid)

    def restart(self, resync: Resync, older: Older, there: int, first_time: FirstTime) -> None:
        """Reads the folder from this position on.  `there`: how many mails were in it at the first connect, else 0."""
        name, folder, uid_epoch = self.mailbox, self.folder, resync.position.uid_epoch
        wanted = "*" if older.wanted is None else packed(older.wanted)
        with self._store.write() as tx:
            tx.cursors.set(name, folder, uid_epoch, resync.position.last_uid)
            tx.cursors.set_start(name, folder, uid_epoch, Start(below=older.below, first=older.first, anew=older.anew, wanted=wanted))
            if there:
                first_time(tx, name, folder, there, there if older.wanted is None else len(older.wanted))
        self._older = uid_epoch, older
