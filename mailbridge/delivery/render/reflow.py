"""Plain text as HTML: paragraphs that their writer's program wrapped become paragraphs that the reader's window wraps.

Many programs and people break lines at 72 or 76 columns.  On a phone such a line fills the screen and half of the next one: a comb.  Lines
are joined only where each of them is broken as a program breaks it: the first word of the next line would not have fitted.  Lists, quotes,
tables, code, addresses and signatures keep their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, pairwise

from markupsafe import Markup, escape

NARROWEST, WIDEST = 58, 100  # columns at which programs and people break lines
_ITEM = re.compile(r"(\s{0,8})(?:[-*+•·–—o]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+(?=\S)")
_KEEPS = re.compile(
    r"\s*(?:[>|#<\[{}]|-{2,}|={2,}|_{2,}|\*{3,}|~{3,}|\S{1,30}:\s*$)"  # quotes, rules, marks of code, labels
    r"|\t| {5,}|.*(?:\t|\S {2,}\S.* {2,}\S|\S {3,}\S|\|.*\|)"  # columns
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,;:!?)\]'’”]", re.IGNORECASE)
_SIGNATURE = re.compile(r"--\s?")


def reflowed(text: str) -> str:
    """The text with the lines of each wrapped paragraph joined; all other lines as they are."""
    lines = text.replace("\r\n", "\n").split("\n")
    sign = next((place for place, line in enumerate(lines) if _SIGNATURE.fullmatch(line)), len(lines))
    blocks = [list(group) for _, group in groupby(lines[:sign], key=lambda line: bool(line.strip()))]
    usual = max(map(_width, blocks), default=0)
    if not any(_is_wrapped(block, usual) for block in blocks):
        return text
    joined = (_joined(block, (_width(block) if len(block) > 2 else usual) if _width(block) else 0) for block in blocks)
    return "\n".join([*chain.from_iterable(joined), *lines[sign:]])


def as_html(text: str) -> Markup:
    """The text as HTML that reads the same: escaped, wrapped paragraphs joined, lines kept otherwise, addresses of pages as links."""
    lines = (_line(line) for line in reflowed(text).split("\n"))
    return Markup("<br>\n".join(lines))  # noqa: S704  (each line is escaped)


def _width(block: Sequence[str]) -> int:
    """The column at which lines that follow each other are wrapped; 0 where they are not."""
    longest = max((len(line.rstrip()) for line in block if not _keeps(line)), default=0)
    return longest if NARROWEST <= longest <= WIDEST else 0


def _is_wrapped(block: Sequence[str], width: int) -> bool:
    """Whether a sentence goes on behind the end of one of the lines."""
    return any(_goes_on(line, following, width) and following.lstrip()[0].islower() for line, following in pairwise(block))


def _joined(block: Sequence[str], width: int) -> Iterator[str]:
    paragraph = ""
    for line, following in pairwise([*block, ""]):
        paragraph = f"{paragraph} {line.strip()}" if paragraph else line.rstrip()
        if not _goes_on(line, following, width):
            yield paragraph
            paragraph = ""


def _goes_on(line: str, following: str, width: int) -> bool:
    """Whether the following line is the rest of the paragraph that this line belongs to."""
    if not width or not line.strip() or not following.strip() or _keeps(line) or _keeps(following) or _ITEM.match(following):
        return False
    length, word = len(line.rstrip()), following.split(maxsplit=1)[0]
    return NARROWEST // 2 <= length <= width and length + 1 + len(word) > width


def _keeps(line: str) -> bool:
    """Whether a line is one of a table, of code, a quote or a rule.  Lines of an item are indented as far as its text."""
    item = _ITEM.match(line)
    return bool(_KEEPS.match(line[item.end() :] if item else line))


def _line(line: str) -> str:
    """One line: escaped, runs of blanks kept, addresses of pages as links."""
    pieces, end = [], 0
    for found in _URL.finditer(line):
        href = found[0] if "://" in found[0] else f"https://{found[0]}"
        link = f'<a href="{escape(href)}" rel="noopener noreferrer nofollow">{escape(found[0])}</a>'
        pieces += [_blanks(line[end : found.start()]), link]
        end = found.end()
    return "".join([*pieces, _blanks(line[end:])])


def _blanks(text: str) -> str:
    return re.sub(r"^ +| {2,}", lambda run: "&nbsp;" * len(run.group()), str(escape(text)))
