"""The program with its limits shortened: `python -m tests.silences.shortened run --desk …` is `mailbridge run` that waits for seconds
where the program waits for minutes.  On SIGUSR1 it writes the names of its threads.  Nothing else differs."""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import timedelta
from importlib import import_module

from mailbridge.delivery.session import Relay, Timeouts


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


LIMITS: dict[str, dict[str, object]] = {
    "mailbridge.intake.imap_client": {"CONNECT_TIMEOUT": 2.0, "READ_TIMEOUT": 2.0},
    "mailbridge.intake.imap_connection": {"EXCHANGE": 4.0, "FAREWELL_TIMEOUT": 0.5},
    "mailbridge.intake.imap": {"IDLE_SLICE": 2.0, "STORE_CAP": 2.0, "LOGIN_LOOK": 1.0},
    "mailbridge.intake.imap_plan": {"NETWORK_CAP": 2.0},
    "mailbridge.intake.session": {"IDLE": 3.0, "FIRST": 3.0, "LIFETIME": 6.0},
    "mailbridge.delivery.deliver": {
        "FIRST_WAIT": seconds(2), "LONGEST_WAIT": seconds(4), "FIRST_REST": seconds(1), "LONGEST_REST": seconds(2),
        "DOT_LEASE": seconds(4),
    },
    "mailbridge.delivery.webhooks.deliver": {"FIRST_WAIT": seconds(1), "LONGEST_WAIT": seconds(4)},
    "mailbridge.delivery.webhooks.servers": {"FIRST_REST": seconds(1), "LONGEST_REST": seconds(2)},
    "mailbridge.checks.resolver": {"LIFETIME": 1.0, "SILENCE": 1.0, "NOTHING": 1.0, "LONGEST": 1.0},
    "mailbridge.checks.skipping": {"PAUSE": seconds(3)},
    "mailbridge.oauth.endpoint": {"TIME_LIMIT": seconds(2)},
    "mailbridge.oauth.source": {"TIME_LIMIT": seconds(2), "LEASE": seconds(6), "LONGEST_REST": seconds(2)},
    "mailbridge.daemon.app": {"STORE_PATIENCE": seconds(2)},
    "mailbridge.health.probes": {"PATIENCE": 2.0},
    "mailbridge.health.names": {"PROBE_EVERY": seconds(3), "PROBED": seconds(5)},
    "mailbridge.health.notices": {"AFTER": seconds(5), "PROBED_AGAIN": seconds(2), "BACK_AFTER": seconds(4)},
    "mailbridge.daemon.schedule": {"SOURCES": seconds(1), "HEARTBEAT": seconds(3), "TOKENS": seconds(1)},
    "mailbridge.daemon.stand_ins": {"WAITS": seconds(2)},
    "mailbridge.daemon.store_alarm": {"AFTER": seconds(3)},
    "mailbridge.store.outbox": {"UNKNOWN_REST": seconds(1)},
    "mailbridge.store.writing": {"HOLD": 1.0},
    "mailbridge.store.wake": {"_ASKED": 1.0},
}  # fmt: skip
SMTP = Timeouts(connect=2, greeting=2, command=2, data=2, body=2, dot=3)


def shorten() -> None:
    """The limits are the short ones.  Raises AttributeError for one that the program no longer has."""
    for name, limits in LIMITS.items():
        module = import_module(name)
        for limit, value in limits.items():
            getattr(module, limit)
            setattr(module, limit, value)
    (Relay.__init__.__kwdefaults__ or {})["timeouts"] = SMTP


def tell_threads(*_: object) -> None:
    names = sorted(thread.name for thread in threading.enumerate())
    sys.stderr.write(json.dumps({"threads": names}) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    shorten()
    signal.signal(signal.SIGUSR1, tell_threads)
    from mailbridge_desk import run

    run()
