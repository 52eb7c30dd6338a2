"""`rules fmt` changes the form and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.config import nodes, yaml
from mailbridge.rules.tools.format import tidied

ROOT = Path(__file__).parents[3]
PATH = "rules/routing/10-x.yaml"

UNTIDY = """# About printers.\r
- then: {team: support}   \r
  name: one\r
  # why
  when:
    kind: human


  examples:
    - mail: {from: a@b.example}
  stop: true
# The second.
# Two lines.
- name: two
  when: {kind: list}   # only lists
  then: {drop: true}



"""
TIDY = """# yaml-language-server: $schema=../schema/routing.json

# About printers.
- name: one
  # why
  when:
    kind: human

  then: {team: support}
  stop: true
  examples:
    - mail: {from: a@b.example}

# The second.
# Two lines.
- name: two
  when: {kind: list}   # only lists
  then: {drop: true}
"""


def test_a_file_gets_its_form() -> None:
    assert tidied(PATH, UNTIDY) == TIDY


def test_a_tidy_file_stays_as_it_is() -> None:
    assert tidied(PATH, TIDY) == TIDY


@pytest.mark.parametrize("path", [path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*.yaml")])
def test_the_shipped_files_are_tidy(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")

    assert tidied(path, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "- name: [broken\n",
        '- name: x\n  when: {kind: human}\n  then:\n    quarantine: "two   \n\n\n      words"\n',
        "- name: x\n  when: {header: {subject: {is: |\n    a   \n    b\n  }}}\n",
    ],
)
def test_what_cannot_be_tidied_without_harm_is_left(text: str) -> None:
    made = tidied(PATH, text)

    before, after = yaml.read(PATH, text)[0], yaml.read(PATH, made)[0]
    assert made == text or (before is not None and after is not None and nodes.meaning(before) == nodes.meaning(after))


def test_a_rule_with_an_unknown_key_keeps_its_order() -> None:
    text = "# yaml-language-server: $schema=../schema/routing.json\n\n- then: {}\n  nmae: x\n"

    assert tidied(PATH, text) == text
