"""The Debian package: `python -m tools.deb [--out DIR]`, with the Python of the Debian release that it is for.

An environment of its own in /opt/mailbridge with the packages of requirements/runtime.lock, checked by their hashes; units, sysusers and
tmpfiles; scripts of packaging/deb.  The same sources give the same bytes: files are as old as SOURCE_DATE_EPOCH, or the last commit.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from mailbridge import __version__
from tools.reproducible import ROOT, aged, environ, epoch, installer

SOURCES = ROOT / "packaging" / "deb"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
NEEDS = (
    PYTHON,
    "systemd | systemd-standalone-sysusers",
    "systemd | systemd-standalone-tmpfiles",
    "libc6",
    "procps",  # /bin/kill of ExecReload=
    "ca-certificates",
)
PLACES = ("direct_url.json", "INSTALLER", "REQUESTED")  # who installed a package, and from where
MAINTAINER = "The authors of mailbridge <mailbridge@packages.invalid>"
LAUNCHER = """#!/opt/mailbridge/bin/python3
import sys

from mailbridge_desk import run

sys.exit(run())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A binary package for this machine's architecture and the minor version of this Python."""

    version: str
    architecture: str

    @property
    def file(self) -> str:
        return f"mailbridge_{self.version}_{self.architecture}.deb"

    def control(self, kibibytes: int) -> str:
        """debian-policy 5.3; the interpreter is the system's, so its minor version has to be this one."""
        return f"""Package: mailbridge
Version: {self.version}
Architecture: {self.architecture}
Maintainer: {MAINTAINER}
Installed-Size: {kibibytes}
Depends: {", ".join(NEEDS)}
Suggests: postgresql, postfix, prometheus
Section: mail
Priority: optional
Description: help desk that lives in e-mail
 One daemon reads support mailboxes, turns each customer's mail into a
 numbered ticket, routes it to a team by rules in YAML, tracks response and
 resolution times, and notifies everyone involved by mail.
"""


def built(out: Path, version: str = __version__) -> Path:
    """The package, written into `out`."""
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    package = Package(version=version, architecture=architecture)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mailbridge-deb-") as folder:
        root = Path(folder) / "root"
        root.mkdir(mode=0o755)
        environment(root)
        system_files(root)
        documentation(root, package)
        control_files(root, package)
        for path in (root, *root.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or is_program(path) else 0o644)
        aged(root)
        made = out / package.file
        build = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(made)]
        subprocess.run(build, check=True, capture_output=True, env=environ())
    return made


def is_program(path: Path) -> bool:
    """Whether somebody may run the file; shared libraries are loaded (debian-policy 10.2)."""
    return bool(path.stat().st_mode & 0o100) and ".so" not in path.suffixes


def environment(root: Path) -> None:
    """/opt/mailbridge: a virtual environment on Debian's Python, with the locked packages and mailbridge itself."""
    prefix = root / "opt" / "mailbridge"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python3").symlink_to(f"/usr/bin/{PYTHON}")
    (prefix / "bin" / "python").symlink_to("python3")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (prefix / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {version}\n")
    packages = prefix / "lib" / PYTHON / "site-packages"
    pip = [*installer(), "install", "--quiet", "--no-compile", "--no-deps"]
    subprocess.run([*pip, "--target", packages, "--require-hashes", "-r", ROOT / "requirements" / "runtime.lock"], check=True)
    with tempfile.TemporaryDirectory(prefix="mailbridge-wheel-") as folder:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT)]
        subprocess.run(build, check=True, capture_output=True, env=environ())
        (wheel,) = Path(folder).glob("*.whl")
        subprocess.run([*pip, "--no-index", "--target", packages, wheel], check=True)
    shutil.rmtree(packages / "bin", ignore_errors=True)  # their first lines name the Python of this machine
    for name in PLACES:
        for file in packages.glob(f"*.dist-info/{name}"):
            file.unlink()
    for record in packages.glob("*.dist-info/RECORD"):
        gone = ("bin/", *(f"/{name}," for name in PLACES))
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join(sorted(line for line in lines if not any(one in line for one in gone))))
    launcher = prefix / "bin" / "mailbridge"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "mailbridge").symlink_to("/opt/mailbridge/bin/mailbridge")


def system_files(root: Path) -> None:
    """Units, the user, its folders, the empty folder of the desk, and what the operator may set."""
    units = root / "usr" / "lib" / "systemd" / "system"
    units.mkdir(parents=True)
    for unit in sorted((ROOT / "deploy" / "systemd").glob("mailbridge*")):
        shutil.copy(unit, units)
    for source, target in {
        "sysusers.conf": "usr/lib/sysusers.d/mailbridge.conf",
        "tmpfiles.conf": "usr/lib/tmpfiles.d/mailbridge.conf",
        "default": "etc/default/mailbridge",
    }.items():
        (root / target).parent.mkdir(parents=True)
        shutil.copy(SOURCES / source, root / target)
    (root / "etc" / "mailbridge").mkdir()


def documentation(root: Path, package: Package) -> None:
    """/usr/share/doc/mailbridge.  There is no man page: `mailbridge --help` and the manual say more."""
    folder = root / "usr" / "share" / "doc" / "mailbridge"
    folder.mkdir(parents=True)
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("\n\n")[2]
    paragraphs = "\n".join(f" {line}" if line.strip() else " ." for line in licence.strip().splitlines())
    (folder / "copyright").write_text(f"{(SOURCES / 'copyright').read_text(encoding='utf-8').rstrip()}\n{paragraphs}\n", encoding="utf-8")
    date = format_datetime(datetime.fromtimestamp(epoch(), UTC))
    entry = f"mailbridge ({package.version}) unstable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- {MAINTAINER}  {date}\n"
    for name, text in {"changelog": entry, "NEWS.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")}.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def control_files(root: Path, package: Package) -> None:
    size = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(package.control(size // 1024), encoding="utf-8")
    (folder / "conffiles").write_text("/etc/default/mailbridge\n")
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and folder not in path.parents)
    sums = "".join(f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(root)}\n" for path in files)
    (folder / "md5sums").write_text(sums, encoding="utf-8")
    for script in SCRIPTS:
        shutil.copy(SOURCES / script, folder)
        (folder / script).chmod(0o755)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.deb", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--version", default=__version__)
    asked = parser.parse_args()
    if platform.system() != "Linux" or not shutil.which("dpkg-deb"):
        sys.exit("dpkg-deb is missing: apt-get install dpkg")
    print(built(asked.out, asked.version))


if __name__ == "__main__":
    main()
