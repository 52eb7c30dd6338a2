"""docs/manual/rules.md, and the pages of single files, explain every word of the language, and what it shows is taken by the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from mailbridge.config import yaml
from mailbridge.config.reading import Reading, Schema
from mailbridge.config.schema import Later, Record
from mailbridge.rules import folder, schema
from mailbridge.rules.actions import ACTIONS, GIVES, THEN
from mailbridge.rules.conditions import CONDITION, CONDITIONS, PARTS
from mailbridge.rules.dates import PARTS as DATE_PARTS
from mailbridge.rules.load import load
from mailbridge.rules.tools import examples
from mailbridge.rules.tree import MatchType

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "manual"
MANUAL = (PAGES / "rules.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[str, str]]:
    """(word, example) of the table below this heading."""
    section = MANUAL.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [(row[0].strip("`"), row[1].strip("`")) for row in rows]


def words_of(shape: Any, seen: set[int]) -> Iterator[str]:
    """Every key that a shape knows, and those of the shapes in it, whatever holds them."""
    if id(shape) in seen:
        return
    seen.add(id(shape))
    if isinstance(shape, Record):
        yield from shape.keys
        parts: list[Any] = [key.schema for key in shape.keys.values()]
    elif isinstance(shape, Later):
        parts = [shape.schema()]
    else:
        parts = [getattr(shape, each.name) for each in fields(shape)] if is_dataclass(shape) else []
    for part in parts:
        if hasattr(part, "read") and hasattr(part, "json_schema"):
            yield from words_of(part, seen)


def test_every_word_of_the_language_is_in_the_manual() -> None:
    shapes = [*schema.FILES.values(), schema.RULE]
    words = {word for shape in shapes for word in words_of(shape, set())} | {*GIVES, *PARTS, *DATE_PARTS, *MatchType}
    pages = (MANUAL, *(PAGES.joinpath(f"{name}.md").read_text(encoding="utf-8") for name in ("notifications", "reports")))
    told = set(re.findall(r"[\w;-]+", " ".join(re.findall(r"`([^`\n]+)`", "\n".join(pages)))))

    assert sorted(words - told) == []


def test_every_condition_has_an_example_that_is_taken() -> None:
    rows = table("### All conditions")

    assert [word for word, _ in rows] == list(CONDITIONS)
    for word, example in rows:
        assert word in example
        assert mistakes(CONDITION, example) == [], example


def test_every_way_to_compare_has_an_example_that_is_taken() -> None:
    for _, example in table("### Comparing texts"):
        assert mistakes(CONDITION, example) == [], example


def test_every_action_has_an_example_that_is_taken() -> None:
    rows = table("## Actions")

    assert [word for word, _ in rows] == list(ACTIONS)
    for _, example in rows:
        assert mistakes(THEN, example) == [], example


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL))
def test_every_rule_that_is_shown_runs_with_its_examples(block: str) -> None:
    files, _ = folder.read(ROOT)
    desk = {path: text for path, text in files.items() if not path.startswith("rules/routing/")}
    named = re.match(r"# (rules/[\w/-]+\.yaml)\n", block)
    loaded = load({**desk, named[1] if named else "rules/routing/1.yaml": block})

    assert loaded.problems == ()
    assert loaded.policy is not None
    assert examples.failures(loaded.policy) == []


def test_the_table_of_people_is_read() -> None:
    (rows,) = re.findall(r"```csv\n(.*?)```", MANUAL, re.DOTALL)

    files, _ = folder.read(ROOT)
    desk = {path: text for path, text in files.items() if not path.startswith(("rules/customers", "rules/routing/"))}

    loaded = load(desk | {"rules/customers.yaml": "customers: {acme: {title: Acme}}\n", "rules/customers/people.csv": rows})

    assert loaded.problems == ()
    assert loaded.policy is not None
    (person,) = loaded.policy.rules.customers.by_name["acme"].people
    assert person.address == "ion.radu@freemail.example"
    assert person.phones == ("+40 232 123 456", "+40 722 123 456")


def mistakes(shape: Schema, text: str) -> list[str]:
    node, problems = yaml.read("manual", text)
    reading = Reading()
    if node is not None:
        shape.read(node, reading)
    return [problem.message for problem in (*problems, *reading.problems)]
