"""A machine of its own for recipes that are run as they are written: folders of the system, network and processes are copies.

Made with namespaces of the kernel, by root only.  Nothing that a recipe does is left when it ends.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.install.pip import ROOT
from tests.servers.processes import program, wait_until

COPIED = ("etc", "opt", "var", "run", "root")
CHECKOUT = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "mailbridge",
    "mailbridge_desk",
    "docs",
    "deploy",
    "rules",
    "templates",
    "answers",
    "knowledge",
    "requirements",
)

SETUP = """
set -eu
mount -t tmpfs tmpfs /mnt
for name in {copied}; do
  mkdir -p /mnt/$name/upper /mnt/$name/work
  mount -t overlay overlay -o lowerdir=/$name,upperdir=/mnt/$name/upper,workdir=/mnt/$name/work /$name
done
chmod 755 /root  # the interpreter may be there, and the user of a service has to reach it
ip link set lo up
echo up
exec sleep infinity
"""

# systemd does not run here.  Its program does what needs no systemd: it reads the units and links them where they are started from.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {shared}/systemctl.log
[ "$1" = enable ] || exit 0
shift; [ "$1" = --now ] && shift
exec /usr/bin/systemctl --quiet --root=/ enable "$@"
"""


class Machine:
    """`shared` is a folder that both sides see; `checkout` in it is a copy of this checkout."""

    def __init__(self, shared: Path, init: int) -> None:
        self.shared = shared
        self.checkout = shared / "checkout"
        self.environment = {
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "EDITOR": "true",
            "PATH": f"{shared}/bin:/opt/mailbridge/bin:/root/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        self._services = 0
        self._enter = ["nsenter", f"--target={init}", "--mount", "--net", "--pid", "--"]

    def command(self, script: str, cwd: str | Path) -> list[str]:
        # The folder is entered there: the one out here may be another.
        return [*self._enter, "bash", "-eu", "-o", "pipefail", "-c", f'cd "$0"\n{script}', str(cwd)]

    def run(self, script: str, cwd: str | Path = "/", stdin: str = "", **environment: str) -> str:
        """What the script printed; the test fails where it ends in anything but 0."""
        done = subprocess.run(
            self.command(script, cwd), input=stdin, capture_output=True, text=True, check=False, env={**self.environment, **environment}
        )
        assert done.returncode == 0, f"{script}\n{done.returncode}: {(done.stdout + done.stderr)[-3000:]}"
        return done.stdout

    @contextmanager
    def running(self, script: str, cwd: str | Path = "/") -> Iterator[subprocess.Popen[bytes]]:
        """The script runs, and the service in it has told systemd that it is ready."""
        self._services += 1
        socket_path, log = self.shared / f"notify-{self._services}", self.shared / "service.log"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, log.open("ab") as output:
            notified.bind(str(socket_path))
            socket_path.chmod(0o777)
            process = subprocess.Popen(
                self.command(script, cwd), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**self.environment, "NOTIFY_SOCKET": str(socket_path)},
            )  # fmt: skip
            try:
                wait_until(
                    lambda: process.poll() is not None or bool(select.select([notified], [], [], 0)[0]), "the service says something"
                )
                assert process.poll() is None, log.read_text()[-3000:]
                assert notified.recv(100) == b"READY=1", log.read_text()[-3000:]
                yield process
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)  # nsenter, which ends at once
                wait_until(lambda: not _lives(process.pid), "the service has ended", 30)

    def write(self, name: str, text: str) -> None:
        """The file is there, as root's."""
        self.run(f"cat > {name}", stdin=text)

    def read(self, name: str) -> str:
        return self.run(f"cat {name}")


def _lives(group: int) -> bool:
    """Whether a process of the group runs.  One that has ended and waits to be reaped does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, of = stat.read_text().rpartition(") ")[2].split()[:3]
            if int(of) == group and state != "Z":
                return True
    return False


@contextmanager
def started() -> Iterator[Machine]:
    if os.getuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("only root can make a machine for recipes")
    for needed, package in {"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2", "systemctl": "systemd"}.items():
        program(needed, package)
    with tempfile.TemporaryDirectory(prefix="mb-machine-", dir="/tmp") as folder:
        shared = Path(folder)
        shared.chmod(0o755)
        _programs(shared)
        new = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        holder = subprocess.Popen(
            [*new, "bash", "-c", SETUP.format(copied=" ".join(COPIED))], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            assert holder.stderr is not None
            if holder.stdout.readline() != "up\n":
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no machine for recipes: {holder.stderr.read()[-300:]}")
            init = int(Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text())
            yield Machine(shared, init)
        finally:
            holder.kill()
            holder.communicate()


def _programs(shared: Path) -> None:
    """A copy of the checkout, and programs that are found first."""
    for name in CHECKOUT:
        source, target = ROOT / name, shared / "checkout" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "build", "dist"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    (shared / "bin").mkdir()
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name, text in {"python3": f'#!/bin/sh\nexec {base} "$@"\n', "systemctl": SYSTEMCTL.format(shared=shared)}.items():
        (shared / "bin" / name).write_text(text, encoding="utf-8")
        (shared / "bin" / name).chmod(0o755)
