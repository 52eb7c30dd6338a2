"""Logging: one event for each unit of work, named in the past tense, with values by key.  JSON, unless the stream is a terminal.

No event at INFO contains a body, a subject, an address or a token.  `who(address)` gives a pseudonym that is the same in every line.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TextIO

import structlog

_json_traceback = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# These repeat at INFO what we log, or log what must not be logged: aiosmtpd logs every command with its addresses.
QUIET = {
    "mail.log": "WARNING",
    "apscheduler": "WARNING",
    "alembic": "WARNING",
    "sqlalchemy": "WARNING",
    "asyncio": "WARNING",
    "mailparser": "ERROR",
    "uvicorn": "WARNING",
}


def configure(*, style: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Sends all log events, also those of libraries, to `stream` (default: standard error) in one format.

    `style` is json, console, or auto: console when the stream is a terminal.
    """
    stream = sys.stderr if stream is None else stream
    shared = _shared()
    console = style == "console" or (style == "auto" and stream.isatty())
    last: list[Any] = [structlog.processors.format_exc_info, _lines] if console else [_json_traceback, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _of_library], processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
    # If the disk is full or the pipe closed, logging must neither print a traceback for each event nor stop the desk.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class Log(Protocol):
    """A logger.  Events are in snake_case and in the past tense, values are named."""

    def debug(self, event: str, /, **values: object) -> object: ...

    def info(self, event: str, /, **values: object) -> object: ...

    def warning(self, event: str, /, **values: object) -> object: ...

    def error(self, event: str, /, **values: object) -> object: ...

    def exception(self, event: str, /, **values: object) -> object:
        """Logs an error with the current exception and its traceback.  Call it inside `except`."""
        ...


def get_logger(room: str) -> Log:
    """A logger whose events carry `room`; usable before `configure`."""
    logger: Log = structlog.get_logger(room)
    return logger


get = get_logger  # for `logs.get("policy")`, if the module is imported as `logs`


def bound(**values: object) -> AbstractContextManager[object]:
    """Every event of this thread carries the values during the block, those of libraries too."""
    return structlog.contextvars.bound_contextvars(**values)


def trace() -> str:
    """The id of the mail that this thread works on, as `bound` has it; '' for none."""
    found = structlog.contextvars.get_contextvars().get("trace", "")
    return found if isinstance(found, str) else ""


def who(address: str) -> str:
    """A short, stable pseudonym for an address, by which its events can be found in a log."""
    return hashlib.blake2s(address.strip().lower().encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _of_library(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a library logs is a text, no event: the event has its name, the text is a value."""
    library = str(event.get("logger", "")).partition(".")[0]
    return {**event, "event": "library_logged", "library": library, "text": event.get("event", "")}


def _lines(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """`14:02:11 info    mail_processed  mail=7 ticket=42`, control characters escaped, so that a subject cannot send terminal sequences."""
    moment = str(event.pop("timestamp", ""))[11:19]
    level = str(event.pop("level", ""))
    name = event.pop("logger", "")
    trace = str(event.pop("exception", ""))
    what = _escaped(event.pop("event", ""))
    values = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    line = f"{moment} {level:<7} {what}  {values}".rstrip() + (f"  [{name}]" if name else "")
    return "\n".join([line, *(_escaped(each) for each in trace.splitlines())])


def _value(value: object) -> str:
    """The value, in quotes if it contains blanks."""
    text = _escaped(value)
    return f'"{text}"' if " " in text or not text else text


def _escaped(value: object) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in str(value))
