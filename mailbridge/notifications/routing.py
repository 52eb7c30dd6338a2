"""Applies the entries of notifications.yaml to what one event would tell: who is told as well, who is not, and the entry that decides.

The entries of the customer are asked first, then those of the team, then those of the desk; of these the first one about the event and the
audience decides.  Where none does, the program and teams.yaml decide.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.parties import parties_of, whom
from mailbridge.notifications.payloads.tickets import LevelReached
from mailbridge.notifications.recipients import Recipient
from mailbridge.notifications.untold import Untold
from mailbridge.rules.flow import ALWAYS_TOLD, AT_ONCE_ONLY, CUSTOMERS, FlowEntry, Party, Timing, takes
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.events import Event

RECEIVED = "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A notification with the entry that decided about it; None: no entry did."""

    notification: Notification
    entry: FlowEntry | None = None


def routed(candidates: Sequence[Notification], event: Event, context: NotificationContext) -> Iterator[Route]:
    """What becomes of the candidates, and the further people whom entries want told of the same."""
    if not context.entries:
        yield from (Route(notification=one) for one in candidates)
        return
    known = {(one.audience is Audience.CUSTOMER, one.recipient.lower()) for one in candidates}
    for one in candidates:
        entry = deciding(context, named_event(one, context), parties_of(one, context, event.at))
        yield Route(notification=_applied(one, entry), entry=entry)
    for model, party, entry in _further(candidates, context):
        for person in whom(party, context, event.at):
            key = (model.audience is Audience.CUSTOMER, person.address.lower())
            if key not in known:
                known.add(key)
                yield Route(notification=_copied(model, person, event, entry, context), entry=entry)


def named_event(notification: Notification, context: NotificationContext) -> str:
    """The event as notifications.yaml names it: the receipt has the name of the template that a rule chose."""
    is_receipt = notification.audience is Audience.CUSTOMER and notification.event == context.receipt
    return RECEIVED if is_receipt else notification.event


def deciding(context: NotificationContext, event: str, parties: frozenset[Party]) -> FlowEntry | None:
    """The first entry about the event and one of the parties."""
    fitting = (one for one in context.entries if event in one.events and not parties.isdisjoint(one.to))
    return next((one for one in fitting if any(takes(event, party) for party in parties.intersection(one.to))), None)


def _applied(one: Notification, entry: FlowEntry | None) -> Notification:
    """The candidate as the entry wants it.  What nobody may miss goes out whatever the entry says."""
    if entry is None:
        return one
    if not entry.mails:
        return one if is_owed(one) or one.skipped else replace(one, skipped=Untold.OFF, why=entry.label)
    skipped = "" if one.skipped == Untold.OFF else one.skipped
    return replace(one, skipped=skipped, template=entry.template, why=entry.label)


def is_owed(one: Notification) -> bool:
    """Whether somebody has to be told by mail: a breach, a mail that did not arrive."""
    return one.event in ALWAYS_TOLD or is_breach(one)


def is_breach(one: Notification) -> bool:
    """Whether a target was missed."""
    return one.event == "overdue" or (isinstance(one.payload, LevelReached) and one.payload.late)


def waits(one: Notification, entry: FlowEntry | None) -> Timing:
    """When the notification goes out: at once where it must not wait, whatever the entry says."""
    if entry is None or not entry.mails:
        return Timing.AT_ONCE
    collects = entry.timing in (Timing.QUIET, Timing.DIGEST)
    held_back = collects and (one.event in AT_ONCE_ONLY or is_breach(one))
    return Timing.AT_ONCE if held_back or not one.automatic else entry.timing


def _further(candidates: Sequence[Notification], context: NotificationContext) -> Iterator[tuple[Notification, Party, FlowEntry]]:
    """The audiences that entries add to each event, with a notification to copy."""
    for side in (Audience.CUSTOMER, None):
        models: dict[str, Notification] = {}
        for one in candidates:
            if (one.audience is Audience.CUSTOMER) is (side is Audience.CUSTOMER):
                models.setdefault(named_event(one, context), one)
        for event, model in models.items():
            for party in Party:
                if (party in CUSTOMERS) is (side is Audience.CUSTOMER):
                    entry = deciding(context, event, frozenset({party}))
                    if entry is not None and entry.mails and takes(event, party):
                        yield model, party, entry


def _copied(model: Notification, person: Recipient, event: Event, entry: FlowEntry, context: NotificationContext) -> Notification:
    acting = context.organisation.agents.get(event.actor.name) if event.actor.kind is ActorKind.AGENT else None
    own = acting is not None and acting.address.lower() == person.address.lower()
    skipped = "" if model.skipped in (Untold.OFF, Untold.OWN) else model.skipped
    return replace(
        model,
        recipient=person.address,
        name=person.name,
        language=person.language,
        template=entry.template,
        why=entry.label,
        skipped=Untold.OWN if own else skipped,
    )
