"""rspamd: scores of a real one, and answers that are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mailbridge.checks.rspamd import Rspamd
from mailbridge.checks.scan import NotScanned, ScanFault
from tests.checks.domains import envelope
from tests.fakes.broken_http import dripping
from tests.harness import a_mail
from tests.servers import rspamd as servers
from tests.servers.processes import free_ports

pytestmark = pytest.mark.servers


class Heard(HTTPServer):
    """A server that gives one answer and remembers what it was told."""

    status, words = 200, b""
    headers: list[tuple[str, str]]
    body = b""


@contextmanager
def saying(words: bytes, status: int = 200) -> Iterator[Heard]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert isinstance(self.server, Heard)
            self.server.headers = [("path", self.path), *self.headers.items()]
            self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(self.server.words)))
            self.end_headers()
            self.wfile.write(self.server.words)

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    with Heard(("127.0.0.1", 0), Handler) as server:
        server.status, server.words = status, words
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        yield server
        thread.join(10)


def url(server: Heard) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def refused(filter_: Rspamd) -> NotScanned:
    with pytest.raises(NotScanned) as caught:
        filter_.score(a_mail(), envelope())
    return caught.value


def test_spam_scores_more_than_a_letter(rspamd: servers.Rspamd) -> None:
    scores = Rspamd(rspamd.url, seconds=30)

    spam = scores.score(a_mail(subject=servers.SPAM), envelope())
    letter = scores.score(a_mail(), envelope())

    assert spam.score >= letter.score + 20
    assert spam.score > spam.required == 15.0


def test_the_envelope_is_told_and_the_mail_is_whole() -> None:
    answer = b'{"score": 1.5, "required_score": 15, "action": "no action"}'
    with saying(answer) as server:
        Rspamd(url(server) + "/behind/", seconds=5).score(a_mail(), envelope(mail_from="zoë@customer.test"))

    told = dict(server.headers)
    assert (told["path"], told["Ip"], told["Helo"], told["Rcpt"]) == (
        "/behind/checkv2",
        "192.0.2.10",
        "host.customer.test",
        "support@desk.test",
    )
    assert told["From"].encode("latin-1").decode() == "zoë@customer.test"
    assert told["User-Agent"].startswith("mailbridge/")
    assert server.body == a_mail()


def test_each_recipient_is_told() -> None:
    answer = b'{"score": 1.5, "required_score": 15, "action": "no action"}'
    with saying(answer) as server:
        Rspamd(url(server), seconds=5).score(a_mail(), replace(envelope(), rcpt_to=("support@desk.test", "sales@desk.test")))

    assert [value for name, value in server.headers if name == "Rcpt"] == ["support@desk.test", "sales@desk.test"]


@pytest.mark.parametrize(
    ("action", "score", "required"),
    [("no action", 3.0, 15.0), ("greylist", 5.0, 15.0), ("add header", 9.0, 9.0), ("rewrite subject", 9.0, 9.0), ("reject", 20.0, 15.0)],
)
def test_spam_is_what_rspamd_calls_spam(action: str, score: float, required: float) -> None:
    with saying(f'{{"score": {score}, "required_score": 15, "action": "{action}"}}'.encode()) as server:
        found = Rspamd(url(server), seconds=5).score(a_mail(), envelope())

    assert (found.score, found.required) == (score, required)


@pytest.mark.parametrize(
    ("words", "status", "fault"),
    [
        (b"", 200, ScanFault.BROKE),
        (b"no json", 200, ScanFault.BROKE),
        (b"[]", 200, ScanFault.BROKE),
        (b"[" * 100_000, 200, ScanFault.BROKE),
        (b'{"score": 1}', 200, ScanFault.BROKE),
        (b'{"score": "x", "required_score": 15, "action": "reject"}', 200, ScanFault.BROKE),
        (b'{"score": NaN, "required_score": 15, "action": "reject"}', 200, ScanFault.NEVER),
        (b'{"score": 0, "required_score": 15, "action": "no action", "is_skipped": true}', 200, ScanFault.NEVER),
        (b"{}", 500, ScanFault.BROKE),
        (b"{}", 413, ScanFault.NEVER),
    ],
)
def test_what_is_no_answer_is_none(words: bytes, status: int, fault: ScanFault) -> None:
    with saying(words, status) as server:
        assert refused(Rspamd(url(server), seconds=5)).fault is fault


def test_nobody_there_is_no_fault_of_the_mail() -> None:
    assert refused(Rspamd(f"http://127.0.0.1:{free_ports(1)[0]}", seconds=5)).fault is ScanFault.AWAY


def test_an_envelope_that_no_header_can_carry_is_not_sent() -> None:
    with saying(b"{}") as server:
        with pytest.raises(NotScanned):
            Rspamd(url(server), seconds=5).score(a_mail(), envelope(mail_from="a\r\nIp: 127.0.0.1@customer.test"))
        with pytest.raises(NotScanned):
            Rspamd(url(server), seconds=5).score(a_mail(), envelope())  # the answer that the server still owes


def test_silence_costs_its_time_and_no_more() -> None:
    start = time.monotonic()
    with Heard(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        assert refused(Rspamd(url(silent), seconds=0.5)).fault is ScanFault.BROKE

    assert time.monotonic() - start < 3


def test_an_octet_now_and_then_costs_its_time_and_no_more() -> None:
    """Each read is answered in time, and the answer never ends."""
    start = time.monotonic()
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n") as port:
        assert refused(Rspamd(f"http://127.0.0.1:{port}", seconds=0.5)).fault is ScanFault.BROKE

    assert time.monotonic() - start < 3
