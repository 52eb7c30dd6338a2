"""`mailbridge web`: the pages as a process of their own, beside the daemon on PostgreSQL."""

from __future__ import annotations

import signal
from threading import Event

from mailbridge.daemon.app import App
from mailbridge.errors import StoreAway
from mailbridge.ops import log as logs
from mailbridge.ops import sockets, systemd

log = logs.get("web")

LOOK_EVERY = 5.0  # seconds; rules and keys that another process changed


def run(app: App) -> int:
    """Serves the pages until SIGTERM or SIGINT; 0 after an orderly end."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    sockets.match([app.config.web.socket] if app.config.web.socket else [])
    app.desk()  # loads keys and rules before the first page
    pages = app.pages()
    systemd.notify("READY=1")
    log.info("pages_started", port=pages.port)
    while not stop.wait(LOOK_EVERY):
        _look(app)
        systemd.notify("WATCHDOG=1")
    systemd.notify("STOPPING=1")
    pages.close()
    log.info("pages_stopped")
    return 0


def _look(app: App) -> None:
    try:
        app.refresh_files()
        app.refresh_keys()
    except StoreAway as error:
        log.warning("store_away", error=str(error))
