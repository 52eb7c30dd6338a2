"""The audit: every mail that a server has or had, and every mail that was acknowledged, has exactly one outcome.

It reads beside the running daemon: mailboxes with EXAMINE, the store in snapshots.  What is missing it hands over in one transaction: UIDs
to the daemon, which fetches them again; mails whose content is stored to the inbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailbridge.config.model import Config, Mailbox
from mailbridge.doctor.audit_folders import FolderAudit, audit_folder, unreachable
from mailbridge.doctor.audit_model import AuditReport, Loss, MissingMail
from mailbridge.doctor.audit_store import StoreAudit, audit_store
from mailbridge.errors import MailbridgeError
from mailbridge.intake.imap_connection import Connection
from mailbridge.oauth.model import TokenSource
from mailbridge.store.engine import Store
from mailbridge.store.passed_uids import Passed, UidPlace
from mailbridge.store.receipts import AGAIN, WITHDRAWN
from mailbridge.store.tx import Tx

STATE_KEY = "audit"

TokensOf = Callable[[str], TokenSource | None]

ON_SERVER = "the daemon fetches it again"
STORED = "its content is stored: it is processed again"
OTHER_FOLDER = "read the folder: add it to `folders` of the mailbox, or rename it back"


def audit(store: Store, config: Config, tokens: TokensOf, now: datetime, *, repair: bool = True) -> AuditReport:
    """Compares everything, stores the result, and hands over what can be had again unless `repair` is False."""
    folders = [
        one for mailbox in config.mailboxes for one in _of_mailbox(mailbox, store, tokens(mailbox.oauth), config.limits.mail_size)
    ]
    uids = [missing for one in folders for missing in one.missing]
    unseen = {place: ranges for one in folders for place, ranges in one.unseen.items()}
    with store.read() as tx:
        stored = audit_store(tx, uids, unseen)
    planned = [replace(one, repair=_repair(one, stored)) for one in stored.missing]
    outcomes: Counter[str] = Counter()
    for source in stored.sources:
        outcomes.update(source.outcomes)
    report = AuditReport(
        at=now,
        sources=stored.sources,
        folders=tuple(one.count for one in folders),
        missing=tuple(planned),
        erased=stored.erased,
        outcomes=dict(outcomes),
    )
    with store.write() as tx:
        if repair and planned:
            for one in planned:
                _hand_over(tx, one, stored, now)
            tx.wake("inbox")
        tx.state.set(STATE_KEY, document(report), now)
    return report


def document(report: AuditReport) -> Mapping[str, Any]:
    """What status and metrics know of the last audit.  No subject, no address."""
    return {
        "missing": len(report.missing),
        "why": dict(Counter(one.why for one in report.missing)),
        "faults": list(report.faults),
        "accepted": sum(one.accepted for one in report.sources),
        "again": sum(bool(one.repair) and one.why is not Loss.RENAMED for one in report.missing),
    }


def withdraw(store: Store, report: AuditReport, ids: Sequence[str], reason: str, now: datetime) -> list[str]:
    """The operator gives these missing mails up: they have an outcome from now on.  Returns the ids that the report does not have."""
    by_id = {one.id: one for one in report.missing}
    with store.write() as tx:
        for one in (by_id[id] for id in ids if id in by_id):
            if one.number is not None:
                tx.receipts.close((one.source, one.account, one.folder), one.number, WITHDRAWN, reason, now)
            if one.uid is not None and one.epoch is not None:
                place = UidPlace(account=one.account, folder=_read_as(one), epoch=one.epoch)
                tx.passed_uids.add(place, [one.uid], Passed.WITHDRAWN, now, reason)
                tx.passed_uids.fetched(place, [one.uid])
    return [id for id in ids if id not in by_id]


def _of_mailbox(mailbox: Mailbox, store: Store, tokens: TokenSource | None, largest: int) -> list[FolderAudit]:
    found: list[FolderAudit] = []
    connection: Connection | None = None
    try:
        connection = Connection(mailbox, largest, tokens)
        qresync = connection.enable_qresync()
        for folder in mailbox.folders:
            found.append(audit_folder(connection, store, mailbox.name, folder, qresync=qresync))
    except MailbridgeError as error:
        found += unreachable(mailbox.name, mailbox.folders[len(found) :], error)
    finally:
        if connection is not None:
            connection.close()
    return found


def _repair(one: MissingMail, stored: StoreAudit) -> str:
    match one.why:
        case Loss.NOT_FETCHED:
            return ON_SERVER
        case Loss.RENAMED:
            return OTHER_FOLDER
        case Loss.ROW_LOST | Loss.MAIL_LOST if stored.lost[one.id].has_content:
            return STORED
        case Loss.ROW_LOST | Loss.CONTENT_LOST if one.uid is not None:
            return f"{ON_SERVER}, if the server still has it"
        case _:
            return ""


def _hand_over(tx: Tx, one: MissingMail, stored: StoreAudit, now: datetime) -> None:
    lane = (one.source, one.account, one.folder)
    match one.why:
        case Loss.ROW_LOST if stored.lost[one.id].has_content:
            tx.audit.put_back(stored.lost[one.id])
        case Loss.MAIL_LOST if stored.lost[one.id].has_content and one.inbox is not None:
            tx.inbox.reopen(one.inbox)
        case Loss.NOT_FETCHED | Loss.ROW_LOST | Loss.CONTENT_LOST if one.uid is not None and one.epoch is not None:
            tx.passed_uids.want(UidPlace(account=one.account, folder=one.folder, epoch=one.epoch), [one.uid], now)
            if one.number is not None and one.why is Loss.NOT_FETCHED:
                tx.receipts.close(lane, one.number, AGAIN, f"UID {one.uid} is fetched again", now)


def _read_as(one: MissingMail) -> str:
    """The folder whose epoch the UID belongs to: a renamed one is known by the name that it was read under."""
    return one.id.partition("/")[2].rsplit(":", 2)[0] if one.uid is not None and one.id.startswith("imap:") else one.folder
