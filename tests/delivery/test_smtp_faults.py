"""The courier against everything a server can do wrong: F21, F22 and F23 of the fault matrix."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from mailbridge.config.model import Tls
from mailbridge.delivery.session import Relay, Timeouts
from mailbridge.delivery.smtp import SmtpTransport
from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Refused, Unknown
from mailbridge.errors import LeaseLost, Permanent
from mailbridge.ops.time_limit import cut_all
from tests.fakes.smtp_server import VERBS, FakeSmtp, Fault
from tests.servers.processes import wait_until

HEAD = b"From: support@desk.example\r\nTo: ana@acme.example\r\nMessage-ID: <1@desk.example>\r\nSubject: x\r\n\r\n"
RAW = HEAD + b"Hello,\r\n.\r\n..two\r\nbye\r\n"
SHORT = Timeouts(connect=2, greeting=0.4, command=0.4, data=0.4, body=0.4, dot=0.4)


Make = Callable[..., SmtpTransport]


@pytest.fixture
def a_courier() -> Iterator[Make]:
    """Makes couriers to a fake server that give up soon; closes them."""
    made: list[SmtpTransport] = []

    def make(server: FakeSmtp, **more: object) -> SmtpTransport:
        usual: dict[str, object] = {"tls": Tls.NONE, "helo": "desk.example", "timeouts": SHORT}
        made.append(SmtpTransport(Relay(host="127.0.0.1", port=server.port, **usual | more)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def send(transport: SmtpTransport, recipient: str = "ana@acme.example", raw: bytes = RAW) -> tuple[Outcome, int]:
    """The outcome, and how often the dot was asked for."""
    dots: list[int] = []
    return transport.send("support@desk.example", recipient, raw, lambda: dots.append(1)), len(dots)


def test_a_mail_arrives_as_it_is_dots_and_all(a_courier: Make) -> None:
    with FakeSmtp() as server:
        outcome, dots = send(a_courier(server))
        assert outcome == Delivered(reply="250 2.0.0 taken")
        assert dots == 1
        (taken,) = server.mails
        assert (taken.mail_from, taken.recipient, taken.raw) == ("support@desk.example", "ana@acme.example", RAW)
        assert f"SIZE={len(RAW)}" in taken.options


def test_many_mails_share_a_connection_until_it_is_renewed(a_courier: Make) -> None:
    with FakeSmtp() as server:
        transport = a_courier(server, reuse=3)
        for _ in range(7):
            assert isinstance(send(transport)[0], Delivered)
        transport.close()
        assert (server.connections, len(server.mails)) == (3, 7)
        assert server.heard[-1].upper() == "QUIT"


CODES = ["421 4.3.2 going down", "450 4.2.0 greylisted", "451 4.3.0 local", "452 4.2.2 full", "550 5.1.1 nobody", "554 5.7.1 no"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_code_at_each_verb_has_its_meaning(a_courier: Make, verb: str, code: str) -> None:
    with FakeSmtp(answers={verb: code}) as server:
        outcome, dots = send(a_courier(server))
        # then 4xx waits and 5xx is final; at the greeting and EHLO nothing is the mail's fault, so it always waits
        wanted = Refused if code[0] == "5" and verb not in ("GREET", "EHLO") else Deferred
        assert isinstance(outcome, wanted)
        assert code.split(" ", 1)[1].split()[0] in outcome.reply
        assert dots == (verb == "DOT")
        assert server.mails == []


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.CLOSE, Fault.GARBAGE, Fault.ENDLESS, Fault.TRICKLE])
@pytest.mark.parametrize("verb", VERBS)
def test_each_fault_before_the_dot_waits_and_after_it_nobody_knows(a_courier: Make, verb: str, fault: Fault) -> None:
    with FakeSmtp(answers={verb: [fault]}) as server:
        transport = a_courier(server)
        outcome, dots = send(transport)
        assert isinstance(outcome, Unknown if verb == "DOT" else Deferred)
        assert dots == (verb == "DOT")
        # and the next mail goes out over a new connection
        assert isinstance(send(transport)[0], Delivered)
        assert server.connections == 2


@pytest.mark.parametrize("verb", VERBS)
def test_at_the_end_of_the_process_only_the_answer_to_the_dot_is_waited_for(a_courier: Make, verb: str) -> None:
    patient = Timeouts(connect=60, greeting=60, command=60, data=60, body=60, dot=2)
    with FakeSmtp(answers={verb: [Fault.HANG]}) as server, ThreadPoolExecutor() as threads:
        sending = threads.submit(send, a_courier(server, timeouts=patient))
        wait_until(lambda: verb in server.asked, f"the server is silent at {verb}")
        assert cut_all() == (verb != "DOT")
        outcome, _ = sending.result(30)
    assert isinstance(outcome, Unknown if verb == "DOT" else Deferred)


@pytest.mark.parametrize("fault", [Fault.TAKE_AND_CLOSE, Fault.TAKE_AND_HANG])
def test_a_mail_that_was_taken_without_a_word_is_unknown(a_courier: Make, fault: Fault) -> None:
    with FakeSmtp(answers={"DOT": [fault]}) as server:
        assert isinstance(send(a_courier(server))[0], Unknown)
        assert len(server.mails) == 1


def test_a_server_that_reads_too_slowly_is_left(a_courier: Make) -> None:
    # given a mail too big for the buffers between us
    big = RAW + b"x" * 70 + b"\r\n" * 1 + (b"y" * 70 + b"\r\n") * 100_000
    with FakeSmtp(answers={"DATA": [Fault.READ_SLOWLY]}, features=("8BITMIME",)) as server:
        outcome, dots = send(a_courier(server, timeouts=Timeouts(connect=2, body=0.5, rate=10**9)), raw=big)
        assert isinstance(outcome, Deferred)
        assert outcome.away
        assert dots == 0


def test_a_connection_cut_after_any_byte_of_the_server_is_told_for_what_it_is() -> None:
    # given how many letters the server says in a whole conversation
    with FakeSmtp() as server:
        transport = SmtpTransport(Relay(host="127.0.0.1", port=server.port, tls=Tls.NONE, helo="desk.example", timeouts=SHORT))
        send(transport)
        spoken = server.said
        transport.close()
    # when it is cut after each of them
    for letters in range(spoken):
        with FakeSmtp(cut_after=letters) as server:
            transport = SmtpTransport(Relay(host="127.0.0.1", port=server.port, tls=Tls.NONE, helo="desk.example", timeouts=SHORT))
            outcome, dots = send(transport)
            transport.close()
        # then before the dot the mail waits and nothing was taken, after it nobody knows
        if dots:
            assert isinstance(outcome, Unknown | Delivered), letters
        else:
            assert isinstance(outcome, Deferred), letters
            assert server.mails == []


def test_one_refused_recipient_does_not_hold_up_the_next_mail(a_courier: Make) -> None:
    with FakeSmtp(answers={"RCPT bob@acme.example": "550 5.1.1 nobody", "RCPT eva@acme.example": "450 4.2.0 greylisted"}) as server:
        transport = a_courier(server)
        assert isinstance(send(transport, "bob@acme.example")[0], Refused)
        assert isinstance(send(transport, "eva@acme.example")[0], Deferred)
        assert isinstance(send(transport, "ana@acme.example")[0], Delivered)
        assert server.connections == 1


def test_a_server_that_went_away_between_two_mails_is_called_again(a_courier: Make) -> None:
    with FakeSmtp(answers={"RSET": [Fault.CLOSE], "RCPT": ["550 5.1.1 nobody"]}) as server:
        transport = a_courier(server)
        assert isinstance(send(transport)[0], Refused)
        assert isinstance(send(transport)[0], Delivered)
        assert server.connections == 2


def test_whoever_has_lost_the_claim_sends_no_dot(a_courier: Make) -> None:
    def overtaken() -> None:
        raise LeaseLost

    with FakeSmtp() as server:
        transport = a_courier(server)
        with pytest.raises(LeaseLost):
            transport.send("support@desk.example", "ana@acme.example", RAW, overtaken)
        # then nothing was delivered, and the courier goes on over a new connection
        assert isinstance(send(transport, "bob@acme.example")[0], Delivered)
        assert [taken.recipient for taken in server.mails] == ["bob@acme.example"]


def test_the_dot_is_asked_for_when_everything_else_has_been_sent(a_courier: Make) -> None:
    with FakeSmtp() as server:
        seen: list[tuple[str, int]] = []
        a_courier(server).send("a@desk.example", "b@acme.example", RAW, lambda: seen.append((server.heard[-1], len(server.mails))))
        assert seen == [("DATA", 0)]


def test_nobody_listening_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = SmtpTransport(Relay(host="127.0.0.1", port=port, tls=Tls.NONE)).send("a@b.example", "c@d.example", RAW, lambda: None)
    assert isinstance(outcome, Deferred)
    assert outcome.away


@pytest.mark.parametrize(
    ("recipient", "raw", "why"),
    [
        ("ana@acme.example>\r\nRCPT TO:<x@y.example", RAW, "address"),
        ("ana@acme.example\r\nDATA", RAW, "address"),
        ("", RAW, "address"),
        ("ana@acme.example", RAW.replace(b"\r\n", b"\n"), "CRLF"),
        ("ana@acme.example", RAW + b"x\n.\nMAIL FROM:<a@b>\r\n", "CRLF"),
        ("ana@acme.example", RAW + b"x\r.\r\n", "CRLF"),
        ("ana@acme.example", RAW[:-2], "CRLF"),
    ],
)
def test_what_could_smuggle_a_second_mail_is_never_offered(a_courier: Make, recipient: str, raw: bytes, why: str) -> None:
    with FakeSmtp() as server:
        outcome, _ = send(a_courier(server), recipient, raw)
        assert isinstance(outcome, Refused)
        assert why in outcome.reply
        assert server.connections == 0


@pytest.mark.parametrize(
    ("features", "recipient", "raw", "why"),
    [
        (("SIZE 20",), "ana@acme.example", RAW, "bytes"),
        (("8BITMIME",), "ană@acme.example", RAW, "SMTPUTF8"),
        (("SMTPUTF8",), "ana@acme.example", RAW + "ă\r\n".encode(), "8BITMIME"),
    ],
)
def test_what_the_server_cannot_take_is_known_before_it_is_sent(
    a_courier: Make, features: tuple[str, ...], recipient: str, raw: bytes, why: str
) -> None:
    with FakeSmtp(features=features) as server:
        outcome, _ = send(a_courier(server), recipient, raw)
        assert isinstance(outcome, Refused)
        assert why in outcome.reply
        assert not any(line.startswith("MAIL") for line in server.heard)


def test_an_address_beyond_ascii_goes_out_where_the_server_can(a_courier: Make) -> None:
    with FakeSmtp() as server:
        assert isinstance(send(a_courier(server), "ană@acme.example")[0], Delivered)
        assert server.mails[0].recipient == "ană@acme.example"
        assert "SMTPUTF8" in server.mails[0].options


# --- TLS (F18) and login


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def a_server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_starttls_encrypts_before_anything_is_said(a_courier: Make, authority: trustme.CA, ca_file: Path) -> None:
    with FakeSmtp(tls=a_server_context(authority, "127.0.0.1"), login=("desk", "secret")) as server:
        transport = a_courier(server, tls=Tls.STARTTLS, ca_file=ca_file, user="desk", password="secret")
        for _ in range(3):
            assert isinstance(send(transport)[0], Delivered)
        assert server.connections == 1
        assert [line.split()[0].upper() for line in server.heard][:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_a_server_without_starttls_gets_no_plain_text(a_courier: Make) -> None:
    with FakeSmtp() as server:
        outcome, _ = send(a_courier(server, tls=Tls.STARTTLS))
        assert isinstance(outcome, Deferred)
        assert "STARTTLS" in outcome.reply
        assert [line.split()[0].upper() for line in server.heard] == ["EHLO"]


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "501 5.5.4 no", Fault.CLOSE, Fault.GARBAGE, Fault.HANG])
def test_a_failing_starttls_gets_no_plain_text(a_courier: Make, authority: trustme.CA, ca_file: Path, answer: str | Fault) -> None:
    with FakeSmtp(tls=a_server_context(authority, "127.0.0.1"), answers={"STARTTLS": answer}) as server:
        outcome, _ = send(a_courier(server, tls=Tls.STARTTLS, ca_file=ca_file))
        assert isinstance(outcome, Deferred)
        assert not any(line.startswith("MAIL") for line in server.heard)


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_certificate_is_refused(a_courier: Make, authority: trustme.CA, ca_file: Path, known: bool) -> None:
    # given a certificate for another name, or of an authority nobody knows
    context = a_server_context(authority, "elsewhere.example") if known else a_server_context(trustme.CA(), "127.0.0.1")
    with FakeSmtp(tls=context) as server:
        outcome, _ = send(a_courier(server, tls=Tls.STARTTLS, ca_file=ca_file))
        assert isinstance(outcome, Deferred)
        assert outcome.away
        assert "certificate" in outcome.reply.lower()


def test_a_wrong_password_waits_for_the_operator(a_courier: Make) -> None:
    with FakeSmtp(login=("desk", "secret")) as server:
        outcome, _ = send(a_courier(server, user="desk", password="wrong"))
        assert isinstance(outcome, Deferred)
        assert (outcome.code, outcome.away) == (535, True)
        assert "wrong" not in outcome.reply


def test_a_password_never_goes_over_plain_text_to_another_machine() -> None:
    with pytest.raises(Permanent, match="TLS"):
        Relay(host="mail.example", port=25, tls=Tls.NONE, user="desk", password="secret")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Relay(host="mail.example", port=25, user="desk", password="secret"))


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DOT"])
@pytest.mark.parametrize(
    "answer",
    [
        "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
    ],
)
def test_a_limit_of_the_account_makes_every_mail_wait_and_none_fail(a_courier: Make, verb: str, answer: str) -> None:
    with FakeSmtp(answers={verb: answer}) as server:
        outcome, _ = send(a_courier(server))

    assert isinstance(outcome, Deferred)
    assert outcome.away
