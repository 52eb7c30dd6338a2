"""Reads the Markdown files below a folder.  The only file of this room that uses the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailbridge.errors import Problem

MOST_FILES = 20_000
MAX_FILE = 1 << 20

State = tuple[tuple[str, int, int], ...]  # path, time of the last change, size


def state(root: Path) -> State:
    """What is in the folder, without opening a file: equal as long as nothing changed."""
    found = []
    for path in _files(root):
        try:
            info = path.stat()
        except OSError:
            continue  # it was deleted just now
        found.append((str(path), info.st_mtime_ns, info.st_size))
    return tuple(found)


def read(root: Path, shown: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Path below `shown` -> text, and the files that could not be read.  A folder that is not there is empty."""
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in _files(root):
        name = f"{shown}/{path.relative_to(root).as_posix()}"
        try:
            if path.stat().st_size > MAX_FILE:
                raise ValueError(f"larger than {MAX_FILE >> 20} MiB")
            files[name] = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError, ValueError) as err:
            why = "not UTF-8" if isinstance(err, UnicodeDecodeError) else str(getattr(err, "strerror", None) or err)
            problems.append(Problem(file=name, message=f"cannot be read: {why}", hint="it must be a readable file in UTF-8"))
    return files, tuple(problems)


def _files(root: Path) -> Iterator[Path]:
    """The Markdown files in order, without hidden ones and README.md."""
    if not root.is_dir():
        return
    found = (path for path in root.rglob("*.md") if path.name != "README.md" and path.is_file())
    visible = sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))
    yield from visible[:MOST_FILES]
