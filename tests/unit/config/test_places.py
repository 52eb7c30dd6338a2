"""Where keys and values stand, for every way TOML has of writing them."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.config.positions import Place, locate

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


def test_keys_and_values_are_found_where_they_stand() -> None:
    places = locate(TEXT)

    assert places.key(("title",)) == Place(1, 1, 5)
    assert places.value(("title",)) == Place(1, 9, 7)
    assert places.key(("desk",)) == Place(4, 1, 6)
    assert places.value(("desk", "name")) == Place(5, 10, 10)
    assert places.key(("desk", "quoted key")) == Place(8, 1, 12)
    assert places.value(("desk", "a", "b", "c")) == Place(9, 13, 1)
    assert places.value(("desk", "a", "b", "d", 1)) == Place(9, 27, 1)
    assert places.value(("mailbox", 0, "folders", 1)) == Place(13, 10, 13)
    assert places.value(("mailbox", 1, "when")) == Place(16, 8, 20)
    assert places.value(("mailbox", 1, "more", "deep")) == Place(18, 8, 4)


def test_what_is_not_there_falls_back_to_the_table_around_it() -> None:
    places = locate(TEXT)

    assert places.value(("mailbox", 1, "host")) == Place(15, 1, 11)
    assert places.value(("nowhere",)) == Place(0, 0, 1)


keys = st.text("abcde_-", min_size=1, max_size=4)
values = st.one_of(
    st.integers(-5, 5).map(str),
    st.sampled_from(["true", "1.5", '"a ] } = # b"', "'#'", '""', '"""x\n]"""', "'''\n'''", "1979-05-27T07:32:00Z"]),
    st.lists(st.sampled_from(["1", "'x'", "{ a = 1 }", "[2, 3]"]), max_size=3).map(lambda items: "[ " + ", ".join(items) + "\n ]"),
)


@given(st.dictionaries(keys, st.dictionaries(keys, values, max_size=4), max_size=4))
def test_every_key_that_tomllib_reads_has_a_place_on_its_line(tables: dict[str, dict[str, str]]) -> None:
    text = "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()) for name, table in tables.items())
    read: dict[str, Any] = tomllib.loads(text)
    lines = text.splitlines()

    places = locate(text)

    for name, table in read.items():
        for key in table:
            place = places.keys[(name, key)]
            assert lines[place.line - 1].startswith(f"{key} = ")
            value = places.values[(name, key)]
            assert value.line == place.line
            assert value.column == len(key) + 4
