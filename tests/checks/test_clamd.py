"""clamd: what it finds, and what is said when it says nothing.  On a real clamd, and on one that talks nonsense."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.checks.clamd import Clamd
from mailbridge.checks.scan import NotScanned, ScanFault
from tests.harness import a_mail
from tests.servers import clamd as servers
from tests.servers.clamd import EICAR, MARKER, STREAM_MAX
from tests.servers.processes import free_ports

pytestmark = pytest.mark.servers


def with_file(content: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "carol@customer.test", "Invoice"
    mail.set_content("See the file.")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="invoice.pdf.exe")
    return mail.as_bytes()


def a_scanner(place: tuple[str, int] | Path, *, largest: int = STREAM_MAX, seconds: float = 10) -> Clamd:
    return Clamd(place, largest=largest, seconds=seconds)


def refused(scanner: Clamd, raw: bytes = b"x") -> NotScanned:
    with pytest.raises(NotScanned) as caught:
        scanner.scan(raw)
    return caught.value


@contextmanager
def saying(words: bytes) -> Iterator[tuple[str, int]]:
    """A server that reads a stream and says `words`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.settimeout(5)
                received = b""
                while not received.endswith(b"\0\0\0\0"):
                    received += connection.recv(65536)
                connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()
        thread.join(10)


@pytest.mark.parametrize(
    ("raw", "virus"),
    [
        (a_mail(), ""),
        (b"", ""),
        (with_file(EICAR), "Eicar-Test-Signature.UNOFFICIAL"),
        (a_mail(EICAR.decode()), "Eicar-Test-Signature.UNOFFICIAL"),
        (with_file(b"\0" * 300_000 + MARKER), "Mailbridge.Test.Marker.UNOFFICIAL"),
        (b"x" * (STREAM_MAX - len(MARKER)) + MARKER, "Mailbridge.Test.Marker.UNOFFICIAL"),
    ],
    ids=["clean", "empty", "attached", "in the text", "deep inside", "at the limit"],
)
def test_a_virus_is_found_wherever_it_is(clamd: servers.Clamd, raw: bytes, virus: str) -> None:
    assert a_scanner(("127.0.0.1", clamd.port)).scan(raw) == virus
    assert a_scanner(clamd.socket).scan(raw) == virus


def test_a_mail_over_the_limit_is_not_sent_and_never_will_be(clamd: servers.Clamd) -> None:
    error = refused(a_scanner(("127.0.0.1", clamd.port)), b"x" * (STREAM_MAX + 1))

    assert (str(error), error.fault) == (f"clamd takes {STREAM_MAX} bytes, the mail has {STREAM_MAX + 1}", ScanFault.NEVER)


def test_a_limit_that_is_not_clamds_is_noticed(clamd: servers.Clamd) -> None:
    """clamd hangs up in the middle of what is too long for it."""
    error = refused(a_scanner(("127.0.0.1", clamd.port), largest=100 << 20), b"x" * (20 << 20))

    assert error.fault in (ScanFault.BROKE, ScanFault.NEVER)


def test_nobody_there_is_no_fault_of_the_mail(tmp_path: Path) -> None:
    assert refused(a_scanner(("127.0.0.1", free_ports(1)[0]))).fault is ScanFault.AWAY
    assert refused(a_scanner(tmp_path / "no.sock")).fault is ScanFault.AWAY


def test_a_clamd_that_hangs_costs_its_time_and_no_more(clamd: servers.Clamd) -> None:
    start = time.monotonic()
    with clamd.frozen():
        error = refused(a_scanner(("127.0.0.1", clamd.port), seconds=0.5), a_mail())

    assert error.fault is ScanFault.BROKE
    assert time.monotonic() - start < 3
    assert a_scanner(("127.0.0.1", clamd.port)).scan(a_mail()) == ""


@pytest.mark.parametrize(
    ("words", "fault", "told"),
    [
        (b"INSTREAM size limit exceeded. ERROR\0", ScanFault.NEVER, "clamd: INSTREAM size limit exceeded. ERROR"),
        (b"stream: Can't allocate memory ERROR\0", ScanFault.BROKE, "clamd: stream: Can't allocate memory ERROR"),
        (b"", ScanFault.BROKE, "clamd hung up"),
        (b"stream: OK", ScanFault.BROKE, "clamd hung up"),
        (b"\xff\x1b[2J\0", ScanFault.BROKE, "clamd: \ufffd?[2J"),
        (b"x" * 10_000, ScanFault.BROKE, f"clamd: {'x' * 200}"),
    ],
)
def test_only_ok_and_found_are_answers(words: bytes, fault: ScanFault, told: str) -> None:
    with saying(words) as place:
        error = refused(a_scanner(place))

    assert (str(error), error.fault) == (told, fault)
