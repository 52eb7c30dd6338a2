"""An IMAP server in memory that can be made to fail at any command, for what a real server cannot be asked to do.

It speaks as much of RFC 3501, 2177, 4315 and 6851 as the poller needs.  What the poller needs from a true server is tested with Dovecot;
tests/intake/test_imap_fake.py has the two agree on the plain way.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, RLock, Thread
from typing import Self

MOMENT = "02-Mar-2026 09:30:00 +0000"


@dataclass
class Mail:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    uidvalidity: int = 7
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)

    def add(self, raw: bytes) -> Mail:
        mail = Mail(self.uidnext, raw)
        self.uidnext += 1
        self.mails.append(mail)
        return mail


@dataclass
class Fault:
    """What happens instead of the command, or (`say`, `close`) in the middle of it.

    `answer`: said as it is, {tag} replaced.  `drip`: octets follow one by one for ever.  `hang`: nothing is said any more.  Then `close`:
    the connection ends.
    """

    command: str
    answer: bytes = b""
    hang: bool = False
    close: bool = False
    times: int = 1
    drip: bool = False


class _Gone(Exception):
    """This connection is over."""


class FakeImap:
    """Listens on `port`.  `folders` is what it holds; `faults` what goes wrong next; `commands` what it was told."""

    def __init__(self, *, capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS", permanent: str = r"\Seen \Deleted \*") -> None:
        self.capabilities = capabilities
        self.permanent = permanent
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.faults: list[Fault] = []
        self.commands: list[str] = []
        self.sent = 0  # octets said on all connections
        self.cut_after: int | None = None  # the connection breaks behind this many octets
        self.broken = ""  # a BODY[] that holds this word is not given
        self.hollow = ("", b"")  # a mail that holds the first word comes with the second instead of its BODY[]
        self.late: list[bytes] = []  # mails that come just behind the next search, told with its answer and not again
        self.on_acknowledge: Callable[[Mail], None] = lambda mail: None
        self.before: Callable[[str], None] = lambda command: None
        self.lock = RLock()
        self._news = Event()
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._acceptor = Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """The mails are in the folder, and whoever idles is told."""
        with self.lock:
            for raw in mails:
                self.folders[folder].add(raw)
        self._news.set()

    def drop_connections(self) -> None:
        with self.lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing = True
        self._news.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        self._acceptor.join(10)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self._connections.append(connection)
            thread = Thread(target=_Session(self, connection).serve, daemon=True)
            self._threads.append(thread)
            thread.start()


class _Session:
    def __init__(self, server: FakeImap, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._input = connection.makefile("rb")
        self._folder = Folder()
        self._told = 0

    def serve(self) -> None:
        with suppress(OSError, _Gone, ValueError), self._connection, self._input:
            self._meet_fault("", "GREETING")
            self._say(b"* OK ready\r\n")
            while line := self._input.readline():
                self._obey(line.decode().rstrip("\r\n"))

    def _obey(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        words = rest.split(" ")
        name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        self._server.commands.append(rest)
        if self._meet_fault(tag, name):
            return
        with self._server.lock:
            self._server.before(name)
            method = getattr(self, "_do_" + name.lower().replace(" ", "_"), None)
            refusal = f"{tag} BAD what?" if method is None else method(tag, rest.partition(name)[2].strip() if name in rest else "")
        self._say(f"{refusal or f'{tag} OK done'}\r\n".encode())

    def _meet_fault(self, tag: str, name: str) -> bool:
        """True when the command was answered by a fault."""
        fault = next((fault for fault in self._server.faults if fault.command == name and fault.times > 0), None)
        if fault is None:
            return False
        fault.times -= 1
        if fault.answer:
            self._say(fault.answer.replace(b"{tag}", tag.encode()))
        if fault.drip:
            self._drip()
        if fault.hang:
            self._connection.recv(1 << 16)
            while self._connection.recv(1 << 16):
                pass
        if fault.hang or fault.close:
            self._connection.shutdown(socket.SHUT_RDWR)
            raise _Gone
        return True

    def _drip(self) -> None:
        """Each read of the client is answered in time, and no answer ever ends."""
        self._connection.settimeout(0.05)
        while True:
            self._connection.sendall(b"x")
            with suppress(TimeoutError):
                if not self._connection.recv(1 << 16):
                    raise _Gone

    def _say(self, data: bytes) -> None:
        server = self._server
        if server.cut_after is not None and server.sent + len(data) >= server.cut_after:
            self._connection.sendall(data[: server.cut_after - server.sent])
            server.sent, server.cut_after = server.cut_after, None
            self._connection.shutdown(socket.SHUT_RDWR)
            raise _Gone
        server.sent += len(data)
        self._connection.sendall(data)

    def _do_capability(self, tag: str, rest: str) -> None:
        self._say(f"* CAPABILITY {self._server.capabilities}\r\n".encode())

    def _do_login(self, tag: str, rest: str) -> None:
        pass

    def _do_authenticate(self, tag: str, rest: str) -> None:
        """Any token is good; what the client said is in `commands`."""
        self._say(b"+ \r\n")
        self._server.commands.append(self._input.readline().decode().strip())

    def _do_noop(self, tag: str, rest: str) -> None:
        self._tell_exists()

    def _do_create(self, tag: str, rest: str) -> None:
        self._server.folders[rest.strip('"')] = Folder(uidvalidity=99)

    def _do_logout(self, tag: str, rest: str) -> None:
        self._say(b"* BYE\r\n")

    def _do_select(self, tag: str, rest: str) -> str | None:
        name = rest.strip('"')
        if name not in self._server.folders:
            return f"{tag} NO no such folder"
        self._folder = folder = self._server.folders[name]
        self._tell_exists()
        self._say(f"* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS ({self._server.permanent})] flags\r\n".encode())
        if folder.uidvalidity:
            self._say(f"* OK [UIDVALIDITY {folder.uidvalidity}] valid\r\n".encode())
        self._say(f"* OK [UIDNEXT {folder.uidnext}] next\r\n".encode())
        return f"{tag} OK [READ-WRITE] open"

    _do_examine = _do_select

    def _do_uid_search(self, tag: str, rest: str) -> None:
        found = self._chosen(rest.upper().partition("UID ")[2], star=True)
        self._say(f"* SEARCH{''.join(f' {mail.uid}' for mail in found)}\r\n".encode())
        late, self._server.late = self._server.late, []
        if late:
            for raw in late:
                self._folder.add(raw)
            self._tell_exists()

    def _do_uid_fetch(self, tag: str, rest: str) -> None:
        uids, _, items = rest.partition(" ")
        for mail in self._chosen(uids):
            self._say(self._answer(mail, items.upper()))

    def _do_uid_store(self, tag: str, rest: str) -> None:
        uids, _, change = rest.partition(" ")
        for mail in self._chosen(uids):
            self._server.on_acknowledge(mail)
            mail.flags |= set(re.findall(r"[\\$]\w+", change.partition("(")[2]))

    def _do_uid_move(self, tag: str, rest: str) -> str | None:
        refusal = self._do_uid_copy(tag, rest)
        if refusal is None:
            self._remove(self._chosen(rest.partition(" ")[0]))
        return refusal

    def _do_uid_copy(self, tag: str, rest: str) -> str | None:
        uids, _, name = rest.partition(" ")
        target = self._server.folders.get(name.strip('"'))
        if target is None:
            return f"{tag} NO [TRYCREATE] no such folder"
        for mail in self._chosen(uids):
            self._server.on_acknowledge(mail)
            target.add(mail.raw)
        return None

    def _do_uid_expunge(self, tag: str, rest: str) -> None:
        self._remove([mail for mail in self._chosen(rest) if r"\Deleted" in mail.flags])

    def _do_idle(self, tag: str, rest: str) -> None:
        server = self._server
        server._news.clear()
        self._say(b"+ idling\r\n")
        waiter = Thread(target=self._tell_news, daemon=True)
        if len(self._folder.mails) != self._told:
            self._tell_exists()
        else:
            waiter.start()
        server.lock.release()  # the others may go on while this one idles
        try:
            line = self._input.readline()
        finally:
            server._news.set()
            server.lock.acquire()
        if line.strip().upper() != b"DONE":
            raise _Gone
        server.commands.append("DONE")
        if self._meet_fault(tag, "DONE"):
            raise _Gone

    def _tell_news(self) -> None:
        self._server._news.wait(30)
        with suppress(OSError), self._server.lock:
            if len(self._folder.mails) != self._told:
                self._tell_exists()

    def _tell_exists(self) -> None:
        self._told = len(self._folder.mails)
        self._say(f"* {self._told} EXISTS\r\n* 0 RECENT\r\n".encode())

    def _remove(self, mails: list[Mail]) -> None:
        for mail in mails:
            self._say(f"* {self._folder.mails.index(mail) + 1} EXPUNGE\r\n".encode())
            self._folder.mails.remove(mail)
        self._told = len(self._folder.mails)

    def _chosen(self, uids: str, *, star: bool = False) -> list[Mail]:
        mails, chosen = self._folder.mails, set()
        newest = mails[-1].uid if mails else 0
        for part in uids.strip().split(","):
            first, _, last = part.partition(":")
            low = int(first)
            high = low if not last else newest if last == "*" else int(last)
            chosen |= {uid for uid in (mail.uid for mail in mails) if min(low, high) <= uid <= max(low, high)}
        return [mail for mail in mails if mail.uid in chosen]

    def _answer(self, mail: Mail, items: str) -> bytes:
        parts = [f"UID {mail.uid}".encode()]
        if "RFC822.SIZE" in items:
            parts.append(f'RFC822.SIZE {len(mail.raw)} INTERNALDATE "{MOMENT}"'.encode())
        wanted = re.search(r"BODY\.PEEK\[(HEADER)?\](?:<(\d+)\.(\d+)>)?", items)
        if wanted and not (self._server.broken and self._server.broken.encode() in mail.raw):
            raw = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if wanted[1] else mail.raw
            name = f"BODY[{wanted[1] or ''}]"
            if wanted[2] is not None:
                start = int(wanted[2])
                raw = raw[start : start + int(wanted[3])]
                name += f"<{start}>"
            word, instead = self._server.hollow
            is_hollow = bool(word) and word.encode() in mail.raw
            parts.append(instead.replace(b"BODY[]", name.encode()) if is_hollow else f"{name} {{{len(raw)}}}\r\n".encode() + raw)
        return f"* {self._folder.mails.index(mail) + 1} FETCH (".encode() + b" ".join(parts) + b")\r\n"
