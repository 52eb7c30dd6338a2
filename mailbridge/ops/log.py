"""Logging, set up once: one event per unit of work, past tense, values as keys; JSON unless a person is watching.

No event at INFO carries a body, a subject, an address or a token: `who(address)` gives a name for an address that is the same in
every line and tells nobody who it is.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Protocol, TextIO

import structlog

_json_traceback = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# These say at INFO what we say better, or say what must not be logged: aiosmtpd logs every command with its addresses.
QUIET = {
    "mail.log": "WARNING",
    "apscheduler": "WARNING",
    "alembic": "WARNING",
    "sqlalchemy": "WARNING",
    "asyncio": "WARNING",
    "mailparser": "ERROR",
}


def configure(*, style: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Everything that is logged from now on, by us and by libraries, goes to `stream` (standard error) in one form.

    `style` is json, console, or auto: console when the stream is a terminal.
    """
    stream = sys.stderr if stream is None else stream
    shared = _shared()
    console = style == "console" or (style == "auto" and stream.isatty())
    last: list[Any] = [structlog.processors.format_exc_info, _lines] if console else [_json_traceback, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
    # A full disk or a closed pipe under the log must not become a traceback per event, nor stop the desk.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class Log(Protocol):
    """Events: snake_case, past tense, values by name."""

    def debug(self, event: str, /, **values: object) -> object: ...

    def info(self, event: str, /, **values: object) -> object: ...

    def warning(self, event: str, /, **values: object) -> object: ...

    def error(self, event: str, /, **values: object) -> object: ...

    def exception(self, event: str, /, **values: object) -> object:
        """Inside `except`: an error with the exception and where it came from."""
        ...


def get_logger(room: str) -> Log:
    """A logger whose events carry `room`; usable before `configure`."""
    logger: Log = structlog.get_logger(room)
    return logger


get = get_logger  # `logs.get("policy")` where the module is called logs


def who(address: str) -> str:
    """A short, stable name for an address, to follow somebody through a log without knowing who it is."""
    return hashlib.blake2s(address.strip().lower().encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _shared() -> list[Any]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _lines(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """`14:02:11 info    mail_processed  mail=7 ticket=42`, every control character escaped: a subject must not paint the terminal."""
    moment = str(event.pop("timestamp", ""))[11:19]
    level = str(event.pop("level", ""))
    name = event.pop("logger", "")
    trace = str(event.pop("exception", ""))
    what = _escaped(event.pop("event", ""))
    values = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    line = f"{moment} {level:<7} {what}  {values}".rstrip() + (f"  [{name}]" if name else "")
    return "\n".join([line, *(_escaped(each) for each in trace.splitlines())])


def _value(value: object) -> str:
    """Quoted when blanks would blur where it ends."""
    text = _escaped(value)
    return f'"{text}"' if " " in text or not text else text


def _escaped(value: object) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in str(value))
