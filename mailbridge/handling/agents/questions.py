"""What agents ask of the desk by mail: lists, a search, a ticket, its history, files, hours, help.  Each question is answered by a mail of
its own, with links on every row that open the right answer to the right ticket (NO6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.results import Values, address_of, send, to_writer
from mailbridge.handling.agents.time_report import report_values
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.manual import manual_rows
from mailbridge.mail_commands.model import (
    CommandLine,
    FindDocuments,
    FullHistory,
    Help,
    ListTickets,
    Question,
    SearchMails,
    ShowTickets,
    TimesheetArgument,
    Which,
)
from mailbridge.notifications.model import Notification
from mailbridge.notifications.summary import length
from mailbridge.organisation import transitions
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import ticket_deadlines
from mailbridge.tickets.model import Ticket, WorkKind
from mailbridge.tickets.permissions import Right, rights_of, sees

MOST_ROWS = 30  # of one mail; who needs more asks more exactly
_MOST_LOOKED_AT = 500


def answer_questions(
    tx: Tx, desk: Desk, mail: PlacedMail, mail_id: int, ticket: Ticket | None, lines: Iterable[CommandLine], *, key: str = ""
) -> None:
    """Every question among the lines is answered; `ticket` is the one that the mail is on.  `key`: tells these answers
    from those to other questions of the same mail."""
    for number, line in enumerate(lines):
        if line.question is not None:
            send(tx, mail, _answers(tx, desk, mail, ticket, f"{key or mail_id}.{number}", line, line.question))


def _answers(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, question: Question
) -> Iterator[Notification]:
    asked = ("asked", line.text)
    match question:
        case ListTickets():
            yield to_writer(tx, desk, mail, None, "list", key, (asked, *_list(tx, desk, mail, question)))
        case SearchMails(words=words):
            yield to_writer(tx, desk, mail, None, "found", key, (asked, *_found(tx, desk, mail, words)))
        case ShowTickets(tickets=numbers):
            yield from _tickets(tx, desk, mail, ticket, key, line, numbers, "ticket")
        case FullHistory(ticket=number, message=message) if message:
            yield _message(tx, desk, mail, ticket, key, line, number, message)
        case FullHistory(ticket=number):
            yield from _tickets(tx, desk, mail, ticket, key, line, (number,) if number else (), "history")
        case FindDocuments():
            yield to_writer(tx, desk, mail, None, "files", key, (asked, *_files(tx, desk, mail, ticket, question)))
        case TimesheetArgument(words=words):
            yield to_writer(tx, desk, mail, None, "report", key, (asked, *report_values(tx, desk, mail, words)))
        case Help(word=word):
            yield to_writer(tx, desk, mail, None, "help", key, (asked, *_help(desk, mail, word)))


def _list(tx: Tx, desk: Desk, mail: PlacedMail, question: ListTickets) -> Values:
    found = [ticket for ticket in _listed(tx, desk, mail, question) if _visible(desk, mail, ticket)]
    team = desk.organisation.teams.get(question.team)
    return (
        ("list", question.which),
        ("team", team.title if team else question.team),
        *_rows([_ticket_row(tx, desk, mail, ticket) for ticket in found]),
    )


def _listed(tx: Tx, desk: Desk, mail: PlacedMail, question: ListTickets) -> list[Ticket]:
    """The tickets of a list, what is due first on top; what sleeps is in its own list alone."""
    me, tickets = mail.agent, tx.tickets
    teams = (question.team,) if question.team else desk.organisation.teams_of(me)
    match question.which:
        case Which.MINE:
            found = tickets.find(assignee=me, open=True, limit=_MOST_LOOKED_AT)
        case Which.TEAM:
            found = [t for team in teams for t in tickets.find(team=team, open=True, limit=_MOST_LOOKED_AT)]
        case Which.UNCLAIMED:
            found = [t for team in teams for t in tickets.find(team=team, assignee="", open=True, limit=_MOST_LOOKED_AT)]
        case Which.OVERDUE:
            late = tickets.late(mail.now, limit=_MOST_LOOKED_AT)
            return [t for t in late if (t.team in teams or t.assignee == me) and _due(tx, desk, mail, t, overdue=True)]
        case Which.SNOOZED:
            mine = tickets.find(assignee=me, open=True, limit=_MOST_LOOKED_AT)
            free = [t for team in teams for t in tickets.find(team=team, assignee="", open=True, limit=_MOST_LOOKED_AT)]
            asleep = [t for t in (*mine, *free) if t.snoozed_until]
            return sorted(asleep, key=lambda t: (t.snoozed_until or mail.now, t.id))
    awake = [ticket for ticket in found if ticket.snoozed_until is None and ticket.merged_into is None]
    return sorted(awake, key=lambda t: (_due(tx, desk, mail, t) or "9", t.id))


def _found(tx: Tx, desk: Desk, mail: PlacedMail, words: str) -> Values:
    """The mails that hold the words, one row a ticket: the best of its mails, as the search has them."""
    hits = tx.search.find(words, limit=_MOST_LOOKED_AT)
    first = {hit.ticket: hit for hit in reversed(hits) if hit.ticket is not None}
    best = dict.fromkeys(hit.ticket for hit in hits if hit.ticket is not None)
    tickets = [ticket for ticket in tx.tickets.get_many(best) if _visible(desk, mail, ticket)]
    rows = [(*_ticket_row(tx, desk, mail, ticket), first[ticket.id].at.isoformat(), first[ticket.id].snippet) for ticket in tickets]
    return ("words", words), *_rows(rows)


def _tickets(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, numbers: Sequence[int], event: str
) -> Iterator[Notification]:
    """A mail for each ticket, which can be answered as the news about it can; one that is not there is told in a row."""
    wanted = numbers or ((ticket.id,) if ticket else ())
    missing = [] if wanted else [line.text]
    for number in wanted:
        found = tx.tickets.surviving(number)
        if found is None or not _visible(desk, mail, found):
            missing.append(ticket_number(desk.config.desk.prefix, number))
            continue
        yield to_writer(tx, desk, mail, found, event, f"{key}.{number}", (("asked", line.text), *_facts(desk, found)))
    if missing:
        rows = _rows([])
        yield to_writer(tx, desk, mail, None, "found", key, (("asked", line.text), ("words", ", ".join(missing)), *rows))


def _message(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, number: int, message: int
) -> Notification:
    """All of one message.  Its number counts on the ticket that it came to, so it is found there also after a merge or a split; who may
    not see the ticket that it is on now does not get it."""
    wanted = number or (ticket.id if ticket else 0)
    id = tx.events.message(wanted, message)
    found = tx.mails.get(id) if id else None
    on = tx.tickets.surviving(found.ticket) if found and found.ticket else None
    name = f"{ticket_number(desk.config.desk.prefix, wanted)}/{message}" if wanted else line.text
    if found is None or on is None or not _visible(desk, mail, on):
        return to_writer(tx, desk, mail, None, "found", key, (("asked", line.text), ("words", name), *_rows([])))
    answer = to_writer(tx, desk, mail, on, "message", f"{key}.{wanted}.{message}", (("asked", line.text), ("message", name)))
    return replace(answer, mail=found.id)


def _facts(desk: Desk, ticket: Ticket) -> Values:
    """What else is known of a ticket, besides what every mail about it shows."""
    prefix = desk.config.desk.prefix
    people = ", ".join(f"{p.name} <{p.address}>" if p.name else p.address for p in ticket.participants)
    spent = sum(activity.minutes for activity in ticket.activities if activity.kind is WorkKind.WORKED)
    return (
        ("people", people),
        ("tags", ", ".join(ticket.tags)),
        ("links", "\n".join(f"{relation}\t{ticket_number(prefix, number)}" for relation, number in ticket.links)),
        ("worked", length(spent) if spent else ""),
        ("estimate", length(ticket.estimate) if ticket.estimate else ""),
        ("due_at", ticket.due_at.isoformat() if ticket.due_at else ""),
        ("snoozed_at", ticket.snoozed_until.isoformat() if ticket.snoozed_until else ""),
        ("waiting", "\n".join(f"{one.id}\t{one.line}\t{_title(desk, one.asker)}" for one in ticket.approvals)),
    )


def _title(desk: Desk, name: str) -> str:
    agent = desk.organisation.agents.get(name)
    return agent.title if agent else name


def _files(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, question: FindDocuments) -> Values:
    """Files by name; of one ticket where no words are said."""
    number = question.ticket or (ticket.id if ticket and not question.words and not question.customer else None)
    found = tx.files.find(question.words, ticket=number, customer=question.customer or None, limit=_MOST_LOOKED_AT)
    on = {t.id: t for t in tx.tickets.get_many({file.ticket for file in found if file.ticket})}
    rows = [
        (file.name, _size(file.size), file.sender, file.at.isoformat(), *_number_and_address(desk, mail, on[file.ticket]))
        for file in found
        if file.ticket in on and _visible(desk, mail, on[file.ticket])
    ]
    prefix = desk.config.desk.prefix
    asked = " ".join(filter(None, (question.customer, question.words)))
    return ("words", asked), ("number", ticket_number(prefix, number) if number else ""), *_rows(rows)


def _help(desk: Desk, mail: PlacedMail, word: str) -> Values:
    agent = desk.organisation.agents[mail.agent]
    rows = manual_rows(agent.language, rights_of(agent), word)
    works = "yes" if rights_of(agent) is Right.WORK else ""
    return ("word", word), ("works", works), ("rows", "\n".join("\t".join(row) for row in rows)), ("link", desk.config.desk.address)


def _ticket_row(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket) -> tuple[str, ...]:
    """Number, address for answers, subject, who asks, status, priority, who has it, due."""
    organisation, requester = desk.organisation, ticket.requester
    agent = organisation.agents.get(ticket.assignee)
    return (
        *_number_and_address(desk, mail, ticket),
        ticket.subject,
        (requester.name or requester.address) if requester else "",
        transitions.status(ticket.status, organisation).title,
        ticket.priority,
        agent.title if agent else "",
        _due(tx, desk, mail, ticket),
    )


def _number_and_address(desk: Desk, mail: PlacedMail, ticket: Ticket) -> tuple[str, str]:
    """The ticket's name, and the address that this agent's lines for it go to."""
    address = desk.signer.reply_address(ticket.id, address_of(desk, mail), Purpose.AGENT)
    return ticket_number(desk.config.desk.prefix, ticket.id), address


def _due(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, *, overdue: bool = False) -> str:
    """The earliest moment that is promised or chosen; `overdue`: only one that has passed; '' where there is none."""
    deadlines = ticket_deadlines(ticket, clock_history_of(tx, ticket.id), desk.organisation, mail.now)
    moments = [one.due_at for one in deadlines if one.step in ("overdue", "due")]
    first = min(moments, default=None)
    return "" if first is None or (overdue and first > mail.now) else first.isoformat()


def _rows(rows: Sequence[Sequence[str]]) -> Values:
    """Rows of cells parted by tabs, as many as one mail shows, and how many there are."""
    clean = ["\t".join(" ".join(cell.split()) for cell in row) for row in rows[:MOST_ROWS]]
    return ("rows", "\n".join(clean)), ("count", str(len(rows))), ("more", str(len(rows) - MOST_ROWS) if len(rows) > MOST_ROWS else "")


def _visible(desk: Desk, mail: PlacedMail, ticket: Ticket) -> bool:
    return sees(mail.agent, ticket, desk.organisation)


def _size(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} kB"
