"""Work takes hours from the bank of its contract, in the transaction that records it.

After each change of a ticket the entries of its work are compared with the work itself.  What was corrected, undone, or belongs to another
contract or customer now is given back whole and taken anew.  A second run finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from mailbridge.execution.desk import Desk
from mailbridge.organisation.model import Organisation
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.zones import wall
from mailbridge.store.hours import StoredEntry
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.people import RequesterChanged
from mailbridge.tickets.event_types.relations import MergedFrom, MergedInto, Undone
from mailbridge.tickets.event_types.values import FieldSet
from mailbridge.tickets.event_types.work import WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event
from mailbridge.tickets.handlers.contracts import CONTRACT
from mailbridge.tickets.hours.burns import BankMatch, bank_for, basis, burn
from mailbridge.tickets.hours.ledger import EntryKind, LedgerEntry, live_burns, reversal
from mailbridge.tickets.hours.planning import HourBank, HoursLeft, due_grants, hours_left
from mailbridge.tickets.hours.standing import standing
from mailbridge.tickets.model import Activity, Ticket

MOVES_WORK = (WorkRecorded, WorkCorrected, MergedFrom, MergedInto, Undone, RequesterChanged)
CORRECTED, MOVED, DELETED = "corrected", "moved", "deleted"  # why hours were given back


def take_hours(tx: Tx, desk: Desk, ticket: Ticket, events: Sequence[Event], now: datetime) -> None:
    """After this the banks have exactly the work of the ticket, if the events changed it or its contract."""
    if not any(_moves(event) for event in events):
        return
    opens = ticket.version == len(events)
    known = [] if opens else tx.hours.of_ticket(ticket.id)
    for customer, bank, entry in _changes(ticket, known, desk, now, _by(events[0].actor)):
        tx.hours.add(customer, bank, [entry])


def _moves(event: Event) -> bool:
    """Whether the event changes work or whose work it is."""
    return isinstance(event.what, MOVES_WORK) or (isinstance(event.what, FieldSet) and event.what.name == CONTRACT)


def _changes(ticket: Ticket, known: Sequence[StoredEntry], desk: Desk, now: datetime, by: str) -> Iterator[tuple[str, str, LedgerEntry]]:
    """Customer, bank and entry of each change."""
    live_keys = {burn.key for burn in live_burns(one.entry for one in known)}
    live = {one.entry.activity: one for one in known if one.entry.key in live_keys}
    activities = {activity.id: activity for activity in ticket.activities} if ticket.merged_into is None else {}
    for id in sorted({*activities, *(id for id in live if id is not None)}):
        taken, activity = live.get(id), activities.get(id)
        match = _match(ticket, activity, desk) if activity else None
        if taken and activity and match and _same(taken, activity, match):
            continue
        if taken:
            why = DELETED if activity is None else CORRECTED if match and _same_bank(taken, match) else MOVED
            yield taken.customer, taken.bank, reversal(taken.entry, now, by, why)
        if activity and match:
            before = sum(one.entry.activity == id and one.entry.kind is EntryKind.BURN for one in known)
            entry = burn(ticket, activity, match, desk.organisation, now, by, before)
            yield match.bank.customer, match.bank.name, entry


def _match(ticket: Ticket, activity: Activity, desk: Desk) -> BankMatch | None:
    return bank_for(ticket, desk.policy.rules.customers, activity.day) if activity.charged else None


def _same(taken: StoredEntry, activity: Activity, match: BankMatch) -> bool:
    return _same_bank(taken, match) and taken.entry.basis == basis(activity, match.contract)


def _same_bank(taken: StoredEntry, match: BankMatch) -> bool:
    return (taken.customer, taken.bank) == (match.bank.customer, match.bank.name)


def _by(actor: Actor) -> str:
    """An agent or administrator by name.  A ledger names nobody else."""
    return actor.name if actor.kind in (ActorKind.AGENT, ActorKind.ADMIN) else str(actor.kind)


def left_for(tx: Tx, ticket: Ticket, desk: Desk, now: datetime) -> HoursLeft | None:
    """How the bank of the ticket stands; None: its work takes no hours."""
    customers = desk.policy.rules.customers
    match = bank_for(ticket, customers, desk.organisation.day_of(now))
    return left_in(tx, match.bank, desk, now) if match else None


def left_in(tx: Tx, bank: HourBank, desk: Desk, now: datetime) -> HoursLeft | None:
    """How the bank stands now, with the hours that are due and not recorded yet; None: it has had none so far."""
    today = today_of(bank, desk, now)
    entries = [*(known := tx.hours.for_standing(bank.customer, bank.name)), *due_grants(bank, known, today, now)]
    return hours_left(standing(entries, today))


def today_of(bank: HourBank, desk: Desk, now: datetime) -> date:
    """The day by the wall clock of the contract's calendar, else by that of the default team."""
    return day_in(bank, desk.organisation, now)


def day_in(bank: HourBank, organisation: Organisation, now: datetime) -> date:
    """The same, of these rules."""
    calendar = calendar_of(bank, organisation)
    return wall(now, calendar.zone).date() if calendar else organisation.day_of(now)


def calendar_of(bank: HourBank, organisation: Organisation) -> Calendar | None:
    """The calendar that a contract of the bank names; None if no contract names one."""
    names: Iterable[str] = (contract.calendar for contract in bank.contracts)
    return next((organisation.calendars[name] for name in names if name in organisation.calendars), None)
