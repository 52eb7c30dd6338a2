"""Sockets that systemd opened (sd_listen_fds(3)), by the name from FileDescriptorName=.

systemd keeps its own copy: while the daemon restarts, the kernel queues the connections, and no client is refused.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from mailbridge.errors import Permanent

FIRST = 3  # SD_LISTEN_FDS_START
# Connections that wait in the kernel while the daemon restarts; the kernel lowers it to net.core.somaxconn.
BACKLOG = 4096


def named(name: str) -> tuple[socket.socket, ...]:
    """Copies of all listening sockets with this name: a .socket unit may have several ListenStream= lines.  Raises Permanent for none."""
    numbers = [FIRST + number for number, known in enumerate(_names()) if known == name]
    if not numbers:
        raise Permanent(_missing([name]))
    return tuple(_listening(number, name) for number in numbers)


def match(wanted: Iterable[str]) -> None:
    """Returns when systemd passed exactly the sockets that the configuration names.  Raises Permanent otherwise, with both lists."""
    wanted, names = sorted(set(wanted)), _names()
    if missing := [name for name in wanted if name not in names]:
        raise Permanent(_missing(missing))
    if unused := sorted(set(names) - set(wanted)):
        hint = f'write socket = "{unused[0]}" into [[listener]], [metrics], [health] or [web], or disable the .socket unit'
        why = "nothing in mailbridge.toml takes it: its clients would wait for ever"
        raise Permanent(f"systemd passed {_quoted(unused)}, and {why}; {hint}")


def _missing(names: list[str]) -> str:
    passed, pid = _quoted(sorted(set(_names()))) or "none", os.environ.get("LISTEN_PID")
    if pid and pid != str(os.getpid()):
        passed = f"none: LISTEN_PID is {pid}, this process is {os.getpid()}"
    hint = f"enable the .socket unit with FileDescriptorName={names[0]} while mailbridge is stopped: systemctl enable --now UNIT.socket"
    return f"systemd passed no socket named {_quoted(names)} (passed: {passed}); {hint}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _names() -> list[str]:
    """The name of each socket that was passed to this process, in the order of their numbers."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "0")
    if not count.isdecimal():
        raise Permanent(f'LISTEN_FDS="{count}" is not a number')
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    if int(count) and len(names) != int(count):
        raise Permanent(f"LISTEN_FDS says {count} sockets, LISTEN_FDNAMES has {len(names)} names: both must come from the same systemd")
    return names[: int(count)]


def _listening(number: int, name: str) -> socket.socket:
    try:
        os.set_inheritable(number, False)
        found = socket.socket(fileno=os.dup(number))
    except OSError as error:
        raise Permanent(f'the socket "{name}" that systemd passed cannot be used: {error.strerror}') from error
    kind = found.type, found.family in (socket.AF_INET, socket.AF_INET6)
    if kind != (socket.SOCK_STREAM, True) or not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        found.close()
        raise Permanent(f'the socket "{name}" that systemd passed is no listening TCP socket: use ListenStream=ADDRESS:PORT and Accept=no')
    found.setblocking(False)
    return found
