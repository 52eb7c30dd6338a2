"""Lines that introduce a quote: 'On 4 March 2024 at 10:00, Ann <ann@example.org> wrote:' in any language, on one line or wrapped."""

from __future__ import annotations

import re
from typing import NamedTuple

from mailbridge.reply.evidence import CLOSING, COLONS, QuoteEvidence, ends_sentence, match
from mailbridge.reply.lines import TextLine, next_line, next_written
from mailbridge.reply.vocabulary import closing_words, fold_phrase, opening_words

_MOST_LINES = 5
_LONGEST = 600
_LONGEST_LINE = 400
_LONGEST_NAME = 60
_MOST_CANDIDATES = 500  # line ends of one mail that are examined closely

_DIGIT = re.compile(r"\d")
_ONLY_MAILBOX = re.compile(r"^[^<>:]{0,80}<[^\s<>@]+@[^\s<>@]+(?:<mailto:[^\s<>]+>)?>$")
_REST_OF_ADDRESS = re.compile(r"^[^\s<>@]+@[^\s<>@]+[<>]")
_NAME = re.compile(r"^[\"'*]*[^\W\d_]\S*(?: \S+){0,5}$")
_QUOTATION_MARKS = frozenset("\"“”„«»‹‘「『")
_SPACE = re.compile(r"\s+")
_MOST_WORDS = 60


class Attribution(NamedTuple):
    """The lines from `first` to `last`, both inclusive, introduce a quote."""

    first: int
    last: int
    language: str
    confidence: float


def attributions_in(lines: list[TextLine]) -> dict[int, Attribution]:
    """All unquoted introductions of quotes in the mail, by their first line."""
    found: dict[int, Attribution] = {}
    candidates = 0
    for last, line in enumerate(lines):
        if not _may_close(line, lines[last - 1] if last else None) or not _is_plausible(lines, last):
            continue
        candidates += 1
        if candidates > _MOST_CANDIDATES:
            break
        attribution = _ending_at(lines, last)
        if attribution is not None:
            found[attribution.first] = attribution
    return found


def introduction_at(text: str, *, quoted_next: bool) -> int:
    """The offset in this line at which an introduction with a date begins after other words; 0 where none does.

    'Yes. On 4 March 2015 at 10:00, Ann <ann@example.org> wrote:' counts only above a quote, and only with the address after the date: 'Ann
    <ann@example.org> on 4 March 2015 at 10:00 wrote:' is one introduction.
    """
    text = text.rstrip()
    if not quoted_next or text[-1:] not in COLONS or _opens(text):
        return 0
    for number, gap in enumerate(_SPACE.finditer(text)):
        if number >= _MOST_WORDS:
            return 0
        tail = text[gap.end() :]
        # A lower-case letter continues a sentence: 'and on 4 March Ann wrote:'.
        if not tail[0].islower() and fold_phrase(tail.partition(" ")[0]) in opening_words() and _opens(tail):
            return gap.end()
    return 0


def _opens(text: str) -> bool:
    evidence = QuoteEvidence.of(text, quoted_next=False)
    found = match(evidence) if evidence.dated and evidence.address else None
    return found is not None and found.opened and found.dated


def introduces(text: str) -> bool:
    """Whether this one line is an introduction with a date and a colon, regardless of the text below it."""
    evidence = QuoteEvidence.of(text)
    found = match(evidence) if evidence.colon else None
    return found is not None and found.opened


def _may_close(line: TextLine, above: TextLine | None) -> bool:
    """Whether an introduction may end here.  The last character already excludes nearly all lines."""
    bare = line.bare
    if not bare or len(bare) > _LONGEST_LINE:
        return False
    if bare[-1].isalpha() and not bare[0].isdigit():
        return "@" in bare and _ends_with_verb(bare)
    if line.depth:  # a wrapped address moves '> wrote:' to the start of a line
        if line.depth > 2 or bare[-1] not in COLONS:
            return False
        return len(bare) < 30 or (above is not None and not above.depth and _is_open(above.bare))
    tail = bare.rstrip(CLOSING)
    if not tail:
        return False
    if tail[-1] in COLONS or (bare.endswith("--") and (bare.startswith("--") or _ends_with_verb(tail))):
        return True
    return (bare[0].isdigit() and ("@" in bare or "GMT" in bare or "UTC" in bare)) or (bare[-1] == ">" and "@" in bare)


def _is_open(bare: str) -> bool:
    """Whether the closing bracket of an address is on the next line: '... Ann <ann@example.org'."""
    return bare.count("<") > bare.count(">") and "@" in bare.rpartition(" ")[2]


def _ends_with_verb(bare: str) -> bool:
    return fold_phrase(bare.rpartition(" ")[2]) in closing_words()


def _is_plausible(lines: list[TextLine], last: int) -> bool:
    """Whether a digit, an address or a verb of writing is near.  This excludes nearly all other lines with a colon."""
    here = lines[last].bare
    above = lines[last - 1].bare if last else ""
    if "@" in here or "@" in above or " via " in here or _DIGIT.search(here) or _DIGIT.search(above[-_LONGEST_LINE:]):
        return True
    words = fold_phrase(here[-60:].rstrip(CLOSING + COLONS)).split()
    return bool(words) and words[-1].strip(CLOSING) in closing_words()


def _ending_at(lines: list[TextLine], last: int) -> Attribution | None:
    """The best introduction that ends at line `last`: it begins with a known word, contains an address and is short."""
    best: tuple[tuple[bool, bool, bool, bool], Attribution] | None = None
    quoted_next, cited_next = _quote_follows(lines, last), _citation_follows(lines, last)
    for first in _firsts(lines, last):
        joined = " ".join(line.bare for line in lines[first : last + 1] if line.bare)
        if len(joined) > _LONGEST:
            break
        if any(ends_sentence(line.bare) for line in lines[first:last]):
            break
        evidence = QuoteEvidence.of(joined, quoted_next=quoted_next, cited_next=cited_next, size=last - first + 1)
        found = match(evidence)
        if found is None:
            continue
        worth = (found.opened, found.dated, found.worded, evidence.address)
        if best is None or worth > best[0]:
            best = (worth, Attribution(first, last, found.language, found.confidence))
    if best is None:
        return None
    return _with_name_above(lines, best[1], opened=best[0][0], addressed=best[0][3])


def _with_name_above(lines: list[TextLine], found: Attribution, *, opened: bool, addressed: bool) -> Attribution:
    """The introduction, extended by the line above if that is the broken-off name, or name and address."""
    above = found.first - 1
    if above < 0 or lines[above].depth or not lines[above].bare:
        return found
    bare, first = lines[above].bare, lines[found.first].bare
    if lines[found.first].depth and _is_open(bare):
        return found._replace(first=above)
    if (not addressed or not first[0].isupper()) and not (opened and first[0].isupper()) and _ONLY_MAILBOX.match(bare):
        return _with_name_above(lines, found._replace(first=above), opened=False, addressed=True)
    if opened:
        return found
    broken = bare.endswith("<") and _REST_OF_ADDRESS.match(first)
    if broken or (first.startswith("<") and len(bare) <= _LONGEST_NAME and _NAME.match(bare) and bare[-1] not in ".!?:,;"):
        return found._replace(first=above)
    return found


def _firsts(lines: list[TextLine], last: int) -> list[int]:
    """The lines at which an introduction ending at `last` may begin, the nearest first."""
    firsts: list[int] = []
    gaps = 0
    for first in range(last, max(-1, last - _MOST_LINES), -1):
        line = lines[first]
        if line.blank:
            gaps += 1
            # Some clients put the address on separate lines after a blank one: name, blank line, '<mailto:...', '> wrote:'.
            if gaps > 1 or not lines[first + 1].bare.startswith("<"):
                break
            continue
        if line.depth and first != last:
            break
        firsts.append(first)
    return firsts


def _quote_follows(lines: list[TextLine], last: int) -> bool:
    after = next_line(lines, last + 1)
    return after < len(lines) and (lines[after].depth > lines[last].depth or lines[after].bare[:1] == "|")


def _citation_follows(lines: list[TextLine], last: int) -> bool:
    after = next_written(lines, last + 1)
    return after < len(lines) and lines[after].bare[:1] in _QUOTATION_MARKS
