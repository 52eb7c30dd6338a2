"""Takes mails of an IMAP folder into the inbox: fetch, commit together with the cursor, quarantine what cannot be fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from secrets import token_bytes

from mailbridge.clock import Clock
from mailbridge.config.model import After
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_fetch import Fetched, PoisonTracker, fetch, given_up, loads
from mailbridge.intake.imap_old import old_mail
from mailbridge.intake.imap_plan import BATCH
from mailbridge.intake.imap_record import FolderRecord
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.store.engine import Store
from mailbridge.store.passed_uids import Passed, UidPlace
from mailbridge.store.tx import Tx


class FolderIntake:
    """Takes mails of one folder.  `poison`: mails whose fetch broke the connection.  `progress` reports that mails were fetched."""

    def __init__(
        self,
        record: FolderRecord,
        inbox: Inbox,
        store: Store,
        clock: Clock,
        log: IntakeLog,
        *,
        largest: int,
        progress: Callable[[str], None],
    ) -> None:
        self._record, self._inbox, self._store, self._clock, self._log = record, inbox, store, clock, log
        self._largest, self._progress = largest, progress
        self.poison = PoisonTracker()

    def take(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> int:
        """Stores these mails in the inbox and moves the cursor behind them; how many."""
        with self.poison.watch(uids):
            if self.poison.poisoned(uids[0]):  # poison suspects are fetched alone
                return self._keep([given_up(uids[0], self._clock.now())], uid_epoch, uids)
            unknown = self._unknown(connection, uid_epoch, uids)
            self._note_known(uid_epoch, frozenset(uids).difference(unknown))
            seen = connection.sizes(unknown) if unknown else {}
            taken = 0
            for load in loads(unknown, seen, self._largest):
                mails = fetch(connection, load, seen, self._largest, self._clock.now)
                taken += self._keep(mails, uid_epoch, load)
            if unknown[-1:] != uids[-1:]:
                self._record.pass_by(uid_epoch, uids[-1])
            return taken

    def take_again(self, connection: Connection, uid_epoch: int) -> int:
        """Fetches the mails that an audit missed, and that are on the server; how many.  The cursor stays where it is."""
        place, taken = self._record.place(uid_epoch), 0
        with self._store.read() as tx:
            uids = tx.passed_uids.wanted(place, BATCH)
        if not uids:
            return 0
        with self.poison.watch(uids):
            seen = connection.sizes(uids)
            for load in loads(uids, seen, self._largest):
                mails = fetch(connection, load, seen, self._largest, self._clock.now)
                taken += self._keep_again(mails, place, load)
        return taken

    def _keep_again(self, mails: Sequence[Fetched], place: UidPlace, uids: Sequence[int]) -> int:
        gone = frozenset(uids).difference(mail.uid for mail in mails)

        def also(tx: Tx) -> None:
            tx.passed_uids.fetched(place, uids)
            tx.passed_uids.add(place, gone, Passed.GONE, self._clock.now())

        with self._store.write() as tx:
            tx.receipts.replace(*place, [mail.uid for mail in mails])
        self._set_aside([mail for mail in mails if mail.fault], place.epoch)
        self._inbox.accept_all([(mail.raw, self._envelope(mail, place.epoch)) for mail in mails if not mail.fault], also)
        self.poison.forget(uids)
        self._log.warning("missing_mails_fetched", mailbox=place.account, folder=place.folder, mails=len(mails), gone=len(gone))
        return len(mails)

    def _unknown(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> tuple[int, ...]:
        """The mails without those that are known as older than the desk.

        Mails that were fetched before are found later, by their content.
        """
        older = self._record.older(uid_epoch)
        if not older.anew or uids[0] >= older.below:
            return uids
        with self._store.read() as tx:
            if not tx.old_mails.any():
                return uids
        keys = {uid: old_mail(head).key for uid, head in connection.heads(uids).items()}
        with self._store.read() as tx:
            known = tx.old_mails.known(list(keys.values()))
        return tuple(uid for uid in uids if uid >= older.below or keys.get(uid) not in known)

    def _note_known(self, uid_epoch: int, uids: frozenset[int]) -> None:
        """Stores that these UIDs are passed by, before the cursor can move behind them."""
        if uids:
            with self._store.write() as tx:
                tx.passed_uids.add(self._record.place(uid_epoch), uids, Passed.KNOWN, self._clock.now())

    def index(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> None:
        """Stores the threads of these mails, by their headers, and moves the cursor behind them.  The mails are not fetched and not
        acknowledged."""
        with self.poison.watch(uids):
            heads = {} if self.poison.poisoned(uids[0]) else connection.heads(uids)
            found = [old_mail(head) for head in heads.values()]
            with self._store.write() as tx:
                tx.old_mails.add(found)
                tx.passed_uids.add(self._record.place(uid_epoch), uids, Passed.OLDER, self._clock.now())
                tx.cursors.set(self._record.mailbox, self._record.folder, uid_epoch, uids[-1])
            self.poison.forget(uids)
        self._log.info("older_mails_indexed", mailbox=self._record.mailbox, folder=self._record.folder, mails=len(found))

    def _keep(self, mails: Sequence[Fetched], uid_epoch: int, uids: Sequence[int]) -> int:
        """Commits the mails of these UIDs and moves the cursor behind them; how many mails."""
        gone = frozenset(uids).difference(mail.uid for mail in mails)

        def also(tx: Tx) -> None:
            tx.cursors.set(self._record.mailbox, self._record.folder, uid_epoch, uids[-1])
            tx.passed_uids.add(self._record.place(uid_epoch), gone, Passed.GONE, self._clock.now())

        faulty = [mail for mail in mails if mail.fault]
        if faulty:
            self._set_aside(faulty, uid_epoch)
        whole = [(mail.raw, self._envelope(mail, uid_epoch)) for mail in mails if not mail.fault]
        self._inbox.accept_all(whole, also)
        self.poison.forget(uids)
        self._progress(f"{len(mails)} fetched")  # progress: a backlog takes long
        size = sum(len(mail.raw) for mail in mails)
        self._log.info("mails_fetched", mailbox=self._record.mailbox, folder=self._record.folder, mails=len(mails), size=size)
        for _, envelope in whole:
            self._log.info("mail_accepted", source=Source.IMAP, mailbox=envelope.account, uid=envelope.uid, trace=envelope.trace)
        return len(mails)

    def _set_aside(self, mails: Sequence[Fetched], uid_epoch: int) -> None:
        """Quarantines a mail that cannot be fetched completely.  It stays on the server."""
        with self._store.write() as tx:
            for mail in mails:
                inbox_id = tx.inbox.add_many([(mail.raw, self._envelope(mail, uid_epoch))])[0]
                tx.inbox.quarantine(inbox_id, mail.fault, self._clock.now())
                tx.cursors.acknowledged(self._record.mailbox, self._record.folder, uid_epoch, [mail.uid], After.LEAVE)
        for mail in mails:
            self._log.warning("mail_not_fetched", mailbox=self._record.mailbox, folder=self._record.folder, uid=mail.uid, reason=mail.fault)

    def _envelope(self, mail: Fetched, uid_epoch: int) -> Envelope:
        return Envelope(
            source=Source.IMAP,
            received_at=mail.received_at,
            account=self._record.mailbox,
            folder=self._record.folder,
            uidvalidity=uid_epoch,
            uid=mail.uid,
            trace=new_trace_id(self._clock.now(), token_bytes),
        )
