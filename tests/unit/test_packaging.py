"""What is installed: the locks hold everything that pyproject.toml asks for, pinned and with hashes, from no particular registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall((ROOT / "requirements" / lock).read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("runtime.lock", PROJECT["dependencies"]),
        ("web.lock", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["web"]]),
        ("dev.lock", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["web"], *PROJECT["optional-dependencies"]["dev"]]),
        ("dev.lock", PROJECT["optional-dependencies"]["otel"]),
        ("dev.lock", (ROOT / "requirements" / "dev.in").read_text(encoding="utf-8").split("\n")[1:-1]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, asked: list[str]) -> None:
    """When this fails: make lock."""
    have = pins(lock)

    missing = [line for line in asked if not Requirement(line).specifier.contains(have.get(canonicalize_name(Requirement(line).name), "0"))]

    assert missing == []


def test_the_tools_run_beside_exactly_what_users_get() -> None:
    assert pins("runtime.lock").items() <= pins("web.lock").items() <= pins("dev.lock").items()


@pytest.mark.parametrize("lock", ["runtime.lock", "web.lock", "dev.lock"])
def test_every_pin_has_its_hashes(lock: str) -> None:
    blocks = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pinned = [line for line in blocks if PIN.match(line)]

    assert len(pinned) >= len(pins(lock)) > 30
    assert [line.split()[0] for line in pinned if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("lock", ["runtime.lock", "web.lock", "dev.lock"])
def test_a_lock_names_no_machine_and_no_registry(lock: str) -> None:
    """Whoever makes it again gets the same file, whatever their index and folders are."""
    lines = (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines()
    pins, comments = [line for line in lines if "#" not in line], [line for line in lines if "#" in line]

    assert [line for line in pins if re.search(r"//|@|^ *-(?!-hash=)|file:", line)] == []
    assert [line for line in comments if re.search(r"://|(?<![\w.-])/|\.\./|--(?:index|find-links|extra-index)", line)] == []
    assert "#    make lock" in lines
    assert "mailbridge-desk (pyproject.toml)" in "".join(lines)


def test_a_desk_needs_few_packages() -> None:
    """Each is somebody's code that reads strangers' mail; a new one takes an argument."""
    assert len(pins("runtime.lock")) <= 45


def test_the_pages_need_five_more() -> None:
    """docs/adr/0064 counts them."""
    assert set(pins("web.lock")) - set(pins("runtime.lock")) == {"anyio", "h11", "idna", "starlette", "uvicorn"}


def versions() -> list[str]:
    """The minor versions of CPython that `requires-python` offers."""
    return [f"3.{minor}" for minor in range(40) if f"3.{minor}.0" in SpecifierSet(PROJECT["requires-python"])]


def test_the_versions_of_python_are_the_same_everywhere() -> None:
    """The lock is compiled for them (make lock looks for wheels), the unit tests run on them, people read them."""
    offered = versions()
    pages = ("Makefile", "tests/on-every-python.sh", "README.md", "docs/manual/first-desk.md")
    makefile, tests, readme, manual = ((ROOT / page).read_text(encoding="utf-8") for page in pages)

    assert offered[0] == "3.11"
    assert f"PYTHONS := {' '.join(offered)}\n" in makefile
    assert f"for version in {' '.join(offered)}; do" in tests
    assert f"CPython {offered[0]} to {offered[-1]}" in readme
    assert f"CPython {', '.join(offered[:-1])} or {offered[-1]}" in manual


@pytest.mark.parametrize("page", ["README.md", *(f"docs/manual/{page.name}" for page in (ROOT / "docs" / "manual").glob("*.md"))])
def test_no_page_installs_the_other_package(page: str) -> None:
    """`mailbridge` on PyPI is not ours."""
    text = (ROOT / page).read_text(encoding="utf-8")

    assert re.findall(r"(?:pip|pipx|uv tool|uv pip) install [^\n]*\bmailbridge(?![-\w/])", text) == []
