"""Lines that introduce a quote: 'On 4 March 2024 at 10:00, Ann <ann@example.org> wrote:' in any language, on one line or wrapped."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbridge.reply.lines import Line, next_line
from mailbridge.reply.vocabulary import DATE, TIME, Template, attributions, fold

_MOST_LINES = 5
_LONGEST = 600
_LONGEST_LINE = 400
_MOST_CANDIDATES = 3000  # so many line ends are looked at in one mail; beyond that it is no letter

_DECORATION = " \t\u00a0*_-–—=>|#~\"'«»"
_CLOSING = " \t\u00a0*_-–—=>|\"'«»"
_COLONS = ":："
_SENTENCE_END = re.compile(r"[^\d\W][.!?:;]$")
# '2016-03-03 17:21 GMT+01:00 Some One', as Gmail wrote in some languages for years, with or without an address and a colon.
_ISO_WITH_ZONE = re.compile(r"^\d{4}[-/.]\d\d?[-/.]\d\d? \d\d?:\d\d (?:gmt|utc)")
_DATE_FIRST = re.compile(r"^(?:\S{1,14} ){0,2}\S{0,6}\d")
_ENDS_WITH_ADDRESS = re.compile(r"[<\[(]\s?[^\s<>]+@[^\s<>]+\s?[>\])]$")


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
        if not _may_close(line):
            continue
        candidates += 1
        if candidates > _MOST_CANDIDATES:
            break
        attribution = _ending_at(lines, last)
        if attribution is not None:
            found[attribution.first] = attribution
    return found


def _may_close(line: Line) -> bool:
    bare = line.bare
    if not bare or len(bare) > _LONGEST_LINE:
        return False
    if line.depth:  # a wrapped address pushes '> wrote:' to the start of a line
        return line.depth == 1 and len(bare) < 30 and bare[-1] in _COLONS
    tail = bare.rstrip(_CLOSING)
    if not tail:
        return False
    if tail[-1] in _COLONS or tail.endswith("wrote"):
        return True
    return bare[0].isdigit() and ("@" in bare or ("GMT" in bare or "UTC" in bare)) or bare[-1] == ">" and "@" in bare


def _ending_at(lines: list[Line], last: int) -> Attribution | None:
    """The shortest run of lines ending at `last` that is an introduction; one with a date is preferred to one without."""
    dateless: Attribution | None = None
    for first in _firsts(lines, last):
        joined = " ".join(line.bare for line in lines[first : last + 1] if line.bare)
        if len(joined) > _LONGEST:
            break
        evidence = _Evidence.of(joined, quoted_next=_quote_follows(lines, last), size=last - first + 1)
        match = _match(evidence, lines[first:last])
        if match is None:
            continue
        language, dated, confidence = match
        if dated:
            return Attribution(first, last, language, confidence)
        dateless = dateless or Attribution(first, last, language, confidence)
    return dateless


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
            quoted_next=quoted_next,
            size=size,
        )


def _match(evidence: _Evidence, lines_above: list[Line]) -> tuple[str, bool, float] | None:
    """(language, has a date, confidence) where the evidence suffices."""
    if not (evidence.address or evidence.dated or evidence.timed or evidence.quoted_next or evidence.decorated):
        return None
    phrases, templates = attributions()
    swallows = any(_SENTENCE_END.search(line.bare) for line in lines_above)
    matching = [templates[place] for place in phrases.matches(evidence.folded)]
    usable = [template for template in matching if template.opens_with_word or not swallows]
    dated = [template for template in usable if template.has_date]
    if dated and _dated_suffices(evidence):
        return dated[0].language, True, 0.98 if evidence.address or evidence.quoted_next else 0.9
    if not swallows and _date_and_address(evidence):
        return "date-address", True, 0.95
    if usable and _dateless_suffices(evidence):
        return _dateless_language(usable), False, 0.9 if evidence.quoted_next else 0.7
    return None


def _dateless_language(templates: list[Template]) -> str:
    return next((template.language for template in templates if not template.has_date), templates[0].language)


def _dated_suffices(evidence: _Evidence) -> bool:
    if not (evidence.dated or evidence.timed):
        return False
    closed = evidence.colon or evidence.decorated or (evidence.address and evidence.timed) or evidence.quoted_next
    return closed and (evidence.address or evidence.timed or evidence.quoted_next)


def _dateless_suffices(evidence: _Evidence) -> bool:
    if evidence.decorated:
        return True
    return evidence.colon and evidence.size <= 2 and len(evidence.folded) < 160 and (evidence.address or evidence.quoted_next)


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
