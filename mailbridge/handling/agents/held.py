"""Mails in an agent's name that wait for the agent's yes, and the notices that ask for it.

    an unproven agent's mail             waits as a whole; the agent hears at most once an hour, with a list
    a proven agent's, without a token    waits as a whole where it would go on a ticket that it only names; the agent is asked at once
    commands without a token             wait, all those of a mail together; the mail's text goes its way
    what a token alone does not open     (agent_trust = "token": other tickets, lists, searches) waits in the same way

The notice goes to the address that `teams.yaml` has for the agent and carries a token of its own (`Purpose.HELD`).  Whoever answers it
with yes reads that mailbox.  `held_answer.py` and `released.py` do what the answer says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from mailbridge.conversation.model import Reason
from mailbridge.conversation.place import Writer
from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.desk import Desk
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.model import (
    ChangeWish,
    CommandLine,
    DecideArticle,
    ExplainDueTimes,
    FindArticles,
    FindDocuments,
    FullHistory,
    Help,
    HoursArgument,
    LeaveDesk,
    ListAnswers,
    ListTickets,
    RatingsArgument,
    ReleaseSender,
    ReportArgument,
    SearchMails,
    ShowAgenda,
    ShowTickets,
    TimesheetArgument,
    WriteArticle,
)
from mailbridge.message.model import Message
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.agents import HeldNotice, HeldRow
from mailbridge.organisation.model import Agent
from mailbridge.organisation.wishes import WishKind
from mailbridge.store.engine import Store
from mailbridge.store.held import HeldAnswer as Decided
from mailbridge.store.held import HeldMail, What
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.relations import Link, Merge
from mailbridge.tickets.model import Ticket

EVERY = timedelta(hours=1)  # between two notices about mails that nobody proved
MOST_LISTED = 50  # of one notice; what it does not list waits for the next one
MOST_REASONS = 3
MOST_SHOWN, WIDEST_SHOWN = 5, 120  # lines of a held mail that its notice shows, and their characters

UNPROVEN, NO_TOKEN, OTHERS_TOKEN, LINES = "unproven", "no-token", "others-token", "lines"


def unproven_agent(writer: Writer, desk: Desk) -> Agent | None:
    """The agent in whose name the mail was written by somebody of whom the source does not say that it was that agent."""
    return None if writer.agent or not writer.address else desk.organisation.agent_of(writer.address)


def hold_unproven(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The mail waits, and the agent is notified, unless a notice went out within the hour: then the next one lists it."""
    agent, placement = unproven_agent(mail.writer, desk), mail.placement
    if agent is None:
        return None
    number = placement.ticket.id if placement.ticket else placement.follows
    reasons = tuple(mail.writer.reasons[:MOST_REASONS])
    _wait(tx, mail, agent.name, What.MAIL, UNPROVEN, reasons, ticket=number, lines=_beginning(mail.message))
    notify_unproven(tx, desk, agent.name, mail.now)
    return MailResult(
        outcome=MailOutcome.HELD, reason=f"in the name of agent {agent.name}, who is not proven: {', '.join(mail.writer.reasons)}"
    )


def hold_agents_mail(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """A proven agent's mail that names a ticket without a live token of it waits, and the agent is asked."""
    agent, placement = mail.writer.agent, mail.placement
    why = OTHERS_TOKEN if placement.reason is Reason.OTHERS_TOKEN else NO_TOKEN
    _wait(tx, mail, agent, What.MAIL, why, ticket=mail.ticket.id, lines=_beginning(mail.message))
    _ask(tx, desk, [mail.arrival.id], mail.now)
    return MailResult(outcome=MailOutcome.HELD, reason=f"{placement.reason} alone: agent {agent} is asked first")


def hold_lines(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, lines: Sequence[CommandLine]) -> None:
    """These commands of the mail wait for one yes; what else the mail says is not touched by it."""
    if not lines:
        return
    _wait(tx, mail, mail.agent, What.LINES, LINES, ticket=ticket.id if ticket else None, lines=[line.text for line in lines])
    _ask(tx, desk, [mail.arrival.id], mail.now)


def parted(
    lines: Iterable[CommandLine], *, own_ticket: bool, vouched: bool, token_of: Ticket | None = None, reviewed: Collection[int] = ()
) -> tuple[list[CommandLine], list[CommandLine]]:
    """The lines that are done or answered at once, and those that wait because they change something and the mail has no token.

    `own_ticket`: those for the ticket that the mail itself opened are done at once.  `token_of`: nothing but a token of this ticket proves
    the writer, so that also questions wait that are about more than this ticket.
    `reviewed`: articles for whose review the mail has a token.
    """
    at_once, later = list[CommandLine](), list[CommandLine]()
    for line in lines:
        changes = bool(line.commands) and not isinstance(line.command, AgentReply | InternalNote)
        of_others = isinstance(line.question, ReleaseSender | LeaveDesk)
        of_others = of_others or (isinstance(line.question, DecideArticle) and line.question.number not in reviewed)
        of_others = of_others or (isinstance(line.question, ChangeWish) and not _is_own(line.question))
        waits = (of_others or (changes and not (own_ticket and not line.tickets))) and not vouched
        waits = waits or (token_of is not None and _beyond(line, token_of.id))
        (later if waits else at_once).append(line)
    return at_once, later


def _is_own(wanted: ChangeWish) -> bool:
    """Whether the wish is about the writer's own mail alone, so that a proven writer needs no token for it."""
    return wanted.shows or (wanted.kind in (WishKind.QUIET, WishKind.DIGEST, WishKind.LIST, WishKind.AWAY) and not wanted.person)


def _beyond(line: CommandLine, ticket: int) -> bool:
    """Whether the line asks or does something about anything but this ticket."""
    match line.question:
        case ListTickets() | SearchMails() | TimesheetArgument() | ReportArgument() | HoursArgument() | RatingsArgument() | ShowAgenda():
            return True
        case ChangeWish() | ReleaseSender() | LeaveDesk():
            return True
        case FindDocuments(ticket=number, customer=customer, words=words):
            return bool(customer or words) or number not in (0, ticket)
        case FullHistory(ticket=number):
            return number not in (0, ticket)
        case ShowTickets(tickets=numbers) | ExplainDueTimes(tickets=numbers):
            return not {ticket}.issuperset(numbers)
        case Help() | FindArticles() | ListAnswers():
            return False
        case WriteArticle() | DecideArticle():
            return True
        case None:
            others = [one.into if isinstance(one, Merge) else one.ticket for one in line.commands if isinstance(one, Merge | Link)]
            return not {ticket}.issuperset([*line.tickets, *others])


def _beginning(message: Message) -> list[str]:
    """The first lines of a mail, cut, so that the agent sees what a yes would do."""
    lines = [line.strip() for line in (message.reply.fresh or message.text).splitlines() if line.strip()]
    shown = [line if len(line) <= WIDEST_SHOWN else line[: WIDEST_SHOWN - 1] + "…" for line in lines[:MOST_SHOWN]]
    return [*shown, "…"] if len(lines) > MOST_SHOWN else shown


def _wait(
    tx: Tx,
    mail: PlacedMail,
    agent: str,
    what: What,
    why: str,
    reasons: tuple[str, ...] = (),
    *,
    ticket: int | None,
    lines: Iterable[str] = (),
) -> None:
    held = HeldMail(
        inbox=mail.arrival.id,
        agent=agent,
        what=what,
        why=why,
        reasons=reasons,
        came_at=mail.arrival.envelope.received_at,
        subject=" ".join(mail.message.subject.split())[:200],
        lines="\n".join(lines),
        ticket=ticket,
    )
    tx.held.add(held)


def notify_unproven(tx: Tx, desk: Desk, agent: str, now: datetime) -> bool:
    """The agent got a notice of all that waits and was not listed yet; False where it is too early or there is nothing."""
    untold = tx.held.untold(agent, limit=MOST_LISTED)
    if not untold:
        return False
    key = f"held.told.{agent}"
    last = tx.state.take(key, now)  # until this transaction ends nobody else tells the same agent
    if last and abs(now - datetime.fromisoformat(last)) < EVERY:  # it lies in the future where the clock was ahead
        return False
    _ask(tx, desk, [mail.inbox for mail in untold], now)
    tx.state.set(key, now.isoformat(), now)
    return True


def notify_held(store: Store, desk: Desk, now: datetime, attempt: Callable[[Tx, str, Callable[[], bool]], bool | None]) -> int:
    """All agents who have to hear of held mails have heard; how many notices that took.  For the ticker.

    `attempt`: runs what is done for an agent, so that an error delays nobody else; None where it failed.
    """
    with store.read() as tx:
        agents = dict.fromkeys(mail.agent for mail in tx.held.untold())
    told = 0
    for agent in agents:
        with store.write() as tx:
            told += bool(attempt(tx, agent, partial(notify_unproven, tx, desk, agent, now)))
    return told


def decide_held(tx: Tx, held: HeldMail, became: Decided, why: str) -> bool:
    """The held mail is worked again, or stays where it is with the reason `why`; False where that was decided before."""
    if not tx.held.decide(held.inbox, became):
        return False
    if became is not Decided.REFUSED and tx.inbox.reopen(held.inbox):
        tx.wake("inbox")
    elif held.what is What.MAIL:
        tx.inbox.explain(held.inbox, why)
    return True


def _ask(tx: Tx, desk: Desk, inboxes: Sequence[int], now: datetime) -> None:
    """One notice lists these mails and asks about them."""
    number = min(inboxes)
    tx.held.tell(inboxes, number)
    listed = tx.held.of_notice(number)
    if told := notice(desk, listed, number, now, step=listed[0].why):
        tx.outbox.add_many([told], now)
        tx.wake("outbox")


def notice(
    desk: Desk, listed: Sequence[HeldMail], number: int, now: datetime, *, step: str = "", event: str = "held"
) -> Notification | None:
    """The mail to the agent whose mails these are; None where the agent is none any more."""
    agent = desk.organisation.agents.get(listed[0].agent) if listed else None
    if agent is None or not agent.active:
        return None
    rows = tuple(_row(desk, row, mail) for row, mail in enumerate(listed, start=1))
    reasons = dict.fromkeys(reason for mail in listed for reason in mail.reasons)
    promise = Notification(
        ticket=None,
        audience=Audience.AGENT,
        event=event,
        recipient=agent.address,
        key=f"{event}.{number}.{step}.{int(now.timestamp())}",
        name=agent.title,
        language=agent.language,
        payload=HeldNotice(step=step, rows=rows, reasons=tuple(reasons), count=len(listed)),
    )
    return replace(
        promise,
        message_id=desk.signer.message_id(number, agent.address, Purpose.HELD, promise.key),
        reply_to=desk.signer.reply_address(number, agent.address, Purpose.HELD),
    )


def _row(desk: Desk, row: int, mail: HeldMail) -> HeldRow:
    lines = " · ".join(" ".join(line.split()) for line in mail.lines.splitlines())
    number = ticket_number(desk.config.desk.prefix, mail.ticket) if mail.ticket else ""
    return HeldRow(row=row, subject=" ".join(mail.subject.split()), at=mail.came_at, number=number, lines=lines, state=mail.state)
