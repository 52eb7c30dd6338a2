"""Spans of what is done for a mail, where [telemetry] is switched on; else each call here costs a look at a variable.

The trace id of a mail in logs is the id of its trace.  Attributes are ids, sizes and kinds: never an address, a subject or a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns, time_ns
from typing import Protocol

from mailbridge.ops import log as logs

Attributes = dict[str, str | int | bool]


class Recorder(Protocol):
    """Where finished spans go.  Never blocks and never raises."""

    def add_span(self, name: str, trace: str, start: int, end: int, attributes: Attributes, *, failed: str) -> None:
        """One span of this trace, from `start` to `end` in nanoseconds since 1970.  `failed`: the kind of the error, '' for none."""
        ...


_recorder: Recorder | None = None


def switch(recorder: Recorder | None) -> None:
    """Spans go to this recorder from now on; None: nowhere."""
    global _recorder
    _recorder = recorder


def is_on() -> bool:
    return _recorder is not None


@contextmanager
def span(name: str, trace: str = "", **attributes: str | int | bool) -> Iterator[Attributes]:
    """Measures the block as a span of this trace ('': the one that the log has now).  Gives the attributes, to which the block may add."""
    if _recorder is None:
        yield {}
        return
    start, began, failed = time_ns(), perf_counter_ns(), ""
    found: Attributes = {**attributes}
    try:
        yield found
    except BaseException as error:
        failed = type(error).__name__
        raise
    finally:
        add_span(name, trace, start, start + perf_counter_ns() - began, failed=failed, **found)


def add_span(name: str, trace: str, start: int, end: int, *, failed: str = "", **attributes: str | int | bool) -> None:
    """A span that was measured elsewhere."""
    if _recorder is not None and (of := trace or logs.trace()):
        _recorder.add_span(name, of, start, end, attributes, failed=failed)
