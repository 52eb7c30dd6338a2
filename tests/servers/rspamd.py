"""A private rspamd for the tests: the stock rules, one of our own, no redis, no DNS."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.processes import PATIENCE, as_nobody, end, free_ports, processor_time, program, wait_while_moving

SPAM = "BUY NOW"  # in the subject: 20 points
_OFF = "fuzzy_check rbl dmarc arc greylist ratelimit replies neural history_redis mx_check asn phishing url_redirector"


class Rspamd:
    """A running server."""

    def __init__(self, folder: Path, dns_port: int = 1) -> None:
        """`dns_port`: where it asks the DNS; at port 1 nobody answers."""
        self.folder, self._dns_port = folder, dns_port
        self.port, self._controller = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def create(self) -> None:
        """The configuration is written; nothing runs yet."""
        for name in ("db", "run", "log", "local.d", "override.d"):
            (self.folder / name).mkdir()
        files = {
            "local.d/worker-normal.inc": f'bind_socket = "127.0.0.1:{self.port}";\ncount = 1;\n',
            "local.d/worker-controller.inc": f'bind_socket = "127.0.0.1:{self._controller}";\ncount = 1;\n',
            "local.d/worker-proxy.inc": "enabled = false;\n",
            "local.d/worker-fuzzy.inc": "enabled = false;\n",
            "override.d/options.inc": _OPTIONS.replace("@T@", str(self.folder)).replace("@DNS@", str(self._dns_port)),
            "override.d/logging.inc": 'type = "console";\nlevel = "warning";\n',
            "rspamd.local.lua": _RULE,
            **{f"local.d/{module}.conf": "enabled = false;\n" for module in _OFF.split()},
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")

    def start(self) -> None:
        """The server answers.  It compiles its rules first, which is twelve seconds of work of one processor."""
        places = {"LOCAL_CONFDIR": ".", "DBDIR": "db", "RUNDIR": "run", "LOGDIR": "log"}
        variables = [f"--var={name}={self.folder / place}" for name, place in places.items()]
        command = as_nobody([program("rspamd", "rspamd"), "-f", "-c", "/etc/rspamd/rspamd.conf", *variables], self.folder)
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        try:
            pid = self._process.pid
            wait_while_moving(lambda: "" if self._answers() else "no pong", lambda: processor_time(pid), "rspamd starts", 2 * PATIENCE)
        except BaseException:
            print((self.folder / "console").read_text()[-3000:])
            raise

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
            self._process = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/ping")
            return connection.getresponse().read().startswith(b"pong")
        return False


@pytest.fixture(scope="session")
def rspamd() -> Iterator[Rspamd]:
    """The server that the tests of this session share."""
    program("rspamd", "rspamd")
    with tempfile.TemporaryDirectory(prefix="mb-rspamd-") as folder:
        server = Rspamd(Path(folder))
        server.create()
        try:  # one that did not answer in time is ended, too
            server.start()
            yield server
        finally:
            server.stop()


_OPTIONS = """
dns { nameserver = ["127.0.0.1:@DNS@"]; timeout = 0.1s; retransmits = 1; }
control_socket = "@T@/run/ctl.sock mode=0600";
history_rows = 10;
"""

_RULE = """
rspamd_config:register_symbol{ name='MB_TEST_SPAM', score=20, type='normal',
  callback=function(task) return tostring(task:get_header('Subject') or ''):find('BUY NOW', 1, true) ~= nil end }
"""
