"""A new mail of an agent that is a customer's: a forwarded mail, words about a call (IN10), or a first mail to a customer.

`customers_mail` turns it into the customer's mail before the rules judge it.  `open_customers_ticket` opens the ticket for the customer and
tells the agent whose it is.  Where the mail does not say whose it is, the ticket is in the agent's name and the agent is asked.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.place import Writer
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.first_answer import prepared
from mailbridge.handling.agents.forwarded import ForwardedMail, Original, as_written, asked_at, original
from mailbridge.handling.agents.held import hold_lines, parted
from mailbridge.handling.agents.inserts import without_customer
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import TextForwarded, tell_results, why_waiting
from mailbridge.handling.new_ticket import open_ticket
from mailbridge.handling.opening import is_ours, team_for
from mailbridge.handling.outcome import MailResult
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.mail_commands.model import ChannelArgument, OnBehalf, ParsedMail, WriteTo
from mailbridge.message.model import Address
from mailbridge.notifications.recipients import customers
from mailbridge.organisation import transitions
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.values import SetStatus
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.approvals import delay_of
from mailbridge.tickets.model import OUTGOING, Ticket


def customers_mail(desk: Desk, mail: PlacedMail) -> PlacedMail | None:
    """The customer's mail inside this agent's; None where the agent writes in the agent's own name."""
    message, writer, parsed = mail.message, mail.writer, mail.parsed
    openings = [line.opening for line in parsed.lines]
    named = next((opening for opening in openings if isinstance(opening, OnBehalf)), None)
    to = next((opening.people for opening in openings if isinstance(opening, WriteTo)), ())
    channel = next((opening.name for opening in openings if isinstance(opening, ChannelArgument)), OUTGOING if to else "mail")
    found = None if to else original(message, is_ours=lambda address: is_ours(desk, address))
    if found is None and named is None and not to and channel == "mail":
        return None
    people = [Address(address=address, name=name) for address, name in to]
    customer = people[0] if people else _customer(named, found)
    inner = found or Original(writer=None, subject=message.subject, date=None, text=parsed.text)
    reported = found is None and customer is not None
    said = [line.command for line in parsed.lines]
    internal = reported and InternalNote() in said
    says = bool(parsed.text or message.attachments) or any(line.insert is not None for line in parsed.lines)
    sends = says and reported and not internal and (bool(to) or any(isinstance(command, AgentReply) for command in said))
    return replace(
        mail,
        parsed=parsed if sends else without_customer(parsed, "other-way" if internal else "no-customer") if reported else _filed(parsed),
        message=as_written(message, inner, customer or Address(address=writer.address, name=writer.name), reported=reported),
        writer=writer if customer is None else _as_customer(customer, writer),
        forwarded=ForwardedMail(
            agent=writer,
            customer=customer,
            note=parsed.text if found else "",
            channel=channel,
            asked_at=asked_at(inner.date, mail.now),
            reported=reported,
            sends=sends,
            internal=internal,
            others=tuple(people[1:]),
        ),
    )


def open_customers_ticket(tx: Tx, desk: Desk, judged: JudgedMail) -> MailResult:
    """The ticket is the customer's.  The agent's other commands were executed on it, the note is kept, and the agent was notified."""
    ready = prepared(tx, desk, judged)
    judged = _delayed(desk, ready.judged)
    mail, forwarded = judged.mail, judged.mail.forwarded
    if forwarded is None:
        raise LookupError("no agent forwarded this mail")
    silent = forwarded.customer is None or forwarded.channel == OUTGOING  # the agent is asked instead; the customer asked nothing
    verdict = replace(judged.verdict, no_ack=True) if silent else judged.verdict
    result = open_ticket(tx, desk, replace(judged, verdict=verdict), ready.number)
    ticket = tx.tickets.get(result.ticket) if result.ticket else None
    if ticket is None or result.mail is None:
        return result
    if ready.articles:
        tx.article_outcomes.shown(ticket.id, dict.fromkeys(ready.articles, 0), mail.now)
    noted = _note(tx, mail, forwarded, ticket)
    lines, later = parted(mail.parsed.lines, own_ticket=True, vouched=forwarded.agent.vouched)
    speech, follows = _speech(forwarded, noted=noted is not None)
    after, spoken, outcomes = carry_out(tx, desk, mail, noted or result.mail, ticket, lines, speech=speech, follows=follows)
    tell_results(tx, desk, mail, result.mail, after or ticket, mail.parsed, spoken, outcomes, passed_on=_whose(forwarded, after or ticket))
    hold_lines(tx, desk, mail, after, later)
    answer_questions(tx, desk, mail, result.mail, after, lines)
    return replace(result, reason=why_waiting(spoken) or result.reason)


def _delayed(desk: Desk, judged: JudgedMail) -> JudgedMail:
    """The mail with its text for later, where the team's answers wait before they go."""
    forwarded = judged.mail.forwarded
    if forwarded is None or not forwarded.sends or not delay_of(team_for(desk, judged), desk.organisation, desk.config.desk.send_after):
        return judged
    return replace(judged, mail=replace(judged.mail, forwarded=replace(forwarded, waits=True)))


def _speech(forwarded: ForwardedMail, *, noted: bool) -> tuple[Command | None, tuple[Command, ...]]:
    """What the agent says on the ticket that is open now, and what follows from it: a ticket that an agent began waits for the answer."""
    if forwarded.waits:
        follows = (SetStatus(status=transitions.WAITING),) if forwarded.channel == OUTGOING else ()
        return AgentReply(encrypted=forwarded.encrypted), follows
    return (InternalNote() if noted else None), ()


def _filed(parsed: ParsedMail) -> ParsedMail:
    """The lines beside a mail that is passed on: the agent's own text becomes a note there, so that `#public` is told as not done."""
    lines = (replace(line, problem="passed-on") if isinstance(line.command, AgentReply) else line for line in parsed.lines)
    return without_customer(replace(parsed, lines=tuple(lines)), "passed-on")


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


def _note(tx: Tx, mail: PlacedMail, forwarded: ForwardedMail, ticket: Ticket) -> int | None:
    """What the agent wrote above the mail is on the ticket, for colleagues; the row's id."""
    if not forwarded.note:
        return None
    note = StoredMail(
        ticket=ticket.id,
        direction=Direction.IN,
        sender=forwarded.agent.address,
        sender_name=forwarded.agent.name,
        verified=True,
        subject=mail.message.subject,
        received_at=mail.now,
        text=forwarded.note,
        fresh=forwarded.note,
        internal=True,
    )
    id = tx.mails.add(note)
    if id is not None:
        tx.search.add(id, subject=note.subject, fresh=note.fresh)
    return id


def _whose(forwarded: ForwardedMail, ticket: Ticket) -> TextForwarded:
    """What the agent is told of the ticket besides the lines."""
    return TextForwarded(
        whose=forwarded.customer.address if forwarded.customer else "",
        asked_at=forwarded.asked_at,
        sent_to=tuple(one.address for one in customers(ticket)) if forwarded.sends else (),
        noted=forwarded.internal,
    )
