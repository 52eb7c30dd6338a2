"""Parses the arguments of `#plan` and `#agenda`: `ana tue 10:00 2h replace drum`, `2 = wed 14:00`, `2 = none`, `ana tue`."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailbridge.config.suggest import SURE, nearest
from mailbridge.mail_commands import dates, durations, names
from mailbridge.mail_commands.model import Author, LineProblem, Meaning, ShowAgenda
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import Vocabulary, fold, time_words, tokens, vocabulary
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork

UNKNOWN = LineProblem(problem="argument-unknown")
MOST_NAMES = 3  # words of an agent's name
_CHANGE = re.compile(r"#?([0-9]{1,6})\s*=\s*(.*)", re.DOTALL)
_NUMBERS = re.compile(r"[0-9:.]+")


def plan(argument: str, author: Author) -> Meaning:
    """A plan, a change or the end of one; without a time it asks what is planned."""
    change = _CHANGE.fullmatch(argument.strip())
    if change:
        return _changed(int(change[1]), change[2], author)
    if argument and _is_none(argument, author):
        return (CancelPlan(),)
    found = _planned(argument, author) if argument else None
    if found is None and _has_length(argument, author):
        return UNKNOWN  # work without a time, and no question
    return found or agenda(argument, author)


def agenda(argument: str, author: Author) -> Meaning:
    """Whose plans, and from which day: the author's from today where nothing is said."""
    words = argument.split()
    days = ((start, _day(words[start:], author)) for start in range(len(words)))
    begins, day = next((found for found in days if found[1] is not None), (len(words), None))
    named = " ".join(words[:begins])
    if not named:
        return ShowAgenda(agent=author.me, day=day)
    if vocabulary(author.language).lists.get(tuple(tokens(bare(named)))) == "team":
        return ShowAgenda(agent="", day=day)
    agent = _agent(named, author)
    if agent is UNKNOWN:
        return _almost_a_day(words[:begins], words[begins:], author)
    return agent if isinstance(agent, LineProblem) else ShowAgenda(agent=agent, day=day)


def _almost_a_day(named: list[str], rest: list[str], author: Author) -> LineProblem:
    """The line that was probably meant where the name ends with a misspelled day: `ana tomorow`."""
    days = [nearest(fold(word), time_words(author.language), likeness=SURE) for word in named]
    first = next((number for number, day in enumerate(days) if day and number), len(named))
    before = " ".join(named[:first])
    if first == len(named) or isinstance(_agent(before, author), LineProblem):
        return UNKNOWN
    meant = [day or word for day, word in zip(days[first:], named[first:], strict=True)]
    return LineProblem(problem="argument-unknown", nearest=" ".join([before, *meant, *rest]))


def moment_in(text: str, author: Author) -> datetime | None:
    """The day and the hour that the text names and nothing else."""
    words, wall = dates.words_of(text), _wall(author)
    found = dates.moment(words, 0, wall, otherwise=None)
    return found[0] if found and found[1] == len(words) else None


def _changed(number: int, said: str, author: Author) -> Meaning:
    """`ana wed 14:00 1h`, each part where it changes; `none` or `0` cancels."""
    if _is_none(said, author) or said.strip() == "0":
        return (CancelPlan(plan=number),)
    known = vocabulary(author.language)
    words = dates.words_of(said)
    long = durations.minutes(words, 0, known) if _is_length(words, 0, known) else None
    if long and long[1] == len(words):
        return (PlanWork(plan=number, minutes=long[0]),)
    planned = _planned(said, author, plan=number)
    if planned is not None:
        return planned
    agent = _agent(said, author)
    return agent if isinstance(agent, LineProblem) else (PlanWork(plan=number, agent=agent),)


def _planned(argument: str, author: Author, *, plan: int = 0) -> Meaning | None:
    """The plan of an argument with a time; None where it has none.  The agent stands before the time, length and text behind it."""
    words, written = dates.words_of(argument), argument.replace(",", " ").split()
    if len(words) != len(written):
        return None
    known = vocabulary(author.language)
    for start in range(min(MOST_NAMES, len(words) - 1) + 1):
        found = None if _is_length(words, start, known) else dates.moment(words, start, _wall(author), otherwise=None)
        if found is None or _is_unclear(words, found[1], known):
            continue
        agent = _planned_agent(" ".join(written[:start]), author) if start else "" if plan else author.me
        if isinstance(agent, LineProblem):
            return agent
        return (_work(plan, agent, found[0], words, written, found[1], known),)
    return None


def _work(plan: int, agent: str, at: datetime, words: list[str], written: list[str], rest: int, known: Vocabulary) -> PlanWork:
    long = durations.minutes(words, rest, known) if _is_length(words, rest, known) or _is_clock(words, rest) else None
    text = " ".join(written[long[1] if long else rest :])
    return PlanWork(plan=plan, agent=agent, at=at, minutes=long[0] if long else 0, text=unquoted(text))


def _planned_agent(named: str, author: Author) -> str | LineProblem:
    """The short name; an unknown one as it is, which `tickets.decide` refuses, if it is not like a word of time."""
    found = names.agent(named, author)
    known = isinstance(found, LineProblem) or found in author.organisation.agents
    return found if known or not nearest(fold(named), time_words(author.language), likeness=SURE) else UNKNOWN


def _has_length(argument: str, author: Author) -> bool:
    words = dates.words_of(argument)
    return any(_is_length(words, at, vocabulary(author.language)) for at in range(len(words)))


def _agent(named: str, author: Author) -> str | LineProblem:
    """The short name of an agent there is."""
    found = names.agent(named, author)
    if isinstance(found, LineProblem) or found in author.organisation.agents:
        return found
    return UNKNOWN


def _is_length(words: list[str], at: int, known: Vocabulary) -> bool:
    """Whether a length with its unit is here: `2h`, `45 min`."""
    found = durations.minutes(words, at, known) if at < len(words) else None
    return found is not None and (found[1] > at + 1 or not _NUMBERS.fullmatch(words[at]))


def _is_clock(words: list[str], at: int) -> bool:
    return at < len(words) and ":" in words[at]


def _is_unclear(words: list[str], end: int, known: Vocabulary) -> bool:
    """Whether the time ends with a word like `2h` that may as well be the length, and no other length follows."""
    return _is_length(words, end - 1, known) and not _is_length(words, end, known) and words[end - 1 : end] != words[:1]


def _is_none(text: str, author: Author) -> bool:
    return fold(bare(text)) in vocabulary(author.language).none


def _day(words: list[str], author: Author) -> date | None:
    """The day that these words name and nothing else."""
    wall = _wall(author)
    found = dates.whole(dates.words_of(" ".join(words).rstrip(".!")), wall, otherwise=dates.MORNING)
    return found.astimezone(wall.zone).date() if found else None


def _wall(author: Author) -> dates.Wall:
    return dates.Wall(now=author.now, zone=ZoneInfo(author.zone), known=vocabulary(author.language))
