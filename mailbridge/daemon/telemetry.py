"""Switches the spans of a process on, where [telemetry] or the standard environment asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.health.board import Board
from mailbridge.health.names import TELEMETRY
from mailbridge.ops import log as logs
from mailbridge.ops import telemetry

if TYPE_CHECKING:
    from mailbridge.ops.otlp import OtlpRecorder

VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
HINT = "pip install 'mailbridge-desk[otel]'"

log = logs.get("telemetry")


def begin(config: Config, board: Board, environment: Mapping[str, str]) -> Callable[[], None]:
    """Spans are sent from now on, where that is asked for; what ends it.  Raises Permanent where [telemetry] lacks its packages."""
    asked = any(environment.get(name) for name in VARIABLES) and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"
    if not config.telemetry_endpoint and not asked:
        return lambda: None
    try:
        from mailbridge.ops import otlp
    except ImportError as error:
        if config.telemetry_endpoint:
            raise Permanent(f"[telemetry] needs packages that are not installed ({error.name}): {HINT}") from error
        log.warning("telemetry_not_installed", reason="the environment names a collector", advice=HINT)
        return lambda: None

    def report(trouble: str) -> None:
        if trouble:
            board.failed(TELEMETRY, trouble)
        else:
            board.proven(TELEMETRY, "the collector took spans")

    recorder = otlp.recorder(config.telemetry_endpoint, report)
    telemetry.switch(recorder)
    return lambda: _end(recorder)


def _end(recorder: OtlpRecorder) -> None:
    telemetry.switch(None)
    recorder.close()
