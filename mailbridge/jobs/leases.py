"""Keeps the leases of this process, and releases those of processes that are gone.

One statement every few seconds renews all claims of the process, however many there are.  Who is not seen renewing for LASTS, by the clock
of the one who looks, counts as dead: what it has claimed can be claimed at once.  It may only have been stopped for a while; then it finds
that it lost its leases, records nothing more for them and goes on under a new number (`store.lease_holders`).

SQLite has one process.  It renews nothing, and the daemon releases all claims at its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Lock, Thread
from time import monotonic

from mailbridge import __version__
from mailbridge.clock import Clock
from mailbridge.errors import Transient
from mailbridge.ops import log as logs
from mailbridge.ops.work_loop import process_name
from mailbridge.store.engine import Store
from mailbridge.store.lease_holders import LeaseHolder, owner_name
from mailbridge.store.tx import Tx

EVERY = 4.0  # seconds between two renewals
LASTS = 15.0  # seconds without a renewal after which a process counts as dead
CLOSING = 5.0  # seconds for a renewal in progress at the end

log = logs.get("leases")


class SeenHolders:
    """When each process was last seen renewing, by a clock that never jumps."""

    def __init__(self, lasts: float) -> None:
        self._lasts = lasts
        self._since: dict[int, tuple[int, float]] = {}
        self._looked_at: float | None = None

    def silent(self, holders: Sequence[LeaseHolder], now: float) -> dict[int, float]:
        """The holders that were not renewed for `lasts` seconds, and for how many.

        Who could not look for a while does not know whether others could renew: all that time does not count.
        """
        if self._looked_at is None or now - self._looked_at > self._lasts / 2:
            self._since = {}
        self._looked_at = now
        known, self._since = self._since, {}
        for holder in holders:
            renewals, since = known.get(holder.id, (None, now))
            self._since[holder.id] = (holder.renewals, since if renewals == holder.renewals else now)
        return {id: now - since for id, (_, since) in self._since.items() if now - since >= self._lasts}


class LeaseKeeper:
    """The leases of one process.  Registers with the first question for an owner; then renews in a thread of its own, until `close`."""

    def __init__(self, store: Store, clock: Clock, *, every: float = EVERY, lasts: float = LASTS) -> None:
        self._store, self._clock = store, clock
        self._every, self._lasts = every, lasts
        self._seen = SeenHolders(lasts)
        self._holder: int | None = None
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None

    def owner(self) -> str:
        """What the names of the lease owners of this process begin with; a colon follows.  Raises StoreAway."""
        with self._lock:
            if self._holder is None:
                self._holder = self._registered()
            if self._thread is None and not self._store.is_sqlite and not self._closing.is_set():
                self._thread = Thread(target=self._keep, name="leases", daemon=True)
                self._thread.start()
            return owner_name(self._holder)

    def alone(self) -> None:
        """No other process works on this database (SQLite): all claims are of processes that ended, and can be claimed at once."""
        self.owner()
        with self._store.write() as tx:
            tx.inbox.release()
            tx.outbox.release()
            tx.webhooks.release()
            tx.grants.release()
            tx.lease_holders.remove_others(self._holder or 0)

    def look(self) -> None:
        """Renews the leases of this process, and releases the claims of those who are gone.  Raises Transient."""
        with self._store.write() as tx:
            lives = self._holder is not None and tx.lease_holders.renew(self._holder, self._clock.now())
            holders = tx.lease_holders.all()
        if not lives:
            self._begin_anew()
        silent = self._seen.silent(holders, monotonic())
        for holder in holders:
            if holder.id != self._holder and (holder.dead or holder.id in silent):
                self._release(holder, silent.get(holder.id, 0.0))

    def close(self) -> None:
        """The claims that are left can be claimed at once; the process holds no leases any more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING)
        with self._lock:
            holder, self._holder = self._holder, None
        if holder is None:
            return
        try:
            with self._store.write() as tx:
                _release_all(tx, holder)
                tx.lease_holders.remove(holder)
        except Transient as error:  # others release them in a while
            log.warning("leases_not_given_back", error=str(error))

    def _keep(self) -> None:
        while not self._closing.wait(self._every):
            try:
                self.look()
            except Transient as error:
                log.warning("store_away", error=str(error))
            except Exception:  # an internal error must not end the thread
                log.exception("leases_not_renewed")

    def _registered(self) -> int:
        with self._store.write() as tx:
            return tx.lease_holders.register(process_name(), __version__, self._clock.now())

    def _begin_anew(self) -> None:
        log.warning("leases_lost", reason="this process did not renew them in time; what it had in hand is done again")
        with self._lock:
            self._holder = self._registered()

    def _release(self, holder: LeaseHolder, silent: float) -> None:
        """What the dead process has claimed is free.  Its row stays for a while: a claim that began before its death ends after it."""
        with self._store.write() as tx:
            if not holder.dead and not tx.lease_holders.bury(holder.id, holder.renewals):
                return
            freed = _release_all(tx, holder.id)
            if silent >= 2 * self._lasts and not any(queue.has_held(holder.id) for queue in (tx.inbox, tx.outbox, tx.webhooks)):
                tx.lease_holders.remove(holder.id)
        if not holder.dead or any(freed.values()):
            log.warning("process_gone", process=holder.name, seen=holder.seen_at.isoformat(), **freed)


def _release_all(tx: Tx, holder: int) -> dict[str, int]:
    """How many rows of each queue became free.  Whoever waits for them is woken."""
    freed = {"inbox": tx.inbox.release_held(holder), "outbox": tx.outbox.release_held(holder), "webhooks": tx.webhooks.release_held(holder)}
    for channel in [name for name, rows in freed.items() if rows]:
        tx.wake(channel)
    return freed
