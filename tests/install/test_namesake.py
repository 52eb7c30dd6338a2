"""The package `mailbridge` of other people in the same environment: told by its record, exit code 2, in whichever order they came."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from mailbridge.cli import exits
from tests.install.pip import fetched, run


@pytest.fixture(scope="session")
def theirs(kept: Path) -> Path:
    return fetched("mailbridge", kept)


def installed(folder: Path, *wheels: Path) -> Path:
    """The files of the wheels are in `folder`, a later one's over an earlier one's, as pip puts them into one environment."""
    for one in wheels:
        with zipfile.ZipFile(one) as packed:
            packed.extractall(folder)
    return folder


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the script of the wheel does.  What it needs comes from the packages of the tests, but not mailbridge (-S: no .pth files)."""
    (record,) = folder.glob("mailbridge_desk-*.dist-info")
    module, function = re.search(r"^mailbridge = (\w+):(\w+)$", (record / "entry_points.txt").read_text(), re.MULTILINE).groups()  # type: ignore[union-attr]
    program = f"import sys; from {module} import {function}; sys.argv[0] = 'mailbridge'; sys.exit({function}())"
    packages = sysconfig.get_paths()["purelib"]
    return run([sys.executable, "-S", "-c", program, *arguments], PYTHONPATH=f"{folder}:{packages}")


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours first", "theirs first"])
def test_the_other_package_is_named_and_nothing_starts(ours_first: bool, wheel: Path, theirs: Path, tmp_path: Path) -> None:
    folder = installed(tmp_path / "site", *((wheel, theirs) if ours_first else (theirs, wheel)))

    done = start(folder, "--version")

    version = theirs.name.split("-")[1]
    assert done.returncode == exits.USAGE, done.stderr
    assert f"mailbridge {version}" in done.stderr
    assert f"mailbridge-{version}.dist-info" in done.stderr
    assert "uninstall mailbridge mailbridge-desk" in done.stderr
    assert done.stdout == ""


def test_what_the_other_one_took_along_is_told_after_it_was_removed(wheel: Path, tmp_path: Path) -> None:
    folder = installed(tmp_path / "site", wheel)
    (folder / "mailbridge" / "__init__.py").unlink()

    done = start(folder, "--version")

    assert done.returncode == exits.USAGE
    assert "not whole" in done.stderr
    assert "--force-reinstall" in done.stderr


def test_alone_it_runs_from_the_wheel_with_all_that_comes_along(wheel: Path, tmp_path: Path) -> None:
    folder = installed(tmp_path / "site", wheel)

    assert start(folder, "--version").returncode == exits.OK
    for name, file in {"manual": "README.md", "deploy": "systemd/mailbridge.service", "schemas": "teams.json", "templates": "mail"}.items():
        place = Path(start(folder, "paths", name).stdout.rstrip("\n"))
        assert place.is_relative_to(folder)
        assert (place / file).exists()
    assert (folder / "mailbridge" / "message" / "LICENSE.py3langid").is_file()


def test_an_installation_under_our_old_name_is_not_taken_for_the_other(tmp_path: Path, wheel: Path) -> None:
    folder = installed(tmp_path / "site", wheel)
    record = folder / "mailbridge-0.1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.4\nName: mailbridge\nVersion: 0.1.0\n")
    (record / "entry_points.txt").write_text("[console_scripts]\nmailbridge = mailbridge.cli.main:run\n")

    assert start(folder, "--version").returncode == exits.OK
