"""A desk's own templates that were copied from shipped ones, and what the shipped ones have that the copies lack.

A copy ends with a comment that holds the digest of the shipped file: `{#- shipped: 3f2a90c1d2e4 #}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, TemplateError, nodes

from mailbridge.errors import Problem

_MARK = re.compile(r"\{#-? shipped: ([0-9a-f]{12}) #\}")
_CHANGED = "the shipped template was changed after this one was copied"


def copied(source: str) -> str:
    """The shipped template as a desk's own file."""
    return f"{source.rstrip()}\n{_comment(source)}\n"


def older(own: Path, shipped: Path, *, marked: bool = False) -> Iterator[Problem]:
    """Warnings: own templates whose shipped one has changed since, or has values, blocks or files that they lack.  `marked`: only of those
    that say which shipped template they were copied from; the others may be shorter on purpose."""
    for file in sorted(own.glob("mail/*.j2")):
        name = file.relative_to(own).as_posix()
        text = _text(file)
        if (shipped / name).is_file() and (_MARK.search(text) or not marked):
            yield from _compared(name, text, _text(shipped / name))


def _compared(name: str, own: str, shipped: str) -> Iterator[Problem]:
    mark = _MARK.search(own)
    if mark and mark[1] == _digest(shipped):
        return
    lacking = _lacking(own, shipped)
    if mark is None and not lacking:
        return
    message = _CHANGED if mark else "the shipped template has more than this one"
    what = f"it also uses {', '.join(lacking)}" if lacking else "its sentences or their order differ"
    hint = f"{what}; once this file is up to date, let it end with {_comment(shipped)}"
    yield Problem(file=name, message=message, hint=hint, warning=True)


def _comment(source: str) -> str:
    return f"{{#- shipped: {_digest(source)} #}}"


def _digest(source: str) -> str:
    return sha256(source.strip().encode()).hexdigest()[:12]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _lacking(own: str, shipped: str) -> list[str]:
    """What the shipped template uses and the own one does not; nothing where one cannot be read, which `template_check` names."""
    try:
        return sorted(_used(shipped) - _used(own))
    except TemplateError:
        return []


def _used(source: str) -> frozenset[str]:
    """Blocks, values and other files of the template, each as a template writes it."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    blocks = (f"block {block.name}" for block in tree.find_all(nodes.Block))
    values = (
        f"values.{one.attr}" for one in tree.find_all(nodes.Getattr) if isinstance(one.node, nodes.Name) and one.node.name == "values"
    )
    named = (*(one.template for one in tree.find_all(nodes.Include)), *(one.template for one in tree.find_all(nodes.Extends)))
    return frozenset((*blocks, *values, *(one.value for one in named if isinstance(one, nodes.Const))))
