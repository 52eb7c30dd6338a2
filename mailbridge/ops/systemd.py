"""Words to systemd (sd_notify(3)): ready, still alive, stopping.  Nothing happens where no systemd listens."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """`state` as systemd words it: READY=1, WATCHDOG=1, STOPPING=1, STATUS=..."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.sendto(state.encode(), address)
        except OSError:
            return  # systemd went away; the desk goes on
