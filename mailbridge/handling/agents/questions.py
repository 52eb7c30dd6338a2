"""What agents ask of the desk by mail: lists, a search, a ticket, its history, files, hours, help.  Each question is answered by a mail of
its own, with links on every row that open the right answer to the right ticket (NO6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.agenda_rows import plan_rows
from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.execution.desk import Desk
from mailbridge.execution.due_times import due_times
from mailbridge.execution.ticket_lists import MOST_LOOKED_AT, first_due, tickets_of_list
from mailbridge.execution.ticket_rows import one_line, ticket_cells
from mailbridge.handling.agents.agenda import agenda_for
from mailbridge.handling.agents.article_review import decided, written
from mailbridge.handling.agents.hours_report import hours_report
from mailbridge.handling.agents.knowledge_questions import answers_for, articles_for
from mailbridge.handling.agents.leaving import answer_leave
from mailbridge.handling.agents.rating_report import rating_report
from mailbridge.handling.agents.results import address_of, send, to_writer
from mailbridge.handling.agents.team_report import team_report
from mailbridge.handling.agents.time_report import time_report
from mailbridge.handling.agents.wishes import answer_wish, in_one, release_sender
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.manual import manual_rows
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
    Question,
    RatingsArgument,
    ReleaseSender,
    ReportArgument,
    SearchMails,
    ShowAgenda,
    ShowTickets,
    TimesheetArgument,
    WriteArticle,
)
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.agents import (
    ApprovalRow,
    CommandHelp,
    CommandRow,
    FileList,
    FileRow,
    Found,
    LinkRow,
    TicketFacts,
    TicketList,
    TicketRow,
    WholeMessage,
)
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.wishes import WishesNow
from mailbridge.notifications.summary import length
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket, WorkKind
from mailbridge.tickets.permissions import Right, rights_of, sees

NO_TICKET, UNNAMED = "no-ticket", "unnamed"  # why a question about a ticket has no answer
MOST_ROWS = 30  # of one mail; who needs more asks more exactly


def answer_questions(
    tx: Tx, desk: Desk, mail: PlacedMail, mail_id: int, ticket: Ticket | None, lines: Iterable[CommandLine], *, key: str = ""
) -> None:
    """Every question among the lines is answered; `ticket` is the one that the mail is on.  `key`: tells these answers
    from those to other questions of the same mail."""
    wishes = list[tuple[str, WishesNow]]()
    for number, line in enumerate(lines):
        name = f"{key or mail_id}.{number}"
        if isinstance(line.question, ChangeWish):
            told, others = answer_wish(tx, desk, mail, name, line, line.question)
            wishes.append((name, told))
            send(tx, mail, others)
        elif line.question is not None:
            send(tx, mail, _answers(tx, desk, mail, ticket, name, line, line.question))
    send(tx, mail, (to_writer(tx, desk, mail, None, "wishes", name, told) for name, told in in_one(wishes)))


def _answers(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, question: Question
) -> Iterator[Notification]:
    asked = line.text
    match question:
        case ListTickets():
            yield to_writer(tx, desk, mail, None, "list", key, _list(tx, desk, mail, asked, question))
        case SearchMails(words=words):
            yield to_writer(tx, desk, mail, None, "found", key, _found(tx, desk, mail, asked, words))
        case ShowTickets(tickets=numbers):
            yield from _tickets(tx, desk, mail, ticket, key, line, numbers, "ticket")
        case FullHistory(ticket=number, message=message) if message:
            yield _message(tx, desk, mail, ticket, key, line, number, message)
        case FullHistory(ticket=number):
            yield from _tickets(tx, desk, mail, ticket, key, line, (number,) if number else (), "history")
        case ExplainDueTimes(tickets=numbers):
            yield from _due_times(tx, desk, mail, ticket, key, line, numbers)
        case FindDocuments():
            yield to_writer(tx, desk, mail, None, "files", key, _files(tx, desk, mail, asked, ticket, question))
        case HoursArgument(words=words):
            yield to_writer(tx, desk, mail, None, "hours_report", key, hours_report(tx, desk, mail, asked, words, ticket))
        case ReportArgument():
            report = team_report(tx, desk, mail, asked, question)
            if report is not None:
                yield to_writer(tx, desk, mail, None, "team_report", key, report)
        case LeaveDesk():
            if (handed := answer_leave(tx, desk, mail, ticket, line, question)) is not None:
                yield to_writer(tx, desk, mail, None, "left", key, handed)
        case ReleaseSender(mail=number):
            yield to_writer(tx, desk, mail, None, "wishes", key, release_sender(tx, desk, mail, line, number))
        case ChangeWish():
            return  # answered together with the others of the mail
        case RatingsArgument():
            yield to_writer(tx, desk, mail, None, "ratings", key, rating_report(tx, desk, mail, asked))
        case TimesheetArgument(words=words):
            yield to_writer(tx, desk, mail, None, "report", key, time_report(tx, desk, mail, asked, words))
        case ShowAgenda():
            yield to_writer(tx, desk, mail, None, "agenda", key, agenda_for(tx, desk, mail, asked, question))
        case FindArticles():
            yield to_writer(tx, desk, mail, None, "articles", key, articles_for(desk, mail, asked, question, ticket))
        case WriteArticle():
            news, others = written(tx, desk, mail, asked, question)
            yield from (to_writer(tx, desk, mail, None, "article_news", key, news), *others)
        case DecideArticle():
            news, others = decided(tx, desk, mail, asked, question)
            yield from (to_writer(tx, desk, mail, None, "article_news", key, news), *others)
        case ListAnswers(words=words):
            yield to_writer(tx, desk, mail, None, "answers", key, answers_for(desk, mail, asked, words, ticket))
        case Help(word=word):
            yield to_writer(tx, desk, mail, None, "help", key, _help(desk, mail, asked, word))


def _list(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, question: ListTickets) -> TicketList:
    found = tickets_of_list(tx, desk, mail.agent, question.which, mail.now, team=question.team)
    team = desk.organisation.teams.get(question.team)
    return TicketList(
        asked=asked,
        list=question.which,
        team=team.title if team else question.team,
        rows=tuple(_ticket_row(tx, desk, mail, ticket) for ticket in found[:MOST_ROWS]),
        count=len(found),
        more=_more(found),
    )


def _found(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, words: str) -> Found:
    """The mails that hold the words, one row a ticket: the best of its mails, as the search has them."""
    hits = tx.search.find(words, limit=MOST_LOOKED_AT)
    first = {hit.ticket: hit for hit in reversed(hits) if hit.ticket is not None}
    best = dict.fromkeys(hit.ticket for hit in hits if hit.ticket is not None)
    tickets = [ticket for ticket in tx.tickets.get_many(best) if _visible(desk, mail, ticket)]
    rows = [
        replace(_ticket_row(tx, desk, mail, ticket), at=first[ticket.id].at, snippet=one_line(first[ticket.id].snippet))
        for ticket in tickets[:MOST_ROWS]
    ]
    return Found(asked=asked, words=words, rows=tuple(rows), count=len(tickets), more=_more(tickets))


def _tickets(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, numbers: Sequence[int], event: str
) -> Iterator[Notification]:
    """A mail for each ticket with what is known of it."""
    yield from _of_each(tx, desk, mail, ticket, key, line, numbers, event, lambda found: _facts(desk, line.text, found))


def _due_times(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, numbers: Sequence[int]
) -> Iterator[Notification]:
    """A mail for each ticket with its SLA targets."""
    language = desk.organisation.agents[mail.agent].language

    def explained(found: Ticket) -> Payload:
        return due_times(line.text, found, clock_history_of(tx, found.id), desk.organisation, mail.now, language)

    yield from _of_each(tx, desk, mail, ticket, key, line, numbers, "why", explained)


def _of_each(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket | None, key: str, line: CommandLine, numbers: Sequence[int], event: str,
    payload: Callable[[Ticket], Payload],
) -> Iterator[Notification]:  # fmt: skip
    """A mail for each ticket, which can be answered as the news about it can; one that is not there is told in a row."""
    wanted = numbers or ((ticket.id,) if ticket else ())
    if not wanted:
        yield to_writer(tx, desk, mail, None, "found", key, _unnamed(desk, line))
    missing = []
    for number in wanted:
        found = tx.tickets.surviving(number)
        if found is None or not _visible(desk, mail, found):
            missing.append(ticket_number(desk.config.desk.prefix, number))
            continue
        yield to_writer(tx, desk, mail, found, event, f"{key}.{number}", payload(found))
    if missing:
        yield to_writer(tx, desk, mail, None, "found", key, Found(asked=line.text, words=", ".join(missing), problem=NO_TICKET))


def _unnamed(desk: Desk, line: CommandLine) -> Found:
    """The mail is on no ticket and the line names none: an example says how to name one."""
    return Found(asked=line.text, words=f"{line.text} {ticket_number(desk.config.desk.prefix, 7)}", problem=UNNAMED)


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
        problem = Found(asked=line.text, words=name, problem=NO_TICKET) if wanted else _unnamed(desk, line)
        return to_writer(tx, desk, mail, None, "found", key, problem)
    answer = to_writer(tx, desk, mail, on, "message", f"{key}.{wanted}.{message}", WholeMessage(asked=line.text, message=name))
    return replace(answer, mail=found.id)


def _facts(desk: Desk, asked: str, ticket: Ticket) -> TicketFacts:
    """What else is known of a ticket, besides what every mail about it shows."""
    prefix = desk.config.desk.prefix
    people = ", ".join(f"{p.name} <{p.address}>" if p.name else p.address for p in ticket.participants)
    spent = sum(activity.minutes for activity in ticket.activities if activity.kind is WorkKind.WORKED)
    return TicketFacts(
        asked=asked,
        people=people,
        tags=ticket.tags,
        links=tuple(LinkRow(relation=relation, number=ticket_number(prefix, number)) for relation, number in ticket.links),
        worked=length(spent) if spent else "",
        estimate=length(ticket.estimate) if ticket.estimate else "",
        due_at=ticket.due_at,
        snoozed_at=ticket.snoozed_until,
        waiting=tuple(ApprovalRow(id=one.id, line=one_line(one.line), asker=_title(desk, one.asker)) for one in ticket.approvals),
        plans=plan_rows(ticket, desk),
    )


def _title(desk: Desk, name: str) -> str:
    agent = desk.organisation.agents.get(name)
    return agent.title if agent else name


def _files(tx: Tx, desk: Desk, mail: PlacedMail, asked: str, ticket: Ticket | None, question: FindDocuments) -> FileList:
    """Files by name; of one ticket where no words are said."""
    number = question.ticket or (ticket.id if ticket and not question.words and not question.customer else None)
    found = tx.files.find(question.words, ticket=number, customer=question.customer or None, limit=MOST_LOOKED_AT)
    on = {t.id: t for t in tx.tickets.get_many({file.ticket for file in found if file.ticket})}
    rows = [
        FileRow(
            name=one_line(file.name),
            size=_size(file.size),
            sender=one_line(file.sender),
            at=file.at,
            number=_number(desk, on[file.ticket]),
            address=_address(desk, mail, on[file.ticket]),
        )
        for file in found
        if file.ticket in on and _visible(desk, mail, on[file.ticket])
    ]
    prefix = desk.config.desk.prefix
    words = " ".join(filter(None, (question.customer, question.words)))
    of = ticket_number(prefix, number) if number else ""
    return FileList(asked=asked, words=words, number=of, rows=tuple(rows[:MOST_ROWS]), count=len(rows), more=_more(rows))


def _help(desk: Desk, mail: PlacedMail, asked: str, word: str) -> CommandHelp:
    agent = desk.organisation.agents[mail.agent]
    rows = manual_rows(agent.language, rights_of(agent), word)
    manual = tuple(CommandRow(room=room, word=name, usage=usage, about=about, names=names) for room, name, usage, about, names in rows)
    return CommandHelp(asked=asked, word=word, works=rights_of(agent) is Right.WORK, rows=manual)


def _ticket_row(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket) -> TicketRow:
    due, agent = first_due(tx, desk, ticket, mail.now), desk.organisation.agents[mail.agent]
    return TicketRow(
        **ticket_cells(ticket, address_of(desk, mail), agent.language, desk),
        due=due,
        late=due is not None and due <= mail.now,
    )


def _number(desk: Desk, ticket: Ticket) -> str:
    return ticket_number(desk.config.desk.prefix, ticket.id)


def _address(desk: Desk, mail: PlacedMail, ticket: Ticket) -> str:
    """The address that this agent's lines for the ticket go to."""
    return desk.signer.reply_address(ticket.id, address_of(desk, mail), Purpose.AGENT)


def _more(found: Sequence[object]) -> int | None:
    """How many are found beyond those that one mail shows."""
    return len(found) - MOST_ROWS if len(found) > MOST_ROWS else None


def _visible(desk: Desk, mail: PlacedMail, ticket: Ticket) -> bool:
    return sees(mail.agent, ticket, desk.organisation)


def _size(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} kB"
