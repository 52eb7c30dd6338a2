"""The envelope of a mail: source, route and recipients (RFC 5321 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbridge.message.replacing import quickly_made


class Source(StrEnum):
    IMAP = "imap"
    SMTP = "smtp"
    LMTP = "lmtp"
    PIPE = "pipe"
    IMPORT = "import"
    COMMAND = "command"  # text of an agent by `mailbridge ticket new`; `account` is the agent


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How a mail reached us.  `mail_from` is '' for the null sender, None where the source does not know it (IMAP).

    `account`, `folder`, `uidvalidity` and `uid` identify the mail on an IMAP server; together they are unique.
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
    trace: str = field(default="", compare=False)  # the id of the mail in logs and commands (`ids.new_trace_id`); '': the store makes one
