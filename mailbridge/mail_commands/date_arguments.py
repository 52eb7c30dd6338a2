"""Parses the arguments of commands that name a moment."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from mailbridge.mail_commands import dates, durations
from mailbridge.mail_commands.model import UNKNOWN, Author, Meaning
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import Vocabulary, fold, vocabulary
from mailbridge.tickets.command_types.people import ScheduleMeeting
from mailbridge.tickets.command_types.values import SetDue, Snooze


def due(argument: str, author: Author) -> Meaning:
    if fold(bare(argument)) in vocabulary(author.language).none:
        return (SetDue(at=None),)
    at = dates.whole(dates.words_of(argument.rstrip(".!")), wall(author), otherwise=dates.EVENING)
    return (SetDue(at=at),) if at else UNKNOWN


def snooze(argument: str, author: Author) -> Meaning:
    until = dates.whole(dates.words_of(argument.rstrip(".!")), wall(author), otherwise=dates.MORNING)
    return (Snooze(until=until),) if until else UNKNOWN


def schedule_meeting(argument: str, author: Author) -> Meaning:
    """A moment with its hour, then an optional duration and place; or none, which cancels the appointment."""
    if fold(bare(argument)) in vocabulary(author.language).none:
        return (ScheduleMeeting(at=None),)
    words, written = dates.words_of(argument), argument.replace(",", " ").split()
    found = dates.moment(words, 0, wall(author), otherwise=None)
    if found is None or len(words) != len(written):
        return UNKNOWN
    at, rest = found
    known = vocabulary(author.language)
    long = durations.minutes(words, rest, known) if _has_unit(words, rest, known) else None
    where = " ".join(written[long[1] if long else rest :])
    return (ScheduleMeeting(at=at, minutes=long[0] if long else 60, place=unquoted(where)),)


def _has_unit(words: list[str], at: int, known: Vocabulary) -> bool:
    """Whether a duration with a unit or a colon is there: in `#meet tue 10:00 30 office` the 30 belongs to the place."""
    found = durations.minutes(words, at, known)
    return found is not None and (found[1] > at + 1 or not words[at].isdigit())


def wall(author: Author) -> dates.Wall:
    """The author's local time, with the words for dates in their language."""
    return dates.Wall(now=author.now, zone=ZoneInfo(author.zone), known=vocabulary(author.language))
