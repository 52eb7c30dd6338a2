"""A desk without a store: tickets, their histories and where the mails are, all in memory.  Commands are judged as the flows do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply, rebuild
from mailbridge.tickets.command_context import CommandContext, MailRef
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open
from mailbridge.tickets.command_types.relations import Split, StartPlaybook, Undo
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide_requests
from mailbridge.tickets.decision import Decision, TicketChange
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers.undo import latest, touched
from mailbridge.tickets.history import brought
from mailbridge.tickets.model import Participant, Ticket
from mailbridge.tickets.opening import open_ticket
from mailbridge.tickets.requests import Request, each
from tests.builders import ALL_AGREED, CAROL, NOW, an_organisation, command_context


@dataclass(slots=True)
class Office:
    organisation: Organisation = field(default_factory=an_organisation)
    now: datetime = NOW
    tickets: dict[int, Ticket] = field(default_factory=dict)
    histories: dict[int, tuple[Event, ...]] = field(default_factory=dict)
    mails: dict[int, MailRef] = field(default_factory=dict)
    last: int = 0

    def open(self, requester: Participant, subject: str = "Printer broken") -> int:
        """A customer's first mail; the number of the ticket."""
        self.last += 1
        mail = self.a_letter(self.last, requester, subject)
        actor = Actor(kind=ActorKind.CUSTOMER, name=requester.address)
        about = command_context(actor=actor, now=self.now, organisation=self.organisation, mail=mail)
        decision = open_ticket(self.last, Open(subject=subject, requester=requester), about)
        self._keep(decision, self.last)
        return self.last

    def write(self, ticket: int, author: Participant, *others: Participant) -> int:
        """A customer's further mail; its id."""
        mail = self.a_letter(ticket, author)
        actor = Actor(kind=ActorKind.CUSTOMER, name=author.address)
        about = command_context(actor=actor, now=self.now, organisation=self.organisation, mail=mail)
        decision, _ = decide_requests(self.tickets[ticket], each([CustomerMessage(author=author.address, others=others)]), about)
        self._keep(decision, ticket)
        return mail

    def do(self, actor: Actor, ticket: int, *commands: Command, line: str = "", agreed: bool = True) -> tuple[Decision, ...]:
        """An agent's mail with these commands; the decision of each."""
        sender = Participant(address=f"{actor.name}@desk.test")
        mail = self.a_letter(ticket, sender, by_customer=False)
        asked = [Request(commands=(self._numbered(command),), words=line) for command in commands]
        about = self._about(actor, ticket, mail, agreed=agreed, commands=commands)
        whole, decisions = decide_requests(self.tickets[ticket], asked, about)
        self._keep(whole, ticket)
        return decisions

    def happen(self, ticket: int, what: TicketEvent, actor: Actor) -> None:
        """The event stands on the ticket, whatever caused it."""
        event = Event(ticket=ticket, at=self.now, actor=actor, what=what, mail=self.a_letter(ticket, CAROL, by_customer=False))
        self._keep(Decision(ticket=apply(self.tickets[ticket], event), events=(event,)), ticket)

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def a_letter(self, ticket: int, author: Participant, subject: str = "", *, by_customer: bool = True) -> int:
        mail = len(self.mails) + 1
        self.mails[mail] = MailRef(id=mail, ticket=ticket, author=author, at=self.now, subject=subject, by_customer=by_customer)
        return mail

    def mails_of(self, ticket: int) -> tuple[int, ...]:
        return tuple(ref.id for ref in self.mails.values() if ref.ticket == ticket)

    def where(self) -> dict[int, int]:
        """Where each mail is."""
        return {mail: ref.ticket for mail, ref in self.mails.items()}

    def assert_sound(self) -> None:
        for number, ticket in self.tickets.items():
            assert rebuild(self.histories[number]) == ticket
            assert ticket.version == len(self.histories[number])
            passed = {number}
            while ticket.merged_into is not None:
                assert ticket.merged_into not in passed, "merged in a circle"
                passed.add(ticket.merged_into)
                ticket = self.tickets[ticket.merged_into]

    def _about(self, actor: Actor, ticket: int, mail: int, *, agreed: bool, commands: Sequence[Command]) -> CommandContext:
        about = command_context(
            actor=actor,
            now=self.now,
            organisation=self.organisation,
            mail=mail,
            agreed=ALL_AGREED if agreed else frozenset(),
            tickets={number: other for number, other in self.tickets.items() if number != ticket},
            read=frozenset(self.tickets),
            mails=dict(self.mails),
        )
        if not any(isinstance(command, Undo) for command in commands):
            return about
        history = self.histories[ticket]
        about = replace(about, histories={ticket: history})
        doing = latest(self.tickets[ticket], about)
        others = set(touched(history, doing.versions)) - {ticket} if doing else set()
        return replace(about, histories={number: self.histories[number] for number in (ticket, *others)})

    def _numbered(self, command: Command) -> Command:
        if isinstance(command, Split) and not command.ticket:
            self.last += 1
            return replace(command, ticket=self.last)
        if isinstance(command, StartPlaybook):
            tasks = self.organisation.playbooks[command.name].tasks
            self.last += len(tasks)
            return replace(command, tickets=tuple(range(self.last - len(tasks) + 1, self.last + 1)))
        return command

    def _keep(self, decision: Decision, ticket: int) -> None:
        changes = [*decision.elsewhere]
        if decision.ticket is not None and decision.events:
            changes.append(TicketChange(ticket=decision.ticket, events=decision.events))
        for change in changes:
            self.tickets[change.ticket.id] = change.ticket
            self.histories[change.ticket.id] = (*self.histories.get(change.ticket.id, ()), *change.events)
        for change in sorted(changes, key=lambda change: change.ticket.id != ticket):
            for mail, to in (pair for event in change.events for pair in brought(event.what)):
                self.mails[mail] = replace(self.mails[mail], ticket=to)


def facts(ticket: Ticket) -> Ticket:
    """The ticket but for what counts its events: two are equal where nobody who looks sees a difference.

    A plan that an undo takes back stays as a cancelled one, and each change of a plan counts in its SEQUENCE: calendars have to hear of
    both.
    """
    plans = tuple(replace(plan, sequence=0) for plan in ticket.plans if not plan.cancelled)
    return replace(ticket, version=0, updated_at=NOW, approvals_asked=0, plans=plans)


ANSWER, NOTE = AgentReply(), InternalNote()
