"""A mail that has found its place, with everything it takes to file it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.conversation.place import Writer
from mailbridge.execution.desk import Desk
from mailbridge.handling.arrival import Arrival
from mailbridge.message.envelope import Source
from mailbridge.message.model import Address, Message
from mailbridge.notifications.recipients import Recipient
from mailbridge.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One placed mail, the open transaction, and the desk of this moment."""

    tx: Tx
    message: Message
    arrival: Arrival
    writer: Writer
    desk: Desk
    now: datetime
    passed_on_by: str = ""  # the agent who files what `writer` asked; '' where the writer did it
    channel: str = "mail"
    asked_at: datetime | None = None  # when the writer asked, where that was earlier
    written_to: tuple[Address, ...] = ()  # the customers to whom an agent wrote with the desk in copy; the first is the requester
    also: tuple[Recipient, ...] = ()  # who hears of a note besides those it concerns

    @property
    def written_at(self) -> datetime:
        """The moment that words like "tomorrow" go by: a mail that waited for its agent's yes was written when it came."""
        return self.arrival.envelope.received_at if self.writer.vouched else self.now

    @property
    def of_first_connect(self) -> bool:
        """Whether the mail was in its folder before the desk was: nobody hears of it before an admin has looked."""
        place = self.arrival.envelope
        if place.source is not Source.IMAP or place.uid is None or place.uidvalidity is None:
            return False
        start = self.tx.cursors.start(place.account, place.folder, place.uidvalidity)
        return start is not None and start.first and place.uid < start.below

    @property
    def imported(self) -> bool:
        """An archive that is moved in makes tickets and tells nobody."""
        return self.arrival.envelope.source is Source.IMPORT
