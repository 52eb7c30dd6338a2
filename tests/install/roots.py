"""Roots of Debian for the nightly parts, made by mmdebstrap; kept between runs in .pytest_cache/d/roots."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.install.pip import not_here

SUITE = "bookworm"
WITHIN = 2 * int(os.environ.get("TESTS_ROOT_WITHIN", "900"))  # seconds for one script in it


def made(kept: Path, packages: Sequence[str]) -> Path:
    """A tar of a minimal Debian with these packages."""
    name = hashlib.sha256(" ".join((SUITE, *packages)).encode()).hexdigest()[:16]
    tar = kept / f"{name}.tar"
    if not tar.exists():
        needs("mmdebstrap")
        new = tar.with_suffix(".new.tar")
        make = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}", SUITE, new]
        done = subprocess.run(make, capture_output=True, text=True, check=False)
        if done.returncode:
            not_here(f"mmdebstrap: {done.stderr[-500:]}")
        new.rename(tar)
    return tar


def needs(name: str) -> None:
    """The program is there.  `tests/install-nightly.sh` installs it."""
    if os.getuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("only root can make a Debian of its own")
    if not shutil.which(name):
        not_here(f"{name} is missing: tests/install-nightly.sh")


class Root:
    """A Debian in a folder, in namespaces of its own, without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, script: str, *, fails: bool = False) -> str:
        """What the script printed, both channels together."""
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts"]
        enter = ["unshare", *namespaces, "bash", "-euc", ENTER, str(self.folder), script]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(
            enter, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment,
            timeout=WITHIN,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, f"{script}\n{done.returncode}: {done.stdout[-3000:]}"
        return done.stdout

    def path(self, name: str) -> Path:
        return self.folder / name.lstrip("/")


ENTER = """
mount --make-rprivate /
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
ip link set lo up 2>/dev/null || true
exec chroot "$0" bash -euc "$1"
"""


@contextmanager
def unpacked(tar: Path) -> Iterator[Root]:
    """The root in a folder that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="mb-root-", dir="/var/tmp") as name:
        folder = Path(name)
        subprocess.run(["tar", "-xf", tar, "-C", folder, "--exclude=./dev/*"], check=True)
        folder.chmod(0o755)
        yield Root(folder)
