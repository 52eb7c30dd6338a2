"""The reading child: `python -m mailbridge.isolation.child READER SECONDS BYTES`; serves mails on stdin until it ends.

It holds no state worth saving and talks to nobody but its parent.  Limits: address space, no core file, no written files, no
processes, and before each mail a CPU and a wall clock limit of its own, so that a child whose parent was killed in the middle of
a bad mail ends as well.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mailbridge.isolation.frames import (
    HEAD,
    Answer,
    decode_policy,
    decode_request,
    encode,
    frame,
    set_apart,
)
from mailbridge.message.model import Message, ReadingPolicy

Reader = Callable[[bytes, ReadingPolicy], Message]

OUT_OF_MEMORY = 77  # exit code; the parent tells the limit in words
WARM_UP = (
    b"From: a@example.test\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Hello, the printer on the second floor does not print any more since this morning.</p>\r\n",
    b"From: a@example.test\r\nTo: b@example.test, c@example.test\r\nSubject: Re: Hello\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    b"It prints again, thank you very much for your help.\r\n\r\nBest regards\r\nKim\r\n\r\nSent from my iPhone\r\n\r\n"
    b"On Mon, 2 Mar 2026 at 10:00, Help <b@example.test> wrote:\r\n> Is it switched on?\r\n\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n",
)
# The parent's clock is the real one; ours strikes a little later and only matters when the parent is gone.
GRACE_SECONDS = 2
BIG = 1 << 20  # bytes of a mail whose remains are not left to the collector's own time


def main(arguments: list[str]) -> None:
    """Serve until stdin ends."""
    reader_name, seconds, memory = arguments
    confine(int(memory))
    asks, answers = private_pipes()
    reader = load(reader_name)
    warm_up(reader)
    answers.write(frame(b""))
    answers.flush()
    silence()
    lock_down()
    # What the imports made stays for good; the collector need not walk it again for every mail.
    gc.freeze()
    serve(asks, answers, reader, seconds=float(seconds))


def confine(memory: int) -> None:
    """No more than `memory` bytes of address space, no core files, deaf to the terminal's signals."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout as ours alone: whatever a library prints goes to stderr and cannot break the frames."""
    asks = os.fdopen(os.dup(0), "rb", buffering=64 * 1024)
    answers = os.fdopen(os.dup(1), "wb", buffering=64 * 1024)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return asks, answers


def silence() -> None:
    """After a good start nothing is printed any more: a library's warning may quote the mail."""
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def lock_down() -> None:
    """From now on no file can be written and no process started: a mail that takes the child over gains little."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def load(name: str) -> Reader:
    """The function `package.module:function`."""
    module, _, function = name.partition(":")
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def warm_up(reader: Reader) -> None:
    """What the reader loads with its first mails (tables, the language model) is there before a mail's clock and memory are counted."""
    for mail in WARM_UP:
        with contextlib.suppress(Exception):
            reader(mail, ReadingPolicy())


def serve(asks: BinaryIO, answers: BinaryIO, reader: Reader, *, seconds: float) -> None:
    """Answer every mail on `asks` until it ends."""
    introduction = next_frame(asks)
    if not introduction:  # the parent ended before it had any use for us
        return
    policy = decode_policy(introduction)
    while head := next_frame(asks):
        request = decode_request(head)
        start_clocks(seconds)
        facts, contents = answer_to(asks, request.size, reader, replace(policy, envelope_from=request.envelope_from))
        answers.write(HEAD.pack(len(facts)))
        answers.write(facts)
        del facts
        while contents:
            answers.write(contents.pop(0))
        answers.flush()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if request.size > BIG:
            gc.collect()


def answer_to(asks: BinaryIO, size: int, reader: Reader, policy: ReadingPolicy) -> tuple[bytes, list[bytes]]:
    """What `reader` makes of the next `size` bytes, encoded; the raw mail is gone from memory when this returns."""
    try:
        answer, contents = set_apart(reader(asks.read(size), policy))
        return encode(answer), contents
    except MemoryError:
        # Nothing can be trusted after this, not even that an answer can be built.
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # the reader promises to be total; where it is not, the mail is set aside with the place of the bug
        return encode(Answer(failure=where(error))), []


def where(error: Exception) -> str:
    """Type and place of `error`, without its text: that may quote the mail."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def start_clocks(seconds: float) -> None:
    """From now on this process has `seconds` of CPU and of wall clock; the default action of both signals ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds) + GRACE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_SECONDS)


def next_frame(asks: BinaryIO) -> bytes:
    """The next payload, b'' at the end of the stream."""
    head = asks.read(HEAD.size)
    if len(head) < HEAD.size:
        return b""
    return asks.read(HEAD.unpack(head)[0])


if __name__ == "__main__":
    main(sys.argv[1:])
