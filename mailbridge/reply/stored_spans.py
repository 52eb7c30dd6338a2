"""The spans of a mail's text as JSON: the part "reply" of a mail's stored explanation."""

from __future__ import annotations

from typing import Any

from mailbridge.message.model import Reply, Span, SpanKind


def spans_to_json(reply: Reply) -> list[list[Any]]:
    """The spans of the text in the form of the part "reply" of a mail's explanation."""
    return [[span.kind, span.start, span.end, span.reason, round(span.confidence, 2)] for span in reply.spans]


def spans_from_json(explanation: Any) -> tuple[Span, ...]:
    """The spans in a mail's explanation; empty where there are none or they cannot be read."""
    told = explanation.get("reply") if isinstance(explanation, dict) else None
    try:
        return tuple(
            Span(kind=SpanKind(kind), start=int(start), end=int(end), reason=str(reason), confidence=float(confidence))
            for kind, start, end, reason, confidence in told or ()
        )
    except (TypeError, ValueError):
        return ()
