"""Evidence that a run of lines introduces a quote: a date, an address, the words of a language."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from mailbridge.reply.vocabulary import (
    DATE,
    TIME,
    Template,
    attribution_words,
    attributions,
    date_marks,
    fold_phrase,
    month_numbers,
    prose_words,
)

CLOSING = " \t\u00a0*_-–—=>|\"'«»\u200b\u200e\u200f\u202c\u2069"
COLONS = ":：﹕\u055d\u0589"

# End of a line of prose.  A wrapped introduction breaks after 'apr.', never after a longer word with a full stop.
_SENTENCE_END = re.compile(r"([^\d\W]{4,})[.:;]$|[!?…。]$")
# '2016-03-03 17:21 GMT+01:00 Some One': Gmail's form in some languages for years, with or without an address and a colon.
_ISO_WITH_ZONE = re.compile(r"^\d{4}[-/.]\d\d?[-/.]\d\d? \d\d?:\d\d (?:gmt|utc)")
_LONGEST_NAMED = 100
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d\d\b")
_DATE_AND_COMMA = re.compile(r"(?:\b(?:19|20)\d\d|\d[./-]\d{1,2}), ")
_WORD = re.compile(r"[^\W\d_]+")
_DATE_FIRST = re.compile(r"^(?:[^\s:：]{1,14} ){0,2}[^\s:：]{0,6}\d")
_ENDS_WITH_ADDRESS = re.compile(r"[<\[(]\s?[^\s<>]+@[^\s<>]+\s?[>\])]$")
_BRACKETED = re.compile(r"[<\[(]\s?(?:mailto:)?[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+\s?[>\])]")
_INNER_COLON = re.compile(r"[^\W\d]: ")  # 'postfix: from=<ann@example.org>' is a line of a log
_MOST_PLAIN_NAMES = 2
# Besides months: hours and days that are abbreviated after four letters or more (Polish, Latvian).
_ABBREVIATIONS = frozenset({"godz", "plkst", "pirmd", "otrd", "trešd", "ceturtd", "piektd", "sestd", "svētd"})


class QuoteEvidence(NamedTuple):
    """The evidence in a run of lines.

    `cited_next`: the text below is in quotation marks, which people write and programs do not.
    """

    joined: str
    folded: str
    colon: bool
    address: bool
    dated: bool
    timed: bool
    decorated: bool
    quoted_next: bool
    cited_next: bool
    size: int

    @classmethod
    def of(cls, joined: str, *, quoted_next: bool = False, cited_next: bool = False, size: int = 1) -> QuoteEvidence:
        tail = joined.rstrip(CLOSING)
        folded = fold_phrase(tail.rstrip(COLONS + CLOSING) if tail[-1:] in COLONS else joined).strip(" *_-–—=|#~")
        return cls(
            joined=joined,
            folded=folded,
            colon=tail[-1:] in COLONS,
            address="@" in folded or "mailto:" in folded,
            dated=DATE.found(folded),
            timed=TIME.found(folded),
            decorated=joined.startswith("--") and joined.endswith("--"),
            quoted_next=quoted_next,
            cited_next=cited_next,
            size=size,
        )

    @property
    def named(self) -> bool:
        """Whether the line is a date and a name, and not prose with a date such as 'On 5 May 2021 our vendor wrote:'."""
        if len(self.folded) > _LONGEST_NAMED or not _YEAR.search(self.folded):
            return False
        return _DATE_AND_COMMA.search(self.folded) is not None or len(self._small_words()) <= _MOST_PLAIN_NAMES

    @property
    def titled(self) -> bool:
        """Whether all lower-case words are fixed words of introductions."""
        return not self._small_words()

    @property
    def prose(self) -> bool:
        """Whether it contains words of a sentence."""
        return not prose_words().isdisjoint(_WORD.findall(self.joined))

    def _small_words(self) -> list[str]:
        return [word for word in _WORD.findall(self.joined) if word.islower() and len(word) > 2 and fold_phrase(word) not in _fixed_words()]


@cache
def _fixed_words() -> frozenset[str]:
    """Lower-case words of introductions other than names: fixed words and months."""
    return attribution_words() | frozenset(month_numbers())


def ends_sentence(bare: str) -> bool:
    found = _SENTENCE_END.search(bare)
    if found is None or bare.count("(") > bare.count(")"):
        return False
    word = fold_phrase(found[1] or "")
    return not (bare.endswith(".") and (word in _ABBREVIATIONS or word in month_numbers()))


class PhraseMatch(NamedTuple):
    """`opened`: it begins with an opening word of a language, so that no line above is included.  `dated`: it has a date.

    `worded`: it matches the words of a language, not only a date and an address.
    """

    language: str
    opened: bool
    dated: bool
    confidence: float
    worded: bool = True


def match(evidence: QuoteEvidence) -> PhraseMatch | None:
    """How the lines match as an introduction; None without sufficient evidence."""
    phrases, templates = attributions()
    certain = evidence.address and evidence.dated and evidence.timed and not _INNER_COLON.search(evidence.folded)
    matching = [templates[place] for place in phrases.matches(evidence.folded) if certain or not templates[place].is_weak]
    dated = [template for template in matching if template.has_date]
    if dated and _dated_suffices(evidence):
        opened = [template for template in dated if template.opens_with_word]
        confidence = 0.98 if evidence.address or evidence.quoted_next else 0.9
        return PhraseMatch(_likeliest(opened or dated, evidence), bool(opened), True, confidence)
    if _date_and_address(evidence):
        return PhraseMatch("date-address", False, True, 0.95, worded=False)
    if _any_language(evidence):
        return PhraseMatch("any", False, True, 0.9, worded=False)
    if matching and _dateless_suffices(evidence):
        dateless = [template for template in matching if not template.has_date]
        opened = [template for template in dateless if template.opens_with_word]
        return PhraseMatch((opened or dateless or matching)[0].language, bool(opened), False, 0.9 if evidence.quoted_next else 0.7)
    return None


def _likeliest(templates: list[Template], evidence: QuoteEvidence) -> str:
    """The language of the first template; of similar languages with the same words, the one with this date format."""
    languages = list(dict.fromkeys(template.language for template in templates))
    return languages[0] if len(languages) == 1 else by_date(languages, evidence.folded)


def by_date(languages: list[str], folded: str) -> str:
    """The language whose date marks match the text most often; the first one if none does."""
    phrases, codes = date_marks()
    seen = [codes[place] for place in phrases.matches(folded)]
    return max(languages, key=lambda code: (seen.count(code), -languages.index(code)))


def _dated_suffices(evidence: QuoteEvidence) -> bool:
    if not (evidence.dated or evidence.timed):
        return False
    closed = evidence.colon or evidence.decorated or (evidence.address and evidence.timed) or evidence.quoted_next
    if not closed or evidence.address or evidence.quoted_next:
        return closed
    return evidence.dated and (evidence.timed or evidence.named) and not evidence.prose and not evidence.cited_next


def _dateless_suffices(evidence: QuoteEvidence) -> bool:
    if evidence.decorated:
        return True
    told = evidence.address or evidence.quoted_next or " via " in evidence.folded
    return evidence.colon and evidence.size <= 2 and len(evidence.folded) < 160 and told


def _date_and_address(evidence: QuoteEvidence) -> bool:
    """Whether this is an introduction without a verb: a date, a name, and mostly an address and a colon."""
    folded = evidence.folded
    if _ISO_WITH_ZONE.match(folded) and (evidence.address or evidence.colon or evidence.titled):
        return True
    if not (evidence.dated and _DATE_FIRST.match(folded)) or _INNER_COLON.search(folded):
        return False
    if evidence.address and _ENDS_WITH_ADDRESS.search(folded if folded.endswith((">", ")", "]")) else folded + ">"):
        return evidence.quoted_next or evidence.colon
    told = evidence.address or (evidence.timed and evidence.named and not evidence.prose)
    return evidence.quoted_next and evidence.colon and told


def _any_language(evidence: QuoteEvidence) -> bool:
    """Whether this is an introduction in any language: time, date and final colon, with a mailbox in brackets or above a quote."""
    if not (evidence.colon and evidence.dated) or _INNER_COLON.search(evidence.folded):
        return False
    if evidence.quoted_next and evidence.timed and len(evidence.folded) <= _LONGEST_NAMED and not evidence.prose:
        return True
    return _BRACKETED.search(evidence.folded) is not None and (evidence.timed or evidence.quoted_next)
