"""A private Postfix for the tests (as root only): takes mail by SMTP and hands it to the desk by LMTP or SMTP, or keeps it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers.processes import free_ports, greets, program, wait_until


class Postfix:
    """A running server.  Mail for lmtp.test goes to `lmtp_port`, mail for smtp.test to `smtp_port`, where the test listens or not;
    mail for held.test stays in the queue.  What cannot be delivered is tried again after two seconds.  Mail that comes to
    `filtered_port` passes a milter on `milter_port`, which a test has to run."""

    def __init__(self, folder: Path, more: str = "") -> None:
        """`more`: lines of main.cf that come last, and so count."""
        self.folder = folder
        self._more = more
        self.port, self.lmtp_port, self.smtp_port, self.filtered_port, self.milter_port = free_ports(5)

    def create(self) -> None:
        """The configuration is written; nothing runs yet."""
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        for path in (self.folder, self.folder / "queue"):
            path.chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        main = _MAIN.replace("@T@", str(self.folder)).replace("@LMTP@", str(self.lmtp_port)).replace("@SMTP@", str(self.smtp_port))
        (self.folder / "etc/main.cf").write_text(main + self._more)
        ports = {"@PORT@": self.port, "@FILTERED@": self.filtered_port, "@MILTER@": self.milter_port}
        master = _MASTER
        for mark, port in ports.items():
            master = master.replace(mark, str(port))
        (self.folder / "etc/master.cf").write_text(master)

    def start(self) -> None:
        """The server answers."""
        self._run("start")
        wait_until(lambda: greets(self.port, b"220"), "Postfix starts")

    def stop(self) -> None:
        # `postfix start-fg` is a shell; the master process knows its own number.
        pid_file = self.folder / "queue/pid/master.pid"
        if pid_file.exists():
            pid = int(pid_file.read_text())
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not Path(f"/proc/{pid}").exists(), "Postfix is gone")

    def send(
        self,
        raw: bytes,
        recipients: Sequence[str],
        sender: str = "ann@customer.example",
        *,
        filtered: bool = False,
        helo: str = "client.test",
    ) -> None:
        """The mail is in Postfix's queue."""
        with smtplib.SMTP("127.0.0.1", self.filtered_port if filtered else self.port, local_hostname=helo) as client:
            client.sendmail(sender, list(recipients), raw, mail_options=["BODY=8BITMIME"])

    def queued(self, *recipients: str) -> int:
        """How many mails wait for one of the recipients (addresses, or their ends: `@lmtp.test`).

        Other tests of the session leave mails in the same queue, so there is no count of all.
        """
        listing = subprocess.run([program("postqueue", "postfix"), "-c", str(self.folder / "etc"), "-j"], capture_output=True, check=True)
        mails = [json.loads(line) for line in listing.stdout.splitlines()]
        return sum(any(to["address"].endswith(recipients) for to in mail["recipients"]) for mail in mails)

    def log(self) -> str:
        return (self.folder / "maillog").read_text()

    def _run(self, command: str) -> None:
        done = subprocess.run(
            [program("postfix", "postfix"), "-c", str(self.folder / "etc"), command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            pytest.fail(f"postfix {command} failed: {done.stdout}{done.stderr}")


_MAIN = """
compatibility_level = 3.6
queue_directory = @T@/queue
data_directory = @T@/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = @T@
maillog_file = @T@/maillog
myhostname = mx.test
mydestination =
local_transport = error:no local delivery
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = lmtp.test, smtp.test, held.test
transport_maps = inline:{ lmtp.test=lmtp:inet:127.0.0.1:@LMTP@, smtp.test=smtp:[127.0.0.1]:@SMTP@, held.test=held: }
defer_transports = held
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtputf8_enable = yes
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = permit_mynetworks, reject
lmtp_tls_security_level = may
smtp_tls_security_level = may
message_size_limit = 104857600
mailbox_size_limit = 0
"""

_MASTER = """
127.0.0.1:@PORT@ inet n - n - - smtpd
127.0.0.1:@FILTERED@ inet n - n - - smtpd
  -o smtpd_milters=inet:127.0.0.1:@MILTER@
  -o milter_default_action=tempfail
pickup    unix  n - n 1 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
relay     unix  - - n - - smtp
held      unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@contextlib.contextmanager
def running(more: str = "") -> Iterator[Postfix]:
    """A server of its own."""
    program("postfix", "postfix")
    if os.getuid() != 0:
        pytest.skip("Postfix runs as root only")
    with tempfile.TemporaryDirectory(prefix="mb-postfix-") as folder:
        server = Postfix(Path(folder), more)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """The server that the tests of this session share."""
    with running() as server:
        yield server
