"""The source of mailbridge as syntax trees, parsed once for all tests that look at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree(file: Path) -> ast.Module:
    """The tree of the file.  Tests share it, so nobody changes it."""
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """All nodes of the file's tree, as ast.walk gives them."""
    return tuple(ast.walk(tree(file)))
