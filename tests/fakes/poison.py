"""The shipped reader, except that a mail whose subject asks for it meets a disaster: a bug, a loop, a sleep, no memory, a crash."""

from __future__ import annotations

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.read import read as as_shipped
from tests.fakes.readers import read as disaster

KINDS = ("raise", "spin", "hang", "eat", "abort")


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    kind = raw.partition(b"\nSubject: poison ")[2].split(b"\r\n", 1)[0]
    return disaster(kind + b" please", policy) if kind else as_shipped(raw, policy)
