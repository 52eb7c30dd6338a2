"""The project's own counts of its structure: `python -m tools.house`, with `--names` also what is counted.

With `--arrows` each arrow between rooms with the imports behind it, those with the fewest first, and the longest chain of imports: an arrow
with a single import often points to a name that belongs into a lower room.

A room is a folder directly below mailbridge/, or a loose module beside them.  Imports are read with `ast`, also those inside functions.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "mailbridge"
Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Counts of one tree."""

    rooms: tuple[str, ...]  # folders
    loose: tuple[str, ...]  # modules at the root
    arrows: tuple[tuple[str, str], ...]  # from a room or loose module to another
    mutual: tuple[tuple[str, str], ...]  # pairs that import each other
    floors: int  # rooms of the longest chain, those that import each other in a circle counted as one
    depth: int  # modules of the longest chain of imports, circles counted as one
    modules: int
    twice: Mapping[str, tuple[str, ...]]  # public classes of one name -> their modules
    imports: Graph

    def rows(self) -> Iterator[tuple[str, int]]:
        yield "rooms", len(self.rooms)
        yield "loose modules at the root", len(self.loose)
        yield "modules", self.modules
        yield "arrows between rooms", len(self.arrows)
        yield "pairs of rooms that import each other", len(self.mutual)
        yield "floors", self.floors
        yield "depth of imports (modules)", self.depth
        yield "public class names that stand twice or more", len(self.twice)


def house(package: Path = PACKAGE) -> House:
    """The counts of the package in this folder."""
    files = {name_of(file, package): file for file in sorted(package.rglob("*.py"))}
    trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in files.items()}
    imports = {name: frozenset(imported(tree, package.name, files)) - {name} for name, tree in trees.items()}
    between = arrows(imports)
    folders = {room_of(name) for name, file in files.items() if file.parent != package}
    loose = {name for name, file in files.items() if file.parent == package and file.stem not in {"__init__", "__main__"}}
    return House(
        rooms=tuple(sorted(folders)),
        loose=tuple(sorted(loose)),
        arrows=tuple(sorted((room, other) for room, others in between.items() for other in others)),
        mutual=tuple(sorted((a, b) for a, others in between.items() for b in others if a < b and a in between.get(b, ()))),
        floors=longest(between),
        depth=longest(imports),
        modules=len(files),
        twice=twice(trees),
        imports=imports,
    )


def name_of(file: Path, package: Path) -> str:
    """`store.engine`; '' for the package itself."""
    return ".".join(file.relative_to(package).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imported(tree: ast.Module, package: str, known: Mapping[str, object]) -> Iterator[str]:
    """Modules of the package that are imported anywhere in the module; a name out of a module counts as that module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (below for alias in node.names if (below := _below(alias.name, package)) is not None and below in known)
        elif isinstance(node, ast.ImportFrom) and (base := _below(node.module or "", package)) is not None:
            modules = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names} & known.keys()
            names = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names} - known.keys()
            yield from modules
            if names and base in known:
                yield base


def _below(name: str, package: str) -> str | None:
    if name != package and not name.startswith(f"{package}."):
        return None
    return name.removeprefix(package).removeprefix(".")


def arrows(imports: Graph) -> dict[str, frozenset[str]]:
    """Which room imports which others; the package itself (its version) is no room."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, others in imports.items():
        found[room_of(module)] |= {room_of(other) for other in others}
    return {room: frozenset(others - {room, ""}) for room, others in found.items() if room}


def longest(graph: Graph) -> int:
    """Nodes on the longest way, those of a circle counted once."""
    group = circles(graph)
    down: dict[int, set[int]] = defaultdict(set)
    for node, others in graph.items():
        down[group[node]] |= {group[other] for other in others if other in group} - {group[node]}

    @cache
    def below(one: int) -> int:
        return 1 + max(map(below, down[one]), default=0)

    sys.setrecursionlimit(10_000)
    return max(map(below, set(group.values())), default=0)


def chain(graph: Graph) -> list[str]:
    """One longest way from the top down, in a graph without circles."""

    @cache
    def below(node: str) -> tuple[int, str]:
        """How many nodes the longest way from here has, and the next of them; '' at its end."""
        return max(((below(other)[0] + 1, other) for other in graph.get(node, ()) if other in graph), default=(1, ""))

    way = [max(graph, key=lambda node: below(node)[0])]
    while following := below(way[-1])[1]:
        way.append(following)
    return way


def behind(found: House) -> Iterator[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """Each arrow between rooms with the imports behind it (importing module, imported module), the arrows with the fewest first."""
    imports: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for module, others in sorted(found.imports.items()):
        for other in sorted(others):
            imports[room_of(module), room_of(other)].append((module, other))
    yield from sorted(((arrow, imports[arrow]) for arrow in found.arrows), key=lambda each: (len(each[1]), each[0]))


def circles(graph: Graph) -> dict[str, int]:
    """Node -> the number of its circle: nodes that reach each other have one number."""
    reach = {node: _reached(node, graph) for node in graph}
    numbers: dict[frozenset[str], int] = {}
    return {
        node: numbers.setdefault(frozenset({node, *(other for other in reach[node] if node in reach.get(other, ()))}), len(numbers))
        for node in graph
    }


def _reached(start: str, graph: Graph) -> set[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def twice(trees: Mapping[str, ast.Module]) -> dict[str, tuple[str, ...]]:
    """Names of public classes at the top of more than one module, the most frequent first."""
    where: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(module)
    often = Counter({name: len(modules) for name, modules in where.items() if len(modules) > 1})
    return {name: tuple(where[name]) for name, _ in often.most_common()}


def main() -> int:
    found = house()
    for about, count in found.rows():
        print(f"{about:44} {count:5}")
    if "--names" in sys.argv:
        print(f"\nrooms: {', '.join(found.rooms)}\nloose: {', '.join(found.loose)}")
        print("mutual: " + ", ".join(f"{a} <-> {b}" for a, b in found.mutual))
        print("\n".join(f"{name}: {', '.join(modules)}" for name, modules in found.twice.items()))
    if "--arrows" in sys.argv:
        for (room, other), imports in behind(found):
            print(f"\n{room} -> {other}: {len(imports)}")
            print("\n".join(f"    {module} imports {below}" for module, below in imports))
        if len(set(circles(found.imports).values())) == len(found.imports):
            print("\nlongest chain of imports: " + " > ".join(chain(found.imports)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
