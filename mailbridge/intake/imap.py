"""Reads the folders of IMAP mailboxes: one thread, one connection and one Poller for each.

A mail is fetched, committed together with the cursor, and only then flagged, moved or deleted on the server.  A crash between two of
these steps repeats the step: the inbox knows a mail by its place on the server, and what is not settled yet stays in the store.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from threading import Event
from typing import Protocol, assert_never

from mailbridge.clock import Clock, SystemClock
from mailbridge.config.model import After, Mailbox, Taken
from mailbridge.errors import StoreAway, Transient
from mailbridge.intake.imap_connection import CommandRefused, Connection, LoginRefused
from mailbridge.intake.imap_fetch import Fetched, PoisonTracker, fetch, given_up, loads
from mailbridge.intake.imap_old import old_mail
from mailbridge.intake.imap_plan import (
    NOTHING_OLDER,
    Fetch,
    Index,
    Older,
    Position,
    Resync,
    Selected,
    Settle,
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
from mailbridge.oauth.model import LoginNeeded, TokenSource
from mailbridge.ops import crash
from mailbridge.store.cursors import Start
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

DONE_KEYWORD = "$MailbridgeDone"
SEEN_FLAG = r"\Seen"
IDLE_SLICE = 120.0  # seconds; far below the 9 minutes after which some servers and routers forget a silent connection (RFC 2177: 29)
FIRST_SLICE = 0.25  # seconds of the first IDLE after news; each further one is twice as long
SETTLE_AT_ONCE = 200  # mails a command
STABLE = 300.0  # seconds a connection lives before it counts as a good one
LOGIN_LOOK = 5.0  # seconds between looks whether somebody has signed in
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
    """Keeps one folder of one mailbox empty of news.  one_turn() and run() belong to one thread; stop() and cut() to any."""

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
        self._older: tuple[int, Older] | None = None  # of the epoch that is read
        self._log = log or Silent()
        self._chance = chance
        self._tokens = tokens
        self._connection: Connection | None = None
        self._selected: Selected | None = None
        self._suspects = PoisonTracker()
        self._opened_at = self._clock.now()
        self._cut_short = 0  # connections in a row that were lost within minutes
        self._settle_trouble = ""
        self._login_trouble = ""
        self._unwilling = False  # the server refused to settle in this turn: it is not asked again before the next
        self._slice = FIRST_SLICE
        self._stopping = Event()
        self._bell, self._ring = socket.socketpair()

    # The loop

    def run(self) -> None:
        """Returns after stop(); until then every mail of the folder is taken in, whatever the network, the server and the store do."""
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
            except Exception as error:  # a bug of ours, or a server that found a new way: the mailbox must not be forgotten for it
                failures += 1
                self._hear(Transient(f"unexpected {type(error).__name__}: {error}"), failures)
        self._disconnect()

    def stop(self) -> None:
        """run() ends soon: at once when it waits, else behind the mails it has in hand."""
        self._stopping.set()
        with suppress(OSError):  # closed already: nobody waits
            self._ring.send(b"x")

    def cut(self) -> None:
        """run() ends now: what it waits for from the server fails."""
        self.stop()
        connection = self._connection
        if connection is not None:
            connection.cut()

    def close(self) -> None:
        """Everything is given back; after run() has returned, or instead of it."""
        self._disconnect()
        self._bell.close()
        self._ring.close()

    def one_turn(self) -> int:
        """Every mail that is in the folder now is in the inbox, and the server knows about it; the number of mails taken.

        Raises Transient when something is in the way; what was taken until then is safe.
        """
        self._unwilling = False
        connection, selected = self._ready()
        position = self._start(connection, selected)
        found = [uid for first, last in windows(position.last_uid, selected.uidnext) for uid in connection.search(first, last)]
        taken = self._follow(connection, position, found)
        self._report(self.name, True, f"{taken} new")
        if taken:
            self._slice = FIRST_SLICE
        return taken

    def _start(self, connection: Connection, selected: Selected) -> Position:
        """Where reading goes on; the cursor says so too."""
        known = self._position()
        start = at_select(known, selected)
        if isinstance(start, Resync):
            self._restart(start, *self._found_there(connection, selected, known))
            start = start.position
        self._selected = replace(selected, fresh=False)
        return start

    def _found_there(self, connection: Connection, selected: Selected, known: Position | None) -> tuple[Older, int]:
        """What of the mails that are in the folder now is taken, and how many they are.

        `take` counts for the first connect alone.  A folder that is read anew gives everything that is not known yet; where its first
        reading did not come to an end, these are still the mails of a first connect.
        """
        below = selected.uidnext or max(connection.search(1, None), default=0) + 1
        if known is not None:
            before = self._older_of(known.epoch)
            return Older(below=below, first=before.first and not before.finished(known), anew=True), 0
        there = [uid for first, last in windows(0, below) for uid in connection.search(first, last) if uid < below]
        take, wanted = self._mailbox.take, None
        if take.which is not Taken.ALL:
            asked = () if take.which is Taken.NEW else windows(0, below)
            wanted = frozenset(uid for first, last in asked for uid in connection.search(first, last, take) if uid < below)
        return Older(below=below, first=True, wanted=wanted), len(there)

    def _older_of(self, epoch: int) -> Older:
        if self._older is None or self._older[0] != epoch:
            with self._store.read() as tx:
                start = tx.cursors.start(self._mailbox.name, self._folder, epoch)
            wanted = unpacked(start.wanted) if start and start.wanted != "*" else None
            older = Older(below=start.below, first=start.first, anew=start.anew, wanted=wanted) if start else NOTHING_OLDER
            self._older = epoch, older
        return self._older[1]

    def _follow(self, connection: Connection, position: Position, found: Sequence[int]) -> int:
        taken = 0
        older, unsettled = self._older_of(position.epoch), self._unsettled(position.epoch)
        for action in plan(position, found, unsettled=unsettled, suspects=self._suspects, older=older):
            match action:
                case Index(uids=uids):
                    self._index(connection, position.epoch, uids)
                    if self._stopping.is_set():
                        break
                case Fetch(uids=uids):
                    taken += self._take(connection, position.epoch, uids)
                    if self._stopping.is_set():
                        break
                case Settle():
                    self._settle(connection, position.epoch)
                case _:
                    assert_never(action)
        return taken

    # The connection

    def _ready(self) -> tuple[Connection, Selected]:
        """A connection with the folder open."""
        if self._login_ends_in() <= 0:
            self._disconnect()  # the server would end it in the middle of something
        if self._connection is None:
            self._connection = Connection(self._mailbox, self._largest, self._tokens)
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
        """Until the server has news, the next round is due, or stop() is called.

        A mail that came since our search may have been announced in the answer to a command, and IDLE does not announce it again.  A
        server may also tell less than it should: so the first slices are short.
        """
        if self._stopping.is_set() or (self._connection is not None and self._connection.has_news):
            return
        seconds = min(self._mailbox.poll.total_seconds(), self._login_ends_in())
        if seconds <= 0:
            return
        if self._mailbox.idle and self._connection is not None and self._connection.can_idle:
            self._connection.idle(min(seconds, IDLE_SLICE, self._slice), self._bell.fileno())
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
        """The trouble is told, and it is time for another try."""
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
        """How many connections in a row did not live for STABLE: a server that closes each one is not asked in a tight loop."""
        if self._connection is not None:
            lived = (self._clock.now() - self._opened_at).total_seconds()
            self._cut_short = self._cut_short + 1 if lived < STABLE else 0
        return self._cut_short

    def _wait_for_login(self, trouble: LoginNeeded) -> None:
        """A person has to sign in: it is told once, and looked at again soon, because that costs nothing."""
        self._disconnect()
        if self._stopping.is_set():
            return
        self._report(self.name, False, str(trouble), LOGIN_LOOK)
        if str(trouble) != self._login_trouble:
            self._login_trouble = str(trouble)
            self._log.warning("login_needed", mailbox=self._mailbox.name, folder=self._folder, reason=str(trouble))
        self._sleep(LOGIN_LOOK)

    # Taking mails in

    def _take(self, connection: Connection, epoch: int, uids: tuple[int, ...]) -> int:
        """These mails are in the inbox and the cursor is behind them; how many there were."""
        with self._suspects.watch(uids):
            if self._suspects.convicted(uids[0]):  # suspects come alone
                return self._keep([given_up(uids[0], self._clock.now())], epoch, uids)
            unknown = self._unknown(connection, epoch, uids)
            seen = connection.sizes(unknown) if unknown else {}
            taken = 0
            for load in loads(unknown, seen, self._largest):
                mails = fetch(connection, load, seen, self._largest, self._clock.now)
                taken += self._keep(mails, epoch, load)
            if unknown[-1:] != uids[-1:]:
                self._pass_by(epoch, uids[-1])
            return taken

    def _unknown(self, connection: Connection, epoch: int, uids: tuple[int, ...]) -> tuple[int, ...]:
        """The mails without those that are known as older than the desk.  Mails that were taken are found out later, by their content."""
        older = self._older_of(epoch)
        if not older.anew or uids[0] >= older.below:
            return uids
        with self._store.read() as tx:
            if not tx.old_mails.any():
                return uids
        keys = {uid: old_mail(head).key for uid, head in connection.heads(uids).items()}
        with self._store.read() as tx:
            known = tx.old_mails.known(list(keys.values()))
        return tuple(uid for uid in uids if uid >= older.below or keys.get(uid) not in known)

    def _index(self, connection: Connection, epoch: int, uids: tuple[int, ...]) -> None:
        """The threads of these mails are known, and the cursor is behind them.  They are not taken, so nothing is done with them on the
        server."""
        with self._suspects.watch(uids):
            heads = {} if self._suspects.convicted(uids[0]) else connection.heads(uids)
            found = [old_mail(head) for head in heads.values()]
            with self._store.write() as tx:
                tx.old_mails.add(found)
                tx.cursors.set(self._mailbox.name, self._folder, epoch, uids[-1])
            self._suspects.forget(uids)
        self._log.info("older_mails_indexed", mailbox=self._mailbox.name, folder=self._folder, mails=len(found))

    def _pass_by(self, epoch: int, uid: int) -> None:
        with self._store.write() as tx:
            tx.cursors.set(self._mailbox.name, self._folder, epoch, uid)

    def _keep(self, mails: Sequence[Fetched], epoch: int, uids: Sequence[int]) -> int:
        """What came of these UIDs is safe, and the cursor is behind them; how many mails there were."""

        def also(tx: Tx) -> None:
            tx.cursors.set(self._mailbox.name, self._folder, epoch, uids[-1])

        faulty = [mail for mail in mails if mail.fault]
        if faulty:
            self._set_aside(faulty, epoch)
        self._inbox.accept_all([(mail.raw, self._envelope(mail, epoch)) for mail in mails if not mail.fault], also)
        self._suspects.forget(uids)
        self._report(self.name, True, f"{len(mails)} fetched")  # a backlog takes longer than health waits for the end of a round
        size = sum(len(mail.raw) for mail in mails)
        self._log.info("mails_fetched", mailbox=self._mailbox.name, folder=self._folder, mails=len(mails), size=size)
        return len(mails)

    def _set_aside(self, mails: Sequence[Fetched], epoch: int) -> None:
        """A mail that cannot be had whole is in quarantine, and stays on the server as it is: a person has to look."""
        with self._store.write() as tx:
            for mail in mails:
                inbox_id = tx.inbox.add_many([(mail.raw, self._envelope(mail, epoch))])[0]
                tx.inbox.quarantine(inbox_id, mail.fault, self._clock.now())
                tx.cursors.settled(self._mailbox.name, self._folder, epoch, [mail.uid])
        for mail in mails:
            self._log.warning("mail_not_fetched", mailbox=self._mailbox.name, folder=self._folder, uid=mail.uid, reason=mail.fault)

    def _envelope(self, mail: Fetched, epoch: int) -> Envelope:
        return Envelope(
            source=Source.IMAP,
            received_at=mail.received_at,
            account=self._mailbox.name,
            folder=self._folder,
            uidvalidity=epoch,
            uid=mail.uid,
        )

    # After the commit

    def _settle(self, connection: Connection, epoch: int) -> None:
        """The server knows what is safe with us.  When it refuses, the next round tries again: the store remembers."""
        if self._unwilling:
            return
        uids = self._unsettled(epoch)
        for start in range(0, len(uids), SETTLE_AT_ONCE):
            part = uids[start : start + SETTLE_AT_ONCE]
            crash.point("intake.before_settle")
            if not self._told(connection, part):
                part = self._gone(connection, part)
            crash.point("intake.after_settle")
            if part:
                with self._store.write() as tx:
                    tx.cursors.settled(self._mailbox.name, self._folder, epoch, part)

    def _told(self, connection: Connection, uids: Sequence[int]) -> bool:
        try:
            self._tell(connection, uids)
        except CommandRefused as refusal:
            self._unwilling = True
            if str(refusal) != self._settle_trouble:
                self._settle_trouble = str(refusal)
                self._log.warning("settling_failed", mailbox=self._mailbox.name, folder=self._folder, mails=len(uids), reason=str(refusal))
            return False
        self._settle_trouble = ""
        return True

    def _tell(self, connection: Connection, uids: Sequence[int]) -> None:
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
        """Those of the mails that the folder does not have any more: nothing is left to tell about them."""
        there = set(connection.search(uids[0], uids[-1]))
        return [uid for uid in uids if uid not in there]

    # What the store knows

    def _position(self) -> Position | None:
        with self._store.read() as tx:
            cursor = tx.cursors.get(self._mailbox.name, self._folder)
        return Position(epoch=cursor.uidvalidity, last_uid=cursor.last_uid) if cursor else None

    def _unsettled(self, epoch: int) -> list[int]:
        with self._store.read() as tx:
            return tx.cursors.to_settle(self._mailbox.name, self._folder, epoch)

    def _restart(self, resync: Resync, older: Older, there: int) -> None:
        name, folder, epoch = self._mailbox.name, self._folder, resync.position.epoch
        wanted = "*" if older.wanted is None else packed(older.wanted)
        with self._store.write() as tx:
            tx.cursors.set(name, folder, epoch, resync.position.last_uid)
            tx.cursors.set_start(name, folder, epoch, Start(below=older.below, first=older.first, anew=older.anew, wanted=wanted))
            if there:
                self._first_time(tx, name, folder, there, there if older.wanted is None else len(older.wanted))
        self._older = epoch, older
        self._suspects.forget()
        self._log.info("folder_resynced", mailbox=self._mailbox.name, folder=self._folder, reason=resync.reason)
