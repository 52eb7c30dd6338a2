"""What is shown of a mail's text: the new text, uncertain cuts folded below it, and the parts left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailbridge.message.model import Span, SpanKind

# A cut with less confidence than this is shown folded below the text instead of being left out.  A wrong cut of a quote loses an answer, a
# wrong cut of a signature only a name, so quotes need more confidence.  Forwarded text is always shown, because the sender wants it to be
# read.
FOLDED_BELOW: Mapping[SpanKind, float] = {
    SpanKind.QUOTE: 0.75,
    SpanKind.SIGNATURE: 0.7,
    SpanKind.DISCLAIMER: 0.7,
    SpanKind.FORWARD: 1.01,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A part of the text that is shown folded below the rest.  `sure`: `kind` is certain; else it is only probable."""

    kind: SpanKind
    text: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The number of lines that are not shown, without blank ones.  `kind` is None if the kind was not recorded."""

    kind: SpanKind | None
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """`text`, `folded` and `left_out` together are the whole text.  Where `text` is empty, all parts are folded."""

    text: str
    folded: tuple[Folded, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def shown(text: str, fresh: str, spans: Sequence[Span]) -> ShownText:
    """The shown parts of a mail with this whole `text`, of which `fresh` is new.

    `spans` cover the text without gaps, or are empty: then only the number of lines besides the fresh ones is known.
    """
    if not tiles(spans, text):
        beside = _lines(text) - _lines(fresh)
        return ShownText(text=fresh, left_out=(LeftOut(kind=None, lines=beside),) if beside > 0 else ())
    cut = [span for span in spans if span.kind is not SpanKind.FRESH and text[span.start : span.end].strip()]
    folded = [span for span in cut if not fresh.strip() or span.confidence < FOLDED_BELOW[span.kind]]
    counted = [span for span in cut if span.confidence >= FOLDED_BELOW[span.kind]]
    lines = {kind: sum(_lines(text[s.start : s.end]) for s in counted if s.kind is kind) for kind in SpanKind}
    return ShownText(
        text=fresh,
        folded=_joined(text, folded),
        left_out=tuple(LeftOut(kind=kind, lines=number) for kind, number in lines.items() if number),
    )


def tiles(spans: Sequence[Span], text: str) -> bool:
    """Whether the spans cover the text from its first to its last character without gaps or overlaps."""
    ends = [0, *(span.end for span in spans)]
    return bool(spans) and ends[-1] == len(text) and all(span.start == end for span, end in zip(spans, ends, strict=False))


def _joined(text: str, spans: Sequence[Span]) -> tuple[Folded, ...]:
    """The spans as parts.  Adjacent spans of one kind are one part."""
    parts: list[Folded] = []
    for span in spans:
        part = Folded(kind=span.kind, text=text[span.start : span.end].strip("\r\n"), sure=span.confidence >= FOLDED_BELOW[span.kind])
        if span.kind is SpanKind.FORWARD:
            part = Folded(kind=part.kind, text=part.text, sure=True)
        if parts and (parts[-1].kind, parts[-1].sure) == (part.kind, part.sure):
            part = Folded(kind=part.kind, text=f"{parts.pop().text}\n{part.text}", sure=part.sure)
        parts.append(part)
    return tuple(parts)


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())
