"""A promise to send: one value, one row, one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbridge.message.replacing import quickly_made
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.template_values import template_values


class Audience(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    MANAGER = "manager"
    ADMIN = "admin"


class Class(StrEnum):
    """What the unknown outcome of a delivery (connection lost after the final dot) means for this mail, RELIABILITY contract.

    LETTER: an answer or receipt somebody waits for; sent once more, same Message-ID, marked in the audit.
    REMINDER: an alert; not repeated.
    """

    LETTER = "letter"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Notifications by their sender: those with one of these addresses, or (`others`) all but those.  Lower case."""

    addresses: tuple[str, ...] = ()
    others: bool = False


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    DOT = "dot"  # committed just before the final dot: a crash here means nobody knows
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    HELD = "held"  # waits for an admin (`mailbridge release`), or to be told with others in one mail
    SUPPRESSED = "suppressed"  # decided not to send, with the reason (caps, robot, bounced address)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One mail to one recipient, decided but not yet worded.

    `event` is the template's name: templates/mail/<language>/<audience>.<event>.txt.j2.  `payload` is what the mail says
    besides the ticket, frozen at the time of the decision; None where the event has no values.  `key` makes the promise unique: the same
    event cannot tell the same recipient the same thing twice.  `template`: another name of the template; '' is that of the event.
    `why`: the entry of notifications.yaml that decided; '' for none.  `sender`: the desk's address that it comes from; '' is the one of
    [desk].  `skipped`: why it is not sent (`untold.Untold`), never stored.
    """

    ticket: int | None
    audience: Audience
    event: str
    recipient: str
    key: str
    name: str = ""
    language: str = "en"
    class_: Class = Class.LETTER
    mail: int | None = None  # the stored mail whose text it carries (an agent's answer, a customer's message)
    message_id: str = ""  # ours, signed; made when the promise is made and kept for all tries
    reply_to: str = ""  # the signed reply address
    from_name: str = ""  # "Ana via Acme Support"; empty: the desk's name
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = True  # RFC 3834: Auto-Submitted; false for an agent's own answer
    payload: Payload | None = None
    template: str = ""
    why: str = ""
    sender: str = ""
    skipped: str = ""

    @property
    def kind(self) -> str:
        """The name of the event in `PAYLOADS`."""
        return f"{self.audience}.{self.event}"

    @property
    def values(self) -> Mapping[str, object]:
        """The payload as templates see it."""
        return template_values(self.payload) if self.payload else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A claimed outbox row on its way: what to send, how often it was tried.  `rendered` is the mail once it was worded."""

    id: int
    notification: Notification
    state: OutboxState
    attempts: int
    created_at: datetime
    rendered: bytes | None = None
    repeated: bool = False  # it was in state DOT before: this try may be the second copy
    error: str = ""  # why it was deferred, failed or suppressed
    reply: str = ""  # what the server said when it took it
    next_at: datetime | None = None  # when somebody looks at it again
    sent_at: datetime | None = None
    trace: str = ""  # the id of the mail that caused it; of one that a timer caused its own
    unreadable: str = ""  # why the stored payload cannot be read; the notification has none then
