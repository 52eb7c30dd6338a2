"""The result of an audit: what became of every mail, and what is missing.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbridge.store.audit import OutcomeCount


class AuditOutcome(StrEnum):
    """What became of a mail.  Every accepted mail has exactly one, or is in progress, or is missing."""

    TICKET = "ticket"
    REPLY = "reply"
    COMMAND = "command"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    DUPLICATE = "duplicate of"
    QUARANTINED = "quarantined"
    DROPPED = "dropped by rule"
    KEPT = "kept by policy"
    CANARY = "canary"
    WITHDRAWN = "withdrawn by an operator"


class Loss(StrEnum):
    """Why a mail is missing."""

    NOT_FETCHED = "the server has it, and it was never fetched although the cursor is behind it"
    RENAMED = "it is in a folder that was renamed before it was fetched"
    EXPUNGED = "it was expunged on the server before it was fetched"
    ROW_LOST = "its row in the inbox is gone"
    RECEIPT_LOST = "its receipt and its row in the inbox are gone"
    MAIL_LOST = "the stored mail is gone"
    TICKET_LOST = "its ticket is gone"
    CONTENT_LOST = "its content is gone"
    NO_OUTCOME = "it is done and has no outcome"


_COMMANDS = frozenset({
    "released_lines", "unsubscribe", "pairing_answer", "kept_mail_request", "held_answer", "article_request", "agent_questions",
})  # fmt: skip


def outcome_of(counted: OutcomeCount) -> AuditOutcome | None:
    """The outcome of these mails; None: they are in progress.  Raises ValueError for one that is not known."""
    match counted.state, counted.outcome:
        case ("new" | "claimed"), _:
            return None
        case "quarantined", _:
            return AuditOutcome.QUARANTINED
        case "dropped", _:
            return AuditOutcome.WITHDRAWN
        case _, "ticket":
            return AuditOutcome.TICKET
        case _, "duplicate":
            return AuditOutcome.DUPLICATE
        case _, "held":
            return AuditOutcome.KEPT
        case _, "canary":
            return AuditOutcome.CANARY
        case _, "ignored":
            return {"canary": AuditOutcome.CANARY, "unsubscribe": AuditOutcome.COMMAND}.get(counted.handler or "", AuditOutcome.DROPPED)
        case _, ("append" | "kept") as outcome:
            return _of_stored(counted, outcome)
    raise ValueError(f"unknown outcome {counted.outcome} in state {counted.state}")


def _of_stored(counted: OutcomeCount, outcome: str) -> AuditOutcome:
    if counted.handler in _COMMANDS or (counted.handler == "agent_reply" and counted.wordless):
        return AuditOutcome.COMMAND
    if counted.kind == "bounce":
        return AuditOutcome.BOUNCE
    if counted.kind not in ("human", None):
        return AuditOutcome.AUTOMATIC
    return AuditOutcome.REPLY if outcome == "append" else AuditOutcome.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMail:
    """A mail that is missing.  `id`: its name for `mailbridge audit --withdraw`.  `repair`: what is done about it; '': nothing can be done.
    """

    id: str
    why: Loss
    source: str
    account: str = ""
    folder: str = ""
    epoch: int | None = None
    uid: int | None = None
    number: int | None = None
    inbox: int | None = None
    trace: str = ""
    message_id: str = ""
    subject: str = ""
    repair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """The mails of one source.  `accepted` = the sum of `outcomes` + `in_progress` + `again` + `missing`."""

    source: str
    account: str
    folder: str
    accepted: int
    outcomes: Mapping[str, int]
    in_progress: int
    again: int  # receipts that were replaced by those of a second fetch
    missing: int

    @property
    def adds_up(self) -> bool:
        return self.accepted == sum(self.outcomes.values()) + self.in_progress + self.again + self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCount:
    """The UIDs of one folder in its present UID epoch, compared with the server.

    `on_server` = those `fetched`, `older`, `waiting` and missing that are still there.  `removed_by_us`, `removed_by_others`: fetched, and
    no longer on the server.  `told`: how many of the latter the server confirms (VANISHED, RFC 7162); None: it does not offer QRESYNC.
    `never_seen`: UIDs that the server skipped or removed before anybody looked; servers may skip UIDs.  `fault`: why the folder was not
    compared.
    """

    account: str
    folder: str
    uidvalidity: int = 0
    on_server: int = 0
    fetched: int = 0
    older: int = 0
    waiting: int = 0
    removed_by_us: int = 0
    removed_by_others: int = 0
    told: int | None = None
    never_seen: int = 0
    missing: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """`erased`: inbox ids of mails whose content was erased by policy; they have their outcome all the same."""

    at: datetime
    sources: tuple[SourceCount, ...]
    folders: tuple[FolderCount, ...]
    missing: tuple[MissingMail, ...]
    erased: tuple[int, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be compared."""
        uneven = (one for one in self.sources if not one.adds_up)
        return (
            *(f"{one.account}/{one.folder}: {one.fault}" for one in self.folders if one.fault),
            *(f"{lane_name((one.source, one.account, one.folder))}: the numbers do not add up" for one in uneven),
        )

    @property
    def is_sound(self) -> bool:
        return not self.missing and not self.faults


def lane_name(lane: tuple[str, str, str]) -> str:
    """`imap:support/INBOX`, `smtp:mx`, `pipe`."""
    source, account, folder = lane
    return f"{source}{f':{account}' if account else ''}{f'/{folder}' if folder else ''}"
