"""Reads and writes the texts below a desk's rules/ folder.  The only file of this room that uses the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mailbridge.errors import Problem

SUFFIXES = (".yaml", ".yml", ".eml", ".csv")
MAX_FILE = 8 << 20


def read(desk: Path, *, folder: Path | None = None) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Path relative to the desk's folder -> text, for `load`; and the files that could not be read.  `folder` is another rules folder to
    try.

    An .eml file may have any charset.  It is read and written as Latin-1, which keeps every byte.
    """
    root = folder or desk / "rules"
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(root.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file() or any(part.startswith(".") for part in path.relative_to(root).parts):
            continue
        name = f"rules/{path.relative_to(root).as_posix()}"
        try:
            files[name] = _text(path)
        except (OSError, UnicodeDecodeError, ValueError) as err:
            problems.append(Problem(file=name, message=f"cannot be read: {_why(err)}", hint="it must be a readable file in UTF-8"))
    if not root.is_dir():
        problems.append(Problem(file="rules", message="this folder is missing", hint="`mailbridge init` writes one to start from"))
    return files, tuple(problems)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE >> 20} MiB")
    data = path.read_bytes()
    return data.decode("latin-1") if path.suffix == ".eml" else data.decode("utf-8-sig")


def _why(err: Exception) -> str:
    if isinstance(err, OSError):
        return err.strerror or str(err)
    return "not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err)


def write(path: Path, text: str) -> None:
    """Writes the file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text.encode("latin-1" if path.suffix == ".eml" else "utf-8"))
    new.replace(path)


def replace(desk: Path, files: Mapping[str, str], version: str) -> Path:
    """Replaces the rules in the desk's rules/ folder by these files; returns where the old ones are.  Schemas and other files are copied.
    """
    rules, new = desk / "rules", _unused(desk, f".rules.{version}.new")
    for name, text in files.items():
        write(new / Path(name).relative_to("rules"), text)
    for path in rules.rglob("*"):
        target = new / path.relative_to(rules)
        if path.is_file() and path.suffix not in SUFFIXES and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    kept = _unused(desk, f"rules.before-{version}")
    rules.rename(kept)
    new.rename(rules)
    return kept


def _unused(desk: Path, name: str) -> Path:
    names = [name, *(f"{name}.{number}" for number in range(2, 1_000))]
    return next(desk / each for each in names if not (desk / each).exists())
