"""A mail that `mailbridge doctor` or `mailbridge auth test` sent to the desk itself: its way is measured, and it becomes no ticket."""

from __future__ import annotations

from mailbridge.conversation.canary import AUTH_KINDS, AUTH_STATE_KEY, KINDS, STATE_KEY, canary_key
from mailbridge.conversation.marks import is_mark_of
from mailbridge.execution.desk import Desk
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail
from mailbridge.store.tx import Tx

_SENDERS = ((STATE_KEY, KINDS, "doctor"), (AUTH_STATE_KEY, AUTH_KINDS, "auth test"))


def file_canary(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The mail's arrival is noted where it is the canary that is waited for; None for every other mail."""
    mark, now = mail.message.loop_mark, mail.now
    for key, kinds, command in _SENDERS:
        sent = tx.state.get(key)
        for kind in kinds if sent else ():
            if is_mark_of(desk.signer, mark, canary_key(sent["nonce"], kind)):
                sent = tx.state.take(key, now) or sent
                tx.state.set(key, {**sent, kind: now.isoformat()}, now)
                return MailResult(outcome=MailOutcome.IGNORED, reason=f"a mail of mailbridge {command} to the desk itself")
    return None
