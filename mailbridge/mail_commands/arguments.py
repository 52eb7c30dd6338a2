"""Parses the arguments of commands: one function for each kind.

Moments are in `date_arguments`, work in `work_arguments`, questions to the desk in `query_arguments`.
"""

from __future__ import annotations

import re

from mailbridge.customers.entry import Verb
from mailbridge.mail_commands import entries, names
from mailbridge.mail_commands.model import (
    UNKNOWN,
    Author,
    ChannelArgument,
    LineProblem,
    Meaning,
    OnBehalf,
    WriteTo,
)
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import fold, near_phrase, tokens, vocabulary
from mailbridge.organisation import transitions
from mailbridge.organisation.model import CHANNELS
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.command_types.escalation import Approve, Escalate, Reject
from mailbridge.tickets.command_types.people import AddParticipant, RemoveParticipant, SetRequester
from mailbridge.tickets.command_types.relations import Link, Merge, Split, StartPlaybook
from mailbridge.tickets.command_types.values import (
    AddTags,
    Assign,
    RemoveTags,
    SetContract,
    SetEquipment,
    SetPriority,
    SetProject,
    SetStatus,
    SetSubject,
    SetTeam,
    SetType,
)
from mailbridge.tickets.commands import Command

_MINUS = "-–—−"
_APPROVAL = re.compile(r"#?([0-9]{1,6})(?:[\s.:,]+(.*))?", re.DOTALL)


def assign(argument: str, author: Author) -> Meaning:
    agent = names.agent(argument, author)
    return agent if isinstance(agent, LineProblem) else (Assign(agent=agent),)


def team(argument: str, author: Author) -> Meaning:
    return (SetTeam(team=names.team(argument, author)),)


def escalate(argument: str, author: Author) -> Meaning:
    """To a chain, a team, an agent, a consultant or a skill; without an argument to the next level."""
    text = bare(argument)
    organisation = author.organisation
    places = [(t.name, t.title) for t in organisation.teams.values()] + [(c.name, c.title) for c in organisation.consultants.values()]
    named = names.one_of(text, [*places, *((chain, chain) for chain in organisation.chains)])
    if named in {name for name, _ in places} | set(organisation.chains) or not text:
        return (Escalate(to=named),)
    agent = names.agent(text, author)
    return agent if isinstance(agent, LineProblem) else (Escalate(to=agent),)


def status(argument: str, author: Author) -> Meaning:
    """By name, or by title in any language."""
    known = transitions.statuses(author.organisation).values()
    return (SetStatus(status=names.one_of(argument, [(s.name, title) for s in known for title in (s.title, *s.titles.values())])),)


def priority(argument: str, author: Author) -> Meaning:
    known = vocabulary(author.language).priorities
    found = known.get(tuple(tokens(bare(argument))))
    if found is None:
        near = near_phrase(bare(argument), author.language, "priorities")
        return LineProblem(problem="argument-unknown", nearest=near)
    return (SetPriority(priority=Priority(found)),)


def kind(argument: str, author: Author) -> Meaning:
    return (SetType(type=names.one_of(argument, [(name, name) for name in author.organisation.types])),)


def tag(argument: str, author: Author) -> Meaning:
    on, off = _signed(argument)
    if not on and not off:
        return UNKNOWN
    added: list[Command] = [AddTags(tags=tuple(bare(t).lower() for t in on))] if on else []
    return (*added, *([RemoveTags(tags=tuple(bare(t).lower() for t in off))] if off else []))


def untag(argument: str, author: Author) -> Meaning:
    tags = tuple(bare(word.lstrip(_MINUS)).lower() for word in re.split(r"[\s,;]+", argument) if bare(word.lstrip(_MINUS)))
    return (RemoveTags(tags=tags),) if tags else UNKNOWN


def cc(argument: str, author: Author) -> Meaning:
    on, off = _signed(argument)
    people = [(names.address(text), text) for text in (*on, *off) if "@" in text]
    if not people or any(address is None for address, _ in people):
        return UNKNOWN
    gone = {names.address(text) for text in off}
    return tuple(
        RemoveParticipant(address=address) if address in gone else AddParticipant(address=address) for address, _ in people if address
    )


def uncc(argument: str, author: Author) -> Meaning:
    return cc(" ".join(word if word[0] in _MINUS else f"-{word}" for word in argument.split()), author)


def requester(argument: str, author: Author) -> Meaning:
    found = names.person(argument)
    return (SetRequester(address=found[0], name=found[1]),) if found else UNKNOWN


def subject(argument: str, author: Author) -> Meaning:
    return (SetSubject(subject=unquoted(argument)),)


def contract(argument: str, author: Author) -> Meaning:
    return (SetContract(contract=_or_none(argument, author)),)


def project(argument: str, author: Author) -> Meaning:
    return (SetProject(project=_or_none(argument, author)),)


def equipment(argument: str, author: Author) -> Meaning:
    return (SetEquipment(equipment=_or_none(argument, author)),)


def added(argument: str, author: Author) -> Meaning:
    return entries.change(Verb.ADD, argument, author)


def changed(argument: str, author: Author) -> Meaning:
    return entries.change(Verb.CHANGE, argument, author)


def removed(argument: str, author: Author) -> Meaning:
    return entries.change(Verb.REMOVE, argument, author)


def playbook(argument: str, author: Author) -> Meaning:
    return (StartPlaybook(name=bare(argument).lower()),)


def link(argument: str, author: Author) -> Meaning:
    """An optional relation, then the tickets."""
    words = argument.replace(",", " ").split()
    known = vocabulary(author.language)
    first = next((n for n, word in enumerate(words) if names.ticket(word, author.prefix, bare_number=True) is not None), None)
    if first is None:
        return UNKNOWN
    relation = known.relations.get(tuple(fold(word) for word in words[:first]), "" if first else "related")
    tickets = [names.ticket(word, author.prefix, bare_number=True) for word in words[first:] if fold(word) not in known.also]
    if not relation or None in tickets:
        return UNKNOWN
    return tuple(Link(ticket=number, relation=relation) for number in tickets if number is not None)


def merge(argument: str, author: Author) -> Meaning:
    """Into one ticket: `MB-1042`, `into MB-1042`."""
    words = [word for word in argument.split() if fold(word) not in vocabulary(author.language).into]
    into = names.ticket(words[0], author.prefix, bare_number=True) if len(words) == 1 else None
    return (Merge(into=into),) if into else UNKNOWN


def split(argument: str, author: Author) -> Meaning:
    """Number and mail are 0: `execution.load_context` fills them."""
    return (Split(ticket=0, mail=0, subject=unquoted(argument)),)


def approve(argument: str, author: Author) -> Meaning:
    number, reason = _approval(argument)
    return (Approve(approval=number, reason=reason),)


def reject(argument: str, author: Author) -> Meaning:
    number, reason = _approval(argument)
    return (Reject(approval=number, reason=reason),)


def on_behalf(argument: str, author: Author) -> Meaning:
    found = names.person(argument)
    return OnBehalf(address=found[0], name=found[1]) if found else UNKNOWN


def write_to(argument: str, author: Author) -> Meaning:
    """`ana@acme.example, Dan Pop <dan@acme.example>`."""
    people: dict[str, tuple[str, str]] = {}
    for part in names.people(argument):
        found = names.person(part)
        if found is None:
            return LineProblem(problem="argument-unclear", detail=part)
        people.setdefault(found[0].lower(), found)
    return WriteTo(people=tuple(people.values())) if people else UNKNOWN


def channel(argument: str, author: Author) -> Meaning:
    text = bare(argument).lower()
    name = vocabulary(author.language).channels.get(tuple(tokens(text)), text)
    if name in CHANNELS:
        return ChannelArgument(name=name)
    return LineProblem(problem="argument-unknown", nearest=near_phrase(text, author.language, "channels"))


def _signed(argument: str) -> tuple[list[str], list[str]]:
    """Words to add, and those with a minus to remove."""
    words = [word for word in re.split(r"[\s,;]+", argument) if word.strip(_MINUS + "+")]
    off = [word.lstrip(_MINUS) for word in words if word[0] in _MINUS]
    return [word.lstrip("+") for word in words if word[0] not in _MINUS], off


def _approval(argument: str) -> tuple[int, str]:
    found = _APPROVAL.fullmatch(argument.strip())
    return (int(found[1]), (found[2] or "").strip()) if found else (0, unquoted(argument))


def _or_none(argument: str, author: Author) -> str:
    text = bare(argument)
    return "" if fold(text) in vocabulary(author.language).none else text


