"""Lines of an agent's mail that put a text of the desk into the answer: `#send KB-17`, `#answer visit day=Tuesday`.

The text stands where the line stood, above or below the agent's own words.  Where one of the lines cannot be done, nothing is sent: a
customer must not get half of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from mailbridge.config.suggest import nearest
from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.knowledge.fields import filled
from mailbridge.knowledge.model import Article, ArticleAudience, article_name
from mailbridge.mail_commands.model import CommandLine, ParsedMail, SendArticle, UseAnswer, WriteArticle
from mailbridge.mail_commands.normalise import shortened
from mailbridge.message.long_texts import beginning, is_long
from mailbridge.message.markdown import to_plain
from mailbridge.message.model import Attachment
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """The mail with the texts in it.  `failed`: a line could not be done, and nothing of the mail goes to the customer.  `articles`: the
    numbers of those that are in the text.  `files`: articles that are too long for it, whole."""

    parsed: ParsedMail
    failed: bool = False
    articles: tuple[int, ...] = ()
    files: tuple[Attachment, ...] = ()


def with_texts(desk: Desk, mail: PlacedMail, ticket: Ticket, parsed: ParsedMail) -> Inserted:
    """The mail as it goes to the customer of the ticket."""
    if any(isinstance(line.question, WriteArticle) for line in parsed.lines):
        return _no_article_here(parsed)
    if not any(line.insert is not None for line in parsed.lines):
        return Inserted(parsed=parsed)
    above, below = list[str](), list[str]()
    lines, articles = list[CommandLine](), list[int]()
    for line in parsed.lines:
        done, text = _text(desk, mail, ticket, line)
        lines.append(done)
        (below if line.below else above).extend([text] if text else [])
        if text and isinstance(line.insert, SendArticle):
            articles.append(line.insert.number)
    failed = any(line.insert is not None and line.problem for line in lines)
    if failed:
        return Inserted(parsed=replace(parsed, lines=(_not_sent(parsed.text), *lines) if parsed.text else tuple(lines)), failed=True)
    text = "\n\n".join(part for part in (*above, parsed.text, *below) if part)
    long = (found for number in articles if (found := _for_customers(desk, ticket, number)) is not None and is_long(found.text))
    files = tuple(_file(article) for article in dict.fromkeys(long))
    return Inserted(parsed=ParsedMail(lines=tuple(lines), text=text), articles=tuple(articles), files=files)


def _no_article_here(parsed: ParsedMail) -> Inserted:
    """`#kb new` on a ticket is refused: an article has a mail of its own, and here its text would go to the customer."""
    writes = [isinstance(line.question, WriteArticle) for line in parsed.lines]
    refused = (
        _refused(replace(line, question=None), "new-mail-only") if new else line for line, new in zip(parsed.lines, writes, strict=True)
    )
    not_sent = (_not_sent(parsed.text),) if parsed.text else ()
    return Inserted(parsed=replace(parsed, lines=(*not_sent, *refused)), failed=True)


def without_customer(parsed: ParsedMail, problem: str = "no-customer") -> ParsedMail:
    """The mail with these lines refused: there is no customer to whom their texts could go."""
    lines = (replace(line, insert=None, problem=problem) if line.insert is not None else line for line in parsed.lines)
    return replace(parsed, lines=tuple(lines))


def _text(desk: Desk, mail: PlacedMail, ticket: Ticket, line: CommandLine) -> tuple[CommandLine, str]:
    """The line, with its problem where there is one, and the text in its place."""
    if line.problem:
        return line, ""
    match line.insert:
        case SendArticle(number=number):
            return _article(desk, ticket, line, number)
        case UseAnswer(name=name, fields=fields):
            return _answer(desk, mail, ticket, line, name, dict(fields))
        case None:
            return line, ""


def _article(desk: Desk, ticket: Ticket, line: CommandLine, number: int) -> tuple[CommandLine, str]:
    article = _for_customers(desk, ticket, number)
    if article is None:
        internal = desk.knowledge.article(number, _language(desk, ticket)) is not None
        return _refused(line, "article-for-agents" if internal else "unknown-article"), ""
    text = to_plain(article.text)
    if is_long(article.text):
        text = f"{beginning(text)}\n\n… ({_file_name(article)})"
    return line, "\n\n".join((f"{article.title} ({article_name(number)})", text, *article.videos))


def _for_customers(desk: Desk, ticket: Ticket, number: int) -> Article | None:
    return desk.knowledge.article(number, _language(desk, ticket), readers=ArticleAudience.CUSTOMERS)


def _language(desk: Desk, ticket: Ticket) -> str:
    return ticket.language or desk.config.desk.language


def _file_name(article: Article) -> str:
    return f"{article_name(article.number)}.txt"


def _file(article: Article) -> Attachment:
    """The whole article as a text file."""
    content = f"{article.title}\n\n{to_plain(article.text)}\n".encode()
    return Attachment(
        part="",
        name=_file_name(article),
        content_type="text/plain",
        size=len(content),
        sha256=sha256(content).hexdigest(),
        content=content,
    )


def _answer(
    desk: Desk, mail: PlacedMail, ticket: Ticket, line: CommandLine, name: str, given: Mapping[str, str]
) -> tuple[CommandLine, str]:
    found = desk.knowledge.answer(name, (ticket.language, desk.config.desk.language, "en"), ticket.team)
    if found is None:
        near = nearest(name, {one.name for one in desk.knowledge.answers_for(ticket.team)})
        return replace(_refused(line, "unknown-answer"), nearest=f"#answer {near}" if near else "#answers"), ""
    asked = dict(found.asked)
    wrong = next((field for field in given if field not in asked), "") or next(
        (field for field, default in asked.items() if not given.get(field, default)), ""
    )
    if wrong:
        fields = " ".join(f'{field}="{given.get(field) or default or "…"}"' for field, default in asked.items())
        refused = _refused(line, "missing-field" if wrong in asked else "unknown-field")
        return replace(refused, nearest=f"#answer {name} {fields}".strip()), ""
    values = {field: default or "" for field, default in asked.items()} | dict(given) | _known(desk, mail, ticket)
    return line, to_plain(filled(found.text, {key: _as_text(value) for key, value in values.items()}))


def _known(desk: Desk, mail: PlacedMail, ticket: Ticket) -> dict[str, str]:
    """The values that every answer may show."""
    organisation, requester = desk.organisation, ticket.requester
    team = organisation.teams.get(ticket.team)
    return {
        "ticket.number": ticket_number(desk.config.desk.prefix, ticket.id),
        "ticket.subject": ticket.subject,
        "customer.name": (requester.name or requester.address) if requester else "",
        "customer.address": requester.address if requester else "",
        "agent.name": organisation.agents[mail.agent].title,
        "team.name": team.title if team else ticket.team,
        "desk.name": desk.config.desk.name,
        "desk.address": desk.config.desk.address,
    }


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|~"})


def _as_text(value: str) -> str:
    """The value in one line, so that nothing in it is Markdown."""
    return " ".join(value.split()).translate(_MARKS)


def _refused(line: CommandLine, reason: str) -> CommandLine:
    return replace(line, problem="refused", detail=reason)


def _not_sent(text: str) -> CommandLine:
    return CommandLine(text=shortened(text), word="", problem="refused", detail="not-sent")
