"""Imports go down only, pure rooms stay pure, and each third-party package has one door.  Read by `ast`, nothing is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.sources import nodes
from tools.house import Graph, House, behind, chain, circles, house, longest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mailbridge"

# From the bottom up.  A module belongs to the longest name that fits it, and may import from its own layer and from those below.
LAYERS: tuple[tuple[str, frozenset[str]], ...] = (
    ("values", frozenset({"", "errors", "clock", "ids"})),
    ("message", frozenset({"message"})),
    ("words", frozenset({"reply", "sla", "config"})),
    ("people", frozenset({"organisation", "customers"})),
    ("tickets", frozenset({"tickets"})),
    ("decisions", frozenset({"mail_commands", "conversation", "knowledge", "rules"})),
    ("notifications", frozenset({"notifications", "health.silence"})),
    ("settings", frozenset({"config.load"})),
    ("edges", frozenset({"store", "ops", "oauth", "sandbox", "checks", "signing"})),
    ("flows", frozenset({"execution", "delivery", "intake", "handling", "jobs", "backup", "health", "doctor", "pipeline", "worker"})),
    ("shells", frozenset({"daemon", "cli", "web", "__main__"})),
)
HOMELESS = len(LAYERS)
PURE = ("values", "message", "words", "people", "tickets", "decisions", "notifications")
# Values and `now` go in, values come out: no clock, no chance, no disk, no network, no log.  ids.py names where chance comes from.
FORBIDDEN_IN_PURE = frozenset(
    {"os", "time", "random", "socket", "subprocess", "threading", "structlog", "sqlalchemy", "imapclient", "aiosmtpd"}
)

# Each package that is not the standard library's, and the rooms that may import it.  Two rooms need a reason.
DOORS: dict[str, frozenset[str]] = {
    "aiosmtpd": frozenset({"intake"}),
    "alembic": frozenset({"store"}),
    "apscheduler": frozenset({"jobs"}),
    "cchardet": frozenset({"message"}),
    "click": frozenset({"cli"}),
    "cryptography": frozenset({"oauth", "signing"}),  # one keeps tokens under a key, the other signs and opens mails
    "dkim": frozenset({"checks", "signing"}),  # one verifies what strangers wrote, the other signs what is ours
    "dns": frozenset({"checks"}),
    "flufl": frozenset({"message"}),
    "holidays": frozenset({"sla"}),
    "dateutil": frozenset({"message"}),
    "icalendar": frozenset({"message"}),
    "imapclient": frozenset({"intake"}),
    "jinja2": frozenset({"delivery", "web"}),  # mails in two readings from the desk's own templates, pages from ours alone
    "mailparser": frozenset({"message"}),
    "mailbridge_desk": frozenset({"__main__"}),  # our own door, which looks before it imports anything of ours
    "mistune": frozenset({"message"}),
    "markupsafe": frozenset({"delivery"}),  # jinja2's own kind of string
    "msgspec": frozenset({"sandbox", "store"}),  # frames between processes, documents in columns: two formats, no shared types
    "nh3": frozenset({"message"}),
    "opentelemetry": frozenset({"ops"}),
    "prometheus_client": frozenset({"ops"}),
    "psycopg": frozenset({"store"}),
    "publicsuffixlist": frozenset({"checks"}),
    "re2": frozenset({"reply", "rules"}),  # fixed phrase tables of ours, patterns of the admin's: limits and errors differ
    "resiliparse": frozenset({"message", "reply"}),  # one reads text out of HTML, the other finds quotes in its structure
    "snowballstemmer": frozenset({"knowledge"}),
    "spf": frozenset({"checks"}),
    "sqlalchemy": frozenset({"store"}),
    "starlette": frozenset({"web"}),
    "structlog": frozenset({"ops"}),
    "tnefparse": frozenset({"message"}),
    "urllib3": frozenset({"ops"}),
    "uvicorn": frozenset({"web"}),
    "yaml": frozenset({"config"}),
}


@cache
def modules() -> tuple[str, ...]:
    """Dotted names below mailbridge: "" for the package itself, "store.engine"."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".") for file in files)


def source(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def imported(module: str) -> tuple[str, ...]:
    """Full names of what a module imports, wherever in it the import stands."""
    return tuple(_imports(module))


def _imports(module: str) -> Iterator[str]:
    for node in nodes(source(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative imports hide the direction"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if (node.module or "").startswith("mailbridge"))


def ours(module: str) -> Iterator[str]:
    """Modules of ours among the imports, without "mailbridge.": a name imported from a module counts as that module."""
    known = set(modules())
    for name in imported(module):
        below = name.removeprefix("mailbridge").removeprefix(".")
        if name.split(".")[0] == "mailbridge" and below in known:
            yield below


def layer(module: str) -> int:
    best = max(
        ((len(room), rank) for rank, (_, rooms) in enumerate(LAYERS) for room in rooms if room == module or module.startswith(f"{room}.")),
        default=(0, HOMELESS),
    )
    return best[1]


def drawn() -> dict[str, frozenset[str]]:
    """The lines of the drawing in docs/architecture.md: layer -> its rooms, from the bottom up."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Imports go down")[1]
    lines = [line.split() for line in text.split("```")[1].strip().splitlines()]
    return {name: frozenset(rooms) for name, *rooms in reversed(lines)}


def test_the_drawing_is_the_table() -> None:
    """docs/architecture.md shows the layers of this file, in the same order."""
    assert list(drawn().items()) == [(name, rooms - {""}) for name, rooms in LAYERS]


def test_the_drawing_has_every_room() -> None:
    """Each folder and each loose module stands in the drawing, and nothing else does."""
    found = counted()
    rooms = {room.split(".")[0] for line in drawn().values() for room in line}

    assert rooms - {"__main__"} == {*found.rooms, *found.loose}


@pytest.mark.parametrize("page", ["architecture.md", "glossary.md", "adding.md"])
def test_the_pages_name_files_that_exist(page: str) -> None:
    """What stands in backticks and ends in / or .py is a path below mailbridge/ or below the root."""
    named = set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*(?:/|\.py))`", (ROOT / "docs" / page).read_text(encoding="utf-8")))

    assert named
    assert [path for path in sorted(named) if not (PACKAGE / path).exists() and not (ROOT / path).exists()] == []


def test_every_module_has_its_layer() -> None:
    """A new room gets its place in LAYERS by somebody who thought about it."""
    assert [module for module in modules() if layer(module) == HOMELESS] == []


@pytest.mark.parametrize("module", modules())
def test_imports_go_down(module: str) -> None:
    upward = {f"{module} imports {below}" for below in ours(module) if layer(below) > layer(module)}

    assert upward == set()


@pytest.mark.parametrize("module", [name for name in modules() if layer(name) < len(PURE)])
def test_pure_rooms_touch_nothing_outside(module: str) -> None:
    assert FORBIDDEN_IN_PURE.isdisjoint(name.split(".")[0] for name in imported(module))


def test_each_third_party_package_has_its_door() -> None:
    strangers = {
        f"{package} in {module}"
        for module in modules()
        for package in {name.split(".")[0] for name in imported(module)} - sys.stdlib_module_names - {"mailbridge"}
        if module.split(".")[0] not in DOORS.get(package, frozenset())
    }

    assert strangers == set()


def test_http_is_spoken_by_one_package() -> None:
    """urllib3: one place for limits, certificates and proxies.  aiosmtpd and our listeners are servers, and this is about clients."""
    clients = {"http.client", "urllib.request", "requests", "httpx", "aiohttp"}

    assert {f"{name} in {module}" for module in modules() for name in imported(module) if name in clients} == set()


def test_asyncio_lives_in_the_listeners_and_the_metrics_page_only() -> None:
    users = {module for module in modules() if "asyncio" in {name.split(".")[0] for name in imported(module)}}

    assert {module.split(".")[0] for module in users if module != "ops.http"} <= {"intake"}


# --- rooms

# From the bottom up, each room once; a room is a folder or a loose module.  An arrow up from one to another has to be in UPWARD.
ROOMS = (
    *("errors", "message", "ids", "clock", "config", "sla", "reply", "customers", "organisation", "tickets", "knowledge", "mail_commands"),
    *("conversation", "rules", "notifications", "store", "ops", "oauth", "checks", "sandbox", "signing", "execution"),
    *("delivery", "intake", "health", "handling", "backup", "jobs", "doctor", "pipeline", "worker", "web", "daemon", "cli", "__main__"),
)
# Each of these is a mistake of the layout; the list only gets shorter.
UPWARD = frozenset[tuple[str, str]]()
MOST_UPWARD = 0
# Counts of `python -m tools.house` that may fall and not rise.
MOST = {
    "loose modules at the root": 5,
    "arrows between rooms": 249,
    "pairs of rooms that import each other": 0,
    "floors": 13,
    "depth of imports (modules)": 27,
    "public class names that stand twice or more": 6,
}


@cache
def counted() -> House:
    """The counts of this tree."""
    return house()


def test_rooms_import_down() -> None:
    """Whoever removes an arrow takes it out of UPWARD, so that it cannot come back."""
    place = {room: number for number, room in enumerate(ROOMS)}

    assert {(room, other) for room, other in counted().arrows if place[other] > place[room]} == UPWARD
    assert len(UPWARD) <= MOST_UPWARD


def test_every_room_has_its_place() -> None:
    found = counted()

    assert sorted((*found.rooms, *found.loose, "__main__")) == sorted(ROOMS)


def test_the_house_gets_no_bigger() -> None:
    """Whoever makes a count smaller writes it into MOST."""
    assert {about: count for about, count in counted().rows() if count > MOST.get(about, count)} == {}


def test_the_counts_are_right_of_a_small_house() -> None:
    graph: Graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"b", "d"}), "d": frozenset()}

    assert longest(graph) == 3
    assert circles(graph)["b"] == circles(graph)["c"] != circles(graph)["a"]
    assert chain({"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset()}) == ["a", "b", "c"]


def test_every_arrow_is_told_with_its_imports() -> None:
    found = counted()

    assert set(dict(behind(found))) == set(found.arrows)
    assert len(chain(found.imports)) == dict(found.rows())["depth of imports (modules)"]


def test_the_checks_can_fail() -> None:
    """A module of each kind that breaks the rules is told apart from one that keeps them."""
    assert layer("store.engine") > layer("tickets.decide") > layer("organisation.model") > layer("errors")
    assert layer("delivery.deliver") > layer("store.outbox") > layer("notifications.compose")
    assert "mailbridge.store.engine" in set(imported("intake.inbox"))
