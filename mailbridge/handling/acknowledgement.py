"""Whether a robot (we) may answer this mail (RFC 3834 section 2).  Caps come later, in `outbox.suppression`, when a mail is about to go."""

from __future__ import annotations

from datetime import datetime

from mailbridge.conversation.place import Writer
from mailbridge.execution.desk import Desk
from mailbridge.handling.disposition import disposition
from mailbridge.message.envelope import Source
from mailbridge.message.model import Message
from mailbridge.store.tx import Tx


def acknowledgement(tx: Tx, message: Message, source: Source, writer: Writer, desk: Desk, now: datetime) -> str:
    """'' where an acknowledgement may go to the writer, else why not, in stable words."""
    if source is Source.IMPORT:
        return "the mail was imported; who wrote it is not waiting for us"
    if not disposition(message, answers=False).acknowledged:
        return f"a robot wrote it ({message.kind})"
    if message.suppress_auto_response:
        return f"the mail asks for no automatic answer: {', '.join(message.kind_reasons)}"
    if not writer.address:
        return "no single address to answer"
    if writer.dmarc_failed:
        return "the sender is not who the mail says (DMARC fail)"
    if desk.is_own(writer.address):
        return "it came from the desk itself"
    if reason := tx.addresses.suspended(writer.address, now):
        return f"the address is suspended: {reason}"
    return ""
