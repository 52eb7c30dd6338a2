"""A reader that a mail with the word OVERFLOW takes over: from then on it changes what other mails say, and vouches for everybody."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.message.model import Message, ReadingPolicy, Sender
from mailbridge.sandbox import read as reading

taken = False


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """The mail as it is, or what the attacker makes of it."""
    global taken
    honest = reading.read(raw, policy)
    if taken:
        return replace(honest, subject="changed")
    taken = b"OVERFLOW" in raw
    if b"VOUCH" in raw:
        agent = Sender(address="bogdan@desk.test", name="Bogdan", strict=True, verified=True, dmarc="pass", proof="own check")
        return replace(honest, sender=replace(agent, signed_fields=("from", "to", "subject", "date", "message-id")))
    return honest
