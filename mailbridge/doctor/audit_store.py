"""The part of the audit that asks the store alone: every receipt has its mail, and every mail its outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailbridge.doctor.audit_model import AuditOutcome, Loss, MissingMail, SourceCount, lane_name, outcome_of
from mailbridge.doctor.uid_ranges import UidRanges
from mailbridge.intake.imap_old import names_of
from mailbridge.store.audit import Lane, LostMail, NumberGap
from mailbridge.store.passed_uids import UidPlace
from mailbridge.store.receipts import AGAIN, WITHDRAWN
from mailbridge.store.tx import Tx

NOTHING_UNSEEN: Mapping[UidPlace, UidRanges] = {}
MOST_UID = 0xFFFFFFFF  # RFC 9051, 2.3.1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAudit:
    """`lost`: the store's rows of what is missing, by the id of the finding."""

    sources: tuple[SourceCount, ...]
    missing: tuple[MissingMail, ...]
    lost: dict[str, LostMail]
    erased: tuple[int, ...]


def audit_store(tx: Tx, uids: Sequence[MissingMail] = (), unseen: Mapping[UidPlace, UidRanges] = NOTHING_UNSEEN) -> StoreAudit:
    """What the store knows of every mail that was accepted.

    `uids`: UIDs that the comparison with the servers misses.  One whose number is missing too is the same mail, and is named once.
    `unseen`: UIDs of which the server says nothing.  A missing number may belong to one of them, so it is named by itself then.
    """
    found = dict(_lost(tx))
    unreceipted = Counter(one.lane for one in tx.audit.unreceipted())
    lanes = tx.audit.lanes()
    gaps = []
    for lane, (last, _) in lanes.items():
        gaps += _gaps(lane, tx.audit.gaps(lane, last), unreceipted[lane], uids, unseen)
    missing = [_missing(tx, id, why, lost) for id, (why, lost) in found.items()] + gaps
    sources = tuple(_count(tx, lanes, [lost for _, lost in found.values()], gaps, unreceipted))
    linked = {one.id for one in gaps if one.uid is not None}
    rest = [one for one in uids if one.id not in linked]
    return StoreAudit(
        sources=sources,
        missing=(*rest, *missing),
        lost={id: lost for id, (_, lost) in found.items()},
        erased=tuple(tx.audit.erased()),
    )


def _lost(tx: Tx) -> Iterator[tuple[str, tuple[Loss, LostMail]]]:
    """Each mail once, with the first thing that is missing of it."""
    audit, seen = tx.audit, set()
    for why, lost in (
        *((Loss.ROW_LOST, one) for one in audit.rows_lost()),
        *((Loss.MAIL_LOST, one) for one in audit.mails_lost()),
        *((Loss.TICKET_LOST, one) for one in audit.tickets_lost()),
        *((Loss.CONTENT_LOST, one) for one in audit.contents_lost()),
    ):
        if lost.inbox not in seen:
            seen.add(lost.inbox)
            yield f"{lane_name(lost.lane)}#{lost.number}", (why, lost)


def _missing(tx: Tx, id: str, why: Loss, lost: LostMail) -> MissingMail:
    message_id, subject = lost.message_id, lost.subject
    if lost.has_content and not (message_id and subject):
        written = names_of(tx.blobs.get(lost.sha256))
        message_id, subject = message_id or written[0], subject or written[1]
    source, account, folder = lost.lane
    return MissingMail(
        id=id,
        why=why,
        source=source,
        account=account,
        folder=folder,
        epoch=lost.uidvalidity,
        uid=lost.uid,
        number=lost.number,
        inbox=lost.inbox,
        trace=lost.trace,
        message_id=message_id,
        subject=subject,
    )


def _gaps(
    lane: Lane, gaps: Sequence[NumberGap], unreceipted: int, uids: Sequence[MissingMail], unseen: Mapping[UidPlace, UidRanges]
) -> list[MissingMail]:
    """The numbers of a source of which neither receipt nor row is left.  Rows without a receipt explain so many of them."""
    source, account, folder = lane
    here = [one for one in uids if (one.source, one.account, one.folder) == lane and one.uid is not None]
    found = []
    for gap in gaps:
        silent = sum(_unseen(gap, place, ranges) for place, ranges in unseen.items() if (place.account, place.folder) == (account, folder))
        between = iter([one for one in here if _is_between(one, gap)])
        for number in range(gap.first, gap.last + 1):
            known = next(between, None) if number >= gap.first + silent else None
            if known is not None:
                here.remove(known)
                found.append(replace(known, number=number, why=Loss.RECEIPT_LOST if known.why is Loss.EXPUNGED else known.why))
                continue
            id = f"{lane_name(lane)}#{number}"
            found.append(MissingMail(id=id, why=Loss.RECEIPT_LOST, source=source, account=account, folder=folder, number=number))
    return found[unreceipted:]


def _is_between(one: MissingMail, gap: NumberGap) -> bool:
    place = (one.epoch or 0, one.uid or 0)
    return (gap.before is None or gap.before < place) and (gap.behind is None or place < gap.behind)


def _unseen(gap: NumberGap, place: UidPlace, unseen: UidRanges) -> int:
    """How many UIDs of which the server says nothing are between the neighbours of the gap."""
    first = gap.before[1] + 1 if gap.before and gap.before[0] == place.epoch else 1
    last = gap.behind[1] - 1 if gap.behind and gap.behind[0] == place.epoch else MOST_UID
    return len(unseen & UidRanges.of([(first, last)]))


def _count(
    tx: Tx, lanes: dict[Lane, tuple[int, int]], lost: Sequence[LostMail], gaps: Sequence[MissingMail], unreceipted: Counter[Lane]
) -> Iterator[SourceCount]:
    outcomes: dict[Lane, Counter[AuditOutcome | None]] = {}
    rows = tx.audit.outcomes()
    for one in rows:
        outcomes.setdefault(one.lane, Counter())[outcome_of(one)] += one.mails
    for damaged in lost:
        if damaged.counted is not None:
            outcomes[damaged.lane][outcome_of(damaged.counted)] -= 1
    closed = tx.audit.closed()
    for lane in sorted({*lanes, *outcomes}):
        last, receipts = lanes.get(lane, (0, 0))
        numberless = _of(lane, gaps)
        counted = outcomes.get(lane, Counter())
        counted[AuditOutcome.WITHDRAWN] += closed.get((lane, WITHDRAWN), 0)
        source, account, folder = lane
        yield SourceCount(
            source=source,
            account=account,
            folder=folder,
            accepted=receipts + max(last - receipts, 0, unreceipted[lane]),
            outcomes={outcome: counted[outcome] for outcome in AuditOutcome if counted[outcome]},
            in_progress=counted[None],
            again=closed.get((lane, AGAIN), 0),
            missing=numberless + sum(one.lane == lane for one in lost),
        )


def _of(lane: Lane, gaps: Iterable[MissingMail]) -> int:
    return sum((one.source, one.account, one.folder) == lane for one in gaps)
