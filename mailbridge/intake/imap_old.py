"""Mails that were in a folder before the desk: their header data, and how to recognise one.  Pure."""

from __future__ import annotations

from hashlib import sha256

from mailbridge.message.header_text import decode_value
from mailbridge.message.header_values import message_id, message_ids
from mailbridge.message.headers import mail_fields
from mailbridge.store.old_mails import OldMail

# Fields by the sender. Content-Type contains the boundary, which most programs choose for each mail.
HEAD_FIELDS = ("MESSAGE-ID", "DATE", "FROM", "TO", "CC", "SUBJECT", "IN-REPLY-TO", "REFERENCES", "CONTENT-TYPE")
HEAD_LIMIT = 64 << 10
_KEYED = frozenset(name.lower() for name in HEAD_FIELDS)


def old_mail(head: bytes) -> OldMail:
    """The mail by its header.  Two mails have the same key only where all HEAD_FIELDS are the same, apart from white space: anybody can use
    a Message-ID again."""
    fields = [field for field in mail_fields(head) if field.key in _KEYED]
    told = sorted(field.key.encode() + b":" + b" ".join(field.raw.split()) for field in fields)
    values = {field.key: decode_value(field.raw) for field in reversed(fields)}
    own = message_id(values.get("message-id", ""))
    before = (*message_ids(values.get("references", "")), *message_ids(values.get("in-reply-to", "")))
    return OldMail(key=sha256(b"\n".join(told)).hexdigest(), message_id=own, thread=(*before, own)[0])


def names_of(head: bytes) -> tuple[str, str]:
    """Message-ID (without angle brackets) and subject of a mail by its header; '' for none."""
    values = {field.key: decode_value(field.raw) for field in reversed(mail_fields(head[:HEAD_LIMIT]))}
    return message_id(values.get("message-id", "")), " ".join(values.get("subject", "").split())
