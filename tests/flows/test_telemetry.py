"""A mail and everything that it causes is one trace, and no span has a word of a person in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mailbridge.config.model import WebhookSettings
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.ops import telemetry
from mailbridge.ops.otlp import OtlpRecorder, trace_number
from tests.builders import NOW
from tests.harness import RULES, a_desk, a_mail
from tests.webhooks.hook_server import hook_server

TRACE = new_trace_id(NOW, lambda size: bytes(size))


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    recorder = OtlpRecorder(SimpleSpanProcessor(found))
    telemetry.switch(recorder)
    yield found
    telemetry.switch(None)
    recorder.close()


def named(spans: tuple[ReadableSpan, ...]) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {}
    for span in spans:
        found.setdefault(span.name, []).append(span)
    return found


def test_one_mail_is_one_trace_from_its_receipt_to_each_delivery_and_call(tmp_path: Path, exporter: InMemorySpanExporter) -> None:
    with hook_server() as hooks:
        rule = f'- name: tell\n  when: {{exists: subject}}\n  then: {{webhook: "{hooks.url()}"}}\n'
        settings = WebhookSettings(hosts=("127.0.0.1",), secret="s" * 24)
        with a_desk(tmp_path, rules=RULES | {"routing/20-tell.yaml": rule}, webhooks=settings) as desk:
            raw = a_mail("Zyzzyva words.", subject="Zyzzyva subject")
            envelope = Envelope(source=Source.SMTP, received_at=NOW, mail_from="carol@customer.test", trace=TRACE)
            desk.app.inbox.accept(raw, envelope)
            desk.work()
            sent = len(desk.deliver())
            while desk.app.webhooker().one_turn():
                pass
    spans = exporter.get_finished_spans()
    found = named(spans)

    assert {span.context.trace_id for span in spans if span.context} == {trace_number(TRACE)}
    assert {name: len(of) for name, of in found.items()} == {
        "received": 1, "parsed": 1, "placed": 1, "executed": 1, "delivery": sent, "webhook": 1,
    }  # fmt: skip
    (root,) = found["received"]
    assert root.parent is None
    assert {span.parent.span_id for span in spans if span.parent} == {root.context.span_id if root.context else 0}
    executed, attempt, call = (found[name][0].attributes or {} for name in ("executed", "delivery", "webhook"))
    assert (executed["outcome"], executed["handler"], executed["ticket"]) == ("ticket", "new_ticket", 1)
    assert (attempt["outcome"], attempt["attempt"]) == ("delivered", 1)
    assert (call["status"], call["kind"]) == (204, "ticket.opened")
    for span in spans:
        said = json.dumps(dict(span.attributes or {}))
        assert "zyzzyva" not in said.lower()
        assert "@" not in said


def test_a_delivery_that_fails_has_a_span_for_each_attempt(tmp_path: Path, exporter: InMemorySpanExporter) -> None:
    with a_desk(tmp_path) as desk:
        desk.feed(a_mail())
        (tmp_path / "outgoing").write_text("no folder")
        desk.app.delivery_worker().one_turn()
    attempts = named(exporter.get_finished_spans())["delivery"]

    assert {(span.attributes or {})["outcome"] for span in attempts} == {"deferred"}
    assert len({(span.context.trace_id) for span in attempts if span.context}) == 1
