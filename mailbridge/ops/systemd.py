"""Notifications to systemd (sd_notify(3)): ready, watchdog, stopping.  Without systemd nothing is sent."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Sends `state`, in the format of sd_notify(3): READY=1, WATCHDOG=1, STOPPING=1, STATUS=..."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.sendto(state.encode(), address)
        except OSError:
            return  # systemd does not listen; the desk goes on
