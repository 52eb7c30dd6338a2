"""One POST over a real connection: where it may go, how long it may take, what is read of the answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import trustme

from mailbridge.delivery.webhooks.allowed import NotAllowed
from mailbridge.delivery.webhooks.http import ANSWER, Caller
from tests.webhooks.hook_server import Hooks, hook_server

SHORT = timedelta(seconds=5)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with hook_server() as running:
        yield running


def local(**different: timedelta) -> Caller:
    return Caller(["127.0.0.1"], time_limit=different.get("time_limit", SHORT))


def test_body_and_header_arrive_as_they_were_given(hooks: Hooks) -> None:
    answer = local().post(hooks.url("/tickets?desk=1"), b'{"a":1}', {"webhook-id": "call_1", "Content-Type": "application/json"})

    ((path, header, body),) = hooks.heard
    assert (answer.status, path, body) == (204, "/tickets?desk=1", b'{"a":1}')
    assert (header["webhook-id"], header["content-type"]) == ("call_1", "application/json")
    assert header["user-agent"].startswith("mailbridge/")


def test_a_redirect_is_an_answer_and_leads_nowhere(hooks: Hooks) -> None:
    hooks.answers["/old"] = [(307, {"Location": hooks.url("/elsewhere")})]

    answer = local().post(hooks.url("/old"), b"{}", {})

    assert answer.status == 307
    assert [path for path, _, _ in hooks.heard] == ["/old"]


def test_the_answer_to_a_refusal_is_kept_on_one_line(hooks: Hooks) -> None:
    hooks.answers["/tickets"] = [(503, {"Retry-After": "120"})]

    answer = local().post(hooks.url(), b"{}", {})

    assert (answer.status, answer.text, answer.retry_after) == (503, "said so", timedelta(seconds=120))


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "-5", "٣", "99999999999", ""])
def test_a_retry_after_that_is_no_number_of_seconds_is_passed_over(hooks: Hooks, value: str) -> None:
    hooks.answers["/tickets"] = [(503, {"Retry-After": value.encode().decode("latin-1")})]

    assert local().post(hooks.url(), b"{}", {}).retry_after is None


def test_a_server_that_drips_is_cut_off(hooks: Hooks) -> None:
    start = monotonic()

    answer = local(time_limit=timedelta(seconds=1)).post(hooks.url("/drips"), b"{}", {})

    assert answer.status is None
    assert answer.text == "no whole answer within 1 s"
    assert monotonic() - start < 10


def test_nobody_there_is_an_answer_without_a_status() -> None:
    with hook_server() as gone:
        url = gone.url()

    answer = local().post(url, b"{}", {})

    assert answer.status is None
    assert "refused" in answer.text


def test_no_more_than_a_little_of_an_answer_is_read(monkeypatch: pytest.MonkeyPatch, hooks: Hooks) -> None:
    monkeypatch.setattr("mailbridge.delivery.webhooks.http.ANSWER", 4)
    hooks.answers["/tickets"] = [(500, {})]

    assert local().post(hooks.url(), b"{}", {}).text == "said"
    assert ANSWER == 2_048


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://elsewhere.test/x", '"elsewhere.test" is not among [webhooks] hosts'),
        ("http://hooks.test/x", "only https, or http to this machine itself"),
        ("https://user:secret@hooks.test/x", "an address with a password in it"),
        ("https://hooks.test.evil.test/x", '"hooks.test.evil.test" is not among [webhooks] hosts'),
        ("ftp://hooks.test/x", "only https, or http to this machine itself"),
        ("https://[::1/x", "no address: Invalid IPv6 URL"),
        ("https://hooks.test:99999/x", "no address: Port out of range 0-65535"),
    ],
)
def test_where_nobody_allowed_it_no_connection_is_made(url: str, why: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        Caller(["hooks.test"], time_limit=SHORT).post(url, b"{}", {})

    assert str(refused.value) == why


def test_a_host_may_be_allowed_on_one_port_alone(hooks: Hooks) -> None:
    one_port = Caller([f"127.0.0.1:{hooks.port}"], time_limit=SHORT)

    assert one_port.post(hooks.url(), b"{}", {}).status == 204
    with pytest.raises(NotAllowed):
        one_port.post("http://127.0.0.1:1/", b"{}", {})


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hook_server(context) as secure:
        trusting = Caller(["localhost"], time_limit=SHORT, ca_file=tmp_path / "ca.pem")
        doubting = Caller(["localhost"], time_limit=SHORT)

        assert trusting.post(secure.url(scheme="https"), b"{}", {}).status == 204
        refused = doubting.post(secure.url(scheme="https"), b"{}", {})

    assert refused.status is None
    assert "the certificate of localhost is not trusted" in refused.text
    assert len(secure.heard) == 1


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", b"\r\n\r\n", b"HTTP/1.1 two OK\r\n\r\n", b""])
def test_a_server_that_speaks_no_http_is_an_answer_without_a_status(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as other:
        done = other.submit(say, server, said)
        answer = local().post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
        done.result()

    assert answer.status is None
    assert answer.text


def say(server: socket.socket, said: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(said)
