"""Whether an automatic answer may go to the writer of a mail (RFC 3834 section 2).

Limits on how many are sent are checked later, in `notifications.limits`, when a mail is about to go.
"""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.disposition import disposition
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.store.tx import Tx


def acknowledgement(tx: Tx, desk: Desk, mail: PlacedMail) -> str:
    """'' where an acknowledgement may go to the writer, else why not, in stable words."""
    message, writer = mail.message, mail.writer
    if mail.imported:
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
    if reason := tx.addresses.suspended(writer.address, mail.now):
        return f"the address is suspended: {reason}"
    return ""
