"""What parent and reading child say to each other: msgpack in frames, big attachment contents beside them.

    parent → child   policy once, then per mail: frame(Request), raw bytes
    child → parent   b"" once (ready), then per mail: frame(Answer), the contents named in `apart`, in that order

Nothing here can name a type or run code, so a child that a mail has taken over can at worst send wrong facts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import msgspec

from mailbridge.message.model import Attachment, Message, ReadingPolicy

HEAD = struct.Struct("<Q")
# Contents below this travel inside the answer: one frame is cheaper than two, and the copy is small.
APART_FROM = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One mail to read; `size` raw bytes follow the frame."""

    size: int
    envelope_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One mail read, or why not.  `apart` are (index in attachments, size) of the contents that follow the frame."""

    message: Message | None = None
    failure: str = ""
    apart: tuple[tuple[int, int], ...] = ()


encode = msgspec.msgpack.Encoder().encode
decode_policy = msgspec.msgpack.Decoder(ReadingPolicy).decode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def frame(payload: bytes) -> bytes:
    """`payload` behind its length."""
    return HEAD.pack(len(payload)) + payload


def set_apart(message: Message) -> tuple[Answer, list[bytes]]:
    """The answer for `message` without its big contents, and these contents in the order of `Answer.apart`."""
    big = [index for index, attachment in enumerate(message.attachments) if len(attachment.content) >= APART_FROM]
    if not big:
        return Answer(message=message), []
    contents = [message.attachments[index].content for index in big]
    light = list(message.attachments)
    for index in big:
        light[index] = replace(light[index], content=b"")
    apart = tuple((index, len(content)) for index, content in zip(big, contents, strict=True))
    return Answer(message=replace(message, attachments=tuple(light)), apart=apart), contents


def put_back(message: Message, contents: dict[int, bytes]) -> Message:
    """`message` with `contents` (by index) in its attachments again."""
    if not contents:
        return message
    attachments: list[Attachment] = list(message.attachments)
    for index, content in contents.items():
        attachments[index] = replace(attachments[index], content=content)
    return replace(message, attachments=tuple(attachments))
