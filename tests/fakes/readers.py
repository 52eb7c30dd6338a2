"""Reading functions that misbehave, for the children of mailbridge.sandbox: the mail's own words say how."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from mailbridge.message.model import Attachment, Message, ReadingPolicy

remembered: list[str] = []


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """A message whose subject is the mail, or whatever disaster the mail asks for."""
    match raw.split(b" ", 1):
        case [b"hang", *_]:
            time.sleep(3600)
        case [b"spin", *_]:
            while True:
                pass
        case [b"eat", *_]:
            hoard = [b"x" * (1 << 24) for _ in range(1 << 16)]
            del hoard
        case [b"abort", *_]:
            os.abort()
        case [b"exit", *_]:
            os._exit(3)
        case [b"raise", rest]:
            raise ValueError(rest.decode())
        case [b"surrogate", *_]:
            return Message(subject="\udc80")
        case [b"print", *_]:
            print("a library prints to stdout")
        case [b"attach", rest]:
            return with_attachments(rest)
        case [b"write", path]:
            Path(path.decode()).write_bytes(b"x")
        case [b"environment", *_]:
            return Message(subject=" ".join(f"{name}={value}" for name, value in os.environ.items()))
        case [b"remember", rest]:
            remembered.append(rest.decode())
        case [b"recall", *_]:
            return Message(subject=remembered[0] if remembered else "nothing")
        case [b"pid", *_]:
            return Message(subject=str(os.getpid()))
    return Message(
        subject=raw[:1000].decode(), size=len(raw), fingerprint=hashlib.sha256(raw).hexdigest(), return_path=policy.envelope_from
    )


def with_attachments(sizes: bytes) -> Message:
    """One attachment for each number in `sizes`."""
    files = [bytes([index]) * int(size) for index, size in enumerate(sizes.split())]
    return Message(
        attachments=tuple(
            Attachment(part=str(i), name=f"{i}.bin", content_type="application/octet-stream", size=len(c), sha256="", content=c)
            for i, c in enumerate(files)
        )
    )
