"""Logging in to a listener: over real sockets, and with swaks."""

from __future__ import annotations

import asyncio
import base64
import select
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from click.testing import CliRunner

from mailbridge.cli.listener import listener as command
from mailbridge.clock import FixedClock
from mailbridge.config.model import ListenerSettings
from mailbridge.errors import Permanent
from mailbridge.intake import auth, session
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.intake.users import line_of, may_login, read
from tests.fakes.memory_store import MemoryStore
from tests.intake.wire import Wire

PASSWORD = "correct horse"
MAIL = b"From: ann@customer.example\r\nSubject: printer\r\n\r\nIt smokes.\r\n"
Open = Callable[..., Listeners]


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "users"
    path.write_text(f"# devices\n\n{line_of('scanner', PASSWORD)}\n{line_of('übung', 'gänsefüßchen')}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    folder, ca = tmp_path_factory.mktemp("tls"), trustme.CA()
    made = ca.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    return ca, folder


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def listen(store: MemoryStore, users: Path, certificate: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setattr(auth, "DELAY", 0.01)
    folder = certificate[1]
    with ExitStack() as stack:
        inbox = Inbox(store)  # type: ignore[arg-type]
        stack.callback(inbox.close)

        def start(**settings: object) -> Listeners:
            usual = {"users_file": users, "tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"} | settings
            listener = ListenerSettings(protocol="smtp", port=0, hostname="mx.desk.example", **usual)  # type: ignore[arg-type]
            listeners = Listeners([listener], inbox, {"help@desk.example"}.__contains__, clock=FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
            listeners.start()
            stack.callback(listeners.stop, timedelta(0))
            return listeners

        stack.callback(store.gate.set)
        yield start


@pytest.fixture
def trusting(certificate: tuple[trustme.CA, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    certificate[0].configure_trust(context)
    return context


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def behind_tls(port: int, context: ssl.SSLContext) -> Wire:
    wire = Wire(port)
    wire.say("EHLO client.example")
    assert wire.say("STARTTLS").startswith("220")
    wire.upgrade(context)
    assert "AUTH PLAIN LOGIN" in wire.say("EHLO client.example")
    return wire


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_a_user_logs_in_and_submits(listen: Open, store: MemoryStore, trusting: ssl.SSLContext, mechanism: str) -> None:
    with smtplib.SMTP("localhost", listen().ports[0], timeout=20) as client:
        client.starttls(context=trusting)
        client.ehlo()
        client.user, client.password = "scanner", PASSWORD
        code, _ = client.auth(mechanism, getattr(client, f"auth_{mechanism}"))
        assert code == 235
        client.sendmail("scanner@desk.example", ["help@desk.example"], MAIL)
    assert len(store.rows) == 1


def test_nobody_submits_without_logging_in(listen: Open, store: MemoryStore, trusting: ssl.SSLContext) -> None:
    port = listen().ports[0]
    with Wire(port) as plain:
        offers = plain.say("EHLO client.example")
        assert "AUTH" not in offers
        assert plain.say(f"AUTH PLAIN {b64(chr(0) + 'scanner' + chr(0) + PASSWORD)}").startswith("538 5.7.11")
        assert plain.say("MAIL FROM:<a@customer.example>").startswith("530 5.7.0")
    with behind_tls(port, trusting) as wire:
        assert wire.say("MAIL FROM:<a@customer.example>").startswith("530 5.7.0")
    assert not store.rows


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (f"AUTH PLAIN {b64(chr(0) + 'scanner' + chr(0) + 'wrong horse')}", "535 5.7.8"),
        (f"AUTH PLAIN {b64(chr(0) + 'nobody' + chr(0) + PASSWORD)}", "535 5.7.8"),
        (f"AUTH PLAIN {b64(chr(0) + 'scanner' + chr(0) + '')}", "535 5.7.8"),
        (f"AUTH PLAIN {b64('boss' + chr(0) + 'scanner' + chr(0) + PASSWORD)}", "501 5.5.2"),
        (f"AUTH PLAIN {b64('scanner')}", "501 5.5.2"),
        ("AUTH PLAIN !!!", "501 5.5.2"),
        ("AUTH CRAM-MD5", "504 5.5.4"),
        ("AUTH", "501 5.5.4"),
        (f"AUTH PLAIN {b64('scanner' + chr(0) + 'scanner' + chr(0) + PASSWORD)}", "235 2.7.0"),
        (f"AUTH PLAIN {b64(chr(0) + 'übung' + chr(0) + 'gänsefüßchen')}", "235 2.7.0"),
    ],
)
def test_what_a_client_may_say(listen: Open, trusting: ssl.SSLContext, said: str, answer: str) -> None:
    with behind_tls(listen().ports[0], trusting) as wire:
        assert wire.say(said).startswith(answer)
        assert wire.say("NOOP").startswith("250")


def test_a_client_may_change_its_mind(listen: Open, trusting: ssl.SSLContext) -> None:
    with behind_tls(listen().ports[0], trusting) as wire:
        assert wire.say("AUTH LOGIN").startswith("334")
        assert wire.say("*").startswith("501")
        assert wire.say(f"AUTH LOGIN {b64('scanner')}").startswith("334")
        assert wire.say(b64(PASSWORD)).startswith("235")
        assert wire.say("AUTH LOGIN").startswith("503")


def test_failures_take_longer_each_time_and_three_are_enough(
    listen: Open, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(auth, "asyncio", SimpleNamespace(sleep=sleep, get_running_loop=asyncio.get_running_loop))
    with behind_tls(listen().ports[0], trusting) as wire:
        wrong = f"AUTH PLAIN {b64(chr(0) + 'scanner' + chr(0) + 'wrong horse')}"
        answers = [wire.say(wrong)[:3] for _ in range(3)]
        assert answers == ["535", "535", "421"]
        assert wire.answer() == ""
    assert waited == [0.01, 0.02, 0.04]


def test_a_change_of_the_file_counts_at_once(listen: Open, users: Path, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_text(users.read_text(encoding="utf-8"), encoding="utf-8")
    port = listen(users_file=path).ports[0]
    path.write_text(line_of("printer", "another horse"), encoding="utf-8")
    with behind_tls(port, trusting) as wire:
        assert wire.say(f"AUTH PLAIN {b64(chr(0) + 'scanner' + chr(0) + PASSWORD)}").startswith("535")
        path.write_text("printer:another horse", encoding="utf-8")
        assert wire.say(f"AUTH PLAIN {b64(chr(0) + 'printer' + chr(0) + 'another horse')}").startswith("454")


def test_users_that_cannot_be_used_stop_the_start(listen: Open, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nobody\n")
    (tmp_path / "plain").write_text("scanner:secret-password\n")
    for name, words in (("none", "No such file"), ("empty", "no user"), ("plain", "no user with a hash")):
        with pytest.raises(Permanent, match=words) as raised:
            listen(users_file=tmp_path / name)
        assert "secret-password" not in str(raised.value)


@pytest.fixture
def behind(trusting: ssl.SSLContext) -> Iterator[Callable[[int], int]]:
    """Gives a port on which swaks talks to a listener behind TLS: swaks itself does TLS only with a Perl module that few machines have."""
    with ExitStack() as stack:

        def relay(port: int) -> int:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=serve, args=(server, port), daemon=True)
            thread.start()
            return int(server.getsockname()[1])

        def serve(server: socket.socket, port: int) -> None:
            with suppress(OSError):  # closed at the end of the test
                while True:
                    client, _ = server.accept()
                    with client, behind_tls(port, trusting) as wire:
                        client.sendall(b"220 mx.desk.example\r\n")
                        pump(client, wire)

        yield relay


def pump(client: socket.socket, wire: Wire) -> None:
    """What each side says reaches the other one, until one has closed."""
    while True:
        if select.select([client], [], [], 0.02)[0]:
            if not (said := client.recv(1 << 16)):
                return
            wire.send(said)
        if not wire.is_quiet(0.02):
            answer = wire.answer()
            client.sendall(answer.replace("\n", "\r\n").encode() + b"\r\n")
            if not answer:
                return


def test_swaks_submits(listen: Open, store: MemoryStore, behind: Callable[[int], int]) -> None:
    usual = ["swaks", "--server", "127.0.0.1", "--port", str(behind(listen().ports[0]))]
    usual += ["--from", "scanner@desk.example", "--to", "help@desk.example", "--auth-user", "scanner"]

    def submitted(mechanism: str, password: str) -> int:
        asked = [*usual, "--auth", mechanism, "--auth-password", password]
        return subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode

    assert (submitted("PLAIN", PASSWORD), submitted("LOGIN", PASSWORD)) == (0, 0)
    assert submitted("PLAIN", "wrong horse") == 28  # AUTH failed
    assert len(store.rows) == 2


def test_the_command_makes_a_line_that_works(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["passwd", "scanner", "--stdin"], input=f"{PASSWORD}\n")
    path = tmp_path / "users"
    path.write_text(done.output, encoding="utf-8")
    assert (done.exit_code, read(path)[1]) == (0, ())
    assert may_login(path, b"scanner", PASSWORD.encode())
    assert not may_login(path, b"scanner", b"")
    asked = CliRunner().invoke(command, ["passwd", "scanner"], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert PASSWORD not in asked.output
    for name in ("a:b", " a", "#a", ""):
        with pytest.raises(Permanent):
            line_of(name, PASSWORD)
    with pytest.raises(Permanent, match="8 to 1024"):
        line_of("a", "short")


# -- connections that cost and do nothing -----------------------------------------------------------------------------


def test_a_client_has_ten_connections_at_a_time(listen: Open) -> None:
    port = listen(users_file=None).ports[0]
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(port)) for _ in range(10)]
        assert {wire.greeting[:3] for wire in wires} == {"220"}
        assert stack.enter_context(Wire(port)).greeting.startswith("421 4.7.0 Too many connections")
        assert wires[0].say("QUIT").startswith("221")
        wires[0].answer()
        assert any(stack.enter_context(Wire(port)).greeting.startswith("220") for _ in range(100))


def test_starttls_is_no_second_connection(listen: Open, trusting: ssl.SSLContext) -> None:
    with behind_tls(listen(peer_connections=1).ports[0], trusting) as wire:
        assert wire.say("NOOP").startswith("250")


def test_idle_connections_cost_no_threads(listen: Open) -> None:
    port = listen(peer_connections=200, max_connections=200).ports[0]
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(Wire(port))
        assert threading.active_count() - before <= 20


def test_whoever_connects_has_to_speak_soon(listen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FIRST", 0.2)
    port = listen(users_file=None).ports[0]
    with Wire(port) as silent, Wire(port) as speaking:
        assert speaking.say("NOOP").startswith("250")
        assert silent.answer().startswith("421 4.4.2")
        assert speaking.say("NOOP").startswith("250")
