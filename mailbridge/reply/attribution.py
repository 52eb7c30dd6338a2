"""Lines that introduce a quote: 'On 4 March 2024 at 10:00, Ann <ann@example.org> wrote:' in any language, on one line or wrapped."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from mailbridge.reply.lines import Line, next_line
from mailbridge.reply.vocabulary import DATE, TIME, Template, attribution_words, attributions, closing_words, fold, month_numbers

_MOST_LINES = 5
_LONGEST = 600
_LONGEST_LINE = 400
_MOST_CANDIDATES = 500  # so many line ends are looked at closely in one mail; beyond that it is no letter

_DECORATION = " \t\u00a0*_-–—=>|#~\"'«»"
_CLOSING = " \t\u00a0*_-–—=>|\"'«»\u200b\u200e\u200f\u202c\u2069"
_COLONS = ":："
# A line of prose ends so; a wrapped introduction breaks after 'apr.', never after a longer word with a full stop.
_SENTENCE_END = re.compile(r"[^\d\W]{4,}[.:;]$|[!?…。]$")
# '2016-03-03 17:21 GMT+01:00 Some One', as Gmail wrote in some languages for years, with or without an address and a colon.
_ISO_WITH_ZONE = re.compile(r"^\d{4}[-/.]\d\d?[-/.]\d\d? \d\d?:\d\d (?:gmt|utc)")
_LONGEST_NAMED = 100
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DATE_AND_COMMA = re.compile(r"(?:\b(?:19|20)\d\d|\d[./-]\d{1,2}), ")
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_DATE_FIRST = re.compile(r"^(?:[^\s:：]{1,14} ){0,2}[^\s:：]{0,6}\d")
_ENDS_WITH_ADDRESS = re.compile(r"[<\[(]\s?[^\s<>]+@[^\s<>]+\s?[>\])]$")
_BRACKETED = re.compile(r"[<\[(]\s?(?:mailto:)?[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+\s?[>\])]")
_ONLY_MAILBOX = re.compile(r"^[^<>@:]{0,80}<[^\s<>@]+@[^\s<>@]+>$")


class Attribution(NamedTuple):
    """The lines `first` to `last` introduce a quote."""

    first: int
    last: int
    language: str
    confidence: float


def attributions_in(lines: list[Line]) -> dict[int, Attribution]:
    """Every introduction of a quote that stands unquoted in the mail, by its first line."""
    found: dict[int, Attribution] = {}
    candidates = 0
    for last, line in enumerate(lines):
        if not _may_close(line) or not _is_plausible(lines, last):
            continue
        candidates += 1
        if candidates > _MOST_CANDIDATES:
            break
        attribution = _ending_at(lines, last)
        if attribution is not None:
            found[attribution.first] = attribution
    return found


def introduces(text: str) -> bool:
    """Whether this one line is an introduction with a date and a colon, whatever stands below it."""
    evidence = _Evidence.of(text, quoted_next=False, size=1)
    match = _match(evidence, []) if evidence.colon else None
    return match is not None and match[1]


def _may_close(line: Line) -> bool:
    """Whether an introduction may end here; nearly all lines fall out by their last character."""
    bare = line.bare
    if not bare or (bare[-1].isalpha() and not bare.endswith("wrote") and not bare[0].isdigit()) or len(bare) > _LONGEST_LINE:
        return False
    if line.depth:  # a wrapped address pushes '> wrote:' to the start of a line
        return line.depth == 1 and len(bare) < 30 and bare[-1] in _COLONS
    tail = bare.rstrip(_CLOSING)
    if not tail:
        return False
    if tail[-1] in _COLONS or tail.endswith("wrote"):
        return True
    return (bare[0].isdigit() and ("@" in bare or "GMT" in bare or "UTC" in bare)) or (bare[-1] == ">" and "@" in bare)


def _is_plausible(lines: list[Line], last: int) -> bool:
    """Whether a digit, an address or a verb of writing is near enough; nearly all other lines with a colon fall out here."""
    here = lines[last].bare
    above = lines[last - 1].bare if last else ""
    if "@" in here or "@" in above or " via " in here or _DIGIT.search(here) or _DIGIT.search(above[-_LONGEST_LINE:]):
        return True
    words = fold(here[-60:].rstrip(_CLOSING + _COLONS)).split()
    return bool(words) and words[-1].strip(_CLOSING) in closing_words()


def _ending_at(lines: list[Line], last: int) -> Attribution | None:
    """The best run of lines ending at `last` that is an introduction: it opens with the right word, holds an address, is short."""
    best: tuple[tuple[bool, bool, bool], Attribution] | None = None
    for first in _firsts(lines, last):
        joined = " ".join(line.bare for line in lines[first : last + 1] if line.bare)
        if len(joined) > _LONGEST:
            break
        evidence = _Evidence.of(joined, quoted_next=_quote_follows(lines, last), size=last - first + 1)
        match = _match(evidence, lines[first:last])
        if match is None:
            continue
        worth = (match.opened, match.dated, evidence.address)
        if best is None or worth > best[0]:
            best = (worth, Attribution(first, last, match.language, match.confidence))
    if best is None:
        return None
    return best[1] if best[0][2] else _with_name_above(lines, best[1])


def _with_name_above(lines: list[Line], found: Attribution) -> Attribution:
    """The introduction with the line above it, where that is nothing but the name and address it lacks."""
    above = found.first - 1
    if above < 0 or lines[above].depth or not _ONLY_MAILBOX.match(lines[above].bare):
        return found
    return found._replace(first=above)


def _firsts(lines: list[Line], last: int) -> list[int]:
    """The places where an introduction ending at `last` may begin, the nearest first."""
    firsts: list[int] = []
    gaps = 0
    for first in range(last, max(-1, last - _MOST_LINES), -1):
        line = lines[first]
        if line.blank:
            gaps += 1
            # Some clients put the address on lines of its own, set apart: name, blank line, '<mailto:...', '> wrote:'.
            if gaps > 1 or not lines[first + 1].bare.startswith("<"):
                break
            continue
        if line.depth and first != last:
            break
        firsts.append(first)
    return firsts


def _quote_follows(lines: list[Line], last: int) -> bool:
    after = next_line(lines, last + 1)
    return after < len(lines) and (lines[after].depth > lines[last].depth or lines[after].bare[:1] == "|")


class _Evidence(NamedTuple):
    """What speaks for a run of lines being an introduction."""

    folded: str
    colon: bool
    address: bool
    dated: bool
    timed: bool
    decorated: bool
    named: bool
    quoted_next: bool
    size: int

    @classmethod
    def of(cls, joined: str, *, quoted_next: bool, size: int) -> _Evidence:
        tail = joined.rstrip(_CLOSING)
        folded = fold(tail.rstrip(_COLONS + _CLOSING) if tail[-1:] in _COLONS else joined).strip(" *_-–—=|#~")
        address = "@" in folded or "mailto:" in folded
        return cls(
            folded=folded,
            colon=tail[-1:] in _COLONS,
            address=address,
            dated=DATE.found(folded),
            timed=TIME.found(folded),
            decorated=joined.startswith("--") and joined.endswith("--"),
            named=_is_named(joined, folded),
            quoted_next=quoted_next,
            size=size,
        )


def _is_named(joined: str, folded: str) -> bool:
    """Whether the line reads like a date and a name, and not like prose with a date: 'On 5 May 2021 our vendor wrote:' is prose."""
    if len(folded) > _LONGEST_NAMED or not _YEAR.search(folded):
        return False
    if _DATE_AND_COMMA.search(folded):
        return True
    return not any(word.islower() and len(word) > 2 and fold(word) not in _plain_words() for word in _WORD.findall(joined))


@cache
def _plain_words() -> frozenset[str]:
    """Lower-case words that introductions consist of besides names: their own fixed words, and months."""
    return attribution_words() | frozenset(month_numbers())


class _Match(NamedTuple):
    """`opened` by the word a language opens introductions with, so that no line above is swallowed; `dated` says when."""

    language: str
    opened: bool
    dated: bool
    confidence: float


def _match(evidence: _Evidence, lines_above: list[Line]) -> _Match | None:
    """What the lines are, where the evidence suffices."""
    if any(_SENTENCE_END.search(line.bare) for line in lines_above):
        return None
    phrases, templates = attributions()
    certain = evidence.address and evidence.dated and evidence.timed
    matching = [templates[place] for place in phrases.matches(evidence.folded) if certain or not templates[place].is_weak]
    dated = sorted((template for template in matching if template.has_date), key=lambda template: not template.opens_with_word)
    if dated and _dated_suffices(evidence):
        confidence = 0.98 if evidence.address or evidence.quoted_next else 0.9
        return _Match(dated[0].language, dated[0].opens_with_word, True, confidence)
    if _date_and_address(evidence):
        return _Match("date-address", False, True, 0.95)
    if _any_language(evidence):
        return _Match("any", False, True, 0.9)
    if matching and _dateless_suffices(evidence):
        return _Match(_dateless_language(matching), False, False, 0.9 if evidence.quoted_next else 0.7)
    return None


def _dateless_language(templates: list[Template]) -> str:
    return next((template.language for template in templates if not template.has_date), templates[0].language)


def _dated_suffices(evidence: _Evidence) -> bool:
    if not (evidence.dated or evidence.timed):
        return False
    closed = evidence.colon or evidence.decorated or (evidence.address and evidence.timed) or evidence.quoted_next
    return closed and (evidence.address or evidence.timed or evidence.quoted_next or evidence.named)


def _dateless_suffices(evidence: _Evidence) -> bool:
    if evidence.decorated:
        return True
    told = evidence.address or evidence.quoted_next or " via " in evidence.folded
    return evidence.colon and evidence.size <= 2 and len(evidence.folded) < 160 and told


def _date_and_address(evidence: _Evidence) -> bool:
    """Introductions without a verb: a date, a name, an address and, in most clients, a colon."""
    folded = evidence.folded
    if _ISO_WITH_ZONE.match(folded):
        return True
    if not (evidence.dated and evidence.address and _DATE_FIRST.match(folded)):
        return False
    if not _ENDS_WITH_ADDRESS.search(folded if folded.endswith((">", ")", "]")) else folded + ">"):
        return False
    return evidence.quoted_next or (evidence.colon and evidence.timed)


def _any_language(evidence: _Evidence) -> bool:
    """A time, a date, a mailbox in brackets and a colon at the end are an introduction, whatever the words between them say."""
    if not (evidence.colon and evidence.dated and _BRACKETED.search(evidence.folded)):
        return False
    return evidence.timed or evidence.quoted_next
