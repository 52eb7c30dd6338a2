"""Solved requests that a new one is like, for the suggestion of a first answer to agents.  A desk that does not suggest answers asks the
store nothing."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.knowledge.bm25 import IndexedText
from mailbridge.knowledge.similar import asked_terms, candidates, most_similar
from mailbridge.knowledge.suggest import asked_text
from mailbridge.knowledge.terms import terms
from mailbridge.notifications.payloads.knowledge import SolvedRow
from mailbridge.store.solved import SolvedRequest
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.model import Ticket

MOST_NAMED = 3  # tickets of one suggestion
_MOST_HOLDING = 1_000  # newest requests with a term
_MOST_COUNTED = 10_000  # requests of the team
_MOST_COMPARED = 40
_MOST_LOOKED_AT = 12  # of those that are similar enough
_POOR = 2  # grades up to this one


def solved_like(tx: Tx, desk: Desk, mail: PlacedMail, opened: Open) -> tuple[SolvedRow, ...]:
    """The solved tickets of the team whose request is most like this mail, with the answer that solved each, best first."""
    if not desk.config.knowledge.suggest_answers or mail.imported or mail.written_to:
        return ()
    language = opened.language or desk.config.desk.language
    chosen = compared(tx, mail.message.subject, asked_text(mail.message), team=opened.team, language=language)
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(one.ticket for one in chosen)}
    solved = [one for one in chosen if _counts(tickets.get(one.ticket), opened.team)]
    prefix = desk.config.desk.prefix
    return tuple(
        SolvedRow(number=ticket_number(prefix, one.ticket), ticket=one.ticket, answer=one.answer) for one in solved[:MOST_NAMED]
    )


def compared(tx: Tx, subject: str, text: str, *, team: str, language: str) -> list[SolvedRequest]:
    """The requests among the team's solved ones that are similar enough to this one, best first."""
    title = terms(subject, language)
    asked = (*title, *terms(text, language))
    found = {term: tx.solved.holding(term, team=team, language=language, most=_MOST_HOLDING) for term in asked_terms(title, asked)}
    holding = {term: tickets for term, tickets in found.items() if tickets}
    if not holding:
        return []
    among = tx.solved.count(team=team, language=language, most=_MOST_COUNTED)
    near = tx.solved.get_many(candidates(holding, among, _MOST_COMPARED))
    texts = [IndexedText(title=one.title, body=one.body) for one in near]
    counts = {term: len(tickets) for term, tickets in holding.items()}
    return [near[place] for place, _ in most_similar(asked, texts, among=among, holding=counts, most=_MOST_LOOKED_AT)]


def _counts(ticket: Ticket | None, team: str) -> bool:
    """Whether the ticket is a solved request of the team still, with which the customer was not unhappy."""
    if ticket is None or ticket.closed_at is None or ticket.merged_into is not None or ticket.spam or ticket.team != team:
        return False
    return ticket.rating is None or ticket.rating > _POOR
