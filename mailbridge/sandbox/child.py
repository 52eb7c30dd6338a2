"""A reading child: reads the mails of one batch in a sandbox and exits.

The fork server (`forkserver.py`) has loaded all modules and forks the child.  The child communicates only with its parent and keeps no
state: the next batch gets another child.  Limits: the sandbox, address space, no core file, no written files, no processes.  Each mail has
a limit on CPU and wall clock time, so that the child ends even if its parent was killed.
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

OUT_OF_MEMORY = 77  # exit code; the parent names the limit
# The parent enforces the limit.  The child's own timer fires later and matters only if the parent is gone.
GRACE_SECONDS = 2
BIG = 1 << 20  # bytes; after a mail of this size garbage is collected at once


# File descriptors beyond the open ones: modules may still be loaded.
OPEN_FILES = 64


def run(asks: int, answers: int, reader: Reader, sandbox: Sandbox, *, seconds: float) -> None:
    """Serves until the pipe `asks` ends.  The sandbox is in force before the first byte of a mail is read."""
    end_with_parent(signal.SIGKILL)
    lock_down()
    sandbox.enter()
    serve(open_pipe(asks, "rb"), open_pipe(answers, "wb"), reader, seconds=seconds)


def lock_down() -> None:
    """Sets resource limits (setrlimit(2)): no file can be written, no process started, and few files opened."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def open_pipe(pipe: int, mode: str) -> BinaryIO:
    return cast(BinaryIO, os.fdopen(pipe, mode, buffering=64 * 1024))


def serve(asks: BinaryIO, answers: BinaryIO, reader: Reader, *, seconds: float) -> None:
    """Sends "ready", then reads each mail on `asks` and sends its answer, until `asks` ends."""
    answers.write(frame(b""))
    answers.flush()
    introduction = next_frame(asks)
    if not introduction:  # the parent ended before it sent anything
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
    """Reads the next `size` bytes with `reader`; the encoded result and its large contents.  The raw mail is freed on return."""
    try:
        answer, contents = set_apart(reader(asks.read(size), policy))
        return encode(answer), contents
    except MemoryError:
        # After this the state of the process is unreliable: even building an answer may fail.
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # the reader must not raise; if it does, the mail is quarantined with the place of the bug
        return encode(ReadResult(failure=where(error))), []


def where(error: Exception) -> str:
    """Type and place of `error`, without its text, which may quote the mail."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def start_clocks(seconds: float) -> None:
    """Limits this process to `seconds` of CPU and of wall clock time from now on.  The default action of both signals ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds) + GRACE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_SECONDS)


def next_frame(asks: BinaryIO) -> bytes:
    """Reads the next payload; b'' at the end of the stream."""
    head = asks.read(HEAD.size)
    if len(head) < HEAD.size:
        return b""
    return asks.read(HEAD.unpack(head)[0])
