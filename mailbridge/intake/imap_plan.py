"""Plans the next steps in an IMAP folder, from our position and the server's answers.  Pure.

A mail on a server is identified by (account, folder, UID epoch, UID).  The UID epoch is the server's UIDVALIDITY (RFC 9051 2.3.1.1) with a
counter of ours in the bits above its 32.  The counter goes up where UIDVALIDITY alone is wrong, because a server has none or used UIDs
twice.  So no mail is taken for another one with the same UID.  Mails that are fetched twice are recognised later by their content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

BATCH = 50  # mails fetched and committed together
HEADS = 500  # mails of which only the header is fetched, committed together
WINDOW = 100_000  # UIDs in one search, so that its answer is one line of limited length
SERVERS = 0xFFFFFFFF  # the server's bits of a UID epoch

FIRST_WAIT = 1.0  # seconds before the second try
NETWORK_CAP = 40.0  # seconds between tries of a server that does not answer
LOGIN_CAP = 900.0  # seconds between tries of a refused password, so that no server locks the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Every mail of the UID epoch up to `last_uid` is in the inbox."""

    uid_epoch: int
    last_uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What the server said when the folder was opened; 0 where it said nothing.

    `fresh`: it was opened just now.  Later the UIDNEXT is out of date, and UIDVALIDITY cannot change while the folder is open.
    """

    uidvalidity: int
    uidnext: int
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """The known UIDs are no longer valid: the folder is read from the start, at `position`."""

    position: Position
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Fetch and commit these mails together, in this order."""

    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """These mails are older than the desk and not wanted: store their threads, by their headers."""

    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Flag, move or delete every committed mail on the server."""


Action = Fetch | Index | Acknowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """Mails that were in the folder before reading began: their UIDs are below `below`.  `wanted`: those to fetch; None: all.

    `first`: the mails are older than the desk.  `anew`: the folder was read before under other UIDs, so some may be known.
    """

    below: int = 0
    first: bool = False
    anew: bool = False
    wanted: frozenset[int] | None = None

    def unwanted(self, uid: int) -> bool:
        return uid < self.below and self.wanted is not None and uid not in self.wanted

    def finished(self, position: Position) -> bool:
        """Whether the position is behind all of them."""
        return position.last_uid >= self.below - 1


NOTHING_OLDER = Older()


def at_select(known: Position | None, selected: Selected) -> Position | Resync:
    """The position to continue from, or a Resync."""
    if known is None:
        return Resync(position=Position(uid_epoch=selected.uidvalidity, last_uid=0), reason="first time")
    if not selected.fresh:
        return known
    if known.uid_epoch & SERVERS != selected.uidvalidity:
        return Resync(
            position=Position(uid_epoch=_next_uid_epoch(known.uid_epoch, selected.uidvalidity), last_uid=0), reason="UIDVALIDITY changed"
        )
    if selected.uidvalidity == 0:
        return Resync(position=Position(uid_epoch=_next_uid_epoch(known.uid_epoch, 0), last_uid=0), reason="server without UIDVALIDITY")
    if 0 < selected.uidnext <= known.last_uid:
        return Resync(
            position=Position(uid_epoch=_next_uid_epoch(known.uid_epoch, selected.uidvalidity), last_uid=0), reason="UIDs given twice"
        )
    return known


def _next_uid_epoch(uid_epoch: int, uidvalidity: int) -> int:
    return ((uid_epoch >> 32) + 1) << 32 | uidvalidity


def windows(last_uid: int, uidnext: int) -> Iterator[tuple[int, int | None]]:
    """(first, last) UIDs to search for new mails.  The last window is open, for mails that came since the folder was opened."""
    first = last_uid + 1
    while uidnext - first > WINDOW:
        yield first, first + WINDOW - 1
        first += WINDOW
    yield first, None


def news(found: Iterable[int], last_uid: int) -> tuple[int, ...]:
    """The new UIDs, in order.  `n:*` finds the last mail of the folder also when its UID is below n (RFC 9051 9, seq-range)."""
    return tuple(sorted({uid for uid in found if uid > last_uid}))


def plan(
    position: Position,
    found: Iterable[int],
    *,
    unsettled: Sequence[int],
    suspects: Iterable[int] = (),
    older: Older = NOTHING_OLDER,
) -> list[Action]:
    """The steps of one turn, in the order of the UIDs.  `found`: the UIDs on the server.  `suspects`: UIDs whose fetching failed before;
    they are fetched alone, so that a poison mail does not affect others."""
    actions: list[Action] = [Acknowledge()] if unsettled else []
    alone = frozenset(suspects)
    for unwanted, uids in groupby(news(found, position.last_uid), older.unwanted):
        for batch in batches(tuple(uids), alone, HEADS if unwanted else BATCH):
            actions += [Index(uids=batch)] if unwanted else [Fetch(uids=batch), Acknowledge()]
    return actions


def packed(uids: Iterable[int]) -> str:
    """The UIDs as a set of RFC 9051 (`1:4,7`); '' for none."""
    ranges: list[list[int]] = []
    for uid in sorted(set(uids)):
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)


def unpacked(uids: str) -> frozenset[int]:
    """The UIDs of a set that `packed` made."""
    found: set[int] = set()
    for part in uids.split(",") if uids else ():
        first, _, last = part.partition(":")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def batches(uids: Sequence[int], suspects: frozenset[int], most: int = BATCH) -> Iterator[tuple[int, ...]]:
    """The UIDs in order, at most `most` at once, each suspect alone."""
    batch: list[int] = []
    for uid in uids:
        if batch and (uid in suspects or len(batch) == most):
            yield tuple(batch)
            batch = []
        batch.append(uid)
        if uid in suspects:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


def wait_after(failures: int, *, refused: bool, chance: float) -> float:
    """Seconds to wait after so many consecutive failures: doubled each time, capped, and spread by `chance` in [0, 1) over its upper half.
    """
    cap = LOGIN_CAP if refused else NETWORK_CAP
    first = 15 * FIRST_WAIT if refused else FIRST_WAIT
    longest = min(cap, first * 2.0 ** min(max(failures - 1, 0), 20))
    return longest * (0.5 + chance / 2)
