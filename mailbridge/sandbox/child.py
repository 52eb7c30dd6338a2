"""A reading child: reads the mails of one portion, in a sandbox, and is gone.

The fork server (`forkserver.py`) forks it and has loaded all that it needs.  It talks to nobody but its parent, and it keeps nothing:
the next portion gets another child.  Limits: the sandbox, address space, no core file, no written files, no processes, and before each
mail a CPU and a wall clock limit of its own, so that a child whose parent was killed in the middle of a bad mail ends as well.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.confine import Sandbox, end_with_parent
from mailbridge.sandbox.frames import HEAD, ReadResult, decode_policy, decode_request, encode, frame, set_apart

Reader = Callable[[bytes, ReadingPolicy], Message]

OUT_OF_MEMORY = 77  # exit code; the parent tells the limit in words
# The parent's clock is the real one; ours strikes a little later and only matters when the parent is gone.
GRACE_SECONDS = 2
BIG = 1 << 20  # bytes of a mail whose remains are not left to the collector's own time


# Descriptors beside those that are open: modules are still loaded.
OPEN_FILES = 64


def run(asks: int, answers: int, reader: Reader, sandbox: Sandbox, *, seconds: float) -> None:
    """Serve until `asks`, a pipe, ends.  Nothing outside is within reach before the first byte of a mail is read."""
    end_with_parent(signal.SIGKILL)
    lock_down()
    sandbox.enter()
    serve(open_pipe(asks, "rb"), open_pipe(answers, "wb"), reader, seconds=seconds)


def lock_down() -> None:
    """From now on no file can be written, no process started and few files opened."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def open_pipe(pipe: int, mode: str) -> BinaryIO:
    return cast(BinaryIO, os.fdopen(pipe, mode, buffering=64 * 1024))


def serve(asks: BinaryIO, answers: BinaryIO, reader: Reader, *, seconds: float) -> None:
    """Say that we are ready, then answer every mail on `asks` until it ends."""
    answers.write(frame(b""))
    answers.flush()
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
        return encode(ReadResult(failure=where(error))), []


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
