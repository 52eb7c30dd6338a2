"""Reads the folders of IMAP mailboxes: one thread, one connection and one Poller for each.

A mail is fetched, committed together with the cursor, and only then flagged, moved or deleted on the server.  A crash between two of
these steps repeats the step: the inbox knows a mail by its place on the server, and what is not settled yet stays in the store.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from typing import Protocol, assert_never

from mailbridge.clock import Clock, SystemClock
from mailbridge.config import After, Mailbox
from mailbridge.errors import StoreAway, Transient
from mailbridge.intake.envelope import Envelope, Source
from mailbridge.intake.imap_connection import STEP, Connection, LoginRefused, Lost, Refused, Seen
from mailbridge.intake.imap_plan import Fetch, Position, Resync, Selected, Settle, at_select, plan, wait_after, windows
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import Log, Silent
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

DONE_KEYWORD = "$MailbridgeDone"
SEEN_FLAG = r"\Seen"
IDLE_SLICE = 120.0  # seconds; far below the 9 minutes after which some servers and routers forget a silent connection (RFC 2177: 29)
FIRST_SLICE = 0.25  # seconds of the first IDLE after news; each further one is twice as long
ROUND_BYTES = 8 << 20  # bytes of small mails asked for in one FETCH
SETTLE_AT_ONCE = 200  # mails a command
STORE_CAP = 30.0  # seconds between tries while the store is away

# A mail whose fetching goes wrong is suspected.  Ten lost connections or three refusals while it alone was fetched convict it.
SUSPICION_LOST = 1
SUSPICION_REFUSED = 4
CONVICTED = 10


class Report(Protocol):
    def __call__(self, name: str, ok: bool, detail: str, /) -> None:
        """Health is told how the last round of a folder went; `name` is mailbox/folder."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """A mail of this turn.  `fault` set: it could not be fetched whole, and why; `raw` is its header then."""

    uid: int
    raw: bytes
    received_at: datetime
    fault: str = ""


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
        report: Report = lambda name, ok, detail: None,
        log: Log | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`largest`: bytes a mail may have (limits.mail_size); a larger one is quarantined with its header and left on the server."""
        self.name = f"{mailbox.name}/{folder}"
        self._mailbox = mailbox
        self._folder = folder
        self._inbox = inbox
        self._store = store
        self._largest = largest
        self._clock = clock or SystemClock()
        self._report = report
        self._log = log or Silent()
        self._chance = chance
        self._connection: Connection | None = None
        self._selected: Selected | None = None
        self._suspicion: dict[int, int] = {}
        self._settle_trouble = ""
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
        position = self._position()
        start = at_select(position, selected)
        last_uid = start.position.last_uid if isinstance(start, Resync) else start.last_uid
        found = [uid for first, last in windows(last_uid, selected.uidnext) for uid in connection.search(first, last)]
        taken = self._follow(connection, position, selected, found)
        self._report(self.name, True, f"{taken} new")
        if taken:
            self._slice = FIRST_SLICE
        return taken

    def _follow(self, connection: Connection, known: Position | None, selected: Selected, found: Sequence[int]) -> int:
        taken = 0
        position = known or Position(epoch=selected.uidvalidity, last_uid=0)
        for action in plan(known, selected, found, unsettled=self._unsettled(position.epoch), suspects=self._suspicion):
            match action:
                case Resync(position=position, reason=reason):
                    self._restart(position, reason)
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
        if self._connection is None:
            self._connection = Connection(self._mailbox, self._largest)
            self._selected = None
        if self._selected is None:
            self._selected = self._connection.select(self._folder, readonly=self._mailbox.after is After.LEAVE)
            self._log.info("folder_opened", mailbox=self._mailbox.name, folder=self._folder, uidvalidity=self._selected.uidvalidity)
            return self._connection, self._selected
        self._connection.look()
        self._selected = replace(self._selected, fresh=False)
        return self._connection, self._selected

    def _disconnect(self) -> None:
        connection, self._connection, self._selected = self._connection, None, None
        if connection is not None:
            connection.close()

    def _wait_for_news(self) -> None:
        """Until the server has news, the next round is due, or stop() is called.

        A mail that came while we fetched and flagged may have been announced in the answer to one of our commands, and IDLE does not
        announce it again: so the first slices are short.
        """
        if self._stopping.is_set():
            return
        seconds = self._mailbox.poll.total_seconds()
        if self._mailbox.idle and self._connection is not None and self._connection.can_idle:
            self._connection.idle(min(seconds, IDLE_SLICE, self._slice), self._bell.fileno())
            self._slice = min(2 * self._slice, IDLE_SLICE)
        else:
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _hear(self, trouble: Transient, failures: int) -> None:
        """The trouble is told, and it is time for another try."""
        if isinstance(trouble, StoreAway):
            wait = min(wait_after(failures, refused=False, chance=self._chance()), STORE_CAP)
        else:
            self._disconnect()
            wait = wait_after(failures, refused=isinstance(trouble, LoginRefused), chance=self._chance())
        if not self._stopping.is_set():
            self._report(self.name, False, str(trouble))
            self._log.warning(
                "poll_failed", mailbox=self._mailbox.name, folder=self._folder, reason=str(trouble), failures=failures, wait=round(wait, 1)
            )
            self._sleep(wait)

    # Taking mails in

    def _take(self, connection: Connection, epoch: int, uids: tuple[int, ...]) -> int:
        """These mails are in the inbox and the cursor is behind them; how many there were."""
        with self._suspecting(uids):
            mails = self._given_up(uids) or self._fetch(connection, uids)
            self._keep(mails, Position(epoch=epoch, last_uid=uids[-1]))
        for uid in uids:
            self._suspicion.pop(uid, None)
        self._log.info(
            "mails_fetched", mailbox=self._mailbox.name, folder=self._folder, mails=len(mails), size=sum(len(mail.raw) for mail in mails)
        )
        return len(mails)

    def _fetch(self, connection: Connection, uids: Sequence[int]) -> list[_Fetched]:
        seen = connection.sizes(uids)
        bodies = {uid: raw for part in _rounds(uids, seen) for uid, raw in connection.bodies(part).items()}
        mails = [self._fetched(connection, uid, seen[uid], bodies.get(uid)) for uid in uids if uid in seen]
        return [mail for mail in mails if mail is not None]

    def _fetched(self, connection: Connection, uid: int, seen: Seen, raw: bytes | None) -> _Fetched | None:
        """The mail, or what there is of it; None when it went away while we were looking."""
        now = self._clock.now()
        received_at = min(seen.received_at or now, now)
        if seen.size <= self._largest and raw is None:
            raw = connection.big_body(uid, self._largest)
            if raw is None:
                self._must_be_gone(connection, uid)
                return None
        if raw is None or len(raw) > self._largest:
            fault = f"the mail is larger than {self._largest} bytes ({max(seen.size, len(raw or b''))}); it was left on the server"
            return _Fetched(uid=uid, raw=connection.header(uid), received_at=received_at, fault=fault)
        return _Fetched(uid=uid, raw=raw, received_at=received_at)

    def _must_be_gone(self, connection: Connection, uid: int) -> None:
        """Returns when the mail was taken away by somebody else; a server that has it and does not give it is trouble."""
        if uid in connection.search(uid, uid):
            raise Refused("the IMAP server gives no content for a mail", uid=uid, folder=self._folder)

    def _keep(self, mails: Sequence[_Fetched], position: Position) -> None:
        def also(tx: Tx) -> None:
            tx.cursors.set(self._mailbox.name, self._folder, position.epoch, position.last_uid)

        whole = [(mail.raw, self._envelope(mail, position.epoch)) for mail in mails if not mail.fault]
        faulty = [mail for mail in mails if mail.fault]
        if faulty:
            self._set_aside(faulty, position.epoch)
        self._inbox.accept_all(whole, also)

    def _set_aside(self, mails: Sequence[_Fetched], epoch: int) -> None:
        """A mail that cannot be had whole is in quarantine, and stays on the server as it is: a person has to look."""
        with self._store.write() as tx:
            for mail in mails:
                inbox_id = tx.inbox.add_many([(mail.raw, self._envelope(mail, epoch))])[0]
                tx.inbox.quarantine(inbox_id, mail.fault, self._clock.now())
                tx.cursors.settled(self._mailbox.name, self._folder, epoch, [mail.uid])
        for mail in mails:
            self._log.warning("mail_not_fetched", mailbox=self._mailbox.name, folder=self._folder, uid=mail.uid, reason=mail.fault)

    def _envelope(self, mail: _Fetched, epoch: int) -> Envelope:
        return Envelope(
            source=Source.IMAP,
            received_at=mail.received_at,
            account=self._mailbox.name,
            folder=self._folder,
            uidvalidity=epoch,
            uid=mail.uid,
        )

    @contextmanager
    def _suspecting(self, uids: Sequence[int]) -> Iterator[None]:
        """What goes wrong inside makes these mails suspect: from then on each is fetched alone, and in the end the guilty one is known.

        In a batch nobody knows whose fault it was, so none comes nearer to being convicted.
        """
        try:
            yield
        except StoreAway:
            raise
        except Exception as error:
            weight = SUSPICION_LOST if isinstance(error, Lost) else SUSPICION_REFUSED
            for uid in uids:
                self._suspicion[uid] = self._suspicion.get(uid, 0) + (weight if len(uids) == 1 else 0)
            raise

    def _given_up(self, uids: Sequence[int]) -> list[_Fetched]:
        """What is kept of a mail that could not be had at all: that it is there."""
        convicted = [uid for uid in uids if self._suspicion.get(uid, 0) >= CONVICTED]
        fault = "the mail cannot be fetched from the IMAP server; it was left there"
        return [_Fetched(uid=uid, raw=b"", received_at=self._clock.now(), fault=fault) for uid in convicted]

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
        except Refused as refusal:
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

    def _restart(self, position: Position, reason: str) -> None:
        with self._store.write() as tx:
            tx.cursors.set(self._mailbox.name, self._folder, position.epoch, position.last_uid)
        self._suspicion.clear()
        self._log.info("folder_resynced", mailbox=self._mailbox.name, folder=self._folder, reason=reason)


def _rounds(uids: Sequence[int], seen: dict[int, Seen]) -> Iterator[list[int]]:
    """The small mails, as many at once as make no more than ROUND_BYTES; the others are fetched in steps."""
    part: list[int] = []
    size = 0
    for uid in uids:
        if uid not in seen or seen[uid].size > STEP:
            continue
        if part and size + seen[uid].size > ROUND_BYTES:
            yield part
            part, size = [], 0
        part.append(uid)
        size += seen[uid].size
    if part:
        yield part
