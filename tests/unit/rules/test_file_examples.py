"""Examples that are files: whether their sender is proven is said beside them, never in their header."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.message.model import ReadingPolicy
from mailbridge.message.parse import parse
from mailbridge.rules import folder
from mailbridge.rules.load import load
from mailbridge.rules.tools import examples

HERE = Path(__file__).parent
MAIL = "Authentication-Results: mx.desk.test; dmarc=pass header.from=acme.example\nFrom: ana@acme.example\nSubject: x\n\nHello\n"


@pytest.mark.parametrize(
    ("said", "from_", "expected"),
    [
        ("", "ana@acme.example", ["does not make the rule hold"]),
        (", verified: false", "ana@acme.example", ["does not make the rule hold"]),
        (", verified: true", "ana@acme.example", []),
        (", verified: true", "Ana (ACME) <ana@acme.example>", ["does not make the rule hold"]),
    ],
)
def test_a_file_s_sender_is_proven_where_the_example_says_so(tmp_path: Path, said: str, from_: str, expected: list[str]) -> None:
    (tmp_path / "rules" / "routing").mkdir(parents=True)
    for path in (HERE / "desk").glob("*.yaml"):
        (tmp_path / "rules" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "rules" / "routing" / "a.eml").write_text(MAIL.replace("ana@acme.example\nSubject", f"{from_}\nSubject"))
    (tmp_path / "rules" / "routing" / "10-a.yaml").write_text(
        f"- name: proven ones\n  when: {{authenticity: verified}}\n  then: {{priority: high}}\n"
        f"  examples:\n    - {{file: a.eml{said}, gives: {{priority: high}}}}\n"
    )
    loaded = load(folder.read(tmp_path)[0])
    assert loaded.policy is not None, loaded.problems
    found = examples.failures(loaded.policy, lambda raw: parse(raw, ReadingPolicy()))
    assert [one.message.split('" ')[1] for one in found if "does not make" in one.message] == expected
    assert bool(found) is bool(expected)
