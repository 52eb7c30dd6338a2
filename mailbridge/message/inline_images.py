"""Pictures that belong to the text of a mail and not to its files: logos, faces, icons of a signature."""

from __future__ import annotations

from mailbridge.message.model import Attachment, Message

SMALL = 64 * 1024  # bytes; what is larger is worth a look even when it comes again
OFTEN = 3  # mails of one sender; a picture that was on so many is part of their signature


def small_inline(message: Message) -> tuple[Attachment, ...]:
    """The pictures that may be a signature's: small, in the mail itself, and shown in its text (RFC 2392) or meant to be (RFC 2183 2.1)."""
    shown = message.html.lower()
    return tuple(file for file in message.attachments if _is_picture(file) and _is_inline(file, shown))


def _is_picture(file: Attachment) -> bool:
    return file.content_type.startswith("image/") and file.size < SMALL and not file.inside


def _is_inline(file: Attachment, shown: str) -> bool:
    return file.disposition == "inline" or bool(file.content_id and f"cid:{file.content_id.lower()}" in shown)
