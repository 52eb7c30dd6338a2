"""An agent's answer to the desk's own question whether something shall be done: "yes", "nu, prea scump", "да"."""

from __future__ import annotations

from mailbridge.desk.commands import Approve, Reject
from mailbridge.desk.language import Line
from mailbridge.desk.yesno import verdict
from mailbridge.message.model import Message
from mailbridge.outbox.tellers.approvals import QUESTIONS
from mailbridge.store.tx import Tx

LONGEST_SHOWN = 60


def question_answered(tx: Tx, ticket: int, message: Message) -> int:
    """The number of what waits for a yes on the ticket, where this mail answers our question about it; 0 for any other mail.

    Only what the mail directly answers counts: further down the thread a "yes" may be meant for somebody else.
    """
    for message_id in message.in_reply_to or message.references[-1:]:
        ours = tx.outbox.by_message_id(message_id)
        if ours is not None and ours.notification.ticket == ticket and ours.notification.event in QUESTIONS:
            return int(dict(ours.notification.values).get("approval", "0"))
    return 0


def as_line(text: str, approval: int) -> Line:
    """The answer as if its command had been written: `text` is what the agent wrote, without lines for the desk.

    Where it is neither yes nor no the line has the problem 'neither-yes-nor-no'.  None of it is for the customer either way.
    """
    first = " ".join(text.split())
    shown = first if len(first) <= LONGEST_SHOWN else f"{first[: LONGEST_SHOWN - 1]}…"
    said = verdict(text)
    if said is None:
        return Line(text=shown, word="", problem="neither-yes-nor-no", nearest=f"#approve {approval}")
    if said.yes:
        return Line(text=shown, word="approve", commands=(Approve(approval=approval, reason=said.reason),))
    return Line(text=shown, word="reject", commands=(Reject(approval=approval, reason=said.reason),))
