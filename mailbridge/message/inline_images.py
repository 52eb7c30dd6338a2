"""Inline images that belong to the text of a mail and are no attachments: logos, portraits, icons of a signature."""

from __future__ import annotations

from mailbridge.message.model import Attachment, Message

SMALL = 64 * 1024  # bytes; a larger image is shown even if it repeats
OFTEN = 3  # mails of one sender; an image in so many mails is part of the signature


def small_inline(message: Message) -> tuple[Attachment, ...]:
    """The images that may be part of a signature: small, in the mail itself, and inline (RFC 2392, RFC 2183 2.1)."""
    shown = message.html.lower()
    return tuple(file for file in message.attachments if _is_picture(file) and _is_inline(file, shown))


def _is_picture(file: Attachment) -> bool:
    return file.content_type.startswith("image/") and file.size < SMALL and not file.inside


def _is_inline(file: Attachment, shown: str) -> bool:
    return file.disposition == "inline" or bool(file.content_id and f"cid:{file.content_id.lower()}" in shown)
