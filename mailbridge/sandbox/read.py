"""Reads one mail: structure, kind and authenticity by `message`, the reply by `reply`, and the language.  Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from mailbridge.message.language import language_of_mail
from mailbridge.message.model import Forwarded, Kind, Message, ReadingPolicy
from mailbridge.message.parse import parse
from mailbridge.reply.extract import extract
from mailbridge.reply.html import page_of

_LINE_FOR_THE_DESK = re.compile(r"^[^\w\n]*[#＃﹟♯]", re.MULTILINE)  # a possible command; `mail_commands` decides


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """The facts of the mail with its reply and language.  Never raises because of the content."""
    message = parse(raw, policy)
    reply = extract(
        "" if message.text_from_html else message.text,
        message.html,
        subject=message.subject,
        markers=policy.reply_markers,
        answering=bool(message.in_reply_to or message.references),
        author=message.sender.name or (message.from_[0].name if message.from_ else ""),
        recipients=frozenset(address.key for address in message.recipients).union(policy.own_addresses),
    )
    enclosed = _enclosed(message, policy)
    shown = page_of(message.html).text if message.html and message.text and _LINE_FOR_THE_DESK.search(reply.text) else ""
    return replace(message, reply=reply, html_text=shown, enclosed=enclosed, language=language_of_mail(reply, message.text))


def _enclosed(message: Message, policy: ReadingPolicy) -> Forwarded | None:
    """The mail that a person forwarded as an attachment (message/rfc822); None if there is none or more than one.

    Mails attached to it are not read, so that deep nesting costs nothing.
    """
    mails = [file for file in message.attachments if file.is_message and not file.inside]
    if message.kind is not Kind.HUMAN or len(mails) != 1:
        return None
    inner = parse(mails[0].content, replace(policy, envelope_from=None))
    return Forwarded(
        sender=inner.from_[0] if inner.from_ else None,
        to=inner.to,
        cc=inner.cc,
        subject=inner.subject,
        date=inner.date,
        text=inner.text.strip(),
        message_id=inner.message_id,
    )
