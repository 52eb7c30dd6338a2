"""The desk's own mails to the agent who wrote: what came of the lines, and answers to questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.notification_context import notification_context
from mailbridge.handling.acting import of_first_connect
from mailbridge.handling.agents.carry_out import TEXT, Outcomes
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.model import CommandLine, ParsedMail, WriteTo
from mailbridge.mail_commands.normalise import shortened
from mailbridge.notifications.compose import signed
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.recipients import customers
from mailbridge.notifications.results import command_results, held
from mailbridge.notifications.summary import Viewer
from mailbridge.store.tables.outgoing import FOR_RELEASE
from mailbridge.store.tx import Tx
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalRequested
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.model import Approval, ApprovalKind, Ticket
from mailbridge.tickets.permissions import sees


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForwarded:
    """Of a customer's mail that an agent passed on: whose it is ('' where nobody can say), and when it was written.

    `sent_to`: who got the agent's own text.  `noted`: it became a note for colleagues."""

    whose: str
    asked_at: datetime | None
    sent_to: tuple[str, ...] = ()
    noted: bool = False


NOTHING_FORWARDED = TextForwarded(whose="", asked_at=None)


def tell_results(
    tx: Tx,
    desk: Desk,
    mail: PlacedMail,
    mail_id: int,
    ticket: Ticket | None,
    parsed: ParsedMail,
    spoken: Decision | None,
    outcomes: Outcomes,
    *,
    passed_on: TextForwarded | None = None,
    key: str = "",
) -> None:
    """The agent is told line by line what came of the mail, also that there was nothing in it; a mail that was only passed on, without
    lines, needs no word.  `passed_on`: of a mail that was passed on.  `key`: tells a second mail about the same one
    from the first."""
    happened = [event.what for event in spoken.events] if spoken else []
    first = passed_on or NOTHING_FORWARDED
    sent = bool(first.sent_to) or any(isinstance(what, MessageAdded) and what.to_customer for what in happened)
    waiting = delayed(spoken)
    sent = sent or waiting is not None
    noted = first.noted or any(isinstance(what, MessageAdded) and what.internal for what in happened)
    rows = [(_meant_for_text(line, sent=sent, noted=noted), decision) for line, decision in outcomes]
    returned = _taken_back(tx, [decision for _, decision in outcomes])
    if spoken is not None and not sent and not noted:  # refused, or held until somebody says yes
        rows.insert(0, (CommandLine(text=shortened(parsed.text), word=""), spoken))
    empty = spoken is None and not parsed.lines and not parsed.text
    if passed_on is None and waiting is None and not empty and all(line.question is not None for line, _ in rows):
        return
    if passed_on is None and rows and not sent and not noted and all(decision and _asks(decision, mail.agent) for _, decision in rows):
        return  # the question itself says what waits, and why
    ticket = _visible(desk, mail, ticket)
    results = command_results(
        rows,
        sent_to=first.sent_to or ([c.address for c in customers(ticket)] if sent and ticket else []),
        noted=noted,
        to=_viewer(desk, mail, ticket),
        undo=desk.config.desk.undo_minutes,
        waits_until=waiting.expires_at if waiting else None,
        returned=returned,
    )
    results = replace(results, approval=_asked_of_writer(outcomes, spoken))
    if passed_on is not None:
        results = replace(results, whose=passed_on.whose, unsure=not passed_on.whose, asked_at=passed_on.asked_at)
    send(tx, mail, [to_writer(tx, desk, mail, ticket, "commands" if ticket else "lines", key or f"{mail_id}", results)])


def _asked_of_writer(outcomes: Outcomes, spoken: Decision | None) -> int | None:
    """The number of the approval that waits for the writer's own yes, where exactly one does."""
    decisions = [*(decision for _, decision in outcomes), spoken]
    waiting = [approval for one in decisions if one is not None and (approval := held(one)) is not None]
    own = {approval.id for approval in waiting if approval.kind is not ApprovalKind.APPROVAL}
    return own.pop() if len(own) == 1 else None


def delayed(spoken: Decision | None) -> Approval | None:
    """The answer that waits for its time; None where the text waits for nothing."""
    waiting = held(spoken) if spoken is not None else None
    return waiting if waiting is not None and waiting.kind is ApprovalKind.DELAY else None


def why_waiting(spoken: Decision | None) -> str:
    """What the list of accepted mails says of an answer that waits for its time; '' of any other."""
    waiting = delayed(spoken)
    return f"its answer waits until {waiting.expires_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if waiting else ""


def _taken_back(tx: Tx, decisions: Iterable[Decision | None]) -> str:
    """The texts of the answers that these decisions took back."""
    events = [event for decision in decisions if decision is not None for event in decision.events]
    stopped = {event.what.approval: event for event in events if isinstance(event.what, ApprovalDecided) and _is_stop(event.what)}
    if not stopped:
        return ""
    asked = (what.what for event in stopped.values() for what in tx.events.of_ticket(event.ticket))
    mails = [one.approval.mail for one in asked if isinstance(one, ApprovalRequested) and one.approval.id in stopped and one.approval.mail]
    found = (tx.mails.get(mail) for mail in dict.fromkeys(mails))
    return "\n\n".join(mail.fresh for mail in found if mail is not None and mail.fresh)


def _is_stop(what: ApprovalDecided) -> bool:
    return what.delayed and not what.granted


def _asks(decision: Decision, agent: str) -> bool:
    """Whether all that came of the line is a question to this agent, which is a mail of its own."""
    approval = held(decision)
    return approval is not None and approval.kind is ApprovalKind.CONFIRMATION and approval.approvers == (agent,)


def _visible(desk: Desk, mail: PlacedMail, ticket: Ticket | None) -> Ticket | None:
    """The ticket where the agent may see it: else what came of the lines is told without a word about it."""
    seen = ticket is not None and sees(mail.agent, ticket, desk.organisation)
    return ticket if seen else None


def _viewer(desk: Desk, mail: PlacedMail, ticket: Ticket | None) -> Viewer:
    """The agent who wrote as the one who is told."""
    return Viewer(
        me=mail.agent,
        ticket=ticket.id if ticket else None,
        organisation=desk.organisation,
        prefix=desk.config.desk.prefix,
        language=desk.organisation.agents[mail.agent].language or desk.config.desk.language,
    )


def to_writer(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, event: str, key: str, payload: Payload) -> Notification:
    """A mail of the desk to the agent who wrote, about a ticket or about none; `key` tells it from others of the same kind."""
    agent = desk.organisation.agents[mail.agent]
    promise = Notification(
        ticket=ticket.id if ticket else None,
        audience=Audience.AGENT,
        event=event,
        recipient=address_of(desk, mail),
        key=f"{ticket.id if ticket else 0}.{event}.{key}",
        name=agent.title,
        language=agent.language,
        payload=payload,
    )
    if ticket is not None:
        return signed(promise, notification_context(tx, ticket, desk, answerable=True))
    domain = desk.config.desk.address.rpartition("@")[2]
    thread = (mail.message.message_id,) if mail.message.message_id else ()
    return replace(
        promise,
        message_id=f"{event}.{mail.arrival.sha256[:24]}.{key}@{domain}",
        in_reply_to=thread[0] if thread else "",
        references=thread,
    )


def send(tx: Tx, mail: PlacedMail, told: Iterable[Notification]) -> None:
    """These mails are promised; about a mail of an archive nobody is told, about one of a first connect not before its release."""
    promised = [] if mail.imported else list(told)
    if promised and of_first_connect(tx, mail):
        for promise in promised:
            tx.outbox.hold(promise, mail.now, FOR_RELEASE)
    elif promised:
        tx.outbox.add_many(promised, mail.now)
        tx.wake("outbox")


def address_of(desk: Desk, mail: PlacedMail) -> str:
    """Where the agent wrote from; where the mail was filed for a customer, the agent's usual address."""
    return desk.organisation.agents[mail.agent].address if mail.forwarded else mail.writer.address


def _meant_for_text(line: CommandLine, *, sent: bool, noted: bool) -> CommandLine:
    """`#note`, `#public` and `#to` of a mail whose text went the other way, or that had none, say so."""
    if line.problem or not (isinstance(line.command, TEXT) or isinstance(line.opening, WriteTo)):
        return line
    wanted = noted if line.word == "note" else sent
    return line if wanted else replace(line, problem="no-text" if not sent and not noted else "other-way")
