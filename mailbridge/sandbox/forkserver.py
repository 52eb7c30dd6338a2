"""The fork server: `python -m mailbridge.sandbox.forkserver READER SECONDS BYTES`, with a control socket as its stdin.

It loads the modules for reading and never gets a mail.  It forks a reading child (`child.py`) for each batch of mails, so that no state of
one batch reaches the next, and reports exit codes.  Requests and replies on the socket have a fixed size:

    parent → server   ForkRequest.FORK with two pipes (SCM_RIGHTS): the first for mails to the child, the second for its answers
                      ForkRequest.REAP with the PID of a process that was killed or has ended
    server → parent   once the missing layers of the sandbox (bits in the order of Layer), then a number for each request:
                      the PID, or the exit code (negative: the signal)
"""

from __future__ import annotations

import codecs
import contextlib
import encodings
import gc
import importlib
import os
import pkgutil
import resource
import signal
import socket
import struct
import sys
import zoneinfo
from enum import IntEnum
from pathlib import Path

from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox import child
from mailbridge.sandbox.child import Reader
from mailbridge.sandbox.confine import Layer, Sandbox, hide_memory, prepare

REQUEST = struct.Struct("<Bq")
REPLY = struct.Struct("<q")

WARM_UP = (
    b"From: a@example.test\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Hello, the printer on the second floor does not print any more since this morning.</p>\r\n",
    b"From: a@example.test\r\nTo: b@example.test, c@example.test\r\nSubject: Re: Hello\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    b"It prints again, thank you very much for your help.\r\n\r\nBest regards\r\nKim\r\n\r\nSent from my iPhone\r\n\r\n"
    b"On Mon, 2 Mar 2026 at 10:00, Help <b@example.test> wrote:\r\n> Is it switched on?\r\n\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n",
    b"From: a@example.test\r\nTo: b@example.test\r\nSubject: Visit\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260302T100000Z\r\n"
    b"DTSTART;TZID=Europe/Berlin:20260302T100000\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
)


class ForkRequest(IntEnum):
    """The requests of the parent."""

    FORK = 1
    REAP = 2


def main(arguments: list[str]) -> None:
    """Serves until the control socket ends."""
    reader_name, seconds, memory = arguments
    confine(int(memory))
    control = private_socket()
    reader = load(reader_name)
    warm_up(reader)
    sandbox = prepare()
    missing = try_out(sandbox)
    if Layer.LANDLOCK in missing:
        load_all()
    silence()
    # Objects of the imports are never freed, so garbage collections need not visit them.
    gc.freeze()
    control.sendall(REPLY.pack(sum(1 << number for number, layer in enumerate(Layer) if layer in missing)))
    while serve_one(control, reader, sandbox, float(seconds)):
        pass


def confine(memory: int) -> None:
    """Limits the address space to `memory` bytes, allows no core files and no tracing, ignores the terminal's signals."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hide_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def private_socket() -> socket.socket:
    """Moves the control socket to a descriptor that libraries do not use, so that reads of stdin and prints cannot reach it."""
    control = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return control


def silence() -> None:
    """Redirects all output to /dev/null after a successful start, because warnings of libraries may quote the mail."""
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def load(name: str) -> Reader:
    """Imports and returns the function `package.module:function`."""
    module, _, function = name.partition(":")
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def warm_up(reader: Reader) -> None:
    """Loads tables and the language model ahead of the first mail, so that they do not count against its limits."""
    for mail in WARM_UP:
        with contextlib.suppress(Exception):
            reader(mail, ReadingPolicy())


def load_all() -> None:
    """Loads all character sets and time zones, because without Landlock a child must not open any file."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(ImportError, LookupError):
            codecs.lookup(module.name)
    ZONES.extend(zoneinfo.ZoneInfo(name) for name in zoneinfo.available_timezones())


ZONES: list[zoneinfo.ZoneInfo] = []  # references keep the zones in zoneinfo's weak cache


def try_out(sandbox: Sandbox) -> frozenset[Layer]:
    """The layers that a child lacks, tested in a child."""
    number = os.fork()
    if not number:
        found = frozenset(Layer)
        try:
            found = frozenset(sandbox.enter())
        finally:
            os._exit(sum(1 << place for place, layer in enumerate(Layer) if layer in found))
    code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    return frozenset(layer for place, layer in enumerate(Layer) if code < 0 or code >> place & 1)


def serve_one(control: socket.socket, reader: Reader, sandbox: Sandbox, seconds: float) -> bool:
    """Answers the next request; False at the end of the socket."""
    message, pipes, _, _ = socket.recv_fds(control, REQUEST.size, 2)
    if len(message) < REQUEST.size:
        return False
    request, number = REQUEST.unpack(message)
    if request == ForkRequest.FORK:
        answer = forked(control, (pipes[0], pipes[1]), reader, sandbox, seconds)
    else:
        answer = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    control.sendall(REPLY.pack(answer))
    return True


def forked(control: socket.socket, pipes: tuple[int, int], reader: Reader, sandbox: Sandbox, seconds: float) -> int:
    """Forks a child that gets the pipes, and closes them here; the child's PID."""
    if number := os.fork():
        for pipe in pipes:
            os.close(pipe)
        return number
    code = 1
    try:
        control.close()
        child.run(*pipes, reader, sandbox, seconds=seconds)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
