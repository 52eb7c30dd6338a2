"""Splits lines that contain both the end of a reply and the introduction of the quote."""

from __future__ import annotations

import re
from itertools import islice

from mailbridge.reply.attribution import introduces, introduction_at
from mailbridge.reply.lines import TextLine, next_line
from mailbridge.reply.segments import marked_phrase
from mailbridge.reply.vocabulary import originals

_LONGEST_SHARED = 500
_MOST_SHARED = 50  # lines of one mail
_MOST_DASHES = 5  # runs of dashes in one line
_DASHES = re.compile(r"-{2,}")


def with_shared_lines_parted(lines: list[TextLine], text: str) -> list[TextLine]:
    """The lines, split where a mail program put an introduction directly after the last words of the reply.

    Examples: 'Yes.--- On Wed, 4 March 2015, Ann <ann@example.org> wrote:', 'Yes.-----Original Message-----' and, above a quote, 'Yes. On
    Wed, 4 March 2015, Ann <ann@example.org> wrote:'. An introduction with the first words of the quote after it is split too.
    """
    if "--" not in text and "\n>" not in text and ":  " not in text:
        return lines
    parted: list[TextLine] = []
    tries = 0
    for place, line in enumerate(lines):
        may_share = not line.depth and tries < _MOST_SHARED and _may_share(lines, place)
        tries += may_share
        joint = _joint(text[line.start : line.end], quoted_next=_is_above_quote(lines, place)) if may_share else 0
        if not joint:
            parted.append(line)
            continue
        content = text[line.start : line.end]
        parted.append(line._replace(end=line.start + joint, bare=content[:joint].strip()))
        parted.append(line._replace(start=line.start + joint, bare=content[joint:].strip()))
    return parted


def _may_share(lines: list[TextLine], place: int) -> bool:
    bare = lines[place].bare
    if ":  " in bare[:_LONGEST_SHARED]:
        return True
    return ("--" in bare[1:_LONGEST_SHARED] and bare[0] not in "-_=") or (bare[-1:] in (":", "：") and _is_above_quote(lines, place))


def _is_above_quote(lines: list[TextLine], place: int) -> bool:
    below = next_line(lines, place + 1)
    return below < len(lines) and lines[below].depth > 0


def _joint(content: str, *, quoted_next: bool) -> int:
    """The offset in the line at which an introduction begins, after dashes or above a quote; 0 where none does."""
    for dashes in islice(_DASHES.finditer(content[:_LONGEST_SHARED]), _MOST_DASHES):
        head, tail = content[: dashes.start()].strip(), content[dashes.start() :].strip()
        if any(sign.isalnum() for sign in head) and tail and (marked_phrase(tail) in originals() or introduces(tail)):
            return dashes.start()
    head, gap, _ = content[:_LONGEST_SHARED].partition(":  ")  # 'On 4 March 2015, Ann <ann@example.org> wrote:   Dear Bob,'
    if gap and "@" in head and introduces(f"{head}:".strip()):
        return len(head) + 1
    return introduction_at(content[:_LONGEST_SHARED], quoted_next=quoted_next) if quoted_next else 0
