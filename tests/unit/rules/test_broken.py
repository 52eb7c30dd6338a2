"""Broken rule files, each with the exact words that `mailbridge check` finds for it.

A case under broken/ holds files that are put over the small desk in desk/, and after `### expected` what is printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailbridge.cli.problems import shown
from mailbridge.rules import folder
from mailbridge.rules.load import load
from mailbridge.rules.tools import examples

HERE = Path(__file__).parent
CASES = sorted((HERE / "broken").glob("*.txt"))


def problems_of(files: Mapping[str, str], root: Path) -> str:
    """What `check` prints for the small desk with these files over its own."""
    (root / "rules" / "routing").mkdir(parents=True)
    for path in (HERE / "desk").glob("*.yaml"):
        (root / "rules" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    texts, unread = folder.read(root)
    loaded = load(texts)
    failed = examples.failures(loaded.policy) if loaded.policy else []
    return shown([*unread, *loaded.problems, *failed], root)


def parts(case: Path) -> tuple[dict[str, str], str]:
    pieces = re.split(r"^### (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    files = dict(zip(pieces[::2], pieces[1::2], strict=True))
    return files, files.pop("expected").rstrip("\n")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_told_in_these_words(case: Path, tmp_path: Path) -> None:
    files, expected = parts(case)

    assert problems_of(files, tmp_path) == expected


def test_the_small_desk_itself_has_no_mistake(tmp_path: Path) -> None:
    assert problems_of({}, tmp_path) == "0 errors"
