"""Where keys and values stand, for every way TOML has of writing them."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.config import yaml
from mailbridge.config.nodes import Mapping, Node, Scalar, Sequence, meaning
from mailbridge.config.toml import read

TEXT = '''\
title = "a # b" # comment
nothing = 1

[desk]   # header
  name = """several
lines = "no key"
"""
"quoted key" = 'lit # eral'
a.b = { c = 1, "d" = [ 2, 3 ] }

[[mailbox]]
folders = [ # here
  "one", "two = three",
]
[[mailbox]]
when = 2026-01-02 10:00:00Z
[mailbox.more]
deep = true
'''


def table(text: str) -> Mapping:
    found, problems = read("a.toml", text)
    assert found is not None, problems
    return found


def at(node: Node, *path: str | int) -> Node:
    for step in path:
        found = node.items[step] if isinstance(node, Sequence) and isinstance(step, int) else None
        node = node.get(str(step)) or found if isinstance(node, Mapping) else found  # type: ignore[assignment]
    return node


def place(node: Node, *path: str | int) -> tuple[int, int, int]:
    found = at(node, *path).place
    assert found.file == "a.toml"
    return found.line, found.column, found.length


def key_place(node: Node, *path: str | int) -> tuple[int, int, int]:
    inner = at(node, *path[:-1])
    assert isinstance(inner, Mapping)
    found = inner.place_of(str(path[-1]))
    return found.line, found.column, found.length


def test_keys_and_values_are_found_where_they_stand() -> None:
    root = table(TEXT)

    assert key_place(root, "title") == (1, 1, 5)
    assert place(root, "title") == (1, 9, 7)
    assert place(root, "desk") == key_place(root, "desk") == (4, 1, 6)
    assert place(root, "desk", "name") == (5, 10, 10)
    assert key_place(root, "desk", "quoted key") == (8, 1, 12)
    assert place(root, "desk", "a", "b") == (9, 7, 25)
    assert place(root, "desk", "a", "b", "c") == (9, 13, 1)
    assert place(root, "desk", "a", "b", "d", 1) == (9, 27, 1)
    assert place(root, "mailbox", 0, "folders", 1) == (13, 10, 13)
    assert place(root, "mailbox", 1, "when") == (16, 8, 20)
    assert place(root, "mailbox", 1, "more", "deep") == (18, 8, 4)


def test_values_are_what_toml_says_they_are() -> None:
    expected = tomllib.loads(TEXT)

    assert meaning(table(TEXT)) == expected
    when = at(table(TEXT), "mailbox", 1, "when")
    assert isinstance(when, Scalar)
    assert (when.value, when.quote) == (expected["mailbox"][1]["when"], "")


def test_a_key_that_is_not_there_stands_where_its_table_does() -> None:
    assert key_place(table(TEXT), "mailbox", 1, "host") == (15, 1, 11)
    assert key_place(table(TEXT), "nowhere") == (0, 0, 1)


def test_a_table_that_only_its_inner_table_names_stands_there() -> None:
    assert key_place(table('[a]\nx = 1\n[oauth.support]\nprovider = "x"\n'), "oauth") == (3, 1, 15)


def test_a_value_nested_too_deep_is_a_mistake_and_no_crash() -> None:
    (problem,) = read("a.toml", f"x = {'[' * 100_000}{']' * 100_000}")[1]

    assert problem.message == "nested too deep"


def test_a_number_without_end_is_a_mistake_and_no_crash() -> None:
    (problem,) = read("a.toml", f"a = 1\nb = {'9' * 10_000}")[1]

    assert "digits" in problem.message
    assert (problem.line, problem.column) == (2, 5)


@pytest.mark.parametrize("text", ["a: " + "[" * 300_000, "- " * 300_000, "? " * 300_000, "{a: " * 300_000])
def test_yaml_nested_too_deep_is_a_mistake_and_does_not_end_the_process(text: str) -> None:
    found, problems = yaml.read("a.yaml", text)

    assert found is None
    assert len(problems) == 1


keys = st.text("abcde_-", min_size=1, max_size=4)
written = st.one_of(
    st.integers(-5, 5).map(str),
    st.sampled_from(["true", "1.5", '"a ] } = # b"', "'#'", '""', '"""x\n]"""', "'''\n'''", "1979-05-27T07:32:00Z"]),
    st.lists(st.sampled_from(["1", "'x'", "{ a = 1 }", "[2, 3]"]), max_size=3).map(lambda items: "[ " + ", ".join(items) + "\n ]"),
)


@given(st.dictionaries(keys, st.dictionaries(keys, written, max_size=4), max_size=4))
def test_every_key_that_tomllib_reads_has_a_place_on_its_line(tables: dict[str, dict[str, str]]) -> None:
    text = "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()) for name, table in tables.items())
    values: dict[str, Any] = tomllib.loads(text)
    lines = text.splitlines()

    root = table(text)

    assert meaning(root) == values
    for name, inner in values.items():
        for key in inner:
            line, _, _ = key_place(root, name, key)
            assert lines[line - 1].startswith(f"{key} = ")
            assert place(root, name, key)[:2] == (line, len(key) + 4)
