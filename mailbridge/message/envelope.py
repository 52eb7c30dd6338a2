"""What the outside of a mail says: where it came from, by which way, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    IMAP = "imap"
    SMTP = "smtp"
    LMTP = "lmtp"
    PIPE = "pipe"
    IMPORT = "import"
    COMMAND = "command"  # an agent's words by `mailbridge ticket new`; `account` is the agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How a mail reached us.  `mail_from` is '' for the null sender, None where the source does not know it (IMAP).

    `account`, `folder`, `uidvalidity` and `uid` name the place on an IMAP server; together they are unique.
    """

    source: Source
    received_at: datetime
    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()
    account: str = ""
    folder: str = ""
    uidvalidity: int | None = None
    uid: int | None = None
    peer: str = ""  # client address of a network delivery
    helo: str = ""
