"""One mail read whole: structure, kind and authenticity by `message`, the reply by `reply`, the language.  Pure."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.message.language import language_of_mail
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.message.parse import parse
from mailbridge.reply.extract import extract


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """The mail with its reply and language; raises nothing on account of the content."""
    message = parse(raw, policy)
    reply = extract(message.text, message.html, subject=message.subject, markers=policy.reply_markers)
    return replace(message, reply=reply, language=language_of_mail(reply, message.text))
