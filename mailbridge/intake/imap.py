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
from threading import Event
from typing import Protocol, assert_never

from mailbridge.clock import Clock, SystemClock
from mailbridge.config.model import After, Mailbox, Taken
from mailbridge.errors import StoreAway, Transient
from mailbridge.intake.imap_acknowledge import Acknowledger
from mailbridge.intake.imap_client import Line
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import LoginRefused
from mailbridge.intake.imap_plan import (
    Acknowledge,
    Fetch,
    Index,
    Older,
    Position,
    Resync,
    Selected,
    at_select,
    plan,
    wait_after,
    windows,
)
from mailbridge.intake.imap_record import FirstTime, FolderRecord
from mailbridge.intake.imap_take import FolderIntake
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog, Silent
from mailbridge.oauth.model import LoginNeeded, TokenSource
from mailbridge.store.engine import Store

IDLE_SLICE = 50.0  # seconds of an IDLE: a server that fell silent in it is told within two minutes (RFC 2177: at most 29 minutes)
FIRST_SLICE = 0.25  # seconds of the first IDLE after a new mail; each further one is twice as long
STABLE = 300.0  # seconds after which a connection counts as stable
LOGIN_LOOK = 5.0  # seconds between checks for a new login
STORE_CAP = 30.0  # seconds between tries while the store is away


class ImapReport(Protocol):
    def __call__(self, name: str, ok: bool, detail: str, wait: float = 0.0, /) -> None:
        """Health is told how the last round of a folder went; `name` is mailbox/folder, the next try comes in `wait` seconds."""
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
        self._largest = largest
        self._clock = clock or SystemClock()
        self._report = report
        self._first_time = first_time
        self._log = log or Silent()
        self._chance = chance
        self._tokens = tokens
        self._record = FolderRecord(mailbox.name, folder, store)
        self._intake = FolderIntake(self._record, inbox, store, self._clock, self._log, largest=largest, progress=self._progress)
        self._acknowledger = Acknowledger(self._record, mailbox, store, self._log)
        self._line = Line()
        self._connection: Connection | None = None
        self._selected: Selected | None = None
        self._opened_at = self._clock.now()
        self._cut_short = 0  # consecutive connections that were lost within STABLE seconds
        self._login_trouble = ""
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
        self._acknowledger.begin_turn()
        connection, selected = self._ready()
        position = self._start(connection, selected)
        found = [uid for first, last in windows(position.last_uid, selected.uidnext) for uid in connection.search(first, last)]
        taken = self._follow(connection, position, found)
        if again := self._intake.take_again(connection, position.uid_epoch):
            self._acknowledger.acknowledge(connection, position.uid_epoch)
            taken += again
        self._report(self.name, True, f"{taken} new")
        if taken:
            self._slice = FIRST_SLICE
        return taken

    def _start(self, connection: Connection, selected: Selected) -> Position:
        """The position where fetching continues; the cursor is set to it."""
        known = self._record.position()
        start = at_select(known, selected)
        if isinstance(start, Resync):
            older, there = self._found_there(connection, selected, known)
            self._record.restart(start, older, there, self._first_time)
            self._intake.poison.forget()
            self._log.info("folder_resynced", mailbox=self._mailbox.name, folder=self._folder, reason=start.reason)
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
            before = self._record.older(known.uid_epoch)
            return Older(below=below, first=before.first and not before.finished(known), anew=True), 0
        there = [uid for first, last in windows(0, below) for uid in connection.search(first, last) if uid < below]
        take, wanted = self._mailbox.take, None
        if take.which is not Taken.ALL:
            asked = () if take.which is Taken.NEW else windows(0, below)
            wanted = frozenset(uid for first, last in asked for uid in connection.search(first, last, take) if uid < below)
        return Older(below=below, first=True, wanted=wanted), len(there)

    def _follow(self, connection: Connection, position: Position, found: Sequence[int]) -> int:
        taken = 0
        older, unsettled = self._record.older(position.uid_epoch), self._record.unacknowledged(position.uid_epoch)
        for action in plan(position, found, unsettled=unsettled, suspects=self._intake.poison, older=older):
            match action:
                case Index(uids=uids):
                    self._intake.index(connection, position.uid_epoch, uids)
                    if self._stopping.is_set():
                        break
                case Fetch(uids=uids):
                    taken += self._intake.take(connection, position.uid_epoch, uids)
                    if self._stopping.is_set():
                        break
                case Acknowledge():
                    self._acknowledger.acknowledge(connection, position.uid_epoch)
                case _:
                    assert_never(action)
        return taken

    def _progress(self, detail: str) -> None:
        self._report(self.name, True, detail)

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
