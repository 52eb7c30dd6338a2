"""Parses what stands behind `#report`: which report, of which teams, of which days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mailbridge.config.suggest import nearest
from mailbridge.mail_commands import names
from mailbridge.mail_commands.dates import MEANT
from mailbridge.mail_commands.model import (
    Author,
    HoursArgument,
    LineProblem,
    Meaning,
    RatingsArgument,
    ReportArgument,
    ReportWish,
    ReportWord,
    TimesheetArgument,
)
from mailbridge.mail_commands.normalise import bare
from mailbridge.mail_commands.vocabulary import fold, vocabulary

_RATINGS = frozenset({"ratings", "rating", "note", "nota", "оценки", "оценок"})
_HOURS = frozenset({"hours", "ore", "часы", "часов"})  # of an hour bank, in each language
_WORDS = {
    ReportWord.TEAM: ("team", "echipa", "echipei", "группа", "группы", "команда", "команды"),
    ReportWord.QUEUE: ("queue", "coada", "очередь"),
    ReportWord.ME: ("me", "mine", "eu", "mele", "я", "мои"),
    ReportWord.CUSTOMERS: ("customers", "clienti", "клиенты"),
    ReportWord.AGAIN: ("again", "iar", "снова"),
}
_FIRST = {word: kind for kind, words in _WORDS.items() for word in words}
_THIS = frozenset({"this", "current", "aceasta", "asta", "curenta", "эта", "эту", "этои", "текущая"})
_LAST = frozenset({
    "last", "previous", "past", "weekly", "trecuta", "precedenta", "anterioara", "saptamanal",
    "прошлая", "прошлую", "прошлои", "еженедельно",
})  # fmt: skip
_WEEK = frozenset({"week", "the", "of", "saptamana", "неделя", "неделю", "недели", "неделе", "за", "на"})


def report(argument: str, author: Author) -> Meaning:
    word, _, rest = argument.partition(" ")
    first = fold(bare(word))
    if first in _HOURS:
        return HoursArgument(words=rest.strip())
    if fold(bare(argument)) in _RATINGS:
        return RatingsArgument()
    if first in _FIRST:
        return _wish(_FIRST[first], rest, author)
    if vocabulary(author.language).words.get(first) == "time":
        return _timesheet(rest, author)
    return _timesheet(argument, author)


def _timesheet(words: str, author: Author) -> Meaning:
    """The hours of a week; a word that names neither an agent nor a week is a mistake."""
    agents = author.organisation.agents
    for word in words.replace(",", " ").split():
        name = fold(bare(word).lstrip("@"))
        if name not in agents and name not in _THIS | _LAST | _WEEK and _day(word) is None:
            return _unknown("", name, [*_FIRST, *_HOURS, "time", *agents, *_THIS, *_LAST])
    return TimesheetArgument(words=words)


def _wish(kind: ReportWord, words: str, author: Author) -> Meaning:
    if kind is ReportWord.AGAIN:
        return _again(words.strip(), author)
    teams, wish = list[str](), ReportWish.THIS
    day: date | None = None
    for word in words.replace(",", " ").split():
        said = fold(bare(word))
        name = names.team(bare(word), author)
        if kind in (ReportWord.TEAM, ReportWord.QUEUE) and name in author.organisation.teams:
            teams.append(name)
        elif said in _LAST:
            wish = ReportWish.LAST
        elif (found := _day(word)) is not None:
            wish, day = ReportWish.DAY, found
        elif said not in _THIS | _WEEK:
            known = [*author.organisation.teams, *_THIS, *_LAST] if kind is not ReportWord.ME else [*_THIS, *_LAST]
            return _unknown(f"{kind} ", said, known)
    return ReportArgument(word=kind, teams=tuple(dict.fromkeys(teams)), wish=wish, day=day)


def _again(name: str, author: Author) -> Meaning:
    known = ("digest", *author.organisation.reports)
    if name in known:
        return ReportArgument(word=ReportWord.AGAIN, name=name)
    return _unknown(f"{ReportWord.AGAIN} ", name, known)


def _unknown(before: str, word: str, known: Iterable[str]) -> LineProblem:
    """What was probably meant; with `before` the words in front of it."""
    near = nearest(word, known)
    return LineProblem(problem="argument-unknown", nearest=f"{before}{near}") if near else LineProblem(problem="argument-unclear")


def _day(word: str) -> date | None:
    """A date, or the Monday of an ISO week."""
    try:
        day = date.fromisoformat(bare(word).upper())
    except ValueError:
        return None
    return day if day.year in MEANT else None
