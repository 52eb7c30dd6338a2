"""An SMTP server in a thread that does what it is told to, and keeps what it takes.  With no fault set it behaves as RFC 5321 says;
tests/delivery/test_courier_contract.py holds it to what Postfix and smtp-sink do."""

from __future__ import annotations

import socket
import ssl
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from threading import Event, Lock, Thread
from time import sleep
from types import TracebackType


class Fault(Enum):
    """What may go wrong besides a reply.  TAKE_*: the mail was taken, and the client never hears of it."""

    HANG = "says nothing"
    CLOSE = "closes the connection"
    GARBAGE = "says what is no reply"
    ENDLESS = "never comes to the end of its reply"
    TRICKLE = "says one letter a tenth of a second"
    TAKE_AND_HANG = "takes the mail, says nothing"
    TAKE_AND_CLOSE = "takes the mail, closes the connection"
    READ_SLOWLY = "reads a byte a tenth of a second"


VERBS = ("GREET", "EHLO", "MAIL", "RCPT", "DATA", "DOT")
Answer = str | Fault


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail the server has taken, dots unstuffed."""

    mail_from: str
    recipient: str
    raw: bytes
    options: str = ""


@dataclass
class FakeSmtp:
    """`answers` replaces the right reply to a verb: by one answer, or by a sequence used up one a time, after which all is well again.

    Answers for RCPT may be given by recipient: "RCPT ana@acme.example".
    """

    answers: Mapping[str, Answer | Sequence[Answer]] = field(default_factory=dict)
    features: tuple[str, ...] = ("SIZE 1000000", "8BITMIME", "SMTPUTF8")
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    mails: list[Taken] = field(default_factory=list)
    unfinished: list[bytes] = field(default_factory=list)  # DATA that broke off before the dot
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # the verbs, as in `answers`
    connections: int = 0
    port: int = 0  # 0: any free one
    cut_after: int | None = None  # letters the server says before the line goes dead
    said: int = 0

    def __post_init__(self) -> None:
        for_ever = 10_000
        self._left = {verb: [each] * for_ever if isinstance(each, str | Fault) else list(each) for verb, each in self.answers.items()}
        self._stop = Event()
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> FakeSmtp:
        self._threads.append(Thread(target=self._accept, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def answer(self, verb: str) -> Answer | None:
        with self._lock:
            self.asked.append(verb)
            left = self._left.get(verb)
            return left.pop(0) if left else None

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        conversation = _Conversation(self, connection, self._stop)
        try:
            with suppress(OSError, ValueError):
                conversation.run()
        finally:
            conversation.reader.close()
            conversation.connection.close()


class _Conversation:
    def __init__(self, server: FakeSmtp, connection: socket.socket, stop: Event) -> None:
        self.server = server
        self.connection = connection
        self.stop = stop
        self.reader = connection.makefile("rb")
        self.encrypted = False
        self.mail_from = self.recipient = self.options = ""

    def run(self) -> None:
        if not self.reply("GREET", "220 fake.test ESMTP"):
            return
        while not self.stop.is_set() and (line := self.reader.readline(4096)):
            text = line.decode().rstrip("\r\n")
            verb, _, argument = text.partition(" ")
            self.server.heard.append(text)
            if not self.command(verb.upper(), argument):
                return

    def command(self, verb: str, argument: str) -> bool:
        match verb:
            case "EHLO" | "HELO":
                return self.reply("EHLO", self.greeting())
            case "STARTTLS" if self.server.tls:
                return self.start_tls()
            case "AUTH":
                good = self.server.login is not None and argument.upper().startswith("PLAIN ") and self.right_password(argument[6:])
                return self.reply("AUTH", "235 2.7.0 welcome" if good else "535 5.7.8 no")
            case "MAIL":
                self.mail_from, _, self.options = argument.removeprefix("FROM:<").partition(">")
                return self.reply("MAIL", "250 2.1.0 ok")
            case "RCPT":
                self.recipient = argument.removeprefix("TO:<").partition(">")[0]
                own = self.server.answer(f"RCPT {self.recipient}")
                return self.say(own) if own else self.reply("RCPT", "250 2.1.5 ok")
            case "DATA":
                return self.data()
            case "RSET" | "NOOP":
                return self.reply(verb, "250 2.0.0 ok")
            case "QUIT":
                self.reply("QUIT", "221 2.0.0 bye")
                return False
            case _:
                return self.say("502 5.5.1 what?")

    def data(self) -> bool:
        answer = self.server.answer("DATA") or "354 go on"
        if not self.say(answer) or answer is Fault.READ_SLOWLY or not str(answer).startswith("354"):
            return answer is not Fault.READ_SLOWLY and not isinstance(answer, Fault)
        lines: list[bytes] = []
        while (line := self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                self.server.unfinished.append(b"".join(lines) + line)
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        taken = Taken(self.mail_from, self.recipient, b"".join(lines), self.options)
        answer = self.server.answer("DOT") or "250 2.0.0 taken"
        if answer in (Fault.TAKE_AND_CLOSE, Fault.TAKE_AND_HANG) or str(answer).startswith("2"):
            self.server.mails.append(taken)
        return self.say(answer)

    def greeting(self) -> str:
        features = list(self.server.features)
        features += ["STARTTLS"] if self.server.tls and not self.encrypted else []
        features += ["AUTH PLAIN"] if self.server.login else []
        lines = ["fake.test", *features]
        return "\r\n".join(f"250{'-' if number < len(lines) else ' '}{line}" for number, line in enumerate(lines, start=1))

    def start_tls(self) -> bool:
        if not self.reply("STARTTLS", "220 2.0.0 go"):
            return False
        assert self.server.tls is not None
        self.reader.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.reader = self.connection.makefile("rb")
        self.encrypted = True
        return True

    def right_password(self, encoded: str) -> bool:
        return b64decode(encoded).decode().split("\0")[1:] == list(self.server.login or ())

    def reply(self, verb: str, usual: str) -> bool:
        return self.say(self.server.answer(verb) or usual)

    def say(self, answer: Answer) -> bool:
        """False: the conversation is over.  After 421 it is, as RFC 5321 says."""
        match answer:
            case Fault.CLOSE | Fault.TAKE_AND_CLOSE:
                return False
            case Fault.HANG | Fault.TAKE_AND_HANG:
                while self.connection.recv(4096):
                    pass
                return False
            case Fault.READ_SLOWLY:
                self.connection.sendall(b"354 go on\r\n")
                while self.connection.recv(1) and not self.stop.is_set():
                    sleep(0.1)
                return False
            case Fault.GARBAGE:
                self.connection.sendall(b"\xff\x00 hello there\r\n")
                return True
            case Fault.ENDLESS:
                while not self.stop.is_set():
                    self.connection.sendall(b"250-and another thing\r\n" * 100)
                return False
            case Fault.TRICKLE:
                for letter in b"250-" + b"x" * 200:
                    self.connection.sendall(bytes([letter]))
                    sleep(0.1)
                return False
        return self.send(answer.encode() + b"\r\n") and not answer.startswith("421")

    def send(self, data: bytes) -> bool:
        left = len(data) if self.server.cut_after is None else self.server.cut_after - self.server.said
        self.connection.sendall(data[:left])
        self.server.said += len(data[:left])
        return left >= len(data)
