"""Parses what people wish for themselves: `#quiet 18:00-8:00`, `#digest weekly`, `#away until friday for eva`, `#save vip #list network`,
`#block spam@x.example`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from mailbridge.config import times
from mailbridge.config.reading import Wrong
from mailbridge.mail_commands import dates, names, query_arguments
from mailbridge.mail_commands.date_arguments import wall
from mailbridge.mail_commands.model import (
    UNKNOWN,
    Author,
    ChangeWish,
    LeaveDesk,
    LineProblem,
    ListTickets,
    Meaning,
    ReleaseSender,
    SearchMails,
)
from mailbridge.mail_commands.normalise import bare
from mailbridge.mail_commands.vocabulary import fold, vocabulary
from mailbridge.organisation.wishes import DAILY, EVENINGS, OFF, WEEKLY, WishKind

_EVENINGS = frozenset(fold("evenings evening nights night seara serile noaptea вечером вечера вечерами ночью").split())
_EVERY = {
    **dict.fromkeys(fold("daily day zilnic ежедневно").split(), DAILY),
    **dict.fromkeys(fold("weekly week săptămânal еженедельно").split(), WEEKLY),
}
_OFF = frozenset(fold("off oprit oprește выкл выключить").split())
_FOR = frozenset(fold("for pentru за вместо").split())
_TO = frozenset(fold("to for către lui pentru кому для").split())
_UNTIL = frozenset(fold("until till pana до по").split())
_DOMAIN = re.compile(r"@?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)", re.IGNORECASE)
_LIST_NAME = re.compile(r"[^\W_][\w-]{0,39}")
MOST_NAMES = 3  # words of an agent's name


def quiet(argument: str, author: Author) -> Meaning:
    """`evenings`, hours such as `18:00-8:00`, or `off`; nothing shows the wishes."""
    said = fold(bare(argument))
    if not said:
        return ChangeWish(kind=WishKind.QUIET, shows=True)
    if _is_off(said, author):
        return ChangeWish(kind=WishKind.QUIET)
    if said in _EVENINGS:
        return ChangeWish(kind=WishKind.QUIET, values=(("when", EVENINGS),))
    start, dash, end = re.sub(r"\s*[-–—]\s*", "-", said).partition("-")
    try:
        first, last = times.hour(_clock(start)), times.hour(_clock(end))
    except Wrong:
        return UNKNOWN
    if not dash or first == last:
        return UNKNOWN
    return ChangeWish(kind=WishKind.QUIET, values=(("from", f"{first:%H:%M}"), ("to", f"{last:%H:%M}")))


def _clock(text: str) -> str:
    """`8` as `08:00`, `8:00` as `08:00`."""
    hour, colon, minute = text.strip().replace(".", ":").partition(":")
    return f"{hour.zfill(2)}:{minute if colon else '00'}"


def digest(argument: str, author: Author) -> Meaning:
    said = fold(bare(argument))
    if not said:
        return ChangeWish(kind=WishKind.DIGEST, shows=True)
    every = OFF if _is_off(said, author) else _EVERY.get(said)
    return ChangeWish(kind=WishKind.DIGEST, values=(("every", every),)) if every else UNKNOWN


def away(argument: str, author: Author) -> Meaning:
    """`[NAME] [from DAY] until DAY [for NAME]`, or `[NAME] off`.  The last day is a day of the absence."""
    words = argument.replace(",", " ").split()
    if not words:
        return ChangeWish(kind=WishKind.AWAY, shows=True)
    person, words = _person(words, author)
    if isinstance(person, LineProblem):
        return person
    if words and _is_off(fold(bare(" ".join(words))), author):
        return ChangeWish(kind=WishKind.AWAY, person=person)
    words, deputy = _deputy(words, author)
    if isinstance(deputy, LineProblem):
        return deputy
    at = next((n for n, word in enumerate(words) if fold(word) in _UNTIL), None)
    today = author.now.astimezone(wall(author).zone).date()
    first = _day(words[:at], author) if at else today
    starts = replace(author, now=wall(author).utc(first, dates.MORNING)) if at and first else author
    last = _day(words[at + 1 :] if at is not None else words, starts)
    if first is None or last is None or last < first or last < today:
        return UNKNOWN
    values = (("from", first.isoformat()), ("to", last.isoformat()), *((("deputy", deputy),) if deputy else ()))
    return ChangeWish(kind=WishKind.AWAY, person=person, values=values)


def save(argument: str, author: Author) -> Meaning:
    """`NAME #list …`, `NAME #search …` or `NAME off`."""
    name, _, rest = argument.strip().partition(" ")
    name, rest = fold(bare(name)), rest.strip()
    if not rest or not _LIST_NAME.fullmatch(name):
        return LineProblem(problem="argument-missing" if not rest else "argument-unclear")
    if _is_off(fold(bare(rest)), author):
        return ChangeWish(kind=WishKind.LIST, name=name)
    word, _, asked = rest.lstrip("#").partition(" ")
    reads = {"list": query_arguments.listed, "search": query_arguments.search}.get(vocabulary(author.language).words.get(fold(word), ""))
    if reads is None or vocabulary(author.language).lists.get((name,)) or name in author.organisation.teams:
        return LineProblem(problem="argument-unclear")
    match reads(asked.strip(), author):
        case ListTickets(which=which, team=team):
            return ChangeWish(kind=WishKind.LIST, name=name, values=(("list", which), *((("team", team),) if team else ())))
        case SearchMails(words=words) if words:
            return ChangeWish(kind=WishKind.LIST, name=name, values=(("search", words),))
        case LineProblem() as problem:
            return problem
        case _:
            return UNKNOWN


def block(argument: str, author: Author) -> Meaning:
    sender = _sender(argument)
    return ChangeWish(kind=WishKind.BLOCK, name=sender, values=(("blocked", "yes"),)) if sender else UNKNOWN


def unblock(argument: str, author: Author) -> Meaning:
    sender = _sender(argument)
    return ChangeWish(kind=WishKind.BLOCK, name=sender) if sender else UNKNOWN


def leave(argument: str, author: Author) -> Meaning:
    """`NAME`, `NAME to NAME`: who leaves, and the agent or team who gets the work."""
    words = argument.replace(",", " ").split()
    at = next((n for n, word in enumerate(words) if n and fold(word) in _TO), len(words))
    agent, heir = names.agent(" ".join(words[:at]), author), " ".join(words[at + 1 :])
    if isinstance(agent, LineProblem):
        return agent
    if agent not in author.organisation.agents or (at < len(words) and not heir):
        return UNKNOWN
    to = names.agent(heir, author) if heir else ""
    if isinstance(to, LineProblem):
        return to
    team = names.team(heir, author) if heir else ""
    if to and to not in author.organisation.agents:
        return LeaveDesk(agent=agent, to=team) if team in author.organisation.teams else UNKNOWN
    return LeaveDesk(agent=agent, to=to)


def not_spam(argument: str, author: Author) -> Meaning:
    number = bare(argument).lstrip("#")
    return ReleaseSender(mail=int(number)) if number.isascii() and number.isdigit() and len(number) < 13 else UNKNOWN


def _sender(argument: str) -> str:
    """An address, or `@` and a domain, in small letters; '' for anything else."""
    found = names.address(argument)
    if found:
        return found.lower()
    domain = _DOMAIN.fullmatch(bare(argument).strip())
    return f"@{domain[1].lower()}" if domain else ""


def _is_off(said: str, author: Author) -> bool:
    return said in _OFF or said in vocabulary(author.language).none


def _person(words: list[str], author: Author) -> tuple[str | LineProblem, list[str]]:
    """The agent whose absence it is, '' where none is named, and the words after the name."""
    for count in range(min(MOST_NAMES, len(words)), 0, -1):
        found = names.agent(" ".join(words[:count]), author)
        if isinstance(found, str) and found in author.organisation.agents:
            return found, words[count:]
        if isinstance(found, LineProblem) and count == 1 and found.problem == "ambiguous":
            return found, words
    return "", words


def _deputy(words: list[str], author: Author) -> tuple[list[str], str | LineProblem]:
    """The words before `for NAME` at the end, and that agent; '' where nobody is named."""
    at = max((n for n, word in enumerate(words) if fold(word) in _FOR and n), default=None)
    if at is None or at + 1 >= len(words) or len(words) - at - 1 > MOST_NAMES:
        return words, ""
    found = names.agent(" ".join(words[at + 1 :]), author)
    if isinstance(found, LineProblem):
        return words, found
    return (words[:at], found) if found in author.organisation.agents else (words, "")


def _day(words: list[str], author: Author) -> date | None:
    at = dates.whole(dates.words_of(" ".join(words)), wall(author), otherwise=dates.EVENING) if words else None
    return at.astimezone(wall(author).zone).date() if at else None
