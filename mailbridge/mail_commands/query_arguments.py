"""Parses the arguments of commands that ask the desk for something: lists, searches, reports, help."""

from __future__ import annotations

import re

from mailbridge.config.suggest import nearest
from mailbridge.mail_commands import names
from mailbridge.mail_commands.model import (
    UNKNOWN,
    Author,
    ExplainDueTimes,
    FindDocuments,
    FullHistory,
    Help,
    LineProblem,
    ListTickets,
    Meaning,
    SearchMails,
    ShowTickets,
    Which,
)
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import fold, near_phrase, tokens, vocabulary

_MESSAGE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def listed(argument: str, author: Author) -> Meaning:
    """A list by name, or the tickets of a team; without an argument the own tickets."""
    if not argument:
        return ListTickets(which=Which.MINE)
    found = vocabulary(author.language).lists.get(tuple(tokens(bare(argument))))
    if found:
        return ListTickets(which=Which(found))
    name = names.team(argument, author)
    if name in author.organisation.teams:
        return ListTickets(which=Which.TEAM, team=name)
    saved = author.organisation.wishes.saved_list(author.me, fold(bare(argument)))
    if saved is not None and saved.value("search"):
        return SearchMails(words=saved.value("search"))
    if saved is not None:
        return ListTickets(which=Which(saved.value("list")), team=saved.value("team"))
    near = nearest(name, author.organisation.teams) or near_phrase(bare(argument), author.language, "lists")
    return LineProblem(problem="argument-unknown", nearest=near)


def search(argument: str, author: Author) -> Meaning:
    return SearchMails(words=unquoted(argument))


def show(argument: str, author: Author) -> Meaning:
    found = _named_tickets(argument, author)
    return UNKNOWN if found is None else ShowTickets(tickets=found)


def why(argument: str, author: Author) -> Meaning:
    found = _named_tickets(argument, author)
    return UNKNOWN if found is None else ExplainDueTimes(tickets=found)


def _named_tickets(argument: str, author: Author) -> tuple[int, ...] | None:
    """`MB-7, 8 and 9`; None where a word is no ticket."""
    words = [word for word in argument.replace(",", " ").split() if fold(word) not in vocabulary(author.language).also]
    found = [names.ticket(word, author.prefix, bare_number=True) for word in words]
    return None if None in found else tuple(dict.fromkeys(number for number in found if number is not None))


def full(argument: str, author: Author) -> Meaning:
    """`MB-7`; for one message `MB-7/3`, or `/3` on the ticket of the mail."""
    named, slash, message = argument.strip("[](){}.,;: ").partition("/")
    number = names.ticket(named, author.prefix, bare_number=True) if named else 0
    if number is None or (slash and not _MESSAGE.fullmatch(message)):
        return UNKNOWN
    return FullHistory(ticket=number, message=int(message) if slash else 0)


def docs(argument: str, author: Author) -> Meaning:
    """A ticket first, an address anywhere, and words of the name."""
    words = argument.split()
    number = names.ticket(words[0], author.prefix) if words else None
    rest = words[1:] if number else words
    customers = [word for word in rest if names.address(word)]
    named = " ".join(word for word in rest if word not in customers)
    return FindDocuments(words=unquoted(named), ticket=number or 0, customer=(names.address(customers[0]) or "") if customers else "")


def helped(argument: str, author: Author) -> Meaning:
    word = fold(bare(argument).lstrip("#"))
    known = vocabulary(author.language).words
    return (
        Help(word=known.get(word, ""))
        if not word or word in known
        else LineProblem(problem="argument-unknown", nearest=nearest(word, known))
    )
