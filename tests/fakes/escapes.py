"""A reader that a mail has taken over: the mail's words say what it tries, by system calls of its own, and the subject how that ended."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Callable
from errno import errorcode

from mailbridge.message.model import Attachment, Message, ReadingPolicy, Sender
from mailbridge.sandbox.frames import HEAD, frame

AT_FDCWD = -100
IPV4, STREAM, LOCAL = 2, 1, 1
# Numbers of the generic table (aarch64) beside those of x86_64; there is no fork, open or unlink of the old kind in the generic one.
CALLS = {
    "socket": (41, 198), "openat": (257, 56), "unlinkat": (263, 35), "renameat2": (316, 276), "mkdirat": (258, 34), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "kill": (62, 129), "tgkill": (234, 131), "execve": (59, 221), "clone": (56, 220),
    "io_uring_setup": (425, 425),
    "mmap": (9, 222), "mprotect": (10, 226), "prlimit64": (302, 261), "prctl": (157, 167), "bpf": (321, 280), "pidfd_open": (434, 434),
    "memfd_create": (319, 279), "mount": (165, 40), "setuid": (105, 146), "keyctl": (250, 219), "userfaultfd": (323, 282),
    "shmget": (29, 194),
    "perf_event_open": (298, 241), "sendto": (44, 206), "chmod": (268, 53), "truncate": (76, 45), "linkat": (265, 37), "fork": (57, -1),
}  # fmt: skip
COLUMN = 0 if platform.machine() == "x86_64" else 1


def read(raw: bytes, policy: ReadingPolicy) -> Message:
    """A message whose subject is "done", or the name of the error that the attempt ended in."""
    what, _, rest = raw.decode().partition(" ")
    return LIES[what](rest) if what in LIES else Message(subject=ATTEMPTS[what](rest))


def call(name: str, *arguments: int | bytes | None) -> str:
    """How a system call ended; "absent" where this machine has none of the name."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    number = CALLS[name][COLUMN]
    if number < 0:
        return "absent"
    wrapped = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return "done" if library.syscall(ctypes.c_long(number), *wrapped) >= 0 else errorcode[ctypes.get_errno()]


def at(path: str) -> bytes:
    return path.encode()


def memory_of_parent(_: str) -> str:
    return call("openat", AT_FDCWD, at(f"/proc/{os.getppid()}/mem"), os.O_RDWR, 0)


def read_memory_of_parent(_: str) -> str:
    return call("openat", AT_FDCWD, at(f"/proc/{os.getppid()}/mem"), os.O_RDONLY, 0)


def trace(number: str) -> str:
    seize = 0x4206
    return call("ptrace", seize, int(number or os.getppid()), 0, 0)


def copy_memory(number: str) -> str:
    here = ctypes.create_string_buffer(8)
    local = struct.pack("PN", ctypes.addressof(here), 8)
    remote = struct.pack("PN", id(read), 8)  # the same place in a process that it was forked from
    return call("process_vm_readv", int(number or os.getppid()), local, 1, remote, 1, 0)


def connect(port: str) -> str:
    import socket

    try:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
            return "done"
    except OSError as error:
        return errorcode[error.errno or 0]


def opened_others(_: str) -> str:
    """The descriptors that are open here beside the pipes and the three standard ones."""
    found = [str(fd) for fd in range(64) if not fails(lambda fd=fd: os.fstat(fd))]  # type: ignore[misc]
    return " ".join(found)


def fails(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


ATTEMPTS: dict[str, Callable[[str], str]] = {
    "socket": lambda _: call("socket", IPV4, STREAM, 0),
    "local-socket": lambda _: call("socket", LOCAL, STREAM, 0),
    "connect": connect,
    "read-file": lambda path: call("openat", AT_FDCWD, at(path), os.O_RDONLY, 0),
    "write-file": lambda path: call("openat", AT_FDCWD, at(path), os.O_WRONLY, 0),
    "create-file": lambda path: call("openat", AT_FDCWD, at(path), os.O_WRONLY | os.O_CREAT, 0o600),
    "unlink": lambda path: call("unlinkat", AT_FDCWD, at(path), 0),
    "rename": lambda path: call("renameat2", AT_FDCWD, at(path), AT_FDCWD, at(path + ".moved"), 0),
    "link": lambda path: call("linkat", AT_FDCWD, at(path), AT_FDCWD, at(path + ".link"), 0),
    "truncate": lambda path: call("truncate", at(path), 0),
    "chmod": lambda path: call("chmod", AT_FDCWD, at(path), 0o777),
    "mkdir": lambda path: call("mkdirat", AT_FDCWD, at(path), 0o700),
    "write-memory": memory_of_parent,
    "read-memory": read_memory_of_parent,
    "ptrace": trace,
    "copy-memory": copy_memory,
    "kill": lambda number: call("kill", int(number or os.getppid()), 0),
    "tgkill": lambda number: call("tgkill", int(number or os.getppid()), int(number or os.getppid()), 0),
    "tgkill-itself": lambda _: call("tgkill", os.getpid(), os.getpid(), 0),
    "execve": lambda _: call("execve", b"/bin/true", None, None),
    "clone": lambda _: call("clone", 17, 0, 0, 0, 0),
    "fork": lambda _: call("fork"),
    "io_uring": lambda _: call("io_uring_setup", 1, bytes(120)),
    "bpf": lambda _: call("bpf", 0, None, 0),
    "pidfd": lambda number: call("pidfd_open", int(number or os.getppid()), 0),
    "memfd": lambda _: call("memfd_create", b"x", 0),
    "mount": lambda _: call("mount", b"none", b"/", b"tmpfs", 0, None),
    "setuid": lambda _: call("setuid", 0),
    "keyctl": lambda _: call("keyctl", 0, -3, 0),
    "userfaultfd": lambda _: call("userfaultfd", 1),
    "shmget": lambda _: call("shmget", 0, 4096, 0o1600),
    "perf": lambda _: call("perf_event_open", bytes(128), 0, -1, -1, 0),
    "sendto": lambda _: call("sendto", 1, b"x", 1, 0, None, 0),
    "dumpable": lambda _: call("prctl", 4, 1, 0, 0, 0),
    "limit-of-parent": lambda _: call("prlimit64", os.getppid(), 7, None, bytes(16)),
    "limit-of-itself": lambda _: call("prlimit64", 0, 7, None, bytes(16)),
    "code-in-memory": lambda _: call("mmap", 0, 4096, 5, 0x22, -1, 0),
    "memory-to-code": lambda _: call("mprotect", id(read) & ~4095, 4096, 5),
    "descriptors": opened_others,
}


# -- what it answers ------------------------------------------------------------------------------------------------


def raw_frame(content: bytes) -> Message:
    """Writes to every pipe that is open, past the code that should, and then ends."""
    for pipe in range(3, 64):
        try:
            os.write(pipe, content)
        except OSError:
            continue
    os._exit(0)


LIES: dict[str, Callable[[str], Message]] = {
    "verified": lambda who: Message(
        subject="trust me",
        sender=Sender(address=who, strict=True, verified=True, dmarc="pass", proof="own check", signed_fields=("from", "to", "subject")),
    ),
    "two-lines": lambda _: Message(subject="Hello\r\nBcc: everybody@firm.test"),
    "huge": lambda _: Message(text="x" * (64 << 20)),
    "many-files": lambda _: Message(
        attachments=tuple(
            Attachment(part=str(number), name="a", content_type="a/b", size=1 << 20, sha256="", content=bytes(1 << 20))
            for number in range(40)
        )
    ),
    "endless-frame": lambda _: raw_frame(HEAD.pack(1 << 62) + b"x"),
    "no-msgpack": lambda _: raw_frame(frame(b"\xc1\xc1\xc1\xc1")),
    "wrong-type": lambda _: raw_frame(frame(b"\x81\xa7message\x81\xa7subject\x01")),
    "empty-frame": lambda _: raw_frame(HEAD.pack(0)),
    "file-of-nobody": lambda _: raw_frame(frame(b"\x82\xa7message\x80\xa5apart\x91\x92\x05\x01")),
    "answers-of-others": lambda _: raw_frame(3 * frame(b"\x81\xa7message\x80")),
    "false-hash": lambda _: Message(
        attachments=(Attachment(part="1", name="a", content_type="a/b", size=5, sha256="0" * 64, content=b"hello"),)
    ),
}
