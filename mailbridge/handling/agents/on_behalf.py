"""A new mail of an agent that is a customer's: one that was passed on, or words about a call (IN10).

`passed_on` turns it into the customer's mail before rules judge it, `file_passed_on` opens the ticket for the customer and tells the agent
whose it became.  Where nobody can say whose mail it is, the ticket stands in the agent's name and the agent is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Writer
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.carry_out import TEXT, carry_out
from mailbridge.handling.agents.forwarded import Original, as_written, asked_at, original
from mailbridge.handling.agents.held import hold_lines, parted
from mailbridge.handling.agents.lines import speaker_of
from mailbridge.handling.agents.lines import written as lines_of
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailResult
from mailbridge.mail_commands.model import ChannelArgument, OnBehalf, ParsedMail
from mailbridge.message.model import Address, Message
from mailbridge.rules.match import Verdict
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.tickets.commands import InternalNote
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedMail:
    """What an agent files for somebody else.  `customer` None: it has to be asked whose it is.  `note` is the agent's own word about a
    mail that was passed on; of a call it is what the ticket says."""

    message: Message
    writer: Writer
    customer: Address | None
    written: ParsedMail
    note: str = ""
    channel: str = "mail"
    asked_at: datetime | None = None


def forwarded_mail(message: Message, writer: Writer, desk: Desk, now: datetime) -> ForwardedMail | None:
    """The customer's mail inside this agent's, or None where the agent writes in the agent's own name."""
    written = lines_of(message, speaker_of(writer.agent, desk, now))
    openings = [line.opening for line in written.lines]
    named = next((opening for opening in openings if isinstance(opening, OnBehalf)), None)
    channel = next((opening.name for opening in openings if isinstance(opening, ChannelArgument)), "mail")
    found = original(message, is_ours=lambda address: is_ours(address, desk))
    if found is None and named is None and channel == "mail":
        return None
    customer = _customer(named, found)
    told = found or Original(writer=None, subject=message.subject, date=None, text=written.text)
    author = customer or Address(address=writer.address, name=writer.name)
    return ForwardedMail(
        message=as_written(message, told, author),
        writer=writer if customer is None else _as_customer(customer, writer),
        customer=customer,
        written=written,
        note=written.text if found else "",
        channel=channel,
        asked_at=asked_at(told.date, now),
    )


def file_forwarded(filing: Filing, agent: Writer, passed: ForwardedMail, placement: Placement, verdict: Verdict) -> MailResult:
    """The ticket is the customer's; the agent's other commands are done on it, the note is kept, and the agent is told."""
    filing = replace(filing, passed_on_by=agent.agent, channel=passed.channel, asked_at=passed.asked_at)
    verdict = verdict if passed.customer else replace(verdict, no_ack=True)  # the agent is asked instead
    result = filing.new_ticket(placement, verdict)
    ticket = filing.tx.tickets.get(result.ticket) if result.ticket else None
    if ticket is None or result.mail is None:
        return result
    noted = _note(filing, agent, passed, ticket)
    said = [line for line in passed.written.lines if not isinstance(line.command, TEXT)]
    lines, later = parted(said, own_ticket=True, vouched=agent.vouched)
    after, spoken, outcomes = carry_out(filing, ticket, lines, noted or result.mail, speech=InternalNote() if noted else None)
    tell_results(filing, after or ticket, result.mail, passed.written, spoken, outcomes, also=_whose(passed))
    hold_lines(filing, after, later)
    answer_questions(filing, after, result.mail, lines)
    return result


def is_ours(address: str, desk: Desk) -> bool:
    """Nobody asks on behalf of the desk, its agents or its teams."""
    groups = {team.address.lower() for team in desk.organisation.teams.values() if team.address}
    return desk.is_own(address) or desk.organisation.agent_of(address) is not None or address.lower() in groups


def _customer(named: OnBehalf | None, found: Original | None) -> Address | None:
    """Whom the agent names, else who wrote the mail that was passed on."""
    writer = found.writer if found else None
    if named and (writer is None or writer.key != named.address.lower()):
        return Address(address=named.address, name=named.name)
    return writer


def _as_customer(customer: Address, agent: Writer) -> Writer:
    """The customer as a writer who proved nothing: an agent vouches for the words, nobody for the address."""
    reasons = (f"passed on by agent {agent.agent}",)
    return Writer(address=customer.address, name=customer.name, mailboxes=frozenset({customer.key}), reasons=reasons)


def _note(filing: Filing, agent: Writer, passed: ForwardedMail, ticket: Ticket) -> int | None:
    """What the agent wrote above the mail is on the ticket, for colleagues; the row's id."""
    if not passed.note:
        return None
    note = StoredMail(
        ticket=ticket.id,
        direction=Direction.IN,
        sender=agent.address,
        sender_name=agent.name,
        verified=True,
        subject=passed.message.subject,
        received_at=filing.now,
        text=passed.note,
        fresh=passed.note,
        internal=True,
    )
    id = filing.tx.mails.add(note)
    if id is not None:
        filing.tx.search.add(id, subject=note.subject, fresh=note.fresh)
    return id


def _whose(passed: ForwardedMail) -> tuple[tuple[str, str], ...]:
    """What the agent is told of the ticket besides the lines."""
    whose = passed.customer.address if passed.customer else ""
    asked = passed.asked_at.isoformat() if passed.asked_at else ""
    return (("whose", whose), ("unsure", "" if whose else "yes"), ("asked_at", asked))
