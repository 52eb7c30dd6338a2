"""Bytes to Message.  Total: any bytes give a Message with its defects listed."""

from __future__ import annotations

from mailbridge.message.model import Message, ReadingPolicy


def parse(raw: bytes, policy: ReadingPolicy) -> Message:
    """Everything the mail says but its reply and language (see mailbridge.reading); raises nothing on account of the content."""
    raise NotImplementedError
