"""What it costs to understand a mail, beside the bare parse of mail-parser and of the standard library, on the same mails.

    python -m benchmarks.parse [--n 500 --seed 42 | --mails DIR] [--rounds R] [--json]

Each reader has a process of its own, reads all mails once to warm up and then once a round, in turns with the others; the median of its
rounds counts, in time of the processor, which other programs on the machine disturb less than the clock.  Ours is the whole
understanding: structure, characters, HTML made safe, files, kind, who wrote it, the reply and its spans, the language.  mail-parser is
asked for every field, the standard library (compat32) for all headers and the decoded content of all parts; both do nothing with them.
A last round tells where our time goes.  Memory is the most that a process had, less what it had before the first mail.
Exit code 1 when ours costs more than 2.5 times mail-parser's parse.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import logging
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.generator import DESK, write

TARGET = 2.5

Reader = Callable[[bytes], object]


# The readers: each imports what it needs in its own process, so that the one's memory is not the other's


def mailbridge() -> Reader:
    from mailbridge.message.model import ReadingPolicy
    from mailbridge.sandbox.read import read

    policy = ReadingPolicy(own_addresses=(DESK,))
    return lambda raw: read(raw, policy)


def mail_parser() -> Reader:
    import mailparser

    logging.disable(logging.WARNING)  # it tells of each delivery report that it leaves parts out

    def parse(raw: bytes) -> object:
        mail = mailparser.parse_from_bytes(raw)
        return mail.mail, mail.headers, mail.text_plain, mail.text_html, mail.attachments, mail.received, mail.defects

    return parse


def standard_library() -> Reader:
    import email
    import email.policy

    def parse(raw: bytes) -> object:
        mail = email.message_from_bytes(raw, policy=email.policy.compat32)
        return mail.items(), [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]

    return parse


READERS: dict[str, Callable[[], Reader]] = {
    "mailbridge": mailbridge,
    "mail-parser": mail_parser,
    "standard library": standard_library,
}

# Where our time goes: what is done, the module that calls it, and the name it calls it by.
PARTS = (
    ("structure and decoding", "mailbridge.message.parse", "read_tree"),
    ("structure and decoding", "mailbridge.message.parse", "opened"),
    ("body", "mailbridge.message.parse", "read_body"),
    ("HTML to text", "mailbridge.message.html", "to_text"),
    ("HTML made safe", "mailbridge.message.html", "sanitise"),
    ("attachments", "mailbridge.message.attachments", "of_leaf"),
    ("fingerprint", "mailbridge.message.parse", "fingerprint"),
    ("kind", "mailbridge.message.kind", "classify"),
    ("sender", "mailbridge.message.authenticity", "claimed_sender"),
    ("reply", "mailbridge.sandbox.read", "extract"),
    ("language", "mailbridge.sandbox.read", "language_of_mail"),
)
REST = "headers and the rest"


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of one reader: milliseconds of the processor a mail, mails a second by the clock, and MB above the idle process.

    `failed`: so many mails made it throw.
    """

    cpu_ms: float
    mails_per_s: float
    memory_mb: float
    failed: int


def turn(read: Reader, raws: Sequence[bytes], idle_kb: int) -> Turn:
    gc.collect()
    failed = 0
    began, busy = time.perf_counter(), time.process_time()
    for raw in raws:
        try:
            read(raw)
        except Exception:  # the bare parsers throw at what is no good MIME; how often is told
            failed += 1
    took, busy = time.perf_counter() - began, time.process_time() - busy
    return Turn(busy * 1000 / len(raws), len(raws) / took, (peak_kb() - idle_kb) / 1024, failed)


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def shares(read: Reader, raws: Sequence[bytes]) -> dict[str, float]:
    """Milliseconds of the processor a mail by what is done; what one part asks of another is the other's."""
    watch = Stopwatch()
    for name, module, function in PARTS:
        home = importlib.import_module(module)
        setattr(home, function, watch.timed(name, getattr(home, function)))
    whole = watch.timed(REST, read)
    for raw in raws:
        whole(raw)
    return {name: seconds * 1000 / len(raws) for name, seconds in sorted(watch.seconds.items(), key=lambda item: -item[1])}


class Stopwatch:
    """Times functions that call one another, each without those it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner: list[float] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            self._inner.append(0.0)
            began = time.process_time()
            try:
                return function(*args, **words)
            finally:
                took = time.process_time() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return call


# The processes


def serve(name: str, folder: str, wire: Connection) -> None:
    """Does a turn for each `turn` that comes, tells the shares for `shares`, and ends with anything else."""
    read = READERS[name]()
    raws = mails_of(Path(folder))
    idle = peak_kb()
    turn(read, raws, idle)
    wire.send("warm")
    while (asked := wire.recv()) in {"turn", "shares"}:
        wire.send(turn(read, raws, idle) if asked == "turn" else shares(read, raws))


def mails_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.eml"))]


@contextmanager
def reader(name: str, folder: Path) -> Iterator[Connection]:
    """A process that reads the folder's mails when asked."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(name, str(folder), there))
    process.start()
    there.close()  # so that the end of the process is the end of the pipe
    try:
        here.recv()
        yield here
    finally:
        if process.is_alive():
            here.send("end")
        process.join()


def run(folder: Path, rounds: int) -> dict[str, Any]:
    """The figures of all readers, in turns."""
    turns: dict[str, list[Turn]] = {name: [] for name in READERS}
    with ExitStack() as stack:
        wires = {name: stack.enter_context(reader(name, folder)) for name in READERS}
        for _ in range(rounds):
            for name, wire in wires.items():
                turns[name].append(ask(wire, "turn"))
        found = ask(wires["mailbridge"], "shares")
    return figures(turns, found) | {"mails": len(mails_of(folder)), "rounds": rounds}


def ask(wire: Connection, what: str) -> Any:
    wire.send(what)
    return wire.recv()


def figures(turns: dict[str, list[Turn]], found: dict[str, float]) -> dict[str, Any]:
    cpu = {name: statistics.median(one.cpu_ms for one in done) for name, done in turns.items()}
    return {
        "ratio_to_mail_parser": round(cpu["mailbridge"] / cpu["mail-parser"], 2),
        "ratio_to_standard_library": round(cpu["mailbridge"] / cpu["standard library"], 2),
        "cpu_ms_a_mail": {name: round(ms, 3) for name, ms in cpu.items()},
        "mails_per_s": {name: round(statistics.median(one.mails_per_s for one in done), 1) for name, done in turns.items()},
        "memory_mb": {name: round(max(one.memory_mb for one in done), 1) for name, done in turns.items()},
        "failed": {name: done[0].failed for name, done in turns.items()},
        "where_ours_goes_ms": {name: round(ms, 3) for name, ms in found.items()},
    }


def report(found: dict[str, Any]) -> str:
    lines = [f"{found['mails']} mails, medians of {found['rounds']} rounds; processor time a mail, mails a second, memory above idle"]
    for name, ms in found["cpu_ms_a_mail"].items():
        lines.append(f"  {name:<18} {ms:7.3f} ms  {found['mails_per_s'][name]:8.1f} /s  {found['memory_mb'][name]:6.1f} MB"
                     + (f"  threw at {found['failed'][name]}" if found["failed"][name] else ""))
    bare, library = found["ratio_to_mail_parser"], found["ratio_to_standard_library"]
    lines.append(f"  {bare} times mail-parser (at most {TARGET}), {library} times the library")
    whole = sum(found["where_ours_goes_ms"].values())
    lines += [f"    {ms / whole:5.0%}  {ms:6.3f} ms  {name}" for name, ms in found["where_ours_goes_ms"].items()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=500, help="how many mails to make up (default: 500)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--mails", type=Path, help="a folder of *.eml instead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="mailbridge-parse-") as made:
        if asked.mails is None:
            write(Path(made), asked.n, asked.seed)
        found = run(asked.mails or Path(made), asked.rounds)
    print(json.dumps(found) if asked.json else report(found))
    return 0 if found["ratio_to_mail_parser"] <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
