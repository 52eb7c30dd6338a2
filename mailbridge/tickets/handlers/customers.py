"""Handler for what is known of customers: people, locations and devices, in the overlay over the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailbridge.customers import overlay
from mailbridge.customers.change import EntryChange, EntryChanged, NotChanged, decide_change, reverted
from mailbridge.customers.entry import EntryId
from mailbridge.customers.model import Customers
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.people import ChangeCustomer
from mailbridge.tickets.event_types.people import CustomerChanged
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Ticket


def change(ticket: Ticket, command: ChangeCustomer, about: CommandContext) -> HandlerResult:
    """Changes the overlay.  Refused where a file names the entry or the key, with the place in the file."""
    own = about.customers.of(ticket.requester.address) if ticket.requester else None
    if not command.customer and own is None:
        return Refusal(reason="no-customer")
    wanted = EntryChange(
        verb=command.verb,
        customer=command.customer or (own.name if own else ""),
        part=command.part,
        name=command.name,
        values=command.values,
    )
    done = decide_change(about.customers, wanted, about.organisation.calendars)
    if isinstance(done, NotChanged):
        return Refusal(reason=done.reason, nearest=done.nearest, detail=done.detail)
    return [_event(done)] if done.before != done.after else []


def entry_changed(what: CustomerChanged) -> EntryChanged:
    """The change of the overlay that the event records."""
    id = EntryId(customer=what.customer, part=what.part, key=what.key)
    return EntryChanged(id=id, name=what.name, before=what.before, after=what.after)


def after(known: Customers, events: Iterable[Event]) -> Customers:
    """The customers after these events."""
    for event in events:
        if isinstance(event.what, CustomerChanged):
            known = overlay.after(known, entry_changed(event.what))
    return known


def taken_back(happened: Sequence[TicketEvent], known: Customers) -> list[TicketEvent] | Refusal:
    """The events that undo these changes, the last one first.  Refused where an entry was changed since."""
    found: list[TicketEvent] = []
    for what in reversed(happened):
        if not isinstance(what, CustomerChanged):
            continue
        back = reverted(known, entry_changed(what))
        if back is None:
            return Refusal(reason="entry-changed-since", detail=what.name or what.customer)
        known = overlay.after(known, back)
        found.append(_event(back))
    return found


def _event(done: EntryChanged) -> CustomerChanged:
    id = done.id
    return CustomerChanged(customer=id.customer, part=id.part, key=id.key, name=done.name, before=done.before, after=done.after)
