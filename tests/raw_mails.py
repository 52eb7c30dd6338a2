"""Mails as bytes for tests of the reader; a test names the one thing that is special about its mail."""

from __future__ import annotations

from mailbridge.checks.build import organizational
from mailbridge.message.authenticity import claimed_sender, judged
from mailbridge.message.headers import header_block, mail_fields
from mailbridge.message.model import Message, ReadingPolicy, Sender
from mailbridge.message.parse import parse
from mailbridge.message.profiles import Expected, believed

USUAL = {
    "From": "Carol Jones <carol@customer.test>",
    "To": "support@desk.test",
    "Subject": "Printer on fire",
    "Date": "Mon, 23 Nov 2026 09:00:00 +0000",
    "Message-ID": "<one@customer.test>",
    "MIME-Version": "1.0",
}


def raw_mail(body: str | bytes = "It burns.\r\n", **fields: str | bytes | None) -> bytes:
    """A mail with the usual fields, those of `fields` changed, added (underscores are hyphens) or, as None, left out."""
    changed = {name.replace("_", "-"): value for name, value in fields.items()}
    kept = {**{name: value for name, value in USUAL.items() if name.lower() not in {key.lower() for key in changed}}, **changed}
    lines = [name.encode() + b": " + as_bytes(value) for name, value in kept.items() if value is not None]
    return b"\r\n".join([*lines, b"", as_bytes(body)])


def multipart(subtype: str, *parts: str | bytes, **fields: str | bytes | None) -> bytes:
    """A multipart mail; each part is written with its own header fields."""
    body = b"".join(b"--edge\r\n" + as_bytes(part) + b"\r\n" for part in parts) + b"--edge--\r\n"
    return raw_mail(body, Content_Type=f'multipart/{subtype}; boundary="edge"', **fields)


def a_part(content: str | bytes = "text", content_type: str = "text/plain; charset=utf-8", **fields: str) -> bytes:
    lines = [f"Content-Type: {content_type}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + as_bytes(content)


def judged_sender(raw: bytes, expected: Expected) -> Sender:
    """The sender of a mail from a source with this profile."""
    fields = mail_fields(header_block(raw))
    return judged(claimed_sender(fields), believed(fields, expected), fields, organizational, expected.tenant)


def as_bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def read_mail(raw: bytes) -> Message:
    return parse(raw, ReadingPolicy(own_addresses=("support@desk.test",)))
