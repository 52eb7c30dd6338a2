"""Loads what commands need before they are decided: `tickets` is pure and reads nothing itself.

Only this module makes a `CommandContext`.  What a command needs is loaded by its type: for the requests, and for held requests that one of
them may approve, on each of their tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.execution.estimating import estimated
from mailbridge.execution.held_commands import HeldCommands, waiting_for
from mailbridge.execution.hour_banks import left_for
from mailbridge.execution.tasks import numbered
from mailbridge.mail_commands.spelling import spelled
from mailbridge.message.model import Kind
from mailbridge.message.replacing import replace
from mailbridge.organisation.model import Organisation
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.agenda import BusyTime
from mailbridge.tickets.command_context import CommandContext, HeldRequest, MailRef
from mailbridge.tickets.command_types.escalation import Approve, Escalate, SendWaiting
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.command_types.people import ChangeCustomer
from mailbridge.tickets.command_types.plans import PlanWork
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split, StartPlaybook, Undo
from mailbridge.tickets.command_types.values import Close, SetStatus, SetType
from mailbridge.tickets.command_types.wishes import AskRating
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.approvals import may_decide
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.handlers.undo import latest, touched
from mailbridge.tickets.handlers.wishes import RATED_TOGETHER, policy_of
from mailbridge.tickets.history import same_change
from mailbridge.tickets.hours.burns import asks_when_empty
from mailbridge.tickets.model import Participant, Ticket
from mailbridge.tickets.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The stored mail that causes the execution.  `answers`: Message-IDs that it answers, nearest first.  `seen_at`: the time of the mail
    that it answers, None where unknown."""

    mail: int | None
    answers: tuple[str, ...] = ()
    seen_at: datetime | None = None


NO_MAIL = Cause(mail=None)
_CLOSING = (SetStatus, Close, AskRating)  # commands that may end a request
_MOST_RATED = 50  # latest tickets of a requester
AROUND = timedelta(days=2)  # a planned day, in any zone


def load_context(
    tx: Tx, desk: Desk, ticket: Ticket | None, requests: Sequence[Request], actor: Actor, now: datetime, cause: Cause
) -> tuple[list[Request], CommandContext]:
    """The complete requests, and the context to decide them in.  `ticket` None: the first request opens it.

    A split gets the number of its new ticket, and its message: the one that was answered, else the latest of the customers.
    """
    commands = [command for request in requests for command in request.commands]
    if any(isinstance(command, ChangeCustomer | Undo | Approve) for command in commands):
        tx.customers.lock(now)
        desk = desk.at(tx)
    waiting = _waiting(ticket, commands, actor, desk.organisation) if ticket else {}
    about = _empty(desk, actor, now, cause)
    numbers = [number for one in waiting.values() for number in one.tickets]
    about = _with_tickets(tx, about, [*numbers, *_named([*commands, *(c for one in waiting.values() for c in one.commands)])])
    known = {**about.tickets, **({ticket.id: ticket} if ticket else {})}
    pairs = [(ticket, command) for command in commands] if ticket else []
    for one in waiting.values():
        targets = [of for number in one.tickets if (of := surviving(number, known)) is not None]
        pairs += [(of, command) for of in targets for command in one.commands]
    about = _with_needs(tx, desk, about, pairs)
    if any(isinstance(command, Escalate) for command in commands) or any(isinstance(command, Escalate) for _, command in pairs):
        about = replace(about, load=tx.tickets.load())
    complete = [
        replace(request, commands=tuple(_complete(tx, ticket, command, about, cause.answers) for command in request.commands))
        for request in requests
    ]
    held = {number: _held(tx, one, known, about) for number, one in waiting.items()}
    return complete, replace(about, held=held)


def mail_ref(mail: StoredMail, organisation: Organisation) -> MailRef:
    """The mail as a decision sees it.  An agent is its author only where that was proven."""
    agent = organisation.agent_of(mail.sender) if mail.verified else None
    return MailRef(
        id=mail.id,
        ticket=mail.ticket or 0,
        author=Participant(address=mail.sender, name=mail.sender_name, language=mail.language),
        at=mail.received_at,
        subject=mail.subject,
        by_customer=agent is None and not mail.internal and mail.kind is Kind.HUMAN,
        verified=mail.verified,
    )


def _empty(desk: Desk, actor: Actor, now: datetime, cause: Cause) -> CommandContext:
    """The context of a command that needs nothing from the store."""
    return CommandContext(
        actor=actor,
        now=now,
        organisation=desk.organisation,
        customers=desk.policy.rules.customers,
        rules_version=desk.policy.version,
        own_addresses=desk.own_addresses,
        mail=cause.mail,
        seen_at=cause.seen_at,
        undo_within=timedelta(minutes=desk.config.desk.undo_minutes),
        send_after=desk.config.desk.send_after,
        tickets={},
        read=frozenset(),
        mails={},
        histories={},
        estimates={},
        agenda=(),
        load={},
        hours_left={},
        held={},
        request=(),
        asked_to_rate=frozenset(),
        words="",
        spelled=spelled,
        agreed=frozenset(),
    )


def _waiting(ticket: Ticket, commands: Sequence[Command], actor: Actor, organisation: Organisation) -> Mapping[int, HeldCommands]:
    """The held requests that these commands may approve, by approval id."""
    numbers = {command.approval for command in commands if isinstance(command, Approve | SendWaiting)}
    wanted = (one for one in ticket.approvals if one.id in numbers or (0 in numbers and may_decide(actor, one)))
    return {one.id: waiting_for(ticket.id, one, organisation) for one in wanted}


def _held(tx: Tx, waiting: HeldCommands, known: Mapping[int, Ticket], about: CommandContext) -> HeldRequest:
    """The held request, with what its commands need on each of its tickets."""
    on: list[tuple[int, tuple[Command, ...]]] = []
    for number in waiting.tickets:
        of = surviving(number, known)
        on.append((number, tuple(_complete(tx, of, command, about, ()) for command in waiting.commands) if of else waiting.commands))
    return HeldRequest(commands=waiting.commands, on=tuple(on), agreed=waiting.agreed, unreadable=waiting.unreadable)


def _with_needs(tx: Tx, desk: Desk, about: CommandContext, pairs: Sequence[tuple[Ticket, Command]]) -> CommandContext:
    """Adds what each of the commands needs on its ticket."""
    tickets = {ticket.id: ticket for ticket, _ in pairs}
    estimates = dict[tuple[int, str], SetEstimate]()
    for ticket, command in pairs:
        if isinstance(command, SetType) and (found := estimated(tx, command.type, ticket.requester, desk)) is not None:
            estimates[ticket.id, command.type] = found
    worked_on = {ticket.id: ticket for ticket, command in pairs if isinstance(command, RecordWork | CorrectWork)}
    agenda = (*about.agenda, *_agenda(tx, pairs))
    about = replace(about, estimates=estimates, agenda=agenda, hours_left=_hours_left(tx, desk, about, worked_on.values()))
    about = _with_mails(tx, about, {ticket.id for ticket, command in pairs if isinstance(command, Merge | Split | Erase | Undo)})
    for number in sorted({ticket.id for ticket, command in pairs if isinstance(command, Undo)}):
        about = _with_past(tx, tickets[number], about)
    closing = {ticket.id for ticket, command in pairs if isinstance(command, _CLOSING) or _confirms(command)}
    asked = (number for number in closing if _was_asked_to_rate(tx, tickets[number], about))
    return replace(about, asked_to_rate=frozenset(asked))


def _confirms(command: Command) -> bool:
    """Whether the command is a customer's "That solved it"."""
    return isinstance(command, CustomerMessage) and command.solved


def _was_asked_to_rate(tx: Tx, ticket: Ticket, about: CommandContext) -> bool:
    """Whether the requester was asked about another ticket a short time ago.  Asks the store where this one would be asked about alone."""
    requester = ticket.requester
    asks = policy_of(ticket, about.organisation) is not None and ticket.verified and ticket.rating_asked_at is None
    if requester is None or not asks:
        return False
    others = tx.tickets.find(requester=requester.address, limit=_MOST_RATED)
    return any(one.id != ticket.id and one.rating_asked_at and about.now - one.rating_asked_at < RATED_TOGETHER for one in others)


def _agenda(tx: Tx, pairs: Sequence[tuple[Ticket, Command]]) -> Sequence[BusyTime]:
    """What is planned around the times at which the commands plan work."""
    times = [at for ticket, command in pairs if isinstance(command, PlanWork) and (at := _planned_at(ticket, command)) is not None]
    return tx.agenda.between(min(times) - AROUND, max(times) + AROUND) if times else ()


def _planned_at(ticket: Ticket, command: PlanWork) -> datetime | None:
    """The time of the command, else that of the plan it changes."""
    return command.at or next((plan.at for plan in ticket.plans if plan.id == command.plan), None)


def _hours_left(tx: Tx, desk: Desk, about: CommandContext, tickets: Iterable[Ticket]) -> dict[int, int]:
    """By ticket the seconds in its hour bank, where its contract asks a manager once the bank is empty."""
    today = about.organisation.day_of(about.now)
    asking = (ticket for ticket in tickets if asks_when_empty(ticket, about.customers, today))
    return {ticket.id: left.left for ticket in asking if (left := left_for(tx, ticket, desk, about.now)) is not None}


def _named(commands: Iterable[Command]) -> list[int]:
    """The other tickets that the commands name."""
    return [command.ticket if isinstance(command, Link) else command.into for command in commands if isinstance(command, Link | Merge)]


def _with_tickets(tx: Tx, about: CommandContext, numbers: Iterable[int]) -> CommandContext:
    """Adds those tickets and their survivors, as far as they exist."""
    tickets, wanted = dict(about.tickets), set(numbers) - set(about.tickets)
    while wanted:
        found = tx.tickets.get_many(wanted)
        tickets |= {ticket.id: ticket for ticket in found}
        wanted = {ticket.merged_into for ticket in found if ticket.merged_into is not None} - set(tickets)
    return replace(about, tickets=tickets) if len(tickets) > len(about.tickets) else about


def _with_mails(tx: Tx, about: CommandContext, tickets: Iterable[int]) -> CommandContext:
    new = sorted(set(tickets) - about.read)
    found = (mail for ticket in new for mail in tx.mails.heads_of(ticket))
    mails = {**about.mails, **{mail.id: mail_ref(mail, about.organisation) for mail in found}}
    return replace(about, mails=mails, read=about.read | set(new))


def _with_past(tx: Tx, ticket: Ticket, about: CommandContext) -> CommandContext:
    """Adds the history of the ticket and of all tickets that its latest change touched, with their mails.  Where it merged several tickets
    into one, the others are found through that one."""
    history = tuple(tx.events.of_ticket(ticket.id))
    about = replace(about, histories={**about.histories, ticket.id: history})
    change = latest(ticket, about)
    new = set(touched(history, change.versions)) - {ticket.id} if change else set()
    while change and new:
        about = _with_tickets(tx, _with_mails(tx, about, new), new)
        past = {number: tuple(tx.events.of_ticket(number)) for number in sorted(new) if number in about.tickets}
        about = replace(about, histories={**about.histories, **past})
        new = {other for one in past.values() for other in touched(one, same_change(change, one))} - set(about.histories)
        new &= {*_existing(tx, new)}
    return about


def _existing(tx: Tx, numbers: Iterable[int]) -> Iterable[int]:
    return (ticket.id for ticket in tx.tickets.get_many(numbers))


def _complete(tx: Tx, ticket: Ticket | None, command: Command, about: CommandContext, answers: Sequence[str]) -> Command:
    match command:
        case Split(ticket=0) if ticket is not None:
            messages = frozenset(one.id for one in about.mail_refs_of(ticket.id) if one.by_customer)
            mail = command.mail or _answered(tx, messages, answers)
            # A refused split must not leave a gap in the numbers.
            number = tx.tickets.reserve() if mail in messages and len(messages) > 1 else 0
            return replace(command, mail=mail, ticket=number)
        case StartPlaybook():
            return numbered(tx, ticket.playbooks if ticket else (), command, about.organisation)
        case Merge(into=into) if ticket is not None and (survivor := surviving(into, {**about.tickets, ticket.id: ticket})) is not None:
            return replace(command, into=survivor.id) if survivor.id != ticket.id else command
    return command


def _answered(tx: Tx, messages: frozenset[int], answers: Sequence[str]) -> int:
    """The message that was answered: the one in our notification, else the latest; 0 where there is none."""
    for message_id in answers:
        ours = tx.outbox.by_message_id(message_id)
        if ours is not None and ours.notification.mail in messages:
            return ours.notification.mail
    return max(messages, default=0)
