"""The protocol between parent and reading child: msgpack in frames, large attachment contents after them.

    parent → child   policy once, then per mail: frame(Request), raw bytes
    child → parent   b"" once (ready), then per mail: frame(Answer), the contents named in `apart`, in that order

No value can name a type or run code, so a compromised child can at worst send wrong facts.  `fault_of` finds facts that no reader makes.
The author of the mail is never taken from the child (see worker.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from mailbridge.message.model import Attachment, Message, ReadingPolicy

HEAD = struct.Struct("<Q")
# Bytes.  Smaller contents are part of the answer: one frame costs less than two, and the copy is small.
APART_FROM = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """One mail to read; `size` raw bytes follow the frame."""

    size: int
    envelope_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """The facts of one mail, or why it could not be read.  `apart`: (index in attachments, bytes) of the contents after the frame."""

    message: Message | None = None
    failure: str = ""
    apart: tuple[tuple[int, int], ...] = ()


encode = msgspec.msgpack.Encoder().encode
decode_policy = msgspec.msgpack.Decoder(ReadingPolicy).decode
decode_request = msgspec.msgpack.Decoder(ReadRequest).decode
decode_answer = msgspec.msgpack.Decoder(ReadResult).decode
MALFORMED = (msgspec.DecodeError, UnicodeError, RecursionError)

# In a value that is shown as one line (of a header or of a mail to an agent), each of these could forge another line.
BREAKS_LINE = re.compile("[\x00-\x1f\x7f]")


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    return HEAD.pack(len(payload)) + payload


def set_apart(message: Message) -> tuple[ReadResult, list[bytes]]:
    """The answer for `message` without its large contents, and these contents in the order of `ReadResult.apart`."""
    big = [index for index, attachment in enumerate(message.attachments) if len(attachment.content) >= APART_FROM]
    if not big:
        return ReadResult(message=message), []
    contents = [message.attachments[index].content for index in big]
    light = list(message.attachments)
    for index in big:
        light[index] = replace(light[index], content=b"")
    apart = tuple((index, len(content)) for index, content in zip(big, contents, strict=True))
    return ReadResult(message=replace(message, attachments=tuple(light)), apart=apart), contents


def put_back(message: Message, contents: dict[int, bytes]) -> Message:
    """`message` with `contents` (by index) put back into its attachments."""
    if not contents:
        return message
    attachments: list[Attachment] = list(message.attachments)
    for index, content in contents.items():
        attachments[index] = replace(attachments[index], content=content)
    return replace(message, attachments=tuple(attachments))


def fault_of(answer: ReadResult) -> str:
    """Why the answer cannot come from our reader; '' if it can."""
    message = answer.message
    if message is None:
        return "contents without a mail" if answer.apart else ""
    places = [index for index, _ in answer.apart]
    if len(set(places)) < len(places) or not all(0 <= index < len(message.attachments) for index in places):
        return "contents of no attachment"
    if any(size < 1 for _, size in answer.apart):
        return "contents of no size"
    return "a control character in a value of one line" if any(map(BREAKS_LINE.search, single_lines(message))) else ""


def single_lines(message: Message) -> Iterator[str]:
    """The values that mails and lists show on one line."""
    yield from (message.subject, message.message_id, message.language, message.fingerprint, message.return_path or "")
    yield from (*message.in_reply_to, *message.references, *message.kind_reasons, *message.defects)
    for address in (*message.from_, *message.to, *message.cc, *message.reply_to):
        yield from (address.address, address.name)
    for name, value in message.headers:
        yield from (name, value)
    for file in message.attachments:
        yield from (file.name, file.content_type, file.part, file.content_id)
    if message.enclosed is not None:
        yield message.enclosed.subject
