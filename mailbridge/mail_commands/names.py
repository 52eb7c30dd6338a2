"""Parses names in arguments: agents, addresses, tickets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailbridge.mail_commands.model import Author, LineProblem
from mailbridge.mail_commands.normalise import bare
from mailbridge.mail_commands.vocabulary import fold, vocabulary
from mailbridge.organisation.model import Agent

_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\[\]\\]{1,253}")
_NUMBER = re.compile(r"[1-9][0-9]{0,11}")


def agent(argument: str, author: Author) -> str | LineProblem:
    """The agent's short name: by itself, by address, by whole name, by first or last name where it is unique.  '' is nobody.  An unknown
    name is returned as it is: `tickets.decide` refuses it."""
    known, text = vocabulary(author.language), bare(argument).lstrip("@")
    if fold(text) in known.none:
        return ""
    if fold(text) in known.me:
        return author.me
    address = _ADDRESS.search(text)
    if address:
        found = author.organisation.agent_of(address[0])
        return found.name if found else address[0].lower()
    active = [a for a in author.organisation.agents.values() if a.active]
    for names in (_short, _title, _parts):
        hits = [a.name for a in active if fold(text) in names(a)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            return LineProblem(problem="ambiguous", nearest=hits[0], detail=", ".join(hits))
    return text.lower()


def one_of(argument: str, names: Iterable[tuple[str, str]]) -> str:
    """The name that the argument means, by name or title, in any case; the argument in lower case where there is none."""
    text = fold(bare(argument))
    known = [(name, (fold(name), fold(title))) for name, title in names]
    return next((name for name, spellings in known if text in spellings), bare(argument).lower())


def address(text: str) -> str | None:
    """The one address in `carol@x`, `<carol@x>`, `Carol Pop <carol@x>`; None where there is none or more than one."""
    found = _ADDRESS.findall(text)
    return bare(found[0]) if len(found) == 1 else None


def person(argument: str) -> tuple[str, str] | None:
    """Address and name, in either order."""
    found = address(argument)
    if found is None:
        return None
    name = " ".join(re.sub(r"[<>()]", " ", argument.replace(found, " ", 1)).split())
    return found, bare(name).strip(",")


def people(argument: str) -> list[str]:
    """The people between commas, semicolons or blanks; a name stays with its address: `Pop, Dan <dan@x>` is one person."""
    parts: list[str] = []
    waiting = ""
    for part in re.split(r"[,;]", argument):
        waiting = ", ".join(filter(None, (waiting, part.strip())))
        several = _ADDRESS.findall(waiting)
        if len(several) > 1:
            parts += [bare(one) for one in several]
            waiting = ""
        elif several:
            parts.append(waiting)
            waiting = ""
    return [*parts, waiting] if waiting else parts


def ticket(word: str, prefix: str, *, bare_number: bool = False) -> int | None:
    """The id in `MB-1042`, `[MB-1042]`, and where `bare_number`, in `1042` and `#1042`; None for any other word."""
    text = word.strip("[](){}.,;:#")
    head, dash, number = text.rpartition("-")
    if not _NUMBER.fullmatch(number):
        return None
    if not dash:
        return int(number) if bare_number else None
    right = head.casefold() == prefix.casefold() if prefix else head.isalpha()
    return int(number) if right else None


def team(argument: str, author: Author) -> str:
    """The name of the team that the argument means, by name or title; the argument in lower case where there is none."""
    return one_of(argument, [(t.name, t.title) for t in author.organisation.teams.values()])


def _short(agent: Agent) -> tuple[str, ...]:
    return (fold(agent.name),)


def _title(agent: Agent) -> tuple[str, ...]:
    return (fold(agent.title),)


def _parts(agent: Agent) -> tuple[str, ...]:
    return tuple(fold(part) for part in (*agent.title.split(), *re.split(r"[._-]", agent.name)))
