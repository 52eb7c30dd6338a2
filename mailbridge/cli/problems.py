"""Formats problems for an administrator: place, message, the line with a mark under the place, hint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mailbridge.cli.show import safe, width
from mailbridge.errors import Problem

# A secret in the file must not be copied to a terminal or the journal.  The value of every key whose name contains such a word is
# hidden, also where the key is quoted, in an inline table, or in another file.
_KEY = r"""([\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential)[\w.-]*["']?\s*[=:]\s*)"""
_SECRET = re.compile(rf"{_KEY}\S.*", re.IGNORECASE)
_SECRET_BEGINS = re.compile(rf"{_KEY}(.*)$", re.IGNORECASE)
LONGEST_SECRET = 400  # lines; a private key has about 50
# Keys that name the place of a secret are shown.  A value that is no usual name of an environment variable may be the secret itself.
_NAMES_A_PLACE = re.compile(
    r"""(?i:[\w.-]*_(?:file|credential))["']?\s*[=:]|(?i:[\w.-]*_env)["']?\s*[=:]\s*["']?[A-Z_][A-Z0-9_]*(?:["'\s,}]|$)"""
)
_USER_INFO = re.compile(r"(//[^\s:/@\"']*):[^\s\"']*@")


def shown(problems: Iterable[Problem], folder: Path, rules: Path | None = None) -> str:
    """All problems with excerpts from the files of `folder`, and their number.  `rules`: a folder that replaces its `rules/`."""
    problems = sorted(problems)
    warnings = sum(problem.warning for problem in problems)
    total = counted(len(problems) - warnings, "error") + (f", {counted(warnings, 'warning')}" if warnings else "")
    return "\n".join([*(shown_one(problem, folder, rules) for problem in problems), total])


def shown_one(problem: Problem, folder: Path, rules: Path | None = None) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    kind = "warning: " if problem.warning else ""
    lines = [f"{safe(place)}: {kind}{safe(problem.message)}", *excerpt(problem, folder, rules)]
    if problem.hint:
        lines.append(f"    {safe(problem.hint)}")
    return "\n".join(lines)


def excerpt(problem: Problem, folder: Path, rules: Path | None = None) -> list[str]:
    """The line of the problem and a mark under it; empty where the problem has no line or the file cannot be read."""
    if not problem.line:
        return []
    try:
        lines = _file(problem.file, folder, rules).read_text(encoding="utf-8", errors="replace").split("\n")
        line = lines[problem.line - 1].rstrip("\r")
    except (OSError, IndexError):
        return []
    before = line[: problem.column - 1]
    marked = line[problem.column - 1 : problem.column - 1 + problem.length]
    gutter = " " * len(str(problem.line))
    # Terminals differ in tab stops.  A tab is shown as one space, so that the mark is below its place.
    show = "…" if is_inside_secret(lines, problem.line - 1) else safe(without_secrets(line.replace("\t", " ")))
    mark = " " * width(safe(before.replace("\t", " "))) + "^" * max(1, width(safe(marked)))
    return [f"  {problem.line} | {show}", f"  {gutter} | {mark}"]


def _file(name: str, folder: Path, rules: Path | None) -> Path:
    inside = name.removeprefix("rules/")
    return rules / inside if rules is not None and inside != name else folder / name


def without_secrets(line: str) -> str:
    """A line of a configuration or rules file in which "…" replaces the values of secret keys and the passwords in URLs."""
    hidden = _USER_INFO.sub(r"\1:…@", line)
    return _SECRET.sub(lambda found: found[0] if _NAMES_A_PLACE.match(found[0]) else f"{found[1]}…", hidden)


def is_inside_secret(lines: Sequence[str], at: int) -> bool:
    """Whether line `at` (from 0) is in the value of a secret key above it: a multi-line string or list of TOML, or a block of YAML."""
    for above in range(at - 1, max(-1, at - LONGEST_SECRET), -1):
        found = _SECRET_BEGINS.search(lines[above])
        if found and not _NAMES_A_PLACE.match(found[0]) and _goes_on(found, lines[above + 1 : at], lines[at]):
            return True
    return False


def _goes_on(key: re.Match[str], between: Sequence[str], line: str) -> bool:
    """Whether `line` is still part of the value of `key`.  `between`: the lines between the two."""
    value = key[2].strip()
    so_far = "\n".join([value, *between])
    for quotes in ('"""', "'''"):
        if value.startswith(quotes):
            return quotes not in so_far[len(quotes) :]
    if value.startswith(("[", "{")):
        return sum(map(so_far.count, "[{")) > sum(map(so_far.count, "]}"))
    return key[1].rstrip().endswith(":") and all(_is_below(one, key.start(), value) for one in [*between, line])


def _is_below(line: str, column: int, value: str) -> bool:
    """Whether a line of YAML is part of the value of the key at this column: it is indented more, or is an item of the key's list."""
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    return not text.strip() or indent > column or (not value and indent == column and text.startswith("- "))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
