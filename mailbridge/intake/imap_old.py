"""Mails that were in a folder before the desk was: what is kept of their headers, and how one is known again.  Pure."""

from __future__ import annotations

from hashlib import sha256

from mailbridge.message.headers import decode_value, mail_fields, message_id, message_ids
from mailbridge.store.old_mails import OldMail

# What the sender wrote.  Content-Type holds the boundary, which is another one in each mail of most programs.
HEAD_FIELDS = ("MESSAGE-ID", "DATE", "FROM", "TO", "CC", "SUBJECT", "IN-REPLY-TO", "REFERENCES", "CONTENT-TYPE")
_KEYED = frozenset(name.lower() for name in HEAD_FIELDS)


def old_mail(head: bytes) -> OldMail:
    """The mail by its header.  Two mails have the same key only where every field of HEAD_FIELDS is the same, white space aside: a
    Message-ID alone can be used again by anybody."""
    fields = [field for field in mail_fields(head) if field.key in _KEYED]
    told = sorted(field.key.encode() + b":" + b" ".join(field.raw.split()) for field in fields)
    values = {field.key: decode_value(field.raw) for field in reversed(fields)}
    own = message_id(values.get("message-id", ""))
    before = (*message_ids(values.get("references", "")), *message_ids(values.get("in-reply-to", "")))
    return OldMail(key=sha256(b"\n".join(told)).hexdigest(), message_id=own, thread=(*before, own)[0])
