"""Which answer solved a request."""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.event_types.values import StatusChanged
from mailbridge.tickets.events import Event


def closing_answer(events: Sequence[Event]) -> int | None:
    """The mail in which an agent answered the customer last before the request was closed; None where there is none, or where the customer
    wrote again between the answer and the closing.  A customer's own mail that closes the request, such as "That solved it", confirms the
    answer.  `events`: of one ticket, oldest first."""
    answer = before = asked = closed = None
    for event in events:
        match event.what:
            case MessageAdded(automatic=True) | MessageAdded(internal=True):
                continue
            case MessageAdded(to_customer=True):
                answer, before = (event.mail if event.actor.kind is ActorKind.AGENT else None), None
            case MessageAdded():
                answer, before, asked = None, answer, event.mail
            case StatusChanged(closes=True):
                closed = before if event.mail is not None and event.mail == asked else answer
            case StatusChanged(reopens=True):
                closed = None
    return closed
