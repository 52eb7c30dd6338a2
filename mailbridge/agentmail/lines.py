"""The lines for the desk in an agent's mail: read, judged one by one, and what came of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from mailbridge.agentmail.borrowed import QUOTED, in_parts, judged, no_command, others_of
from mailbridge.agentmail.gather import prepared
from mailbridge.context import Desk
from mailbridge.desk import language
from mailbridge.desk.commands import Answer, Assign, Command, Note
from mailbridge.desk.decide import Decision, decide_lines, hold
from mailbridge.desk.language import Line, Speaker, Written, read, understand
from mailbridge.desk.language.plain import cleaned
from mailbridge.desk.language.reading import stands_for_itself
from mailbridge.desk.model import Ticket
from mailbridge.filing import Filing
from mailbridge.message.model import Message, Reply, SpanKind
from mailbridge.reply.applines import app_language
from mailbridge.reply.plain import ANSWERS_NOTHING
from mailbridge.store.mails import StoredMail

_MARK = "\x00"  # stands for the end of a line; a text holds none
_MOST_PIECES = 6
_MOST_TICKETS, _MOST_MAILS = 20, 200  # whose mails are compared with the lines
TEXT = (Answer, Note)  # what the mail's text is; these lines are judged with the text, not by themselves

# A line with what was decided; None: it is a question, a mistake, or about the mail's own text.  One entry a ticket.
Outcomes = list[tuple[Line, Decision | None]]


def speaker_of(agent: str, desk: Desk, now: datetime) -> Speaker:
    """The agent of that name as the one whose lines are read."""
    return language.speaker_of(agent, desk.organisation, now, prefix=desk.config.desk.prefix)


def written(message: Message, speaker: Speaker) -> Written:
    """An agent's mail taken apart.  Where it has a plain and an HTML body, a line for the desk counts only if it stands in both: what the
    agent's program showed is not always what the other part says.  Programs wrap long lines of the plain body and change blanks; neither
    matters.  Of several text parts only the first one counts, and nothing that is quoted, also where the quote is kept as text."""
    said = "\n".join([_by_hand(message.reply.fresh), *_below_a_farewell(message.reply, speaker)])
    if not message.html or not message.text or message.text_from_html:
        found = read(said, speaker)
    else:
        bodies = (_body(message.text), _body(message.html_text))
        found = read(_unwrapped(said, bodies), speaker)
        found = replace(found, lines=tuple(line if _in_all(line.text, bodies) else _hidden(line) for line in found.lines))
    return _with_doubtful_endings(_without_quoted(found, message), message.reply)


def _without_quoted(found: Written, message: Message) -> Written:
    kept = [span for span in message.reply.spans if span.kind is SpanKind.FRESH and span.reason == ANSWERS_NOTHING]
    quoted = [message.reply.text[span.start : span.end] for span in kept]
    first = (message.first_text,) if message.first_text else ()
    if not found.lines or not (quoted or first):
        return found
    return replace(
        found,
        lines=tuple(
            no_command(line) if in_parts(line.text, quoted) or (first and not in_parts(line.text, first)) else line for line in found.lines
        ),
    )


def _with_doubtful_endings(found: Written, reply: Reply) -> Written:
    """What was cut off as a signature with little confidence goes along: a text that lacks its end is worse than one with a name below."""
    if not found.text:
        return found
    doubtful = (span for span in reply.spans if span.is_doubtful and span.kind in (SpanKind.SIGNATURE, SpanKind.DISCLAIMER))
    endings = (reply.text[span.start : span.end].strip() for span in doubtful)
    return replace(found, text="\n\n".join([found.text, *(ending for ending in endings if not ending.startswith("#"))]))


def own_lines(found: Written, filing: Filing, ticket: Ticket | None) -> Written:
    """The mail's lines without those that stand so in mails which this agent did not write, on the ticket and on those that lines name."""
    asked = [line for line in found.lines if not line.problem and line.question is None]
    numbers = {*([ticket.id] if ticket else []), *(number for line in asked for number in line.tickets)}
    if not asked or not numbers:
        return found
    mails = [mail for number in sorted(numbers)[:_MOST_TICKETS] for mail in filing.tx.mails.of_ticket(number)[-_MOST_MAILS:]]
    return judged(found, filing.message.reply.text, others_of(*_foreign(mails, filing)))


def _foreign(mails: Sequence[StoredMail], filing: Filing) -> tuple[list[str], list[str]]:
    """What others wrote: all of a customer's text and HTML, and of a colleague's mail what the desk shows of it, which is without lines."""
    texts, pages = list[str](), list[str]()
    for mail in mails:
        agent = filing.desk.organisation.agent_of(mail.sender) if mail.verified else None
        if agent is None:
            texts.append(mail.text)
            pages.append(mail.html)
        elif agent.name != filing.writer.agent:
            texts.append(mail.fresh)
    return texts, pages


def _by_hand(fresh: str) -> str:
    """The text, nothing where all of it is the line that a phone puts below every mail."""
    return "" if app_language(fresh.strip()) else fresh


def _below_a_farewell(reply: Reply, speaker: Speaker) -> list[str]:
    """The lines for the desk that somebody wrote below "Best regards, Ana".  What stands there by itself, behind the delimiter of a
    signature or an app's line, is never one; nor is a slogan that only looks like one."""
    signatures = (span for span in reply.spans if span.kind is SpanKind.SIGNATURE and span.reason.startswith("sign-off"))
    below = [line for span in signatures for line in reply.text[span.start : span.end].splitlines() if line.strip()]
    last = list(takewhile(stands_for_itself, reversed(below)))
    return [line for line in reversed(last) if understand(line, speaker).problem != "unknown"]


def _unwrapped(fresh: str, bodies: Sequence[str]) -> str:
    """The text with each line for the desk in one piece again: a program breaks it at about 76 characters in the plain body alone."""
    lines, whole = fresh.splitlines(), list[str]()
    while lines:
        line = lines.pop(0)
        if stands_for_itself(line) and not _in_all(line, bodies):
            pieces = (n for n in range(1, min(_MOST_PIECES, len(lines)) + 1) if _in_all(" ".join([line, *lines[:n]]), bodies))
            more = next(pieces, 0)
            line, lines = " ".join([line, *lines[:more]]), lines[more:]
        whole.append(line)
    return "\n".join(whole)


def _body(text: str) -> str:
    """The lines of a body without blanks, each between two marks."""
    return _MARK + _MARK.join("".join(cleaned(line).split()) for line in text.splitlines() if line.strip()) + _MARK


def _in_all(line: str, bodies: Sequence[str]) -> bool:
    """Whether each body has this line, perhaps wrapped."""
    words = f"{_MARK}?".join(re.escape(word) for word in cleaned(line).split())
    return all(re.search(f"{_MARK}{words}{_MARK}", body) for body in bodies)


def _hidden(line: Line) -> Line:
    return Line(text=line.text, word=line.word, problem="hidden")


def carry_out(
    filing: Filing,
    ticket: Ticket | None,
    lines: Sequence[Line],
    mail: int,
    *,
    speech: Command | None = None,
    seen_at: datetime | None = None,
) -> tuple[Ticket | None, Decision | None, Outcomes]:
    """The lines are done and recorded, each as a whole or not at all, and whoever they concern is told: the ticket after it, what came of
    `speech` (the mail's text as a command; it comes first), and of each line on each ticket it is for.

    `ticket` None: the mail is on none, and only lines that name tickets can be done.
    """
    said: list[tuple[Sequence[Command], str]] = [((speech,), "#public" if isinstance(speech, Answer) else "#note")] if speech else []
    mine, others, outcomes = [line for line in lines if _is_for(line, ticket, filing)], dict[int, list[Line]](), Outcomes()
    each: Mapping[int, Decision] = {}
    after, spoken = ticket, None
    if ticket is not None:
        # Whose it becomes is said before the text: else the answer would make it the writer's first.
        mine.sort(key=lambda line: not isinstance(line.command, Assign))
        first = sum(isinstance(line.command, Assign) for line in mine)
        groups = [(line.commands, line.text) for line in mine]
        decision, decisions = _decided(filing, ticket, [*groups[:first], *said, *groups[first:]], mail, seen_at)
        after = _recorded(filing, decision, mail) or ticket
        spoken = decisions[first] if said else None
        each = {id(line): one for line, one in zip(mine, (*decisions[:first], *decisions[first + len(said) :]), strict=True)}
    for line in lines:
        if line.doubted and line.commands:
            outcomes += _asked_back(filing, after, line, mail)
        elif line.commands and not isinstance(line.command, TEXT) and id(line) not in each:
            outcomes += _on_others(filing, after, line, mail, others)
        else:
            outcomes.append((line, each.get(id(line))))
    return after, spoken, outcomes


def _is_for(line: Line, ticket: Ticket | None, filing: Filing) -> bool:
    """Whether the line is for the ticket that the mail is on."""
    return bool(line.commands) and not line.tickets and ticket is not None and not isinstance(line.command, TEXT) and not line.doubted


def _asked_back(filing: Filing, ticket: Ticket | None, line: Line, mail: int) -> Outcomes:
    """A line that stands so in somebody else's mail waits for the agent's own yes, on the ticket of the mail or the first that it names."""
    keeper = ticket or next((t for n in line.tickets if (t := filing.tx.tickets.surviving(n))), None)
    if keeper is None:
        return [(replace(line, commands=(), problem="no-ticket", nearest=_with_a_ticket(line, filing)), None)]
    held = hold(filing.tx.tickets.get(keeper.id) or keeper, QUOTED, replace(filing.about(filing.actor(), mail), line=line.text))
    _recorded(filing, held, mail)
    return [(line, held)]


def _on_others(filing: Filing, ticket: Ticket | None, line: Line, mail: int, done: dict[int, list[Line]]) -> Outcomes:
    """The line on each of the tickets it names; on too many at once it waits for a yes, on the ticket of the mail or the first of them."""
    if not line.tickets:
        return [(replace(line, commands=(), problem="no-ticket", nearest=_with_a_ticket(line, filing)), None)]
    if len(line.tickets) > filing.desk.organisation.consent.many:
        keeper = ticket or next((t for n in line.tickets if (t := filing.tx.tickets.surviving(n))), None)
        if keeper is not None:
            about = replace(filing.about(filing.actor(), mail), line=line.text)
            held = hold(filing.tx.tickets.get(keeper.id) or keeper, "many", about)
            _recorded(filing, held, mail)
            return [(line, held)]
    outcomes = Outcomes()
    for number in line.tickets:
        target = filing.tx.tickets.surviving(number)
        if target is None:
            unknown = Decision(ticket=None, refused="unknown-ticket", detail=_number(filing, number))
            outcomes.append((line, unknown))
            continue
        decision, (one,) = _decided(filing, target, [(line.commands, line.text)], mail, None)
        _recorded(filing, decision, None if ticket is None or target.id != ticket.id else mail)
        outcomes.append((line, one))
    return outcomes


def _decided(
    filing: Filing, ticket: Ticket, groups: Sequence[tuple[Sequence[Command], str]], mail: int, seen_at: datetime | None
) -> tuple[Decision, tuple[Decision, ...]]:
    flat = [(command, line) for commands, line in groups for command in commands]
    complete, about = prepared(filing, ticket, flat, mail)
    commands = iter(command for command, _ in complete)
    regrouped = [(tuple(next(commands) for _ in group), line) for group, line in groups]
    return decide_lines(ticket, regrouped, replace(about, seen_at=seen_at) if seen_at else about)


def _recorded(filing: Filing, decision: Decision, mail: int | None) -> Ticket | None:
    """What was decided is written and told; the ticket after it."""
    filing.finish(decision, filing.tell(decision, mail, answerable=True))
    return decision.ticket


def _with_a_ticket(line: Line, filing: Filing) -> str:
    return f"{line.text} {_number(filing, 7)}"


def _number(filing: Filing, number: int) -> str:
    return f"{filing.desk.config.desk.prefix}-{number}"
