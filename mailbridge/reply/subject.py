"""Parses a subject: answer or forward, and topic."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbridge.reply.vocabulary import fold_phrase, subject_prefixes

_MOST_PREFIXES = 12
# 'Re[2]:', 'AW (3):', 'Fwd:', and the full-width colon of Chinese clients.  A list's '[name]' may precede it.
_PREFIX = re.compile(r"^(?:\[[^\]]{0,60}\] ?)?([^\W\d_][\w.-]{0,14}) ?(?:[\[(]\d{1,3}[\])])? ?[:：] ?")


MAILBOX = re.compile(r"[^\s<>()\[\]\",;:|]+@[^\s<>()\[\]\",;:|]+")
# A prefix in a language without a table: one word, perhaps abbreviated, or two.
_FOREIGN_PREFIX = re.compile(r"^(?:\[[^\]]{0,60}\] ?)?[^\W\d_][^\s:：]{0,15}(?: [^\s:：]{1,15})? ?[:：] ?(?=\S)")
_SHORT_PREFIX = 4  # 'Odp', 'Vast': words of up to this length before a colon are seldom words of a new subject


class Thread(NamedTuple):
    """Data about the mail that contains the bodies.

    `topic` is the folded subject without prefixes of answers and forwards.  `answering`: whether the mail's header names a mail that it
    answers (In-Reply-To, References), None if unknown.  `author` is the author's display name, `recipients` are the addresses of the
    recipients in lower case.
    """

    answers: bool
    forwards: bool
    topic: str
    prefix: str = ""  # the beginning of the subject, where it looks like a prefix and is in no table
    answering: bool | None = None
    author: str = ""
    recipients: frozenset[str] = frozenset()

    @property
    def is_new(self) -> bool:
        """Whether the mail answers nothing and forwards nothing: quotes in it are then part of its text.

        A mail without a subject, or to an address with a detail ('support+17@'), may be an answer without such a header.
        """
        if self.answering is not False or not self.topic or any("+" in recipient for recipient in self.recipients):
            return False
        return not (self.answers or self.forwards or 0 < len(self.prefix) <= _SHORT_PREFIX)

    @property
    def subject_words(self) -> str:
        """The topic without a prefix that is in no table."""
        return _without_prefix(self.topic)

    def is_by_recipient(self, sender: str) -> bool:
        """Whether a copied sender is one of the recipients of this mail."""
        found = MAILBOX.search(sender)
        return found is not None and found.group().lower() in self.recipients

    def is_by_stranger(self, sender: str) -> bool:
        """Whether a copied sender is none of the recipients of this mail.  False if it contains no address."""
        found = MAILBOX.search(sender)
        return found is not None and bool(self.recipients) and found.group().lower() not in self.recipients

    def is_about(self, subject: str) -> bool:
        """Whether a copied subject equals this mail's, ignoring the prefixes of both."""
        if not self.topic:
            return False
        other = thread_of(subject).topic
        return other == self.topic or _without_prefix(other) == self.subject_words


NO_THREAD = Thread(answers=False, forwards=False, topic="")


def _foreign_prefix(topic: str) -> str:
    return found.group().rstrip(" :：") if (found := _FOREIGN_PREFIX.match(topic)) else ""


def _without_prefix(topic: str) -> str:
    return topic[found.end() :] if (found := _FOREIGN_PREFIX.match(topic)) else topic


def thread_of(subject: str, *, answering: bool | None = None, author: str = "", recipients: frozenset[str] = frozenset()) -> Thread:
    """The Thread of this subject.  The outermost prefix decides: 'Fwd: Re: x' forwards, 'Re: Fwd: x' answers."""
    rest = fold_phrase(subject[:1000])
    outermost = ""
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(rest)
        if found is None or not _known(found.group(1)):
            break
        outermost = outermost or found.group(1)
        rest = rest[found.end() :]
    replies, forwards = subject_prefixes()
    return Thread(
        answers=outermost in replies,
        forwards=outermost in forwards or rest.endswith("(fwd)"),
        topic=rest,
        prefix=_foreign_prefix(rest) if not outermost else "",
        answering=answering,
        author=author,
        recipients=recipients,
    )


def _known(word: str) -> bool:
    replies, forwards = subject_prefixes()
    return word in replies or word in forwards
