"""Spans reach a collector by OTLP over HTTP, and a collector that is away holds nobody and is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mailbridge.daemon.telemetry import begin
from mailbridge.errors import Permanent
from mailbridge.health.names import TELEMETRY
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.ops import telemetry
from mailbridge.ops.otlp import LAST, trace_number
from tests.builders import NOW
from tests.harness import a_config
from tests.servers.processes import free_ports

TRACE = new_trace_id(NOW, lambda size: bytes(range(size)))


@dataclass
class Collector:
    """What the test's receiver was sent.  `status`: what it answers."""

    port: int = 0
    status: int = 200
    paths: list[str] = field(default_factory=list)
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)

    def spans(self) -> list[Any]:
        return [span for one in self.requests for of in one.resource_spans for scope in of.scope_spans for span in scope.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.paths.append(self.path)
            found.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Said:
    """What the board of sources hears."""

    proven_: list[str] = field(default_factory=list)
    failed_: list[str] = field(default_factory=list)

    def proven(self, source: str, proof: str) -> None:
        assert source == TELEMETRY
        self.proven_.append(proof)

    def failed(self, source: str, reason: str, _wait: float | None = None) -> None:
        assert source == TELEMETRY
        self.failed_.append(reason)


def work() -> None:
    """What a desk records of one mail."""
    telemetry.add_span("received", TRACE, 1_000, 2_000, source="smtp")
    with telemetry.span("placed", TRACE):
        pass
    with suppress(ValueError), telemetry.span("executed", TRACE, size=3) as about:
        about.update(outcome="ticket")
        raise ValueError("secret words")
    with telemetry.span("nothing"):  # no mail: no trace
        pass
    telemetry.add_span("odd", "no trace id", 1, 2)


@pytest.mark.parametrize("by_environment", [False, True])
def test_a_collector_gets_one_trace_with_the_id_of_the_mail(tmp_path: Path, by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Said()
    with collecting() as collector:
        url = f"http://127.0.0.1:{collector.port}"
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url} if by_environment else {}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        end = begin(a_config(tmp_path, telemetry_endpoint="" if by_environment else url), board, environment)  # type: ignore[arg-type]
        try:
            work()
        finally:
            end()
    spans = {span.name: span for span in collector.spans()}

    assert collector.paths == ["/v1/traces"]
    assert board.proven_ == ["the collector took spans"]
    assert set(spans) == {"received", "placed", "executed"}
    assert {int.from_bytes(span.trace_id) for span in spans.values()} == {trace_number(TRACE)}
    root = spans["received"]
    assert (root.parent_span_id, root.start_time_unix_nano, root.end_time_unix_nano) == (b"", 1_000, 2_000)
    assert {spans[name].parent_span_id for name in ("placed", "executed")} == {root.span_id}
    assert (spans["executed"].status.message, spans["placed"].status.message) == ("ValueError", "")
    said = {one.key: one.value for one in spans["executed"].attributes}
    assert (said["size"].int_value, said["outcome"].string_value, said["mailbridge.trace"].string_value) == (3, "ticket", TRACE)
    assert b"secret" not in b"".join(one.SerializeToString() for one in collector.requests)
    assert not telemetry.is_on()


def test_a_collector_that_is_away_or_refuses_holds_nobody_and_is_told(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    board, began = Said(), monotonic()
    end = begin(a_config(tmp_path, telemetry_endpoint=f"http://127.0.0.1:{port}"), board, {})  # type: ignore[arg-type]
    work()
    assert monotonic() - began < 1.5
    end()
    assert monotonic() - began < LAST + 3

    with collecting() as collector:
        collector.status = 400
        end = begin(a_config(tmp_path, telemetry_endpoint=f"http://127.0.0.1:{collector.port}"), board, {})  # type: ignore[arg-type]
        work()
        end()
    assert board.proven_ == []
    assert "400" in board.failed_[-1]


def test_packages_that_are_missing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("mailbridge.ops.otlp")
    monkeypatch.setitem(sys.modules, "mailbridge.ops.otlp", None)
    with pytest.raises(Permanent, match=r"mailbridge-desk\[otel\]"):
        begin(a_config(tmp_path, telemetry_endpoint="http://127.0.0.1:1"), Said(), {})  # type: ignore[arg-type]
    begin(a_config(tmp_path), Said(), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})()  # type: ignore[arg-type]
