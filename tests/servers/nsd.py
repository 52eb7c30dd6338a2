"""A private nsd for the tests: authoritative DNS for zones that a test writes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.servers.processes import as_nobody, end, free_ports, program, wait_until

TXT_PIECE = 250  # a string of a TXT record holds 255 bytes


class Nsd:
    """A running server for the zones it was made with.  `stop()` makes it silent, `start()` brings it back on the same port."""

    def __init__(self, folder: Path, zones: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self._zones = zones
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Configuration and zones are written; nothing runs yet."""
        for name in ("zones", "xfr"):
            (self.folder / name).mkdir()
        text = _CONFIGURATION.replace("@T@", str(self.folder)).replace("@PORT@", str(self.port))
        for zone, records in self._zones.items():
            (self.folder / "zones" / zone).write_text(f"$ORIGIN {zone}.\n{_START}{records}\n")
            text += f"zone:\n  name: {zone}\n  zonefile: {zone}\n"
        (self.folder / "nsd.conf").write_text(text)
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")

    def start(self) -> None:
        """The server answers for all its zones."""
        command = as_nobody([program("nsd", "nsd"), "-d", "-c", str(self.folder / "nsd.conf")], self.folder)
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        try:
            wait_until(lambda: all(self._answers(zone) for zone in self._zones), "nsd starts")
        except BaseException:
            print((self.folder / "console").read_text(), (self.folder / "nsd.log").read_text())
            raise

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
            self._process = None

    def _answers(self, zone: str) -> bool:
        with contextlib.suppress(OSError, dns.exception.DNSException):
            reply = dns.query.udp(dns.message.make_query(zone, "SOA"), "127.0.0.1", port=self.port, timeout=1)
            return bool(reply.answer)
        return False


def txt(name: str, text: str, ttl: int = 60) -> str:
    """A TXT record, cut into strings where it is long."""
    pieces = [text[at : at + TXT_PIECE] for at in range(0, len(text), TXT_PIECE)]
    return f"{name} {ttl} IN TXT " + " ".join(f'"{piece}"' for piece in pieces) + "\n"


@contextlib.contextmanager
def running(zones: Mapping[str, str]) -> Iterator[Nsd]:
    """A server that answers for `zones`: their names and the lines of their records, besides SOA and NS."""
    program("nsd", "nsd")
    with tempfile.TemporaryDirectory(prefix="mb-nsd-") as folder:
        server = Nsd(Path(folder), zones)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


_START = """@ 60 IN SOA ns hostmaster 1 60 60 60 60
@ 60 IN NS ns
ns 60 IN A 127.0.0.1
"""

_CONFIGURATION = """
server:
  ip-address: 127.0.0.1@@PORT@
  username: ""
  chroot: ""
  zonesdir: "@T@/zones"
  database: ""
  logfile: "@T@/nsd.log"
  pidfile: "@T@/nsd.pid"
  xfrdfile: "@T@/xfrd.state"
  xfrdir: "@T@/xfr"
  zonelistfile: "@T@/zone.list"
  server-count: 1
remote-control:
  control-enable: no
"""
