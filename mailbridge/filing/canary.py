"""A mail that `mailbridge doctor` sent to the desk itself: its way is measured, and it becomes no ticket."""

from __future__ import annotations

from datetime import datetime

from mailbridge.conversation.marks import is_mark_of
from mailbridge.conversation.tokens import Signer
from mailbridge.filing.outcome import Outcome, Result
from mailbridge.message.model import Message
from mailbridge.store.tx import Tx

STATE_KEY = "canary"
KINDS = ("plain", "plus")  # to the desk's address, and to the address with +detail


def canary_key(nonce: str, kind: str) -> str:
    """What the mark of such a mail is made of."""
    return f"canary:{nonce}:{kind}"


def file_canary(tx: Tx, message: Message, signer: Signer, now: datetime) -> Result | None:
    """The mail's arrival is noted where it is the canary that is waited for; None for every other mail."""
    sent = tx.state.get(STATE_KEY) if message.loop_mark else None
    if sent is None:
        return None
    for kind in KINDS:
        if is_mark_of(signer, message.loop_mark, canary_key(sent["nonce"], kind)):
            sent = tx.state.take(STATE_KEY, now) or sent
            tx.state.set(STATE_KEY, {**sent, kind: now.isoformat()}, now)
            return Result(outcome=Outcome.IGNORED, reason="a mail of mailbridge doctor to the desk itself")
    return None
