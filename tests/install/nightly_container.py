"""The shipped Containerfile, built on a Debian of mmdebstrap by buildah, and run.  `make nightly PART=container`.

buildah with chroot isolation needs no daemon and no image of a registry.  Its `run` gives no read-only root, so the image's files are
run as a `roots.Root` with the same: everything read-only but the data and /tmp, and the user of the image.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import a_mail, write_rules
from tests.install import roots
from tests.install.pip import ROOT
from tests.install.roots import Root

pytestmark = pytest.mark.timeout(3000)

MOUNTS = {"/root/.config/pip/pip.conf": "/etc/pip.conf", "/etc/ssl/certs": "/etc/ssl/certs"}  # how this machine reaches its index
# A mount over / is not seen by a process that is in the root below it: so the read-only one is elsewhere, and entered.
RUN = """
for folder in /etc/mailbridge /var/lib/mailbridge; do mount --bind $folder $folder; done
mount -t tmpfs tmpfs /tmp
mount --rbind / /mnt
mount -o remount,bind,ro /mnt
mount -o remount,bind,ro /mnt/etc/mailbridge
exec chroot /mnt bash -euc '
export PATH=/opt/mailbridge/bin:$PATH MAILBRIDGE_DESK=/etc/mailbridge
run() { setpriv --reuid=10001 --regid=10001 --clear-groups mailbridge "$@"; }
if touch /opt/x 2>/dev/null || touch /etc/mailbridge/x 2>/dev/null; then echo the root can be written; exit 1; fi
WORKS
'
"""
DESK = """
[desk]
name = "Acme Support"
address = "support@acme.example"

[store]
url = "sqlite:////var/lib/mailbridge/mailbridge.db"

[outgoing]
url = "maildir:/var/lib/mailbridge/outgoing"

[pipe]
trusted = false
"""


@pytest.fixture(scope="module")
def image(kept: Path) -> Iterator[tuple[Root, dict[str, object]]]:
    """The files of the image, and its configuration."""
    roots.needs("buildah")
    base = roots.made(kept, ["ca-certificates", "python3"])
    with tempfile.TemporaryDirectory(prefix="mb-buildah-", dir="/var/tmp") as folder:
        buildah = ["buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]

        def run(*words: str) -> str:
            return subprocess.run([*buildah, *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

        scratch = run("from", "scratch")
        run("add", "--quiet", scratch, str(base), "/")
        run("commit", "--quiet", "--rm", scratch, "localhost/base")
        volumes = [f"--volume={here}:{there}:ro" for here, there in MOUNTS.items() if Path(here).exists()]
        file = "deploy/container/Containerfile"
        options = ["--isolation=chroot", "--format=docker", "--build-arg=BASE=localhost/base", *volumes]
        run("build", *options, "--file", file, "--tag=mailbridge", ".")
        config = json.loads(run("inspect", "--type=image", "mailbridge"))["Docker"]["config"]
        container = run("from", "mailbridge")
        yield Root(Path(run("mount", container))), config
        run("umount", container)


def test_the_image_runs_the_program_without_rights(image: tuple[Root, dict[str, object]]) -> None:
    _, config = image
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["mailbridge"]
    assert config["Healthcheck"]["Test"] == ["CMD", "mailbridge", "status"]  # type: ignore[index]


def test_a_mail_becomes_a_ticket_on_a_read_only_root_and_the_check_goes_red(image: tuple[Root, dict[str, object]]) -> None:
    """Red as soon as the store is away."""
    root, _ = image
    root.path("/etc/mailbridge/mailbridge.toml").write_text(DESK)
    write_rules(root.path("/etc/mailbridge"))
    root.path("/etc/mailbridge/mail.eml").write_bytes(a_mail(from_="carol@customer.test"))
    works = """
    run ingest --from carol@customer.test --to support@acme.example < /etc/mailbridge/mail.eml
    run run & until run tickets list | grep MB-1; do kill -0 %1; sleep 0.2; done
    until run status >/dev/null; do kill -0 %1; sleep 0.5; done; echo GREEN
    mount -t tmpfs tmpfs /var/lib/mailbridge
    run status >/dev/null 2>&1 || echo RED
    kill %1
    """
    said = root.run(RUN.replace("WORKS", works))
    assert "MB-1" in said
    assert said.split().count("GREEN") == said.split().count("RED") == 1
