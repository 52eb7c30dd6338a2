"""What the acknowledgement says beside the number: the estimate of the work, how long the first answer usually takes (NO8), and articles.

The waiting time is the desk's own word, so unproven writers read it too.  A receipt that a rule chose has words of its own.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.events.estimates import RECEIPT, in_receipt
from mailbridge.notifications.payloads.tickets import Received


def received(context: NotificationContext) -> Received | None:
    """None where nothing is said beside the number."""
    if context.receipt != RECEIPT:
        return None
    known = context.news.suggested
    payload = replace(context.waits, estimate=in_receipt(context) or None, articles=known.articles, start=known.start)
    return None if payload == Received() else payload
