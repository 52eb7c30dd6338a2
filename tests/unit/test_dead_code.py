"""No public function, class, method or constant stays that nothing in mailbridge uses.

A name counts as used where it stands in mailbridge or a template outside of its own definition: as a name, an attribute, an argument, or a
string that is nothing else.  Two things of one name hide each other: the check finds what is surely dead, and no more.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.sources import tree

ROOT = Path(__file__).resolve().parents[2]
CALLED_BY_OTHERS: dict[str, str] = {
    "get_next_fire_time": "APScheduler asks the trigger of a job for its next tick",
    "connection_lost": "asyncio.Protocol",
    "connection_made": "asyncio.Protocol",
    "data_received": "asyncio.Protocol",
    "ascend_resolver": "PyYAML's composer",
    "descend_resolver": "PyYAML's composer",
    "describe": "prometheus_client's Collector",
    "emit": "logging.Handler",
    "format_commands": "click.Group",
    "generate_span_id": "OpenTelemetry's IdGenerator",
    "generate_trace_id": "OpenTelemetry's IdGenerator",
    "get_explanation": "pyspf's query",
    "get_source": "jinja2's BaseLoader",
    "invoke": "click.Command",
    "is_safe_attribute": "jinja2's SandboxedEnvironment",
    "make_context": "click.Command",
    "parse_args": "click.Command",
    "process_bind_param": "sqlalchemy.TypeDecorator",
    "process_result_value": "sqlalchemy.TypeDecorator",
    "resolve_command": "click.Group",
}
# Only tests call these.  The list gets no longer: what is added is used, or it is not added.
ONLY_IN_TESTS: dict[str, str] = {
    "FixedClock": "the clock that tests move",
    "language_of": "language_of_mail without the mail around the text",
    "last_version": "the number of a ticket's last event, to compare with the ticket's",
    "lift": "ends a suspension; no command does it yet",
    "needs_utf8": "what SMTPUTF8 is asked for",
    "of_address": "a person's tickets, to compare with what a search finds",
    "worked_with_pauses": "the reverse of due_with_pauses, which has to agree with it",
}


@cache
def trees() -> dict[Path, ast.Module]:
    files = [*(ROOT / "mailbridge").rglob("*.py"), *(ROOT / "mailbridge_desk").rglob("*.py")]
    return {file: tree(file) for file in sorted(files) if "migrations" not in file.parts}


def defined(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Public functions, classes and constants at the top, and public methods of classes that no decorator registers."""
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not _is_registered(node):
                yield node.name, node
            case ast.ClassDef():
                yield node.name, node
                for below in node.body:
                    if isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_registered(below):
                        yield below.name, below
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node


def _is_registered(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command of click, and the like: whoever decorates it uses it."""
    harmless = {"property", "cached_property", "classmethod", "staticmethod", "contextmanager", "cache", "lru_cache", "abstractmethod"}
    return any(not harmless & set(re.findall(r"\w+", ast.unparse(one))) for one in node.decorator_list)


def words(node: ast.AST) -> Iterator[str]:
    """Every name that stands in the node as one that is used."""
    for below in ast.walk(node):
        match below:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name, asname=str()):  # a name in the file under another one
                yield name
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text


@cache
def used() -> Counter[str]:
    found = Counter(word for tree in trees().values() for word in words(tree))
    found.update(word for file in (ROOT / "templates").rglob("*.j2") for word in re.findall(r"\w+", file.read_text(encoding="utf-8")))
    return found


def dead() -> set[str]:
    """`file: name` of what nothing uses but itself."""
    return {
        f"{file.relative_to(ROOT)}: {name}"
        for file, tree in trees().items()
        for name, node in defined(tree)
        if not name.startswith("_") and used()[name] <= Counter(words(node))[name] and not _is_foreign(name)
    }


def _is_foreign(name: str) -> bool:
    """A method that another package calls by its name."""
    return name in CALLED_BY_OTHERS or name in ONLY_IN_TESTS or name.startswith(("smtp_", "auth_", "visit_", "handle_"))


def test_nothing_is_dead() -> None:
    assert dead() == set()


@pytest.mark.parametrize("name", sorted(ONLY_IN_TESTS))
def test_every_exception_is_needed(name: str) -> None:
    assert name in {one for tree in trees().values() for one, _ in defined(tree)}
    assert used()[name] <= 1


def test_the_check_can_fail() -> None:
    tree = ast.parse("def helper():\n    return helper()\n\nclass Kept:\n    def method(self): ...\n")

    assert [name for name, _ in defined(tree)] == ["helper", "Kept", "method"]
    assert list(words(tree.body[0])) == ["helper"]
