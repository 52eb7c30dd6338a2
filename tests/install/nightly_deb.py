"""The Debian package on a Debian of its own: installed, upgraded, removed, purged.  `make nightly PART=deb`."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import a_mail
from tests.install import roots
from tests.install.roots import Root
from tools.deb import NEEDS, built

pytestmark = pytest.mark.timeout(1800)

# What the package depends on, so that dpkg alone installs it; no network is needed then.
PACKAGES = sorted({name for one in NEEDS for name in one.split(" | ")[:1]} | {"dpkg", "apt"})
NEXT = "99.0"
INIT = 'mailbridge init /etc/mailbridge --data /var/lib/mailbridge --name "Acme Support" --address support@acme.example'
AS_SERVICE = "runuser -u mailbridge -- mailbridge --desk /etc/mailbridge"


@pytest.fixture(scope="module")
def debs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """This version and a later one of the same files."""
    folder = tmp_path_factory.mktemp("debs")
    this, later = built(folder), folder / "next.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", this, folder / "next"], check=True)
    control = folder / "next" / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {NEXT}", control.read_text(), flags=re.MULTILINE))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", folder / "next", later], check=True, capture_output=True)
    return {"this": this, "next": later}


@pytest.fixture(scope="module")
def root(kept: Path, debs: dict[str, Path]) -> Iterator[Root]:
    with roots.unpacked(roots.made(kept, PACKAGES)) as made:
        for name, file in debs.items():
            made.path(f"/{name}.deb").write_bytes(file.read_bytes())
        yield made


def test_two_builds_are_the_same_bytes(debs: dict[str, Path], tmp_path: Path) -> None:
    again = built(tmp_path)
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(debs["this"].read_bytes()).hexdigest()


def test_installed_upgraded_removed_and_purged(root: Root) -> None:
    """One life of the package, as dpkg runs it."""
    installs_and_waits_for_a_desk(root)
    works(root)
    is_upgraded_after_a_backup(root)
    is_not_upgraded_without_its_backup(root)
    is_removed_and_keeps_the_desk(root)
    is_purged_without_a_question(root)


def installs_and_waits_for_a_desk(root: Root) -> None:
    said = root.run("dpkg --install /this.deb")
    assert "not started, there is no desk yet" in said
    assert root.run("getent passwd mailbridge").rstrip().endswith(":/var/lib/mailbridge:/usr/sbin/nologin")
    assert root.run("stat -c '%U %a' /var/lib/mailbridge /var/backups/mailbridge") == "mailbridge 700\n" * 2
    assert list(root.path("/etc/mailbridge").iterdir()) == []
    assert root.run("dpkg-query -W -f '${Conffiles}' mailbridge").split()[0] == "/etc/default/mailbridge"
    wanted = root.path("/etc/systemd/system/multi-user.target.wants/mailbridge.service")
    assert os.path.lexists(wanted), "enabled; its condition keeps it from starting without a desk"
    assert root.run("mailbridge --version").startswith("mailbridge")
    assert any(root.path("/opt/mailbridge/lib").rglob("*.pyc")), "compiled at the installation, the service cannot write there"
    assert root.run("dpkg --verify mailbridge") == ""
    said = root.run("systemd-analyze verify --man=no /usr/lib/systemd/system/mailbridge* || true")
    assert [line for line in said.splitlines() if "mailbridge" in line] == []


def works(root: Root) -> None:
    """A desk as the message says, a mail, a ticket: by the service's user, with the system's Python."""
    root.run(INIT)
    root.path("/mail.eml").write_bytes(a_mail(from_="carol@customer.test"))
    root.run(f"{AS_SERVICE} ingest --from carol@customer.test --to support@acme.example < /mail.eml")
    root.run(f"{AS_SERVICE} run & until {AS_SERVICE} tickets list | grep MB-1; do sleep 0.2; done; kill %1; wait")
    assert "MB-1" in root.run(f"{AS_SERVICE} tickets list")


def is_upgraded_after_a_backup(root: Root) -> None:
    root.path("/etc/default/mailbridge").write_text("# mine\nBACKUP_TO=/var/backups/mailbridge\n")
    said = root.run("dpkg --install --force-confdef /next.deb")
    assert "the schema is" in said
    assert len(backups(root)) == 1
    assert root.path("/etc/default/mailbridge").read_text().startswith("# mine"), "a changed conffile is kept"
    assert root.run("dpkg-query -W -f '${Version}' mailbridge") == NEXT
    assert "MB-1" in root.run(f"{AS_SERVICE} tickets list")


def is_not_upgraded_without_its_backup(root: Root) -> None:
    root.path("/etc/default/mailbridge").write_text("BACKUP_TO=/proc/nowhere\n")
    said = root.run("dpkg --force-downgrade --install /this.deb", fails=True)
    assert "there is no backup, so nothing was upgraded" in said
    assert root.run("dpkg-query -W -f '${Version} ${db:Status-Status}' mailbridge") == f"{NEXT} installed"
    assert "MB-1" in root.run(f"{AS_SERVICE} tickets list")


def is_removed_and_keeps_the_desk(root: Root) -> None:
    root.run("dpkg --remove mailbridge")
    assert not root.path("/opt/mailbridge").exists(), "no compiled file is left"
    assert root.path("/var/lib/mailbridge/mailbridge.db").is_file()
    assert root.path("/etc/mailbridge/mailbridge.toml").is_file()
    root.run("dpkg --install /next.deb")
    assert "MB-1" in root.run(f"{AS_SERVICE} tickets list")


def is_purged_without_a_question(root: Root) -> None:
    root.run("dpkg --purge mailbridge")
    gone = ("/opt/mailbridge", "/etc/mailbridge", "/var/lib/mailbridge", "/etc/default/mailbridge")
    assert [name for name in gone if os.path.lexists(root.path(name))] == []
    assert not os.path.lexists(root.path("/etc/systemd/system/multi-user.target.wants/mailbridge.service"))
    assert len(backups(root)) == 1, "backups outlive the desk"


def backups(root: Root) -> list[str]:
    """Their names, without the lock file."""
    return [path.name for path in root.path("/var/backups/mailbridge").iterdir() if not path.name.startswith(".")]


def test_lintian_finds_no_mistake(kept: Path, debs: dict[str, Path]) -> None:
    """In a Debian of its own: it brings a hundred packages of Perl."""
    with roots.unpacked(roots.made(kept, ["lintian"])) as root:
        root.path("/this.deb").write_bytes(debs["this"].read_bytes())
        excused = root.path("/excused")
        excused.write_text("\n".join(EXCUSED))
        said = root.run("lintian --fail-on none --suppress-tags-from-file /excused /this.deb")
    assert [line for line in said.splitlines() if line.startswith(("E:", "W:"))] == []


# A package of the project, not of Debian: own environment in /opt, as the Filesystem Hierarchy Standard has it for such packages.
EXCUSED = [
    "dir-or-file-in-opt",
    "python-module-in-wrong-location",
    "embedded-library",
    "unstripped-binary-or-object",
    "custom-library-search-path",
    # The environment's own interpreter, and files of packages as their wheels have them.
    "python3-script-but-no-python3-dep",
    "wrong-path-for-interpreter",
    "unusual-interpreter",
    "script-not-executable",
    "package-contains-vcs-control-file",
    "no-manual-page",  # --help and the manual say more
]
