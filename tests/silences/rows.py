"""Where a server can break: protocol, step, the word of the client that names the step on the line, and what goes wrong there.

Each step has one row for each of its faults; `ROWS` is all of them, `python -m tests.silences.rows` prints and counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.servers.faulty_proxy import Fault

SILENT, CLOSES, GARBAGE, DRIPS = Fault.SILENT, Fault.CLOSES, Fault.GARBAGE, Fault.DRIPS
ALL = (SILENT, CLOSES, GARBAGE, DRIPS)


class Protocol(StrEnum):
    IMAP = "IMAP"
    SMTP_OUT = "SMTP out"
    SMTP_IN = "SMTP in"
    TOKEN = "token endpoint"
    DNS = "DNS"
    CLAMD = "clamd"
    RSPAMD = "rspamd"
    POSTGRESQL = "PostgreSQL"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`passes`: the server gets the word all the same.  `anew`: the step is at the beginning of a connection, so those that are open are
    cut first.  `is_told`: the whole server stands still, not one of
    its names."""

    protocol: Protocol
    step: str
    fault: Fault
    word: bytes = b""
    passes: bool = True
    anew: bool = False
    by_tcp: bool = False
    is_told: bool = True

    @property
    def name(self) -> str:
        return f"{self.protocol}, {self.step}: {self.fault}"


IMAP = (
    ("greeting", b"", "anew"),
    ("LOGIN", b" LOGIN ", "anew"),
    ("SELECT", b" SELECT ", "anew"),
    ("NOOP", b" NOOP\r\n", ""),
    ("SEARCH", b"UID SEARCH", ""),
    ("sizes", b"RFC822.SIZE", ""),
    ("mails", b"BODY.PEEK[]", ""),
    ("STORE", b"UID STORE", ""),
    ("IDLE", b" IDLE\r\n", ""),
    ("DONE", b"DONE\r\n", ""),
)
SMTP_OUT = (
    ("greeting", b"", "anew"),
    ("EHLO", b"ehlo ", "anew"),
    ("MAIL", b"MAIL FROM", ""),
    ("RCPT", b"RCPT TO", ""),
    ("DATA", b"DATA\r\n", ""),
    ("content", b"Message-ID:", ""),
    ("dot", b"\r\n.\r\n", "held"),
)
SMTP_IN = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "dot")
OTHERS = (
    (Protocol.TOKEN, "connection", b"", ALL),
    (Protocol.TOKEN, "answer", b"POST /token", ALL),
    (Protocol.CLAMD, "connection", b"", ALL),
    (Protocol.CLAMD, "INSTREAM", b"zINSTREAM", ALL),
    (Protocol.CLAMD, "end of the mail", b"\r\n\0\0\0\0", ALL),
    (Protocol.RSPAMD, "connection", b"", ALL),
    (Protocol.RSPAMD, "answer", b"POST /checkv2", ALL),
    (Protocol.WEBHOOK, "connection", b"", ALL),
    (Protocol.WEBHOOK, "answer", b"POST /tickets", ALL),
)
POSTGRESQL = (
    ("login", b"user\0", "anew"),
    ("first statement", b"pg_backend_pid", "anew"),
    ("BEGIN", b"BEGIN", ""),
    ("INSERT", b"INSERT INTO", ""),
    ("COMMIT", b"COMMIT", ""),
)
ANY_NAME, DMARC = b"\x04test\0", b"\x06_dmarc"
DNS = (
    ("question by UDP", ANY_NAME, (SILENT, GARBAGE), ""),
    ("question by TCP", ANY_NAME, ALL, "tcp"),
    ("DMARC of a sender", DMARC, (SILENT, GARBAGE), "one name"),
)


def _rows() -> Iterator[Row]:
    for step, word, kind in IMAP:
        yield from (Row(protocol=Protocol.IMAP, step=step, word=word, fault=fault, anew=kind == "anew") for fault in ALL)
    for step, word, kind in SMTP_OUT:
        for fault in ALL:
            yield Row(protocol=Protocol.SMTP_OUT, step=step, word=word, fault=fault, anew=kind == "anew", passes=kind != "held")
    for fault in (SILENT, CLOSES):
        yield Row(protocol=Protocol.SMTP_OUT, step="answer to the dot", word=b"\r\n.\r\n", fault=fault)
    for step in SMTP_IN:
        yield from (Row(protocol=Protocol.SMTP_IN, step=step, fault=fault) for fault in ALL)
    for protocol, step, word, faults in OTHERS:
        yield from (Row(protocol=protocol, step=step, word=word, fault=fault) for fault in faults)
    for step, word, kind in POSTGRESQL:
        yield from (Row(protocol=Protocol.POSTGRESQL, step=step, word=word, fault=fault, anew=kind == "anew") for fault in ALL)
    for step, word, faults, kind in DNS:
        for fault in faults:
            yield Row(protocol=Protocol.DNS, step=step, word=word, fault=fault, by_tcp=kind == "tcp", is_told=kind != "one name")


ROWS = tuple(_rows())


def find(protocol: Protocol, step: str, fault: Fault) -> Row:
    (found,) = (row for row in ROWS if (row.protocol, row.step, row.fault) == (protocol, step, fault))
    return found


# Of each protocol a silence that the daemon has to end by itself, with the limits that users have.
REAL = (
    find(Protocol.IMAP, "mails", SILENT),
    find(Protocol.SMTP_OUT, "MAIL", SILENT),
    find(Protocol.POSTGRESQL, "COMMIT", SILENT),
    find(Protocol.RSPAMD, "answer", DRIPS),
    find(Protocol.DNS, "question by UDP", SILENT),
)
QUICK = (
    find(Protocol.IMAP, "IDLE", SILENT),
    find(Protocol.SMTP_OUT, "MAIL", SILENT),
    find(Protocol.WEBHOOK, "answer", GARBAGE),
)
QUICK_STORE = find(Protocol.POSTGRESQL, "COMMIT", SILENT)

if __name__ == "__main__":
    for number, row in enumerate(ROWS, start=1):
        print(f"{number:4} {row.name}")
