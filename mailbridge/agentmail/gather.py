"""What commands need to know beside their ticket, fetched before they are judged: judges are pure and look nothing up.

Whoever lets commands be judged comes through here: an agent's mail (`prepared`), the command line and whatever else has an actor and a
ticket (`gathered`).  A line that waited for a yes is understood again when the yes comes, so what it needs is fetched then as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from mailbridge.context import Desk
from mailbridge.desk.circumstances import Letter
from mailbridge.desk.commands import Approve, Command, Erase, Escalate, Link, Merge, SetType, Split, StartPlaybook, Undo
from mailbridge.desk.decide import Circumstances
from mailbridge.desk.judges.approvals import line_of, wanted
from mailbridge.desk.judges.relations import surviving
from mailbridge.desk.judges.undo import latest, touched
from mailbridge.desk.model import Organisation, Participant, Ticket
from mailbridge.execution.estimating import estimated
from mailbridge.execution.tasks import numbered
from mailbridge.filing import Filing
from mailbridge.message.model import Kind
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx

Asked = Sequence[tuple[Command, str]]


def prepared(filing: Filing, ticket: Ticket, asked: Asked, mail: int) -> tuple[Asked, Circumstances]:
    """The commands of an agent's mail, complete, and the circumstances to judge them in."""
    answers = (*filing.message.in_reply_to, *reversed(filing.message.references))
    return gathered(filing.tx, filing.desk, ticket, asked, filing.about(filing.actor(), mail), answers=answers)


def gathered(
    tx: Tx, desk: Desk, ticket: Ticket, asked: Asked, about: Circumstances, *, answers: Sequence[str] = ()
) -> tuple[Asked, Circumstances]:
    """The same for any actor.  `answers`: Message-IDs that the commands come as an answer to, nearest first.

    A split gets the number of its new ticket, and the message: the one that was answered, else the customers' latest.
    """
    judged = [*(command for command, _ in asked), *_held(ticket, asked, about.organisation)]
    if any(isinstance(command, Undo) for command in judged):
        about = replace(about, undo_within=timedelta(minutes=desk.config.desk.undo_minutes))
    if any(isinstance(command, Escalate) for command in judged):
        about = replace(about, load=tx.tickets.load())
    if types := [command.type for command in judged if isinstance(command, SetType)]:
        found = {type: estimated(tx, replace(ticket, type=type), desk) for type in types}
        about = replace(about, estimates={type: estimate for type, estimate in found.items() if estimate is not None})
    if any(isinstance(command, Merge | Split | Erase | Undo) for command in judged):
        about = _with_letters(tx, about, [ticket.id])
        about = replace(about, mails=tuple(about.letters))
    numbers = [number for command in judged for number in _named(command)]
    about = _with_tickets(tx, about, [*numbers, *_held_for(ticket, asked, about.organisation)])
    if any(isinstance(command, Undo) for command in judged):
        about = _with_past(tx, ticket, about)
    return [(_complete(tx, ticket, command, about, answers), line) for command, line in asked], about


def letter(mail: StoredMail, organisation: Organisation) -> Letter:
    """The mail as a judge sees it.  An agent's mail is theirs only where it was proven."""
    agent = organisation.agent_of(mail.sender) if mail.verified else None
    return Letter(
        id=mail.id,
        ticket=mail.ticket or 0,
        author=Participant(address=mail.sender, name=mail.sender_name, language=mail.language),
        at=mail.received_at,
        subject=mail.subject,
        by_customer=agent is None and not mail.internal and mail.kind is Kind.HUMAN,
        verified=mail.verified,
    )


def _held(ticket: Ticket, asked: Asked, organisation: Organisation) -> list[Command]:
    """What a yes among these commands may set free."""
    if not any(isinstance(command, Approve) for command, _ in asked):
        return []
    return [command for approval in ticket.approvals for command in wanted(approval, organisation)]


def _held_for(ticket: Ticket, asked: Asked, organisation: Organisation) -> list[int]:
    """The tickets that lines name which a yes among these commands may set free."""
    if not any(isinstance(command, Approve) for command, _ in asked):
        return []
    return [number for approval in ticket.approvals for number in line_of(approval, organisation).tickets]


def _named(command: Command) -> tuple[int, ...]:
    match command:
        case Link(ticket=number) | Merge(into=number):
            return (number,)
    return ()


def _with_tickets(tx: Tx, about: Circumstances, numbers: Iterable[int]) -> Circumstances:
    """Those tickets, and the ones they were merged into, as far as there are any."""
    tickets, wanted_ = dict(about.tickets), set(numbers) - set(about.tickets)
    while wanted_:
        found = tx.tickets.get_many(wanted_)
        tickets |= {ticket.id: ticket for ticket in found}
        wanted_ = {ticket.merged_into for ticket in found if ticket.merged_into is not None} - set(tickets)
    return replace(about, tickets=tickets) if len(tickets) > len(about.tickets) else about


def _with_letters(tx: Tx, about: Circumstances, tickets: Iterable[int]) -> Circumstances:
    found = (mail for ticket in tickets for mail in tx.mails.heads_of(ticket))
    return replace(about, letters={**about.letters, **{mail.id: letter(mail, about.organisation) for mail in found}})


def _with_past(tx: Tx, ticket: Ticket, about: Circumstances) -> Circumstances:
    """The ticket's history, and that of the tickets which the latest doing touched, with their mails."""
    about = replace(about, history=tuple(tx.events.of_ticket(ticket.id)))
    doing = latest(ticket, about)
    others = sorted(set(touched(about.history, doing.versions)) - {ticket.id}) if doing else []
    about = _with_tickets(tx, _with_letters(tx, about, others), others)
    return replace(about, histories={number: tuple(tx.events.of_ticket(number)) for number in others if number in about.tickets})


def _complete(tx: Tx, ticket: Ticket, command: Command, about: Circumstances, answers: Sequence[str]) -> Command:
    match command:
        case Split(ticket=0):
            messages = _messages(ticket, about)
            mail = command.mail or _answered(tx, messages, answers)
            # A number that is reserved for a split which is refused would be a gap that people ask about.
            number = tx.tickets.reserve() if mail in messages and len(messages) > 1 else 0
            return replace(command, mail=mail, ticket=number)
        case StartPlaybook():
            return numbered(tx, ticket, command, about.organisation)
        case Merge(into=into) if (survivor := surviving(into, {**about.tickets, ticket.id: ticket})) is not None:
            return replace(command, into=survivor.id) if survivor.id != ticket.id else command
    return command


def _messages(ticket: Ticket, about: Circumstances) -> frozenset[int]:
    """The customers' messages on the ticket."""
    return frozenset(letter.id for letter in about.letters.values() if letter.ticket == ticket.id and letter.by_customer)


def _answered(tx: Tx, messages: frozenset[int], answers: Sequence[str]) -> int:
    """The message that somebody answers: the one our notification told of, else the latest; 0 where there is none."""
    for message_id in answers:
        ours = tx.outbox.by_message_id(message_id)
        if ours is not None and ours.notification.mail in messages:
            return ours.notification.mail
    return max(messages, default=0)
