"""What is tried in each row: the server breaks under mail, others go on, it is told, and when the server is well all is as before."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from time import monotonic, sleep

from tests.servers.faulty_proxy import Fault
from tests.servers.processes import wait_until, wait_while_moving
from tests.silences.rows import SMTP_IN, Protocol, Row
from tests.silences.town import DOMAIN, Town

STOP = 10.0  # seconds from SIGTERM to the end of the process
MORE_THREADS, MORE_FILES = 4, 8  # probes and connections that are on their way
LMTP_PATIENCE = 60.0  # seconds in which a client of the desk gets an answer
REAL_TOLD = 120.0
STEADY = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: until the step is reached, until it is told, and from the moment at which the server is well until nothing is missing.
    `still`: how long nothing may move meanwhile."""

    reached: float
    told: float
    still: float
    recovered: float


# With short limits the time of the clock proves nothing, and a machine with other work is slower: what stands still is a fault.
SHORT = Limits(reached=60, told=60, still=45, recovered=300)
LEFT = Limits(reached=60, told=60, still=1300, recovered=1400)  # a mail of a killed daemon whose final dot may have been sent: 20 minutes
REAL = Limits(reached=90, told=REAL_TOLD, still=90, recovered=90)


@dataclass(frozen=True, slots=True)
class Tried:
    """Seconds that it took."""

    row: Row
    told: float | None
    recovered: float
    stopped: float | None = None

    def __str__(self) -> str:
        told = "" if self.told is None else f", told after {self.told:.1f} s"
        stopped = "" if self.stopped is None else f", stopped in {self.stopped:.1f} s"
        return f"{self.row.name}: back after {self.recovered:.1f} s{told}{stopped}"


def try_row(town: Town, row: Row, limits: Limits, *, stop: bool, by_mail: bool = False) -> Tried:
    """`stop`: the daemon is ended once while it stands at the step, and starts again.  `by_mail`: the administrators have to get a mail."""
    before = town.figures()
    if row.protocol is Protocol.SMTP_IN:
        return _client_breaks(town, row, limits, before)
    mails = town.mails_about(row)
    town.break_at(row)
    began = monotonic()
    refused = len(town.refused)
    clients = _write_under_fault(town, row)
    wait_until(lambda: town.happened(row), f"{row.name}: the step is reached", limits.reached)
    told = None
    if row.is_told:
        wait_until(lambda: town.is_told(row), f"{row.name}: it is told", limits.told)
        told = monotonic() - began
    if by_mail and row.is_told and row.protocol is not Protocol.SMTP_OUT:
        wait_until(lambda: town.mails_about(row) > mails, f"{row.name}: a mail tells it", limits.told - (monotonic() - began))
        told = monotonic() - began
    for client in clients:
        client.join(max(LMTP_PATIENCE - (monotonic() - began), 0))
        assert not client.is_alive(), f"{row.name}: a client got no answer within {LMTP_PATIENCE} s"
    assert all(code // 100 == 4 or code == 0 for code, _ in town.refused[refused:]), town.refused[refused:]
    recovered = _heals(town, row, limits)
    _is_steady(town, row, before)
    if not stop:
        return Tried(row, told, recovered)
    took = stops(town, row, limits)
    town.start()
    _heals(town, row, limits)
    return Tried(row, told, recovered, took)


def try_together(town: Town, rows: tuple[Row, ...], limits: Limits) -> float:
    """Several servers break at once: each is told, mail is filed meanwhile.  When all are well, the seconds until nothing is missing."""
    before = town.figures()
    for row in rows:
        town.break_at(row)
    town.send("imap")
    sender = town.send("lmtp")
    wait_until(lambda: town.is_filed(sender), f"a mail is filed while {len(rows)} servers stand still")
    for row in rows:
        wait_until(lambda row=row: town.happened(row), f"{row.name}: the step is reached", limits.reached)  # type: ignore[misc]
        wait_until(lambda row=row: town.is_told(row), f"{row.name}: it is told", limits.told)  # type: ignore[misc]
    for row in rows[1:]:
        town.heal(row)
    took = _heals(town, rows[0], limits)
    for row in rows:
        settles(town, row.name, limits, lambda row=row: "" if town.is_well(row) else "still told that it fails")  # type: ignore[misc]
    _is_steady(town, rows[0], before)
    return took


def _write_under_fault(town: Town, row: Row) -> list[Thread]:
    """Mail comes on every way, and what does not need the broken server goes on meanwhile.  The clients who wait for an answer."""
    others: list[str] = []
    match row.protocol:
        case Protocol.POSTGRESQL:
            town.send("imap")
            return [town.send_in_background("lmtp") for _ in range(3)]
        case Protocol.TOKEN:
            town.send("oauth")
            others = [town.send("lmtp"), town.send("imap")]
        case Protocol.IMAP:
            town.send("imap")
            others = [town.send("lmtp")] + ([town.send("oauth")] if town.servers.provider else [])
        case _:
            others = [town.send("lmtp"), town.send("lmtp"), town.send("imap")]
    for sender in others:
        wait_until(lambda sender=sender: town.is_filed(sender), f"{row.name}: a mail that needs no {row.protocol} is filed")  # type: ignore[misc]
        if row.protocol is not Protocol.SMTP_OUT:
            wait_until(lambda sender=sender: town.is_answered(sender), f"{row.name}: and its receipt is there")  # type: ignore[misc]
    return []


def _heals(town: Town, row: Row, limits: Limits) -> float:
    town.heal(row)
    began = monotonic()
    town.send("imap")
    town.send("lmtp")
    settles(town, row.name, limits, lambda: "" if town.is_well(row) else "still told that it fails")
    return monotonic() - began


def settles(town: Town, name: str, limits: Limits, further: Callable[[], str] = str) -> None:
    """Senders try again what was not taken, until nothing is missing, and nothing that `further` names."""

    def left() -> str:
        town.send_owed()
        return town.missing() or further()

    wait_while_moving(left, town.moved, name, limits.still, most=limits.recovered)


def _is_steady(town: Town, row: Row, before: tuple[int, int]) -> None:
    def steady() -> bool:
        threads, files = town.figures()
        return threads <= before[0] + MORE_THREADS and files <= before[1] + MORE_FILES

    ends = monotonic() + STEADY
    while not steady():
        assert monotonic() < ends, f"{row.name}: threads and descriptors were {before}, are {town.figures()}: {town.tell_figures()}"
        sleep(0.2)


def stops(town: Town, row: Row, limits: Limits) -> float:
    """The daemon ends in time while the server stands at the step; the seconds it takes.  Then the server is well."""
    town.break_at(row)
    if row.protocol is Protocol.TOKEN:
        town.send("oauth")
    if row.protocol is not Protocol.POSTGRESQL:
        town.send("lmtp")
    thread = town.send_in_background("lmtp")
    town.send("imap")
    wait_until(lambda: town.happened(row), f"{row.name}: the step is reached again", limits.reached)
    code, took = town.stop()
    thread.join(LMTP_PATIENCE)
    town.heal(row)
    assert (code, took <= STOP) == (0, True), f"{row.name}: the end took {took:.1f} s with {code}: {town.daemon.log()[-3000:]}"
    return took


# Clients of our own listener


def _client_breaks(town: Town, row: Row, limits: Limits, before: tuple[int, int]) -> Tried:
    """A client breaks at the step: others are served at once, its connection is ended, and what it sends again is there once."""
    sender, raw = town.write()
    began = monotonic()
    client = socket.create_connection(("127.0.0.1", town.smtp), timeout=30)
    with client:
        _say_until(client, row, sender, raw, town.seed)
        other = town.send("lmtp")
        assert other in town.acknowledged, f"{row.name}: another client is refused"
        if row.fault is not Fault.CLOSES:
            client.settimeout(limits.recovered)
            with suppress(ConnectionError):
                while client.recv(4096):
                    pass
    ended = monotonic() - began
    town.owed[sender] = raw
    settles(town, row.name, limits)
    _is_steady(town, row, before)
    return Tried(row, None, ended)


def _say_until(client: socket.socket, row: Row, sender: str, raw: bytes, seed: int) -> None:
    said = {
        "greeting": b"",
        "EHLO": f"EHLO client.{DOMAIN}\r\n".encode(),
        "MAIL": f"MAIL FROM:<{sender}>\r\n".encode(),
        "RCPT": b"RCPT TO:<support@desk.test>\r\n",
        "DATA": b"DATA\r\n",
        "content": raw,
        "dot": b".\r\n",
    }
    steps = list(SMTP_IN)
    client.recv(500)
    for step in steps[1 : steps.index(row.step)]:
        client.sendall(said[step])
        if step != "content":
            client.recv(2000)
    last = said[row.step]
    match row.fault:
        case Fault.SILENT:
            client.sendall(last[: len(last) // 2])
        case Fault.CLOSES:
            client.sendall(last)
        case Fault.GARBAGE:
            client.sendall(random.Random(seed).randbytes(3000) + b"\r\n")
        case Fault.DRIPS:
            with suppress(OSError):
                for at in range(len(last) or 1):
                    client.sendall(last[at : at + 1] or b"N")
                    client.settimeout(1)
                    with suppress(TimeoutError):
                        if not client.recv(500):
                            return
