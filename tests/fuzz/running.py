"""Reads mails and says which one was too much: an exception, two seconds, 256 MB, or a message that cannot go on its way."""

from __future__ import annotations

import random
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.frames import encode, set_apart
from mailbridge.sandbox.read import read
from tests.fuzz.mutate import mutated

SECONDS = 2.0  # of CPU: this machine may have other things to do
MEGABYTES = 256
POLICY = ReadingPolicy(
    own_addresses=("support@desk.test",),
    reply_markers=("## Please write your answer above this line ##",),
    envelope_from="jo@x.test",
)


class TooSlow(BaseException):
    """Not an Exception, so that no careful `except` of the reader takes it for one of its own."""


@dataclass(frozen=True, slots=True)
class Find:
    number: int
    raw: bytes
    what: str


@dataclass(slots=True)
class Run:
    seed: int
    count: int = 0
    slowest: float = 0.0
    finds: list[Find] = field(default_factory=list)


def run(seed: int, seeds: Sequence[bytes], *, until: Callable[[int], bool], first: int = 0) -> Run:
    """Reads mails first, first + 1, ... of `seed` until `until(how many were read)`; each is told by its number alone."""
    done = Run(seed)
    while not until(done.count):
        number = first + done.count
        raw = numbered(seed, number, seeds)
        began = time.process_time()
        what = trouble(raw)
        done.slowest = max(done.slowest, time.process_time() - began)
        done.count += 1
        if what:
            done.finds.append(Find(number, raw, what))
    return done


def numbered(seed: int, number: int, seeds: Sequence[bytes]) -> bytes:
    return mutated(random.Random(f"{seed}:{number}"), seeds)


def trouble(raw: bytes) -> str:
    """What is wrong with reading this mail; '' for nothing."""
    before = _peak()
    began = time.process_time()
    try:
        with _clock():
            message = read(raw, POLICY)
            encode(set_apart(message)[0])
            broken = next(_broken(message), "")
    except TooSlow:
        return "too slow"
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {last.filename.rpartition('/')[2]}:{last.lineno}: {str(error)[:200]}"
    if time.process_time() - began > SECONDS:
        return "too slow"  # in one long call of C, which no signal ends
    if _peak() - before > MEGABYTES << 10:
        return f"{(_peak() - before) >> 10} MB"
    return broken


def _broken(message: Message) -> Iterator[str]:
    """What must be true of every message, whatever the mail."""
    reply = message.reply
    if "".join(reply.text[span.start : span.end] for span in reply.spans) != reply.text:
        yield "the spans do not restore the text"
    names = [value for file in message.attachments for value in (file.name, file.original_name, file.content_id, file.summary)]
    for text in (message.subject, message.text, message.html, message.safe_html, reply.fresh, reply.text, message.sender.address, *names):
        if "\0" in text:
            yield "a NUL in the text"
        text.encode()
    if any("/" in file.name or not file.name for file in message.attachments):
        yield "a file name that leads elsewhere"
    if message.sender.strict and not message.sender.address:
        yield "a strict sender without an address"


@contextmanager
def _clock() -> Iterator[None]:
    def strike(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    earlier = signal.signal(signal.SIGPROF, strike)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, earlier)


def _peak() -> int:
    """The most memory this process ever had, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def shrunk(find: Find, *, seconds: float = 20) -> bytes:
    """A shorter mail with the same trouble, as far as a few tries get."""
    kind = find.what.partition(":")[0]
    raw, size, end = find.raw, max(1, len(find.raw) // 2), time.monotonic() + seconds
    while size and time.monotonic() < end:
        at, before = 0, len(raw)
        while at < len(raw) and time.monotonic() < end:
            shorter = raw[:at] + raw[at + size :]
            if trouble(shorter).partition(":")[0] == kind:
                raw = shorter
            else:
                at += size
        size = size // 2 if len(raw) == before else min(size, len(raw))
    return raw
