"""The fields of an answer ready to send: `{{ customer.name }}`.  They are names and nothing else; no expression is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mailbridge.config.suggest import did_you_mean

KNOWN = (
    "ticket.number",
    "ticket.subject",
    "customer.name",
    "customer.address",
    "agent.name",
    "team.name",
    "desk.name",
    "desk.address",
)
_FIELD = re.compile(r"\{\{(.*?)\}\}")
_OPEN = re.compile(r"\{\{|\}\}|\{%|%\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownField:
    """A field that cannot be filled.  `line` counts from 0, `column` from 1."""

    line: int
    column: int
    length: int
    message: str
    hint: str


def unknown_fields(text: str, asked: Iterable[str]) -> Iterator[UnknownField]:
    """Each field that is neither known nor asked, and each bracket that belongs to no field."""
    known = (*KNOWN, *asked)
    for number, line in enumerate(text.split("\n")):
        for found in _FIELD.finditer(line):
            name = found[1].strip()
            if name not in known:
                hint = did_you_mean(name, known, "field")
                yield UnknownField(
                    line=number, column=found.start() + 1, length=len(found[0]), message=f'unknown field "{name}"', hint=hint
                )
        for left in _OPEN.finditer(_FIELD.sub(lambda found: " " * len(found[0]), line)):
            message, hint = f'"{left[0]}" belongs to no field', "a field is written {{ customer.name }}; there is no other code"
            yield UnknownField(line=number, column=left.start() + 1, length=2, message=message, hint=hint)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled; one without a value is empty.  What a value says is text, never a field."""
    return _FIELD.sub(lambda found: values.get(found[1].strip(), ""), text)
