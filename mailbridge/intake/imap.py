"""Reads the folders of IMAP mailboxes: one thread, one connection and one Poller for each.

A mail is fetched, committed together with the cursor, and only then flagged, moved or deleted on the server.  After a crash between two of
these steps the step is repeated: the inbox identifies a mail by its place on the server, and the store knows which mails are not
acknowledged yet.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from secrets import token_bytes
from threading import Event
from typing import Protocol, assert_never

from mailbridge.clock import Clock, SystemClock
from mailbridge.config.model import After, Mailbox, Taken
from mailbridge.errors import StoreAway, Transient
from mailbridge.intake.imap_client import Line
from mailbridge.intake.imap_connection import CommandRefused, Connection, LoginRefused
from mailbridge.intake.imap_fetch import Fetched, PoisonTracker, fetch, given_up, loads
from mailbridge.intake.imap_old import old_mail
from mailbridge.intake.imap_plan import (
    NOTHING_OLDER,
    Acknowledge,
    Fetch,
    Index,
    Older,
    Position,
    Resync,
    Selected,
    at_select,
    packed,
    plan,
    unpacked,
    wait_after,
    windows,
)
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog, Silent
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.oauth.model import LoginNeeded, TokenSource
from mailbridge.ops import crash
from mailbridge.store.cursors import Start
from mailbridge.store.engine import Store
from mailbridge.store.passed_uids import Passed, UidPlace
from mailbridge.store.tx import Tx

DONE_KEYWORD = "$MailbridgeDone"
SEEN_FLAG = r"\Seen"
IDLE_SLICE = 120.0  # seconds; well below the 9 minutes after which some servers and routers drop a silent connection (RFC 2177: 29)
FIRST_SLICE = 0.25  # seconds of the first IDLE after a new mail; each further one is twice as long
ACKNOWLEDGE_AT_ONCE = 200  # mails a command
STABLE = 300.0  # seconds after which a connection counts as stable
LOGIN_LOOK = 5.0  # seconds between checks for a new login
STORE_CAP = 30.0  # seconds between tries while the store is away


class ImapReport(Protocol):
    def __call__(self, name: str, ok: bool, detail: str, wait: float = 0.0, /) -> None:
        """Health is told how the last round of a folder went; `name` is mailbox/folder, the next try comes in `wait` seconds."""
        ...


class FirstTime(Protocol):
    def __call__(self, tx: Tx, mailbox: str, folder: str, older: int, taken: int, /) -> None:
        """A folder was opened for the first time: of `older` mails that were in it `taken` are taken.  `tx` is the transaction that
        remembers it."""
        ...


class Poller:
    """Fetches the new mails of one folder of one mailbox.  one_turn() and run() belong to one thread; stop() and cut() may be called from
    any."""

    def __init__(
        self,
        mailbox: Mailbox,
        folder: str,
        inbox: Inbox,
        store: Store,
        *,
        largest: int,
        clock: Clock | None = None,
        report: ImapReport = lambda name, ok, detail, wait=0.0: None,
        first_time: FirstTime = lambda tx, mailbox, folder, older, taken: None,
        log: IntakeLog | None = None,
        chance: Callable[[], float] = random.random,
        tokens: TokenSource | None = None,
    ) -> None:
        """`largest`: bytes a mail may have (limits.mail_size); a larger one is quarantined with its header and left on the server.
        `tokens`: where a mailbox that logs in by OAuth gets its token."""
        self.name = f"{mailbox.name}/{folder}"
        self._mailbox = mailbox
        self._folder = folder
        self._inbox = inbox
        self._store = store
        self._largest = largest
        self._clock = clock or SystemClock()
        self._report = report
        self._first_time = first_time
        self._older: tuple[int, Older] | None = None  # (UID epoch, its older mails)
        self._log = log or Silent()
        self._chance = chance
        self._tokens = tokens
        self._line = Line()
        self._connection: Connection | None = None
        self._selected: Selected | None = None
        self._poison = PoisonTracker()
        self._opened_at = self._clock.now()
        self._cut_short = 0  # consecutive connections that were lost within STABLE seconds
        self._acknowledge_error = ""
        self._login_trouble = ""
        self._refused_to_acknowledge = False  # the server refused to acknowledge in this turn; the next turn tries again
        self._slice = FIRST_SLICE
        self._stopping = Event()
        self._wake_reader, self._wake_writer = socket.socketpair()

    # The loop

    def run(self) -> None:
        """Fetches every mail of the folder until stop() is called, and retries after errors of network, server and store."""
        failures = 0
        while not self._stopping.is_set():
            try:
                taken = self.one_turn()
                failures = 0
                if not taken:
                    self._wait_for_news()
            except Transient as trouble:
                failures += 1
                self._hear(trouble, failures)
            except Exception as error:  # internal error or unexpected server answer; retry
                failures += 1
                self._hear(Transient(f"unexpected {type(error).__name__}: {error}"), failures)
        self._disconnect()

    def stop(self) -> None:
        """Ends run(): at once while it waits, else after the mails in progress."""
        self._stopping.set()
        with suppress(OSError):  # closed already
            self._wake_writer.send(b"x")

    def cut(self) -> None:
        """Ends run() now: pending reads from the server fail, of a connection that is being opened too."""
        self.stop()
        self._line.end()

    def close(self) -> None:
        """Closes the connection and the sockets; after run() has returned, or instead of it."""
        self._disconnect()
        self._wake_reader.close()
        self._wake_writer.close()

    def one_turn(self) -> int:
        """Fetches every mail that is in the folder now and acknowledges it on the server; the number of mails.

        Raises Transient after an error; the mails fetched before it are safe.
        """
        self._refused_to_acknowledge = False
        connection, selected = self._ready()
        position = self._start(connection, selected)
        found = [uid for first, last in windows(position.last_uid, selected.uidnext) for uid in connection.search(first, last)]
        taken = self._follow(connection, position, found)
        self._report(self.name, True, f"{taken} new")
        if taken:
            self._slice = FIRST_SLICE
        return taken

    def _start(self, connection: Connection, selected: Selected) -> Position:
        """The position where fetching continues; the cursor is set to it."""
        known = self._position()
        start = at_select(known, selected)
        if isinstance(start, Resync):
            self._restart(start, *self._found_there(connection, selected, known))
            start = start.position
        self._selected = replace(selected, fresh=False)
        return start

    def _found_there(self, connection: Connection, selected: Selected, known: Position | None) -> tuple[Older, int]:
        """Which of the mails in the folder are wanted, and how many mails there are.

        `take` applies to the first connect only.  A folder that is read anew gives everything that is not known yet; before its first
        reading was complete, these mails still belong to the first connect.
        """
        below = selected.uidnext or max(connection.search(1, None), default=0) + 1
        if known is not None:
            before = self._older_of(known.uid_epoch)
            return Older(below=below, first=before.first and not before.finished(known), anew=True), 0
        there = [uid for first, last in windows(0, below) for uid in connection.search(first, last) if uid < below]
        take, wanted = self._mailbox.take, None
        if take.which is not Taken.ALL:
            asked = () if take.which is Taken.NEW else windows(0, below)
            wanted = frozenset(uid for first, last in asked for uid in connection.search(first, last, take) if uid < below)
        return Older(below=below, first=True, wanted=wanted), len(there)

    def _older_of(self, uid_epoch: int) -> Older:
        if self._older is None or self._older[0] != uid_epoch:
            with self._store.read() as tx:
                start = tx.cursors.start(self._mailbox.name, self._folder, uid_epoch)
            wanted = unpacked(start.wanted) if start and start.wanted != "*" else None
            older = Older(below=start.below, first=start.first, anew=start.anew, wanted=wanted) if start else NOTHING_OLDER
            self._older = uid_epoch, older
        return self._older[1]

    def _follow(self, connection: Connection, position: Position, found: Sequence[int]) -> int:
        taken = 0
        older, unsettled = self._older_of(position.uid_epoch), self._unacknowledged(position.uid_epoch)
        for action in plan(position, found, unsettled=unsettled, suspects=self._poison, older=older):
            match action:
                case Index(uids=uids):
                    self._index(connection, position.uid_epoch, uids)
                    if self._stopping.is_set():
                        break
                case Fetch(uids=uids):
                    taken += self._take(connection, position.uid_epoch, uids)
                    if self._stopping.is_set():
                        break
                case Acknowledge():
                    self._acknowledge(connection, position.uid_epoch)
                case _:
                    assert_never(action)
        return taken

    # The connection

    def _ready(self) -> tuple[Connection, Selected]:
        """A connection with the folder selected."""
        if self._login_ends_in() <= 0:
            self._disconnect()  # else the server would close it during a command
        if self._connection is None:
            self._connection = Connection(self._mailbox, self._largest, self._tokens, line=self._line)
            self._opened_at, self._login_trouble = self._clock.now(), ""
            self._selected = None
        if self._selected is None:
            self._selected = self._connection.select(self._folder, readonly=self._mailbox.after is After.LEAVE)
            self._log.info("folder_opened", mailbox=self._mailbox.name, folder=self._folder, uidvalidity=self._selected.uidvalidity)
            return self._connection, self._selected
        self._connection.look()
        return self._connection, self._selected

    def _disconnect(self) -> None:
        connection, self._connection, self._selected = self._connection, None, None
        if connection is not None:
            connection.close()

    def _wait_for_news(self) -> None:
        """Waits until the server announces a new mail, the next turn is due, or stop() is called.

        A mail that came since our search may have been announced in the answer to a command, and IDLE does not announce it again.  Some
        servers announce less than they should.  So the first IDLE periods are short.
        """
        if self._stopping.is_set() or (self._connection is not None and self._connection.has_news):
            return
        seconds = min(self._mailbox.poll.total_seconds(), self._login_ends_in())
        if seconds <= 0:
            return
        if self._mailbox.idle and self._connection is not None and self._connection.can_idle:
            self._connection.idle(min(seconds, IDLE_SLICE, self._slice), self._wake_reader.fileno())
            self._slice = min(2 * self._slice, IDLE_SLICE)
        else:
            self._sleep(seconds)

    def _login_ends_in(self) -> float:
        """Seconds until the connection needs a new login."""
        ends = self._connection.login_ends_at if self._connection is not None else None
        return (ends - self._clock.now()).total_seconds() if ends is not None else inf

    def _sleep(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _hear(self, trouble: Transient, failures: int) -> None:
        """Logs and reports the error, and waits before the next try."""
        if isinstance(trouble, StoreAway):
            wait = min(wait_after(failures, refused=False, chance=self._chance()), STORE_CAP)
        elif isinstance(trouble, LoginNeeded):
            self._wait_for_login(trouble)
            return
        else:
            failures = max(failures, self._lost_early())
            self._disconnect()
            wait = wait_after(failures, refused=isinstance(trouble, LoginRefused), chance=self._chance())
        if not self._stopping.is_set():
            self._report(self.name, False, str(trouble), wait)
            self._log.warning(
                "poll_failed", mailbox=self._mailbox.name, folder=self._folder, reason=str(trouble), failures=failures, wait=round(wait, 1)
            )
            self._sleep(wait)

    def _lost_early(self) -> int:
        """How many consecutive connections were lost early: such a server is not reconnected in a tight loop."""
        if self._connection is not None:
            lived = (self._clock.now() - self._opened_at).total_seconds()
            self._cut_short = self._cut_short + 1 if lived < STABLE else 0
        return self._cut_short

    def _wait_for_login(self, trouble: LoginNeeded) -> None:
        """Waits for a person to log in.  Reports it once, and checks again soon, because that costs nothing."""
        self._disconnect()
        if self._stopping.is_set():
            return
        self._report(self.name, False, str(trouble), LOGIN_LOOK)
        if str(trouble) != self._login_trouble:
            self._login_trouble = str(trouble)
            self._log.warning("login_needed", mailbox=self._mailbox.name, folder=self._folder, reason=str(trouble))
        self._sleep(LOGIN_LOOK)

    # Taking mails in

    def _take(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> int:
        """Stores these mails in the inbox and moves the cursor behind them; how many."""
        with self._poison.watch(uids):
            if self._poison.poisoned(uids[0]):  # poison suspects are fetched alone
                return self._keep([given_up(uids[0], self._clock.now())], uid_epoch, uids)
            unknown = self._unknown(connection, uid_epoch, uids)
            self._note_known(uid_epoch, frozenset(uids).difference(unknown))
            seen = connection.sizes(unknown) if unknown else {}
            taken = 0
            for load in loads(unknown, seen, self._largest):
                mails = fetch(connection, load, seen, self._largest, self._clock.now)
                taken += self._keep(mails, uid_epoch, load)
            if unknown[-1:] != uids[-1:]:
                self._pass_by(uid_epoch, uids[-1])
            return taken

    def _unknown(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> tuple[int, ...]:
        """The mails without those that are known as older than the desk.  Mails that were fetched before are found later, by their content.
        """
        older = self._older_of(uid_epoch)
        if not older.anew or uids[0] >= older.below:
            return uids
        with self._store.read() as tx:
            if not tx.old_mails.any():
                return uids
        keys = {uid: old_mail(head).key for uid, head in connection.heads(uids).items()}
        with self._store.read() as tx:
            known = tx.old_mails.known(list(keys.values()))
        return tuple(uid for uid in uids if uid >= older.below or keys.get(uid) not in known)

    def _index(self, connection: Connection, uid_epoch: int, uids: tuple[int, ...]) -> None:
        """Stores the threads of these mails, by their headers, and moves the cursor behind them.  The mails are not fetched and not
        acknowledged."""
        with self._poison.watch(uids):
            heads = {} if self._poison.poisoned(uids[0]) else connection.heads(uids)
            found = [old_mail(head) for head in heads.values()]
            with self._store.write() as tx:
                tx.old_mails.add(found)
                tx.passed_uids.add(self._place(uid_epoch), uids, Passed.OLDER, self._clock.now())
                tx.cursors.set(self._mailbox.name, self._folder, uid_epoch, uids[-1])
            self._poison.forget(uids)
        self._log.info("older_mails_indexed", mailbox=self._mailbox.name, folder=self._folder, mails=len(found))

    def _note_known(self, uid_epoch: int, uids: frozenset[int]) -> None:
        """Stores that these UIDs are passed by, before the cursor can move behind them."""
        if uids:
            with self._store.write() as tx:
                tx.passed_uids.add(self._place(uid_epoch), uids, Passed.KNOWN, self._clock.now())

    def _pass_by(self, uid_epoch: int, uid: int) -> None:
        with self._store.write() as tx:
            tx.cursors.set(self._mailbox.name, self._folder, uid_epoch, uid)

    def _place(self, uid_epoch: int) -> UidPlace:
        return UidPlace(account=self._mailbox.name, folder=self._folder, epoch=uid_epoch)

    def _keep(self, mails: Sequence[Fetched], uid_epoch: int, uids: Sequence[int]) -> int:
        """Commits the mails of these UIDs and moves the cursor behind them; how many mails."""
        gone = frozenset(uids).difference(mail.uid for mail in mails)

        def also(tx: Tx) -> None:
            tx.cursors.set(self._mailbox.name, self._folder, uid_epoch, uids[-1])
            tx.passed_uids.add(self._place(uid_epoch), gone, Passed.GONE, self._clock.now())

        faulty = [mail for mail in mails if mail.fault]
        if faulty:
            self._set_aside(faulty, uid_epoch)
        whole = [(mail.raw, self._envelope(mail, uid_epoch)) for mail in mails if not mail.fault]
        self._inbox.accept_all(whole, also)
        self._poison.forget(uids)
        self._report(self.name, True, f"{len(mails)} fetched")  # progress: a backlog takes long
        size = sum(len(mail.raw) for mail in mails)
        self._log.info("mails_fetched", mailbox=self._mailbox.name, folder=self._folder, mails=len(mails), size=size)
        for _, envelope in whole:
            self._log.info("mail_accepted", source=Source.IMAP, mailbox=envelope.account, uid=envelope.uid, trace=envelope.trace)
        return len(mails)

    def _set_aside(self, mails: Sequence[Fetched], uid_epoch: int) -> None:
        """Quarantines a mail that cannot be fetched completely.  It stays on the server."""
        with self._store.write() as tx:
            for mail in mails:
                inbox_id = tx.inbox.add_many([(mail.raw, self._envelope(mail, uid_epoch))])[0]
                tx.inbox.quarantine(inbox_id, mail.fault, self._clock.now())
                tx.cursors.acknowledged(self._mailbox.name, self._folder, uid_epoch, [mail.uid], After.LEAVE)
        for mail in mails:
            self._log.warning("mail_not_fetched", mailbox=self._mailbox.name, folder=self._folder, uid=mail.uid, reason=mail.fault)

    def _envelope(self, mail: Fetched, uid_epoch: int) -> Envelope:
        return Envelope(
            source=Source.IMAP,
            received_at=mail.received_at,
            account=self._mailbox.name,
            folder=self._folder,
            uidvalidity=uid_epoch,
            uid=mail.uid,
            trace=new_trace_id(self._clock.now(), token_bytes),
        )

    # After the commit

    def _acknowledge(self, connection: Connection, uid_epoch: int) -> None:
        """Acknowledges the committed mails on the server.  After a refusal the next turn tries again, from the store."""
        if self._refused_to_acknowledge:
            return
        uids = self._unacknowledged(uid_epoch)
        for start in range(0, len(uids), ACKNOWLEDGE_AT_ONCE):
            part = uids[start : start + ACKNOWLEDGE_AT_ONCE]
            crash.point("intake.before_settle")
            how: str = self._mailbox.after
            if not self._marked(connection, part):
                part, how = self._gone(connection, part), "gone"
            crash.point("intake.after_settle")
            if part:
                with self._store.write() as tx:
                    tx.cursors.acknowledged(self._mailbox.name, self._folder, uid_epoch, part, how)

    def _marked(self, connection: Connection, uids: Sequence[int]) -> bool:
        try:
            self._mark_on_server(connection, uids)
        except CommandRefused as refusal:
            self._refused_to_acknowledge = True
            if str(refusal) != self._acknowledge_error:
                self._acknowledge_error = str(refusal)
                self._log.warning("settling_failed", mailbox=self._mailbox.name, folder=self._folder, mails=len(uids), reason=str(refusal))
            return False
        self._acknowledge_error = ""
        return True

    def _mark_on_server(self, connection: Connection, uids: Sequence[int]) -> None:
        match self._mailbox.after:
            case After.LEAVE:
                return
            case After.FLAG:
                connection.add_flag(uids, self._done_flag(connection))
            case After.SEEN:
                connection.add_flag(uids, SEEN_FLAG)
            case After.MOVE:
                connection.move(uids, self._mailbox.move_to)
            case After.DELETE:
                connection.delete(uids)
            case _:
                assert_never(self._mailbox.after)

    def _done_flag(self, connection: Connection) -> str:
        if connection.takes_keywords:
            return DONE_KEYWORD
        self._log.warning("keyword_not_kept", mailbox=self._mailbox.name, folder=self._folder, instead=SEEN_FLAG)
        return SEEN_FLAG

    def _gone(self, connection: Connection, uids: Sequence[int]) -> list[int]:
        """Those of the mails that are still in the folder: the others need no acknowledgement."""
        there = set(connection.search(uids[0], uids[-1]))
        return [uid for uid in uids if uid not in there]

    # What the store knows

    def _position(self) -> Position | None:
        with self._store.read() as tx:
            cursor = tx.cursors.get(self._mailbox.name, self._folder)
        return Position(uid_epoch=cursor.uidvalidity, last_uid=cursor.last_uid) if cursor else None

    def _unacknowledged(self, uid_epoch: int) -> list[int]:
        with self._store.read() as tx:
            return tx.cursors.to_acknowledge(self._mailbox.name, self._folder, uid_epoch)

    def _restart(self, resync: Resync, older: Older, there: int) -> None:
        name, folder, uid_epoch = self._mailbox.name, self._folder, resync.position.uid_epoch
        wanted = "*" if older.wanted is None else packed(older.wanted)
        with self._store.write() as tx:
            tx.cursors.set(name, folder, uid_epoch, resync.position.last_uid)
            tx.cursors.set_start(name, folder, uid_epoch, Start(below=older.below, first=older.first, anew=older.anew, wanted=wanted))
            if there:
                self._first_time(tx, name, folder, there, there if older.wanted is None else len(older.wanted))
        self._older = uid_epoch, older
        self._poison.forget()
        self._log.info("folder_resynced", mailbox=self._mailbox.name, folder=self._folder, reason=resync.reason)
