"""Whether a robot (we) may answer this mail: RFC 3834 section 2 first, then the caps."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.context import Desk
from mailbridge.conversation.place import Writer
from mailbridge.message.model import Kind, Message
from mailbridge.store.tx import Tx


def acknowledgement(tx: Tx, message: Message, writer: Writer, desk: Desk, now: datetime) -> str:
    """'' where an acknowledgement may go to the writer, else why not, in stable words."""
    limits = desk.config.limits
    if message.kind is not Kind.HUMAN:
        return f"a robot wrote it ({message.kind})"
    if message.suppress_auto_response:
        return "the mail asks for no automatic answer"
    if not writer.address:
        return "no single address to answer"
    if desk.is_own(writer.address):
        return "it came from the desk itself"
    if reason := tx.addresses.suspended(writer.address, now):
        return f"the address is suspended: {reason}"
    hour = now - timedelta(hours=1)
    if tx.outbox.count_since(writer.address, hour, event="received", limit=limits.acks_per_sender_hour) >= limits.acks_per_sender_hour:
        return f"{limits.acks_per_sender_hour} acknowledgement(s) went there within the hour"
    if tx.outbox.count_all_since(hour, limit=limits.automatic_per_hour) >= limits.automatic_per_hour:
        return f"breaker: {limits.automatic_per_hour} automatic mails within the hour"
    return ""
