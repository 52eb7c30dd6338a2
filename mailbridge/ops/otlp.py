"""Sends spans to a collector by OTLP over HTTP.  Only this module uses OpenTelemetry, and only a desk with [telemetry] imports it.

Spans wait in memory, at most 2,048 of them, and a thread of the library sends them; what does not fit is dropped.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Thread, local

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from mailbridge import __version__
from mailbridge.ops.telemetry import Attributes

ROOT = "received"  # the span that the others of a trace are below
LAST = 2.0  # seconds at the end for what waits
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, of a ULID

Report = Callable[[str], None]  # gets why spans could not be sent, '' when they were


def trace_number(trace: str) -> int:
    """The 128 bits of a ULID."""
    number = 0
    for digit in trace:
        number = number << 5 | DIGITS.index(digit)
    return number


def root_number(trace: str) -> int:
    """The id of the root span: every process computes the same one, so each can hang its spans below it."""
    return int.from_bytes(sha256(trace.encode()).digest()[:8]) or 1


class OtlpRecorder:
    """Records spans of mails.  Thread-safe."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._ids = _Ids()
        named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "mailbridge"}
        resource = Resource.create({**named, "service.version": __version__})
        self._provider = TracerProvider(resource=resource, sampler=ALWAYS_ON, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mailbridge", __version__)

    def add_span(self, name: str, trace: str, start: int, end: int, attributes: Attributes, *, failed: str) -> None:
        """The span is in the queue.  A text that is no trace id is left out."""
        try:
            number = trace_number(trace)
        except ValueError:
            return
        own = api.SpanContext(number, root_number(trace), is_remote=True, trace_flags=api.TraceFlags(api.TraceFlags.SAMPLED))
        parent = Context() if name == ROOT else api.set_span_in_context(api.NonRecordingSpan(own), Context())
        self._ids.wanted.root = (own.trace_id, own.span_id) if name == ROOT else None
        span = self._tracer.start_span(name, context=parent, start_time=start, attributes={"mailbridge.trace": trace, **attributes})
        if failed:
            span.set_status(api.StatusCode.ERROR, failed)
        span.end(end_time=max(start, end))

    def close(self) -> None:
        """Sends what waits, for LAST seconds at most."""
        thread = Thread(target=self._provider.shutdown, name="telemetry-end", daemon=True)
        thread.start()
        thread.join(LAST)


class _Ids(RandomIdGenerator):
    """Random ids, but those of a mail for its root span."""

    def __init__(self) -> None:
        self.wanted = local()

    def generate_trace_id(self) -> int:
        root: tuple[int, int] | None = getattr(self.wanted, "root", None)
        return root[0] if root else super().generate_trace_id()

    def generate_span_id(self) -> int:
        root: tuple[int, int] | None = getattr(self.wanted, "root", None)
        return root[1] if root else super().generate_span_id()


class ReportingExporter(SpanExporter):
    """Another exporter, of whose failures somebody hears."""

    def __init__(self, exporter: SpanExporter, report: Report) -> None:
        self._exporter, self._report = exporter, report
        self._said = _LastWords()
        logger = logging.getLogger("opentelemetry")
        logger.handlers, logger.propagate = [self._said], False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._said.text = ""
        result = self._exporter.export(spans)
        self._report("" if result is SpanExportResult.SUCCESS else self._said.text or "the collector did not take the spans")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _LastWords(logging.Handler):
    """Keeps what the library logged last."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def recorder(endpoint: str, report: Report) -> OtlpRecorder:
    """Sends to `endpoint`, the collector's base address; '': to the one of the standard variables OTEL_EXPORTER_OTLP_…."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None)
    return OtlpRecorder(BatchSpanProcessor(ReportingExporter(exporter, report)))
