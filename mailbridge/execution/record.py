"""Records a decision: events, ticket, clocks and notifications, in the open transaction.

Pipeline, ticker and command line all use it, so these four always agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbridge.errors import Transient
from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.notifications.model import Notification
from mailbridge.notifications.untold import NotTold
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.wishes import PROVEN, WishId, WishKind
from mailbridge.sla.history import FinishedRun
from mailbridge.sla.levels import REMINDED, counted, newly_finished, no_longer_finished, open_runs, told_since
from mailbridge.sla.versions import version_of
from mailbridge.store.tx import Tx
from mailbridge.tickets.clock_history import clock_history
from mailbridge.tickets.deadlines import promised, ticket_deadlines
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.people import CustomerChanged
from mailbridge.tickets.event_types.relations import ContentErased, MergedFrom, MergedInto, Undone
from mailbridge.tickets.event_types.values import TypeChanged
from mailbridge.tickets.event_types.wishes import MarkedSpam, TicketRated
from mailbridge.tickets.event_types.work import WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event
from mailbridge.tickets.handlers.customers import entry_changed
from mailbridge.tickets.history import brought
from mailbridge.tickets.model import IMPORTED, Ticket

OF_WORK = (WorkRecorded, WorkCorrected, MergedFrom, MergedInto, Undone)  # events that change the work on a ticket


def record(
    tx: Tx,
    ticket: Ticket,
    events: Sequence[Event],
    told: Sequence[Notification],
    organisation: Organisation,
    now: datetime,
    *,
    tell_at: datetime | None = None,
    untold: Sequence[NotTold] = (),
) -> None:
    """Writes everything of a decision.  `tell_at`: its notifications are held until then.  `untold`: who is not told of it, and why.

    Raises Transient where another transaction changed the ticket meanwhile.
    """
    before = ticket.version - len(events)
    if events:
        if not tx.tickets.save(ticket, expected_version=before):
            raise Transient("the ticket changed while it was worked on; try again", ticket=ticket.id)
        tx.events.append(events, first_version=before + 1, untold=untold)
        if not all(_moves_no_clock(event) for event in events):
            set_clocks(tx, ticket, organisation, now, opening=() if before else events)
        for event in events:
            _take_effect(tx, event)
        if any(isinstance(event.what, OF_WORK) or (ticket.activities and isinstance(event.what, TypeChanged)) for event in events):
            tx.activities.set(ticket)
        if ticket.plans or ticket.meeting:
            tx.agenda.set(ticket)
    if told:
        tx.outbox.add_many(told, now, not_before=tell_at)
        tx.wake("outbox")


def _moves_no_clock(event: Event) -> bool:
    """Whether the clocks are the same after the event: an alert is told, and no reminder follows it."""
    return isinstance(event.what, AlertRaised) and event.what.promise not in REMINDED


def set_clocks(tx: Tx, ticket: Ticket, organisation: Organisation, now: datetime, *, opening: Sequence[Event] = ()) -> int:
    """Sets the clocks that the whole history of the ticket gives under the current rules; the number of changed clocks.  Runs of clocks
    that have ended are kept as they ended.

    `opening`: the whole history of a ticket that opens in this transaction.  It is at hand and is not read again.
    """
    if opening:
        received = tx.mails.received(list(dict.fromkeys(event.mail for event in opening if event.mail is not None)))
        history = clock_history(list(enumerate(opening, start=1)), received)
    else:
        history = clock_history_of(tx, ticket.id)
    clocks = counted(history, promised(ticket, organisation))
    ended: Sequence[FinishedRun] = ()
    if not opening and ticket.channel != IMPORTED and ticket.merged_into is None:
        tx.finished_runs.forget(ticket.id, no_longer_finished(history, clocks.segments))
        ended = newly_finished(clocks.runs)
    running = open_runs(clocks.runs)
    changed = tx.clocks.set(
        ticket.id,
        ticket_deadlines(ticket, history, organisation, now, clocks),
        now,
        since=told_since(history, running),
        calendars={name: version_of(run.calendar) for name, run in running.items()},
        new=bool(opening),
    )
    tx.finished_runs.keep(ticket.id, ended, now, also=[run.calendar for run in running.values()] if changed else ())
    return changed


def _take_effect(tx: Tx, event: Event) -> None:
    """The effects of an event outside of its ticket: mails that move, contents that are erased."""
    moved = brought(event.what)
    if moved and not isinstance(event.what, MergedInto):
        _search_again(tx, event.ticket, moved)
    else:  # a merge moves all mails of a ticket, also those that quote each other
        for mail, ticket in moved:
            tx.mails.set_ticket(mail, ticket)
    if isinstance(event.what, CustomerChanged):
        tx.customers.add([entry_changed(event.what)], event.actor, event.ticket, event.at)
    if isinstance(event.what, MarkedSpam) and event.what.sender:
        marked = tx.tickets.get(event.ticket)
        unproven = ((PROVEN, "no"),) if marked is not None and not marked.verified else ()
        tx.wishes.add([(_spam(event.what.sender), (("ticket", str(event.ticket)), *unproven))], event.actor, event.at)
    if isinstance(event.what, Undone) and event.what.unmarked:
        tx.wishes.add([(_spam(event.what.unmarked), None)], event.actor, event.at)
    if isinstance(event.what, TicketRated):
        rated = event.what
        tx.ratings.set(event.ticket, team=rated.team, agent=rated.agent, grade=rated.grade, at=event.at)
    if isinstance(event.what, ContentErased):
        tx.erasure.erase(event.ticket, event.what.mails)


def _spam(sender: str) -> tuple[str, str, str]:
    return WishId(kind=WishKind.SPAM, name=sender).key


def _search_again(tx: Tx, ticket: int, moved: Sequence[tuple[int, int]]) -> None:
    """Updates the search index for the moved mails, and for the later ones on the tickets that they left."""
    left = {ticket, *(mail.ticket for id, _ in moved if (mail := tx.mails.get(id)) and mail.ticket is not None)}
    for id, to in moved:
        tx.mails.set_ticket(id, to)
    first = min(id for id, _ in moved)
    later = [mail.id for each in sorted(left) for mail in tx.mails.heads_of(each) if mail.id > first]
    tx.search.add_again(list(dict.fromkeys([*(id for id, _ in moved), *later])))
