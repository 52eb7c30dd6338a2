"""One contract for couriers and for what they talk to: our fake server, smtp-sink and Postfix; and a Maildir, which is none of them.

What the fake server of the fault tests claims about servers is only worth something where real ones do the same.
"""

from __future__ import annotations

import email
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mailbridge.config.model import Outgoing, Tls
from mailbridge.delivery.maildir import MaildirTransport
from mailbridge.delivery.session import Relay, Timeouts
from mailbridge.delivery.smtp import SmtpTransport
from mailbridge.delivery.transport import Deferred, Delivered, Refused, Transport, Unknown
from mailbridge.delivery.transports import relay_of
from mailbridge.delivery.transports import transport as courier_for
from mailbridge.errors import LeaseLost, Permanent
from tests.fakes.smtp_server import FakeSmtp, Fault
from tests.servers.postfix import Postfix
from tests.servers.processes import end, free_ports, greets, program, wait_until

BODY = "Hello,\r\n.\r\n..two\r\n. three\r\nbye\r\n"
RAW = f"From: support@desk.example\r\nTo: ana@acme.example\r\nMessage-ID: <1@desk.example>\r\nSubject: x\r\n\r\n{BODY}".encode()
SHORT = Timeouts(connect=5, greeting=5, command=5, data=5, body=5, dot=5)

Taken = Callable[[], list[bytes]]


# --- servers: each yields a port, and what it has taken so far


@contextmanager
def a_sink(*options: str) -> Iterator[tuple[int, Taken]]:
    """A real smtp-sink."""
    path = program("smtp-sink", "postfix")
    (port,) = free_ports(1)
    with TemporaryDirectory(prefix="mb-sink-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "mails").mkdir(mode=0o777)
        (folder / "mails").chmod(0o777)
        root = ["-u", "nobody"] if os.getuid() == 0 else []
        command = [path, *root, "-d", f"{folder}/mails/m.", *options, f"127.0.0.1:{port}", "10"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: greets(port, b"") if options else greets(port, b"220"), "smtp-sink answers")
            yield port, lambda: [dump.read_bytes().replace(b"\n", b"\r\n") for dump in sorted((folder / "mails").iterdir())]
        finally:
            end(process, signal.SIGTERM)


@contextmanager
def a_fake() -> Iterator[tuple[int, Taken]]:
    with FakeSmtp() as server:
        yield server.port, lambda: [taken.raw for taken in server.mails]


@contextmanager
def a_postfix(postfix: Postfix) -> Iterator[tuple[int, Taken]]:
    """Postfix, which hands what it takes to a server of ours."""
    with FakeSmtp(port=postfix.smtp_port) as behind:
        yield postfix.port, lambda: [taken.raw for taken in behind.mails]


@pytest.fixture(params=["fake", pytest.param("sink", marks=pytest.mark.servers), pytest.param("postfix", marks=pytest.mark.servers)])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[int, Taken]]:
    match request.param:
        case "fake":
            with a_fake() as running:
                yield running
        case "sink":
            with a_sink() as running:
                yield running
        case _:
            with a_postfix(request.getfixturevalue("postfix")) as running:
                yield running


@contextmanager
def a_courier(port: int, tls: Tls = Tls.NONE) -> Iterator[SmtpTransport]:
    transport = SmtpTransport(Relay(host="127.0.0.1", port=port, tls=tls, helo="desk.example", timeouts=SHORT))
    try:
        yield transport
    finally:
        transport.close()


def deliver(transport: Transport, recipient: str = "ana@smtp.test", raw: bytes = RAW) -> object:
    return transport.send("support@desk.example", recipient, raw, lambda: None)


# --- the contract


def test_a_mail_arrives_whole_dots_and_all(server: tuple[int, Taken]) -> None:
    port, taken = server
    with a_courier(port) as transport:
        assert isinstance(deliver(transport), Delivered)
    wait_until(lambda: len(taken()) == 1, "the mail has arrived")
    (raw,) = taken()
    assert raw.rstrip(b"\r\n").endswith(BODY.encode().rstrip(b"\r\n"))
    assert email.message_from_bytes(raw)["Message-ID"] == "<1@desk.example>"


def test_many_mails_go_over_one_connection(server: tuple[int, Taken]) -> None:
    port, taken = server
    with a_courier(port) as transport:
        for n in range(5):
            assert isinstance(deliver(transport, raw=RAW.replace(b"<1@", f"<n{n}@".encode())), Delivered)
    wait_until(lambda: len(taken()) == 5, "the mails have arrived")
    assert len({email.message_from_bytes(raw)["Message-ID"] for raw in taken()}) == 5


def test_without_the_dot_nothing_is_taken(server: tuple[int, Taken]) -> None:
    port, taken = server

    def overtaken() -> None:
        raise LeaseLost

    with a_courier(port) as transport:
        with pytest.raises(LeaseLost):
            transport.send("support@desk.example", "ana@smtp.test", RAW.replace(b"<1@", b"<never@"), overtaken)
        assert isinstance(deliver(transport), Delivered)
    wait_until(lambda: any(b"<1@desk.example>" in raw for raw in taken()), "the other mail has arrived")
    # smtp-sink leaves the half it heard in its file, without an end; nobody takes that for a mail
    assert not [raw for raw in taken() if b"<never@" in raw and raw.endswith(b"bye\r\n\r\n")]


def test_no_starttls_no_mail(server: tuple[int, Taken]) -> None:
    port, taken = server
    with a_courier(port, Tls.STARTTLS) as transport:
        outcome = deliver(transport)
    assert isinstance(outcome, Deferred)
    assert "STARTTLS" in outcome.reply
    assert taken() == []


@pytest.mark.servers
def test_a_recipient_that_postfix_refuses_does_not_hold_up_the_next(postfix: Postfix) -> None:
    with a_postfix(postfix) as (port, taken), a_courier(port) as transport:
        assert isinstance(deliver(transport, 'ana"b@smtp.test'), Refused)
        assert isinstance(deliver(transport), Delivered)
        wait_until(lambda: len(taken()) == 1, "the mail has arrived")


@pytest.mark.servers
def test_an_address_beyond_ascii_goes_through_postfix(postfix: Postfix) -> None:
    with a_postfix(postfix) as (port, taken), a_courier(port) as transport:
        assert isinstance(deliver(transport, "ană@smtp.test"), Delivered)
        wait_until(lambda: len(taken()) == 1, "the mail has arrived")


# --- the fake server's faults are those of a real one

PLACES = {"CONNECT": "GREET", "EHLO": "EHLO", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", ".": "DOT"}
FAULTS = {"-r": "450 4.3.0 later", "-f": "500 5.3.0 never", "-q": Fault.CLOSE, "-Q": "421 4.3.0 bye"}


@pytest.mark.servers
@pytest.mark.parametrize("option", FAULTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_fault_of_the_fake_is_what_the_real_one_does(place: str, option: str) -> None:
    # smtp-sink answers HELO when EHLO is refused, and so does the fake
    with FakeSmtp(answers={PLACES[place]: FAULTS[option]}) as fake, a_courier(fake.port) as transport:
        expected = deliver(transport)
    refused = f"{place},HELO" if place == "EHLO" else place
    with a_sink(option, refused) as (port, _), a_courier(port) as transport:
        real = deliver(transport)
    assert type(real) is type(expected)
    if place == ".":
        assert isinstance(real, {"-r": Deferred, "-f": Refused, "-q": Unknown, "-Q": Deferred}[option])


# --- the Maildir


def files(folder: Path, part: str = "new") -> list[Path]:
    return sorted((folder / part).iterdir())


def test_a_maildir_holds_the_mail_with_its_envelope(tmp_path: Path) -> None:
    assert isinstance(deliver(MaildirTransport(tmp_path / "out")), Delivered)
    (file,) = files(tmp_path / "out")
    assert file.read_bytes() == b"Return-Path: <support@desk.example>\nDelivered-To: ana@smtp.test\n" + RAW.replace(b"\r\n", b"\n")
    assert files(tmp_path / "out", "tmp") == []


def test_a_mail_that_came_twice_shows_in_a_maildir(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path)
    for raw in (RAW, RAW, RAW.replace(b"<1@", b"<2@")):
        deliver(transport, raw=raw)
    marks = [file.name.rpartition(".")[2] for file in files(tmp_path)]
    assert (len(marks), len(set(marks))) == (3, 2)


def test_a_maildir_without_the_dot_keeps_nothing(tmp_path: Path) -> None:
    def overtaken() -> None:
        assert files(tmp_path, "tmp")
        raise LeaseLost

    with pytest.raises(LeaseLost):
        MaildirTransport(tmp_path).send("a@b.example", "c@d.example", RAW, overtaken)
    assert files(tmp_path) == files(tmp_path, "tmp") == []


def test_a_maildir_that_cannot_be_made_waits(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outcome = deliver(MaildirTransport(tmp_path / "file" / "out"))
    assert isinstance(outcome, Deferred)
    assert outcome.away


# --- from the configuration


URLS = [
    ("smtp://mail.example", 25, Tls.STARTTLS),
    ("smtp://mail.example:587", 587, Tls.STARTTLS),
    ("smtps://mail.example", 465, Tls.IMPLICIT),
]


@pytest.mark.parametrize(("url", "port", "tls"), URLS)
def test_the_configured_url_says_where_mail_goes(url: str, port: int, tls: Tls) -> None:
    relay = relay_of(Outgoing(url=url), "desk.example")
    assert (relay.host, relay.port, relay.tls, relay.helo) == ("mail.example", port, tls, "desk.example")


def test_a_maildir_is_counted_from_the_desks_folder(tmp_path: Path) -> None:
    deliver(courier_for(Outgoing(url="maildir:outgoing"), tmp_path))
    assert len(files(tmp_path / "outgoing")) == 1


@pytest.mark.parametrize("url", ["http://mail.example", "mail.example", "smtp://", "maildir:"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(Permanent, match="outgoing mail goes to"):
        courier_for(Outgoing(url=url), Path())
