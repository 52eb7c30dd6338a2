"""Sockets that systemd opened (sd_listen_fds(3)), by the name from FileDescriptorName=."""

from __future__ import annotations

import os
import socket

from mailbridge.errors import Permanent

FIRST = 3  # SD_LISTEN_FDS_START


def named(name: str) -> socket.socket:
    """The listening socket with this name.  Raises Permanent where systemd passed none."""
    mine = os.environ.get("LISTEN_PID") == str(os.getpid())
    names = os.environ.get("LISTEN_FDNAMES", "").split(":") if mine else []
    count = int(os.environ.get("LISTEN_FDS", "0")) if mine else 0
    for number in range(count):
        if number < len(names) and names[number] == name:
            found = socket.socket(fileno=os.dup(FIRST + number))
            found.setblocking(False)
            return found
    known = ", ".join(names[:count]) or "none"
    raise Permanent(f'systemd handed over no socket named "{name}" (but {known}); a .socket unit names it: FileDescriptorName={name}')
