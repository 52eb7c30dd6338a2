"""The part of the audit that compares an IMAP folder with its server, on a connection of its own that changes nothing (EXAMINE, PEEK)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from mailbridge.doctor.audit_model import FolderCount, Loss, MissingMail
from mailbridge.doctor.uid_ranges import UidRanges
from mailbridge.errors import MailbridgeError
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import CommandRefused
from mailbridge.intake.imap_old import names_of
from mailbridge.intake.imap_plan import SERVERS, unpacked, windows
from mailbridge.store.engine import Store
from mailbridge.store.passed_uids import Passed, UidPlace

MOST_NAMED = 1_000  # missing mails of a folder whose header is fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderListing:
    """What the server has in a folder.  `uidnext`: 0 where it does not say."""

    uidvalidity: int
    uidnext: int
    present: UidRanges


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUids:
    """What the store knows of one UID epoch of a folder.

    `upto`: where the cursor stands; None: the epoch has ended.  `since`: UIDs below were there before the epoch was read, and were not
    watched.  `passed`: UIDs that were passed by on purpose.
    """

    place: UidPlace
    upto: int | None
    since: int
    fetched: UidRanges
    passed: UidRanges
    gone: UidRanges
    unaudited: UidRanges
    removed: UidRanges = field(default_factory=UidRanges)

    @property
    def accounted(self) -> UidRanges:
        return self.fetched | self.passed


def known(store: Store, account: str, folder: str) -> list[KnownUids]:
    """Every UID epoch of the folder, the present one first; empty where the folder was never read.  One consistent look."""
    with store.read() as tx:
        cursor = tx.cursors.get(account, folder)
        if cursor is None:
            return []
        epochs = [cursor.uidvalidity, *(one for one in tx.audit.epochs(account, folder) if one != cursor.uidvalidity)]
        found = []
        for epoch in epochs:
            place = UidPlace(account=account, folder=folder, epoch=epoch)
            passed, start = tx.passed_uids.of(place), tx.cursors.start(account, folder, epoch)
            ranges = {why: UidRanges.of((one.first, one.last) for one in passed if one.why is why) for why in Passed}
            # Before schema 0030 nobody wrote down what was passed by: mails that were not wanted, and those that were known already.
            unwanted = UidRanges()
            if start is not None and (start.wanted != "*" or start.anew):
                wanted = UidRanges() if start.anew else UidRanges.of_uids(unpacked(start.wanted))
                unwanted = (ranges[Passed.UNAUDITED] & UidRanges.of([(1, start.below - 1)])) - wanted
            found.append(
                KnownUids(
                    place=place,
                    upto=cursor.last_uid if epoch == cursor.uidvalidity else None,
                    since=start.below if start else 0,
                    fetched=UidRanges.of(tx.audit.fetched(place)),
                    passed=ranges[Passed.OLDER] | ranges[Passed.KNOWN] | ranges[Passed.WITHDRAWN] | unwanted,
                    gone=ranges[Passed.GONE],
                    unaudited=ranges[Passed.UNAUDITED],
                    removed=UidRanges.of(tx.audit.removed(place)),
                )
            )
        return found


def listing(connection: Connection, folder: str) -> FolderListing:
    """Opens the folder read-only and lists its UIDs.  Raises CommandRefused where there is none."""
    selected = connection.select(folder, readonly=True)
    uids = (uid for first, last in windows(0, selected.uidnext) for uid in connection.search(first, last))
    return FolderListing(uidvalidity=selected.uidvalidity, uidnext=selected.uidnext, present=UidRanges.of_uids(uids))


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderAudit:
    """`unseen`: UIDs that nobody saw, by the epoch that they belong to."""

    count: FolderCount
    missing: list[MissingMail]
    unseen: dict[UidPlace, UidRanges] = field(default_factory=dict)


def audit_folder(connection: Connection, store: Store, account: str, folder: str, *, qresync: bool) -> FolderAudit:
    """Compares the folder with its server.  The server is listed first: what the store has afterwards can only be more."""
    fault, there = "", None
    try:
        there = listing(connection, folder)
    except CommandRefused as refusal:
        fault = f"the folder cannot be opened: {refusal}"
    epochs = known(store, account, folder)
    found = FolderAudit(count=FolderCount(account=account, folder=folder, fault=fault), missing=[])
    if there is not None:
        present = [one for one in epochs if one.upto is not None and one.place.epoch & SERVERS == there.uidvalidity]
        if present:
            found = _compared(connection, present[0], there, qresync=qresync)
        else:  # not read yet, or not since UIDVALIDITY changed: the daemon reads it from the start
            waiting = len(there.present)
            found = replace(found, count=replace(found.count, uidvalidity=there.uidvalidity, on_server=waiting, waiting=waiting))
    ended = [one for one in epochs if there is None or one.place.epoch & SERVERS != there.uidvalidity]
    missing = [*found.missing, *(missing for one in ended for missing in _renamed(connection, one))]
    return replace(found, count=replace(found.count, missing=len(missing)), missing=missing)


def _compared(connection: Connection, mine: KnownUids, there: FolderListing, *, qresync: bool) -> FolderAudit:
    upto = mine.upto or 0
    read = UidRanges.of([(1, upto)])
    accounted = mine.accounted
    lost = (there.present & read) - accounted
    gone = mine.gone - accounted - there.present
    last = min(upto, there.uidnext - 1) if there.uidnext else upto
    gaps = UidRanges.of([(max(mine.since, 1), last)]) - accounted - mine.gone - there.present - mine.unaudited
    left = mine.fetched - there.present
    told = _vanished(connection, gaps | (left - mine.removed)) if qresync else None
    expunged = gone | (gaps & told if told is not None else UidRanges())
    others = left - mine.removed
    count = FolderCount(
        account=mine.place.account,
        folder=mine.place.folder,
        uidvalidity=there.uidvalidity,
        on_server=len(there.present),
        fetched=len(mine.fetched & there.present),
        older=len((mine.passed - mine.fetched) & there.present),
        waiting=len(there.present - read),
        removed_by_us=len(left & mine.removed),
        removed_by_others=len(others),
        told=len(others & told) if told is not None else None,
        never_seen=len(gaps - expunged),
    )
    missing = [*_missing(mine.place, expunged, Loss.EXPUNGED), *_named(connection, mine.place, lost, Loss.NOT_FETCHED)]
    return FolderAudit(count=count, missing=missing, unseen={mine.place: gaps - expunged})


def _vanished(connection: Connection, uids: UidRanges) -> UidRanges | None:
    """Those of the UIDs that the server says were expunged; None where it does not say it for this folder."""
    try:
        return UidRanges.of_uids(uid for part in uids.packed() for uid in connection.vanished(part)) & uids
    except CommandRefused:  # RFC 7162, 3.1.2.2: a folder without mod-sequences
        return None


def _renamed(connection: Connection, ended: KnownUids) -> list[MissingMail]:
    """Mails of an ended epoch in a folder that has its UIDVALIDITY: the folder was renamed before they were fetched."""
    validity = ended.place.epoch & SERVERS
    same = [name for name, one in connection.folders().items() if one == validity and name != ended.place.folder] if validity else []
    if len(same) != 1:  # some servers give many folders one UIDVALIDITY
        return []
    lost = listing(connection, same[0]).present - ended.accounted - ended.unaudited
    return [replace(one, folder=same[0]) for one in _named(connection, ended.place, lost, Loss.RENAMED)]


def _named(connection: Connection, place: UidPlace, uids: UidRanges, why: Loss) -> Iterator[MissingMail]:
    """These UIDs with Message-ID and subject of the mails, in the folder that is open."""
    found = list(uids)
    heads = connection.heads(found[:MOST_NAMED]) if found else {}
    for one in _missing(place, uids, why):
        message_id, subject = names_of(heads.get(one.uid or 0, b""))
        yield replace(one, message_id=message_id, subject=subject)


def _missing(place: UidPlace, uids: Iterable[int], why: Loss) -> Iterator[MissingMail]:
    account, folder, epoch = place
    for uid in uids:
        id = f"imap:{account}/{folder}:{epoch}:{uid}"
        yield MissingMail(id=id, why=why, source="imap", account=account, folder=folder, epoch=epoch, uid=uid)


def unreachable(account: str, folders: Iterable[str], error: MailbridgeError) -> list[FolderAudit]:
    """The folders of a mailbox that cannot be reached."""
    return [FolderAudit(count=FolderCount(account=account, folder=folder, fault=str(error)), missing=[]) for folder in folders]
