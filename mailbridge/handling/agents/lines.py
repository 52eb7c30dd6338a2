"""The lines for the desk in an agent's mail, and the text that is left for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.quoted_lines import in_parts, judged, no_command, others_of
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.author import author_of
from mailbridge.mail_commands.model import Author, CommandLine, ParsedMail, WriteTo
from mailbridge.mail_commands.normalise import cleaned
from mailbridge.mail_commands.reading import read, stands_for_itself, understand
from mailbridge.message.model import Message, Reply, SpanKind
from mailbridge.reply.mobile_footers import app_language
from mailbridge.reply.plain import ANSWERS_NOTHING
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx

_MARK = "\x00"  # stands for the end of a line; a text holds none
_MOST_PIECES = 6
_MOST_TICKETS, _MOST_MAILS = 20, 200  # whose mails are compared with the lines


def command_author(agent: str, desk: Desk, now: datetime) -> Author:
    """The agent of that name as the one whose lines are read."""
    return author_of(agent, desk.organisation, now, prefix=desk.config.desk.prefix)


def parse_agent_mail(message: Message, author: Author) -> ParsedMail:
    """The command lines and the text of an agent's mail.

    Where it has a plain and an HTML body, a line counts only if both have it: what the agent's program showed is not always what the other
    part says.  Programs wrap long lines of the plain body and change blanks, and neither matters.  Of several text parts only the first one
    counts, and nothing that is quoted, also where the quote is kept as text.
    """
    said = "\n".join([_by_hand(message.reply.fresh), *_below_a_farewell(message.reply, author)])
    if not message.html or not message.text or message.text_from_html:
        found = read(said, author)
    else:
        bodies = (_body(message.text), _body(message.html_text))
        found = read(_unwrapped(said, bodies), author)
        found = replace(found, lines=tuple(line if _in_all(line.text, bodies) else _hidden(line) for line in found.lines))
    return _with_doubtful_endings(_without_quoted(found, message), message.reply)


def _without_quoted(found: ParsedMail, message: Message) -> ParsedMail:
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


def _with_doubtful_endings(found: ParsedMail, reply: Reply) -> ParsedMail:
    """What was cut off as a signature with little confidence goes along: a text that lacks its end is worse than one with a name below."""
    if not found.text:
        return found
    doubtful = (span for span in reply.spans if span.is_doubtful and span.kind in (SpanKind.SIGNATURE, SpanKind.DISCLAIMER))
    endings = (reply.text[span.start : span.end].strip() for span in doubtful)
    return replace(found, text="\n\n".join([found.text, *(ending for ending in endings if not ending.startswith("#"))]))


def without_own_addresses(found: ParsedMail, desk: Desk) -> ParsedMail:
    """The lines with `#to` refused where it names the desk itself: its own mail would come back to it."""

    def refused(line: CommandLine) -> CommandLine:
        people = line.opening.people if isinstance(line.opening, WriteTo) else ()
        ours = [address for address, _ in people if desk.is_own(address)]
        return replace(line, opening=None, problem="own-address", detail=", ".join(ours)) if ours else line

    return replace(found, lines=tuple(map(refused, found.lines)))


def own_lines(tx: Tx, desk: Desk, mail: PlacedMail) -> ParsedMail:
    """The mail's lines without those that stand so in mails which this agent did not write, on the ticket and on those that lines name."""
    found, ticket = mail.parsed, mail.placement.ticket
    asked = [line for line in found.lines if not line.problem and line.question is None]
    numbers = {*([ticket.id] if ticket else []), *(number for line in asked for number in line.tickets)}
    if not asked or not numbers:
        return found
    mails = [one for number in sorted(numbers)[:_MOST_TICKETS] for one in tx.mails.of_ticket(number)[-_MOST_MAILS:]]
    return judged(found, mail.message.reply.text, others_of(*_foreign(desk, mails, mail.writer.agent)))


def _foreign(desk: Desk, mails: Sequence[StoredMail], writer: str) -> tuple[list[str], list[str]]:
    """What others wrote: all of a customer's text and HTML, and of a colleague's mail what the desk shows of it, which is without lines."""
    texts, pages = list[str](), list[str]()
    for mail in mails:
        agent = desk.organisation.agent_of(mail.sender) if mail.verified else None
        if agent is None:
            texts += (mail.text, mail.subject)
            pages.append(mail.html)
        elif agent.name != writer:
            texts.append(mail.fresh)
    return texts, pages


def with_subject_line(found: ParsedMail, message: Message, author: Author) -> ParsedMail:
    """A mail on no ticket, with the subject as its line where the body is empty: on a phone that is easier to write."""
    if found.lines or found.text or not stands_for_itself(message.subject):
        return found
    return ParsedMail(lines=(understand(message.subject, author),), text="")


def _by_hand(fresh: str) -> str:
    """The text, nothing where all of it is the line that a phone puts below every mail."""
    return "" if app_language(fresh.strip()) else fresh


def _below_a_farewell(reply: Reply, author: Author) -> list[str]:
    """The lines for the desk that somebody wrote below "Best regards, Ana".  What stands there by itself, behind the delimiter of a
    signature or an app's line, is never one; nor is a slogan that only looks like one."""
    signatures = (span for span in reply.spans if span.kind is SpanKind.SIGNATURE and span.reason.startswith("sign-off"))
    below = [line for span in signatures for line in reply.text[span.start : span.end].splitlines() if line.strip()]
    last = list(takewhile(stands_for_itself, reversed(below)))
    return [line for line in reversed(last) if understand(line, author).problem != "unknown"]


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


def _hidden(line: CommandLine) -> CommandLine:
    return CommandLine(text=line.text, word=line.word, problem="hidden")
