"""A mail that is kept: stored, on no ticket, listed to the admins."""

from __future__ import annotations

from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.ops import crash
from mailbridge.store.mails import Direction
from mailbridge.store.tx import Tx


def keep(tx: Tx, mail: PlacedMail, outcome: MailOutcome, reason: str, direction: Direction = Direction.IN) -> MailResult:
    """The mail is stored on no ticket; the admins' daily list names it, and `mailbridge queue list --state done` shows it."""
    mail_id = store_mail(tx, mail, ticket=None, direction=direction)
    crash.point("pipeline.mail_stored")
    return MailResult(outcome=outcome, mail=mail_id, reason=reason)
