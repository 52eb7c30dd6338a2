"""The lines of the manual's page about Exim, in a real Exim.  `make nightly PART=exim`.

Debian's exim4 and postfix exclude each other, so its packages are unpacked, and not installed.
"""

from __future__ import annotations

import os
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailbridge.config.model import ListenerSettings
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.message.envelope import Envelope
from tests.fakes.memory_store import MemoryStore
from tests.harness import a_mail
from tests.install.pip import not_here
from tests.install.recipes import block
from tests.install.roots import needs
from tests.servers.processes import free_ports, greets, wait_until

PACKAGES = ("exim4-base", "exim4-daemon-light", "libidn12")
CONF = """
keep_environment = LD_LIBRARY_PATH
exim_path = {exim}/usr/sbin/exim4
queue_only
exim_user = nobody
exim_group = nogroup
primary_hostname = mx.acme.example
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
local_interfaces = 127.0.0.1
tls_advertise_hosts =
acl_smtp_rcpt = accept
acl_smtp_data = accept
begin acl
accept:
  accept
begin routers
{router}
begin transports
{transport}
"""
# exim4 looks for its user before it reads its configuration.
START = """
for file in passwd group; do mount --bind "$0/$file" /etc/$file; done
exec "$@"
"""


@pytest.fixture(scope="module")
def exim(kept: Path) -> Path:
    """The folder of Exim's files."""
    needs("apt-get")
    folder = kept / "exim"
    if not (folder / "complete").exists():
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            not_here(f"apt-get download: {done.stderr[-300:]}")
        for deb in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", deb, folder], check=True)
        (folder / "complete").touch()
    return folder


def command(exim: Path, folder: Path, *arguments: str) -> list[str]:
    """exim4 with these arguments and the test's configuration, with its user."""
    for file, line in {"passwd": "Debian-exim:x:65534:65534::/nonexistent:/usr/sbin/nologin", "group": "Debian-exim:x:65534:"}.items():
        (folder / file).write_text(f"{Path('/etc', file).read_text()}{line}\n")
    library = f"LD_LIBRARY_PATH={exim}/usr/lib/x86_64-linux-gnu"
    start = ["unshare", "--mount", "bash", "-euc", START, str(folder), "env", library]
    return [*start, str(exim / "usr/sbin/exim4"), "-C", str(folder / "conf"), *arguments]


@contextmanager
def listening(store: MemoryStore) -> Iterator[int]:
    """An LMTP listener as the page has it, on a free port."""
    inbox = Inbox(store)  # type: ignore[arg-type]
    takes = {"support@acme.example"}.__contains__
    listeners = Listeners([ListenerSettings(protocol="lmtp", port=0, trusted_peers=("127.0.0.1",))], inbox, takes)
    listeners.start()
    try:
        yield listeners.ports[0]
    finally:
        listeners.stop()
        inbox.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that exim's user reaches and writes."""
    with tempfile.TemporaryDirectory(prefix="mb-exim-", dir="/var/tmp") as name:
        (Path(name) / "spool").mkdir()
        for path in (Path(name), Path(name) / "spool"):
            path.chmod(0o777)
        yield Path(name)


def test_exim_delivers_with_the_detail_of_the_address(exim: Path, folder: Path) -> None:
    store, port = MemoryStore(), free_ports(1)[0]
    with listening(store) as lmtp:
        router, transport = block("exim.md: mailbridge:"), block("exim.md: mailbridge_lmtp:").replace("2424", str(lmtp))
        (folder / "conf").write_text(CONF.format(folder=folder, exim=exim, router=router, transport=transport))
        asked = block("exim.md: exim4 -bt support+test@acme.example").splitlines()[0].split()[1:]
        said = subprocess.run(command(exim, folder, *asked), capture_output=True, text=True, check=False)
        assert "router = mailbridge, transport = mailbridge_lmtp" in said.stdout, said.stdout + said.stderr
        log = folder / "mainlog"
        daemon = subprocess.Popen(command(exim, folder, "-bdf", "-oX", str(port)), env={**os.environ})
        try:
            wait_until(lambda: greets(port, b"220"), "exim greets")
            with smtplib.SMTP("127.0.0.1", port) as client:
                client.sendmail("carol@customer.test", ["support@acme.example"], a_mail())
                client.sendmail("carol@customer.test", ["support+r.abc@acme.example"], a_mail())
            subprocess.run(command(exim, folder, "-qf"), check=True)  # a delivery at once would need the installed program's setuid bit
            wait_until(lambda: len(store.rows) == 2, f"both are delivered: {log.read_text() if log.exists() else ''}")
        finally:
            daemon.terminate()
            daemon.wait(20)
    envelopes: list[Envelope] = [envelope for _, envelope in store.rows]
    assert sorted(envelope.rcpt_to[0] for envelope in envelopes) == ["support+r.abc@acme.example", "support@acme.example"]
