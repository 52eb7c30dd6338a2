"""Parses the arguments of commands: one function for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from mailbridge.mail_commands import dates, durations, names
from mailbridge.mail_commands.model import (
    Author,
    ChannelArgument,
    FindDocuments,
    FullHistory,
    Help,
    LineProblem,
    ListTickets,
    Meaning,
    OnBehalf,
    SearchMails,
    ShowTickets,
    TimesheetArgument,
    Which,
)
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import Vocabulary, fold, tokens, vocabulary
from mailbridge.organisation import transitions
from mailbridge.organisation.model import CHANNELS
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.command_context import nearest
from mailbridge.tickets.command_types.escalation import Approve, Escalate, Reject
from mailbridge.tickets.command_types.people import AddParticipant, RemoveParticipant, ScheduleMeeting, SetRequester
from mailbridge.tickets.command_types.relations import Link, Merge, Split, StartPlaybook
from mailbridge.tickets.command_types.values import (
    AddTags,
    Assign,
    RemoveTags,
    SetContract,
    SetDue,
    SetEquipment,
    SetPriority,
    SetProject,
    SetStatus,
    SetSubject,
    SetTeam,
    SetType,
    Snooze,
)
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.model import WorkKind

Reads = Callable[[str, Author], Meaning]

UNKNOWN = LineProblem(problem="argument-unknown")
_MINUS = "-–—−"
_CORRECTION = re.compile(r"#?([0-9]{1,6})\s*=(.*)")
_MESSAGE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_APPROVAL = re.compile(r"#?([0-9]{1,6})(?:[\s.:,]+(.*))?", re.DOTALL)
_PLACE = re.compile(r"(?<!\S)@(?:\"([^\"]+)\"|(\S+))")
_BETWEEN = " ,;:.-–—"


def assign(argument: str, author: Author) -> Meaning:
    agent = names.agent(argument, author)
    return agent if isinstance(agent, LineProblem) else (Assign(agent=agent),)


def team(argument: str, author: Author) -> Meaning:
    return (SetTeam(team=_team(argument, author)),)


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
        near = nearest(bare(argument), [str(p) for p in Priority])
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


def playbook(argument: str, author: Author) -> Meaning:
    return (StartPlaybook(name=bare(argument).lower()),)


def due(argument: str, author: Author) -> Meaning:
    if fold(bare(argument)) in vocabulary(author.language).none:
        return (SetDue(at=None),)
    at = dates.whole(dates.words_of(argument.rstrip(".!")), _wall(author), otherwise=dates.EVENING)
    return (SetDue(at=at),) if at else UNKNOWN


def snooze(argument: str, author: Author) -> Meaning:
    until = dates.whole(dates.words_of(argument.rstrip(".!")), _wall(author), otherwise=dates.MORNING)
    return (Snooze(until=until),) if until else UNKNOWN


def schedule_meeting(argument: str, author: Author) -> Meaning:
    """A moment with its hour, then an optional duration and place; or none, which cancels the appointment."""
    if fold(bare(argument)) in vocabulary(author.language).none:
        return (ScheduleMeeting(at=None),)
    words, written = dates.words_of(argument), argument.replace(",", " ").split()
    found = dates.moment(words, 0, _wall(author), otherwise=None)
    if found is None or len(words) != len(written):
        return UNKNOWN
    at, rest = found
    known = vocabulary(author.language)
    long = durations.minutes(words, rest, known) if _has_unit(words, rest, known) else None
    where = " ".join(written[long[1] if long else rest :])
    return (ScheduleMeeting(at=at, minutes=long[0] if long else 60, place=unquoted(where)),)


def time_spent(argument: str, author: Author) -> Meaning:
    return _work(WorkKind.WORKED, argument, author)


def travel(argument: str, author: Author) -> Meaning:
    return _work(WorkKind.TRAVELLED, argument, author)


def estimate(argument: str, author: Author) -> Meaning:
    found = durations.whole(bare(argument), vocabulary(author.language))
    return (SetEstimate(minutes=found),) if found else UNKNOWN


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


def listed(argument: str, author: Author) -> Meaning:
    """A list by name, or the tickets of a team; without an argument the own tickets."""
    if not argument:
        return ListTickets(which=Which.MINE)
    found = vocabulary(author.language).lists.get(tuple(tokens(bare(argument))))
    if found:
        return ListTickets(which=Which(found))
    name = _team(argument, author)
    if name in author.organisation.teams:
        return ListTickets(which=Which.TEAM, team=name)
    return LineProblem(problem="argument-unknown", nearest=nearest(name, [*Which, *author.organisation.teams]))


def search(argument: str, author: Author) -> Meaning:
    return SearchMails(words=unquoted(argument))


def show(argument: str, author: Author) -> Meaning:
    words = [word for word in argument.replace(",", " ").split() if fold(word) not in vocabulary(author.language).also]
    found = [names.ticket(word, author.prefix, bare_number=True) for word in words]
    return UNKNOWN if None in found else ShowTickets(tickets=tuple(dict.fromkeys(number for number in found if number is not None)))


def full(argument: str, author: Author) -> Meaning:
    """`MB-7`; for one message `MB-7/3`, or `/3` on the ticket of the mail."""
    named, slash, message = argument.strip("[](){}.,;: ").partition("/")
    number = names.ticket(named, author.prefix, bare_number=True) if named else 0
    if number is None or (slash and not _MESSAGE.fullmatch(message)):
        return UNKNOWN
    return FullHistory(ticket=number, message=int(message) if slash else 0)


def report(argument: str, author: Author) -> Meaning:
    word, _, rest = argument.partition(" ")
    return TimesheetArgument(words=rest if vocabulary(author.language).words.get(fold(bare(word))) == "time" else argument)


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


def on_behalf(argument: str, author: Author) -> Meaning:
    found = names.person(argument)
    return OnBehalf(address=found[0], name=found[1]) if found else UNKNOWN


def channel(argument: str, author: Author) -> Meaning:
    text = bare(argument).lower()
    name = vocabulary(author.language).channels.get(tuple(tokens(text)), text)
    return ChannelArgument(name=name) if name in CHANNELS else LineProblem(problem="argument-unknown", nearest=nearest(text, CHANNELS))


def _work(kind: WorkKind, argument: str, author: Author) -> Meaning:
    """`45m`, `25km`, in any order; then optionally a day, `not billable` at either end, `@place`, and a text (for travel: the place)."""
    correction = _CORRECTION.fullmatch(argument.strip())
    if correction:
        return _correction(int(correction[1]), correction[2], author)
    known = vocabulary(author.language)
    where = _PLACE.search(argument)
    place = (where[1] or where[2]) if where else ""
    written = durations.protected(argument[: where.start()] + argument[where.end() :] if where else argument).split()
    billable, written = _billable(written, known)
    minutes, km, at = _figures(written, known)
    if minutes is None and km is None:
        return UNKNOWN
    words = [fold(word).rstrip(",;:") for word in written]
    day = dates.past_day(words, at, _wall(author))
    if day and day[1] > at:
        at = day[1]
    if billable is None:
        billable, written = _billable(written[:at] + written[at:], known, at)
    rest = " ".join(written[at:]).strip(_BETWEEN)
    text, place = ("", place or rest) if kind is WorkKind.TRAVELLED else (unquoted(rest), place)
    when = day[0] if day else _wall(author).local.date()
    return (
        RecordWork(kind=kind, minutes=minutes or 0, day=when, km=km or 0.0, place=unquoted(place), billable=billable, text=text),
    )


def _correction(activity: int, said: str, author: Author) -> Meaning:
    known = vocabulary(author.language)
    words = durations.protected(said).split()
    minutes, km, end = _figures(words, known)
    if end != len(words) or minutes is None:
        return UNKNOWN
    return (CorrectWork(activity=activity, minutes=minutes, km=km),)


def _figures(written: list[str], known: Vocabulary) -> tuple[int | None, float | None, int]:
    """Minutes and kilometres at the start, and the index of the rest."""
    words = [fold(word).rstrip(",;:") for word in written]
    minutes: int | None = None
    km: float | None = None
    at = 0
    while at < len(words):
        far = _kilometres(words, at, known) if km is None else None
        if far:
            km, at = far
            continue
        long = durations.minutes(words, at, known) if minutes is None else None
        if long is None:
            break
        minutes, at = long
    return minutes, km, at


def _kilometres(words: list[str], at: int, known: Vocabulary) -> tuple[float, int] | None:
    found = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)([^\W\d_]*)\.?", words[at])
    if not found:
        return None
    if found[2] in known.km:
        return float(found[1]), at + 1
    following = at + 1 < len(words) and not found[2] and words[at + 1].rstrip(".") in known.km
    return (float(found[1]), at + 2) if following else None


def _billable(written: list[str], known: Vocabulary, start: int = 0) -> tuple[bool | None, list[str]]:
    """Whether it is marked as billable, at the start (from `start` on) or at the end, and the other words."""
    words = [fold(word).strip(".,;()") for word in written]
    for phrase in known.billable:
        length = len(phrase)
        if tuple(words[start : start + length]) == phrase:
            return known.billable[phrase], written[:start] + written[start + length :]
        if len(words) - length >= start and tuple(words[-length:]) == phrase:
            return known.billable[phrase], written[:-length]
    return None, written


def _has_unit(words: list[str], at: int, known: Vocabulary) -> bool:
    """Whether a duration with a unit or a colon is there: in `#meet tue 10:00 30 office` the 30 belongs to the place."""
    found = durations.minutes(words, at, known)
    return found is not None and (found[1] > at + 1 or not words[at].isdigit())


def _signed(argument: str) -> tuple[list[str], list[str]]:
    """Words to add, and those with a minus to remove."""
    words = [word for word in re.split(r"[\s,;]+", argument) if word.strip(_MINUS + "+")]
    off = [word.lstrip(_MINUS) for word in words if word[0] in _MINUS]
    return [word.lstrip("+") for word in words if word[0] not in _MINUS], off


def _approval(argument: str) -> tuple[int, str]:
    found = _APPROVAL.fullmatch(argument.strip())
    return (int(found[1]), (found[2] or "").strip()) if found else (0, unquoted(argument))


def _team(argument: str, author: Author) -> str:
    return names.one_of(argument, [(t.name, t.title) for t in author.organisation.teams.values()])


def _or_none(argument: str, author: Author) -> str:
    text = bare(argument)
    return "" if fold(text) in vocabulary(author.language).none else text


def _wall(author: Author) -> dates.Wall:
    return dates.Wall(now=author.now, zone=ZoneInfo(author.zone), known=vocabulary(author.language))
