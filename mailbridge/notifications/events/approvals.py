"""What waits for a yes: who is asked, reminded, and told how it came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads import ApprovalAnswer, ApprovalQuestion
from mailbridge.notifications.recipients import named
from mailbridge.tickets.events import ApprovalDecided, ApprovalReminded, ApprovalRequested, Event
from mailbridge.tickets.model import Approval, ApprovalKind

QUESTIONS = frozenset({"approval", "approval_reminded", "confirm"})
"""The mails that ask for a yes; an answer to one of them decides, and its text never goes to the customer."""


def requested(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, ApprovalRequested):
        return
    question = _question(what.approval, occasion, what.why)
    asked = named(what.approval.approvers, occasion.organisation)
    if what.approval.kind is ApprovalKind.CONFIRMATION:
        yield from notifications_to(asked, Audience.AGENT, "confirm", occasion, payload=question)
    else:
        yield from notifications_to(asked, Audience.MANAGER, "approval", occasion, payload=question)


def reminded(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """Whoever may decide, the deputies among them from now on."""
    what = event.what
    if not isinstance(what, ApprovalReminded):
        return
    for approval in occasion.ticket.approvals:
        if approval.id == what.approval:
            asked = named(approval.approvers, occasion.organisation)
            for promise in notifications_to(asked, Audience.MANAGER, "approval_reminded", occasion, payload=_question(approval, occasion)):
                yield replace(promise, class_=Class.REMINDER)


def decided(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """The asker, and the others who were asked, so that nobody decides what is decided."""
    what = event.what
    if not isinstance(what, ApprovalDecided):
        return
    answer = ApprovalAnswer(
        approval=what.approval,
        line=what.line,
        asker=_title(what.asker, occasion),
        author="" if what.expired else title_of(event.actor, occasion),
        granted=what.granted,
        reason=what.reason,
        refused=what.refused,
        own=what.asked == (what.asker,),
    )
    told = named(tuple(dict.fromkeys((what.asker, *what.asked))), occasion.organisation)
    name = "approval_expired" if what.expired else "approval_decided"
    yield from notifications_to(told, Audience.AGENT, name, occasion, payload=answer, but=event.actor)


def _question(approval: Approval, occasion: NotificationContext, why: str = "") -> ApprovalQuestion:
    return ApprovalQuestion(
        approval=approval.id,
        line=approval.line,
        asker=_title(approval.asker, occasion),
        asked_at=approval.asked_at,
        expires_at=approval.expires_at,
        why=why,
    )


def _title(name: str, occasion: NotificationContext) -> str:
    agent = occasion.organisation.agents.get(name)
    return agent.title if agent else name
