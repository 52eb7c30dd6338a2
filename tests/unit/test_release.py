"""What is released (tools.release, tools.sbom, tools.deb): its checks, its bill of materials, its same bytes."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from license_expression import get_spdx_licensing

from mailbridge import __version__
from tools import deb, release, sbom
from tools.reproducible import ROOT

CHANGES = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n- A change.\n\n## [1.1.0] - 2026-11-01\n"


def test_a_version_that_is_in_the_changelog_is_released() -> None:
    assert release.problems(CHANGES, "1.2.0", "") == []


@pytest.mark.parametrize(
    ("changes", "version", "status", "told"),
    [
        (CHANGES, "1.3.0", "", r'there is no "## \[1\.3\.0\] - YYYY-MM-DD"'),
        (CHANGES, "1.1.0", "", "1.2.0 stands above 1.1.0"),
        (CHANGES.replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"), "1.2.0", "", 'changes under "Unreleased"'),
        (CHANGES, "1.2.0", " M mailbridge/clock.py\n", "not committed: mailbridge/clock.py"),
        (CHANGES.replace("1.2.0", "1.2"), "1.2", "", '"1.2" is no version'),
    ],
)
def test_what_is_not_ready_is_told(changes: str, version: str, status: str, told: str) -> None:
    (problem,) = release.problems(changes, version, status)
    assert re.search(told, problem)


def test_the_sums_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"a")
    (tmp_path / "b.json").write_bytes(b"b")
    release.summed(tmp_path)
    done = subprocess.run(["sha256sum", "--check", "--strict", release.SUMS], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["a.whl:", "OK", "b.json:", "OK"]


def test_the_bill_of_materials_is_valid_and_has_every_locked_package() -> None:
    # Here and not above: the import builds a grammar, which takes longer than all other tests of this file.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = sbom.text()
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    pins = re.findall(r"^[\w.-]+==[^ ;\\\n]+", re.sub(r"\[.*?\]", "", lock), re.MULTILINE)
    assert {f"{one['name']}=={one['version']}" for one in found["components"]} == set(pins)
    hashes = {each["content"] for one in found["components"] for files in one["externalReferences"] for each in files["hashes"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    (root,) = [one for one in found["dependencies"] if one["ref"] == f"pkg:pypi/{sbom.NAME}@{__version__}"]
    direct = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[\[><=]", one)[0].lower().replace(".", "-") for one in direct}
    assert names <= {re.split("[/@]", one)[1] for one in root["dependsOn"]}


def test_every_licence_is_an_spdx_expression_and_no_row_is_left_over() -> None:
    packages = sbom.locked((ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8"))
    licensing = get_spdx_licensing()

    assert {one.name: errors for one in packages if (errors := licensing.validate(sbom.licence(one.name)).errors)} == {}
    assert sbom.LICENCES.keys() - {one.name for one in packages} == set()


def test_a_package_whose_licence_nobody_looked_up_is_told() -> None:
    with pytest.raises(LookupError, match="not-installed-here: its metadata has no License-Expression"):
        sbom.licence("not-installed-here")


def test_the_same_sources_give_the_same_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    assert sbom.text() == sbom.text()
    assert '"2026-09-21T14:13:20Z"' in sbom.text()


# --- the Debian package; tests/install/nightly_deb.py installs it ---


@pytest.mark.parametrize("script", deb.SCRIPTS)
def test_a_script_of_the_package_is_plain_shell(script: str) -> None:
    """As dpkg runs it; each ends at the first command that fails."""
    text = (deb.SOURCES / script).read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    subprocess.run(["/bin/sh", "-n", deb.SOURCES / script], check=True)


def test_the_package_has_what_its_scripts_and_units_name(tmp_path: Path) -> None:
    deb.system_files(tmp_path)
    package = deb.Package(version="1.2.3", architecture="amd64")
    deb.documentation(tmp_path, package)
    deb.control_files(tmp_path, package)

    control = (tmp_path / "DEBIAN" / "control").read_text()
    fields = dict(re.findall(r"^([\w-]+): (.*)$", control, re.MULTILINE))
    assert {"Package", "Version", "Architecture", "Maintainer", "Depends", "Description"} <= fields.keys()
    assert [name for name in (tmp_path / "DEBIAN" / "conffiles").read_text().split() if not (tmp_path / name.lstrip("/")).is_file()] == []
    scripts = "".join((tmp_path / "DEBIAN" / name).read_text() for name in deb.SCRIPTS)
    named = set(re.findall(r"/usr/lib/(?:sysusers|tmpfiles)\.d/[\w.-]+", scripts))
    assert len(named) == 2
    assert [name for name in named if not (tmp_path / name.lstrip("/")).is_file()] == []
    units = {unit.name for unit in (tmp_path / "usr/lib/systemd/system").iterdir()}
    assert units >= {"mailbridge.service", "mailbridge-worker@.service", "mailbridge-smtp.socket"}
    assert "ConditionPathExists=/etc/mailbridge/mailbridge.toml" in (tmp_path / "usr/lib/systemd/system/mailbridge.service").read_text()
    assert list((tmp_path / "etc/mailbridge").iterdir()) == [], "`mailbridge init` wants an empty folder"


def test_user_and_folders_are_made_as_the_unit_needs_them(tmp_path: Path) -> None:
    """By systemd's own programs, below a folder of the test."""
    (tmp_path / "etc").mkdir()
    users = (deb.SOURCES / "sysusers.conf").read_text()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", "-"], input=users, text=True, check=True)
    (line,) = [one for one in (tmp_path / "etc/passwd").read_text().splitlines() if one.startswith("mailbridge:")]
    assert line.endswith(":mailbridge help desk:/var/lib/mailbridge:/usr/sbin/nologin")
    unit = (ROOT / "deploy/systemd/mailbridge.service").read_text()
    assert "\nUser=mailbridge\nGroup=mailbridge\nStateDirectory=mailbridge\nStateDirectoryMode=0700\n" in unit
    assert re.search(r"^d +/var/lib/mailbridge +0700 +mailbridge +mailbridge", (deb.SOURCES / "tmpfiles.conf").read_text(), re.MULTILINE)
