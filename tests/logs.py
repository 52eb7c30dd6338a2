"""The log of the process that runs the tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from mailbridge.ops.log import QUIET


@contextmanager
def log_as_before() -> Iterator[None]:
    """Whatever configures the log inside, it is afterwards as it was before."""
    root, raises = logging.getLogger(), logging.raiseExceptions
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()
        if structlog.is_configured():
            structlog.reset_defaults()
            root.handlers[:] = handlers
            root.setLevel(level)
            logging.raiseExceptions = raises
            for name in QUIET:
                logging.getLogger(name).setLevel(logging.NOTSET)
