"""The analysis: which lines of a body are new.  It works on lines, from plain text or from HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mailbridge.message.model import SpanKind
from mailbridge.reply.attribution import attributions_in
from mailbridge.reply.clients import BARE_BLOCK_QUOTE
from mailbridge.reply.closing_lines import is_named
from mailbridge.reply.lines import TextLine, next_written, previous_line
from mailbridge.reply.segments import Segment, SegmentKind, segments_of
from mailbridge.reply.signature import ClosingBlock, is_delimiter, split
from mailbridge.reply.subject import Thread, thread_of
from mailbridge.reply.vocabulary import HeaderRole, fold_phrase

ANSWERS_NOTHING = "answers-nothing"  # the reason of a quote that is kept because the mail is no answer
# The reply marker of another desk, as quoted by its customers' mail programs.
_OTHER_MARKER = re.compile(r"\b(?:reply|answer|write|type|respond)\b.{0,40}\babove this line\b", re.IGNORECASE)
_FRAME = " \t\u00a0#\\*=_~-–—>|"
_LONGEST_MARKER = 500
_LONGEST_OPENING = 60
_MOST_CITED_LINES = 12
_MOST_BELOW = 12  # lines of a signature below the quote
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ":", "：")


class Analysis(NamedTuple):
    """The body's lines as pieces that cover it without gaps, and the quote that is a forwarded mail, if any."""

    pieces: tuple[ClosingBlock, ...]
    forward: Segment | None

    @property
    def certainty(self) -> float:
        """The confidence of the surest cut, 0 to 1; 0 where nothing was cut."""
        return max((piece.confidence for piece in self.pieces if piece.kind is not SpanKind.FRESH), default=0.0)

    @property
    def surest(self) -> str:
        """The surest cut's reason and confidence, for display."""
        cuts = [piece for piece in self.pieces if piece.kind is not SpanKind.FRESH]
        best = max(cuts, key=lambda piece: piece.confidence, default=None)
        return f"{best.reason} {best.confidence:.2f}" if best else "nothing cut"


def analyse(lines: list[TextLine], thread: Thread, markers: tuple[str, ...] = ()) -> Analysis:
    """The kind of every line: fresh, quote, signature, disclaimer or forward."""
    marked = _marker_line(lines, markers)
    certain = _above_marker(lines, marked, thread) if marked is not None else None
    if marked is not None and certain and (not lines[marked].depth or _is_all_quoted_below(lines, marked, certain)):
        return certain
    segments = segments_of(lines, thread)
    forward = _forward_of(segments, thread)
    pieces = _pieces(lines, segments, forward, thread, marked)
    if marked is not None and certain:
        # A person who answers below a quote, or between its lines, leaves at most a greeting above the marker.  Then the quote marks
        # decide.
        if _has_fresh(lines, certain.pieces) and not _is_answered_below(lines, pieces, marked):
            return certain
        return Analysis(tuple(pieces), forward) if _has_fresh(lines, pieces) else _typed_above_marker(lines, segments, marked) or certain
    if thread.is_new and forward is None:
        return Analysis(tuple(_whole(pieces)), None)
    return Analysis(tuple(_never_nothing(lines, pieces, segments, forward, thread)), forward)


def _is_all_quoted_below(lines: list[TextLine], marked: int, certain: Analysis) -> bool:
    """Whether there is text above our marker, and every line below it has quote marks."""
    return all(line.depth or not line.bare for line in lines[marked:]) and _has_fresh(lines, certain.pieces)


def _is_answered_below(lines: list[TextLine], pieces: list[ClosingBlock], marked: int) -> bool:
    """Whether there is new text below the lines that quote our marker."""
    below = [piece for piece in pieces if piece.first > marked and piece.kind is SpanKind.FRESH and piece.reason == "written"]
    return _says(lines, below)


def _whole(pieces: list[ClosingBlock]) -> Iterator[ClosingBlock]:
    """The pieces of a mail that is no answer: quotes in it are part of its text."""
    for piece in pieces:
        yield ClosingBlock(SpanKind.FRESH, piece.first, piece.last, ANSWERS_NOTHING, 0.8) if piece.kind is SpanKind.QUOTE else piece


def _typed_above_marker(lines: list[TextLine], segments: list[Segment], marked: int) -> Analysis | None:
    """The text that was typed inside the quote, below its introduction and above our marker; None without such text."""
    around = next((segment for segment in segments if segment.kind is SegmentKind.QUOTE and segment.first <= marked < segment.last), None)
    if around is None or not around.introduced or not any(line.bare for line in lines[around.body : marked]):
        return None
    above = [ClosingBlock(SpanKind.QUOTE, 0, around.body, around.reason, around.confidence)] if around.body else []
    typed = ClosingBlock(SpanKind.FRESH, around.body, marked, "above-marker", 0.7)
    return Analysis((*above, typed, ClosingBlock(SpanKind.QUOTE, marked, len(lines), "marker", 1.0)), None)


def _marker_line(lines: list[TextLine], markers: tuple[str, ...]) -> int | None:
    """The first line with one of our own reply markers, also if a client changed its frame or wrapped it."""
    words = {fold_phrase(marker).strip(_FRAME): marker.strip() for marker in markers if marker.strip(_FRAME)}
    opening = {core.split()[0] for core in words}
    for place, line in enumerate(lines if words else ()):
        if any(marker in line.bare for marker in words.values()):
            return place
        # Folding each line is expensive; comparing the first word of a framed marker is sufficient here.
        if line.bare[:_LONGEST_OPENING].strip(_FRAME).partition(" ")[0].casefold() in opening and _is_marker(lines, place, words):
            return place
    return None


def _is_marker(lines: list[TextLine], place: int, words: dict[str, str]) -> bool:
    whole = fold_phrase(lines[place].bare[:_LONGEST_MARKER]).strip(_FRAME)
    below = fold_phrase(lines[place + 1].bare[:_LONGEST_MARKER]).strip(_FRAME) if place + 1 < len(lines) else ""
    return whole in words or f"{whole} {below}" in words


def _above_marker(lines: list[TextLine], marked: int, thread: Thread) -> Analysis:
    """The text above our marker and its introduction.  All text below is certainly quoted."""
    first = _marker_start(lines, marked)
    segments = segments_of(lines[:first], thread) if first else []
    pieces = _pieces(lines[:first], segments, None, thread)
    return Analysis((*pieces, ClosingBlock(SpanKind.QUOTE, first, len(lines), "marker", 1.0)), None)


def _marker_start(lines: list[TextLine], marked: int) -> int:
    """The line from which all text is quoted: the marker, or the introduction above it."""
    for segment in segments_of(lines[: marked + 1]):
        if segment.kind is SegmentKind.QUOTE and segment.last > marked and (segment.body > segment.first or segment.final):
            return segment.first
    first = marked
    while first > 0 and (lines[first - 1].depth or lines[first - 1].blank):
        first -= 1
    above = previous_line(lines, first - 1)
    for place, found in attributions_in(lines[:first]).items():
        if found.last == above:
            return place
    # An introduction in an unknown language also ends in a colon and contains a time or an address.
    if above >= 0 and lines[above].bare.endswith((":", "：")) and any(sign in "@0123456789" for sign in lines[above].bare):
        return above
    return first


def _forward_of(segments: list[Segment], thread: Thread) -> Segment | None:
    """The first quote, if it is a forwarded mail and not an answered one."""
    quote = next((segment for segment in segments if segment.kind is SegmentKind.QUOTE), None)
    if quote is None:
        return None
    if quote.forward:
        return quote
    if quote.headers is None:
        return None
    if thread.forwards:
        return quote
    enclosed = quote.reason.startswith("original-message") and not _answers(quote, thread)
    return quote if enclosed or _is_of_a_stranger(quote, thread) else None


def _is_of_a_stranger(quote: Segment, thread: Thread) -> bool:
    """Whether the subject has an unknown prefix and the copied headers name a sender who is not in `Thread.recipients`."""
    if not thread.prefix or thread.answers or quote.headers is None:
        return False
    return thread.is_by_stranger(quote.headers.value(HeaderRole.SENDER))


def _answers(quote: Segment, thread: Thread) -> bool:
    """Whether the copied headers are those of the mail that, by its subject, is answered."""
    if not thread.answers:
        return False
    subject = quote.headers.value(HeaderRole.SUBJECT) if quote.headers else ""
    return not subject or thread_of(subject).topic == thread.topic


class _Texts(NamedTuple):
    """The text segments by their index, each split into the new text and what is appended to it.

    `first` and `last` are the indices of the first and the last segment with fresh text, -1 where there is none.
    """

    pieces: dict[int, list[ClosingBlock]]
    first: int
    last: int
    interleaved: bool  # fresh text stands between two quotes
    cited: frozenset[int]  # the quotes that the text below them answers, as opposed to the mail as a whole


def _pieces(
    lines: list[TextLine], segments: list[Segment], forward: Segment | None, thread: Thread, marked: int | None = None
) -> list[ClosingBlock]:
    """The kinds of all lines.

    `marked`: the line of our own marker; the quote around it is our mail, answered as a whole.
    """
    texts = _texts(lines, segments, thread.author, marked)
    pieces: list[ClosingBlock] = []
    for index, segment in enumerate(segments):
        if segment.kind is SegmentKind.TEXT:
            pieces += texts.pieces[index]
        else:
            pieces += _quote_pieces(index, segment, segments, texts, is_forward=segment is forward)
    if pieces and pieces[-1].kind is SpanKind.QUOTE and segments[-1].final and texts.first >= 0:
        pieces[-1:] = _with_signature_below(lines, pieces[-1], thread.author)
    return pieces


def _with_signature_below(lines: list[TextLine], quote: ClosingBlock, author: str) -> list[ClosingBlock]:
    """The quote that reaches to the end, and the author's signature below it, if a delimiter and the author's name follow."""
    for place in range(quote.last - 1, max(quote.first, quote.last - _MOST_BELOW), -1):
        if not is_delimiter(lines[place].bare) or lines[place].depth:
            continue
        named = next_written(lines, place + 1)
        if named < quote.last and is_named(lines[named].bare, author):
            return [quote._replace(last=place), ClosingBlock(SpanKind.SIGNATURE, place, quote.last, "signature:below-quote", 0.85)]
        break
    return [quote]


def _texts(lines: list[TextLine], segments: list[Segment], author: str, marked: int | None) -> _Texts:
    parted: dict[int, list[ClosingBlock]] = {}
    fresh: list[int] = []
    delimited = max((index for index, segment in enumerate(segments) if index and _begins_with_delimiter(lines, segment)), default=0)
    for index, segment in enumerate(segments):
        if segment.kind is SegmentKind.QUOTE:
            continue
        parted[index] = split(lines, segment.first, segment.last, after_text=bool(fresh), delimited=index < delimited, author=author)
        if _has_fresh(lines, parted[index]):
            fresh.append(index)
    quotes = [index for index, segment in enumerate(segments) if segment.kind is SegmentKind.QUOTE]
    interleaved = bool(quotes) and any(quotes[0] < index < quotes[-1] for index in fresh)
    ours = next((index for index, one in enumerate(segments) if marked is not None and one.first <= marked < one.last), None)
    cited = frozenset(_cited(lines, segments, parted)) - {ours}
    return _Texts(parted, fresh[0] if fresh else -1, fresh[-1] if fresh else -1, interleaved, cited)


def _cited(lines: list[TextLine], segments: list[Segment], parted: dict[int, list[ClosingBlock]]) -> Iterator[int]:
    """The introduced quotes of a few lines that have text above, and at least as much below: the text answers just these lines."""
    left = sum(_fresh_words(lines, pieces) for pieces in parted.values())
    last_said = max((index for index, pieces in parted.items() if _says(lines, pieces)), default=-1)
    above = 0
    for index, segment in enumerate(segments):
        if segment.kind is SegmentKind.TEXT:
            words = _fresh_words(lines, parted[index])
            above, left = above + words, left - words
        elif 0 < above <= left and index < last_said and segment.reason.startswith("attribution") and _is_short(lines, segment):
            yield index


def _says(lines: list[TextLine], pieces: Sequence[ClosingBlock]) -> bool:
    """Whether the fresh text contains the end of a sentence.  A company address that a server appended has none."""
    written = (line.bare for piece in pieces if piece.kind is SpanKind.FRESH for line in lines[piece.first : piece.last])
    return any(bare.endswith(_SENTENCE_ENDS) for bare in written)


def _is_short(lines: list[TextLine], quote: Segment) -> bool:
    return sum(1 for line in lines[quote.body : quote.last] if line.bare) <= _MOST_CITED_LINES


def _fresh_words(lines: list[TextLine], pieces: Sequence[ClosingBlock]) -> int:
    written = (line.bare for piece in pieces if piece.kind is SpanKind.FRESH for line in lines[piece.first : piece.last])
    return sum(len(bare.split()) for bare in written)


def _begins_with_delimiter(lines: list[TextLine], segment: Segment) -> bool:
    first = next_written(lines, segment.first)
    return segment.kind is SegmentKind.TEXT and first < segment.last and is_delimiter(lines[first].bare)


def _has_fresh(lines: list[TextLine], pieces: Sequence[ClosingBlock]) -> bool:
    return any(piece.kind is SpanKind.FRESH and any(line.bare for line in lines[piece.first : piece.last]) for piece in pieces)


def _quote_pieces(index: int, quote: Segment, segments: list[Segment], texts: _Texts, *, is_forward: bool) -> list[ClosingBlock]:
    whole = ClosingBlock(SpanKind.FORWARD if is_forward else SpanKind.QUOTE, quote.first, quote.last, quote.reason, quote.confidence)
    if is_forward or quote.final or not (index in texts.cited or _is_context(index, quote, segments, texts)):
        return [whole]
    context = ClosingBlock(SpanKind.FRESH, quote.body, quote.last, "inline-context", 0.8)
    if quote.body == quote.first:
        return [context]
    return [ClosingBlock(SpanKind.QUOTE, quote.first, quote.body, quote.reason, quote.confidence), context]


def _is_context(index: int, quote: Segment, segments: list[Segment], texts: _Texts) -> bool:
    """Whether the quoted lines are kept because the answer below them needs them.

    Answers between quotes keep the quote above each.  One quote with all of the answer below it (or around it) is the mail answered as a
    whole and is cut.  Quote marks without an introduction in the middle of a text are part of that text.  So is a bare block quote above
    the quote of the mail.
    """
    above, below = 0 <= texts.first < index, texts.last > index
    if above and quote.reason == BARE_BLOCK_QUOTE and any(later.kind is SegmentKind.QUOTE for later in segments[index + 1 : index + 4]):
        return True
    if not below:
        return False
    return (above and not quote.introduced) or texts.interleaved


def _never_nothing(
    lines: list[TextLine], pieces: list[ClosingBlock], segments: list[Segment], forward: Segment | None, thread: Thread
) -> list[ClosingBlock]:
    """The pieces; if they leave no text of a mail that is no plain forward, a less strict reading of them."""
    if forward is not None or _has_fresh(lines, pieces):
        return pieces
    if any(piece.kind is SpanKind.SIGNATURE for piece in pieces):
        return [_kept(piece, "nothing-else") if piece.kind is SpanKind.SIGNATURE else piece for piece in pieces]
    quotes = [segment for segment in segments if segment.kind is SegmentKind.QUOTE]
    other = next((place for place, line in enumerate(lines) if line.depth and _OTHER_MARKER.search(line.bare)), None)
    if other is not None and (typed := _typed_above_marker(lines, segments, other)) is not None:
        return list(typed.pieces)
    if quotes and all(not quote.introduced and quote.reason == "quote-marks" for quote in quotes):
        return [_kept(piece, "only-quote") for piece in pieces]
    if quotes and _may_hide_the_answer(quotes[0], thread):
        return _below_introduction(lines, quotes[0], pieces, thread)
    return pieces


def _may_hide_the_answer(quote: Segment, thread: Thread) -> bool:
    """Whether the text below the first words may be new: a form's headers that answer nothing, or an introduction without quote marks."""
    if quote.reason.startswith("header-block"):
        return not _answers(quote, thread) and not (quote.headers and thread.is_by_recipient(quote.headers.value(HeaderRole.SENDER)))
    return quote.final and quote.reason.startswith("attribution")


def _kept(piece: ClosingBlock, reason: str) -> ClosingBlock:
    return ClosingBlock(SpanKind.FRESH, piece.first, piece.last, reason, 0.5)


def _below_introduction(lines: list[TextLine], quote: Segment, pieces: list[ClosingBlock], thread: Thread) -> list[ClosingBlock]:
    """The pieces of a mail that begins with copied headers or an introduction and marks nothing as quoted: the text below is new."""
    headers = ClosingBlock(SpanKind.QUOTE, quote.first, quote.body, quote.reason, 0.6)
    above = [piece for piece in pieces if piece.last <= quote.first]
    rest = lines[quote.body :]
    below = _pieces(rest, segments_of(rest, thread), None, thread) if rest else []
    moved = [piece._replace(first=piece.first + quote.body, last=piece.last + quote.body) for piece in below]
    return [*above, headers, *moved]
