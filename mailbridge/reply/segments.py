"""Splits a body where quotes begin and end: runs of text, quotes with their introduction, and a rest that is all quote."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from mailbridge.reply.attribution import Attribution, attributions_in
from mailbridge.reply.clients import OWN_CITATION
from mailbridge.reply.headerblock import QuotedHeaders, blind_blocks, copied_field, header_block
from mailbridge.reply.lines import Hint, TextLine, next_line, next_written, previous_line
from mailbridge.reply.subject import NO_THREAD, Thread
from mailbridge.reply.vocabulary import DATE, TIME, HeaderRole, fold_phrase, forward_marks, originals


class SegmentKind(StrEnum):
    TEXT = "text"
    QUOTE = "quote"


class Segment(NamedTuple):
    """The lines from `first` up to, not including, `last`.

    In a quote the lines before `body` introduce it.  A `final` quote reaches to the end of the mail.
    """

    kind: SegmentKind
    first: int
    body: int
    last: int
    reason: str = ""
    confidence: float = 1.0
    final: bool = False
    forward: bool = False
    headers: QuotedHeaders | None = None

    @property
    def introduced(self) -> bool:
        """Whether words or the HTML's structure show the quote, not only marks at the start of lines."""
        return self.body > self.first or self.reason.startswith("client:")


_RULE_CHARACTERS = frozenset("-_=*~#\u2010\u2011\u2012–—\u2015─━ \t\u00a0")
_NAME_QUOTE = re.compile(r"^[^\W\d_]{1,16}>(?:\s|$)")
# 'AB> text', the quote style of Fidonet and old news readers.  Longer words are more often prompts of programs.
_INITIALS_QUOTE = re.compile(r"^[^\W\d_]{1,3}>(?:\s|$)")
_DECORATION = " \t\u00a0-_=*~#><\u2010\u2011\u2012–—\u2015─━|[]【】「」『』+:："
_LONGEST_MARK = 90
_LONGEST_TITLE = 500
_FRAME = 3  # number of '>' before the line


class _Known(NamedTuple):
    """Findings in the whole body before it is split."""

    introductions: dict[int, Attribution]
    blind: dict[int, QuotedHeaders]
    thread: Thread

    def block(self, lines: list[TextLine], place: int) -> QuotedHeaders | None:
        """The header block that begins at this line, in a known or unknown language."""
        return header_block(lines, place) or self.blind.get(place)

    def is_pasted(self, lines: list[TextLine], block: QuotedHeaders) -> bool:
        """Whether the headers are pasted into an answer.

        They are if they belong to a stranger's mail about another subject, and have no date or the answered mail is introduced below them.
        """
        subject = block.value(HeaderRole.SUBJECT)
        if not self.thread.answers or not subject or self.thread.is_about(subject):
            return False
        if not self.thread.is_by_stranger(block.value(HeaderRole.SENDER)):
            return False
        return not block.value(HeaderRole.DATE) or any(
            first > block.last and _has_quote(lines, next_line(lines, found.last + 1)) for first, found in self.introductions.items()
        )


def segments_of(lines: list[TextLine], thread: Thread = NO_THREAD) -> list[Segment]:
    """The whole body as segments, in order and without gaps."""
    known = _Known(attributions_in(lines), blind_blocks(lines, thread), thread)
    segments: list[Segment] = []
    place = text_from = 0
    while place < len(lines):
        segment = _quote_at(lines, place, known)
        if segment is None:
            place += 1
            continue
        if segment.kind is SegmentKind.TEXT:
            place = segment.last
            continue
        segment = segment._replace(first=_with_rules_above(lines, segment, text_from, thread))
        if text_from < segment.first:
            segments.append(Segment(SegmentKind.TEXT, text_from, text_from, segment.first))
        segments.append(segment)
        place = text_from = segment.last
    if text_from < len(lines):
        segments.append(Segment(SegmentKind.TEXT, text_from, text_from, len(lines)))
    return segments


def _quote_at(lines: list[TextLine], place: int, known: _Known) -> Segment | None:
    """The quote that begins at this line, or a text segment for lines that only look like a quote; None for any other line."""
    line = lines[place]
    if line.hint in (Hint.BELOW, Hint.FORWARD):
        return _hinted(lines, place, known)
    if line.blank:
        return None
    marked = _mark_at(lines, place, known) if len(line.bare) <= _LONGEST_MARK else None
    if marked is not None:
        return marked
    block = known.block(lines, place)
    if block is not None and known.is_pasted(lines, block):
        return Segment(SegmentKind.TEXT, place, place, block.last + 1)
    if block is not None:
        return _below(lines, place, block.last + 1, f"header-block:{block.language}", 0.95)._replace(headers=block)
    if place in known.introductions:
        found = known.introductions[place]
        return _below(lines, place, found.last + 1, f"attribution:{found.language}", found.confidence)
    if line.hint is Hint.INTRODUCTION:
        body = place
        while body < len(lines) and (lines[body].hint is Hint.INTRODUCTION or lines[body].blank):
            body += 1
        return _below(lines, place, body, line.reason, 0.97)
    if line.depth and line.reason != OWN_CITATION:
        if line.depth == _FRAME and not line.reason and _is_framed_introduction(line.bare):
            return _below(lines, place, place + 1, "attribution:any", 0.9)
        return Segment(SegmentKind.QUOTE, place, place, _run_end(lines, place), line.reason or "quote-marks", 0.9)
    if line.bare[:1] == "|" and _opens_with_bars(lines, place):
        return Segment(SegmentKind.QUOTE, place, place, _run_end(lines, place, introduced=True), "quote-bars", 0.7)
    if _INITIALS_QUOTE.match(line.bare) and place + 1 < len(lines) and _INITIALS_QUOTE.match(lines[place + 1].bare):
        return Segment(SegmentKind.QUOTE, place, place, _run_end(lines, place, introduced=True), "quote-initials", 0.7)
    return None


def _opens_with_bars(lines: list[TextLine], place: int) -> bool:
    """Whether the mail begins with lines after a bar, a quote style, and continues without.  A table has bars inside its lines too."""
    if previous_line(lines, place - 1) >= 0:
        return False
    end = _run_end(lines, place, introduced=True)
    return end < len(lines) and all("|" not in line.bare[1:] for line in lines[place:end])


def _is_framed_introduction(bare: str) -> bool:
    """Whether this is GroupWise's introduction of an unmarked quote: '>>> Ann Example <ann@example.org> 3/5/2018 10:15 AM >>>'."""
    if not bare.endswith((">>>", ":")) or len(bare) > _LONGEST_TITLE:
        return False
    folded = fold_phrase(bare.rstrip("> "))
    return DATE.found(folded) and TIME.found(folded)


def _hinted(lines: list[TextLine], place: int, known: _Known) -> Segment:
    """The quote that the HTML's structure puts below the reply, with the headers in it."""
    line = lines[place]
    body = next_written(lines, place)
    inner = _mark_at(lines, body, known) if body < len(lines) else None
    if inner is not None:
        return inner._replace(first=place, forward=inner.forward or line.hint is Hint.FORWARD)
    block = known.block(lines, body) if body < len(lines) else None
    return Segment(
        SegmentKind.QUOTE, place, block.last + 1 if block else place, len(lines), line.reason, 0.97, True, line.hint is Hint.FORWARD, block
    )


def _mark_at(lines: list[TextLine], place: int, known: _Known) -> Segment | None:
    """The quote after a line such as '-----Original Message-----' or 'Begin forwarded message:', with the headers below it."""
    bare = lines[place].bare
    if not bare or not (_set_apart(bare) or _is_mark(bare.casefold())):
        return None
    phrase = marked_phrase(bare)
    forward_language, original_language = forward_marks().get(phrase), originals().get(phrase)
    if forward_language is None and original_language is None:
        return None
    below = next_written(lines, place + 1)
    block = known.block(lines, below) if below < len(lines) else None
    if block is None and not (_is_framed(bare) or (_set_apart(bare) and (_has_quote(lines, below) or _announces(phrase)))):
        return None
    reason = f"forward-mark:{forward_language}" if forward_language else f"original-message:{original_language}"
    body = block.last + 1 if block else place + 1
    quoted = lines[place].depth or (below < len(lines) and lines[below].depth)
    if quoted:
        segment = Segment(SegmentKind.QUOTE, place, body, _run_end(lines, max(body - 1, place)), reason, 0.98)
    else:
        segment = _below(lines, place, body, reason, 0.98)
    return segment._replace(forward=forward_language is not None, headers=block)


def _is_mark(phrase: str) -> bool:
    return phrase in forward_marks() or phrase in originals()


def marked_phrase(bare: str) -> str:
    """The phrase of a mark without its decoration: dashes, stars, brackets, a name or a date after a known phrase."""
    phrase = fold_phrase(bare.strip(_DECORATION)).strip(" .,!")
    for joint in (" from ", " by ", " von ", " de ", " от ", " av ", " da "):
        head, found, _ = phrase.partition(joint)
        if found and _is_mark(f"{head}{joint.rstrip()}"):
            return f"{head}{joint.rstrip()}"
    return phrase


def _set_apart(bare: str) -> bool:
    """Whether dashes, stars or a colon set the phrase apart from prose.  Only then it counts as a mark."""
    return bare[0] in "-_=*~#\u2010\u2011\u2012–—\u2015─━<[【>" or bare[-1] in ":：-_=*"


def _announces(phrase: str) -> bool:
    """Whether a phrase counts without a frame: 'Begin forwarded message:' does; people also write 'Forwarded:' and 'Original message:'."""
    return phrase in forward_marks() and (" " in phrase or not phrase.isascii())


def _is_framed(bare: str) -> bool:
    """Whether more than a colon sets the line apart.  People also write 'Original message:'."""
    return bare[0] in "-_=*~#\u2010\u2011\u2012–—\u2015─━<[【>" or bare[-1] in "-_=*"


def _has_quote(lines: list[TextLine], place: int) -> bool:
    return place < len(lines) and (lines[place].depth > 0 or lines[place].bare[:1] == "|")


def _below(lines: list[TextLine], first: int, body: int, reason: str, confidence: float) -> Segment:
    """The quote below an introduction: its quoted lines if they are marked, else all the rest."""
    below = next_line(lines, body)
    if below < len(lines) and _is_quoted(lines[below], introduced=True):
        return Segment(SegmentKind.QUOTE, first, body, _run_end(lines, below, introduced=True), reason, confidence)
    return Segment(SegmentKind.QUOTE, first, body, len(lines), reason, confidence, True)


def _is_quoted(line: TextLine, *, introduced: bool) -> bool:
    if line.depth:
        return True
    return introduced and (line.bare[:1] == "|" or _NAME_QUOTE.match(line.bare) is not None)


def _run_end(lines: list[TextLine], place: int, *, introduced: bool = False) -> int:
    """The line after the last of a run of quoted lines and the blank lines that follow it."""
    end = place + 1
    broken = False
    while end < len(lines):
        after = next_line(lines, end)
        if after == len(lines):
            return after
        if _is_quoted(lines[after], introduced=introduced):
            end = after + 1
            continue
        if not _is_wrapped_quote(lines, after, end, broken=broken):
            return after
        broken = broken or len(lines[after - 1].bare) >= _GATEWAY_WIDTH
        end = after + 1
    return end


_GATEWAY_WIDTH = 60


def _is_wrapped_quote(lines: list[TextLine], place: int, end: int, *, broken: bool) -> bool:
    """Whether this is a piece of a quoted line that a mail program wrapped: between quoted lines, without white space of a sentence.

    `broken`: lines of this quote were wrapped at a column before, so shorter ones may be wrapped too: a gateway counts octets.
    """
    if place != end or place + 1 >= len(lines) or not lines[place + 1].depth or not lines[place - 1].depth:
        return False
    if lines[place].hint or lines[place - 1].hint:
        return False
    bare, above = lines[place].bare, lines[place - 1].bare
    unclosed = bare.rstrip("> ")  # a wrapped link may take the next line's mark along
    if " " not in unclosed and len(unclosed) > 8 and not unclosed.isalpha():
        return True
    return (len(above) >= _GATEWAY_WIDTH or broken) and above[-1:] not in _STOPS and bare[0].islower()


_STOPS = frozenset(".?!:;")


def _with_rules_above(lines: list[TextLine], segment: Segment, text_from: int, thread: Thread) -> int:
    """The quote's first line, moved up over the rules ('_____', '-----') that frame it, and over headers that are copied below the rule."""
    first = segment.first
    if not segment.introduced and not segment.final:
        return first
    if segment.reason.startswith("attribution"):
        first = _with_fields_above(lines, first, text_from, thread)
    place = first - 1
    titles = segment.headers is not None
    while place >= text_from and (lines[place].blank or _is_rule(lines[place].bare) or (titles and _is_title(lines[place].bare))):
        if not lines[place].blank:
            first = place
            titles = titles and _is_rule(lines[place].bare)
        place -= 1
    return first


def _with_fields_above(lines: list[TextLine], first: int, text_from: int, thread: Thread) -> int:
    """The first of the copied headers between a rule and an introduction; `first` where there are none."""
    place = first - 1
    while place >= text_from and copied_field(lines, place, thread):
        place -= 1
    return place + 1 if place >= text_from and _is_rule(lines[place].bare) else first


def _is_rule(bare: str) -> bool:
    return len(bare) >= 3 and set(bare) <= _RULE_CHARACTERS


_TITLE_EDGES = "-_=*\u2010\u2011\u2012–—\u2015─━"
_TITLE = re.compile(r"^\*?[-_=\u2010-\u2015─━]{2,}[ ]?[^-_=\u2010-\u2015─━]{3,60}?[ ]?[-_=\u2010-\u2015─━]{2,}\*?$")
# 'Ann Example ---05.03.2018 10:15:33---The door': the line that Notes writes above the headers.
_NOTES_TITLE = re.compile(r"^[^-]{1,80}-{2,3}\s?\d[^-]*\d\d[:.]\d\d[^-]*-{2,3}.*$")


def _is_title(bare: str) -> bool:
    """Whether this line, framed by dashes above copied headers, means 'original message' in an unknown language."""
    if bare[:1] in _TITLE_EDGES and _TITLE.match(bare):
        return True
    return _NOTES_TITLE.match(bare[:_LONGEST_TITLE]) is not None
