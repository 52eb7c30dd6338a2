"""What is released: `python -m tools.release [--out DIR] [--unreleased]`.

Checks version and changelog, builds wheel, source distribution, Debian package and bill of materials, and writes SHA256SUMS.  The same
commit gives the same bytes, for the same Python: build it twice and compare SHA256SUMS.  Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mailbridge import __version__
from tools import deb, sbom
from tools.reproducible import ROOT, environ

SUMS = "SHA256SUMS"


def problems(changelog: str, version: str, status: str) -> list[str]:
    """Why this cannot be released; `status`: what git says of files that are not committed."""
    found = []
    if not re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?", version):
        found.append(f'mailbridge/__init__.py: "{version}" is no version: write 1.2.3 or 1.2.3rc1')
    headings = re.findall(r"^## \[(.*?)\](.*)$", changelog, re.MULTILINE)
    dated = [heading for heading, rest in headings if re.fullmatch(r" - \d{4}-\d{2}-\d{2}", rest)]
    if version not in dated:
        found.append(f'CHANGELOG.md: there is no "## [{version}] - YYYY-MM-DD": give the changes under "Unreleased" this heading')
    elif dated[0] != version:
        found.append(f"CHANGELOG.md: {dated[0]} stands above {version}: the version of mailbridge/__init__.py is an old one")
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if unreleased and unreleased[1].strip():
        found.append('CHANGELOG.md: there are changes under "Unreleased"')
    if status.strip():
        found.append(f"not committed: {', '.join(line[3:] for line in status.splitlines()[:5])}")
    return found


def python_packages(out: Path) -> None:
    """The wheel, and the source distribution."""
    build = [sys.executable, "-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, env=environ())


def built(out: Path) -> Path:
    """Everything, in `out`, which has nothing else then; the file with the sums."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    python_packages(out)
    deb.built(out)
    (out / f"{sbom.NAME}-{__version__}.cdx.json").write_text(sbom.text(), encoding="utf-8")
    return summed(out)


def summed(out: Path) -> Path:
    """SHA256SUMS of the folder, in the format of sha256sum(1)."""
    files = sorted(path for path in out.iterdir() if path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (out / SUMS).write_text("".join(lines), encoding="utf-8")
    return out / SUMS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--unreleased", action="store_true", help="build what is not ready to be released, for a trial")
    asked = parser.parse_args()
    status = subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    found = problems((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__, status)
    for problem in found:
        print(problem, file=sys.stderr)
    if found and not asked.unreleased:
        return 1
    print(built(asked.out).read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
