"""Fetches mails from an IMAP folder, complete where possible.  An error in one mail does not affect the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mailbridge.errors import StoreAway
from mailbridge.intake.imap_connection import STEP, Connection
from mailbridge.intake.imap_errors import CommandRefused, Lost
from mailbridge.intake.imap_items import MailSummary

ROUND_BYTES = 8 << 20  # bytes of small mails asked for in one FETCH
LOAD_BYTES = 32 << 20  # bytes held in memory and committed together; a single mail may be larger

# A mail is poison after ten lost connections or three refusals while it was fetched alone.
WEIGHT_LOST = 1
WEIGHT_REFUSED = 4
POISONED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail from the server.  `fault`: why it could not be fetched completely; `raw` is then its header, or empty."""

    uid: int
    raw: bytes
    received_at: datetime
    fault: str = ""


class PoisonTracker:
    """Counts failures by mail (UID).  Mails with failures are fetched alone."""

    def __init__(self) -> None:
        self._weight: dict[int, int] = {}

    def __iter__(self) -> Iterator[int]:
        return iter(self._weight)

    def forget(self, uids: Sequence[int] | None = None) -> None:
        """Clears the failure count (of all mails if None)."""
        for uid in tuple(self._weight) if uids is None else uids:
            self._weight.pop(uid, None)

    def poisoned(self, uid: int) -> bool:
        """Whether the mail has failed often enough."""
        return self._weight.get(uid, 0) >= POISONED

    @contextmanager
    def watch(self, uids: Sequence[int]) -> Iterator[None]:
        """Counts an error inside the block for these mails, so that each is fetched alone from then on.

        An error in a batch adds no weight, because it is not known which mail caused it.
        """
        try:
            yield
        except StoreAway:
            raise
        except Exception as error:
            weight = WEIGHT_LOST if isinstance(error, Lost) else WEIGHT_REFUSED
            for uid in uids:
                self._weight[uid] = self._weight.get(uid, 0) + (weight if len(uids) == 1 else 0)
            raise


def given_up(uid: int, now: datetime) -> Fetched:
    """The entry for a mail that cannot be fetched at all."""
    return Fetched(uid=uid, raw=b"", received_at=now, fault="the mail cannot be fetched from the IMAP server; it was left there")


def fetch(
    connection: Connection, uids: Sequence[int], seen: Mapping[int, MailSummary], largest: int, now: Callable[[], datetime]
) -> list[Fetched]:
    """The mails of one load, in order, without those that were deleted meanwhile."""
    for uid in uids:
        if uid not in seen:
            _must_be_gone(connection, uid)
    bodies = {uid: raw for part in rounds(uids, seen) for uid, raw in connection.bodies(part, sum(seen[uid].size for uid in part)).items()}
    mails = [_fetched(connection, uid, seen[uid], bodies.get(uid), largest, now()) for uid in uids if uid in seen]
    return [mail for mail in mails if mail is not None]


def _fetched(connection: Connection, uid: int, seen: MailSummary, raw: bytes | None, largest: int, now: datetime) -> Fetched | None:
    """The mail, or the part of it that is available; None where it was deleted meanwhile."""
    received_at = min(seen.received_at or now, now)  # the server's clock may be fast
    if seen.size <= largest and (raw is None or len(raw) < seen.size):
        # Sizes are estimates on some servers (Exchange). So a shorter mail is fetched once more, in steps, and the longer copy is used.
        again = connection.big_body(uid, largest)
        raw = max(filter(None, (raw, again)), key=len, default=None)
        if raw is None:
            _must_be_gone(connection, uid)
            return None
    if raw is None or len(raw) > largest:
        size = max(seen.size, len(raw or b""))
        fault = f"the mail is larger than {largest} bytes ({size}); it was left on the server"
        return Fetched(uid=uid, raw=connection.header(uid), received_at=received_at, fault=fault)
    return Fetched(uid=uid, raw=raw, received_at=received_at)


def _must_be_gone(connection: Connection, uid: int) -> None:
    """Returns where the mail was deleted meanwhile.  Raises CommandRefused where the server has it and does not give it."""
    if uid in connection.search(uid, uid):
        raise CommandRefused("the IMAP server gives no content for a mail", uid=uid, **connection.where)


def loads(uids: Sequence[int], seen: Mapping[int, MailSummary], largest: int) -> Iterator[list[int]]:
    """The mails in order, in groups of at most LOAD_BYTES.  A mail that is too large to be fetched counts zero."""
    sizes = {uid: seen[uid].size if uid in seen and seen[uid].size <= largest else 0 for uid in uids}
    return _batches(uids, sizes, LOAD_BYTES)


def rounds(uids: Sequence[int], seen: Mapping[int, MailSummary]) -> Iterator[list[int]]:
    """The small mails, in groups of at most ROUND_BYTES.  The others are fetched in steps."""
    small = {uid: seen[uid].size for uid in uids if uid in seen and seen[uid].size <= STEP}
    return _batches(list(small), small, ROUND_BYTES)


def _batches(uids: Sequence[int], sizes: Mapping[int, int], most: int) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for uid in uids:
        if batch and size + sizes[uid] > most:
            yield batch
            batch, size = [], 0
        batch.append(uid)
        size += sizes[uid]
    if batch:
        yield batch
