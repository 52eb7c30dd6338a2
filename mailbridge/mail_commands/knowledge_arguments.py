"""Parses the arguments of commands about articles and answers ready to send."""

from __future__ import annotations

import re

from mailbridge.knowledge.model import article_number
from mailbridge.mail_commands.model import (
    UNKNOWN,
    Author,
    DecideArticle,
    FindArticles,
    ListAnswers,
    Meaning,
    SendArticle,
    UseAnswer,
    WriteArticle,
)
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import fold
from mailbridge.tickets.command_types.mails import AgentReply

_VERBS = {
    **dict.fromkeys(("new", "nou", "новая", "новое"), "new"),
    **dict.fromkeys(("accept", "accepta", "принять"), "accept"),
    **dict.fromkeys(("reject", "respinge", "отклонить"), "reject"),
}
_FIELD = re.compile(r"(?:^|(?<=\s))([a-z0-9][a-z0-9_-]{0,59})=(?:[\"“”„«]([^\"“”„»]*)[\"“”»]|(\S*))")


def kb(argument: str, author: Author) -> Meaning:
    """One article by its number, or those that fit words; without an argument those that fit the ticket of the mail, or all.

    `new` makes an article of the mail, `accept` and `reject` decide about one.
    """
    word, _, rest = argument.partition(" ")
    match _VERBS.get(fold(word)):
        case "new":
            return WriteArticle(title=unquoted(rest))
        case "accept" | "reject" as verb if (draft := article_number(rest)) is not None:
            return DecideArticle(number=draft, accept=verb == "accept")
    number = article_number(argument)
    return FindArticles(number=number) if number else FindArticles(words=unquoted(argument))


def send(argument: str, author: Author) -> Meaning:
    number = article_number(argument)
    return SendArticle(number=number) if number else UNKNOWN


def answer(argument: str, author: Author) -> Meaning:
    """A name, and fields with values: `visit day="Tuesday at ten"`; alone it says that the text of the mail is the answer."""
    if not argument:
        return (AgentReply(),)
    name, _, rest = argument.partition(" ")
    fields = tuple((found[1], found[3] if found[2] is None else found[2]) for found in _FIELD.finditer(rest))
    return UNKNOWN if _FIELD.sub("", rest).strip() else UseAnswer(name=bare(name).lower(), fields=fields)


def answers(argument: str, author: Author) -> Meaning:
    return ListAnswers(words=unquoted(argument))
