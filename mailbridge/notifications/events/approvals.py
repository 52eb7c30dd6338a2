"""What waits for a yes: who is asked, reminded, and told how it came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.tickets import ApprovalAnswer, ApprovalQuestion
from mailbridge.notifications.recipients import named
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalReassigned, ApprovalReminded, ApprovalRequested
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Approval, ApprovalKind

QUESTIONS = frozenset({"approval", "approval_reminded", "confirm"})
"""The mails that ask for a yes; an answer to one of them decides, and its text never goes to the customer."""


def requested(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, ApprovalRequested):
        return
    if what.approval.kind is ApprovalKind.DELAY:
        return  # the result of the mail says it
    question = _question(what.approval, context, what.why)
    asked = named(what.approval.approvers, context.organisation)
    if what.approval.kind is ApprovalKind.CONFIRMATION:
        yield from notifications_to(asked, Audience.AGENT, "confirm", context, payload=question)
    else:
        yield from notifications_to(asked, Audience.MANAGER, "approval", context, payload=question)


def reminded(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Whoever may decide, the deputies among them from now on."""
    what = event.what
    if not isinstance(what, ApprovalReminded):
        return
    for approval in context.ticket.approvals:
        if approval.id == what.approval:
            asked = named(approval.approvers, context.organisation)
            for promise in notifications_to(asked, Audience.MANAGER, "approval_reminded", context, payload=_question(approval, context)):
                yield replace(promise, class_=Class.REMINDER)


def reassigned(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Those who decide in place of an agent who leaves get the question."""
    what = event.what
    if not isinstance(what, ApprovalReassigned):
        return
    for approval in context.ticket.approvals:
        if approval.id == what.approval:
            asked = named(what.after, context.organisation)
            question = _question(approval, context, approval.why)
            yield from notifications_to(asked, Audience.MANAGER, "approval", context, payload=question)


def decided(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The asker, and the others who were asked, so that nobody decides what is decided."""
    what = event.what
    if not isinstance(what, ApprovalDecided):
        return
    if what.delayed and what.granted and not what.refused:
        return  # the answer went when its time had come, as its author was told
    answer = ApprovalAnswer(
        approval=what.approval,
        line=what.line,
        asker=_title(what.asker, context),
        author="" if what.expired else title_of(event.actor, context),
        granted=what.granted,
        reason=what.reason,
        refused=what.refused,
        own=what.asked == (what.asker,),
        delayed=what.delayed,
    )
    told = named(tuple(dict.fromkeys((what.asker, *what.asked))), context.organisation)
    name = "approval_expired" if what.expired else "approval_decided"
    yield from notifications_to(told, Audience.AGENT, name, context, payload=answer, but=event.actor)


def _question(approval: Approval, context: NotificationContext, why: str = "") -> ApprovalQuestion:
    return ApprovalQuestion(
        approval=approval.id,
        line=approval.line,
        asker=_title(approval.asker, context),
        asked_at=approval.asked_at,
        expires_at=approval.expires_at,
        why=why,
    )


def _title(name: str, context: NotificationContext) -> str:
    agent = context.organisation.agents.get(name)
    return agent.title if agent else name
