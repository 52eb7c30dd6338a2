"""Drains the inbox: claim, read where it can be killed, ask others where that is configured, process, commit.

A turn takes up to `batch` mails, reads them in child processes, has senders and content checked, then writes them in one
transaction with a savepoint for each: one fsync serves many mails when there is a backlog, one mail when there is none.  Several
workers may run at once, as threads of one process (their transactions keep the order of their claims) or as processes on one
PostgreSQL (claims skip what others hold; a mail that answers an earlier, unfinished one waits for it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition, Event
from time import perf_counter, perf_counter_ns, time_ns

from mailbridge.checks.channels import Channels
from mailbridge.checks.examine import Examined, Examiner, Unexamined
from mailbridge.clock import Clock
from mailbridge.errors import LeaseLost, MailbridgeError, StoreAway, Transient
from mailbridge.execution.desk import Desk
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.outcome import LostRace, MailOutcome, MailResult
from mailbridge.handling.pairing import paired
from mailbridge.handling.retry import Deferral, hold
from mailbridge.message.encryption import Opening
from mailbridge.message.headers import header_block
from mailbridge.message.limits import HEADER_BYTES
from mailbridge.message.model import Message
from mailbridge.message.replacing import replace
from mailbridge.ops import crash, telemetry, work_loop
from mailbridge.ops import log as logs
from mailbridge.ops.metrics import Metrics
from mailbridge.organisation.model import Organisation
from mailbridge.pipeline import process
from mailbridge.sandbox.limits import ReadingFailed
from mailbridge.sandbox.pool import Readers
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import ClaimedMail
from mailbridge.store.tx import Tx

LEASE = timedelta(minutes=5)
CHECKS = LEASE / 2  # for the checks of a turn: the claims must outlive them, so the rest waits for the next one
# Mails a transaction while other processes work too: a longer one holds more tickets that they wait for, up to a deadlock.
SHARED_COMMIT = 5
TURN_BYTES = 16 << 20  # raw mail a transaction; a bigger mail goes alone
SOON = timedelta(seconds=1)

Ready = Examined | Unexamined | ReadingFailed | None  # None: there was no time left to check it

log = logs.get("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One mail's result."""

    inbox: int
    result: MailResult
    trace: str = ""


class CommitOrder:
    """Batches commit in claim order."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._next = 0
        self._under_way: set[int] = set()

    def take(self) -> int:
        with self._condition:
            self._next += 1
            self._under_way.add(self._next)
            return self._next

    def wait(self, number: int) -> None:
        """Returns when no turn with a smaller number is under way."""
        with self._condition:
            self._condition.wait_for(lambda: min(self._under_way) == number)

    def pass_by(self, number: int) -> None:
        with self._condition:
            self._under_way.discard(number)
            self._condition.notify_all()


class Worker:
    """Turns inbox rows into outcomes.  `desk` gives the configuration and the rules of the moment, so that a reload takes effect.  What was
    changed about customers is looked at in the transaction of each mail."""

    def __init__(
        self,
        store: Store,
        readers: Readers,
        desk: Callable[[], Desk],
        clock: Clock,
        *,
        channels: Channels,
        examiner: Examiner | None = None,
        on_quarantine: Callable[[int, str], None] = lambda _inbox, _reason: None,
        metrics: Metrics | None = None,
        owner: Callable[[], str] = work_loop.process_name,
        open_mail: Callable[[bytes], Opening | None] = lambda _raw: None,
    ) -> None:
        """`owner` gives what the names of the lease owners of this process begin with.

        `open_mail` gives what was in a mail that came encrypted, or why it stays closed; None for any other mail.
        """
        self._open_mail = open_mail
        self._store, self._readers, self._desk, self._clock = store, readers, desk, clock
        self._channels, self._examiner = channels, examiner
        self._on_quarantine = on_quarantine
        self._metrics = metrics or Metrics()
        self._commit_order = CommitOrder()
        self._claiming = Condition()
        self._owner = owner
        self._broken_off: list[str] = []  # owners of turns that the store ended: their claims are given up

    def run(self, stop: Event, wake: Event) -> None:
        """Works until `stop`; sleeps until `wake` or a second has passed when there is nothing to do."""
        work_loop.work(self.one_turn, stop, wake, log)

    def one_turn(self) -> list[Done]:
        """Claims what waits, works it off, and says what became of each mail; empty when there was nothing to do.

        Raises Transient (StoreAway) when the store is in the way; what was claimed is free again by the next turn.  A claim that failed may
        have been committed all the same, where its answer was lost.
        """
        process = self._owner()
        with self._claiming:
            number = self._commit_order.take()
            owner = f"{process}:{number}"
            try:
                claimed, most = self._claim(process, owner)
            except BaseException:
                self._broken_off.append(owner)
                self._commit_order.pass_by(number)
                raise
        if not claimed:
            self._commit_order.pass_by(number)
            return []
        crash.point("pipeline.claimed")
        try:
            done: list[Done] = []
            until = self._examiner.until(CHECKS.total_seconds()) if self._examiner else 0.0
            for batch in _batches(claimed, most):
                examined = self._examine(batch, self._measured(batch), until)
                self._commit_order.wait(number)
                done += self._write(batch, examined, owner)
            return done
        except Transient:
            self._broken_off.append(owner)
            raise
        finally:
            self._commit_order.pass_by(number)

    def _claim(self, process: str, owner: str) -> tuple[Sequence[ClaimedMail], int]:
        """What this turn works off, and how many mails may share a transaction."""
        limit = self._desk().config.batch
        broken_off = tuple(self._broken_off)  # another thread may add to the list meanwhile
        with self._store.write() as tx:
            for earlier in broken_off:
                tx.inbox.release(earlier)
            now = self._clock.now()
            shared = bool(not self._store.is_sqlite and tx.inbox.others_at_work(f"{process}:", now))
            claimed = tx.inbox.claim(owner, limit, LEASE, now)
        for earlier in broken_off:
            self._broken_off.remove(earlier)
        return claimed, min(limit, SHARED_COMMIT) if shared else limit

    def _measured(self, batch: Sequence[ClaimedMail]) -> list[Message | ReadingFailed]:
        """As `_read`.  The mails of a batch are read side by side, so all have its time."""
        if not telemetry.is_on():
            return self._read(batch)
        began, start = perf_counter_ns(), time_ns()
        read = self._read(batch)
        for waiting, one in zip(batch, read, strict=True):
            kind = str(one.kind) if isinstance(one, Message) else "unreadable"
            telemetry.add_span("parsed", waiting.envelope.trace, start, start + perf_counter_ns() - began, size=waiting.size, kind=kind)
        return read

    def _read(self, batch: Sequence[ClaimedMail]) -> list[Message | ReadingFailed]:
        """The mails of a batch as facts, read in children; the raw bytes are fetched only when a child is free for them.

        A mail that may be a colleague's is read in a child of its own: a stranger's mail that took a child over must not write in it.
        Who wrote a mail is judged here, from the header and the envelope; what the child says about it is thrown away.
        """
        found: dict[int, Message | ReadingFailed] = {}
        headers: dict[int, bytes] = {}
        encrypted: dict[int, Opening] = {}
        colleagues = _addresses(self._desk().organisation)

        with self._store.read() as tx:  # one read transaction for the whole batch: it blocks no writer

            def readable(index: int) -> bytes:
                """The mail as it came, or opened where it was encrypted to the desk.  Who wrote it is judged by what came."""
                raw = tx.blobs.get(batch[index].sha256)
                headers[index] = header_block(raw)
                if (opening := self._open_mail(raw)) is None:
                    return raw
                encrypted[index] = opening
                return raw if opening.content is None else opening.content

            def load(index: int) -> tuple[bytes, str | None] | None:
                raw = readable(index)
                if len(batch) > 1 and _names_one(raw, colleagues):
                    return None
                return raw, batch[index].envelope.mail_from

            self._readers.read_many(len(batch), load, found.__setitem__)
            for index in set(range(len(batch))) - found.keys():
                found[index] = self._readers.read(readable(index), batch[index].envelope.mail_from)
            pairings = paired(tx, self._desk().organisation)
        for _ in filter(lambda one: isinstance(one, ReadingFailed), found.values()):
            self._metrics.reader_lost()
        for index, one in found.items():
            if isinstance(one, Message):
                sender = self._channels.sender(headers[index], batch[index].envelope, pairings)
                notes = (encrypted[index].note,) if index in encrypted else ()
                found[index] = replace(one, sender=sender, defects=(*one.defects, *notes))
        return [found[index] for index in range(len(batch))]

    def _examine(self, batch: Sequence[ClaimedMail], read: Sequence[Message | ReadingFailed], until: float) -> list[Ready]:
        """The mails that could be read, checked by the DNS and by scanners where that is configured; no transaction is open."""
        if self._examiner is None:
            return [Examined(message=one) if isinstance(one, Message) else one for one in read]
        readable = [(waiting, one) for waiting, one in zip(batch, read, strict=True) if isinstance(one, Message)]
        mails = [(message, waiting.envelope) for waiting, message in readable]
        examined = self._examiner.examine(mails, lambda index: self._raw(readable[index][0]), until=until)
        for (waiting, _), one in zip(readable, examined, strict=True):
            if isinstance(one, Examined) and one.scan.silences:
                why = [silence.reason for silence in one.scan.silences]
                log.warning("mail_not_scanned", inbox=waiting.id, trace=waiting.envelope.trace, why=why)
        ready = iter(examined)
        return [next(ready) if isinstance(one, Message) else one for one in read]

    def _raw(self, waiting: ClaimedMail) -> bytes:
        with self._store.read() as tx:
            return tx.blobs.get(waiting.sha256)

    def _write(self, batch: Sequence[ClaimedMail], mails: Sequence[Ready], owner: str) -> list[Done]:
        """One transaction for the batch.  Nothing of it counts before the commit, so nothing is logged or notified before it either.

        Mails that make trouble are rare and savepoints are not free: only where one does is the batch done again, each mail apart.
        """
        try:
            done = self._written(batch, mails, owner, apart=False)
        except StoreAway:
            raise
        except Exception:  # judged at the second try, mail by mail
            done = self._written(batch, mails, owner, apart=True)
        crash.point("pipeline.after_commit")
        self._announce(done)
        self._count(batch, done)
        return done

    def _written(self, batch: Sequence[ClaimedMail], mails: Sequence[Ready], owner: str, *, apart: bool) -> list[Done]:
        desk, done = self._desk(), []
        with self._store.write() as tx:
            for waiting, mail in zip(batch, mails, strict=True):
                with tx.caused_by(waiting.envelope.trace), logs.bound(trace=waiting.envelope.trace):
                    result = self._one(tx, waiting, mail, desk, owner, apart=apart)
                done.append(Done(inbox=waiting.id, trace=waiting.envelope.trace, result=result))
            crash.point("pipeline.before_commit")
        return done

    def _one(self, tx: Tx, waiting: ClaimedMail, mail: Ready, desk: Desk, owner: str, *, apart: bool) -> MailResult:
        """One mail's outcome, or what is to become of a mail that could not be worked.

        `apart`: in a savepoint, so that an error in one mail does not affect the others; else every error is raised.
        """
        if not apart:
            return self._result(tx, waiting, mail, desk, owner, apart=False)
        try:
            return self._result(tx, waiting, mail, desk, owner, apart=True)
        except LeaseLost as error:
            return MailResult(outcome=MailOutcome.WAIT, reason=str(error))

    def _result(self, tx: Tx, waiting: ClaimedMail, mail: Ready, desk: Desk, owner: str, *, apart: bool) -> MailResult:
        """As `_one`.  Raises LeaseLost where another worker has the mail; nothing is recorded for it then."""
        if isinstance(mail, ReadingFailed):
            return self._trouble(tx, waiting, desk, owner, f"it could not be read: {mail.reason}")
        if isinstance(mail, Unexamined):
            return self._trouble(tx, waiting, desk, owner, f"it could not be checked: {mail.reason}")
        if mail is None:
            return self._again(tx, waiting, owner, "the checks of the mails before it took too long")
        if held := hold(mail, waiting.attempts, desk):
            return self._hold(tx, waiting, desk, owner, held)
        arrival = Arrival(id=waiting.id, envelope=waiting.envelope, sha256=waiting.sha256, size=waiting.size).scanned(mail.scan)
        if not apart:
            return self._worked(tx, waiting, mail, arrival, desk, owner)
        try:
            with tx.savepoint():
                return self._worked(tx, waiting, mail, arrival, desk, owner)
        except (StoreAway, LeaseLost):
            raise
        except LostRace as error:
            return self._again(tx, waiting, owner, str(error))
        except Transient as error:
            return self._again(tx, waiting, owner, str(error))
        except MailbridgeError as error:
            return self._trouble(tx, waiting, desk, owner, str(error))
        except Exception as error:  # the one broad catch of the pipeline: a bug of ours must not stop the mails behind this one
            log.exception("mail_failed", inbox=waiting.id)
            return self._trouble(tx, waiting, desk, owner, f"{type(error).__name__}: {error}")

    def _worked(self, tx: Tx, waiting: ClaimedMail, mail: Examined, arrival: Arrival, desk: Desk, owner: str) -> MailResult:
        began = perf_counter()
        result = process(tx, mail.message, arrival, desk.at(tx), self._clock.now())
        if result.outcome is not MailOutcome.CANARY:
            self._metrics.mail_processed(perf_counter() - began)
        self._finish(tx, waiting, owner, result)
        return result

    def _finish(self, tx: Tx, waiting: ClaimedMail, owner: str, result: MailResult) -> None:
        now = self._clock.now()
        crash.point("pipeline.before_finish")
        match result.outcome:
            case MailOutcome.WAIT:
                tx.inbox.defer(waiting.id, now + SOON, forget_attempt=True, owner=owner)
            case MailOutcome.QUARANTINED:
                tx.inbox.quarantine(waiting.id, result.reason, now, owner=owner)
            case _:
                became = (result.outcome, now, result.mail, result.ticket, result.reason)
                tx.inbox.finish(waiting.id, *became, handler=result.handler, owner=owner)

    def _again(self, tx: Tx, waiting: ClaimedMail, owner: str, reason: str) -> MailResult:
        tx.inbox.defer(waiting.id, self._clock.now() + SOON, forget_attempt=True, owner=owner)
        return MailResult(outcome=MailOutcome.WAIT, reason=reason)

    def _hold(self, tx: Tx, waiting: ClaimedMail, desk: Desk, owner: str, held: Deferral) -> MailResult:
        """Tried again later, when those who did not answer may be back."""
        if held.counts and waiting.attempts >= desk.config.limits.tries:
            return self._trouble(tx, waiting, desk, owner, held.reason)
        now = self._clock.now()
        tx.inbox.defer(waiting.id, now + held.pause(now - waiting.envelope.received_at), forget_attempt=not held.counts, owner=owner)
        return MailResult(outcome=MailOutcome.WAIT, reason=held.reason)

    def _trouble(self, tx: Tx, waiting: ClaimedMail, desk: Desk, owner: str, reason: str) -> MailResult:
        """Tried again later, alone; after the last try it goes aside, whole, with its reason."""
        if waiting.attempts < desk.config.limits.tries:
            tx.inbox.defer(waiting.id, self._clock.now() + SOON, forget_attempt=False, owner=owner)
            return MailResult(outcome=MailOutcome.WAIT, reason=reason)
        tx.inbox.quarantine(waiting.id, reason, self._clock.now(), owner=owner)
        return MailResult(outcome=MailOutcome.QUARANTINED, reason=reason)

    def _count(self, batch: Sequence[ClaimedMail], done: Sequence[Done]) -> None:
        now = self._clock.now()
        for waiting, one in zip(batch, done, strict=True):
            if one.result.outcome is MailOutcome.CANARY:
                self._metrics.canary_done()
            elif one.result.outcome is not MailOutcome.WAIT:
                self._metrics.mail_done(one.result.outcome, (now - waiting.envelope.received_at).total_seconds())

    def _announce(self, done: Sequence[Done]) -> None:
        for one in done:
            if one.result.outcome is MailOutcome.WAIT:
                log.info("mail_postponed", inbox=one.inbox, trace=one.trace, reason=one.result.reason)
                continue
            result = one.result
            log.info(
                "mail_processed",
                inbox=one.inbox,
                trace=one.trace,
                outcome=result.outcome,
                handler=result.handler,
                ticket=result.ticket,
                mail=result.mail,
            )
            if one.result.outcome is MailOutcome.QUARANTINED:
                self._on_quarantine(one.inbox, one.result.reason)


def _batches(claimed: Sequence[ClaimedMail], most: int) -> Iterator[list[ClaimedMail]]:
    """The claimed mails in batches of at most `most` mails and TURN_BYTES, in order."""
    run: list[ClaimedMail] = []
    total = 0
    for waiting in claimed:
        if run and (len(run) >= most or total + waiting.size > TURN_BYTES):
            yield run
            run, total = [], 0
        run.append(waiting)
        total += waiting.size
    if run:
        yield run


def _addresses(organisation: Organisation) -> tuple[bytes, ...]:
    """The addresses of the agents who are active, in lower case."""
    agents = [agent for agent in organisation.agents.values() if agent.active]
    return tuple(address.lower().encode() for agent in agents for address in (agent.address, *agent.addresses))


def _names_one(raw: bytes, addresses: Sequence[bytes]) -> bool:
    """Whether one of `addresses` stands in the header, wherever; an address that counts as a sender's stands there plainly."""
    header = raw[:HEADER_BYTES].partition(b"\r\n\r\n")[0].lower()
    return any(address in header for address in addresses)
