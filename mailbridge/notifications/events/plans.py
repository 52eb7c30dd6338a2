"""Planned work: the agent hears of what others plan, and the agent's calendar of every change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.events.meetings import CANCELLED, GIVEN, MOVED
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.plans import Planned
from mailbridge.notifications.recipients import Recipient
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Plan


def planned(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The agent of the plan; of one that is given to another agent, both.  Nobody hears that work is done."""
    what = event.what
    if not isinstance(what, PlanSet):
        return
    changes = [e.what for e in events if isinstance(e.what, PlanSet) and e.what.after.id == what.after.id]
    if what is changes[-1]:  # only the last word of a mail goes into calendars
        yield from _told(replace(what, before=changes[0].before), event, context)


def undone(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The plans that an undo changed."""
    what = event.what
    for change in what.plans if isinstance(what, Undone) else ():
        yield from _told(change, event, context)


def _told(what: PlanSet, event: Event, context: NotificationContext) -> Iterator[Notification]:
    before, after = what.before, what.after
    if (after.cancelled and (before is None or before.cancelled)) or (before is not None and before.sequence == after.sequence):
        return  # nothing that a calendar shows: done, to be done again, or planned and cancelled at once
    if before is not None and before.agent != after.agent and not before.cancelled:
        yield from _to_agent(before.agent, replace(before, sequence=after.sequence), GIVEN, after, event, context)
        yield from _to_agent(after.agent, after, CANCELLED if after.cancelled else "", after, event, context)
        return
    change = CANCELLED if after.cancelled else MOVED if before is not None and not before.cancelled else ""
    yield from _to_agent(after.agent, after, change, after, event, context)


def _to_agent(name: str, plan: Plan, change: str, now: Plan, event: Event, context: NotificationContext) -> Iterator[Notification]:
    """Also where it is the agent's own doing, if the calendar is to know: it learns it from the mail alone."""
    agent = context.organisation.agents.get(name)
    if agent is None or not agent.active:
        return
    payload = Planned(
        author="" if event.actor.name == name else title_of(event.actor, context),
        agent=context.organisation.agents[now.agent].title if now.agent in context.organisation.agents else now.agent,
        begins_at=plan.at,
        minutes=plan.minutes,
        text=plan.text,
        plan=plan.id,
        uid=plan.uid if agent.invitations else "",
        sequence=plan.sequence,
        change=change,
    )
    own = Recipient(address=agent.address, name=agent.title, language=agent.language)
    but = None if agent.invitations else event.actor
    for promise in notifications_to((own,), Audience.AGENT, "planned", context, payload=payload, but=but):
        yield replace(promise, mail=None)
