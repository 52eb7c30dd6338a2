"""Keeps the solved requests that new ones are compared with: tickets that were closed some time ago and whose answer is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.knowledge.similar import request_terms
from mailbridge.store.engine import Store
from mailbridge.store.solved import SolvedRequest
from mailbridge.store.tx import Tx
from mailbridge.tickets.closing_answer import closing_answer
from mailbridge.tickets.event_types.mails import TicketOpened
from mailbridge.tickets.events import Event

STATE_KEY = "solved-requests"
SETTLED = timedelta(minutes=10)  # after that long nobody undoes the closing, and every transaction that closed a ticket is committed
BATCH = 200  # tickets of one transaction
_FIRST = datetime(1, 1, 2, tzinfo=UTC)


def keep_solved_requests(store: Store, desk: Desk, now: datetime) -> int:
    """Adds the next tickets that were closed since the last run, at first from the beginning; how many were looked at."""
    if not desk.config.knowledge.suggest_answers:
        return 0
    with store.read() as tx:
        if not _next(tx, tx.state.get(STATE_KEY), now):
            return 0
    with store.write() as tx:
        found = _next(tx, tx.state.take(STATE_KEY, now), now)
        for number, _ in found:
            _keep(tx, desk, number)
        if found:
            number, closed_at = found[-1]
            tx.state.set(STATE_KEY, [closed_at.isoformat(), number], now)
    return len(found)


def _next(tx: Tx, state: list[str | int] | None, now: datetime) -> list[tuple[int, datetime]]:
    since, number = (datetime.fromisoformat(str(state[0])), int(state[1])) if state else (_FIRST, 0)
    return tx.solved.closed_after(since, number, now - SETTLED, BATCH)


def _keep(tx: Tx, desk: Desk, number: int) -> None:
    """The ticket is among the solved requests if an answer solved it, and is not if none did."""
    ticket = tx.tickets.get(number)
    events = tx.events.of_ticket(number) if ticket else []
    opening, answer = _opening(events), closing_answer(events)
    first = tx.mails.get(opening.mail) if opening and opening.mail else None
    if ticket is None or first is None or answer is None or ticket.merged_into is not None or ticket.spam:
        tx.solved.remove(number)
        return
    language = ticket.language or desk.config.desk.language
    title, body = request_terms(first.subject, first.fresh, language)
    tx.solved.put(SolvedRequest(ticket=number, team=ticket.team, language=language, answer=answer, title=title, body=body))


def _opening(events: list[Event]) -> Event | None:
    return events[0] if events and isinstance(events[0].what, TicketOpened) else None
