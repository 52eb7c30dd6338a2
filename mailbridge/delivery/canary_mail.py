"""The mail that the desk sends to itself to measure its way."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailbridge.conversation.canary import canary_key, canary_label
from mailbridge.conversation.marks import loop_mark
from mailbridge.conversation.tokens import Signer
from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Refused, Unknown, Withheld


def canary_mail(signer: Signer, nonce: str, kind: str, sender: str, to: str, subject: str, now: datetime) -> bytes:
    """The mail with its signed mark.  `nonce` and `kind` make the mark."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"], mail["Message-ID"] = format_datetime(now), f"<{canary_label(nonce, kind)}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"], mail["X-Mailbridge-Loop"] = "auto-generated", loop_mark(signer, canary_key(nonce, kind))
    mail["X-Mailbridge-Canary"] = canary_label(nonce, kind)  # some servers write a Message-ID of their own
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("The desk sent this mail to itself to test delivery. It opens no ticket.\n")
    return mail.as_bytes()


def failure_of(outcome: Outcome) -> str:
    """Why the server did not take the mail; '' where it did, or may have."""
    match outcome:
        case Delivered() | Unknown() | Withheld():
            return ""
        case Refused(code=code, reply=reply) | Deferred(code=code, reply=reply):
            return f"{code or ''} {reply}".strip() or "no reason was given"
