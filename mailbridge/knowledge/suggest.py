"""What of a mail the knowledge base is asked with: the words that its writer wrote now, never a quote or a signature."""

from __future__ import annotations

from mailbridge.message.model import Message, SpanKind
from mailbridge.reply.plain import ANSWERS_NOTHING


def asked_text(message: Message) -> str:
    """The subject and the new text; a quote is left out also where the desk shows it, because the mail answers none of its own."""
    reply = message.reply
    quoted = [span for span in reply.spans if span.kind is SpanKind.FRESH and span.reason == ANSWERS_NOTHING]
    if not quoted:
        return f"{message.subject}\n{reply.fresh}"
    own = (span for span in reply.spans if span.kind is SpanKind.FRESH and span.reason != ANSWERS_NOTHING)
    return "\n".join([message.subject, *(reply.text[span.start : span.end] for span in own)])
