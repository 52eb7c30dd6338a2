"""What a subject tells of a mail: an answer, a forward, and what about."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbridge.reply.vocabulary import fold, subject_prefixes

_MOST_PREFIXES = 12
# 'Re[2]:', 'AW (3):', 'Fwd:', and the full-width colon of Chinese clients; a list's '[name]' may stand in front.
_PREFIX = re.compile(r"^(?:\[[^\]]{0,60}\] ?)?([^\W\d_][\w.-]{0,14}) ?(?:[\[(]\d{1,3}[\])])? ?[:：] ?")


class Thread(NamedTuple):
    """`topic` is the folded subject without the words that answer or forward."""

    answers: bool
    forwards: bool
    topic: str


def thread_of(subject: str) -> Thread:
    """The outermost prefix decides: 'Fwd: Re: x' forwards, 'Re: Fwd: x' answers."""
    rest = fold(subject[:1000])
    outermost = ""
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(rest)
        if found is None or not _known(found.group(1)):
            break
        outermost = outermost or found.group(1)
        rest = rest[found.end() :]
    replies, forwards = subject_prefixes()
    return Thread(outermost in replies, outermost in forwards or rest.endswith("(fwd)"), rest)


def _known(word: str) -> bool:
    replies, forwards = subject_prefixes()
    return word in replies or word in forwards
