"""The SMTP and LMTP listeners over real sockets (mailbridge.intake.listener)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import trustme

from mailbridge.clock import FixedClock
from mailbridge.config.model import ListenerSettings
from mailbridge.errors import Permanent
from mailbridge.intake import session
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.trace_ids import TRACE_ID
from tests.fakes.memory_store import MemoryStore
from tests.intake.wire import Wire

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MAIL = b"From: ann@customer.example\r\nSubject: printer\r\n\r\nIt smokes.\r\n"
OWN = {"help@desk.example", "billing@desk.example"}

Open = Callable[..., Listeners]


def handed_over(store: MemoryStore) -> list[bytes]:
    """The mails as the clients sent them, without the Received field that our listener puts on top."""
    mails = [RECEIVED.sub(b"", raw, count=1) for raw, _ in store.rows]
    assert all(len(raw) > len(mail) for (raw, _), mail in zip(store.rows, mails, strict=True))
    return mails


RECEIVED = re.compile(rb"\AReceived: from [^\r\n]+(?:\r\n\t[^\r\n]+)+\r\n")


class Told:
    """A log that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def note(self, event: str, /, **values: object) -> None:
        self.events.append((event, values))

    info = warning = error = note


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def log() -> Told:
    return Told()


@pytest.fixture
def listen(store: MemoryStore, log: Told) -> Iterator[Open]:
    """Starts a listener with the given settings; all are stopped at the end."""
    with ExitStack() as stack:
        inbox = Inbox(store)  # type: ignore[arg-type]
        stack.callback(inbox.close)

        def start(protocol: str = "smtp", **settings: object) -> Listeners:
            listener = ListenerSettings(protocol=protocol, port=0, hostname="mx.desk.example", **settings)  # type: ignore[arg-type]
            listeners = Listeners([listener], inbox, OWN.__contains__, clock=FixedClock(NOW), log=log)
            listeners.start()
            stack.callback(listeners.stop, timedelta(0))
            return listeners

        stack.callback(store.gate.set)
        yield start


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def ready_for_data(wire: Wire, *recipients: str, hello: str = "EHLO client.example", sender: str = "ann@customer.example") -> None:
    wire.say(hello)
    assert wire.say(f"MAIL FROM:<{sender}>")[:3] == "250"
    for recipient in recipients or ("help@desk.example",):
        assert wire.say(f"RCPT TO:<{recipient}>")[:3] == "250"
    assert wire.say("DATA")[:3] == "354"


def queued(store: MemoryStore, number: int) -> str:
    """The answer to the n-th mail: it names the id that the mail has in the store."""
    trace = store.rows[number - 1][1].trace
    assert TRACE_ID.fullmatch(trace)
    return f"250 2.0.0 Accepted: queued as {trace}"


# What is kept, and when it is acknowledged


def test_accepted_mail_is_kept_whole_with_its_envelope(listen: Open, store: MemoryStore) -> None:
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire, "help@desk.example", "Billing+mb.7@desk.example")
        assert wire.say(MAIL + b".") == queued(store, 1)
    expected = Envelope(
        source=Source.SMTP,
        received_at=NOW,
        mail_from="ann@customer.example",
        rcpt_to=("help@desk.example", "Billing+mb.7@desk.example"),
        account="127.0.0.1:0",
        peer="127.0.0.1",
        helo="client.example",
    )
    assert (handed_over(store), store.rows[0][1]) == ([MAIL], expected)


def test_answer_waits_for_the_commit(listen: Open, store: MemoryStore) -> None:
    store.gate.clear()
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        wire.send(MAIL + b".\r\n")
        assert store.entered.wait(10)
        assert wire.is_quiet()
        store.gate.set()
        assert wire.answer() == queued(store, 1)


def test_store_away_is_451_and_the_same_connection_works_again(listen: Open, store: MemoryStore) -> None:
    store.away = True
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        assert wire.say(MAIL + b".")[:9] == "451 4.3.0"
        store.away = False
        ready_for_data(wire)
        assert wire.say(MAIL + b".")[:9] == "250 2.0.0"
    assert len(store.rows) == 1


def test_bug_of_ours_is_451_and_tells_nothing(listen: Open, store: MemoryStore, log: Told) -> None:
    store.poison = lambda raw: True
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        assert wire.say(MAIL + b".") == "451 4.3.0 Temporary local problem, try again later"
    assert ("listener_failed", {"source": Source.SMTP, "error": "ValueError", "detail": "this mail cannot be held"}) in log.events


def test_client_that_hangs_up_after_the_dot_cannot_undo_the_commit(listen: Open, store: MemoryStore) -> None:
    store.gate.clear()
    listeners = listen()
    wire = Wire(listeners.ports[0])
    ready_for_data(wire)
    wire.send(MAIL + b".\r\n")
    assert store.entered.wait(10)
    wire.close()
    store.gate.set()
    with Wire(listeners.ports[0]) as other:
        ready_for_data(other)
        assert other.say(MAIL + b".") == queued(store, 2)


def test_mail_cut_off_before_the_dot_is_not_kept(listen: Open, store: MemoryStore) -> None:
    listeners = listen()
    wire = Wire(listeners.ports[0])
    ready_for_data(wire)
    wire.send(MAIL)
    wire.close()
    with Wire(listeners.ports[0]) as other:
        ready_for_data(other)
        assert other.say(MAIL + b".") == queued(store, 1)


def test_null_sender_is_the_empty_string(listen: Open, store: MemoryStore) -> None:
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire, sender="")
        wire.say(MAIL + b".")
    assert store.rows[0][1].mail_from == ""


def test_eight_clients_at_once_lose_nothing(listen: Open, store: MemoryStore) -> None:
    port = listen().ports[0]

    def deliver(client: int) -> None:
        with Wire(port) as wire:
            for number in range(10):
                ready_for_data(wire)
                assert wire.say(b"Subject: %d.%d\r\n\r\n." % (client, number))[:3] == "250"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(8)))
    assert set(handed_over(store)) == {b"Subject: %d.%d\r\n\r\n" % (client, number) for client in range(8) for number in range(10)}
    assert sum(store.commits) == 80


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"x" * 200_000 + b"\r\n",
        "Subject: ü€\r\n\r\nпривет\r\n".encode(),
        bytes(range(14, 256)) + b"\r\n",
        b".\r\n..\r\n.x\r\n",
    ],
    ids=["empty", "one line", "one long line", "utf-8", "octets", "dots"],
)
@pytest.mark.parametrize("piece", [1 << 20, 4099])
def test_content_arrives_octet_for_octet(listen: Open, store: MemoryStore, raw: bytes, piece: int) -> None:
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        sent = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
        for start in range(0, len(sent), piece):
            wire.send(sent[start : start + piece])
        assert wire.answer()[:3] == "250"
    assert handed_over(store) == [raw]


# Who may be written to


@pytest.mark.parametrize("recipient", ["help@desk.example", "HELP@Desk.Example", "help+mb.42.abc@desk.example", "billing@desk.example"])
def test_own_addresses_are_taken_with_and_without_detail(listen: Open, recipient: str) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        wire.say("MAIL FROM:<a@b.example>")
        assert wire.say(f"RCPT TO:<{recipient}>")[:9] == "250 2.1.5"


@pytest.mark.parametrize("recipient", ["nobody@desk.example", "help@elsewhere.example", "help", "help-mb@desk.example"])
def test_other_addresses_are_refused_for_good(listen: Open, recipient: str) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        wire.say("MAIL FROM:<a@b.example>")
        assert wire.say(f"RCPT TO:<{recipient}>")[:9] == "550 5.1.1"
        assert wire.say("DATA")[:9] == "503 5.5.1"


def test_listener_may_take_more_addresses_and_whole_domains(listen: Open) -> None:
    with Wire(listen(recipients=("old@desk.example", "@Legacy.example")).ports[0]) as wire:
        wire.say("EHLO c")
        wire.say("MAIL FROM:<a@b.example>")
        answers = [wire.say(f"RCPT TO:<{name}>")[:3] for name in ("old@desk.example", "any@legacy.example", "any@sub.legacy.example")]
    assert answers == ["250", "250", "550"]


@pytest.mark.parametrize("path", ["<>", "<a@b\0.c>", "<help@desk.example", "<a b@desk.example>", ""])
def test_malformed_recipient_is_a_syntax_error(listen: Open, path: str) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        wire.say("MAIL FROM:<a@b.example>")
        assert wire.say(f"RCPT TO:{path}")[:3] in {"501", "553"}


def test_recipients_beyond_the_limit_are_put_off(listen: Open, store: MemoryStore) -> None:
    with Wire(listen(max_recipients=2).ports[0]) as wire:
        wire.say("EHLO c")
        wire.say("MAIL FROM:<a@b.example>")
        answers = [wire.say(f"RCPT TO:<help+{number}@desk.example>")[:9] for number in range(3)]
        assert answers == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
        wire.say("DATA")
        assert wire.say(MAIL + b".")[:3] == "250"
    assert len(store.rows[0][1].rcpt_to) == 2


# Limits


def test_declared_size_over_the_limit_is_refused_before_the_mail(listen: Open) -> None:
    with Wire(listen(max_size=1000).ports[0]) as wire:
        assert "250-SIZE 1000" in wire.say("EHLO c")
        assert wire.say("MAIL FROM:<a@b.example> SIZE=1001")[:9] == "552 5.3.4"
        assert wire.say("MAIL FROM:<a@b.example> SIZE=1000")[:3] == "250"


@pytest.mark.parametrize(("size", "code"), [(1000, "250 2.0.0"), (1001, "552 5.3.4"), (3_000_000, "552 5.3.4")])
def test_real_size_is_held_to_the_limit_and_the_talk_goes_on(listen: Open, size: int, code: str) -> None:
    with Wire(listen(max_size=1000).ports[0]) as wire:
        ready_for_data(wire)
        assert wire.say(b"x" * (size - 2) + b"\r\n.")[:9] == code
        assert wire.say("NOOP") == "250 2.0.0 OK"


def test_connection_too_many_is_told_to_come_back(listen: Open) -> None:
    port = listen(max_connections=1).ports[0]
    with Wire(port) as first, Wire(port) as second:
        assert first.greeting[:3] == "220"
        assert second.greeting[:9] == "421 4.7.0"
        assert second.answer() == ""


def test_command_of_endless_length_is_refused(listen: Open) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        assert wire.say("NOOP " + "x" * 300_000)[:3] == "500"
        assert wire.say("NOOP")[:3] == "250"


def test_silent_client_is_closed(listen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE", 0.1)
    with Wire(listen().ports[0]) as wire:
        assert wire.answer()[:9] == "421 4.4.2"
        assert wire.answer() == ""


def test_each_sign_of_life_resets_the_patience(listen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE", 0.5)
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        for _ in range(8):
            wire.send(b"a slow line\r\n")
            assert wire.is_quiet(0.1)
        assert wire.say(b".")[:3] == "250"


def test_dribbling_client_does_not_stay_for_ever(listen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LIFETIME", 0.3)
    with Wire(listen().ports[0]) as wire:
        while wire.is_quiet(0.02):
            wire.send(b"N")
        assert wire.answer()[:9] == "421 4.4.2"


def test_slow_commit_does_not_count_as_a_slow_client(listen: Open, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE", 0.1)
    store.gate.clear()
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        wire.send(MAIL + b".\r\n")
        assert wire.is_quiet(0.4)
        store.gate.set()
        assert wire.answer()[:3] == "250"


# Smuggling: RFC 5321 2.3.8, CVE-2023-51764 to -51766, CVE-2024-27305

SMUGGLED = {
    "LF . LF": b"\n.\n",
    "CR . CR": b"\r.\r",
    "LF . CRLF": b"\n.\r\n",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CRLF . CR": b"\r\n.\r",
    "CRLF NUL . CRLF": b"\r\n\x00.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\x00\r\n",
    "LF . CR CRLF": b"\n.\r\r\n",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CR CRLF . LF": b"\r\r\n.\n",
}


@pytest.mark.parametrize("mark", SMUGGLED.values(), ids=SMUGGLED)
@pytest.mark.parametrize("one_by_one", [False, True], ids=["at once", "octet by octet"])
def test_only_crlf_dot_crlf_ends_a_mail(listen: Open, store: MemoryStore, mark: bytes, one_by_one: bool) -> None:
    second = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<help@desk.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
    sent = MAIL[:-2] + mark + second + b".\r\nNOOP\r\n"
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire)
        for piece in [bytes([octet]) for octet in sent] if one_by_one else [sent]:
            wire.send(piece)
        verdict = wire.answer()
        assert wire.answer() == "250 2.0.0 OK"
        assert wire.is_quiet()
    if b"\0" in mark:
        assert verdict[:3] == "250"
        assert handed_over(store) == [MAIL[:-2] + mark.replace(b"\n.\x00", b"\n\x00") + second]
    else:
        assert verdict[:10] == "550 5.6.11"
        assert store.rows == []


# TLS


def test_starttls_forgets_what_was_said_before_and_behind_it(
    listen: Open, store: MemoryStore, certificate: dict[str, Path], trusting: ssl.SSLContext
) -> None:
    with Wire(listen(**certificate).ports[0]) as wire:
        assert wire.say("EHLO c").endswith("250 STARTTLS")
        wire.send(b"STARTTLS\r\nMAIL FROM:<injected@x.example>\r\nRCPT TO:<help@desk.example>\r\n")
        assert wire.answer()[:3] == "220"
        wire.upgrade(trusting)
        assert wire.say("MAIL FROM:<a@b.example>")[:3] == "503"  # greeted in the clear does not count
        answer = wire.say("EHLO c")
        assert answer[:20] == "250-mx.desk.example\n"
        assert "STARTTLS" not in answer
        assert "AUTH" not in answer
        assert wire.say("RCPT TO:<help@desk.example>")[:3] == "503"
        assert wire.say("STARTTLS")[:9] == "503 5.5.1"
        ready_for_data(wire)
        assert wire.say(MAIL + b".")[:3] == "250"
    assert store.rows[0][1].mail_from == "ann@customer.example"


def test_listener_that_requires_tls_takes_no_mail_without(listen: Open, certificate: dict[str, Path]) -> None:
    with Wire(listen(require_tls=True, **certificate).ports[0]) as wire:
        wire.say("EHLO c")
        assert wire.say("MAIL FROM:<a@b.example>")[:9] == "530 5.7.0"


def test_broken_handshake_harms_nobody_else(listen: Open, certificate: dict[str, Path]) -> None:
    port = listen(**certificate).ports[0]
    with Wire(port) as wire:
        wire.say("EHLO c")
        assert wire.say("STARTTLS")[:3] == "220"
        wire.send(b"this is no handshake\r\n" * 10)
        assert wire.answer() == ""
    with Wire(port) as other:
        assert other.say("EHLO c")[:3] == "250"


def test_starttls_is_not_offered_without_a_certificate(listen: Open) -> None:
    with Wire(listen().ports[0]) as wire:
        assert "STARTTLS" not in wire.say("EHLO c")
        assert wire.say("STARTTLS")[:3] == "454"


def test_certificate_that_cannot_be_used_is_said_at_once(store: MemoryStore, tmp_path: Path) -> None:
    listener = ListenerSettings(protocol="smtp", port=0, tls_cert=tmp_path / "none.pem", tls_key=tmp_path / "none.key")
    with pytest.raises(Permanent, match=r"none\.pem"):
        Listeners([listener], None, OWN.__contains__)  # type: ignore[arg-type]


# The dialogue


def test_ehlo_offers_what_is_true(listen: Open) -> None:
    with Wire(listen().ports[0]) as wire:
        assert wire.greeting == "220 mx.desk.example ESMTP mailbridge"
        assert wire.say("EHLO c").split("\n") == [
            "250-mx.desk.example",
            "250-SIZE 52428800",
            "250-PIPELINING",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250 ENHANCEDSTATUSCODES",
        ]


def test_whole_talk_may_be_pipelined(listen: Open, store: MemoryStore) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        group = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<no@x.example>\r\nRCPT TO:<help@desk.example>\r\nDATA\r\n"
        wire.send(group)
        assert [wire.answer()[:3] for _ in range(4)] == ["250", "550", "250", "354"]
        wire.send(MAIL + b".\r\n" + group + MAIL + b".\r\nQUIT\r\n")
        assert [wire.answer()[:3] for _ in range(7)] == ["250", "250", "550", "250", "354", "250", "221"]
        assert wire.answer() == ""
    assert handed_over(store) == [MAIL, MAIL]


def test_pipelined_data_without_a_recipient_leaves_the_talk_in_step(listen: Open, store: MemoryStore) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        wire.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<no@x.example>\r\nDATA\r\nRSET\r\nNOOP\r\n")
        assert [wire.answer()[:3] for _ in range(5)] == ["250", "550", "503", "250", "250"]
    assert store.rows == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("NOOP", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("HELP", "250 2.0.0"),
        ("VRFY help@desk.example", "252 2.5.0"),
        ("EXPN all", "502 5.5.1"),
        ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("RCPT TO:<help@desk.example>", "503 5.5.1"),
        ("MAIL TO:<x>", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> RET=HDRS", "555 5.5.4"),
        ("NONSENSE", "500 5.5.2"),
        ("BDAT 10 LAST", "500 5.5.2"),
        ("QUIT", "221 2.0.0"),
    ],
)
def test_answers_carry_enhanced_codes(listen: Open, line: str, answer: str) -> None:
    with Wire(listen().ports[0]) as wire:
        wire.say("EHLO c")
        assert wire.say(line)[:9] == answer


def test_international_addresses_are_taken(listen: Open, store: MemoryStore) -> None:
    with Wire(listen(recipients=("помощь@desk.example",)).ports[0]) as wire:
        wire.say("EHLO c")
        assert wire.say("MAIL FROM:<zoë@bücher.example> SMTPUTF8 BODY=8BITMIME SIZE=100")[:3] == "250"
        assert wire.say("RCPT TO:<помощь@desk.example>")[:3] == "250"
        wire.say("DATA")
        assert wire.say(MAIL + b".")[:3] == "250"
    assert (store.rows[0][1].mail_from, store.rows[0][1].rcpt_to) == ("zoë@bücher.example", ("помощь@desk.example",))


def test_name_of_the_client_cannot_hurt_what_shows_it(listen: Open, store: MemoryStore) -> None:
    with Wire(listen().ports[0]) as wire:
        ready_for_data(wire, hello="EHLO \x1b[2Jx\udcff")
        wire.say(MAIL + b".")
    assert store.rows[0][1].helo.isprintable()


# LMTP (RFC 2033)


def test_lmtp_answers_once_a_recipient(listen: Open, store: MemoryStore) -> None:
    with Wire(listen("lmtp").ports[0]) as wire:
        ready_for_data(wire, "help@desk.example", "billing@desk.example", hello="LHLO mta.example")
        wire.send(MAIL + b".\r\nNOOP\r\n")
        assert [wire.answer() for _ in range(3)] == [
            queued(store, 1).replace("Accepted", "<help@desk.example> Accepted"),
            queued(store, 1).replace("Accepted", "<billing@desk.example> Accepted"),
            "250 2.0.0 OK",
        ]
    assert store.rows[0][1].source is Source.LMTP
    assert store.rows[0][1].rcpt_to == ("help@desk.example", "billing@desk.example")


@pytest.mark.parametrize(
    ("raw", "away", "codes"),
    [(b"x" * 2000 + b"\r\n", False, "552 5.3.4 <"), (b"a\nb\r\n", False, "550 5.6.11 "), (MAIL, True, "451 4.3.0 <")],
    ids=["too big", "bare line end", "store away"],
)
def test_lmtp_answers_once_a_recipient_when_it_fails(listen: Open, store: MemoryStore, raw: bytes, away: bool, codes: str) -> None:
    store.away = away
    with Wire(listen("lmtp", max_size=1000).ports[0]) as wire:
        ready_for_data(wire, "help@desk.example", "billing@desk.example", hello="LHLO mta.example")
        wire.send(raw + b".\r\nNOOP\r\n")
        assert [wire.answer()[:11] for _ in range(2)] == [codes, codes]
        assert wire.answer() == "250 2.0.0 OK"


@pytest.mark.parametrize("hello", ["HELO c", "EHLO c"])
def test_lmtp_is_not_greeted_as_smtp(listen: Open, hello: str) -> None:
    with Wire(listen("lmtp").ports[0]) as wire:
        assert wire.greeting == "220 mx.desk.example LMTP mailbridge"
        assert wire.say(hello)[:3] == "500"


# Start and stop


def test_address_in_use_is_said_at_once(listen: Open) -> None:
    port = listen().ports[0]
    other = Listeners([ListenerSettings(protocol="smtp", port=port)], None, OWN.__contains__)  # type: ignore[arg-type]
    with pytest.raises(Permanent, match=rf"cannot use 127\.0\.0\.1:{port}"):
        other.start()


def test_stop_lets_the_mail_on_its_way_arrive_and_sends_the_others_away(listen: Open, store: MemoryStore) -> None:
    listeners = listen()
    with Wire(listeners.ports[0]) as sender, Wire(listeners.ports[0]) as idler:
        ready_for_data(sender)
        sender.send(MAIL[:20])
        idler.say("EHLO c")
        stopping = Thread(target=listeners.stop, args=(timedelta(seconds=20),))
        stopping.start()
        assert idler.answer()[:9] == "421 4.3.2"
        assert idler.answer() == ""
        sender.send(MAIL[20:] + b".\r\n")
        assert sender.answer() == queued(store, 1)
        assert sender.answer()[:9] == "421 4.3.2"
        stopping.join(20)
    assert handed_over(store) == [MAIL]


def test_stop_serves_who_is_connected_to_the_end(listen: Open, store: MemoryStore) -> None:
    """Nobody who was greeted is refused: 421 comes between two mails."""
    listeners = listen()
    with Wire(listeners.ports[0]) as sender:
        sender.say("EHLO c")
        stopping = Thread(target=listeners.stop, args=(timedelta(seconds=20),))
        stopping.start()
        for _ in range(2):
            for line in ("MAIL FROM:<ann@customer.example>", "RCPT TO:<help@desk.example>"):
                assert sender.say(line)[:3] == "250"
            assert sender.say("DATA")[:3] == "354"
            assert sender.say(MAIL + b".")[:3] == "250"
        assert sender.answer()[:9] == "421 4.3.2"
        stopping.join(20)
    assert handed_over(store) == [MAIL, MAIL]


@pytest.mark.parametrize("drip", [b"MAIL", b"DATA"])
def test_stop_does_not_wait_for_who_drips(listen: Open, monkeypatch: pytest.MonkeyPatch, drip: bytes) -> None:
    """Bytes alone are no progress: an answered command is, and a further KiB of a mail."""
    monkeypatch.setattr(session, "WITHIN_MAIL", 0.3)
    monkeypatch.setattr(session, "BETWEEN_MAILS", 0.3)
    listeners = listen()
    with Wire(listeners.ports[0]) as sender, ThreadPoolExecutor(1) as pool:
        if drip == b"DATA":
            ready_for_data(sender)
        else:
            sender.say("EHLO c")
        stopping = pool.submit(listeners.stop, timedelta(seconds=60))
        while sender.is_quiet(0.05):
            sender.send(b"x")
        assert sender.answer()[:9] == "421 4.3.2"
        stopping.result(20)


def test_stop_does_not_wait_longer_than_its_grace(listen: Open, store: MemoryStore) -> None:
    listeners = listen()
    with Wire(listeners.ports[0]) as sender:
        ready_for_data(sender)
        sender.send(MAIL)
        listeners.stop(timedelta(seconds=0.1))
        assert store.rows == []
