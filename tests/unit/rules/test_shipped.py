"""The rules that come with mailbridge are an example that an admin would keep."""

from __future__ import annotations

from pathlib import Path

from mailbridge.rules import folder
from mailbridge.rules.load import load
from mailbridge.rules.policy import Policy
from mailbridge.rules.tools import examples

ROOT = Path(__file__).parents[3]


def shipped() -> Policy:
    files, unread = folder.read(ROOT)
    loaded = load(files)
    assert unread == ()
    assert loaded.problems == ()
    assert loaded.policy is not None
    return loaded.policy


def test_they_have_no_mistake_and_no_warning() -> None:
    policy = shipped()

    assert examples.failures(policy) == []
    assert examples.without_example(policy) == []


def test_every_rule_has_an_example_of_its_own() -> None:
    assert [c.rule.name for c in shipped().rules.rules if not c.rule.examples] == []


def test_they_speak_four_languages() -> None:
    words = "\n".join(shipped().texts.values())

    assert all(word in words for word in ("invoice", "rechnung", "factur", "сч[её]т"))


def test_every_file_names_the_schema_that_editors_read() -> None:
    for path, text in shipped().texts.items():
        schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (ROOT / path).parent.joinpath(schema).resolve().parent == ROOT / "rules" / "schema", path
