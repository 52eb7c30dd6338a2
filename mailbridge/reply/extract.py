"""The one door: bodies in, spans out."""

from __future__ import annotations

from mailbridge.message.model import Reply, Span, SpanKind
from mailbridge.reply.forwards import forwarded
from mailbridge.reply.lines import Line, lines_of
from mailbridge.reply.plain import Analysis, analyse
from mailbridge.reply.signature import Piece
from mailbridge.reply.subject import Thread, thread_of

_EXAMINED = 1_000_000  # characters; what lies beyond belongs to whatever the last line examined belongs to


def extract(text: str, html: str = "", *, subject: str = "", markers: tuple[str, ...] = ()) -> Reply:
    """The reply in a mail with plain body `text` ('' where it has none) and HTML body `html`.

    The spans tile `Reply.text`, which is the plain body, or the HTML body as text where that decided.  `markers` are our own
    reply lines: what stands below one is quote for certain.
    """
    thread = thread_of(subject)
    lines = lines_of(text[:_EXAMINED])
    return _reply(text, lines, analyse(lines, thread, markers), "plain")


def _reply(text: str, lines: list[Line], analysis: Analysis, source: str) -> Reply:
    spans = _spans(text, lines, analysis.pieces)
    inner = forwarded(lines, analysis.forward, text) if analysis.forward else None
    return Reply(
        text=text,
        spans=spans,
        fresh=_joined(text, spans, SpanKind.FRESH),
        signature=_joined(text, spans, SpanKind.SIGNATURE),
        source=source,
        forwarded=inner,
    )


def _joined(text: str, spans: tuple[Span, ...], kind: SpanKind) -> str:
    return "".join(text[span.start : span.end] for span in spans if span.kind is kind).strip()


def _spans(text: str, lines: list[Line], pieces: tuple[Piece, ...]) -> tuple[Span, ...]:
    """The pieces as runs of characters that tile the text; the last one reaches to its end."""
    spans: list[Span] = []
    for piece in pieces:
        start, end = lines[piece.first].start, lines[piece.last - 1].end
        if start < end:
            spans.append(Span(kind=piece.kind, start=start, end=end, reason=piece.reason, confidence=piece.confidence))
    if spans and spans[-1].end < len(text):
        last = spans[-1]
        spans[-1] = Span(kind=last.kind, start=last.start, end=len(text), reason=last.reason, confidence=last.confidence)
    return tuple(spans)
