"""The shipped container files: what the manual promises of them.  `make nightly PART=container` builds and runs the image."""

from __future__ import annotations

import re

import pytest
import yaml

from mailbridge.cli.main import COMMANDS
from tools.reproducible import ROOT

FOLDER = ROOT / "deploy" / "container"
FILE = (FOLDER / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))


def test_the_image_runs_without_rights_and_installs_what_the_lock_says() -> None:
    last = FILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert "--require-hashes -r /build/requirements/runtime.lock" in FILE
    assert re.search(r'^ARG BASE=docker\.io/library/debian:\w+-slim$', FILE, re.MULTILINE)
    assert 'CMD ["mailbridge", "status"]' in last
    words = [word for line in re.findall(r'^(?:HEALTHCHECK .*?)?CMD \["(.*)"\]$', last, re.MULTILINE) for word in re.split(r'", "', line)]
    assert {word for word in words if word != "mailbridge"} <= set(COMMANDS)


def test_nothing_secret_or_large_goes_into_the_build() -> None:
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv*", "build", "dist", "tests"} <= set(ignored)


@pytest.mark.parametrize("name", ["desk", "worker"])
def test_the_services_of_the_compose_file_are_read_only_and_have_time_to_stop(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].removesuffix("s")) > 40
    assert "./desk:/etc/mailbridge:ro" in service["volumes"]
    assert (FOLDER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert "@db/" in service["environment"]["MAILBRIDGE_STORE_URL"]
    assert set(service.get("command", ["run"])) <= set(COMMANDS)


def test_the_volumes_of_the_compose_file_are_declared() -> None:
    named = {volume.partition(":")[0] for service in COMPOSE["services"].values() for volume in service["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(COMPOSE["volumes"])
