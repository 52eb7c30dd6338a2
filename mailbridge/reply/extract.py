"""Public API: finds the reply in a body, as spans."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from mailbridge.message.model import Reply, Span, SpanKind
from mailbridge.reply.forwards import forwarded
from mailbridge.reply.html import has_structure, page_of
from mailbridge.reply.lines import TextLine, lines_of
from mailbridge.reply.plain import Analysis, analyse
from mailbridge.reply.sharing import with_shared_lines_parted
from mailbridge.reply.signature import ClosingBlock
from mailbridge.reply.subject import Thread, thread_of

_EXAMINED = 1_000_000  # characters; text after them gets the kind of the last examined line
_NO_WORD = re.compile(r"[\W_]+")
_CERTAIN = 0.9  # a cut with this confidence is not compared with the other body


def extract(
    text: str,
    html: str = "",
    *,
    subject: str = "",
    markers: tuple[str, ...] = (),
    answering: bool | None = None,
    author: str = "",
    recipients: frozenset[str] = frozenset(),
) -> Reply:
    """The reply in a mail.

    `text` is the plain body ('' without one, also where it was made from the HTML), `html` the HTML body.  The spans cover `Reply.text`
    without gaps; it is the plain body, or the HTML body as text where that was used.  `markers` are our own reply lines: text below one is
    certainly quoted.  `answering`, `author`, `recipients`: see `Thread`.
    """
    thread = thread_of(subject, answering=answering, author=author, recipients=recipients)
    plain = _of_plain(text, thread, markers) if text.strip() or not html else None
    if plain is not None and (not html or _suffices(plain.analysis, html)):
        return _reply(plain, "plain")
    structured = _of_html(html, thread, markers)
    if plain is None:
        return _reply(structured, "html")
    if structured.fresh == plain.fresh:  # the plain body is the one that people see quoted
        return _reply(plain, "plain")
    if _is_better(structured, plain):
        return _reply(structured, "html", _choice("html", structured, "plain", plain))
    return _reply(plain, "plain", _choice("plain", plain, "html", structured))


class _Body(NamedTuple):
    """A body as text, its lines, and the analysis."""

    text: str
    lines: list[TextLine]
    analysis: Analysis

    @property
    def fresh(self) -> str:
        """The letters and digits of the fresh text, for comparison of the two bodies: their bullets and rules differ."""
        kept = (self.lines[piece.first : piece.last] for piece in self.analysis.pieces if piece.kind is SpanKind.FRESH)
        return "".join(_NO_WORD.sub("", line.bare) for lines in kept for line in lines)

    @property
    def signed_by_program(self) -> bool:
        """Whether the mail program marked the signature.  A sign-off above its own line is then part of it."""
        return any(piece.kind is SpanKind.SIGNATURE and piece.reason.startswith("client:") for piece in self.analysis.pieces)


def _of_plain(text: str, thread: Thread, markers: tuple[str, ...]) -> _Body:
    examined = text[:_EXAMINED]
    lines = with_shared_lines_parted(lines_of(examined), examined)
    return _Body(text, lines, analyse(lines, thread, markers))


def _of_html(html: str, thread: Thread, markers: tuple[str, ...]) -> _Body:
    page = page_of(html)
    return _Body(page.text, page.lines, analyse(page.lines, thread, markers))


def _suffices(analysis: Analysis, html: str) -> bool:
    """Whether the plain body is sufficient: its quote is certain, or the HTML has no structure with more information."""
    found = {piece.kind for piece in analysis.pieces if piece.confidence >= _CERTAIN and piece.kind is not SpanKind.FRESH}
    quote = SpanKind.QUOTE in found or SpanKind.FORWARD in found
    app_line = any(piece.reason.startswith("mobile-signature") for piece in analysis.pieces)
    if quote and ((SpanKind.SIGNATURE in found and not app_line) or "signature" not in html.lower()):
        return True
    return not has_structure(html)


def _is_better(structured: _Body, plain: _Body) -> bool:
    """Whether the analysis of the HTML body is better."""
    if not structured.fresh:
        return False
    if plain.fresh.startswith(structured.fresh) and structured.signed_by_program:
        return True
    return structured.analysis.certainty >= max(plain.analysis.certainty, _CERTAIN)


def _choice(name: str, chosen: _Body, other_name: str, other: _Body) -> str:
    """The reason for the choice: 'html is surer: client:gmail 0.97, plain: attribution:en 0.90'."""
    return f"{name} is surer: {chosen.analysis.surest}, {other_name}: {other.analysis.surest}"


def _reply(body: _Body, source: str, choice: str = "") -> Reply:
    text, lines, analysis = body
    spans = _spans(text, lines, analysis.pieces)
    inner = forwarded(lines, analysis.forward, text) if analysis.forward else None
    return Reply(
        text=text,
        spans=spans,
        fresh=_joined(text, spans, SpanKind.FRESH),
        signature=_joined(text, spans, SpanKind.SIGNATURE),
        source=source,
        choice=choice,
        forwarded=inner,
    )


def _joined(text: str, spans: tuple[Span, ...], kind: SpanKind) -> str:
    return "".join(text[span.start : span.end] for span in spans if span.kind is kind).strip()


def _spans(text: str, lines: list[TextLine], pieces: tuple[ClosingBlock, ...]) -> tuple[Span, ...]:
    """The pieces as character spans that cover the text.  A blank piece belongs to the one above; the last span ends with the text."""
    spans: list[Span] = []
    for piece in pieces:
        start, end = lines[piece.first].start, lines[piece.last - 1].end
        if start == end:
            continue
        if spans and not text[start:end].strip():
            spans[-1] = replace(spans[-1], end=end)
        else:
            spans.append(Span(kind=piece.kind, start=start, end=end, reason=piece.reason, confidence=piece.confidence))
    if spans and spans[-1].end < len(text):
        spans[-1] = replace(spans[-1], end=len(text))
    return tuple(spans)
