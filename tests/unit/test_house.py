"""House rules that a reviewer should not have to look for: what must not stand anywhere in the product's code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import nodes

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "mailbridge").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.j2"))

FORBIDDEN_MODULES = {
    "pickle": "runs code while it reads",
    "marshal": "crashes on foreign bytes",
    "shelve": "is pickle inside",
    "dill": "is pickle inside",
    "xml.etree": "expands entities",
    "telnetlib": "is plain text",
}
FORBIDDEN_CALLS = {
    "eval": "runs what somebody wrote",
    "exec": "runs what somebody wrote",
    "compile": "runs what somebody wrote",
    "__import__": "hides an import from the import tests",
    "yaml.load": "makes objects from text",
    "yaml.unsafe_load": "makes objects from text",
    "yaml.full_load": "makes objects from text",
    "os.system": "is a shell",
    "os.popen": "is a shell",
    "tempfile.mktemp": "can be raced",
    "ssl._create_unverified_context": "switches verification off",
}


# The source of this one holds the names of fields alone, as that of the standard library's dataclasses does.
ALLOWED = {("mailbridge/message/replacing.py", "exec runs what somebody wrote")}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def findings(path: Path) -> list[str]:
    """Everything in a file that the house does not want, with its line."""
    found = []
    for node in nodes(path):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            found += [f"{node.lineno}: {name} {why}" for bad, why in FORBIDDEN_MODULES.items() if f"{name}.".startswith(f"{bad}.")]  # type: ignore[attr-defined]
        if isinstance(node, ast.Call):
            found += call_findings(node)
    return found


def call_findings(node: ast.Call) -> list[str]:
    name = dotted(node.func)
    found = [f"{node.lineno}: {name} {FORBIDDEN_CALLS[name]}"] if name in FORBIDDEN_CALLS else []
    for keyword in node.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg == "shell" and value is not False:
            found.append(f"{node.lineno}: shell= lets a file name be a command")
        if keyword.arg in {"verify", "check_hostname"} and value is False:
            found.append(f"{node.lineno}: {keyword.arg}=False switches verification off")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_dangerous_is_used(path: Path) -> None:
    name = str(path.relative_to(ROOT))

    assert [one for one in findings(path) if (name, one.partition(": ")[2]) not in ALLOWED] == []


def test_no_exception_is_swallowed_whole() -> None:
    """`except Exception: pass` and a bare `except:` hide what broke."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in {"Exception", "BaseException"})
        and all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)
    ]

    assert silent == []


def test_no_template_switches_escaping_off() -> None:
    raw = [path.name for path in TEMPLATES if re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text(encoding="utf-8"))]

    # html.safe is what the sanitiser made; it is marked in render.py and nowhere else.
    assert raw == []


def test_no_work_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [str(path.relative_to(ROOT)) for path in FILES if marks.search(path.read_text(encoding="utf-8"))] == []


def test_no_two_modules_of_tests_have_one_name() -> None:
    """Outside of packages pytest imports a module by its file's name alone, and one run of all tests ends at the second of that name."""
    loose = [file for file in (ROOT / "tests").rglob("test_*.py") if not (file.parent / "__init__.py").exists()]

    assert [name for name, times in Counter(file.name for file in loose).items() if times > 1] == []


def test_no_machine_or_registry_is_named() -> None:
    files = [*FILES, *ROOT.glob("*.toml"), *ROOT.glob("Makefile"), *(ROOT / "requirements").glob("*.lock"), *(ROOT / "docs").rglob("*.md")]
    hosts = re.compile(r"--index-url|--extra-index-url|https?://[^\s\"')]*(?:/simple\b|pythonhosted)|(?<![\w.])/(?:work|root)/")

    assert [str(path.relative_to(ROOT)) for path in files if hosts.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from xml.etree import ElementTree",
        "eval('1')",
        "yaml.load(text)",
        "subprocess.run('ls', shell=True)",
        "connect(verify=False)",
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, code: str) -> None:
    (tmp_path / "breach.py").write_text(code, encoding="utf-8")

    assert len(findings(tmp_path / "breach.py")) == 1
